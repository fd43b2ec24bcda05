"""An epoch of DPO on a table of logits, and the mistakes that people make in it."""

from collections.abc import Callable

import numpy as np


def epoch(logits, ref_log_probs, pairs, beta, learning_rate):
    """Logits after one step of gradient descent for each pair (chosen, rejected)."""
    logits = logits.copy()
    for chosen, rejected in pairs:
        log_ratios = logits - ref_log_probs  # up to a constant, which cancels
        margin = beta * (log_ratios[chosen] - log_ratios[rejected])
        move = learning_rate * beta * weight(margin)
        logits[chosen] += move
        logits[rejected] -= move
    return logits


def weight(margin):
    """Sigmoid of minus the margin: how far the pair is from being settled."""
    return np.exp(-np.logaddexp(0, margin))


def _steps(change_of: Callable) -> Callable:
    """A wrong answer: another change of the logits for each pair, in a loop."""

    @np.errstate(all="ignore")  # some overflow, and the reader shall see no warning of ours
    def wrong(logits, ref_log_probs, pairs, beta, learning_rate):
        for chosen, rejected in pairs:
            logits = logits + change_of(
                logits, ref_log_probs, chosen, rejected, beta, learning_rate
            )
        return logits

    return wrong


def _margin(logits, ref_log_probs, chosen, rejected, beta):
    log_ratios = logits - ref_log_probs
    return beta * (log_ratios[chosen] - log_ratios[rejected])


def _apart(logits, chosen, rejected):
    """+1 at the chosen answer, -1 at the rejected one; 0 if they are the same."""
    unit = np.eye(len(logits))
    return unit[chosen] - unit[rejected]


def _softmax(logits):
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def _log_softmax(logits):
    shifted = logits - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


def _weights(weight_of: Callable) -> Callable:
    """A wrong answer: another weight, a function of the right margin."""
    return _steps(
        lambda z, ref, c, r, beta, rate: (
            rate * beta * weight_of(_margin(z, ref, c, r, beta)) * _apart(z, c, r)
        )
    )


def _overflow(margin):
    return np.exp(-margin) / (1 + np.exp(-margin))


def _overflow_in_two(logits, ref_log_probs, chosen, rejected, beta, learning_rate):
    """The same where only two logits are touched: the others stay numbers."""
    move = learning_rate * beta * _overflow(_margin(logits, ref_log_probs, chosen, rejected, beta))
    direction = _apart(logits, chosen, rejected)
    return np.where(direction == 0, 0.0, move * direction)


def _margins(margin_of: Callable) -> Callable:
    """A wrong answer: another margin, of logits, reference, the pair and beta."""
    return _steps(
        lambda z, ref, c, r, beta, rate: (
            rate * beta * weight(margin_of(z, ref, c, r, beta)) * _apart(z, c, r)
        )
    )


def _scales(scale_of: Callable) -> Callable:
    """A wrong answer: other factors before the weight, of beta and the rate."""
    return _steps(
        lambda z, ref, c, r, beta, rate: (
            scale_of(beta, rate) * weight(_margin(z, ref, c, r, beta)) * _apart(z, c, r)
        )
    )


def _directions(direction_of: Callable) -> Callable:
    """A wrong answer: another direction, of unit vectors and probabilities."""

    def change(z, ref, c, r, beta, rate):
        unit = np.eye(len(z))
        direction = direction_of(unit[c], unit[r], _softmax(z))
        return rate * beta * weight(_margin(z, ref, c, r, beta)) * direction

    return _steps(change)


def _results(change: Callable) -> Callable:
    """A wrong answer: made of the first logits, the last, the reference and beta."""

    def wrong(logits, ref_log_probs, pairs, beta, learning_rate):
        last = epoch(logits, ref_log_probs, pairs, beta, learning_rate)
        return change(logits, last, ref_log_probs, beta)

    return wrong


def _pairs(change: Callable) -> Callable:
    """A wrong answer: the right steps for other pairs."""

    def wrong(logits, ref_log_probs, pairs, beta, learning_rate):
        return epoch(logits, ref_log_probs, change(pairs), beta, learning_rate)

    return wrong


def _in_one_batch(share: Callable) -> Callable:
    """A wrong answer: all weights from the first logits, a share of the sum."""

    def wrong(logits, ref_log_probs, pairs, beta, learning_rate):
        changes = [
            epoch(logits, ref_log_probs, [pair], beta, learning_rate) - logits for pair in pairs
        ]
        return logits + sum(changes) * share(pairs)

    return wrong


def _first_weight_for_all(logits, ref_log_probs, pairs, beta, learning_rate):
    first = weight(_margin(logits, ref_log_probs, *pairs[0], beta))
    directions = (_apart(logits, *pair) for pair in pairs)
    return logits + learning_rate * beta * first * sum(directions)


def _fresh_reference(logits, ref_log_probs, pairs, beta, learning_rate):
    reference = ref_log_probs
    for pair in pairs:
        before = logits
        logits = epoch(logits, reference, [pair], beta, learning_rate)
        reference = before
    return logits


def _gradients_added_up(logits, ref_log_probs, pairs, beta, learning_rate):
    change = 0.0
    for pair in pairs:
        change = change + epoch(logits, ref_log_probs, [pair], beta, learning_rate) - logits
        logits = logits + change
    return logits


def _both_at_once(logits, ref_log_probs, chosen, rejected, beta, learning_rate):
    """NumPy keeps the last of two changes to one entry, logits[[c, r]] += ..."""
    move = learning_rate * beta * weight(_margin(logits, ref_log_probs, chosen, rejected, beta))
    change = np.zeros_like(logits)
    change[[chosen, rejected]] += [move, -move]
    return change


def _until_equal(pairs):
    equal = pairs[:, 0] == pairs[:, 1]
    return pairs[: np.argmax(equal)] if equal.any() else pairs


def _start_as_the_reference(logits, ref_log_probs, pairs, beta, learning_rate):
    return epoch(logits, logits.copy(), pairs, beta, learning_rate)


def _each_on_its_own(logits, ref_log_probs, chosen, rejected, beta, learning_rate):
    unit, probs = np.eye(len(logits)), _softmax(logits)
    rewards = beta * (_log_softmax(logits) - ref_log_probs)
    up = weight(rewards[chosen]) * (unit[chosen] - probs)
    down = weight(-rewards[rejected]) * (unit[rejected] - probs)
    return learning_rate * beta * (up - down)


def _weight_again_between(logits, ref_log_probs, pairs, beta, learning_rate):
    logits = logits.copy()
    for chosen, rejected in pairs:
        for answer, sign in ((chosen, 1), (rejected, -1)):
            margin = _margin(logits, ref_log_probs, chosen, rejected, beta)
            logits[answer] += sign * learning_rate * beta * weight(margin)
    return logits


def _supervised(logits, ref_log_probs, chosen, rejected, beta, learning_rate):
    return learning_rate * (np.eye(len(logits))[chosen] - _softmax(logits))


def _of_probs(logits, ref_log_probs, chosen, rejected, beta):
    gains = _softmax(logits) - np.exp(ref_log_probs)
    return beta * (gains[chosen] - gains[rejected])


def _hinge(margin):
    return float(margin < 1)


MISTAKES = {
    "sigmoid of the margin": _weights(lambda margin: weight(-margin)),
    "no weight": _weights(lambda margin: 1.0),
    "always one half": _weights(lambda margin: 0.5),
    "minus the margin": _weights(lambda margin: -margin),
    "loss as the weight": _weights(lambda margin: np.logaddexp(0, -margin)),
    "slope of the sigmoid": _weights(lambda margin: weight(margin) * weight(-margin)),
    "hinge": _weights(_hinge),
    "wrong pairs alone": _weights(lambda margin: float(margin < 0)),
    "overflow": _weights(_overflow),
    "overflow in two logits": _steps(_overflow_in_two),
    "reference ignored": _margins(lambda z, ref, c, r, beta: beta * (z[c] - z[r])),
    "policy ignored": _margins(lambda z, ref, c, r, beta: beta * (ref[r] - ref[c])),
    "reference added": _margins(lambda z, ref, c, r, beta: _margin(z, -ref, c, r, beta)),
    "reference as probabilities": _margins(
        lambda z, ref, c, r, beta: _margin(z, np.exp(ref), c, r, beta)
    ),
    "probabilities": _margins(_of_probs),
    "chosen alone in the margin": _margins(
        lambda z, ref, c, r, beta: beta * (_log_softmax(z) - ref)[c]
    ),
    "beta missing inside": _margins(lambda z, ref, c, r, beta: _margin(z, ref, c, r, 1.0)),
    "divided by beta inside": _margins(lambda z, ref, c, r, beta: _margin(z, ref, c, r, 1 / beta)),
    "beta on the policy alone": _margins(
        lambda z, ref, c, r, beta: _margin(beta * z, ref, c, r, 1.0)
    ),
    "beta missing outside": _scales(lambda beta, rate: rate),
    "divided by beta outside": _scales(lambda beta, rate: rate / beta),
    "beta twice outside": _scales(lambda beta, rate: rate * beta**2),
    "half each": _scales(lambda beta, rate: rate * beta / 2),
    "twice as far": _scales(lambda beta, rate: rate * beta * 2),
    "rate missing": _scales(lambda beta, rate: beta),
    "sign": _scales(lambda beta, rate: -rate * beta),
    "beta missing": _steps(
        lambda z, ref, c, r, beta, rate: rate * weight(_margin(z, ref, c, r, 1.0)) * _apart(z, c, r)
    ),
    "chosen alone": _directions(lambda chosen, rejected, probs: chosen),
    "rejected alone": _directions(lambda chosen, rejected, probs: -rejected),
    "both raised": _directions(lambda chosen, rejected, probs: chosen + rejected),
    "both at once": _steps(_both_at_once),
    "score of the chosen alone": _directions(lambda chosen, rejected, probs: chosen - probs),
    "score of the rejected alone": _directions(lambda chosen, rejected, probs: probs - rejected),
    "probabilities subtracted": _directions(
        lambda chosen, rejected, probs: chosen - rejected - probs
    ),
    "each by its own rest": _directions(
        lambda chosen, rejected, probs: chosen * (1 - probs) - rejected * probs
    ),
    "each less its own probability": _directions(
        lambda chosen, rejected, probs: (chosen - rejected) * (1 - probs)
    ),
    "each times its probability": _directions(
        lambda chosen, rejected, probs: (chosen - rejected) * probs
    ),
    "each on its own": _steps(_each_on_its_own),
    "supervised": _steps(_supervised),
    "weight again between": _weight_again_between,
    "one batch": _in_one_batch(lambda pairs: 1.0),
    "one batch, the mean": _in_one_batch(lambda pairs: 1.0 / len(pairs)),
    "weight of the first pair": _first_weight_for_all,
    "gradients added up": _gradients_added_up,
    "reference from the step before": _fresh_reference,
    "start as the reference": _start_as_the_reference,
    "backwards": _pairs(lambda pairs: pairs[::-1]),
    "pair exchanged": _pairs(lambda pairs: pairs[:, ::-1]),
    "first pair alone": _pairs(lambda pairs: pairs[:1]),
    "last pair alone": _pairs(lambda pairs: pairs[-1:]),
    "last pair left out": _pairs(lambda pairs: pairs[:-1]),
    "first pair left out": _pairs(lambda pairs: pairs[1:]),
    "ends at equal answers": _pairs(_until_equal),
    "twice": _pairs(lambda pairs: [*pairs, *pairs]),
    "logits as they were": _results(lambda first, last, ref, beta: first),
    "change alone": _results(lambda first, last, ref, beta: last - first),
    "probabilities returned": _results(lambda first, last, ref, beta: _softmax(last)),
    "log-probabilities returned": _results(lambda first, last, ref, beta: _log_softmax(last)),
    "rewards returned": _results(lambda first, last, ref, beta: beta * (_log_softmax(last) - ref)),
    "logits centred": _results(lambda first, last, ref, beta: last - last.mean()),
    "logits shifted by the largest": _results(lambda first, last, ref, beta: last - last.max()),
}
