"""Preferences that a policy stands for, and the mistakes that people make in them."""

from collections.abc import Callable

import numpy as np


def preferences(policy, reference, beta):
    """[P, A, A] sigmoid of the differences of beta log(policy / reference)."""
    rewards = beta * (np.log(policy) - np.log(reference))
    return _sigmoid(rewards[:, :, None] - rewards[:, None, :])


def _sigmoid(differences):
    return 1 / (1 + np.exp(-differences))


def _differences(scores):
    """[P, A, A] of scores [P, A]: row minus column."""
    return scores[:, :, None] - scores[:, None, :]


def _rewards(policy, reference, beta):
    return beta * np.log(policy / reference)


def _scores(scores_of: Callable) -> Callable:
    """A wrong answer: the sigmoid of differences of other scores."""
    return lambda policy, reference, beta: _sigmoid(
        _differences(scores_of(policy, reference, beta))
    )


def _of_rewards(answer_of: Callable) -> Callable:
    """A wrong answer: made of the right rewards [P, A]."""
    return lambda policy, reference, beta: answer_of(_rewards(policy, reference, beta))


def _of_differences(answer_of: Callable) -> Callable:
    """A wrong answer: made of the right differences [P, A, A]."""
    return _of_rewards(lambda rewards: answer_of(_differences(rewards)))


def _results(change: Callable) -> Callable:
    """A wrong answer: the right probabilities, changed."""
    return lambda policy, reference, beta: change(preferences(policy, reference, beta))


def _diagonal(value):
    """A wrong answer: another number where an answer meets itself."""
    return _results(lambda probs: np.where(np.eye(probs.shape[1]) > 0, value, probs))


def _with_margin(epsilon):
    return _scores(lambda pi, ref, beta: beta * (np.log(pi + epsilon) - np.log(ref + epsilon)))


def _softmax(scores, axis):
    weights = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def _shares(weights):
    """[P, A, A] share of the row's weight in that of row and column."""
    return weights[:, :, None] / (weights[:, :, None] + weights[:, None, :])


def _all_with_all(rewards):
    flat = rewards.ravel()
    return _sigmoid(flat[:, None] - flat)


def _by_prompts(rewards):
    """Every prompt against every prompt, as rewards[:, None] broadcasts."""
    return _sigmoid(rewards[:, None] - rewards)


def _less_partitions_over_prompts(policy, reference, beta):
    """Rewards less log of a Z that is summed over the prompts."""
    rewards = _rewards(policy, reference, beta)
    return rewards - np.log(np.exp(rewards).sum(axis=0))


MISTAKES = {
    "the other way round": _of_differences(lambda d: _sigmoid(-d)),
    "differences": _of_differences(np.array),
    "rewards": _of_rewards(np.array),
    "sigmoid of each reward": _of_rewards(_sigmoid),
    "ratios": _of_differences(np.exp),
    "hard": _of_differences(lambda d: np.where(d == 0, 0.5, d > 0)),
    "hard, ties lost": _of_differences(lambda d: d > 0),
    "size of the difference": _of_differences(lambda d: _sigmoid(abs(d))),
    "softmax of a row": _of_differences(lambda d: _softmax(d, axis=2)),
    "softmax of a column": _of_differences(lambda d: _softmax(d, axis=1)),
    "softmax over the answers": _of_rewards(lambda rewards: _softmax(rewards, axis=1)),
    "sigmoids compared": _of_rewards(lambda rewards: _shares(_sigmoid(rewards))),
    "difference of sigmoids": _of_rewards(
        lambda rewards: _sigmoid(_differences(_sigmoid(rewards)))
    ),
    "all with all": _of_rewards(_all_with_all),
    "prompts compared": _of_rewards(_by_prompts),
    "first prompt alone": _results(lambda probs: probs[0]),
    "mean over the prompts": _of_rewards(
        lambda rewards: _sigmoid(_differences(rewards.mean(axis=0, keepdims=True)))[0]
    ),
    "rewards less their mean over the prompts": _scores(
        lambda pi, ref, beta: _rewards(pi, ref, beta) - _rewards(pi, ref, beta).mean(axis=0)
    ),
    "partition over the prompts": _scores(_less_partitions_over_prompts),
    "reference of the first prompt": _scores(lambda pi, ref, beta: _rewards(pi, ref[:1], beta)),
    "beta missing": _scores(lambda pi, ref, beta: np.log(pi / ref)),
    "divided by beta": _scores(lambda pi, ref, beta: np.log(pi / ref) / beta),
    "beta twice": _scores(lambda pi, ref, beta: beta**2 * np.log(pi / ref)),
    "beta outside": lambda policy, reference, beta: beta * preferences(policy, reference, 1.0),
    "beta on the policy alone": _scores(lambda pi, ref, beta: beta * np.log(pi) - np.log(ref)),
    "reference ignored": _scores(lambda pi, ref, beta: beta * np.log(pi)),
    "policy ignored": _scores(lambda pi, ref, beta: -beta * np.log(ref)),
    "reference added": _scores(lambda pi, ref, beta: beta * (np.log(pi) + np.log(ref))),
    "probabilities of the policy": _scores(lambda pi, ref, beta: np.log(pi)),
    "no log": _scores(lambda pi, ref, beta: beta * pi / ref),
    "differences of probabilities": _scores(lambda pi, ref, beta: beta * (pi - ref)),
    "quotient of logs": _scores(lambda pi, ref, beta: beta * np.log(pi) / np.log(ref)),
    "weighed by the policy": _scores(lambda pi, ref, beta: beta * pi * np.log(pi / ref)),
    "base 2": _scores(lambda pi, ref, beta: beta * np.log2(pi / ref)),
    "1e-12 added": _with_margin(1e-12),
    "1e-10 added": _with_margin(1e-10),
    "1e-8 added": _with_margin(1e-8),
    "1e-6 added": _with_margin(1e-6),
    "diagonal 0": _diagonal(0.0),
    "diagonal 1": _diagonal(1.0),
    "upper half": _results(np.triu),
    "lower half": _results(np.tril),
    "rows sum to one": _results(lambda probs: probs / probs.sum(axis=2, keepdims=True)),
    "wins of each": _results(lambda probs: probs.mean(axis=2)),
}

HINTS = {
    "the other way round": "each entry is the probability of the other choice. Either rows and "
    "columns are exchanged (i beats j stands in row i, column j), or the ratio is upside down: "
    "policy / reference.",
    "differences": "these are the differences of the rewards. Take the sigmoid of each.",
    "rewards": "these are the rewards themselves, and only their differences mean something. "
    "Return the sigmoid of each difference, [P, A, A].",
    "sigmoid of each reward": "the sigmoid is taken of each reward alone. Take it of the "
    "differences, [P, A, A].",
    "ratios": "these are odds, exp of the differences. Take the sigmoid.",
    "hard": "the better answer always wins here. It wins with the sigmoid of the difference.",
    "hard, ties lost": "the better answer always wins here, and nothing wins a tie. Take the "
    "sigmoid of the difference.",
    "size of the difference": "the size of the difference is taken: the worse answer wins as well.",
    "softmax of a row": "each row goes through a softmax, over all answers. Two answers are "
    "compared, whatever the others are: a sigmoid of each difference.",
    "softmax of a column": "each column goes through a softmax, over all answers. Two answers are "
    "compared, whatever the others are: a sigmoid of each difference.",
    "softmax over the answers": "this is a softmax of the rewards over all answers. Wanted is one "
    "number for each two of them, [P, A, A].",
    "sigmoids compared": "the sigmoids of two rewards are compared by their share. Take the "
    "sigmoid of the difference.",
    "difference of sigmoids": "the rewards go through a sigmoid before they are subtracted. Take "
    "their differences as they are.",
    "all with all": "answers to different prompts are compared. Each prompt's rewards have their "
    "own unknown constant, beta log Z: only within a prompt does it cancel.",
    "prompts compared": "the axis of the prompts is broadcast, so that answers to different "
    "prompts are compared. Row and column are answers to one: "
    "rewards[:, :, None] - rewards[:, None, :].",
    "first prompt alone": "this is the first prompt alone. Return one table for each, [P, A, A].",
    "mean over the prompts": "the rewards are averaged over the prompts. Answers to different "
    "prompts have nothing to do with each other: one table for each, [P, A, A].",
    "rewards less their mean over the prompts": "a mean over the prompts is subtracted from the "
    "rewards (axis=0). Answers to different prompts have nothing to do with each other.",
    "partition over the prompts": "Z is summed over the prompts (axis=0). It belongs to one "
    "prompt, a sum over its answers, and cancels in the differences.",
    "reference of the first prompt": "the reference of the first prompt is used for all. Each has "
    "its own.",
    "beta missing": "beta is missing: the reward is beta times the log-ratio.",
    "divided by beta": "the log-ratio is divided by beta. The policy has exp(reward / beta), so "
    "the reward is beta times the log-ratio.",
    "beta twice": "beta stands in the rewards twice. Once is enough.",
    "beta outside": "beta multiplies the probabilities. It belongs to the rewards, inside the "
    "sigmoid.",
    "beta on the policy alone": "beta multiplies the log of the policy alone. It multiplies the "
    "whole log-ratio.",
    "reference ignored": "the reference is ignored. What the policy makes likely may be good, or "
    "have been likely before: take the log-ratio.",
    "policy ignored": "the policy is ignored: take the log-ratio, policy to reference.",
    "reference added": "the logs are added. The log-ratio is their difference.",
    "probabilities of the policy": "this is pi_i / (pi_i + pi_j): how often the policy says one "
    "rather than the other, not how good they are. Reference and beta are missing.",
    "no log": "the ratio stands in the sigmoid without its logarithm.",
    "differences of probabilities": "policy minus reference are probabilities. Take the difference "
    "of their logarithms.",
    "quotient of logs": "the log-ratio is the difference of the logarithms, not their quotient.",
    "weighed by the policy": "the log-ratio is weighed by the probability, as in the KL. The "
    "reward of an answer does not depend on how often it is given.",
    "base 2": "the logarithm has base 2. Take the natural one.",
    **{
        f"{epsilon} added": f"{epsilon} is added to the probabilities, which changes unlikely "
        "answers. They are positive: leave them as they are."
        for epsilon in ("1e-12", "1e-10", "1e-8", "1e-6")
    },
    "diagonal 0": "the diagonal is 0. Of two equal answers each wins half the time: 1/2.",
    "diagonal 1": "the diagonal is 1. Of two equal answers each wins half the time: 1/2.",
    "upper half": "the lower half is 0. There stand the other choices, 1 minus those above.",
    "lower half": "the upper half is 0. There stand the other choices, 1 minus those below.",
    "rows sum to one": "the rows are normalized. Each entry is a probability of its own: with its "
    "mirror image it sums to one.",
    "wins of each": "this is the mean of each row. Return the whole table, [P, A, A].",
}
