#!/usr/bin/env bash
# trl 1.16.0: the loss that GRPO logs does not fall where it learns, and dr_grpo divides
# by the longest answer that the settings allow, not by one that was written.
#
# Guess: a run that learns has a falling loss; max_completion_length is a limit on the
# sampling and nothing else.
# Seen: each batch is used for one step, on which all ratios are 1. So the loss is minus
# the mean of the advantages, and those of a group sum to 0. With loss_type="grpo" it is 0
# whatever is learned, at a grad_norm of 1.1. The default, "dapo", weights each answer by
# its length: the loss is negative where the better answers are the longer ones, positive
# where they are the shorter ones, and rises to 0 in a run whose reward goes from 0.4 to 1.
# "dr_grpo" divides by answers times max_completion_length: 512 in place of 8 makes the
# gradient of the same answers 64 times smaller, so max_grad_norm=1 acts at another point.
# The other losses do not change.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   grpo, long answers rewarded: loss 0.0000, grad_norm 1.1330
#   grpo, short answers rewarded: loss 0.0000, grad_norm 1.1330
#   dapo, long answers rewarded: loss -0.1231, grad_norm 0.5675
#   dapo, short answers rewarded: loss 0.1231, grad_norm 0.5675
#   grpo, seed 0: reward 0.40 to 1.00, loss 0.0000 to 0.0000
#   grpo, seed 1: reward 0.40 to 1.00, loss 0.0000 to 0.0000
#   grpo, seed 2: reward 0.37 to 1.00, loss 0.0000 to 0.0000
#   dapo, seed 0: reward 0.41 to 1.00, loss -0.2079 to 0.0000
#   dapo, seed 1: reward 0.45 to 1.00, loss -0.1998 to 0.0000
#   dapo, seed 2: reward 0.38 to 1.00, loss -0.2432 to 0.0000
#   dr_grpo, max_completion_length 8 and 512: grad_norm 0.5143 0.0080
#   dapo, max_completion_length 8 and 512: grad_norm 0.5675 0.5675
#   grpo, max_completion_length 8 and 512: grad_norm 1.1330 1.1330
#   bnpo, max_completion_length 8 and 512: grad_norm 0.5675 0.5675
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet trl==1.16.0 transformers==5.24.0 datasets==5.2.0 \
  accelerate==1.15.0 tokenizers==0.23.3 torch==2.13.0 numpy==2.4.6
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TQDM_DISABLE=1 PYTHONWARNINGS=ignore
"$folder/venv/bin/python" - "$folder/model" <<'PY'
import sys

import datasets
import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from trl import GRPOConfig, GRPOTrainer

torch.set_num_threads(1)
datasets.disable_progress_bars()
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
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


def trained(function, **settings):
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
        reward_funcs=function,
        args=config,
        train_dataset=datasets.Dataset.from_dict(
            {"prompt": [f"{number % 10} {number // 10}" for number in range(16)]}
        ),
        processing_class=tokenizer,
    )
    run.remove_callback(transformers.trainer_callback.ProgressCallback)
    run.remove_callback(transformers.PrinterCallback)
    run.train()
    return run


def logged(run, name):
    return [row[name] for row in run.state.log_history if "loss" in row]


class Lengths:
    """Rewards the number of tokens times a sign, and keeps what it saw."""

    __name__ = "lengths"

    def __init__(self, sign):
        self.sign, self.seen = sign, []

    def __call__(self, completion_ids, **_):
        self.seen.append(np.array([len(tokens) for tokens in completion_ids]))
        return [float(self.sign * length) for length in self.seen[-1]]


def expected_loss(rewards, lengths, loss_type):
    """Minus the mean of the advantages: over answers, or over all tokens."""
    groups = rewards.reshape(-1, 4)
    spread = groups.std(axis=1, ddof=1, keepdims=True) + 1e-4
    advantages = ((groups - groups.mean(axis=1, keepdims=True)) / spread).ravel()
    if loss_type == "grpo":
        return -advantages.mean()
    return -(advantages * lengths).sum() / lengths.sum()


# The first step: all ratios are 1, so the loss knows advantages and lengths alone.
for loss_type in ("grpo", "dapo"):
    for name, sign in (("long", 1), ("short", -1)):
        score = Lengths(sign)
        run = trained(score, loss_type=loss_type)
        loss, norm = logged(run, "loss")[0], logged(run, "grad_norm")[0]
        lengths = score.seen[0]
        print(f"{loss_type}, {name} answers rewarded: loss {loss:.4f}, grad_norm {norm:.4f}")
        assert abs(loss - expected_loss(sign * lengths, lengths, loss_type)) < 1e-6
        assert norm > 0.5
        assert abs(loss) < 1e-6 if loss_type == "grpo" else sign * loss < -0.1


def ends(run, name):
    """Means over the first and the last five steps."""
    values = logged(run, name)
    return np.array([np.mean(values[:5]), np.mean(values[-5:])])


def low_digits(completions, **_):
    """Share of eight places that hold a digit below 5."""
    return [sum(word in "01234" for word in text.split()) / 8 for text in completions]


# Runs that learn.
for loss_type in ("grpo", "dapo"):
    for seed in range(3):
        run = trained(low_digits, loss_type=loss_type, max_steps=80, seed=seed)
        rewards, losses = ends(run, "reward"), ends(run, "loss").round(6) + 0.0
        print(
            f"{loss_type}, seed {seed}: reward {rewards[0]:.2f} to {rewards[1]:.2f}, "
            f"loss {losses[0]:.4f} to {losses[1]:.4f}"
        )
        assert rewards[1] > rewards[0] + 0.2
        assert (abs(losses) < 1e-6).all() if loss_type == "grpo" else losses[1] > losses[0] + 0.05

# The length that dr_grpo divides by, on the same answers of at most eight tokens.
for loss_type in ("dr_grpo", "dapo", "grpo", "bnpo"):
    norms, lengths = [], []
    for limit in (8, 512):
        score = Lengths(1)
        only = {"max_completion_length": limit, "generation_kwargs": {"max_new_tokens": 8}}
        norms += logged(trained(score, loss_type=loss_type, **only), "grad_norm")
        lengths.append(score.seen[0])
    print(f"{loss_type}, max_completion_length 8 and 512: grad_norm {norms[0]:.4f} {norms[1]:.4f}")
    assert (lengths[0] == lengths[1]).all() and lengths[0].max() == 8
    assert abs(norms[0] / norms[1] - (64 if loss_type == "dr_grpo" else 1)) < 1e-3
PY
