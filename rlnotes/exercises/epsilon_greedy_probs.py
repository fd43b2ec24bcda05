"""Exercise: the action probabilities of an epsilon-greedy policy."""

from collections.abc import Callable

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _probs_by_sum(q_values, epsilon):
    best = q_values == q_values.max()
    return epsilon / len(q_values) + (1 - epsilon) * best / best.sum()


def _probs_by_loop(q_values, epsilon):
    ties = [action for action, value in enumerate(q_values) if value == max(q_values)]
    probs = [epsilon / len(q_values)] * len(q_values)
    for action in ties:
        probs[action] += (1 - epsilon) / len(ties)
    return probs


def _shared(q_values):
    """The greedy policy: the best actions share."""
    best = q_values == q_values.max()
    return best / best.sum()


def _first(q_values):
    """The greedy policy of a plain argmax: the first of the best takes all."""
    return np.eye(len(q_values))[q_values.argmax()]


def _last(q_values):
    return _first(q_values[::-1])[::-1]


def _unshared(q_values):
    return 1.0 * (q_values == q_values.max())


def _mixed(greedy: Callable, weights: Callable) -> Callable:
    """Other weights of the greedy and of the uniform policy, functions of epsilon."""

    def probs(q_values, epsilon):
        of_greedy, of_uniform = weights(epsilon)
        return of_greedy * greedy(q_values) + of_uniform / len(q_values)

    return probs


def _right(epsilon):
    return 1 - epsilon, epsilon


def _swapped(epsilon):
    return epsilon, 1 - epsilon


def _assigned(greedy: Callable, best: Callable, rest: Callable) -> Callable:
    """One share for the best actions, and one for each of the rest.

    Args:
        greedy: the policy whose actions are the best ones.
        best: of epsilon.
        rest: of epsilon, the number of the rest, and the number of all actions.
    """

    def probs(q_values, epsilon):
        shares = greedy(q_values)
        others = np.count_nonzero(shares == 0)
        each = rest(epsilon, others, len(q_values))
        return np.where(shares > 0, best(epsilon) * shares, each)

    return probs


def _among_the_others(greedy: Callable, weights: Callable) -> Callable:
    def rest(epsilon, others, num_actions):
        return weights(epsilon)[1] / others

    return _assigned(greedy, lambda epsilon: weights(epsilon)[0], rest)


def _not_summing(greedy: Callable, weights: Callable) -> Callable:
    def rest(epsilon, others, num_actions):
        return weights(epsilon)[1] / num_actions

    return _assigned(greedy, lambda epsilon: weights(epsilon)[0], rest)


def _probs_normalized(q_values, epsilon):
    probs = _not_summing(_first, _right)(q_values, epsilon)
    return probs / probs.sum()


def _probs_best_minus_one_share(q_values, epsilon):
    share = epsilon / len(q_values)
    return np.where(q_values == q_values.max(), (1 - share) * _shared(q_values), share)


def _probs_epsilon_each(q_values, epsilon):
    return epsilon + (1 - epsilon) * _shared(q_values)


@np.errstate(divide="ignore", invalid="ignore")  # epsilon may be 0
def _softmax(q_values, temperature=1.0):
    weights = np.exp((q_values - q_values.max()) / temperature)
    return weights / weights.sum()


def _best_action(q_values, epsilon):
    return q_values.argmax()


def _prob_of_the_best(q_values, epsilon):
    return _probs_by_sum(q_values, epsilon).max()


EXERCISE = Exercise(
    name="epsilon_greedy_probs",
    cases=[
        Case(
            {"q_values": np.array([0.9, 1.2, 1.0, -3.0]), "epsilon": 0.1},
            [0.025, 0.925, 0.025, 0.025],
            "each action gets 0.1 / 4 = 0.025 by chance, and the best 0.9 more.",
        ),
        Case(
            {"q_values": np.array([3.0, 3.0, -1.0]), "epsilon": 0.3},
            [0.45, 0.45, 0.1],
            "each gets 0.3 / 3 = 0.1; two are best and share the other 0.7.",
        ),
        Case(
            {"q_values": np.array([-2.0, -1.0, -1.0]), "epsilon": 0.0},
            [0.0, 0.5, 0.5],
            "epsilon 0 is greedy: the two best share all.",
        ),
        Case(
            {"q_values": np.array([1.0, 2.0]), "epsilon": 1.0},
            [0.5, 0.5],
            "epsilon 1 is uniform.",
        ),
    ],
    solutions=[_probs_by_sum, _probs_by_loop],
    wrong_answers={
        "epsilon the wrong way round": _mixed(_shared, _swapped),
        "the wrong way round, first of the ties": _mixed(_first, _swapped),
        "the wrong way round, ties not shared": _mixed(_unshared, _swapped),
        "random among the others only": _among_the_others(_shared, _right),
        "others only, first of the ties": _among_the_others(_first, _right),
        "others only, the wrong way round": _among_the_others(_shared, _swapped),
        "others only, the wrong way round, first of the ties": _among_the_others(_first, _swapped),
        "does not sum to one": _not_summing(_shared, _right),
        "does not sum to one, first of the ties": _not_summing(_first, _right),
        "does not sum to one, ties not shared": _not_summing(_unshared, _right),
        "does not sum to one, the wrong way round": _not_summing(_first, _swapped),
        "best minus one share": _probs_best_minus_one_share,
        "normalized afterwards": _probs_normalized,
        "epsilon for each of the others": _assigned(
            _shared, lambda epsilon: 1 - epsilon, lambda epsilon, others, num_actions: epsilon
        ),
        "first of the ties": _mixed(_first, _right),
        "last of the ties": _mixed(_last, _right),
        "ties not shared": _mixed(_unshared, _right),
        "ties shared among all": _mixed(lambda q: _unshared(q) / len(q), _right),
        "worst action": _mixed(lambda q: _shared(-q), _right),
        "largest size": _mixed(lambda q: _shared(abs(q)), _right),
        "softmax for the greedy part": _mixed(_softmax, _right),
        "softmax": lambda q_values, epsilon: _softmax(q_values, epsilon),
        "softmax without epsilon": lambda q_values, epsilon: _softmax(q_values),
        "never explores": _mixed(_shared, lambda epsilon: (1, 0)),
        "never explores, first of the ties": _mixed(_first, lambda epsilon: (1, 0)),
        "uniform": _mixed(_shared, lambda epsilon: (0, 1)),
        "greedy part missing": _mixed(_shared, lambda epsilon: (0, epsilon)),
        "random part missing": _mixed(_shared, lambda epsilon: (1 - epsilon, 0)),
        "greedy part in full": _mixed(_shared, lambda epsilon: (1, epsilon)),
        "epsilon for each": _probs_epsilon_each,
        "an action": _best_action,
        "one probability": _prob_of_the_best,
    },
    hints={
        "epsilon the wrong way round": "epsilon is the probability of a random action; "
        "1 - epsilon is that of a greedy one.",
        "the wrong way round, first of the ties": "epsilon is the probability of a random action, "
        "not of a greedy one. And actions with the same value share the greedy part.",
        "the wrong way round, ties not shared": "epsilon is the probability of a random action, "
        "not of a greedy one. And the ties must share the greedy part.",
        "random among the others only": "the random action is drawn from all actions, the best "
        "included: its total is 1 - epsilon + epsilon / A.",
        "others only, first of the ties": "the random action is drawn from all actions, the best "
        "included: divide by A, not by A - 1. And actions with the same value share the greedy "
        "part.",
        "others only, the wrong way round": "epsilon is the probability of a random action, and "
        "that is drawn from all actions, the best included.",
        "others only, the wrong way round, first of the ties": "epsilon is the probability of a "
        "random action, drawn from all A actions; the greedy part is 1 - epsilon, which ties "
        "share.",
        "does not sum to one": "the probabilities do not sum to one: the best action may also be "
        "drawn at random.",
        "does not sum to one, first of the ties": "the probabilities do not sum to one: add "
        "epsilon / A to the best action, too. And actions with the same value share.",
        "does not sum to one, ties not shared": "the probabilities do not sum to one: add "
        "epsilon / A to the best actions, too, and let ties share the 1 - epsilon.",
        "does not sum to one, the wrong way round": "the probabilities do not sum to one, and "
        "epsilon is on the wrong side: epsilon / A for every action, and 1 - epsilon more for "
        "the best.",
        "best minus one share": "1 - epsilon / A is too much: the best action gets "
        "1 - epsilon + epsilon / A.",
        "normalized afterwards": "dividing by the sum hides that it is not one: give every action "
        "epsilon / A, and the best 1 - epsilon more.",
        "epsilon for each of the others": "epsilon is the share of all actions together: each "
        "gets epsilon / A, the best, too.",
        "first of the ties": "actions with the same value share the greedy part.",
        "last of the ties": "the last of the best takes all of the greedy part; ties share it.",
        "ties not shared": "the greedy part is 1 - epsilon in all; share it among the ties.",
        "ties shared among all": "divide the greedy part by the number of best actions, not by the "
        "number of all.",
        "worst action": "this favours the worst action: max, not min.",
        "largest size": "the best action has the largest value, not the largest absolute value.",
        "softmax for the greedy part": "the greedy part goes to the best action alone, not to all "
        "by a softmax.",
        "softmax": "this is a softmax with epsilon as temperature. Epsilon-greedy knows only best "
        "or not best.",
        "softmax without epsilon": "this is a softmax of the values. Epsilon-greedy knows only "
        "best or not best.",
        "never explores": "epsilon is not used.",
        "never explores, first of the ties": "one action gets all: every "
        "action needs epsilon / A, and the best share the rest.",
        "uniform": "this is always uniform; the best action must get 1 - epsilon more.",
        "greedy part missing": "this is the share of chance alone; the best action must get "
        "1 - epsilon more.",
        "random part missing": "this is the greedy part alone; every action must get epsilon / A "
        "more, the best, too.",
        "greedy part in full": "the greedy part is 1 - epsilon, not 1; otherwise the sum is more "
        "than one.",
        "epsilon for each": "each action gets epsilon / A by chance, not epsilon.",
        "an action": "this is the best action. Its probability is wanted, and those of the others.",
        "one probability": "this is the best action's probability alone; one per action is wanted.",
    },
)
