"""The loop of Q-learning, and the same loop with one part exchanged."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np


def q_table(env, choose, num_steps, alpha, gamma, initial_value):
    """The table after a number of steps, over as many episodes as they fill."""
    q = np.full((env.observation_space.n, env.action_space.n), float(initial_value))
    state, _ = env.reset()
    for step in range(num_steps):
        action = choose(q[state], step)
        next_state, reward, terminated, truncated, _ = env.step(action)
        target = reward if terminated else reward + gamma * q[next_state].max()
        q[state, action] += alpha * (target - q[state, action])
        state = env.reset()[0] if terminated or truncated else next_state
    return q


def chosen_action(m):
    """The action of the behaviour, for the present row and step."""
    return m.choose(m.q[m.state], m.step)


def q_target(m):
    """The reward, and behind all but terminations the largest next value."""
    return m.reward if m.terminated else m.reward + m.gamma * m.q[m.next_state].max()


def update_entry(m):
    """The entry moves the share alpha of the way to the target."""
    m.q[m.state, m.action] += m.alpha * (m.target - m.q[m.state, m.action])


def where_next(m):
    """The state of the next step: that of a reset at ends of both kinds."""
    return m.env.reset()[0] if m.terminated or m.truncated else m.next_state


def changed_loop(
    chosen: Callable = chosen_action,
    target: Callable = q_target,
    update: Callable = update_entry,
    onward: Callable = where_next,
    goes_on: Callable = lambda m: m.step < m.num_steps,
    result: Callable = lambda m: m.q,
) -> Callable:
    """A wrong answer: the loop with another part, each a function of the moment."""

    def wrong(env, choose, num_steps, alpha, gamma, initial_value):
        q = np.full((env.observation_space.n, env.action_space.n), float(initial_value))
        m = SimpleNamespace(env=env, choose=choose, alpha=alpha, gamma=gamma, q=q)
        m.num_steps, m.first_q, m.num_episodes, m.total = num_steps, q.copy(), 0, 0.0
        m.step = m.step_of_episode = 0
        m.state = m.first = m.state_before = env.reset()[0]
        while goes_on(m):
            m.action = chosen(m)
            m.next_state, m.reward, m.terminated, m.truncated, _ = env.step(m.action)
            m.over, m.total = m.terminated or m.truncated, m.total + m.reward
            m.target = target(m)
            update(m)
            m.state_before, m.state = m.state, onward(m)
            m.step, m.num_episodes = m.step + 1, m.num_episodes + m.over
            m.step_of_episode = 0 if m.over else m.step_of_episode + 1
            m.total = 0.0 if m.over else m.total
        return result(m)

    return wrong


def with_next_value(value: Callable) -> Callable:
    """A wrong answer: another value of what follows, behind all but terminations."""
    return changed_loop(
        target=lambda m: m.reward if m.terminated else m.reward + m.gamma * value(m),
    )


def with_mask(ended: Callable) -> Callable:
    """A wrong answer: the target is the reward alone on other steps."""
    return changed_loop(
        target=lambda m: m.reward + (0.0 if ended(m) else m.gamma * m.q[m.next_state].max())
    )


def with_end_update(change: Callable) -> Callable:
    """A wrong answer: another update of a step that terminates."""
    return changed_loop(update=lambda m: change(m) if m.terminated else update_entry(m))


def with_entry(value: Callable) -> Callable:
    """A wrong answer: the entry becomes another number; of the moment and the old."""

    def update(m):
        m.q[m.state, m.action] = value(m, m.q[m.state, m.action])

    return changed_loop(update=update)


def upcoming_state(m):
    """Where an earlier part of the step has already moved on to."""
    return m.upcoming


def with_early_reset(state: Callable) -> Callable:
    """A wrong answer: it resets before the target, which reads another row.

    `state` is the one whose row is read, of the moment; m.upcoming is where the next
    step starts.
    """

    def target(m):
        m.upcoming = where_next(m)
        return m.reward if m.terminated else m.reward + m.gamma * m.q[state(m)].max()

    return changed_loop(target=target, onward=upcoming_state)


def with_cut_value(value: Callable) -> Callable:
    """A wrong answer: another value behind a truncation."""

    def target(m):
        cut = m.truncated and not m.terminated
        return m.reward + value(m) if cut else q_target(m)

    return changed_loop(target=target)


def with_late_update(where: Callable) -> Callable:
    """A wrong answer: at some steps it has moved on before it changes an entry."""

    def update(m):
        m.upcoming = where_next(m)
        row = m.upcoming if where(m) else m.state
        m.q[row, m.action] += m.alpha * (m.target - m.q[row, m.action])

    return changed_loop(update=update, onward=upcoming_state)


def with_resets(ended: Callable) -> Callable:
    """A wrong answer: reset on other steps."""
    return changed_loop(onward=lambda m: m.env.reset()[0] if ended(m) else m.next_state)


def with_start(name: Callable) -> Callable:
    """A wrong answer: it resets, and goes on with a state of its own; of the moment."""

    def onward(m):
        upcoming = where_next(m)
        return name(m) if m.over else upcoming

    return changed_loop(onward=onward)
