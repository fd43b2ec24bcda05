"""The recorded models of the forgotten carry: whole, frozen, and as good as is said."""

import numpy as np
import pytest
import torch

from rlnotes.data.carry_addition import has_carry, held_out_prompts
from rlnotes.scripts import record_carry
from rlnotes.training.carry_accuracy import exact_accuracy
from rlnotes.training.carry_model import Config
from rlnotes.training.carry_reference import carry_reference


@pytest.mark.parametrize("seed", range(5))
def test_a_model_adds_right_now_and_then_and_forgets_carries(seed):
    model, prompts = carry_reference(seed), held_out_prompts()
    weights = list(model.parameters())
    assert sum(weight.numel() for weight in weights) == 26_669
    assert not any(weight.requires_grad for weight in weights)
    with torch.no_grad():
        accuracy = exact_accuracy(model, prompts)
    carries = has_carry(prompts)
    assert 0.35 < accuracy.mean() < 0.5
    assert accuracy[carries].mean() + 0.3 < accuracy[~carries].mean()


def test_the_models_differ():
    first = [carry_reference(seed).head.weight for seed in range(5)]
    assert len({tuple(weight.flatten().tolist()) for weight in first}) == 5


def test_a_seed_that_is_not_recorded_is_refused():
    with pytest.raises(ValueError, match=r"seed must be one of \[0, 1, 2, 3, 4\], got 5"):
        carry_reference(5)


def test_the_recipe_trains_the_defaults_with_five_seeds():
    seen = []

    class Pool:
        def map(self, function, jobs, chunksize=1):
            seen.extend(jobs)
            return [np.zeros(3) for _ in jobs]

    recorded = record_carry.models(Pool())
    assert seen == [Config(seed=seed) for seed in range(5)]
    assert recorded["weights"].shape == (5, 3)
    assert recorded["seeds"].tolist() == [0, 1, 2, 3, 4]
    assert "'num_steps': 900" in recorded["settings"]


def test_a_run_gives_the_weights_of_its_model():
    config = Config(num_demonstrations=50, num_steps=1, seed=3)
    weights = record_carry.weights_of(config)
    model = record_carry.carry_model.train_carry_sft(config).model
    np.testing.assert_array_equal(
        weights, torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy()
    )
