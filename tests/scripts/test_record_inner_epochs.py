"""Recordings of one batch used again and again: what the rows hold."""

from itertools import product

import numpy as np
import pytest

from rlnotes.scripts import record_inner_epochs as recorded
from rlnotes.training.adapted_bigram import CONTEXTS
from rlnotes.training.recordings import load, load_arrays
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


@pytest.mark.parametrize(("i", "noise"), [*enumerate(recorded.JUDGE_NOISES)])
@pytest.mark.parametrize(("j", "epsilon"), [*enumerate(recorded.CLIPS)])
@pytest.mark.parametrize(("size", "seed"), [(32, 0), (32, 299), (20_000, 3)])
def test_a_batch_among_many_is_the_epochs_of_its_settings(i, noise, j, epsilon, size, seed):
    stored = load_arrays("inner_epochs_batches")
    assert (stored["noises"][i], stored["clips"][j]) == (noise, epsilon or 0)
    config = Config(batch_size=size, reward_noise=noise, clip_epsilon=epsilon, seed=seed)
    learner = Learner(config)
    batch = learner.rollout()
    for epoch in range(4):  # the first steps: later ones differ between machines
        found = [stored[f"{name}_{size}"][i, j, seed, epoch] for name in recorded.CURVES]
        made = learner.measure(batch)
        again = made.objective, made.kl_to_ref, made.clipped, made.max_ratio
        np.testing.assert_allclose(found, again, rtol=0.02, atol=1e-3)
        learner.step(batch)


def test_a_seed_is_one_batch_in_all_four_cells_and_starts_at_the_reference():
    cells = product(recorded.JUDGE_NOISES, recorded.CLIPS)
    runs = np.array([recorded.curves(*cell, 2, 32) for cell in cells])
    assert runs.shape == (4, 17, len(recorded.CURVES))
    np.testing.assert_array_equal(runs[:, 0, [0, 1, 3]], [runs[0, 0, [0, 1, 3]]] * 4)
    assert runs[0, 0, 1] == 0
    assert runs[0, 0, 3] == 1
    assert (runs[:, 1:, 3] > 1).all()
    seeds = [Learner(Config(seed=2, reward_noise=n)).rollout().drawn for n in (0.0, 1.0)]
    np.testing.assert_array_equal(*seeds)


def test_the_recipe_keeps_every_cell_in_its_place(monkeypatch):
    monkeypatch.setattr(recorded, "NUM_BATCHES", {5: 3, 7: 1})
    monkeypatch.setattr(recorded, "NUM_EPOCHS", 2)

    def tagged(noise, epsilon, seed, size):
        return np.full((3, 4), 1000 * size + 100 * noise + 10 * (epsilon or 0) + seed) + range(4)

    monkeypatch.setattr(recorded, "curves", tagged)
    arrays = recorded.batches(InOrder())
    assert arrays["settings"] == load_arrays("inner_epochs_batches")["settings"]
    assert arrays["kl_to_ref_5"].shape == (2, 2, 3, 3)
    assert arrays["objective_5"][0, 1, 2, 0] == 5000 + 100 + 2
    assert arrays["kl_to_ref_5"][1, 0, 1, 2] == 5000 + 2 + 1 + 1
    assert arrays["max_ratio_7"][0, 0, 0, 1] == 7000 + 100 + 2 + 3


class InOrder:
    """A pool of no processes."""

    @staticmethod
    def starmap(function, cells, chunksize):
        assert chunksize >= 1
        return [function(*cell) for cell in cells]
