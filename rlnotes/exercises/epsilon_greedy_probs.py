"""Exercise: the action probabilities of an epsilon-greedy policy."""

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


def _probs_swapped(q_values, epsilon):
    return _probs_by_sum(q_values, 1 - epsilon)


def _probs_others_only(q_values, epsilon):
    best = q_values == q_values.max()
    others = len(q_values) - best.sum()
    return np.where(best, (1 - epsilon) / best.sum(), epsilon / others)


def _probs_do_not_sum(q_values, epsilon):
    best = q_values == q_values.max()
    return np.where(best, (1 - epsilon) / best.sum(), epsilon / len(q_values))


def _probs_first_tie(q_values, epsilon):
    probs = np.full(len(q_values), epsilon / len(q_values))
    probs[q_values.argmax()] += 1 - epsilon
    return probs


def _probs_first_tie_swapped(q_values, epsilon):
    return _probs_first_tie(q_values, 1 - epsilon)


def _probs_unshared(q_values, epsilon):
    return epsilon / len(q_values) + (1 - epsilon) * (q_values == q_values.max())


def _probs_uniform(q_values, epsilon):
    return np.full(len(q_values), 1 / len(q_values))


def _probs_greedy(q_values, epsilon):
    return _probs_by_sum(q_values, 0.0)


def _probs_softmax(q_values, epsilon):
    weights = np.exp((q_values - q_values.max()) / epsilon)
    return weights / weights.sum()


EXERCISE = Exercise(
    name="epsilon_greedy_probs",
    cases=[
        Case(
            {"q_values": np.array([0.9, 1.2, 1.0, 0.0]), "epsilon": 0.1},
            [0.025, 0.925, 0.025, 0.025],
            "each action gets 0.1 / 4 = 0.025 by chance, and the best 0.9 more.",
        ),
        Case(
            {"q_values": np.array([3.0, 3.0, -1.0]), "epsilon": 0.3},
            [0.45, 0.45, 0.1],
            "each gets 0.3 / 3 = 0.1; two are best and share the other 0.7.",
        ),
    ],
    solutions=[_probs_by_sum, _probs_by_loop],
    wrong_answers={
        "epsilon the wrong way round": _probs_swapped,
        "random among the others only": _probs_others_only,
        "does not sum to one": _probs_do_not_sum,
        "first of the ties": _probs_first_tie,
        "never explores": _probs_greedy,
        "the wrong way round, first of the ties": _probs_first_tie_swapped,
        "ties not shared": _probs_unshared,
        "uniform": _probs_uniform,
        "softmax": _probs_softmax,
    },
    hints={
        "epsilon the wrong way round": "epsilon is the probability of a random action; "
        "1 - epsilon is that of a greedy one.",
        "random among the others only": "the random action is drawn from all actions, the best "
        "included: its total is 1 - epsilon + epsilon / A.",
        "does not sum to one": "the probabilities do not sum to one: the best action may also be "
        "drawn at random.",
        "first of the ties": "actions with the same value share the greedy part.",
        "the wrong way round, first of the ties": "epsilon is the probability of a random action, "
        "not of a greedy one. And actions with the same value share the greedy part.",
        "ties not shared": "the greedy part is 1 - epsilon in all; share it among the ties.",
        "uniform": "this is always uniform; the best action must get 1 - epsilon more.",
        "never explores": "epsilon is not used.",
        "softmax": "this is a softmax with epsilon as temperature. Epsilon-greedy knows only best "
        "or not best.",
    },
)
