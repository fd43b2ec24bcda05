"""The pupils' model: its size, what a short run learns, seeds."""

import numpy as np
import pytest
import torch

from rlnotes.data.carry_addition import has_carry, held_out_prompts, training_prompts
from rlnotes.training import carry_model
from rlnotes.training.carry_accuracy import exact_accuracy, note_probability
from rlnotes.training.carry_model import Config, Result, train_carry_sft, untrained_model


def test_the_model_fits_the_world():
    model = untrained_model(torch.Generator().manual_seed(0))
    # Embeddings 14 + 10 places, two blocks, a normalization, a head of 13.
    block = 2 * 64 + 33 * 96 + 33 * 32 + 33 * 128 + 129 * 32
    assert sum(weights.numel() for weights in model.parameters()) == (
        24 * 32 + 2 * block + 64 + 33 * 13
    )
    with torch.no_grad():
        logits = model(training_prompts()[:3], torch.ones(3, 5).long())
    assert logits.shape == (3, 6, 13)


def test_more_demonstrations_and_steps_than_the_help_desk_needs():
    assert (Config().num_demonstrations, Config().num_steps) == (40_000, 900)
    assert (Config().batch_size, Config().learning_rate, Config().seed) == (256, 3e-3, 0)
    with pytest.raises(ValueError, match="num_steps must be a positive integer, got 0"):
        Config(num_steps=0)


@pytest.fixture(scope="module")
def short_run():
    return train_carry_sft(Config(num_steps=150, seed=1))


def test_a_short_run_learns_when_pupils_write_a_note_and_begins_to_add(short_run):
    assert isinstance(short_run, Result)
    assert short_run.losses.shape == (150,)
    assert short_run.losses[0] > 2.4  # log 13 = 2.56 to begin with
    # Ends that fill up a row are easy to guess: counted, they would push it below 0.9.
    assert 1.0 < short_run.losses[-20:].mean() < 1.4
    with torch.no_grad():
        notes = note_probability(short_run.model, held_out_prompts())
        accuracy = exact_accuracy(short_run.model, held_out_prompts())
    assert notes.mean().item() == pytest.approx(0.15, abs=0.04)
    carry = has_carry(held_out_prompts())
    assert accuracy[~carry].mean() > 0.03  # an answer drawn from the 79 possible: 0.013


def test_every_step_is_seen_and_the_settings_are_used(monkeypatch):
    asked, steps = [], []
    real = carry_model.demonstrations
    monkeypatch.setattr(
        carry_model, "demonstrations", lambda num, rng: asked.append(num) or real(num, rng)
    )
    run = train_carry_sft(Config(num_demonstrations=70, num_steps=3), watch=steps.append)
    assert (asked, steps, len(run.losses)) == ([70], [1, 2, 3], 3)


def test_the_same_seed_gives_the_same_model_and_another_seed_another():
    one, same, other = (
        train_carry_sft(Config(num_steps=3, num_demonstrations=50, seed=seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one.losses, same.losses)
    assert not np.array_equal(one.losses, other.losses)
    for weights, others in zip(one.model.parameters(), same.model.parameters(), strict=True):
        assert torch.equal(weights, others)


def test_weights_demonstrations_and_batches_draw_from_seeds_of_their_own(monkeypatch):
    seeds, real = [], carry_model.torch_rng
    monkeypatch.setattr(
        carry_model, "torch_rng", lambda seed: seeds.append(seed.spawn_key) or real(seed)
    )
    train_carry_sft(Config(num_steps=1, num_demonstrations=5, batch_size=2))
    assert sorted(seeds) == [(0,), (1,), (2,)]
