"""The loop of Q-learning, and the mistakes that people make in it."""

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


def _chosen(m):
    return m.choose(m.q[m.state], m.step)


def _target(m):
    return m.reward if m.terminated else m.reward + m.gamma * m.q[m.next_state].max()


def _update(m):
    m.q[m.state, m.action] += m.alpha * (m.target - m.q[m.state, m.action])


def _onward(m):
    return m.env.reset()[0] if m.terminated or m.truncated else m.next_state


def _loop(
    chosen: Callable = _chosen,
    target: Callable = _target,
    update: Callable = _update,
    onward: Callable = _onward,
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


def _next_value(value: Callable) -> Callable:
    """A wrong answer: another value of what follows, behind all but terminations."""
    return _loop(
        target=lambda m: m.reward if m.terminated else m.reward + m.gamma * value(m),
    )


def _masked(ended: Callable) -> Callable:
    """A wrong answer: the target is the reward alone on other steps."""
    return _loop(
        target=lambda m: m.reward + (0.0 if ended(m) else m.gamma * m.q[m.next_state].max())
    )


def _at_the_end(change: Callable) -> Callable:
    """A wrong answer: another update of a step that terminates."""
    return _loop(update=lambda m: change(m) if m.terminated else _update(m))


def _nothing(m):
    pass


def _set(value: Callable) -> Callable:
    """A wrong answer: the entry becomes another number; of the moment and the old."""

    def update(m):
        m.q[m.state, m.action] = value(m, m.q[m.state, m.action])

    return _loop(update=update)


def _upcoming(m):
    return m.upcoming


def _reset_first(state: Callable) -> Callable:
    """A wrong answer: it resets before the target, which reads another row.

    `state` is the one whose row is read, of the moment; m.upcoming is where the next
    step starts.
    """

    def target(m):
        m.upcoming = _onward(m)
        return m.reward if m.terminated else m.reward + m.gamma * m.q[state(m)].max()

    return _loop(target=target, onward=_upcoming)


def _start_row_for_ends(m):
    """Resets before the target: the row of the next start, at ends of both kinds."""
    m.upcoming = _onward(m)
    return m.reward + m.gamma * m.q[m.upcoming].max()


def _at_truncations(value: Callable) -> Callable:
    """A wrong answer: another value behind a truncation."""

    def target(m):
        cut = m.truncated and not m.terminated
        return m.reward + value(m) if cut else _target(m)

    return _loop(target=target)


def _whole_row(m):
    m.q[m.state] += m.alpha * (m.target - m.q[m.state])


def _moved_first(m):
    old = m.q[m.next_state, m.action]
    m.q[m.next_state, m.action] += m.alpha * (m.target - old)


def _shared_row(m):
    """All rows are one list, as [[value] * A] * S makes them."""
    old = m.q[m.state, m.action]
    m.q[:, m.action] = old + m.alpha * (m.target - old)


def _moved_on(where: Callable) -> Callable:
    """A wrong answer: at some steps it has moved on before it changes an entry."""

    def update(m):
        m.upcoming = _onward(m)
        row = m.upcoming if where(m) else m.state
        m.q[row, m.action] += m.alpha * (m.target - m.q[row, m.action])

    return _loop(update=update, onward=_upcoming)


def _ends_emptied(m):
    """The value is always counted, and the row of an end set to 0 when it was met."""
    _update(m)
    if m.terminated:
        m.q[m.next_state] = 0.0


def _reset_but_kept(m):
    """Behind a truncation it resets, and goes on with the state before the reset."""
    upcoming = _onward(m)
    return upcoming if m.terminated else m.next_state


def _twice(m):
    _update(m)
    m.target = _target(m)
    _update(m)


def _shrunk_first(m):
    """The target reads a row in which the old entry has been multiplied already."""
    m.q[m.state, m.action] *= 1 - m.alpha
    m.q[m.state, m.action] += m.alpha * _target(m)


def _decayed(m):
    visits = vars(m).setdefault("visits", np.zeros_like(m.q))
    visits[m.state, m.action] += 1
    old = m.q[m.state, m.action]
    m.q[m.state, m.action] += m.alpha / visits[m.state, m.action] * (m.target - old)


def _reset_in_vain(m):
    if m.over:
        m.env.reset()
    return m.next_state


def _only_if(ended: Callable) -> Callable:
    """A wrong answer: reset on other steps."""
    return _loop(onward=lambda m: m.env.reset()[0] if ended(m) else m.next_state)


def _stays(m):
    return m.env.reset()[0] if m.over else m.state


def _row_before(m):
    """The action was chosen before the last move."""
    return m.choose(m.q[m.state_before], m.step)


def _chosen_too_soon(m):
    """The next action is chosen before the update, as the target is made."""
    m.upcoming = _onward(m)
    m.next_action = m.choose(m.q[m.upcoming], m.step + 1)
    return _target(m)


def _one_for_all(m):
    m.kept = _chosen(m) if m.step == 0 else m.kept
    return m.kept


def _one_per_episode(m):
    m.kept = _chosen(m) if m.step_of_episode == 0 else m.kept
    return m.kept


def _from_zero(env, choose, num_steps, alpha, gamma, initial_value):
    return q_table(env, choose, num_steps, alpha, gamma, 0.0)


def _ends_at_zero(env, choose, num_steps, alpha, gamma, initial_value):
    table = q_table(env, choose, num_steps, alpha, gamma, initial_value)
    table[list(env.ends)] = 0.0
    return table


def _starts_called(name: Callable) -> Callable:
    """A wrong answer: it resets, and goes on with a state of its own; of the moment."""

    def onward(m):
        upcoming = _onward(m)
        return name(m) if m.over else upcoming

    return _loop(onward=onward)


def _state_zero(env, choose, num_steps, alpha, gamma, initial_value):
    """The first state of every episode is called 0, the first one, too."""
    renamed = SimpleNamespace(
        reset=lambda: (0, env.reset()[1]),
        step=env.step,
        observation_space=env.observation_space,
        action_space=env.action_space,
    )
    return q_table(renamed, choose, num_steps, alpha, gamma, initial_value)


def _resets_counted(env, choose, num_steps, alpha, gamma, initial_value):
    """Each reset takes a number of its own: fewer steps, and other actions."""
    q = np.full((env.observation_space.n, env.action_space.n), float(initial_value))
    (state, _), step = env.reset(), 0
    while step < num_steps:
        m = SimpleNamespace(q=q, alpha=alpha, gamma=gamma, state=state, env=env)
        m.action = choose(q[state], step)
        m.next_state, m.reward, m.terminated, m.truncated, _ = env.step(m.action)
        m.target = _target(m)
        _update(m)
        state = _onward(m)
        step += 2 if m.terminated or m.truncated else 1
    return q


MISTAKES = {
    "no mask": _masked(lambda m: False),
    "mask at truncations, too": _masked(lambda m: m.over),
    "flags swapped": _masked(lambda m: m.truncated),
    "truncation wins": _masked(lambda m: m.terminated and not m.truncated),
    "mask inverted": _masked(lambda m: not m.terminated),
    "reward of the end left out": _loop(target=lambda m: 0.0 if m.terminated else _target(m)),
    "end not learned": _at_the_end(_nothing),
    "truncation not learned": _loop(
        update=lambda m: _nothing(m) if m.truncated and not m.terminated else _update(m)
    ),
    "no reset": _only_if(lambda m: False),
    "no reset at terminations": _only_if(lambda m: m.truncated),
    "no reset at truncations": _only_if(lambda m: m.terminated),
    "reset at every step": _only_if(lambda m: True),
    "reset in vain": _loop(onward=_reset_in_vain),
    "start called 0": _state_zero,
    "later starts called 0": _starts_called(lambda m: 0),
    "first start for all": _starts_called(lambda m: m.first),
    "no reset at both flags": _only_if(lambda m: m.terminated ^ m.truncated),
    "state kept at truncations": _loop(onward=_reset_but_kept),
    "start called 0, no reset": _loop(onward=lambda m: 0 if m.over else m.next_state),
    "state not moved on": _loop(onward=_stays),
    "moved before the update": _loop(update=_moved_first),
    "reset before the update": _moved_on(lambda m: True),
    "reset before the update, at ends": _moved_on(lambda m: m.over),
    "target after the reset": _reset_first(_upcoming),
    "target after the reset, at ends, too": _loop(target=_start_row_for_ends, onward=_upcoming),
    "ends emptied": _loop(
        target=lambda m: m.reward + m.gamma * m.q[m.next_state].max(), update=_ends_emptied
    ),
    "no gamma at truncations": _at_truncations(lambda m: m.q[m.next_state].max()),
    "old row at truncations": _at_truncations(lambda m: m.gamma * m.q[m.state].max()),
    "row 0 at truncations": _at_truncations(lambda m: m.gamma * m.q[0].max()),
    "end told by the reward": _masked(lambda m: m.terminated and m.reward > 0),
    "maximum over s": _next_value(lambda m: m.q[m.state].max()),
    "SARSA": _next_value(lambda m: m.q[m.next_state, m.choose(m.q[m.next_state], m.step + 1)]),
    "same action": _next_value(lambda m: m.q[m.next_state, m.action]),
    "SARSA, same step": _next_value(
        lambda m: m.q[m.next_state, m.choose(m.q[m.next_state], m.step)]
    ),
    "sum of the row": _next_value(lambda m: m.q[m.next_state].sum()),
    "first of the row": _next_value(lambda m: m.q[m.next_state, 0]),
    "last of the row": _next_value(lambda m: m.q[m.next_state, -1]),
    "two of the row": _next_value(lambda m: m.q[m.next_state, :2].max()),
    "mean": _next_value(lambda m: m.q[m.next_state].mean()),
    "minimum": _next_value(lambda m: m.q[m.next_state].min()),
    "maximum from 0": _next_value(lambda m: max(0.0, m.q[m.next_state].max())),
    "largest size": _next_value(lambda m: abs(m.q[m.next_state]).max()),
    "index of the best": _next_value(lambda m: m.q[m.next_state].argmax()),
    "largest of the table": _next_value(lambda m: m.q.max()),
    "first table": _next_value(lambda m: m.first_q[m.next_state].max()),
    "reward alone": _masked(lambda m: True),
    "return so far": _loop(target=lambda m: _target(m) - m.reward + m.total),
    "not discounted": _loop(
        target=lambda m: m.reward + (0.0 if m.terminated else m.q[m.next_state].max())
    ),
    "gamma on the reward": _loop(target=lambda m: _target(m) - (1 - m.gamma) * m.reward),
    "gamma^step": _loop(
        target=lambda m: (
            m.reward
            + (
                0.0
                if m.terminated
                else m.gamma ** (m.step_of_episode + 1) * m.q[m.next_state].max()
            )
        )
    ),
    "alpha ignored": _set(lambda m, old: m.target),
    "alpha squared": _set(lambda m, old: old + m.alpha**2 * (m.target - old)),
    "alpha of the old": _set(lambda m, old: m.alpha * old + (1 - m.alpha) * m.target),
    "old value kept": _set(lambda m, old: old + m.alpha * m.target),
    "old value dropped": _set(lambda m, old: m.alpha * m.target),
    "change for the entry": _set(lambda m, old: m.alpha * (m.target - old)),
    "sign": _set(lambda m, old: old - m.alpha * (m.target - old)),
    "larger of both": _set(lambda m, old: max(old, old + m.alpha * (m.target - old))),
    "alpha over the visits": _loop(update=_decayed),
    "shrunk before the target": _loop(update=_shrunk_first),
    "updated twice": _loop(update=_twice),
    "one row for all": _loop(update=_shared_row),
    "whole row": _loop(update=_whole_row),
    "row before the move": _loop(chosen=_row_before),
    "chosen before the update": _loop(
        chosen=lambda m: _chosen(m) if m.step == 0 else m.next_action,
        target=_chosen_too_soon,
        onward=_upcoming,
    ),
    "one action for all": _loop(chosen=_one_for_all),
    "one action per episode": _loop(chosen=_one_per_episode),
    "step counted per episode": _loop(chosen=lambda m: m.choose(m.q[m.state], m.step_of_episode)),
    "step counted from 1": _loop(chosen=lambda m: m.choose(m.q[m.state], m.step + 1)),
    "episodes for steps": _loop(chosen=lambda m: m.choose(m.q[m.state], m.num_episodes)),
    "resets counted": _resets_counted,
    "steps from 1": _loop(
        chosen=lambda m: m.choose(m.q[m.state], m.step + 1),
        goes_on=lambda m: m.step < m.num_steps - 1,
    ),
    "step not counted": _loop(chosen=lambda m: m.choose(m.q[m.state], 0)),
    "greedy": _loop(chosen=lambda m: m.q[m.state].argmax()),
    "one step more": _loop(goes_on=lambda m: m.step <= m.num_steps),
    "one step less": _loop(goes_on=lambda m: m.step < m.num_steps - 1),
    "one episode": _loop(goes_on=lambda m: m.step < m.num_steps and m.num_episodes == 0),
    "episodes counted": _loop(goes_on=lambda m: m.num_episodes < m.num_steps),
    "last episode finished": _loop(goes_on=lambda m: m.step < m.num_steps or m.step_of_episode > 0),
    "starts at zero": _from_zero,
    "ends at zero": _ends_at_zero,
    "return in the loop": _loop(goes_on=lambda m: m.step < 1),
    "values returned": _loop(result=lambda m: m.q.max(axis=1)),
    "policy returned": _loop(result=lambda m: m.q.argmax(axis=1)),
    "change returned": _loop(result=lambda m: m.q - m.first_q),
}
