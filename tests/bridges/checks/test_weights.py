import pytest
import torch
from peft import LoraConfig

from rlnotes.bridges.checks.weights import (
    changed_share,
    check_dtype,
    check_head,
    check_trained,
    typical_size,
)
from tests.bridges.checks.small_runs import load, load_scorer, pair_run


def bfloat16(*values):
    return [torch.tensor(values, dtype=torch.bfloat16)]


@pytest.mark.parametrize(
    ("step", "share"),
    [
        # Beside 1, bfloat16 has the spacings 2^-7 above and 2^-8 below.
        (2.0**-10, 0.0),
        (2.0**-9, 0.0),  # half a spacing below: rounds to even, which is 1
        (1.5 * 2.0**-9, 0.5),
        (2.0**-8, 0.5),  # half a spacing above: likewise
        (1.5 * 2.0**-8, 1.0),
    ],
)
def test_rounding_beside_one(step, share):
    assert changed_share(bfloat16(1.0), rate=step) == share


def test_shares_count_weights_and_not_tensors():
    assert changed_share([*bfloat16(1.0, 1.0, 1.0), *bfloat16(0.0)], rate=1e-6) == 0.25
    assert changed_share([], rate=1e-6) == 0


def test_the_share_is_what_a_step_of_adam_changes():
    generator = torch.Generator().manual_seed(1)
    start = (0.02 * torch.randn(20_000, generator=generator)).bfloat16()
    weight = start.clone().requires_grad_()
    weight.grad = torch.randn(20_000, generator=generator).bfloat16()
    torch.optim.AdamW([weight], lr=1e-5, weight_decay=0.0).step()
    changed = (weight != start).float().mean().item()
    assert 0.05 < changed < 0.5
    assert changed_share([start], rate=1e-5) == pytest.approx(changed, abs=0.01)


def test_a_model_in_bfloat16_is_red_at_the_default_rate(folder):
    run = pair_run(folder, model=load(folder, torch.bfloat16))
    check = check_dtype(run, rate=1e-6)
    assert check.passed is False
    assert check.seen["dtype"] == "bfloat16"
    weights = [w.detach().float() for w in run.model.parameters()]
    moved = [
        ((w + s).bfloat16() != w.bfloat16()).float().sum() for w in weights for s in (1e-6, -1e-6)
    ]
    count = sum(w.numel() for w in weights)
    assert check.seen["share changed by one step"] == pytest.approx(sum(moved).item() / (2 * count))
    assert check_dtype(run, rate=1e-2).passed


def test_float32_is_fine_enough(folder):
    check = check_dtype(pair_run(folder), rate=1e-6)
    assert check.passed
    assert check.seen["share changed by one step"] == 1


def test_the_weights_of_an_adapter_are_what_counts(folder):
    run = pair_run(
        folder, model=load(folder, torch.bfloat16), peft_config=LoraConfig(task_type="CAUSAL_LM")
    )
    check = check_dtype(run, rate=1e-6)
    assert check.passed
    assert check.seen["dtype"] == "float32"


def test_typical_size_leaves_out_zeros_scales_and_frozen_weights():
    model = torch.nn.ParameterList(
        [
            torch.nn.Parameter(torch.tensor([[3.0, 4.0, 0.0]])),
            torch.nn.Parameter(torch.ones(7)),
            torch.nn.Parameter(torch.full((2, 2), 9.0), requires_grad=False),
        ]
    )
    assert typical_size(model) == pytest.approx((25 / 2) ** 0.5)
    assert typical_size(torch.nn.ParameterList()) == 0


def test_a_frozen_model_is_red(folder):
    model = load(folder)
    assert check_trained(model).passed
    check = check_trained(model.requires_grad_(False))
    assert check.passed is False
    assert check.seen == {"trained": 0, "of": 21_472}


@pytest.mark.parametrize(
    ("lora", "trained"),
    [
        (None, 32),
        (LoraConfig(), 0),
        (LoraConfig(task_type="SEQ_CLS"), 32),
        (LoraConfig(modules_to_save=["score"]), 32),
    ],
    ids=["none", "no task_type", "SEQ_CLS", "modules_to_save"],
)
def test_the_score_head_is_trained(folder, lora, trained):
    run = pair_run(folder, method="reward", peft_config=lora)
    check = check_head(run.model)
    assert check.passed == (trained > 0)
    assert check.seen == {"trained": trained, "of": 32}
    before = head_of(run.model)
    run.train()
    assert torch.equal(head_of(run.model), before) == (trained == 0)


def head_of(model):
    named = dict(model.named_parameters())
    copy = [name for name in named if "score" in name and "original_module" not in name]
    return named[copy[0]].detach().clone()


def test_a_frozen_head_without_adapter_is_red(folder):
    model = load_scorer(folder)
    model.score.requires_grad_(False)
    assert check_head(model).passed is False
