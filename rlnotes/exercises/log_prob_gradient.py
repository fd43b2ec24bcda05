"""Exercise: the score of a softmax policy, the gradient of log pi(a) in the logits."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _probs(logits):
    weights = np.exp(logits - np.max(logits))
    return weights / weights.sum()


def _score_by_copy(logits, action):
    gradient = -_probs(logits)
    gradient[action] += 1
    return gradient


def _score_by_loop(logits, action):
    probs = _probs(logits)
    return [(b == action) - probs[b] for b in range(len(logits))]


def _score_sign(logits, action):
    return -_score_by_copy(logits, action)


def _score_of_probability(logits, action):
    return _probs(logits)[action] * _score_by_copy(logits, action)


def _score_one_hot_only(logits, action):
    return np.eye(len(logits))[action]


def _score_in_the_probabilities(logits, action):
    return np.eye(len(logits))[action] / np.maximum(_probs(logits), 1e-300)


def _score_logits_as_probs(logits, action):
    return np.eye(len(logits))[action] - logits


def _score_taken_entry_only(logits, action):
    return np.eye(len(logits))[action] * (1 - _probs(logits)[action])


def _score_not_normalized(logits, action):
    with np.errstate(over="ignore"):
        return np.eye(len(logits))[action] - np.exp(logits)


def _score_overflows(logits, action):
    with np.errstate(over="ignore", invalid="ignore"):
        return np.eye(len(logits))[action] - np.exp(logits) / np.exp(logits).sum()


def _score_of_uniform(logits, action):
    return np.eye(len(logits))[action] - 1 / len(logits)


def _log_prob(logits, action):
    """Through exp and log, entry by entry: differenced below, never differentiated."""
    return float(np.log(np.exp(logits[action]) / np.exp(logits).sum()))


def _by_finite_differences(logits, action, step=1e-5):
    nudges = step * np.eye(len(logits))
    ups, downs = ([_log_prob(logits + s * e, action) for e in nudges] for s in (1, -1))
    return (np.array(ups) - np.array(downs)) / (2 * step)


_SKEWED = np.array([1.0, -0.5, 0.3])

EXERCISE = Exercise(
    name="log_prob_gradient",
    cases=[
        Case(
            {"logits": np.zeros(2), "action": 0},
            [0.5, -0.5],
            "both actions have probability 1/2: (1 - 1/2, 0 - 1/2).",
        ),
        Case(
            {"logits": np.log(np.array([3.0, 1.0])), "action": 1},
            [-0.75, 0.75],
            "the probabilities are 3/4 and 1/4: (0 - 3/4, 1 - 1/4).",
        ),
        *(
            Case(
                {"logits": _SKEWED, "action": action},
                _by_finite_differences(_SKEWED, action),
                "finite differences of log pi(a), one logit at a time.",
            )
            for action in range(3)
        ),
        Case(
            {"logits": np.array([1000.0, 1000.0, 0.0]), "action": 0},
            [0.5, -0.5, 0.0],
            "only differences of logits matter; exp(1000) is infinite, so subtract the "
            "largest logit first.",
        ),
    ],
    solutions=[_score_by_copy, _score_by_loop],
    wrong_answers={
        "sign": _score_sign,
        "gradient of the probability": _score_of_probability,
        "one-hot only": _score_one_hot_only,
        "gradient in the probabilities": _score_in_the_probabilities,
        "logits for probabilities": _score_logits_as_probs,
        "taken action only": _score_taken_entry_only,
        "not normalized": _score_not_normalized,
        "overflows": _score_overflows,
        "uniform policy": _score_of_uniform,
    },
    hints={
        "sign": "the sign is turned round: raising the logit of the action taken makes it "
        "more likely.",
        "gradient of the probability": "this is the gradient of pi(a). The gradient of log pi(a) "
        "is that divided by pi(a).",
        "one-hot only": "you leave out the normalizer: every other logit makes the action taken "
        "less likely.",
        "gradient in the probabilities": "this is the gradient in the probabilities; the logits "
        "are wanted.",
        "logits for probabilities": "subtract the probabilities, the softmax of the logits, not "
        "the logits.",
        "taken action only": "only the logit of the action taken moves here. The other "
        "logits have a gradient, too: minus their probability.",
        "not normalized": "exp(logits) does not sum to one: divide by the sum.",
        "overflows": "exp of a large logit is infinite. Subtract the largest logit from all of "
        "them first: the probabilities stay the same.",
        "uniform policy": "1/A is the probability of each action only if all logits are equal.",
    },
)
