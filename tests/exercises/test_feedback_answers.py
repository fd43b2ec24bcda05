"""Learning from human feedback: mistakes as readers write them get their hint."""

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy, logsigmoid

from rlnotes.exercises import catalog

EXERCISES = catalog()


def rewards(scores, log_probs, ref_log_probs, lengths, beta):
    return EXERCISES["penalized_rewards"].solutions[0](
        scores, log_probs, ref_log_probs, lengths, beta
    )


def stops_one_token_early(scores, log_probs, ref_log_probs, lengths, beta):
    answer = np.zeros_like(log_probs)
    for row, length in enumerate(lengths):
        for t in range(length - 1):
            answer[row, t] = -beta * (log_probs[row, t] - ref_log_probs[row, t])
        answer[row, length - 1] += scores[row]
    return answer


def score_one_token_early(scores, log_probs, ref_log_probs, lengths, beta):
    answer = rewards(np.zeros(len(scores)), log_probs, ref_log_probs, lengths, beta)
    for row, length in enumerate(lengths):
        answer[row, length - 2] += scores[row]
    return answer


def whole_kl_without_mask(scores, log_probs, ref_log_probs, lengths, beta):
    answer = np.zeros_like(log_probs)
    kl = (log_probs - ref_log_probs).sum(axis=1)
    answer[np.arange(len(lengths)), lengths - 1] = scores - beta * kl
    return answer


def whitened_scores(scores, log_probs, ref_log_probs, lengths, beta):
    scores = (scores - np.mean(scores)) / (np.std(scores) + 1e-8)
    return rewards(scores, log_probs, ref_log_probs, lengths, beta)


def less_the_batch_mean(scores, log_probs, ref_log_probs, lengths, beta):
    return rewards(scores - np.mean(scores), log_probs, ref_log_probs, lengths, beta)


def cumsum_from_the_left(**given):
    return np.cumsum(rewards(**given), axis=1)


def typed_beta(**given):
    return rewards(**{**given, "beta": 0.1})


def another_typed_beta(**given):
    return rewards(**{**given, "beta": 0.05})


def yielded(**given):
    yield rewards(**given)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (stops_one_token_early, "Hint: the last token pays no price."),
        (score_one_token_early, "Hint: the score comes one token too early"),
        (whole_kl_without_mask, "Hint: all is paid at the end, and the padding pays, too."),
        (whitened_scores, "Hint: the scores are normalized over the batch."),
        (less_the_batch_mean, "Hint: the mean of the batch is subtracted from the scores."),
        (cumsum_from_the_left, "Hint: these are running sums from the left."),
        (typed_beta, "Hint: beta is 0.1 in your code"),
        (another_typed_beta, "Hint: beta is 0.05 in your code"),
        (yielded, "got shape (1, 2, 3) (did you write yield instead of return?)"),
    ],
)
def test_mistakes_in_rewards_per_token(wrong, hint):
    verdict = EXERCISES["penalized_rewards"].check(wrong)
    assert not verdict.passed
    assert hint in verdict.message


def with_margins(loss_of, read=None):
    """A loss of the margins, at scores that are read in some way."""

    def loss(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
        own = read or (lambda scores, mask: scores[torch.arange(len(mask)), mask.sum(1) - 1])
        return loss_of(own(chosen_scores, chosen_mask) - own(rejected_scores, rejected_mask))

    return loss


def usual(margins):
    return -logsigmoid(margins).mean()


def entropy_to_ones(margins):
    return binary_cross_entropy(torch.sigmoid(margins), torch.ones_like(margins))


def entropy_to_zeros(margins):
    return binary_cross_entropy(torch.sigmoid(-margins), torch.zeros_like(margins))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (with_margins(usual, lambda s, m: s[:, m.sum(1) - 1]), "Hint: scores[:, ends] reads every"),
        (
            with_margins(usual, lambda s, m: s[torch.arange(len(m)), -m.sum(1)]),
            "Hint: -mask.sum(dim=1) counts from the right",
        ),
        (with_margins(usual, lambda s, m: s[m][-1]), "Hint: scores[mask] is flat"),
        (
            with_margins(lambda margins: usual(torch.clamp(margins, -20, 20))),
            "Hint: the margins are cut at 20",
        ),
        (with_margins(lambda margins: usual(margins.clamp(-7, 7))), "nothing may cap it: no clamp"),
        (
            with_margins(lambda margins: (margins > 0).float().mean()),
            "Hint: this is the accuracy",
        ),
        (
            with_margins(lambda margins: 1 - (margins > 0).float().mean()),
            "Hint: this is the share of pairs ranked wrongly",
        ),
        (with_margins(entropy_to_ones), "Hint: the loss of a pair ends at 100"),
        (with_margins(entropy_to_zeros), "Hint: the loss of a pair ends at 100"),
    ],
)
def test_mistakes_in_the_loss_of_pairs(wrong, hint):
    verdict = EXERCISES["preference_loss"].check(wrong)
    assert not verdict.passed
    assert hint in verdict.message
