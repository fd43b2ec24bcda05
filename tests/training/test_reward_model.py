"""The transformer reward model: what it learns from, and what it must not touch."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.training import reward_model
from rlnotes.training.comparisons import draw_comparisons
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.reward_model import Config, train_reward_model
from rlnotes.training.scores import ModelScores, reward_accuracy


def pairs(num, seed=0):
    return draw_comparisons(num, reference_log_probs(), torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("start", [None, reference_model()], ids=["random", "sft"])
def test_a_short_run_learns_to_order_new_pairs(start):
    config = Config(num_steps=120, learning_rate=2e-3)
    result = train_reward_model(pairs(3_000), config, start)
    assert result.losses.shape == (120,)
    assert result.losses[0] == pytest.approx(np.log(2), abs=0.3)
    assert result.losses[-20:].mean() < 0.55
    # The labels themselves are noise to one in five: gold agrees with 0.81 of them.
    assert result.accuracy > 0.65
    assert reward_accuracy(ModelScores(result.model), pairs(2_000, seed=9)) > 0.68


def test_the_last_pairs_are_held_out():
    comparisons = pairs(200)
    config = Config(num_steps=3, held_out=0.25)
    result = train_reward_model(comparisons, config)
    expected = reward_accuracy(ModelScores(result.model), comparisons.rows(slice(150, None)))
    assert result.accuracy == expected
    # Turned round, they change the accuracy and nothing else.
    turned = comparisons._replace(
        chosen=torch.cat([comparisons.chosen[:150], comparisons.rejected[150:]]),
        rejected=torch.cat([comparisons.rejected[:150], comparisons.chosen[150:]]),
    )
    other = train_reward_model(turned, config)
    np.testing.assert_array_equal(other.losses, result.losses)
    assert other.accuracy == pytest.approx(1 - expected)


def test_none_held_out_gives_no_accuracy():
    result = train_reward_model(pairs(20), Config(num_steps=1, held_out=0.0))
    assert np.isnan(result.accuracy)


def test_it_starts_from_the_trunk_and_leaves_it_as_it_was():
    start = reference_model()
    before = torch.nn.utils.parameters_to_vector(start.parameters()).clone()
    model = train_reward_model(pairs(50), Config(num_steps=1, learning_rate=1e-9), start).model
    for now, then in zip(model.trunk.parameters(), start.trunk.parameters(), strict=True):
        assert_close(now, then, atol=1e-6, rtol=0)
    assert model.head.out_features == 1
    train_reward_model(pairs(50), Config(num_steps=2), start)
    assert torch.equal(torch.nn.utils.parameters_to_vector(start.parameters()), before)
    assert not any(weight.requires_grad for weight in start.parameters())


def test_the_learning_rate_falls_over_the_run(monkeypatch):
    seen = []
    monkeypatch.setattr(reward_model, "falling_rate", lambda *call: seen.append(call[1:]))
    train_reward_model(pairs(20), Config(num_steps=4, learning_rate=0.25))
    assert seen == [(0.25, 0.0), (0.25, 0.25), (0.25, 0.5), (0.25, 0.75)]


def test_a_seed_gives_the_same_model_and_another_one_another():
    runs = [train_reward_model(pairs(50), Config(num_steps=4, seed=s)).losses for s in (0, 0, 1)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_steps": 0}, "num_steps must be a positive integer, got 0"),
        ({"batch_size": 1.5}, "batch_size must be a positive integer, got 1.5"),
        ({"learning_rate": 0.0}, "learning_rate must be positive and finite, got 0.0"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"held_out": "a"}, r"held_out must lie in \[0, 1\], got 'a'"),
        ({"held_out": None}, r"held_out must lie in \[0, 1\], got None"),
        ({"held_out": 1.0}, r"held_out must lie in \[0, 1\), got 1.0"),
    ],
)
def test_bad_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)


def test_a_run_without_pairs_is_refused():
    with pytest.raises(ValueError, match="comparisons must leave a pair to train on, got 0"):
        train_reward_model(pairs(1), Config(held_out=0.9))


def test_pairs_that_do_not_exist_are_refused():
    bad = pairs(20)._replace(prompts=torch.full((20,), -1))
    with pytest.raises(ValueError, match=r"prompts must lie in \[0, 6\), got -1"):
        train_reward_model(bad, Config(num_steps=1))
