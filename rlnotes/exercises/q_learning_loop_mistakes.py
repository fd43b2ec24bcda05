"""The mistakes that people make in the loop of Q-learning."""

from types import SimpleNamespace

import numpy as np

from rlnotes.exercises.q_learning_loop_parts import (
    changed_loop,
    chosen_action,
    q_table,
    q_target,
    upcoming_state,
    update_entry,
    where_next,
    with_cut_value,
    with_early_reset,
    with_end_update,
    with_entry,
    with_late_update,
    with_mask,
    with_next_value,
    with_resets,
    with_start,
)


def _nothing(m):
    pass


def _start_row_for_ends(m):
    """Resets before the target: the row of the next start, at ends of both kinds."""
    m.upcoming = where_next(m)
    return m.reward + m.gamma * m.q[m.upcoming].max()


def _whole_row(m):
    m.q[m.state] += m.alpha * (m.target - m.q[m.state])


def _moved_first(m):
    old = m.q[m.next_state, m.action]
    m.q[m.next_state, m.action] += m.alpha * (m.target - old)


def _shared_row(m):
    """All rows are one list, as [[value] * A] * S makes them."""
    old = m.q[m.state, m.action]
    m.q[:, m.action] = old + m.alpha * (m.target - old)


def _ends_emptied(m):
    """The value is always counted, and the row of an end set to 0 when it was met."""
    update_entry(m)
    if m.terminated:
        m.q[m.next_state] = 0.0


def _reset_but_kept(m):
    """Behind a truncation it resets, and goes on with the state before the reset."""
    upcoming = where_next(m)
    return upcoming if m.terminated else m.next_state


def _twice(m):
    update_entry(m)
    m.target = q_target(m)
    update_entry(m)


def _shrunk_first(m):
    """The target reads a row in which the old entry has been multiplied already."""
    m.q[m.state, m.action] *= 1 - m.alpha
    m.q[m.state, m.action] += m.alpha * q_target(m)


def _decayed(m):
    visits = vars(m).setdefault("visits", np.zeros_like(m.q))
    visits[m.state, m.action] += 1
    old = m.q[m.state, m.action]
    m.q[m.state, m.action] += m.alpha / visits[m.state, m.action] * (m.target - old)


def _reset_in_vain(m):
    if m.over:
        m.env.reset()
    return m.next_state


def _stays(m):
    return m.env.reset()[0] if m.over else m.state


def _row_before(m):
    """The action was chosen before the last move."""
    return m.choose(m.q[m.state_before], m.step)


def _chosen_too_soon(m):
    """The next action is chosen before the update, as the target is made."""
    m.upcoming = where_next(m)
    m.next_action = m.choose(m.q[m.upcoming], m.step + 1)
    return q_target(m)


def _one_for_all(m):
    m.kept = chosen_action(m) if m.step == 0 else m.kept
    return m.kept


def _one_per_episode(m):
    m.kept = chosen_action(m) if m.step_of_episode == 0 else m.kept
    return m.kept


def _from_zero(env, choose, num_steps, alpha, gamma, initial_value):
    return q_table(env, choose, num_steps, alpha, gamma, 0.0)


def _ends_at_zero(env, choose, num_steps, alpha, gamma, initial_value):
    table = q_table(env, choose, num_steps, alpha, gamma, initial_value)
    table[list(env.ends)] = 0.0
    return table


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
        m.target = q_target(m)
        update_entry(m)
        state = where_next(m)
        step += 2 if m.terminated or m.truncated else 1
    return q


MISTAKES = {
    "no mask": with_mask(lambda m: False),
    "mask at truncations, too": with_mask(lambda m: m.over),
    "flags swapped": with_mask(lambda m: m.truncated),
    "truncation wins": with_mask(lambda m: m.terminated and not m.truncated),
    "mask inverted": with_mask(lambda m: not m.terminated),
    "reward of the end left out": changed_loop(
        target=lambda m: 0.0 if m.terminated else q_target(m)
    ),
    "end not learned": with_end_update(_nothing),
    "truncation not learned": changed_loop(
        update=lambda m: _nothing(m) if m.truncated and not m.terminated else update_entry(m)
    ),
    "no reset": with_resets(lambda m: False),
    "no reset at terminations": with_resets(lambda m: m.truncated),
    "no reset at truncations": with_resets(lambda m: m.terminated),
    "reset at every step": with_resets(lambda m: True),
    "reset in vain": changed_loop(onward=_reset_in_vain),
    "start called 0": _state_zero,
    "later starts called 0": with_start(lambda m: 0),
    "first start for all": with_start(lambda m: m.first),
    "no reset at both flags": with_resets(lambda m: m.terminated ^ m.truncated),
    "state kept at truncations": changed_loop(onward=_reset_but_kept),
    "start called 0, no reset": changed_loop(onward=lambda m: 0 if m.over else m.next_state),
    "state not moved on": changed_loop(onward=_stays),
    "moved before the update": changed_loop(update=_moved_first),
    "reset before the update": with_late_update(lambda m: True),
    "reset before the update, at ends": with_late_update(lambda m: m.over),
    "target after the reset": with_early_reset(upcoming_state),
    "target after the reset, at ends, too": changed_loop(
        target=_start_row_for_ends, onward=upcoming_state
    ),
    "ends emptied": changed_loop(
        target=lambda m: m.reward + m.gamma * m.q[m.next_state].max(), update=_ends_emptied
    ),
    "no gamma at truncations": with_cut_value(lambda m: m.q[m.next_state].max()),
    "old row at truncations": with_cut_value(lambda m: m.gamma * m.q[m.state].max()),
    "row 0 at truncations": with_cut_value(lambda m: m.gamma * m.q[0].max()),
    "end told by the reward": with_mask(lambda m: m.terminated and m.reward > 0),
    "maximum over s": with_next_value(lambda m: m.q[m.state].max()),
    "SARSA": with_next_value(lambda m: m.q[m.next_state, m.choose(m.q[m.next_state], m.step + 1)]),
    "same action": with_next_value(lambda m: m.q[m.next_state, m.action]),
    "SARSA, same step": with_next_value(
        lambda m: m.q[m.next_state, m.choose(m.q[m.next_state], m.step)]
    ),
    "sum of the row": with_next_value(lambda m: m.q[m.next_state].sum()),
    "first of the row": with_next_value(lambda m: m.q[m.next_state, 0]),
    "last of the row": with_next_value(lambda m: m.q[m.next_state, -1]),
    "two of the row": with_next_value(lambda m: m.q[m.next_state, :2].max()),
    "mean": with_next_value(lambda m: m.q[m.next_state].mean()),
    "minimum": with_next_value(lambda m: m.q[m.next_state].min()),
    "maximum from 0": with_next_value(lambda m: max(0.0, m.q[m.next_state].max())),
    "largest size": with_next_value(lambda m: abs(m.q[m.next_state]).max()),
    "index of the best": with_next_value(lambda m: m.q[m.next_state].argmax()),
    "largest of the table": with_next_value(lambda m: m.q.max()),
    "first table": with_next_value(lambda m: m.first_q[m.next_state].max()),
    "reward alone": with_mask(lambda m: True),
    "return so far": changed_loop(target=lambda m: q_target(m) - m.reward + m.total),
    "not discounted": changed_loop(
        target=lambda m: m.reward + (0.0 if m.terminated else m.q[m.next_state].max())
    ),
    "gamma on the reward": changed_loop(target=lambda m: q_target(m) - (1 - m.gamma) * m.reward),
    "gamma^step": changed_loop(
        target=lambda m: (
            m.reward
            + (
                0.0
                if m.terminated
                else m.gamma ** (m.step_of_episode + 1) * m.q[m.next_state].max()
            )
        )
    ),
    "alpha ignored": with_entry(lambda m, old: m.target),
    "alpha squared": with_entry(lambda m, old: old + m.alpha**2 * (m.target - old)),
    "alpha of the old": with_entry(lambda m, old: m.alpha * old + (1 - m.alpha) * m.target),
    "old value kept": with_entry(lambda m, old: old + m.alpha * m.target),
    "old value dropped": with_entry(lambda m, old: m.alpha * m.target),
    "change for the entry": with_entry(lambda m, old: m.alpha * (m.target - old)),
    "sign": with_entry(lambda m, old: old - m.alpha * (m.target - old)),
    "larger of both": with_entry(lambda m, old: max(old, old + m.alpha * (m.target - old))),
    "alpha over the visits": changed_loop(update=_decayed),
    "shrunk before the target": changed_loop(update=_shrunk_first),
    "updated twice": changed_loop(update=_twice),
    "one row for all": changed_loop(update=_shared_row),
    "whole row": changed_loop(update=_whole_row),
    "row before the move": changed_loop(chosen=_row_before),
    "chosen before the update": changed_loop(
        chosen=lambda m: chosen_action(m) if m.step == 0 else m.next_action,
        target=_chosen_too_soon,
        onward=upcoming_state,
    ),
    "one action for all": changed_loop(chosen=_one_for_all),
    "one action per episode": changed_loop(chosen=_one_per_episode),
    "step counted per episode": changed_loop(
        chosen=lambda m: m.choose(m.q[m.state], m.step_of_episode)
    ),
    "step counted from 1": changed_loop(chosen=lambda m: m.choose(m.q[m.state], m.step + 1)),
    "episodes for steps": changed_loop(chosen=lambda m: m.choose(m.q[m.state], m.num_episodes)),
    "resets counted": _resets_counted,
    "steps from 1": changed_loop(
        chosen=lambda m: m.choose(m.q[m.state], m.step + 1),
        goes_on=lambda m: m.step < m.num_steps - 1,
    ),
    "step not counted": changed_loop(chosen=lambda m: m.choose(m.q[m.state], 0)),
    "greedy": changed_loop(chosen=lambda m: m.q[m.state].argmax()),
    "one step more": changed_loop(goes_on=lambda m: m.step <= m.num_steps),
    "one step less": changed_loop(goes_on=lambda m: m.step < m.num_steps - 1),
    "one episode": changed_loop(goes_on=lambda m: m.step < m.num_steps and m.num_episodes == 0),
    "episodes counted": changed_loop(goes_on=lambda m: m.num_episodes < m.num_steps),
    "last episode finished": changed_loop(
        goes_on=lambda m: m.step < m.num_steps or m.step_of_episode > 0
    ),
    "starts at zero": _from_zero,
    "ends at zero": _ends_at_zero,
    "return in the loop": changed_loop(goes_on=lambda m: m.step < 1),
    "values returned": changed_loop(result=lambda m: m.q.max(axis=1)),
    "policy returned": changed_loop(result=lambda m: m.q.argmax(axis=1)),
    "change returned": changed_loop(result=lambda m: m.q - m.first_q),
}
