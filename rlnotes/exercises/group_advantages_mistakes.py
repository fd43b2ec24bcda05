"""Advantages within groups of answers, and the mistakes that people make in them."""

from collections.abc import Callable

import numpy as np

_SMALL = 1e-4


def advantages(rewards):
    """[P, G] distance to the group's mean in standard deviations (G - 1), plus 1e-4."""
    centered = rewards - rewards.mean(axis=1, keepdims=True)
    return centered / (rewards.std(axis=1, ddof=1, keepdims=True) + 1e-4)


def _centered(rewards, axis=1):
    return rewards - rewards.mean(axis=axis, keepdims=True)


def _std(rewards, axis=1, ddof=1):
    return rewards.std(axis=axis, ddof=ddof, keepdims=True)


def _quotients(parts_of: Callable, divisors_of: Callable) -> Callable:
    """A wrong answer: other numbers divided, or other divisors."""

    @np.errstate(all="ignore")  # the reader shall see no warning of ours
    def wrong(rewards):
        return parts_of(rewards) / divisors_of(rewards)

    return wrong


def _divisors(divisors_of: Callable) -> Callable:
    return _quotients(_centered, divisors_of)


def _parts(parts_of: Callable) -> Callable:
    return _quotients(parts_of, lambda rewards: _std(rewards) + _SMALL)


def _results(change: Callable) -> Callable:
    """A wrong answer: the right one, changed; of the answer and the rewards."""
    return lambda rewards: change(advantages(rewards), rewards)


def _less_others(rewards):
    return _centered(rewards) * (rewards.shape[1] / (rewards.shape[1] - 1))


def _std_of_others(rewards):
    """Population standard deviation of the group without the answer itself."""
    size = rewards.shape[1]
    others = [np.delete(rewards, place, axis=1).std(axis=1) for place in range(size)]
    return np.stack(others, axis=1)


def _means_of_groups_as_rows(rewards):
    """Distances to group means that are laid along the wrong axis, where they fit."""
    if len(rewards) != rewards.shape[1]:
        return _centered(rewards)
    return rewards - rewards.mean(axis=1)


def _size(rewards):
    return abs(_centered(rewards)).max(axis=1, keepdims=True)


def _equal(rewards):
    return _std(rewards) == 0


MISTAKES = {
    "std of the batch": _divisors(lambda r: r.std(ddof=1) + _SMALL),
    "population std of the batch": _divisors(lambda r: r.std() + _SMALL),
    "mean of the batch": _parts(lambda r: r - r.mean()),
    "batch instead of group": _quotients(lambda r: r - r.mean(), lambda r: r.std(ddof=1) + _SMALL),
    "batch instead of group, population std": _quotients(
        lambda r: r - r.mean(), lambda r: r.std() + _SMALL
    ),
    "prompts' axis": _quotients(lambda r: _centered(r, axis=0), lambda r: _std(r, axis=0) + _SMALL),
    "prompts' axis, population std": _quotients(
        lambda r: _centered(r, axis=0), lambda r: _std(r, axis=0, ddof=0) + _SMALL
    ),
    "means along the wrong axis": _parts(_means_of_groups_as_rows),
    "population std": _divisors(lambda r: _std(r, ddof=0) + _SMALL),
    "population std, 1e-8": _divisors(lambda r: _std(r, ddof=0) + 1e-8),
    "population std, nothing added": _divisors(lambda r: _std(r, ddof=0)),
    "nothing added": _divisors(_std),
    "nothing added, equal groups skipped": _divisors(lambda r: np.where(_equal(r), 1.0, _std(r))),
    "1e-8 added": _divisors(lambda r: _std(r) + 1e-8),
    "1e-6 added": _divisors(lambda r: _std(r) + 1e-6),
    "1e-5 added": _divisors(lambda r: _std(r) + 1e-5),
    "1e-3 added": _divisors(lambda r: _std(r) + 1e-3),
    "added inside the root": _divisors(lambda r: np.sqrt(_std(r) ** 2 + _SMALL)),
    "square added inside the root": _divisors(lambda r: np.hypot(_std(r), _SMALL)),
    "at least 1e-4": _divisors(lambda r: np.maximum(_std(r), _SMALL)),
    "added to the quotient": _results(lambda a, r: a + _SMALL),
    "brackets forgotten": _quotients(lambda r: _centered(r) + _SMALL * _std(r), _std),
    "variance": _divisors(lambda r: _std(r) ** 2 + _SMALL),
    "root of the std": _divisors(lambda r: np.sqrt(_std(r)) + _SMALL),
    "standard error": _divisors(lambda r: _std(r) / np.sqrt(r.shape[1]) + _SMALL),
    "sum of squares not averaged": _divisors(lambda r: _std(r) * np.sqrt(r.shape[1] - 1) + _SMALL),
    "mean distance": _divisors(lambda r: abs(_centered(r)).mean(axis=1, keepdims=True) + _SMALL),
    "largest distance": _divisors(lambda r: _size(r) + _SMALL),
    "largest distance, nothing added": _divisors(lambda r: np.where(_equal(r), 1.0, _size(r))),
    "range": _divisors(lambda r: np.ptp(r, axis=1, keepdims=True) + _SMALL),
    "divided by the mean": _divisors(lambda r: r.mean(axis=1, keepdims=True) + _SMALL),
    "mean only": _centered,
    "leave one out": _less_others,
    "leave one out, divided by the std": _parts(_less_others),
    "statistics of the others": _quotients(_less_others, lambda r: _std_of_others(r) + _SMALL),
    "std only": _parts(lambda r: r),
    "divided first": _results(lambda a, r: r / (_std(r) + _SMALL) - r.mean(axis=1, keepdims=True)),
    "median": _parts(lambda r: r - np.median(r, axis=1, keepdims=True)),
    "best of the group": _parts(lambda r: r - r.max(axis=1, keepdims=True)),
    "worst of the group": _parts(lambda r: r - r.min(axis=1, keepdims=True)),
    "multiplied by the std": _results(lambda a, r: _centered(r) * (_std(r) + _SMALL)),
    "rewards": _results(lambda a, r: r),
    "sign": _results(lambda a, r: -a),
    "sizes": _results(lambda a, r: abs(a)),
    "better ones only": _results(lambda a, r: np.maximum(a, 0)),
    "signs": _results(lambda a, r: np.sign(a)),
    "nothing": _results(lambda a, r: np.zeros_like(a)),
    "equal groups as their reward": _results(lambda a, r: np.where(_equal(r), r, a)),
    "equal groups as one": _results(lambda a, r: np.where(_equal(r), 1.0, a)),
}

HINTS = {
    "std of the batch": "the standard deviation is that of the whole batch. Each prompt's group "
    "has its own: axis=1, with keepdims=True.",
    "population std of the batch": "the standard deviation is that of the whole batch, and divides "
    "by the number of rewards. Take each group's own: axis=1, ddof=1.",
    "mean of the batch": "the mean is that of the whole batch. Each group has its own: an easy "
    "prompt is no merit of its answers.",
    "batch instead of group": "mean and standard deviation are those of the whole batch. Take "
    "those of each group: axis=1.",
    "batch instead of group, population std": "mean and standard deviation are those of the whole "
    "batch, as np.mean and np.std give them. Take those of each group: axis=1, ddof=1.",
    "prompts' axis": "the answers of different prompts are compared with each other, axis 0. A "
    "group is a row: axis 1.",
    "prompts' axis, population std": "the answers of different prompts are compared with each "
    "other, axis 0. A group is a row: axis 1, and ddof=1.",
    "means along the wrong axis": "where there are as many prompts as answers, the mean of group "
    "j is subtracted from column j. keepdims=True keeps it beside its row.",
    "population std": "the squares are divided by G, as np.std does. The sample standard deviation "
    "divides by G - 1: ddof=1.",
    "population std, 1e-8": "the squares are divided by G, and 1e-8 is added. GRPO's rule here has "
    "ddof=1 and 1e-4.",
    "population std, nothing added": "the squares are divided by G, and nothing is added to the "
    "standard deviation. Take ddof=1, and add 1e-4.",
    "nothing added": "nothing is added to the standard deviation: equal rewards give 0 / 0. Add "
    "1e-4.",
    "nothing added, equal groups skipped": "equal groups give 0, but nothing is added to the "
    "standard deviation of the others. Add 1e-4: then no exception is needed.",
    "1e-8 added": "1e-8 is added to the standard deviation. The rule has 1e-4.",
    "1e-6 added": "1e-6 is added to the standard deviation. The rule has 1e-4.",
    "1e-5 added": "1e-5 is added to the standard deviation. The rule has 1e-4.",
    "1e-3 added": "1e-3 is added to the standard deviation. The rule has 1e-4.",
    "added inside the root": "1e-4 is added to the variance, inside the root. Add it to the "
    "standard deviation.",
    "square added inside the root": "the square of 1e-4 is added inside the root. Add 1e-4 to the "
    "standard deviation.",
    "at least 1e-4": "1e-4 is the least that you divide by. The rule adds it.",
    "added to the quotient": "1e-4 is added to the advantage. It belongs to the standard "
    "deviation.",
    "brackets forgotten": "x / std + 1e-4 adds after the division: write x / (std + 1e-4).",
    "variance": "you divide by the variance. Take its root.",
    "root of the std": "you take the root of the standard deviation. It is itself the root of the "
    "variance.",
    "standard error": "you divide by the standard error of the mean, std / sqrt(G). Take the "
    "standard deviation of the rewards.",
    "sum of squares not averaged": "you divide by the root of the sum of squares, so that each "
    "group has length 1. Divide the sum by G - 1 first.",
    "mean distance": "you divide by the mean distance from the mean. Take the root of the mean "
    "square, with G - 1.",
    "largest distance": "you divide by the largest distance. Take the standard deviation.",
    "largest distance, nothing added": "the largest advantage of each group is 1 in size. Divide "
    "by the standard deviation plus 1e-4.",
    "range": "you divide by the range, largest minus smallest. Take the standard deviation.",
    "divided by the mean": "you divide by the mean reward, as MaxRL does. GRPO divides by the "
    "standard deviation.",
    "mean only": "only the mean is subtracted, as in Dr. GRPO. GRPO divides by the standard "
    "deviation, too.",
    "leave one out": "this is reward minus the mean of the others, RLOO. GRPO subtracts the mean "
    "of the whole group, and divides by its standard deviation.",
    "leave one out, divided by the std": "the mean is that of the others. GRPO's contains the "
    "answer itself.",
    "statistics of the others": "mean and standard deviation are those of the others. GRPO's "
    "contain the answer itself.",
    "std only": "the mean is not subtracted: with rewards 0 and 1 no answer would ever be pushed "
    "down.",
    "divided first": "the mean is subtracted after the division. Subtract it first.",
    "median": "the median is subtracted. Take the mean.",
    "best of the group": "the best reward is subtracted: no answer is ever pushed up. Take the "
    "mean.",
    "worst of the group": "the smallest reward is subtracted: no answer is ever pushed down. Take "
    "the mean.",
    "multiplied by the std": "you multiply by the standard deviation. Divide.",
    "rewards": "these are the rewards as they came.",
    "sign": "the sign is turned: a reward above the mean has a positive advantage.",
    "sizes": "the signs are lost: a reward below the mean has a negative advantage.",
    "better ones only": "the negative advantages are cut to 0. Worse answers are pushed down.",
    "signs": "only the signs are left.",
    "nothing": "all advantages are 0.",
    "equal groups as their reward": "a group of equal rewards gets them as advantages. None is "
    "better than the mean: 0.",
    "equal groups as one": "a group of equal rewards gets ones. None is better than the mean: 0.",
}
