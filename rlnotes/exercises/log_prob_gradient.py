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


def _from(answer):
    """A wrong answer, made of the right probabilities and the one-hot vector."""

    def score(logits, action):
        return answer(_probs(logits), np.eye(len(logits))[action])

    return score


def _one_hot_minus(numbers_of):
    """A wrong answer: other numbers stand where the probabilities should."""

    def score(logits, action):
        with np.errstate(over="ignore", invalid="ignore"):
            return np.eye(len(logits))[action] - numbers_of(logits)

    return score


def _in_the_weights(logits, action):
    """Gradient in exp(logits): 1 / weight of the action taken, minus 1 / their sum."""
    with np.errstate(over="ignore", divide="ignore"):
        weights = np.exp(logits)
        return np.eye(len(logits))[action] / np.maximum(weights, 1e-300) - 1 / weights.sum()


def _score_of_the_likeliest(logits, action):
    return _score_by_copy(logits, np.argmax(logits))


def _of_another(action_of, times_its_probability=False):
    """A wrong answer: the score of another action."""

    def score(logits, action):
        other = action_of(action, len(logits))
        weight = _probs(logits)[other] if times_its_probability else 1
        return weight * _score_by_copy(logits, other)

    return score


def _one_before(action, num_actions):
    return (action - 1) % num_actions


def _one_behind(action, num_actions):
    return (action + 1) % num_actions


def _normalized(weights):
    return weights / weights.sum()


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
            {"logits": np.log(np.array([1.0, 2.0, 5.0])), "action": 2},
            [-0.125, -0.25, 0.375],
            "the probabilities are 1/8, 2/8, 5/8: (0 - 1/8, 0 - 2/8, 1 - 5/8).",
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
            {"logits": np.array([3000.0 + np.log(3), 3000.0, 0.0]), "action": 0},
            [0.25, -0.25, 0.0],
            "only differences of logits matter, so 3/4, 1/4, 0; exp(3000) is infinite, so "
            "subtract the largest logit first.",
        ),
        Case(
            {"logits": np.array([-1000.0, -1000.0 + np.log(4)]), "action": 0},
            [0.8, -0.8],
            "only differences of logits matter, so 1/5 and 4/5, though exp(-1000) is 0.",
        ),
        Case(
            {"logits": np.array([2.0]), "action": 0},
            [0.0],
            "the only action has probability 1, whatever its logit.",
        ),
    ],
    solutions=[_score_by_copy, _score_by_loop],
    wrong_answers={
        "sign": _from(lambda probs, chosen: probs - chosen),
        "gradient of the probability": _from(
            lambda probs, chosen: probs @ chosen * (chosen - probs)
        ),
        "times each probability": _from(lambda probs, chosen: probs * (chosen - probs)),
        "slope of the sigmoid": _from(lambda probs, chosen: probs * (1 - probs)),
        "all probabilities at once": _from(
            lambda probs, _: np.diag(probs) - np.outer(probs, probs)
        ),
        "probabilities": _from(lambda probs, _: probs),
        "logarithms": _from(lambda probs, _: np.log(probs + 1e-300)),
        "one-hot only": _from(lambda _, chosen: chosen),
        "probabilities only": _from(lambda probs, _: -probs),
        "entry overwritten": _from(lambda probs, chosen: np.where(chosen, 1, -probs)),
        "one minus each": _from(lambda probs, _: 1 - probs),
        "taken action only": _from(lambda probs, chosen: chosen * (1 - probs)),
        "log-probability of the action": _from(lambda probs, chosen: np.log(probs @ chosen)),
        "one number": _from(lambda probs, chosen: 1 - probs @ chosen),
        "minus pi(a) everywhere": _from(lambda probs, chosen: chosen - probs @ chosen),
        "every action": _from(lambda probs, _: np.eye(len(probs)) - probs),
        "mean over the policy": _from(lambda probs, chosen: 0 * chosen),
        "added": _from(lambda probs, chosen: chosen + probs),
        "gradient in the probabilities": _from(
            lambda probs, chosen: chosen / np.maximum(probs, 1e-300)
        ),
        "gradient in the probabilities, normalized": _from(
            lambda probs, chosen: chosen / np.maximum(probs, 1e-300) - 1
        ),
        "gradient in exp of the logits": _in_the_weights,
        "log-probabilities": _from(lambda probs, chosen: chosen - np.log(probs + 1e-300)),
        "logits for probabilities": _one_hot_minus(lambda logits: logits),
        "softmax twice": _one_hot_minus(lambda logits: _probs(_probs(logits))),
        "softmax twice, differentiated": _from(
            lambda probs, chosen: (
                (np.diag(probs) - np.outer(probs, probs)) @ (chosen - _probs(probs))
            )
        ),
        "sigmoid": _one_hot_minus(lambda logits: 1 / (1 + np.exp(-logits))),
        "not normalized": _one_hot_minus(np.exp),
        "overflows": _one_hot_minus(lambda logits: _normalized(np.exp(logits))),
        "nan replaced": _one_hot_minus(
            lambda logits: np.nan_to_num(_normalized(np.exp(logits)), nan=0.0)
        ),
        "logits clipped": _one_hot_minus(
            lambda logits: _normalized(np.exp(np.clip(logits, -50, 50)))
        ),
        "uniform policy": _one_hot_minus(lambda logits: 1 / len(logits)),
        "likeliest action": _score_of_the_likeliest,
        "action before": _of_another(_one_before),
        "action behind": _of_another(_one_behind),
        "first action": _of_another(lambda action, num_actions: 0),
        "slope of the action before": _of_another(_one_before, times_its_probability=True),
        "slope of the action behind": _of_another(_one_behind, times_its_probability=True),
        "its probability for the 1": _from(lambda probs, chosen: probs * chosen - probs),
    },
    hints={
        "sign": "the sign is turned round: raising the logit of the action taken makes it "
        "more likely.",
        "gradient of the probability": "this is the gradient of pi(a). The gradient of log pi(a) "
        "is that divided by pi(a).",
        "times each probability": "each entry is multiplied by its own probability. The gradient "
        "of log pi(a) is one-hot minus probabilities, and no more.",
        "slope of the sigmoid": "p (1 - p) is how each probability depends on its own logit. "
        "Wanted is how log pi(a) depends on every logit.",
        "all probabilities at once": "this is the matrix of slopes of all probabilities. The row "
        "of the action, divided by pi(a), is the gradient of log pi(a).",
        "probabilities": "these are the probabilities themselves. The gradient is the one-hot "
        "vector of the action minus them.",
        "logarithms": "these are log-probabilities. Their gradient in the logits is wanted.",
        "one-hot only": "you leave out the normalizer: every other logit makes the action taken "
        "less likely.",
        "probabilities only": "this is the normalizer's part alone, minus the probabilities. The "
        "entry of the action taken gets + 1.",
        "entry overwritten": "the entry of the action taken is 1 here. Add 1 to minus its "
        "probability: += instead of =.",
        "one minus each": "1 - pi is right for the action taken alone. The other entries are "
        "0 - pi.",
        "taken action only": "only the logit of the action taken moves here. The other "
        "logits have a gradient, too: minus their probability.",
        "log-probability of the action": "this is log pi(a) itself, one number. Its gradient has "
        "one entry per logit.",
        "one number": "1 - pi(a) is the entry of the action taken. Return one entry per logit.",
        "minus pi(a) everywhere": "pi(a) is subtracted from every entry. Subtract from each "
        "entry the probability of its own action.",
        "every action": "these are the scores of all actions, one per row. Only the row of the "
        "action given is wanted.",
        "mean over the policy": "averaged over all actions the score is zero. Only the action "
        "given counts.",
        "added": "the probabilities are subtracted from the one-hot vector, not added.",
        "gradient in the probabilities": "this is the gradient in the probabilities; the logits "
        "are wanted.",
        "gradient in the probabilities, normalized": "this is the gradient in the probabilities, "
        "with their sum kept at 1; the logits are wanted.",
        "gradient in exp of the logits": "this is the gradient in exp(logits). Differentiate in "
        "the logits themselves: by the chain rule each entry gets a factor exp(logit).",
        "log-probabilities": "subtract the probabilities, not their logarithms.",
        "logits for probabilities": "subtract the probabilities, the softmax of the logits, not "
        "the logits.",
        "softmax twice": "you took the softmax of probabilities. The logits go into it once.",
        "softmax twice, differentiated": "probabilities were passed for logits: a second softmax "
        "was taken and differentiated, too.",
        "sigmoid": "the sigmoid looks at one logit alone. The probabilities are the softmax: "
        "each exp(logit) divided by the sum of all.",
        "not normalized": "exp(logits) does not sum to one: divide by the sum.",
        "overflows": "exp of a large logit is infinite. Subtract the largest logit from all of "
        "them first: the probabilities stay the same.",
        "nan replaced": "infinity / infinity is nan, and 0 in its place is no probability. "
        "Subtract the largest logit before exp.",
        "logits clipped": "clipping the logits changes their differences. Subtract the largest "
        "from all of them instead.",
        "uniform policy": "1/A is the probability of each action only if all logits are equal.",
        "likeliest action": "this is the score of the likeliest action. Use the one given.",
        "action before": "this is the score of the action before the given one. Actions are "
        "counted from 0.",
        "action behind": "this is the score of the action behind the given one. Actions are "
        "counted from 0.",
        "first action": "this is the score of action 0, whatever was taken. Use the one given.",
        "slope of the action before": "this is the gradient of another action's probability. "
        "Wanted is log pi(a) of the action given, and no factor pi.",
        "slope of the action behind": "this is the gradient of the next action's probability. "
        "Wanted is log pi(a) of the action given, and no factor pi.",
        "its probability for the 1": "the entry of the action taken is pi - pi = 0 here. The "
        "one-hot vector holds a 1 there: 1 - pi.",
    },
)
