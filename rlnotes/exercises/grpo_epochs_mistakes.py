"""The mistakes that people make in epochs on one group of answers."""

from collections.abc import Callable

import numpy as np

from rlnotes.exercises.grpo_epochs_steps import (
    Step,
    climbs,
    climbs_by_advantages,
    climbs_by_scores,
    climbs_by_weights,
    clipped_ratios,
    epochs,
    outside,
    softmax,
    stopped,
    weights_of_ratios,
)


def _counts(change: Callable) -> Callable:
    """A wrong answer: another number of steps."""

    def wrong(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
        return epochs(logits, answers, rewards, change(num_epochs), clip_epsilon, learning_rate)

    return wrong


def _rates(change: Callable) -> Callable:
    """A wrong answer: another learning rate, of the rate and the number of epochs."""

    def wrong(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
        rate = change(learning_rate, num_epochs)
        return epochs(logits, answers, rewards, num_epochs, clip_epsilon, rate)

    return wrong


def _results(change: Callable) -> Callable:
    """A wrong answer: made of the first logits and the last."""

    def wrong(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
        last = epochs(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate)
        return change(logits, last)

    return wrong


def _log_softmax(logits):
    return logits - np.logaddexp.reduce(logits)


def _naive_softmax(logits):
    return np.exp(logits) / np.exp(logits).sum()


def _overflow(step):
    new, old = _naive_softmax(step.logits), _naive_softmax(step.first_logits)
    weights = weights_of_ratios(step, (new / old)[step.answers])
    return weights @ (step.drawn - new) / len(step.answers)


def _last_draw_only(step):
    """change[answers] += ... keeps the last of several changes to one entry."""
    change = np.zeros_like(step.logits)
    change[step.answers] += step.weights
    return (change - step.weights.sum() * step.probs) / len(step.answers)


def _last_draw_one_hot(step):
    """The same without minus pi, as logits[answers] += ... is written at first."""
    change = np.zeros_like(step.logits)
    change[step.answers] += step.weights
    return change / len(step.answers)


def _each_answer_once(step):
    places = np.unique(step.answers, return_index=True)[1]
    return (step.weights[:, None] * (step.drawn - step.probs))[places].sum(axis=0) / len(places)


def _over_those_that_flow(step):
    flowing = max(1, np.count_nonzero(~stopped(step, step.ratios)))
    return step.change * len(step.answers) / flowing


def _mean_of_distinct(rewards, answers):
    """Rewards less the mean of one reward for each answer that was drawn."""
    return rewards - rewards[np.unique(answers, return_index=True)[1]].mean()


def _standardized(rewards, ddof, small):
    centered = rewards - rewards.mean()
    return centered / (rewards.std(ddof=ddof) + small)


def _one_by_one(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
    """A step after each answer of the group."""
    first, advantages = logits, rewards - rewards.mean()
    for _ in range(num_epochs):
        for place in range(len(answers)):
            one = slice(place, place + 1)
            step = Step(logits, first, answers[one], advantages[one], clip_epsilon)
            logits = logits + learning_rate * step.change
    return logits


def _gradients_added_up(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
    first, total, advantages = logits, 0.0, rewards - rewards.mean()
    for _ in range(num_epochs):
        total = total + Step(logits, first, answers, advantages, clip_epsilon).change
        logits = logits + learning_rate * total
    return logits


def _one_step_late(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
    """Ratios to the policy one step before: the old one follows, a step behind."""
    old, advantages = logits, rewards - rewards.mean()
    for _ in range(num_epochs):
        step = Step(logits, old, answers, advantages, clip_epsilon)
        old, logits = logits, logits + learning_rate * step.change
    return logits


def _until_one_stops(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
    """The loop ends at the first ratio on the flat side."""
    first, advantages = logits, rewards - rewards.mean()
    for _ in range(num_epochs):
        step = Step(logits, first, answers, advantages, clip_epsilon)
        if stopped(step, step.ratios).any():
            break
        logits = logits + learning_rate * step.change
    return logits


MISTAKES = {
    "ratio to the step before": climbs_by_weights(lambda k, r: k.advantages),
    "old policy a step behind": _one_step_late,
    "no ratio in the gradient": climbs_by_weights(
        lambda k, r: np.where(stopped(k, r), 0.0, k.advantages)
    ),
    "never clipped": climbs_by_weights(lambda k, r: r * k.advantages),
    "flat on both sides": climbs_by_weights(
        lambda k, r: np.where(outside(k, r), 0.0, r * k.advantages)
    ),
    "flat on both sides, no ratio": climbs_by_weights(
        lambda k, r: np.where(outside(k, r), 0.0, k.advantages)
    ),
    "maximum": climbs_by_weights(
        lambda k, r: np.where(outside(k, r) & ~stopped(k, r), 0.0, r * k.advantages)
    ),
    "clipped ratio as the weight": climbs_by_weights(
        lambda k, r: clipped_ratios(k, r) * k.advantages
    ),
    "objective as the weight": climbs_by_weights(
        lambda k, r: np.minimum(r * k.advantages, clipped_ratios(k, r) * k.advantages)
    ),
    "good answers clipped alone": climbs_by_weights(
        lambda k, r: np.where(stopped(k, r) & (k.advantages > 0), 0.0, r * k.advantages)
    ),
    "bad answers clipped alone": climbs_by_weights(
        lambda k, r: np.where(stopped(k, r) & (k.advantages < 0), 0.0, r * k.advantages)
    ),
    "above clipped for all": climbs_by_weights(
        lambda k, r: np.where(r > 1 + k.clip_epsilon, 0.0, r * k.advantages)
    ),
    "below clipped for all": climbs_by_weights(
        lambda k, r: np.where(r < 1 - k.clip_epsilon, 0.0, r * k.advantages)
    ),
    "clip without one": climbs_by_weights(
        lambda k, r: np.where(
            np.clip(r, -k.clip_epsilon, k.clip_epsilon) * k.advantages < r * k.advantages,
            0.0,
            r * k.advantages,
        )
    ),
    "log-ratio clipped": climbs_by_weights(
        lambda k, r: np.where(
            np.log(r) * np.sign(k.advantages) > k.clip_epsilon, 0.0, r * k.advantages
        )
    ),
    "ratio inverted": climbs_by_weights(lambda k, r: weights_of_ratios(k, 1 / r)),
    "ratio of the logits": climbs_by_weights(
        lambda k, r: weights_of_ratios(k, np.exp(k.logits - k.first_logits)[k.answers])
    ),
    "probability for the ratio": climbs_by_weights(
        lambda k, r: weights_of_ratios(k, k.probs[k.answers])
    ),
    "stopped by the mean ratio": climbs_by_weights(
        lambda k, r: np.where(outside(k, r.mean()), 0.0, r * k.advantages)
    ),
    "pi of the first policy": climbs_by_scores(lambda k: k.drawn - k.old_probs),
    "one-hot alone": climbs_by_scores(lambda k: k.drawn),
    "pi once for the group": climbs(lambda k: (k.weights @ k.drawn - k.probs) / len(k.answers)),
    "pi once for each answer": climbs(lambda k: k.weights @ k.drawn / len(k.answers) - k.probs),
    "one-hot plus pi": climbs_by_scores(lambda k: k.drawn + k.probs),
    "own entry alone": climbs_by_scores(lambda k: k.drawn * (1 - k.probs)),
    "gradient of the probability": climbs_by_scores(
        lambda k: k.probs[k.answers][:, None] * (k.drawn - k.probs)
    ),
    "softmax's slope as a diagonal": climbs_by_scores(
        lambda k: k.drawn * (k.probs * (1 - k.probs))
    ),
    "uniform in place of pi": climbs_by_scores(lambda k: k.drawn - 1 / len(k.logits)),
    "last draw of each answer": climbs(_last_draw_only),
    "last draw, one-hot alone": climbs(_last_draw_one_hot),
    "each answer once": climbs(_each_answer_once),
    "mean over those that flow": climbs(_over_those_that_flow),
    "sum over the group": climbs(lambda k: k.change * len(k.answers)),
    "mean over possible answers": climbs(lambda k: k.change * len(k.answers) / len(k.logits)),
    "descent": climbs(lambda k: -k.change),
    "overflow": climbs(_overflow),
    "advantages turned round": climbs_by_advantages(lambda r, answers: r.mean() - r),
    "no baseline": climbs_by_advantages(lambda r, answers: r),
    "sample std": climbs_by_advantages(lambda r, answers: _standardized(r, 1, 1e-4)),
    "sample std, 1e-8": climbs_by_advantages(lambda r, answers: _standardized(r, 1, 1e-8)),
    "sample std, nothing added": climbs_by_advantages(lambda r, answers: _standardized(r, 1, 0)),
    "population std": climbs_by_advantages(lambda r, answers: _standardized(r, 0, 1e-4)),
    "population std, 1e-8": climbs_by_advantages(lambda r, answers: _standardized(r, 0, 1e-8)),
    "population std, nothing added": climbs_by_advantages(
        lambda r, answers: _standardized(r, 0, 0)
    ),
    "leave one out": climbs_by_advantages(
        lambda r, answers: (r - r.mean()) * (len(r) / (len(r) - 1))
    ),
    "divided by the mean": climbs_by_advantages(lambda r, answers: (r - r.mean()) / r.mean()),
    "median": climbs_by_advantages(lambda r, answers: r - np.median(r)),
    "mean of distinct answers": climbs_by_advantages(_mean_of_distinct),
    "signs alone": climbs_by_advantages(lambda r, answers: np.sign(r - r.mean())),
    "good answers alone": climbs_by_advantages(lambda r, answers: np.maximum(r - r.mean(), 0)),
    "one epoch": _counts(lambda number: 1),
    "one epoch more": _counts(lambda number: number + 1),
    "one epoch less": _counts(lambda number: number - 1),
    "gradients added up": _gradients_added_up,
    "one by one": _one_by_one,
    "until one stops": _until_one_stops,
    "rate missing": _rates(lambda rate, number: 1.0),
    "rate divided": _rates(lambda rate, number: rate / number),
    "logits as they were": _results(lambda first, last: first),
    "change alone": _results(lambda first, last: last - first),
    "probabilities returned": _results(lambda first, last: softmax(last)),
    "log-probabilities returned": _results(lambda first, last: _log_softmax(last)),
    "logits centred": _results(lambda first, last: last - last.mean()),
    "logits shifted by the largest": _results(lambda first, last: last - last.max()),
}
