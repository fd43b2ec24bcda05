"""Recordings of one batch used again and again: what the rows hold."""

import numpy as np
import pytest

from rlnotes.scripts import record_inner_epochs as recorded
from rlnotes.training.adapted_bigram import CONTEXTS
from rlnotes.training.recordings import load
from rlnotes.training.token_ppo import Config, Learner


def test_what_a_batch_holds_adds_up_to_its_tokens():
    batch = Learner(Config(seed=1)).rollout()
    rows = list(recorded.held(batch))
    assert [row["token"] for row in rows] == list(range(3 * len(CONTEXTS)))
    assert sum(row["count"] for row in rows) == batch.advantages.numel()
    total = sum(row["count"] * float(row["advantage"]) for row in rows)
    assert total == pytest.approx(batch.advantages.sum().item(), abs=0.05)


def test_one_batch_is_made_again_with_its_first_row_at_ratio_one():
    rows = recorded.one_batch(0, 0.0, 0.2, 0.03)
    assert [row["epoch"] for row in rows] == list(range(17))
    assert all(float(rows[0][f"ratio_{index}"]) == 1 for index in range(21))
    stored = [
        row
        for row in load("inner_epochs")
        if (row["batch"], row["logit_noise"], row["clip_epsilon"], row["learning_rate"])
        == (0, 0, 0.2, 0.03)
    ]
    for name in ("objective", "kl", "max_ratio"):
        again = [float(row[name]) for row in rows]
        np.testing.assert_allclose([row[name] for row in stored], again, rtol=0.05, atol=1e-3)
