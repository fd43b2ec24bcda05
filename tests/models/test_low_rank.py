"""LoRA: the same map at the start, by hand after, what is trained, bad input."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from rlnotes.models.low_rank import LowRankLinear, add_low_rank, num_trainable
from rlnotes.models.tiny_lm import linear, start_weights
from tests.models.small_pages import joined, random_page, random_policy, seeded


def random_linear(inputs=5, outputs=3):
    layer = linear(inputs, outputs)
    start_weights(layer, seeded(1))
    with torch.no_grad():
        layer.bias.normal_(generator=seeded(2))
    return layer


def random_update(rank=2):
    adapted = LowRankLinear(random_linear(), rank=rank, generator=seeded())
    with torch.no_grad():
        adapted.up.normal_(generator=seeded(3))
    return adapted


def test_it_starts_as_the_map_that_it_wraps():
    layer, inputs = random_linear(), torch.randn(2, 4, 5, generator=seeded(4))
    adapted = LowRankLinear(layer, rank=2, generator=seeded())
    assert (adapted(inputs) == layer(inputs)).all()
    assert adapted.down.std() > 0


def test_the_update_is_a_sum_over_rank():
    adapted, inputs = random_update(), torch.randn(4, 5, generator=seeded(4))
    for row, outputs in zip(inputs.tolist(), adapted(inputs).tolist(), strict=True):
        for o in range(3):
            weights = adapted.trained.weight[o].tolist()
            expected = adapted.trained.bias[o].item() + sum(
                (weights[i] + sum((adapted.up[o, r] * adapted.down[r, i]).item() for r in range(2)))
                * row[i]
                for i in range(5)
            )
            assert outputs[o] == pytest.approx(expected, abs=1e-5)


def test_the_update_has_the_rank():
    adapted = random_update(rank=2)
    change = adapted(torch.eye(5)) - adapted.trained(torch.eye(5))
    assert torch.linalg.matrix_rank(change) == 2


def test_the_start_of_the_update():
    adapted = LowRankLinear(linear(400, 3), rank=50, generator=seeded())
    assert adapted.down.std().item() == pytest.approx(1 / 20, rel=0.05)
    assert (adapted.up == 0).all()
    state = torch.get_rng_state()
    again, other = (LowRankLinear(linear(400, 3), rank=50, generator=seeded(s)) for s in (0, 1))
    assert (again.down == adapted.down).all()
    assert (other.down != adapted.down).any()
    assert (torch.get_rng_state() == state).all()


@pytest.mark.parametrize(("inputs", "outputs", "rank"), [(8, 6, 2), (5, 3, 1), (3, 4, 7)])
def test_how_many_numbers_are_trained(inputs, outputs, rank):
    adapted = LowRankLinear(linear(inputs, outputs), rank=rank, generator=seeded())
    assert num_trainable(adapted) == rank * (inputs + outputs)
    assert num_trainable(adapted.trained) == 0
    assert num_trainable(linear(inputs, outputs)) == (inputs + 1) * outputs


def test_gradients_against_finite_differences():
    adapted = random_update().double()
    inputs = torch.randn(4, 5, generator=seeded(4), dtype=torch.float64)
    adapted(inputs).square().sum().backward()
    for weights in (adapted.down, adapted.up):
        direction = torch.randn(weights.shape, generator=seeded(5), dtype=torch.float64)
        ends = []
        for step in (1e-6, -2e-6, 1e-6):
            with torch.no_grad():
                weights += step * direction
                ends.append(adapted(inputs).square().sum().item())
        slope = (weights.grad * direction).sum().item()
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)
    assert adapted.trained.weight.grad is adapted.trained.bias.grad is None


def test_a_map_of_double_precision_has_an_update_of_it():
    adapted = LowRankLinear(random_linear().double(), rank=2, generator=seeded())
    assert adapted(torch.ones(1, 5, dtype=torch.float64)).dtype == torch.float64


def lora_policy(rank=2):
    policy = random_policy()
    pages = joined(random_page(3, 0), random_page(2, 1))
    before = policy(pages)
    return add_low_rank(policy, rank=rank, generator=seeded()), pages, before


def test_a_policy_starts_as_it_was():
    policy, pages, before = lora_policy()
    for part, other in zip(policy(pages), before, strict=True):
        assert_close(part, other, atol=1e-5, rtol=1e-5)


def test_only_the_updates_of_a_policy_are_trained():
    policy, pages, _ = lora_policy()
    layers = [part for part in policy.modules() if isinstance(part, LowRankLinear)]
    # read, two sides, mix, six heads, and four maps in each of two blocks
    assert len(layers) == 4 + 6 + 8
    expected = sum(2 * (layer.trained.in_features + layer.trained.out_features) for layer in layers)
    assert num_trainable(policy) == expected
    kept = {name: weights.clone() for name, weights in policy.named_parameters()}
    optimizer = torch.optim.SGD(policy.parameters(), lr=0.01)
    for _ in range(2):  # in the first step only `up` moves
        optimizer.zero_grad()
        sum(part[part > -100].square().sum() for part in policy(pages)).backward()
        optimizer.step()
    for name, weights in policy.named_parameters():
        assert (weights == kept[name]).all() == (not name.endswith((".up", ".down"))), name


def test_in_place_and_every_linear_map_once():
    inner = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    module = nn.ModuleDict({"inner": inner, "outer": nn.Linear(3, 2), "norm": nn.LayerNorm(2)})
    assert add_low_rank(module, rank=1, generator=seeded()) is module
    assert type(inner[0]) is type(module["outer"]) is LowRankLinear
    assert type(inner[0].trained) is nn.Linear
    assert num_trainable(module) == 7 + 5
    assert num_trainable(module["norm"]) == 0


def test_updates_on_top_of_updates():
    module = nn.Sequential(random_linear())
    add_low_rank(module, rank=1, generator=seeded())
    with torch.no_grad():
        module[0].up.fill_(1.0)
    inputs = torch.randn(4, 5, generator=seeded(4))
    before = module(inputs)
    add_low_rank(module, rank=2, generator=seeded(1))
    assert_close(module(inputs), before)
    assert num_trainable(module) == 2 * (5 + 3)


@pytest.mark.parametrize("rank", [0, -1, 1.0, True])
def test_a_rank_that_is_none_changes_nothing(rank):
    module = nn.Sequential(nn.Linear(4, 3))
    for add in (
        lambda: add_low_rank(module, rank=rank, generator=seeded()),
        lambda: LowRankLinear(module[0], rank=rank, generator=seeded()),
    ):
        with pytest.raises(ValueError, match=f"rank must be a positive integer, got {rank}"):
            add()
        assert num_trainable(module) == 15


@pytest.mark.parametrize("module", [nn.Linear(4, 3), nn.Sequential(nn.LayerNorm(3))])
def test_a_module_without_a_linear_map_inside_is_refused_and_stays(module):
    trainable = num_trainable(module)
    name = type(module).__name__
    with pytest.raises(ValueError, match=f"module must have linear maps inside, got {name}"):
        add_low_rank(module, rank=1, generator=seeded())
    assert num_trainable(module) == trainable


def test_what_is_no_linear_map_is_refused():
    with pytest.raises(ValueError, match="trained must be a linear map, got LayerNorm"):
        LowRankLinear(nn.LayerNorm(3), rank=1, generator=seeded())
