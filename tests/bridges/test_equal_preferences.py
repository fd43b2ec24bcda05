"""Our losses of pairs are those of TRL's `DPOTrainer`, or a factor says why not."""

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.preference_variants import (
    conservative_dpo_loss,
    hinge_dpo_loss,
    ipo_loss,
    robust_dpo_loss,
)
from rlnotes.functional.preferences import dpo_loss
from rlnotes.functional.sequences import sequence_log_probs
from tests.bridges.trl_losses import (
    Fixed,
    dpo_trainer,
    drawn_answers,
    pair_inputs,
    value_and_gradient,
)

DRAWN = drawn_answers()
OWN, REF, MASK = DRAWN.own, DRAWN.ref, DRAWN.mask  # [8, 5]: four preferred ones first
COUNTS = MASK.sum(dim=1)
BETA, SHARE = 2.0, 0.2


def trl_loss(folder, *loss_types, **settings):
    """`DPOTrainer`'s loss as a function of the policy's log-probabilities."""
    trainer = dpo_trainer(folder, beta=BETA, loss_type=list(loss_types), **settings)
    trainer.ref_model = Fixed(REF)
    given = pair_inputs(torch.ones(len(MASK), 2 + MASK.shape[1], dtype=torch.int64), MASK)
    return lambda own: trainer._compute_loss(Fixed(own), given, return_outputs=False)


def ours(loss, *, per_token=False, **settings):
    """A loss of ours, of sums over the tokens of an answer or of their means."""

    def of_tokens(own):
        divisor = COUNTS if per_token else 1
        own, ref = (sequence_log_probs(t, MASK) / divisor for t in (own, REF))
        return loss(*own.chunk(2), *ref.chunk(2), beta=BETA, **settings)

    return of_tokens


def assert_equal(trl, mine):
    """Value and gradient; float64, so 1e-9 is far."""
    for theirs, our in zip(
        value_and_gradient(trl, OWN), value_and_gradient(mine, OWN), strict=True
    ):
        assert_close(theirs, our, atol=1e-9, rtol=0)


def test_dpo(word_model):
    assert_equal(trl_loss(word_model, "sigmoid"), ours(dpo_loss))


def test_the_default_loss_has_no_smoothing_of_labels(word_model):
    # TRL's "sigmoid" does not read label_smoothing: it is not the conservative one.
    trl = trl_loss(word_model, "sigmoid", label_smoothing=SHARE)
    assert_equal(trl, ours(dpo_loss))
    with pytest.raises(AssertionError):
        assert_equal(trl, ours(conservative_dpo_loss, label_smoothing=SHARE))


def test_conservative_dpo_is_a_weighted_sum_of_two_of_trl_losses(word_model):
    # With L+ = -log sigmoid(m), L- = -log sigmoid(-m), and s the share:
    # conservative = (1 - s) L+ + s L-,  robust = ((1 - s) L+ - s L-) / (1 - 2 s).
    # So conservative = 2 (1 - s) L+ - (1 - 2 s) robust.
    weights = [2 * (1 - SHARE), -(1 - 2 * SHARE)]
    trl = trl_loss(word_model, "sigmoid", "robust", label_smoothing=SHARE, loss_weights=weights)
    assert_equal(trl, ours(conservative_dpo_loss, label_smoothing=SHARE))


def test_robust_dpo(word_model):
    trl = trl_loss(word_model, "robust", label_smoothing=SHARE)
    assert_equal(trl, ours(robust_dpo_loss, flip_rate=SHARE))


def test_hinge(word_model):
    mine = ours(hinge_dpo_loss)
    assert_equal(trl_loss(word_model, "hinge"), mine)
    pulls = value_and_gradient(mine, OWN)[1].abs().sum(dim=1)[:4] > 0
    assert pulls.any()
    assert not pulls.all()  # one pair lies beyond the hinge


def test_ipo_in_trl_is_of_means_over_the_tokens(word_model):
    # Not of sums, as in the paper and here: each answer's log is divided by its length.
    trl = trl_loss(word_model, "ipo")
    assert_equal(trl, ours(ipo_loss, per_token=True))
    with pytest.raises(AssertionError):
        assert_equal(trl, ours(ipo_loss))


def test_the_supervised_term_in_trl_is_a_mean_over_tokens(word_model):
    # Ours is one over replies of -log pi(chosen): TRL's times the mean length.
    ours_weight = 0.3
    mean_length = COUNTS[: len(COUNTS) // 2].double().mean().item()
    assert mean_length != 1

    def with_sft(own):
        chosen, _ = sequence_log_probs(own, MASK).chunk(2)
        return ours(dpo_loss)(own) - ours_weight * chosen.mean()

    trl = trl_loss(word_model, "sigmoid", "sft", loss_weights=[1.0, ours_weight * mean_length])
    assert_equal(trl, with_sft)
