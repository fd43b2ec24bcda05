import copy
import math

import pytest
import torch
from peft import LoraConfig, get_peft_model

from rlnotes.bridges.checks.reference import check_pair_reference, check_policy_reference
from rlnotes.bridges.checks.sampling import sample_answers
from tests.bridges.checks.small_runs import END, load, pair_run, policy_run, warm_up

# What its way to start does to the weights below it is a fault that a user can meet.
PISSA = {"task_type": "CAUSAL_LM", "init_lora_weights": "pissa"}


def check_of(run):
    run.model.eval()
    with torch.no_grad():
        if hasattr(run, "num_generations"):
            return check_policy_reference(run, sample_answers(run, num_prompts=4))
        return check_pair_reference(run, num_pairs=4)


RUNS = {
    "grpo": lambda folder, **more: policy_run(folder, beta=0.1, **more),
    "rloo": lambda folder, **more: policy_run(folder, method="rloo", **more),
    "dpo": pair_run,
}


@pytest.mark.parametrize("method", RUNS)
def test_a_checkpoint_as_it_is_on_disk_is_its_own_reference(folder, method):
    check = check_of(RUNS[method](folder))
    assert check.passed
    if method == "dpo":
        assert check.seen["loss"] == pytest.approx(math.log(2), abs=1e-7)
    else:
        assert check.seen["KL per token"] == 0


@pytest.mark.parametrize("method", RUNS)
def test_a_warm_up_in_memory_is_red(folder, method):
    check = check_of(RUNS[method](folder, model=warm_up(load(folder))))
    assert check.passed is False
    assert "read again from" in check.sentence


@pytest.mark.parametrize("method", RUNS)
def test_one_small_step_in_memory_is_red(folder, method):
    model = warm_up(load(folder), rate=1e-2, steps=1)
    assert check_of(RUNS[method](folder, model=model)).passed is False


@pytest.mark.parametrize("method", RUNS)
def test_a_fresh_adapter_starts_at_its_base_even_a_warm_one(folder, method):
    model = warm_up(load(folder))
    run = RUNS[method](folder, model=model, peft_config=LoraConfig(task_type="CAUSAL_LM"))
    assert check_of(run).passed


@pytest.mark.parametrize("method", RUNS)
def test_an_adapter_that_changes_its_base_is_red(folder, method):
    check = check_of(RUNS[method](folder, peft_config=LoraConfig(**PISSA)))
    assert check.passed is False
    assert "adapter off" in check.sentence


@pytest.mark.parametrize("method", RUNS)
def test_a_trained_adapter_is_its_own_reference(folder, method):
    model = get_peft_model(load(folder), LoraConfig(task_type="CAUSAL_LM"))
    assert check_of(RUNS[method](folder, model=warm_up(model))).passed


def log_probs_of(model, prompt, answer):
    """Log-probability of each token of one answer, from the logits of a plain model."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([prompt + answer])).logits[0]
    rows = torch.log_softmax(logits, dim=-1)[len(prompt) - 1 : -1]
    return rows[torch.arange(len(answer)), torch.tensor(answer)]


def test_the_kl_is_that_of_the_sampled_answers(folder):
    model = warm_up(load(folder))
    run = policy_run(folder, beta=0.1, model=copy.deepcopy(model))
    run.model.eval()
    answers = sample_answers(run, num_prompts=4)
    policy, reference = model.eval(), load(folder)
    gaps = torch.cat(
        [
            log_probs_of(reference, prompt, answer) - log_probs_of(policy, prompt, answer)
            for prompt, answer in zip(answers.prompt_ids, answers.completion_ids, strict=True)
        ]
    )
    with torch.no_grad():
        check = check_policy_reference(run, answers)
    assert check.seen["KL per token"] == pytest.approx(
        (gaps.exp() - 1 - gaps).mean().item(), rel=1e-4
    )
    assert check.seen["largest gap of a token"] == pytest.approx(gaps.abs().max().item(), rel=1e-4)


def test_the_loss_is_that_of_the_pairs(folder):
    model = warm_up(load(folder))
    run = pair_run(folder, beta=0.3, model=copy.deepcopy(model))
    policy, reference = model.eval(), load(folder)
    losses, gaps = [], []
    for row in [run.train_dataset[index] for index in (0, 4, 8, 12)]:
        answers = (row["chosen_ids"], row["rejected_ids"])
        assert all(answer[-1] == END for answer in answers)
        prompt = row["prompt_ids"]
        ratios = [
            (log_probs_of(policy, prompt, a) - log_probs_of(reference, prompt, a)).sum()
            for a in answers
        ]
        losses.append(-torch.nn.functional.logsigmoid(0.3 * (ratios[0] - ratios[1])).item())
        gaps += [abs(r.item()) / len(a) for r, a in zip(ratios, answers, strict=True)]
    check = check_of(run)
    assert check.seen["loss"] == pytest.approx(sum(losses) / 4, rel=1e-4)
    assert check.seen["largest gap per token"] == pytest.approx(max(gaps), rel=1e-4)


def test_a_shift_of_both_answers_is_red_though_the_loss_is_ln_2(folder):
    # One more weight on all words of both answers alike: the loss does not see it.
    run = pair_run(folder, rows=[{"prompt": "3 ", "chosen": "4", "rejected": "4"}] * 8)
    warm_up(run.model)
    check = check_of(run)
    assert check.seen["loss"] == pytest.approx(math.log(2), abs=1e-6)
    assert check.passed is False


def test_a_reference_that_was_given_or_stored_passes(folder):
    model = warm_up(load(folder))
    # Copied before a trainer has it: later copies would compute with its weights.
    same, other = copy.deepcopy(model), copy.deepcopy(model)
    given = pair_run(folder, model=model, ref_model=same)
    stored = pair_run(folder, model=other, precompute_ref_log_probs=True)
    assert check_of(given).passed
    assert check_of(stored).passed
    warm_up(stored.model, steps=1)
    check = check_of(stored)
    assert check.passed is False
    assert "stored" in check.sentence


def test_without_beta_there_is_no_reference_to_look_at(folder):
    check = check_of(policy_run(folder))
    assert check.passed is None
    assert "beta is 0" in check.sentence
