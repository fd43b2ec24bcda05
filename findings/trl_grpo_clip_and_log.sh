#!/usr/bin/env bash
# trl 1.16.0: GRPO's default is not the paper's, epsilon does nothing in it, the logged
# spread of rewards is not the one that it divides by, and None may count as 0.
#
# Guess: GRPOConfig without arguments is GRPO as published, with a KL term and a mean over
# each answer; epsilon bounds its steps; reward_std shows whether groups have something to
# compare; None from a reward function leaves that function out for this answer; a batch
# of 8 is 8 prompts.
# Seen: beta is 0 and the loss is DAPO's. Each batch is used for one step, on which all
# ratios are 1: epsilon 0.2 and 1e-6 leave the same weights, bit for bit, and the clip
# ratios in the log are 0. With num_iterations=2 they differ, and every second step clips.
# reward_std is the spread of the whole batch: 0.53 where every group is constant and the
# gradient is 0. frac_reward_zero_std tells, but with scale_rewards="batch" it reads 0
# there, and so it does where a group has fewer than two scores. scale_rewards="batch"
# takes the std of all rewards, and the mean of each group still.
# None beside a score of another function counts as 0: in (1, 1, 0, 0) + (None, 1, None, 1)
# the first answer is right, nothing is said of its format, and it gets 0. None from the
# only function gives advantage 0 and leaves mean and std to the others (a warning names
# one such row). Where no two scores are left, training goes on without a gradient.
# per_device_train_batch_size counts answers: 8 of them are one prompt.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   GRPOConfig:
#     loss_type dapo
#     beta 0.0
#     use_bias_correction_kl True
#     scale_rewards group
#     num_generations 8
#     num_iterations 1
#     steps_per_generation 1
#     epsilon 0.2
#     epsilon_high None
#     importance_sampling_level token
#     mask_truncated_completions False
#     max_completion_length 512
#     temperature 1.0
#     learning_rate 1e-06
#     lr_scheduler_type SchedulerType.LINEAR
#     per_device_train_batch_size 8
#   RLOOConfig:
#     beta 0.05
#     num_generations 2
#     normalize_advantages False
#   8 prompts, one epoch: 8 steps, each (answers, prompts) {(8, 1)}
#   seed 0, num_iterations 1: weights at most 0.0000 apart,
#     epsilon 0.2: clip_ratio/region_mean 0.0000 0.0000 0.0000 0.0000 0.0000
#     epsilon 1e-06: clip_ratio/region_mean 0.0000 0.0000 0.0000 0.0000 0.0000
#   seed 0, num_iterations 2: weights at most 0.0322 apart,
#     epsilon 0.2: clip_ratio/region_mean 0.0000 0.3654 0.0000 0.2766 0.0000
#     epsilon 1e-06: clip_ratio/region_mean 0.0000 0.6154 0.0000 0.5319 0.0000
#   seed 1, num_iterations 1: weights at most 0.0000 apart,
#     epsilon 0.2: clip_ratio/region_mean 0.0000 0.0000 0.0000 0.0000 0.0000
#     epsilon 1e-06: clip_ratio/region_mean 0.0000 0.0000 0.0000 0.0000 0.0000
#   seed 1, num_iterations 2: weights at most 0.0317 apart,
#     epsilon 0.2: clip_ratio/region_mean 0.0000 0.4043 0.0000 0.1930 0.0000
#     epsilon 1e-06: clip_ratio/region_mean 0.0000 0.8298 0.0000 0.6842 0.0000
#   seed 2, num_iterations 1: weights at most 0.0000 apart,
#     epsilon 0.2: clip_ratio/region_mean 0.0000 0.0000 0.0000 0.0000 0.0000
#     epsilon 1e-06: clip_ratio/region_mean 0.0000 0.0000 0.0000 0.0000 0.0000
#   seed 2, num_iterations 2: weights at most 0.0305 apart,
#     epsilon 0.2: clip_ratio/region_mean 0.0000 0.4500 0.0000 0.1803 0.0000
#     epsilon 1e-06: clip_ratio/region_mean 0.0000 0.7750 0.0000 0.6909 0.0000
#   (1, 0, 1, 0.5), group: 0.7832 -1.3053 0.7832 -0.2611
#   (1, 0, 1, 0.5), batch: 0.7832 -1.3053 0.7832 -0.2611
#   (1, 0, 1, 0.5), none: 0.3750 -0.6250 0.3750 -0.1250
#   (1, 0, 1, 0.5, 2, 2, 2, 2), group: 0.7832 -1.3053 0.7832 -0.2611 0.0000 0.0000 0.0000 0.0000
#   (1, 0, 1, 0.5, 2, 2, 2, 2), batch: 0.4693 -0.7821 0.4693 -0.1564 0.0000 0.0000 0.0000 0.0000
#   (1, 0, 1, 0.5, 2, 2, 2, 2), none: 0.3750 -0.6250 0.3750 -0.1250 0.0000 0.0000 0.0000 0.0000
#   (1, 1, 1, 1, 2, 2, 2, 2), group: reward_std 0.5345 grad_norm 0.0000 frac_reward_zero_std 1.0000
#   (1, 1, 1, 1, 2, 2, 2, 2), batch: reward_std 0.5345 grad_norm 0.0000 frac_reward_zero_std 0.0000
#   (1, 1, 1, 1, 2, 2, 2, 2), none: reward_std 0.5345 grad_norm 0.0000 frac_reward_zero_std 1.0000
#   (1, 0, 1, 0.5) + (1, None, None, 0.5): 1.2246 -1.2246 0.0000 0.0000, reward 1.0,
#     grad_norm above 0, frac_reward_zero_std 0.0
#   (1, 1, 0, 0) + (None, 1, None, 1): 0.0000 1.2246 -1.2246 0.0000, reward 1.0,
#     grad_norm above 0, frac_reward_zero_std 0.0
#   (1, None, None, 0): 0.7070 0.0000 0.0000 -0.7070, reward 0.5,
#     grad_norm above 0, frac_reward_zero_std 0.0
#   (1, 0, 1, None): 0.5773 -1.1545 0.5773 0.0000, reward 0.6666666865348816,
#     grad_norm above 0, frac_reward_zero_std 0.0
#   (1, None, None, None): 0.0000 0.0000 0.0000 0.0000, reward 1.0,
#     grad_norm 0, frac_reward_zero_std 0.0
#   (None, None, None, None): 0.0000 0.0000 0.0000 0.0000, reward None,
#     grad_norm 0, frac_reward_zero_std 0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet trl==1.16.0 transformers==5.24.0 datasets==5.2.0 \
  accelerate==1.15.0 tokenizers==0.23.3 torch==2.13.0 numpy==2.4.6
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TQDM_DISABLE=1 PYTHONWARNINGS=ignore
"$folder/venv/bin/python" - "$folder/model" <<'PY'
import logging
import sys

import datasets
import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from trl import GRPOConfig, GRPOTrainer, RLOOConfig

torch.set_num_threads(1)
datasets.disable_progress_bars()
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
logging.disable(logging.WARNING)
path = sys.argv[1]

# A model of 13 words, saved as a checkpoint would be.
words = ["<pad>", "<eos>", "<unk>", *"0123456789"]
numbers = {word: number for number, word in enumerate(words)}
inner = Tokenizer(models.WordLevel(numbers, unk_token="<unk>"))
inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer = transformers.PreTrainedTokenizerFast(
    tokenizer_object=inner, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
)
torch.manual_seed(0)
transformers.LlamaForCausalLM(
    transformers.LlamaConfig(
        vocab_size=13,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=None,
    )
).save_pretrained(path)
tokenizer.save_pretrained(path)


def low_digits(completions, **_):
    """How many digits below 5 an answer has."""
    return [float(sum(word in "01234" for word in text.split())) for text in completions]


def fixed(*rewards):
    """A reward function that gives these numbers, whatever the answers are."""

    def given(completions, **_):
        assert len(completions) == len(rewards)
        return list(rewards)

    return given


def flat(model):
    return torch.cat([weights.detach().flatten() for weights in model.parameters()])


def trained(*functions, num_prompts=16, **settings):
    """A trainer after its run; by default one step on groups of four answers."""
    settings = {
        "num_generations": 4,
        "max_completion_length": 8,
        "max_steps": 1,
        "learning_rate": 1e-2,
    } | settings
    config = GRPOConfig(
        output_dir=path + "-run",
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to="none",
        save_strategy="no",
        logging_steps=1,
        **settings,
    )
    run = GRPOTrainer(
        model=transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32),
        reward_funcs=list(functions),
        args=config,
        train_dataset=datasets.Dataset.from_dict(
            {"prompt": [f"{number % 10} {number // 10}" for number in range(num_prompts)]}
        ),
        processing_class=tokenizer,
    )
    run.remove_callback(transformers.trainer_callback.ProgressCallback)
    run.remove_callback(transformers.PrinterCallback)
    run.train()
    return run


def logged(run, name):
    return [row[name] for row in run.state.log_history if "loss" in row]


def advantages(run):
    """Those of the last generated batch, in the order of the answers."""
    return np.array(run._logs["advantages"])


def shown(values):
    return " ".join(f"{value:.4f}" for value in values)


# The defaults.
expected = {
    GRPOConfig: {
        "loss_type": "dapo",
        "beta": 0.0,
        "use_bias_correction_kl": True,
        "scale_rewards": "group",
        "num_generations": 8,
        "num_iterations": 1,
        "steps_per_generation": 1,
        "epsilon": 0.2,
        "epsilon_high": None,
        "importance_sampling_level": "token",
        "mask_truncated_completions": False,
        "max_completion_length": 512,
        "temperature": 1.0,
        "learning_rate": 1e-6,
        "lr_scheduler_type": transformers.SchedulerType.LINEAR,
        "per_device_train_batch_size": 8,
    },
    RLOOConfig: {"beta": 0.05, "num_generations": 2, "normalize_advantages": False},
}
for config, values in expected.items():
    default = config(output_dir=path + "-run", use_cpu=True)
    seen = {name: getattr(default, name) for name in values}
    print(f"{config.__name__}:", *(f"{name} {value}" for name, value in seen.items()), sep="\n  ")
    assert seen == values

# What a batch size counts: one epoch of eight prompts.
calls = []


def counting(completions, prompts, **_):
    calls.append((len(completions), len(set(prompts))))
    return [0.0] * len(completions)


run = trained(counting, num_prompts=8, num_generations=8, max_steps=-1, num_train_epochs=1)
print(f"8 prompts, one epoch: {run.state.global_step} steps, each (answers, prompts) {set(calls)}")
assert run.state.global_step == 8 and set(calls) == {(8, 1)}

# The clip: five steps, with a wide range and with almost none.
for seed in range(3):
    for num_iterations in (1, 2):
        runs = [
            trained(low_digits, seed=seed, epsilon=e, num_iterations=num_iterations, max_steps=5)
            for e in (0.2, 1e-6)
        ]
        ratios = [logged(run, "clip_ratio/region_mean") for run in runs]
        apart = (flat(runs[0].model) - flat(runs[1].model)).abs().max().item()
        print(f"seed {seed}, num_iterations {num_iterations}: weights at most {apart:.4f} apart,")
        for epsilon, each in zip((0.2, 1e-6), ratios, strict=True):
            print(f"  epsilon {epsilon}: clip_ratio/region_mean {shown(each)}")
        if num_iterations == 1:
            assert torch.equal(flat(runs[0].model), flat(runs[1].model))
            assert not np.any(ratios)
        else:
            assert apart > 1e-3
            assert all(sum(each) > 0 and not any(each[::2]) for each in ratios)

# The advantages of one group, and of the same beside a group of equal rewards.
for rest in ((), (2, 2, 2, 2)):
    for scale in ("group", "batch", "none"):
        rewards = (1, 0, 1, 0.5, *rest)
        settings = {"scale_rewards": scale, "per_device_train_batch_size": len(rewards)}
        result = advantages(trained(fixed(*rewards), **settings))
        print(f"{rewards}, {scale}: {shown(result)}")
        centred = np.array([0.375, -0.625, 0.375, -0.125] + [0] * len(rest))
        over = {"group": rewards[:4], "batch": rewards, "none": ()}[scale]
        std = np.std(over, ddof=1) + 1e-4 if over else 1
        assert np.allclose(result, centred / std, atol=1e-6)

# Two groups without any difference inside.
start = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
for scale in ("group", "batch", "none"):
    run = trained(fixed(1, 1, 1, 1, 2, 2, 2, 2), scale_rewards=scale)
    names = ("reward_std", "grad_norm", "frac_reward_zero_std")
    (std,), (norm,), (share,) = (logged(run, name) for name in names)
    values = " ".join(f"{name} {logged(run, name)[0]:.4f}" for name in names)
    print(f"(1, 1, 1, 1, 2, 2, 2, 2), {scale}: {values}")
    assert abs(std - np.std([1] * 4 + [2] * 4, ddof=1)) < 1e-6
    assert norm == 0 and torch.equal(flat(run.model), flat(start))
    assert share == (0 if scale == "batch" else 1)

# No score: None, from one of two functions and from the only one.
no = None
for columns, signs in (
    ([(1, 0, 1, 0.5), (1, no, no, 0.5)], (1, -1, 0, 0)),
    ([(1, 1, 0, 0), (no, 1, no, 1)], (0, 1, -1, 0)),  # the first one is right, and gets 0
    ([(1, no, no, 0)], (1, 0, 0, -1)),
    ([(1, 0, 1, no)], (1, -1, 1, 0)),
    ([(1, no, no, no)], (0, 0, 0, 0)),
    ([(no, no, no, no)], (0, 0, 0, 0)),
):
    run = trained(*(fixed(*column) for column in columns), per_device_train_batch_size=4)
    (reward,), (norm,), (share,) = (
        logged(run, name) for name in ("reward", "grad_norm", "frac_reward_zero_std")
    )
    result = advantages(run)
    print(f"{' + '.join(map(str, columns))}: {shown(result)}, reward {reward},")
    print(f"  grad_norm {'0' if norm == 0 else 'above 0'}, frac_reward_zero_std {share}")
    # What its rewards were: None is 0 beside another score, and no score alone.
    totals = [[one for one in row if one is not None] for row in zip(*columns, strict=True)]
    scores = np.array([sum(row) for row in totals if row])
    alone = np.zeros(4)
    if len(scores) > 1:
        alone[[bool(row) for row in totals]] = (scores - scores.mean()) / (
            np.std(scores, ddof=1) + 1e-4
        )
    assert np.allclose(result, alone, atol=1e-6)
    assert np.array_equal(np.sign(result), signs)
    assert (norm == 0) == (not any(signs))
    assert share == 0  # also where no gradient is left
PY
