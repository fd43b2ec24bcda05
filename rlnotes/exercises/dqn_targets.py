"""Exercise: the targets of a batch, DQN and Double DQN in one function."""

from collections.abc import Callable

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _targets_by_index(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    best = next_q_online.argmax(axis=1)
    next_values = next_q_target[np.arange(len(best)), best]
    return rewards + gamma * np.where(terminated, 0.0, next_values)


def _targets_by_loop(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    targets = []
    for i in range(len(rewards)):
        best = max(range(len(next_q_online[i])), key=lambda a: next_q_online[i][a])
        targets.append(rewards[i] + gamma * (1 - terminated[i]) * next_q_target[i][best])
    return targets


def _next_value(best: Callable) -> Callable:
    """Right but for the next values, a function of online's and the copy's."""

    def targets(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
        next_values = best(next_q_online, next_q_target)
        return rewards + gamma * (1 - terminated) * next_values

    return targets


def _masked(ended: Callable) -> Callable:
    """Right but for the steps that nothing follows, a function of the two flags."""

    def targets(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
        ends = ended(terminated, truncated)
        return _targets_by_index(rewards, next_q_online, next_q_target, ends, truncated, gamma)

    return targets


def _terms(formula: Callable) -> Callable:
    """A formula of rewards, next values, 1 or 0 where none follows, and gamma."""

    def targets(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
        return formula(rewards, _double(next_q_online, next_q_target), 1 - terminated, gamma)

    return targets


def _double(online, copy):
    return copy[np.arange(len(online)), online.argmax(axis=1)]


def _smaller(online, copy):
    return np.minimum(_double(online, online), _double(online, copy))


def _smaller_of_the_maxima(online, copy):
    return np.minimum(online.max(axis=1), copy.max(axis=1))


def _best_of_the_smaller(online, copy):
    return np.minimum(online, copy).max(axis=1)


def _over_the_batch(online, copy):
    best = online.argmax(axis=0)
    return copy[np.arange(len(best)), best]


def _column(online, copy):
    return np.take_along_axis(copy, online.argmax(axis=1)[:, None], axis=1)


def _all_actions(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    goes_on = (1 - terminated)[:, None]
    return rewards[:, None] + gamma * goes_on * next_q_target


def _plain_without_gamma(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    return rewards + (1 - terminated) * next_q_target.max(axis=1)


def _column_kept(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    targets = _targets_by_index(rewards, next_q_online, next_q_target, terminated, truncated, gamma)
    return targets[:, None]


def _stops_at_the_end(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    steps = int(np.argmax(np.append(terminated, True))) + 1
    targets = _targets_by_index(rewards, next_q_online, next_q_target, terminated, truncated, gamma)
    return targets[:steps]


def _leaves_ends_out(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    targets = _targets_by_index(rewards, next_q_online, next_q_target, terminated, truncated, gamma)
    return targets[~terminated]


def _mask_of_integers(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    return rewards + gamma * ~terminated.astype(int) * _double(next_q_online, next_q_target)


def _first_only(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    return _targets_by_index(rewards, next_q_online, next_q_target, terminated, truncated, gamma)[0]


def _mean_of_the_batch(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    return _targets_by_index(
        rewards, next_q_online, next_q_target, terminated, truncated, gamma
    ).mean()


EXERCISE = Exercise(
    name="dqn_targets",
    cases=[
        Case(
            {
                "rewards": np.array([1.0, 2.0, 3.0]),
                "next_q_online": np.array([[1.0, 5.0, 3.0], [0.0, 4.0, 6.0], [7.0, 2.0, 1.0]]),
                "next_q_target": np.array([[2.0, 6.0, 8.0], [6.0, 10.0, 2.0], [3.0, 6.0, 5.0]]),
                "terminated": np.array([False, False, False]),
                "truncated": np.array([False, False, False]),
                "gamma": 0.5,
            },
            [4.0, 3.0, 4.5],
            "row 0: online picks action 1, the copy says 6, 1 + 0.5 * 6; row 1: action 2, "
            "2 + 0.5 * 2; row 2: action 0, 3 + 0.5 * 3.",
        ),
        Case(
            {
                "rewards": np.array([2.0, 1.0, 3.0]),
                "next_q_online": np.array([[7.0, 2.0], [5.0, 1.0], [0.0, 4.0]]),
                "next_q_target": np.array([[9.0, 5.0], [2.0, 6.0], [8.0, 4.0]]),
                "terminated": np.array([True, False, False]),
                "truncated": np.array([False, False, False]),
                "gamma": 0.25,
            },
            [2.0, 1.5, 4.0],
            "row 0 terminated, 2 alone; row 1: 1 + 0.25 * 2; row 2: 3 + 0.25 * 4.",
        ),
        Case(
            {
                "rewards": np.array([0.0, -1.0]),
                "next_q_online": np.array([[-3.0, -1.0, -2.0], [-1.0, -5.0, -4.0]]),
                "next_q_target": np.array([[-1.0, -10.0, 2.0], [-20.0, 3.0, 5.0]]),
                "terminated": np.array([False, False]),
                "truncated": np.array([False, True]),
                "gamma": 0.9,
            },
            [-9.0, -19.0],
            "row 1 was cut by the time limit: the task goes on after it, so its target keeps "
            "the next value, -1 + 0.9 * (-20).",
        ),
        Case(
            {
                "rewards": np.array([1.0, 1.0, 1.0]),
                "next_q_online": np.array([[2.0, 1.0], [1.0, 2.0], [2.0, 1.0]]),
                "next_q_target": np.array([[4.0, 8.0], [6.0, 10.0], [2.0, 5.0]]),
                "terminated": np.array([True, False, True]),
                "truncated": np.array([True, True, False]),
                "gamma": 0.5,
            },
            [1.0, 6.0, 1.0],
            "row 0 has both flags: it terminated, so nothing follows; row 1 was only cut and "
            "keeps 0.5 * 10.",
        ),
        Case(
            {
                "rewards": np.array([4.25]),
                "next_q_online": np.array([[0.6, 0.9]]),
                "next_q_target": np.array([[7.0, 2.5]]),
                "terminated": np.array([False]),
                "truncated": np.array([False]),
                "gamma": 1.0,
            },
            [6.75],
            "a batch of one is still a batch: online picks action 1, the copy says 2.5.",
        ),
        Case(
            {
                "rewards": np.array([2.0, -2.0]),
                "next_q_online": np.array([[4.0], [5.0]]),
                "next_q_target": np.array([[6.0], [7.0]]),
                "terminated": np.array([False, True]),
                "truncated": np.array([True, False]),
                "gamma": 0.0,
            },
            [2.0, -2.0],
            "one action, and at gamma = 0 the rewards alone.",
        ),
    ],
    solutions=[_targets_by_index, _targets_by_loop],
    wrong_answers={
        "no mask": _masked(lambda terminated, truncated: np.zeros_like(terminated)),
        "mask inverted": _masked(lambda terminated, truncated: ~terminated),
        "truncation as end": _masked(lambda terminated, truncated: terminated | truncated),
        "truncation only": _masked(lambda terminated, truncated: truncated),
        "both flags": _masked(lambda terminated, truncated: terminated & ~truncated),
        "both flags needed": _masked(lambda terminated, truncated: terminated & truncated),
        "plain DQN": _next_value(lambda online, copy: copy.max(axis=1)),
        "no copy": _next_value(lambda online, copy: online.max(axis=1)),
        "roles swapped": _next_value(lambda online, copy: _double(copy, online)),
        "smaller of the two": _next_value(_smaller),
        "smaller of the two maxima": _next_value(_smaller_of_the_maxima),
        "best of the smaller": _next_value(_best_of_the_smaller),
        "mean of the two": _next_value(lambda online, copy: _double(online, (online + copy) / 2)),
        "mean over actions": _next_value(lambda online, copy: copy.mean(axis=1)),
        "worst action": _next_value(lambda online, copy: _double(-online, copy)),
        "index of the best": _next_value(lambda online, copy: online.argmax(axis=1)),
        "choice along the batch": _next_value(_over_the_batch),
        "maximum along the batch": _next_value(lambda online, copy: copy.max(axis=0)),
        "maximum of all": _next_value(lambda online, copy: copy.max()),
        "one action for all": _next_value(lambda online, copy: copy.ravel()[online.argmax()]),
        "columns for every row": _next_value(lambda online, copy: copy[:, online.argmax(axis=1)]),
        "actions as rows": _next_value(lambda online, copy: copy[online.argmax(axis=1)]),
        "best of the picked rows": _next_value(
            lambda online, copy: copy[online.argmax(axis=1)].max(axis=1)
        ),
        "all actions": _all_actions,
        "column": _next_value(_column),
        "column kept": _column_kept,
        "gamma forgotten": _terms(lambda r, best, goes_on, gamma: r + goes_on * best),
        "plain DQN without gamma": _plain_without_gamma,
        "reward discounted too": _terms(
            lambda r, best, goes_on, gamma: gamma * (r + goes_on * best)
        ),
        "gamma on the reward": _terms(lambda r, best, goes_on, gamma: gamma * r + goes_on * best),
        "last reward dropped": _terms(lambda r, best, goes_on, gamma: goes_on * (r + gamma * best)),
        "reward forgotten": _terms(lambda r, best, goes_on, gamma: gamma * goes_on * best),
        "next value only": _terms(lambda r, best, goes_on, gamma: goes_on * best),
        "minus": _terms(lambda r, best, goes_on, gamma: r - gamma * goes_on * best),
        "mask of integers": _mask_of_integers,
        "stops at the end": _stops_at_the_end,
        "ends left out": _leaves_ends_out,
        "first row only": _first_only,
        "mean of the batch": _mean_of_the_batch,
    },
    hints={
        "no mask": "a terminated step has no next value: its target is the reward alone.",
        "mask inverted": "you keep the next value exactly where the episode terminated.",
        "truncation as end": "you cut the next value at a time limit too. Only termination "
        "ends the task; a truncated step bootstraps.",
        "truncation only": "you cut the next value where the time limit struck. Cut it where the "
        "step terminated, and only there.",
        "both flags": "a step with both flags terminated; nothing follows it.",
        "both flags needed": "you cut the next value only where both flags are set. Termination "
        "alone is enough.",
        "plain DQN": "the copy both chooses and values the action: that is plain DQN. Let "
        "the online network choose.",
        "no copy": "the online network both chooses and values; the copy must value.",
        "roles swapped": "online chooses and the copy values, not the other way round.",
        "smaller of the two": "you take the smaller value of the two networks, as TD3 does. "
        "Double DQN takes the copy's.",
        "smaller of the two maxima": "you take the smaller of the two networks' maxima. In Double "
        "DQN online only chooses, and the copy values that action.",
        "best of the smaller": "you take the smaller network for each action, and then the best "
        "action. In Double DQN online chooses, and the copy values that action.",
        "mean of the two": "you average the two networks; the copy alone values.",
        "mean over actions": "you average over the actions; take the one that online prefers.",
        "worst action": "online's worst action is taken: argmax, not argmin.",
        "index of the best": "argmax names the action; the copy's value of it is wanted.",
        "choice along the batch": "the best action is looked for along the actions (axis 1), in "
        "each row, not along the batch (axis 0).",
        "maximum along the batch": "this is a maximum along the batch (axis 0), and of the copy. "
        "Online chooses in each row, along axis 1.",
        "maximum of all": "one number serves all rows. Each row has its own best action.",
        "one action for all": "argmax without an axis looks through the whole batch. Choose in "
        "each row: axis=1.",
        "columns for every row": "[:, best] takes all chosen columns for every row, a [B, B] "
        "array. Pair them: [np.arange(B), best].",
        "actions as rows": "[best] takes rows, as if actions numbered the batch. Take one entry of "
        "each row: [np.arange(B), best].",
        "best of the picked rows": "[best] takes rows, as if actions numbered the batch, and then "
        "their maximum. Take the entry [np.arange(B), best].",
        "all actions": "these are targets for all next actions. Take the one that online prefers "
        "in each row.",
        "column": "your next values have shape [B, 1]; with rewards [B] this makes [B, B] "
        "without an error. Squeeze axis 1.",
        "column kept": "the numbers are right, but they stand in a column [B, 1]. Squeeze axis 1.",
        "gamma forgotten": "the next value must be multiplied by gamma.",
        "plain DQN without gamma": "gamma is missing at the next value, and the copy both chooses "
        "and values: let the online network choose.",
        "reward discounted too": "the reward comes at once: only the next value is "
        "multiplied by gamma.",
        "gamma on the reward": "gamma stands at the reward; it belongs to the next value.",
        "last reward dropped": "the step that terminates has a reward too.",
        "reward forgotten": "the reward is missing in the target.",
        "next value only": "this is the next value alone: multiply it by gamma and add the reward.",
        "minus": "the next value is added to the reward, not subtracted.",
        "mask of integers": "~ turns the integers 0 and 1 into -1 and -2. Use it on bools, or "
        "write 1 - terminated.",
        "stops at the end": "the rows are not steps in order: go on after a terminated one.",
        "ends left out": "a terminated step has a target, too: its reward.",
        "first row only": "this is the target of row 0 alone. Does a return stand inside the loop?",
        "mean of the batch": "this is the mean over the batch; each row has its own target.",
    },
)
