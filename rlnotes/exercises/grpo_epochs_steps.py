"""Epochs on one group of answers, and steps of which mistakes are made."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


def epochs(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
    """Logits after so many steps of ascent on the mean clipped objective."""
    advantages = rewards - rewards.mean()
    drawn, old_probs = np.eye(len(logits))[answers], softmax(logits)
    for _ in range(num_epochs):
        probs = softmax(logits)
        ratios = (probs / old_probs)[answers]
        clipped = np.clip(ratios, 1 - clip_epsilon, 1 + clip_epsilon)
        flat = clipped * advantages < ratios * advantages
        weights = np.where(flat, 0.0, ratios * advantages)
        logits = logits + learning_rate * weights @ (drawn - probs) / len(answers)
    return logits


def softmax(logits):
    """Probabilities; a constant in the logits cancels."""
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


@dataclass(frozen=True)
class Step:
    """What a step of the mistakes is made of."""

    logits: np.ndarray  # [A]
    first_logits: np.ndarray  # [A]
    answers: np.ndarray  # [G]
    advantages: np.ndarray  # [G]
    clip_epsilon: float

    @property
    def drawn(self):
        return np.eye(len(self.logits))[self.answers]

    @property
    def probs(self):
        return softmax(self.logits)

    @property
    def old_probs(self):
        return softmax(self.first_logits)

    @property
    def ratios(self):
        return (self.probs / self.old_probs)[self.answers]

    @property
    def weights(self):
        return weights_of_ratios(self, self.ratios)

    @property
    def change(self):
        return self.weights @ (self.drawn - self.probs) / len(self.answers)


def clipped_ratios(step, ratios):
    return np.clip(ratios, 1 - step.clip_epsilon, 1 + step.clip_epsilon)


def outside(step, ratios):
    return clipped_ratios(step, ratios) != ratios


def stopped(step, ratios):
    return clipped_ratios(step, ratios) * step.advantages < ratios * step.advantages


def weights_of_ratios(step, ratios):
    """[G] what multiplies the scores, with other ratios."""
    return np.where(stopped(step, ratios), 0.0, ratios * step.advantages)


def climbs(change_of: Callable, advantages_of: Callable | None = None) -> Callable:
    """A wrong answer: another gradient [A], or other advantages [G]."""
    advantages_of = advantages_of or (lambda rewards, answers: rewards - rewards.mean())

    @np.errstate(all="ignore")  # some overflow, and the reader shall see no warning of ours
    def wrong(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
        first, advantages = logits, advantages_of(rewards, answers)
        for _ in range(num_epochs):
            step = Step(logits, first, answers, advantages, clip_epsilon)
            logits = logits + learning_rate * change_of(step)
        return logits

    return wrong


def climbs_by_weights(weights_of: Callable) -> Callable:
    """A wrong answer: other weights [G] of the scores, of the step and its ratios."""
    return climbs(
        lambda k: weights_of(k, k.ratios) @ (k.drawn - k.probs) / len(k.answers),
    )


def climbs_by_scores(scores_of: Callable) -> Callable:
    """A wrong answer: other scores [G, A], of the step."""
    return climbs(lambda k: k.weights @ scores_of(k) / len(k.answers))


def climbs_by_advantages(advantages_of: Callable) -> Callable:
    """A wrong answer: other advantages [G], of rewards and answers."""
    return climbs(lambda k: k.change, advantages_of)
