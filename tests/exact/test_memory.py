"""Bytes of training: published tables, hand numbers, and bytes counted in torch."""

import pytest
import torch

from rlnotes.exact.memory import (
    GB,
    METHODS,
    MODELS,
    PRECISIONS,
    method_bytes,
    total_bytes,
    training_bytes,
)
from rlnotes.models.low_rank import add_low_rank, num_trainable
from rlnotes.models.tiny_lm import TinyLM, frozen


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("stage", "published"), [(0, 120), (1, 31.4), (2, 16.6), (3, 1.9)])
def test_the_published_table_of_zero(stage, published):
    parts = training_bytes(
        7_500_000_000, num_trained=7_500_000_000, zero_stage=stage, num_devices=64
    )
    assert round(parts.total / GB, 1) == published


@pytest.mark.parametrize(
    ("stage", "parts"),
    [(0, (20, 20, 120)), (1, (20, 20, 30)), (2, (20, 5, 30)), (3, (5, 5, 30))],
)
def test_each_stage_divides_one_more_part(stage, parts):
    assert training_bytes(10, num_trained=10, zero_stage=stage, num_devices=4) == parts


@pytest.mark.parametrize(
    ("precision", "per_number"), [("mixed", 16), ("float32", 16), ("16 bit", 8)]
)
def test_bytes_of_a_trained_number(precision, per_number):
    assert training_bytes(3, num_trained=3, precision=precision).total == 3 * per_number
    assert PRECISIONS[precision].weight == (4 if precision == "float32" else 2)


def test_an_adapter_on_a_frozen_base_by_hand():
    # 100 frozen and 8 trained numbers in mixed precision, on four devices.
    setting = {"num_trained": 8, "num_devices": 4}
    assert training_bytes(108, **setting) == (216, 16, 96)
    assert training_bytes(108, **setting, zero_stage=2) == (216, 4, 24)
    assert training_bytes(108, **setting, zero_stage=3) == (54, 4, 24)
    assert training_bytes(108, num_trained=0) == (216, 0, 0)


def test_devices_share_without_rounding():
    assert training_bytes(1, num_trained=1, zero_stage=3, num_devices=64).total == 0.25


@pytest.mark.parametrize(
    ("method", "full", "adapter", "off"),
    [  # bytes per weight: 16 trained, 2 frozen; adapters of a tenth, so 2 + 1.6
        ("SFT", 16, 3.6, 3.6),
        ("DPO", 18, 5.6, 3.6),
        ("PPO-RLHF", 36, 11.2, 9.2),
        ("RLOO", 20, 7.6, 5.6),
        ("GRPO", 20, 7.6, 5.6),
        ("GRPO, verifier", 18, 5.6, 3.6),
        ("GRPO, verifier, beta 0", 16, 3.6, 3.6),
    ],
)
def test_bytes_per_weight_of_each_method(method, full, adapter, off):
    setting = {"num_adapter": 10}
    assert total_bytes(method_bytes(method, 100)) == 100 * full
    assert total_bytes(method_bytes(method, 100, **setting)) == pytest.approx(100 * adapter)
    held = method_bytes(method, 100, **setting, adapter_off=True)
    assert total_bytes(held) == pytest.approx(100 * off)
    assert tuple(held) == METHODS[method]


def test_the_models_of_ppo_rlhf():
    held = method_bytes("PPO-RLHF", 100, zero_stage=1, num_devices=2)
    assert set(held) == {"policy", "critic", "reference", "reward model"} == set(MODELS)
    assert held["policy"] == held["critic"] == (200, 200, 600)
    assert held["reference"] == held["reward model"] == (200, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_parameters": 0}, "num_parameters must be a positive integer, got 0"),
        ({"num_parameters": 7e9}, "num_parameters must be a positive integer, got 7000000000.0"),
        ({"num_trained": 11}, r"num_trained must be an integer in \[0, 11\), got 11"),
        ({"num_trained": -1}, r"num_trained must be an integer in \[0, 11\), got -1"),
        ({"precision": "half"}, "precision must be one of .*, got 'half'"),
        ({"zero_stage": 4}, r"zero_stage must be an integer in \[0, 4\), got 4"),
        ({"num_devices": 0}, "num_devices must be a positive integer, got 0"),
    ],
)
def test_bad_numbers(arguments, message):
    with pytest.raises(ValueError, match=message):
        training_bytes(**{"num_parameters": 10, "num_trained": 10, **arguments})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "PPO"}, "method must be one of .*, got 'PPO'"),
        ({"num_adapter": -1}, "num_adapter must be an integer of at least 0, got -1"),
        ({"adapter_off": True}, "adapter_off must .* got True with num_adapter=0"),
        ({"adapter_off": "yes", "num_adapter": 1}, "adapter_off must .* got 'yes'"),
    ],
)
def test_bad_methods(arguments, message):
    with pytest.raises(ValueError, match=message):
        method_bytes(**{"method": "DPO", "num_parameters": 10, **arguments})


# --- the formula against bytes counted in real models, optimizers and gradients


def bytes_of(tensors) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def counted(model) -> tuple[int, int, int]:
    """Weights, gradients and Adam's moments of a model that made one step, if any."""
    weights = list(model.parameters())
    trained = [weight for weight in weights if weight.requires_grad]
    if not trained:
        return bytes_of(weights), 0, 0
    optimizer = torch.optim.Adam(trained)
    model(torch.zeros(2, 2).long(), torch.zeros(2, 4).long()).square().sum().backward()
    optimizer.step()
    states = [
        value
        for state in optimizer.state.values()
        for name, value in state.items()
        if name != "step"  # a counter for each array
    ]
    return (
        bytes_of(weights),
        bytes_of(w.grad for w in weights if w.grad is not None),
        bytes_of(states),
    )


def test_full_training_of_a_real_model_to_the_byte():
    model = TinyLM(seeded())
    size = sum(weight.numel() for weight in model.parameters())
    for dtype, precision in ((torch.float32, "float32"), (torch.bfloat16, "16 bit")):
        expected = training_bytes(size, num_trained=size, precision=precision)
        assert counted(frozen(model).requires_grad_(True).to(dtype)) == expected


def test_mixed_precision_of_a_real_model_to_the_byte():
    model = TinyLM(seeded()).to(torch.bfloat16)
    size = sum(weight.numel() for weight in model.parameters())
    model(torch.zeros(2, 2).long(), torch.zeros(2, 4).long()).square().sum().backward()
    copies = [weight.detach().float().requires_grad_() for weight in model.parameters()]
    for copy, weight in zip(copies, model.parameters(), strict=True):
        copy.grad = weight.grad.float()  # handed over one by one, so not in the sum
    optimizer = torch.optim.Adam(copies)
    optimizer.step()
    moments = [state[name] for state in optimizer.state.values() for name in state if "exp" in name]
    held = bytes_of(model.parameters()), bytes_of(w.grad for w in model.parameters())
    assert (*held, bytes_of(copies) + bytes_of(moments)) == training_bytes(size, num_trained=size)


def test_an_adapter_on_a_real_model_to_the_byte():
    model = add_low_rank(TinyLM(seeded()), rank=4, generator=seeded(1))
    size = sum(weight.numel() for weight in model.parameters())
    expected = training_bytes(size, num_trained=num_trainable(model), precision="float32")
    assert counted(model) == expected
    assert 0 < expected.gradients < expected.weights / 4


@pytest.mark.parametrize("method", ["PPO-RLHF", "DPO", "RLOO"])
def test_the_models_of_a_method_to_the_byte(method):
    policy = TinyLM(seeded(), num_outputs=1)  # heads of one number: models of one size
    size = sum(weight.numel() for weight in policy.parameters())
    models = {
        "policy": policy,
        "critic": policy.with_head(1, seeded(2)),
        "reference": frozen(policy),
        "reward model": frozen(policy.with_head(1, seeded(3))),
    }
    held = method_bytes(method, size, precision="float32")
    assert {name: counted(models[name]) for name in held} == held
