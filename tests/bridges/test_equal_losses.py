"""Our group losses are those of TRL's trainers, in value and gradient, up to a factor.

TRL's methods run unchanged on log-probabilities that a test chooses. Where the two
differ by a factor, the test says which.
"""

from itertools import combinations, product

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.policy_gradients import grpo_loss
from tests.bridges.trl_losses import (
    LIMIT,
    LONGEST,
    drawn_answers,
    group_loss,
    group_trainer,
    value_and_gradient,
)

ANSWERS = drawn_answers()
# TRL's loss_type, our normalizer, and TRL's loss / our loss: dr_grpo divides by the
# longest answer that is allowed, our "longest" by the longest of the batch.
LOSS_TYPES = {
    "grpo": ("answer", 1),
    "bnpo": ("batch_tokens", 1),
    "dapo": ("batch_tokens", 1),
    "dr_grpo": ("longest", LONGEST / LIMIT),
}
# Our kl, and TRL's settings for it.
KL_FORMS = {
    "none": {"beta": 0.0},
    "k3": {"beta": 0.3, "use_bias_correction_kl": False},
    "k3_times_ratio": {"beta": 0.3, "use_bias_correction_kl": True},
}
BANDS = ((0.2, None), (0.2, 0.28))


def ours(answers, *, normalizer="answer", kl="none", band=(0.2, None)):
    """Our loss as a function of the policy's log-probabilities."""

    def loss(own):
        low, high = band
        return grpo_loss(
            own,
            answers.old,
            answers.ref,
            answers.advantages,
            answers.mask,
            clip_epsilon=low,
            clip_epsilon_high=high,
            beta=KL_FORMS[kl]["beta"],
            kl=kl,
            normalizer=normalizer,
        )

    return loss


def assert_equal(trl, mine, *, at=ANSWERS.own, factor=1.0):
    """TRL's value and gradient are ours times the factor; float64, so 1e-9 is far."""
    for theirs, our in zip(value_and_gradient(trl, at), value_and_gradient(mine, at), strict=True):
        assert_close(theirs, factor * our, atol=1e-9, rtol=0)


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("kl", KL_FORMS)
@pytest.mark.parametrize("loss_type", LOSS_TYPES)
def test_every_normalizer_kl_form_and_band(word_model, loss_type, kl, band):
    low, high = band
    settings = {"loss_type": loss_type, "epsilon": low, "epsilon_high": high, **KL_FORMS[kl]}
    trainer = group_trainer("grpo", word_model, **settings)
    normalizer, factor = LOSS_TYPES[loss_type]
    mine = ours(ANSWERS, normalizer=normalizer, kl=kl, band=band)
    assert_equal(group_loss(trainer, ANSWERS), mine, factor=factor)


def test_the_answers_tell_all_these_settings_apart():
    settings = product(("answer", "batch_tokens", "longest"), KL_FORMS, BANDS)
    losses = [ours(ANSWERS, normalizer=n, kl=kl, band=band) for n, kl, band in settings]
    gradients = [value_and_gradient(loss, ANSWERS.own)[1] for loss in losses]
    assert all((a - b).abs().max() > 1e-3 for a, b in combinations(gradients, 2))
    # Both ends of the band cut a gradient, and tokens that do not count get none.
    ratios = (ANSWERS.own - ANSWERS.old).exp()
    good = ANSWERS.advantages[:, None] > 0
    assert (ANSWERS.mask & good & (ratios > 1.28)).any()
    assert (ANSWERS.mask & ~good & (ratios < 0.8)).any()
    assert not gradients[0][~ANSWERS.mask].any()
    assert ANSWERS.mask.logical_not().any()


def test_an_answer_whose_tokens_do_not_count_stays_in_trl_mean_over_answers(word_model):
    # mask_truncated_completions empties the mask of an answer. TRL still divides by all
    # answers, we by those that count: factor 7 / 8, none where tokens are counted.
    mask = ANSWERS.mask.clone()
    mask[1] = False
    answers = ANSWERS._replace(mask=mask)
    share = 1 - 1 / len(mask)
    factors = {"grpo": share, "dapo": 1, "bnpo": 1, "dr_grpo": share * LONGEST / LIMIT}
    for loss_type, factor in factors.items():
        trainer = group_trainer("grpo", word_model, loss_type=loss_type)
        mine = ours(answers, normalizer=LOSS_TYPES[loss_type][0])
        assert_equal(group_loss(trainer, answers), mine, factor=factor)


def test_one_ratio_for_the_whole_answer_is_that_of_the_mean(word_model):
    # TRL's sequence level takes exp of the *mean* log-ratio over an answer's tokens. So
    # our loss equals it when fed means; fed sums it is that of RLOO, the next test.
    trainer = group_trainer(
        "grpo", word_model, loss_type="grpo", beta=0.0, importance_sampling_level="sequence"
    )
    counts = ANSWERS.mask.sum(dim=1, keepdim=True)

    def of_means(own):
        own, old = (
            (t * ANSWERS.mask).sum(dim=1, keepdim=True) / counts for t in (own, ANSWERS.old)
        )
        mask = torch.ones_like(counts, dtype=torch.bool)
        return grpo_loss(own, old, None, ANSWERS.advantages, mask, clip_epsilon=0.2)

    assert_equal(group_loss(trainer, ANSWERS), of_means)


def of_sums(own):
    """Our loss with `ratio="answer"`: whole answers, [B, 1]."""
    own, old = ((t * ANSWERS.mask).sum(dim=1, keepdim=True) for t in (own, ANSWERS.old))
    mask = ANSWERS.mask.any(dim=1, keepdim=True)
    return grpo_loss(own, old, None, ANSWERS.advantages, mask, clip_epsilon=0.2)


def test_one_ratio_for_the_whole_answer_is_that_of_the_sum_in_rloo(word_model):
    trainer = group_trainer("rloo", word_model)
    assert trainer.epsilon_low == trainer.epsilon_high == 0.2
    assert_equal(group_loss(trainer, ANSWERS), of_sums)


def test_on_the_first_step_sequence_level_is_rloo_over_the_length(word_model):
    # All ratios are 1: then the gradients differ by each answer's own length alone.
    first = ANSWERS._replace(old=ANSWERS.own)
    settings = {"loss_type": "grpo", "importance_sampling_level": "sequence"}
    trainers = group_trainer("grpo", word_model, **settings), group_trainer("rloo", word_model)
    of_mean, of_sum = (
        value_and_gradient(group_loss(trainer, first), ANSWERS.own)[1] for trainer in trainers
    )
    lengths = ANSWERS.mask.sum(dim=1, keepdim=True)
    assert_close(of_mean * lengths, of_sum, atol=1e-9, rtol=0)
    assert of_sum.abs().max() > 0.1


@pytest.mark.parametrize("loss_type", ["grpo", "dapo", "dr_grpo"])
def test_two_accumulated_halves_add_up_to_the_loss_of_the_whole(word_model, loss_type):
    settings = {"loss_type": loss_type, "gradient_accumulation_steps": 2}
    trainer = group_trainer("grpo", word_model, **settings)
    normalizer, factor = LOSS_TYPES[loss_type]
    assert_equal(group_loss(trainer, ANSWERS), ours(ANSWERS, normalizer=normalizer), factor=factor)


def test_bnpo_is_not_the_same_when_accumulated(word_model):
    # Each half is divided by its own tokens: a mean of two means.
    trainer = group_trainer("grpo", word_model, loss_type="bnpo", gradient_accumulation_steps=2)
    halves = [type(ANSWERS)(*parts) for parts in zip(*(t.chunk(2) for t in ANSWERS), strict=True)]

    def mean_of_means(own):
        losses = (
            ours(half, normalizer="batch_tokens")(part)
            for half, part in zip(halves, own.chunk(2), strict=True)
        )
        return sum(losses) / 2

    assert_equal(group_loss(trainer, ANSWERS), mean_of_means)
    whole = ours(ANSWERS, normalizer="batch_tokens")(ANSWERS.own)
    assert abs(whole - mean_of_means(ANSWERS.own)) > 1e-3
