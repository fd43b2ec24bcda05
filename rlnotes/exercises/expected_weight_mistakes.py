"""The exact weight of a group's update, and the mistakes that people make in it."""

import math
from collections.abc import Callable

import numpy as np


def weight(pass_rate, group_size, advantages):
    """Mean of advantage if right less advantage if wrong, over the other answers."""
    total = 0.0
    for num_right in range(group_size):  # of the others
        num_wrong = group_size - 1 - num_right
        ways = math.comb(group_size - 1, num_right)
        chance = ways * pass_rate**num_right * (1 - pass_rate) ** num_wrong
        if_right = advantages(np.arange(group_size) <= num_right)[0]
        if_wrong = advantages(np.arange(group_size) < num_right)[-1]
        total += chance * (if_right - if_wrong)
    return total


def _group(size, num_right):
    """Rewards of a group, the right ones first."""
    return (np.arange(size) < num_right).astype(float)


def _chances(pass_rate, number):
    """Probability of each number of right ones among so many."""
    return np.array(
        [
            math.comb(number, k) * pass_rate**k * (1 - pass_rate) ** (number - k)
            for k in range(number + 1)
        ]
    )


def _both(size, advantages):
    """[G] advantages if right and [G] if wrong, by how many others are right."""
    right = [advantages(_group(size, k + 1))[0] for k in range(size)]
    wrong = [advantages(_group(size, k))[-1] for k in range(size)]
    return np.array(right), np.array(wrong)


def _means(mean_of: Callable) -> Callable:
    """A wrong answer: made of chances, advantages if right, if wrong, p and G."""

    def wrong(pass_rate, group_size, advantages):
        chances = _chances(pass_rate, group_size - 1)
        return mean_of(chances, *_both(group_size, advantages), pass_rate, group_size)

    return wrong


def _differences(chances_of: Callable) -> Callable:
    """A wrong answer: the right differences with other chances, of p, G and [G] k."""

    def wrong(pass_rate, group_size, advantages):
        right, wrong_ones = _both(group_size, advantages)
        numbers = np.arange(group_size)
        return (chances_of(pass_rate, group_size, numbers) * (right - wrong_ones)).sum()

    return wrong


def _results(change: Callable) -> Callable:
    """A wrong answer: the right weight, changed; of the weight, p and G."""

    def wrong(pass_rate, group_size, advantages):
        return change(weight(pass_rate, group_size, advantages), pass_rate, group_size)

    return wrong


def _sizes(change: int) -> Callable:
    """A wrong answer: the weight of a larger or a smaller group."""

    def wrong(pass_rate, group_size, advantages):
        size = group_size + change
        return weight(pass_rate, size, advantages) if size > 1 else 0.0

    return wrong


def _rewards(change: Callable) -> Callable:
    """A wrong answer: other rewards of the group, a function of the right ones."""

    def wrong(pass_rate, group_size, advantages):
        return weight(pass_rate, group_size, lambda rewards: advantages(change(rewards)))

    return wrong


def _ways(size, numbers):
    return np.array([math.comb(size, k) for k in numbers])


def _counts_of_all(pass_rate, group_size, advantages):
    """The number of right ones among all G, this answer included."""
    right, wrong = _both(group_size, advantages)
    chances = _chances(pass_rate, group_size)
    return chances[1:] @ right - chances[:-1] @ wrong


def _same_group(chances, right, wrong, pass_rate, group_size):
    """Both advantages from one group, in which this answer is right."""
    return chances @ right - chances[:-1] @ wrong[1:]


def _likeliest(chances, right, wrong, pass_rate, group_size):
    place = round((group_size - 1) * pass_rate)
    return (right - wrong)[place]


def _plugged_in(pass_rate, group_size, advantages):
    """The others at their mean reward."""
    group = np.full(group_size, pass_rate)
    group[0] = 1.0
    right = advantages(group)[0]
    group[0] = 0.0
    return right - advantages(group)[0]


def _of_another(pass_rate, group_size, advantages):
    """The advantage of the group's last answer, whatever this one is."""
    right = [advantages(_group(group_size, k + 1))[-1] for k in range(group_size)]
    wrong = [advantages(_group(group_size, k))[-1] for k in range(group_size)]
    return _chances(pass_rate, group_size - 1) @ (np.array(right) - wrong)


def _of_all(pass_rate, group_size, advantages):
    """The mean advantage of the whole group."""
    means = [advantages(_group(group_size, k)).mean() for k in range(group_size + 1)]
    return _chances(pass_rate, group_size - 1) @ np.diff(means)


MISTAKES = {
    "all G counted": _counts_of_all,
    "coefficient of G": _differences(
        lambda p, size, k: _ways(size, k) * p**k * (1 - p) ** (size - 1 - k)
    ),
    "no coefficient": _differences(lambda p, size, k: p**k * (1 - p) ** (size - 1 - k)),
    "one power of 1 - p too many": _differences(
        lambda p, size, k: _ways(size - 1, k) * p**k * (1 - p) ** (size - k)
    ),
    "one power of p too many": _differences(
        lambda p, size, k: _ways(size - 1, k) * p ** (k + 1) * (1 - p) ** (size - 1 - k)
    ),
    "powers of p alone": _differences(lambda p, size, k: _ways(size - 1, k) * p**k),
    "p and 1 - p exchanged": _differences(
        lambda p, size, k: _ways(size - 1, k) * (1 - p) ** k * p ** (size - 1 - k)
    ),
    "all numbers alike": _means(lambda c, right, wrong, p, size: (right - wrong).mean()),
    "chances forgotten": _means(lambda c, right, wrong, p, size: (right - wrong).sum()),
    "last number left out": _means(
        lambda c, right, wrong, p, size: (c * (right - wrong))[:-1].sum()
    ),
    "first number left out": _means(
        lambda c, right, wrong, p, size: (c * (right - wrong))[1:].sum()
    ),
    "first number alone": _means(lambda c, right, wrong, p, size: (c * (right - wrong))[0]),
    "mixed groups alone": _means(
        lambda c, right, wrong, p, size: (c * (right - wrong))[1:-1].sum()
    ),
    "right alone": _means(lambda c, right, wrong, p, size: c @ right),
    "wrong alone": _means(lambda c, right, wrong, p, size: -c @ wrong),
    "sum": _means(lambda c, right, wrong, p, size: c @ (right + wrong)),
    "wrong less right": _means(lambda c, right, wrong, p, size: c @ (wrong - right)),
    "mean advantage": _means(lambda c, right, wrong, p, size: p * c @ right + (1 - p) * c @ wrong),
    "weighed by p and 1 - p": _means(
        lambda c, right, wrong, p, size: p * c @ right - (1 - p) * c @ wrong
    ),
    "right times p": _means(lambda c, right, wrong, p, size: p * c @ right),
    "sizes": _means(lambda c, right, wrong, p, size: c @ (abs(right) + abs(wrong))),
    "same group": _means(_same_group),
    "likeliest number": _means(_likeliest),
    "others at their mean": _plugged_in,
    "advantage of another": _of_another,
    "mean over the group": _of_all,
    "slope included": _results(lambda w, p, size: w * p * (1 - p)),
    "divided by the slope": _results(lambda w, p, size: w / (p * (1 - p))),
    "divided by the std": _results(lambda w, p, size: w / np.sqrt(p * (1 - p))),
    "sum over the group": _results(lambda w, p, size: w * size),
    "divided by G": _results(lambda w, p, size: w / size),
    "times (G - 1) / G": _results(lambda w, p, size: w * (size - 1) / size),
    "times G / (G - 1)": _results(lambda w, p, size: w * size / (size - 1)),
    "large groups": _results(lambda w, p, size: 1 / np.sqrt(p * (1 - p))),
    "always one": _results(lambda w, p, size: 1.0),
    "always (G - 1) / G": _results(lambda w, p, size: (size - 1) / size),
    "one answer more": _sizes(1),
    "one answer less": _sizes(-1),
    "rewards of 1 and -1": _rewards(lambda rewards: 2.0 * rewards - 1.0),
    "rewards turned round": _rewards(lambda rewards: 1.0 - rewards),
}

HINTS = {
    "all G counted": "the number of right answers is drawn among all G, this one included. Given "
    "that it is right or wrong, only the G - 1 others are left to chance.",
    "coefficient of G": "the coefficient is that of G answers. Only the G - 1 others are left to "
    "chance: comb(G - 1, m).",
    "no coefficient": "the binomial coefficient is missing: there are comb(G - 1, m) ways in which "
    "m of the others are right.",
    "one power of 1 - p too many": "one factor 1 - p too many: of G - 1 others, m are right and "
    "G - 1 - m wrong.",
    "one power of p too many": "one factor p too many: that this answer is right is given, and "
    "belongs to dp / d theta: p d log p = dp.",
    "powers of p alone": "the factors 1 - p are missing, one for each of the others that is wrong.",
    "p and 1 - p exchanged": "p and 1 - p are exchanged: p is the probability of a right answer.",
    "all numbers alike": "each number of right ones counts alike. Weigh it by its probability.",
    "chances forgotten": "the differences are added up. Weigh each by its probability.",
    "last number left out": "the group in which all others are right is left out: m runs from 0 to "
    "G - 1, range(G).",
    "first number left out": "the group in which no other is right is left out: m starts at 0.",
    "first number alone": "only m = 0 is used: does return stand inside the loop?",
    "mixed groups alone": "m = 0 and m = G - 1 are left out. There, too, this answer can make the "
    "difference: all others may be wrong, and this one right.",
    "right alone": "the part of the wrong ones is missing: a wrong answer pushes p with minus its "
    "advantage, as the probabilities of right and wrong add up to 1.",
    "wrong alone": "the part of the right ones is missing.",
    "sum": "the two advantages are added. Subtract: p goes up where 1 - p goes down.",
    "wrong less right": "the difference is turned round: advantage if right less advantage if "
    "wrong.",
    "mean advantage": "this is the mean advantage. An advantage comes with its score, and "
    "p * score is dp / d theta if right, -dp / d theta if wrong: neither p is left.",
    "weighed by p and 1 - p": "the advantages are weighed by p and 1 - p. These factors belong to "
    "dp / d theta: p d log p = dp.",
    "right times p": "this is p times the mean advantage of a right answer. p d log p is dp: "
    "no p is left; and wrong answers have their part.",
    "sizes": "the sizes of the advantages are added. Subtract the one if wrong, with its sign.",
    "same group": "both advantages come from a group in which this answer is right. If it is "
    "wrong, the group has one right answer less.",
    "likeliest number": "only the likeliest number of right ones is used. Take the mean over all "
    "numbers.",
    "others at their mean": "the others have their mean reward p. Rewards are 0 or 1, and the "
    "advantage of a mean is not the mean advantage.",
    "advantage of another": "the advantage is read at a place that is not this answer's.",
    "mean over the group": "this is the change of the group's mean advantage. Read the advantage "
    "of this answer alone.",
    "slope included": "this is weight times p (1 - p), the mean update of a policy with two "
    "answers. Return the weight alone.",
    "divided by the slope": "you divide by p (1 - p). The difference of the advantages is the "
    "weight already.",
    "divided by the std": "you divide by the standard deviation of the reward. What an estimator "
    "divides by is inside `advantages`.",
    "sum over the group": "this is the sum over the group. The update is the mean over its "
    "answers.",
    "divided by G": "you divide by G: the mean over the group has G equal terms, and is one of "
    "them.",
    "times (G - 1) / G": "a factor (G - 1) / G too many: it is inside `advantages`, if anywhere.",
    "times G / (G - 1)": "a factor G / (G - 1) too many: it is inside `advantages`, if anywhere.",
    "large groups": "this is 1 / sqrt(p (1 - p)), the limit of large groups if the std divides. "
    "Use `advantages`, and count.",
    "always one": "this is always 1, the weight of an unbiased estimator. Use `advantages`.",
    "always (G - 1) / G": "this is always (G - 1) / G, the weight if only the mean is subtracted. "
    "Use `advantages`.",
    "one answer more": "the group has one answer too many: this one and G - 1 others.",
    "one answer less": "the group has one answer too few: this one and G - 1 others.",
    "rewards of 1 and -1": "a wrong answer has reward -1 here. It has 0.",
    "rewards turned round": "right answers have reward 0 and wrong ones 1 here.",
}
