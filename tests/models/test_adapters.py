"""Adapters: off is the base to the bit, out and in, merged by hand, bad input."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from rlnotes.data.help_desk import prompt_tokens, reply_tokens
from rlnotes.models.adapters import adapter_off, adapter_state, load_adapter, merge_low_rank
from rlnotes.models.low_rank import LowRankLinear, add_low_rank, num_trainable
from rlnotes.models.tiny_lm import TinyLM
from tests.models.small_pages import seeded

PROMPTS, REPLIES = prompt_tokens()[:2], torch.stack([reply_tokens("hi open"), reply_tokens("!")])


def adapted(seed=1, rank=2):
    """A base, and a copy of it with an adapter that changes what it says."""
    base = TinyLM(seeded(0))
    model = add_low_rank(copy.deepcopy(base), rank=rank, generator=seeded(seed))
    for layer in layers(model):
        with torch.no_grad():
            layer.up.normal_(std=0.3, generator=seeded(seed + 1))
    return base, model


def layers(model):
    return [part for part in model.modules() if isinstance(part, LowRankLinear)]


def says(model):
    with torch.no_grad():
        return model(PROMPTS, REPLIES)


def test_off_is_the_base_to_the_bit_and_on_again_after():
    base, model = adapted()
    before = says(model)
    assert (before - says(base)).abs().max() > 0.1
    with adapter_off(model):
        assert torch.equal(says(model), says(base))
    assert torch.equal(says(model), before)


def test_off_ends_with_an_error_inside_and_keeps_what_was_off_before():
    base, model = adapted()
    before = says(model)
    with pytest.raises(KeyError), adapter_off(model):
        raise KeyError
    assert torch.equal(says(model), before)
    with adapter_off(model):
        with adapter_off(model):
            pass
        assert torch.equal(says(model), says(base))


def test_off_leaves_no_gradient_for_the_adapter():
    _, model = adapted()
    with adapter_off(model):
        assert not model(PROMPTS, REPLIES).requires_grad
    assert model(PROMPTS, REPLIES).requires_grad


def test_a_state_is_a_copy_of_all_that_can_be_trained():
    _, model = adapted()
    state = adapter_state(model)
    assert sum(part.numel() for part in state.values()) == num_trainable(model)
    assert "trunk.blocks.1.widen.up" in state
    assert not any(part.requires_grad for part in state.values())
    kept = {name: part.clone() for name, part in state.items()}
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
    assert all(torch.equal(state[name], kept[name]) for name in kept)


def test_two_adapters_are_swapped_on_one_base_and_each_comes_back_to_the_bit():
    _, model = adapted(seed=1)
    _, other = adapted(seed=5)
    first, second = adapter_state(model), adapter_state(other)
    said = says(model), says(other)
    weights = {n: p.clone() for n, p in model.named_parameters() if not p.requires_grad}
    load_adapter(model, second)
    assert torch.equal(says(model), said[1])
    load_adapter(model, first)
    assert torch.equal(says(model), said[0])
    assert weights
    assert all(torch.equal(model.get_parameter(name), kept) for name, kept in weights.items())
    assert num_trainable(model) == num_trainable(other)  # and it can still be trained


def test_merged_maps_are_those_of_the_sum_by_hand():
    _, model = adapted()
    layer = model.trunk.blocks[0].widen
    o, i = 3, 5
    by_hand = layer.trained.weight[o, i].item() + sum(
        layer.up[o, r].item() * layer.down[r, i].item() for r in range(2)
    )
    bias, kept = layer.trained.bias.clone(), layer.trained.weight.clone()
    before, names = says(model), [name for name, _ in TinyLM(seeded(0)).named_parameters()]
    assert merge_low_rank(model) is model
    assert not layers(model)
    assert [name for name, _ in model.named_parameters()] == names
    merged = model.trunk.blocks[0].widen
    assert type(merged) is nn.Linear
    assert merged.weight[o, i].item() == pytest.approx(by_hand, abs=1e-6)
    assert torch.equal(merged.bias, bias)
    assert torch.equal(layer.trained.weight, kept)  # the map that was there is as it was
    assert_close(says(model), before, atol=1e-5, rtol=1e-5)


def test_merged_weights_share_no_memory_with_the_base_and_can_be_trained():
    _, model = adapted()
    layer = model.head
    merge_low_rank(model)
    assert model.head.weight.requires_grad
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.zero_()
    assert layer.trained.weight.abs().max() > 0
    assert model.head.bias is not layer.trained.bias


def test_an_update_on_an_update_is_switched_off_and_merged_with_it():
    base, model = adapted()
    add_low_rank(model, rank=1, generator=seeded(7))
    with torch.no_grad():
        for layer in layers(model):
            layer.up.normal_(std=0.3, generator=seeded(8))
    assert len(layers(model)) == 18
    before = says(model)
    with adapter_off(model):
        assert torch.equal(says(model), says(base))
    merge_low_rank(model)
    assert not layers(model)
    assert_close(says(model), before, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_map_without_bias_is_merged_in_its_own_precision(dtype):
    module = nn.Sequential(nn.Linear(3, 2, bias=False, dtype=dtype))
    add_low_rank(module, rank=1, generator=seeded())
    with torch.no_grad():
        module[0].trained.weight.fill_(1)
        module[0].down.copy_(torch.tensor([[1.0, 2.0, 3.0]]))
        module[0].up.copy_(torch.tensor([[10.0], [-1.0]]))
    merged = merge_low_rank(module)[0]
    assert merged.bias is None
    assert merged.weight.dtype == dtype
    assert merged.weight.tolist() == [[11, 21, 31], [0, -1, -2]]


@pytest.mark.parametrize("use", [adapter_state, merge_low_rank, lambda m: load_adapter(m, {})])
def test_a_module_without_an_adapter_is_refused(use):
    with pytest.raises(ValueError, match="updates of low rank, got TinyLM"):
        use(TinyLM(seeded(0)))
    with (
        pytest.raises(ValueError, match="updates of low rank, got TinyLM"),
        adapter_off(TinyLM(seeded())),
    ):
        pass


def test_a_module_that_is_off_or_is_an_update_itself_is_not_merged():
    _, model = adapted()
    with adapter_off(model), pytest.raises(ValueError, match=r"got \[.*'head'.*\] switched off"):
        merge_low_rank(model)
    assert len(layers(model)) == 9
    with pytest.raises(ValueError, match="got one that is itself an update"):
        merge_low_rank(model.head)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("head.up"), "state must have the names"),
        (lambda s: s.update(other=s["head.up"]), "state must have the names"),
        (lambda s: s.update({"head.up": s["head.up"][:-1]}), r"state\['head.up'\] must have shape"),
        (lambda s: s.update({"head.up": s["head.up"].T}), r"shape \(8, 2\), got \(2, 8\)"),
        (lambda s: s["head.up"].fill_(torch.nan), "head.up must be finite"),
        (lambda s: s.update({"head.up": [1.0]}), "head.up must be"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(change, message):
    _, model = adapted(seed=1)
    _, other = adapted(seed=5)
    state, before = adapter_state(other), says(model)
    change(state)
    with pytest.raises(ValueError, match=message):
        load_adapter(model, state)
    assert torch.equal(says(model), before)


def test_ranks_must_agree():
    _, model = adapted(rank=2)
    _, other = adapted(rank=3)
    with pytest.raises(ValueError, match=r"shape \(2, 32\), got \(3, 32\)"):
        load_adapter(model, adapter_state(other))
