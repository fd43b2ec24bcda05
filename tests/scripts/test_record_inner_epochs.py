"""Recordings of PPO on the token tree: which settings, and what the rows hold."""

import numpy as np
import pytest

from rlnotes.scripts import record_inner_epochs as recorded
from rlnotes.training.adapted_bigram import CONTEXTS
from rlnotes.training.recordings import load
from rlnotes.training.token_ppo import Config, Learner, effective_parts

ALL_ON = dict.fromkeys(recorded.FREE, True)


@pytest.mark.parametrize(
    ("off", "kept"),
    [
        ([], []),
        (["clip"], ["clip"]),
        (["ratio", "clip"], ["ratio"]),
        (["reuse", "ratio", "clip"], ["reuse"]),
        (["reuse", "critic"], ["reuse", "critic"]),
    ],
)
def test_idle_parts_count_as_on(off, kept):
    effective = effective_parts({**ALL_ON, **dict.fromkeys(off, False)})
    assert [name for name in effective if not effective[name]] == kept


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


def test_a_run_has_one_row_per_batch_and_the_start():
    numbers = recorded.one_run(({**ALL_ON, "reuse": False}, 0))
    assert numbers.shape == (5, 21)
    assert numbers[0, 0] == pytest.approx(0.278, abs=1e-3)
    assert numbers[[1, 3], 0].tolist() == [0, 0]
    np.testing.assert_allclose(numbers[2], numbers[0] - 0.3 * numbers[1])
    assert numbers[4, 0] == numbers[4, 1]
