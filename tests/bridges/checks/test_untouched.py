import random

import numpy as np
import pytest
import torch
import transformers
from peft import LoraConfig, get_peft_model

from rlnotes.bridges.checks.untouched import untouched
from rlnotes.bridges.preflight import preflight
from tests.bridges.checks.small_runs import (
    load,
    low_digits,
    pair_run,
    policy_run,
    warm_up,
)


def states():
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002


def test_random_states_return_also_after_an_error(folder):
    run, before = pair_run(folder), states()

    def fail():
        with untouched(run):
            random.random()
            np.random.random()  # noqa: NPY002
            torch.rand(3)
            assert all(a != b for a, b in zip(states(), before, strict=True))
            raise KeyError("from the inside")

    with pytest.raises(KeyError, match="from the inside"):
        fail()
    assert states() == before


def test_modes_and_flags_return(folder):
    run = pair_run(folder)
    run.model.train()
    first, second, *_ = run.model.modules()
    second.eval()
    weight = next(run.model.parameters()).requires_grad_(False)
    with untouched(run):
        assert not first.training
        assert not torch.is_grad_enabled()
        run.model.train()
        run.model.requires_grad_(True)
    assert first.training
    assert not second.training
    assert not weight.requires_grad
    assert sum(w.requires_grad for w in run.model.parameters()) + 1 == len(
        list(run.model.parameters())
    )


def test_what_a_reward_notes_is_forgotten(folder):
    def noting(completions, log_metric, log_extra, **_):
        log_metric("length", 1.0)
        log_extra("text", completions)
        return [0.0] * len(completions)

    run = policy_run(folder, rewards=noting)
    preflight(run)
    assert not run._pending_metrics["length"]
    assert not run._pending_extra_logs["text"]


def drawing(completions, **_):
    """A reward that draws from all three, as a careless one would."""
    noise = random.random() + np.random.random() + torch.rand(()).item()  # noqa: NPY002
    return [score + 0.1 * noise for score in low_digits(completions)]


def trained_adapter(folder):
    """Half of it frozen by hand: switching adapters off and on must not undo that."""
    model = warm_up(get_peft_model(load(folder), LoraConfig(task_type="CAUSAL_LM")))
    for name, weight in model.named_parameters():
        if "lora_A" in name:
            weight.requires_grad_(False)
    return model


def lora(folder):
    return LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.1)


RUNS = {
    "grpo": lambda f: policy_run(f, beta=0.1, num_iterations=2, rewards=drawing),
    "grpo, adapter": lambda f: policy_run(f, beta=0.1, peft_config=lora(f), rewards=drawing),
    "grpo, trained adapter": lambda f: policy_run(f, beta=0.1, model=trained_adapter(f)),
    "rloo": lambda f: policy_run(f, method="rloo", rewards=drawing),
    "dpo": pair_run,
    "dpo, adapter": lambda f: pair_run(f, peft_config=lora(f)),
    "dpo, stored": lambda f: pair_run(f, precompute_ref_log_probs=True),
    "reward": lambda f: pair_run(f, method="reward"),
}


def what_training_leaves(run):
    run.model.train()  # as after a constructor of ones own; dropout then draws
    run.train()
    timed = ("train_runtime", "step_time", "_per_second")
    logs = [
        {name: value for name, value in row.items() if not any(t in name for t in timed)}
        for row in run.state.log_history
    ]
    weights = {name: weight.clone() for name, weight in run.model.state_dict().items()}
    return weights, logs


@pytest.mark.parametrize("name", RUNS)
def test_training_is_the_same_bit_for_bit(folder, name):
    runs = []
    for _ in range(2):
        transformers.set_seed(3)  # heads and adapters are drawn
        runs.append(RUNS[name](folder))
    plain, looked_at = runs
    start = {name: weight.clone() for name, weight in looked_at.model.state_dict().items()}
    assert_same(plain.model.state_dict(), start)

    transformers.set_seed(4)
    weights, logs = what_training_leaves(plain)
    transformers.set_seed(4)
    before = states()
    preflight(looked_at)
    assert states() == before
    assert_same(looked_at.model.state_dict(), start)
    assert all(weight.grad is None for weight in looked_at.model.parameters())
    others, other_logs = what_training_leaves(looked_at)

    assert_same(weights, others)
    assert logs == other_logs
    assert any(not torch.equal(start[name], weight) for name, weight in weights.items())


def assert_same(first, second):
    assert first.keys() == second.keys()
    assert all(torch.equal(weight, second[name]) for name, weight in first.items())
