"""One step of the optimizer: by hand, cut to a norm or not, and rates that fall."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.training.optimizing import descend, falling_rate, torch_rng


def half_square(*weights):
    """Its gradient is the weights themselves."""
    return sum((each**2).sum() for each in weights) / 2


@pytest.mark.parametrize(
    ("max_norm", "moved"), [(None, [3.0, 4.0]), (1.0, [0.6, 0.8]), (10.0, [3.0, 4.0])]
)
def test_a_step_is_cut_to_the_norm_if_it_is_longer(max_norm, moved):
    weights = torch.tensor([3.0, 4.0], requires_grad=True)
    descend(half_square(weights), torch.optim.SGD([weights], lr=1.0), max_norm=max_norm)
    assert_close(weights.detach(), torch.tensor([3.0, 4.0]) - torch.tensor(moved))


def test_without_a_norm_nothing_is_cut():
    weights = torch.tensor([300.0], requires_grad=True)
    descend(half_square(weights), torch.optim.SGD([weights], lr=1.0))
    assert weights.item() == 0


def test_the_norm_is_that_of_all_groups_together():
    one, other = (torch.tensor([number], requires_grad=True) for number in (3.0, 4.0))
    optimizer = torch.optim.SGD([{"params": [one]}, {"params": [other], "lr": 0.5}], lr=1.0)
    descend(half_square(one, other), optimizer, max_norm=1.0)
    assert one.item() == pytest.approx(3 - 0.6)
    assert other.item() == pytest.approx(4 - 0.5 * 0.8)


@pytest.mark.parametrize("max_norm", [None, 1.0])
def test_gradients_are_cleared_before_and_what_has_none_stays(max_norm):
    weights, frozen = torch.tensor([0.5], requires_grad=True), torch.tensor([2.0])
    unused = torch.tensor([5.0], requires_grad=True)
    optimizer = torch.optim.SGD([weights, frozen, unused], lr=0.5)
    for left in (0.25, 0.125):
        descend(half_square(weights, frozen), optimizer, max_norm=max_norm)
        assert weights.item() == left
    assert (frozen.item(), unused.item()) == (2.0, 5.0)


def test_rates_fall_linearly_to_a_twentieth():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=9.0)
    rates = []
    for share in (0.0, 0.5, 1.0):
        falling_rate(optimizer, 0.2, share)
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([0.2, 0.105, 0.01])


def test_generators_of_one_seed_draw_alike():
    one, same, other = (torch_rng(np.random.SeedSequence(seed)) for seed in (1, 1, 2))
    drawn = [torch.rand(3, generator=generator) for generator in (one, same, other)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
