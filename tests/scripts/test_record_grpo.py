"""The recipes of GRPO's recordings: what they run, and slopes by small steps."""

import copy

import pytest
import torch
from torch import nn

from rlnotes.data.help_desk import PROMPTS
from rlnotes.exact.length_bias import expected_grpo_loss, mean_length
from rlnotes.scripts import record_grpo
from rlnotes.training.help_desk_reference import reference_model
from rlnotes.training.recordings import load
from rlnotes.training.replies import all_replies, gold_table, reply_tree
from tests.scripts.test_record_rlhf import Pool

SETTING = "prompt", "estimator", "normalizer", "kind"


def test_the_slopes_are_those_of_every_prompt():
    pool = Pool([{"run": 1}, {"run": 2}])
    assert len(record_grpo.length_slopes(pool)) == 12
    assert pool.jobs == list(PROMPTS)


def test_recorded_are_all_settings_and_the_first_can_be_computed_again(monkeypatch):
    rows = {tuple(row[name] for name in SETTING): row for row in load("length_slopes")}
    assert set(rows) == {
        (prompt, estimator, normalizer, kind)
        for prompt in PROMPTS
        for estimator in ("group_mean", "sample_std_plus", "leave_one_out")
        for normalizer in ("answer", "batch_tokens", "longest")
        for kind in ("natural", "plain")
    }
    monkeypatch.setattr(record_grpo, "NORMALIZERS", ("answer",))
    monkeypatch.setattr(record_grpo, "ESTIMATORS", ("sample_std_plus",))
    again = record_grpo.slopes_of("angry refund")
    assert [row["kind"] for row in again] == ["natural", "plain"]
    for row in again:
        recorded = rows[tuple(row[name] for name in SETTING)]
        for side in ("right", "wrong"):
            assert row[side] == pytest.approx(recorded[side], rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("normalizer", ["answer", "longest"])
@pytest.mark.parametrize("prompt", ["calm price", "angry open"])
def test_recorded_slopes_by_a_small_step_of_the_weights(prompt, normalizer):
    index, replies = PROMPTS.index(prompt), all_replies()
    lengths = ((replies != 0).sum(dim=1) + 1).clamp(max=5)
    right = gold_table()[index] >= 2.5
    model = copy.deepcopy(reference_model()).requires_grad_(True)
    start = nn.utils.parameters_to_vector(model.parameters()).detach()
    loss = expected_grpo_loss(
        reply_tree(model).log_probs[index],
        lengths,
        right,
        group_size=4,  # of which the direction does not depend
        estimator="leave_one_out",
        normalizer=normalizer,
    )
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    update = -torch.cat([part.flatten() for part in gradients])
    means = []
    for size in (1e-3, -1e-3):
        moved = start + size * update / update.norm()
        nn.utils.vector_to_parameters(moved, model.parameters())
        with torch.no_grad():
            log_probs = reply_tree(model).log_probs[index]
        means.append([mean_length(log_probs, lengths, part).item() for part in (right, ~right)])
    recorded = [
        row
        for row in load("length_slopes")
        if (row["prompt"], row["normalizer"], row["kind"]) == (prompt, normalizer, "plain")
    ]
    assert len(recorded) == 3
    for row in recorded:
        for side, ahead, behind in zip(("right", "wrong"), *means, strict=True):
            assert row[side] == pytest.approx((ahead - behind) / 2e-3, rel=5e-3, abs=2e-3)
