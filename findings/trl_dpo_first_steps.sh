#!/usr/bin/env bash
# trl 1.16.0: DPO's log says little in its first steps, label_smoothing does nothing by
# default, and the reference is the checkpoint on disk, not the model that is passed.
#
# Guess: a comparison on which policy and reference agree counts one half, so the accuracy
# starts at 0.5; the default loss with label_smoothing is the conservative DPO; without
# ref_model the reference is a frozen copy of the model; the defaults learn easy pairs in
# 100 steps.
# Seen: the accuracy asks chosen > rejected, so at step 1 it is 0.0, and any later step in
# the right direction makes it 1.0: with the default rate of 1e-6 it is 1.0 at step 100,
# where the loss has moved by 0.001 (with 1e-3: to 0.23). label_smoothing=0.3 leaves all
# losses and weights the same bits (the loss falls below 0.61, the least that the
# conservative DPO can have); other losses read it, such as "robust".
# ref_model=None loads the checkpoint again from its path: a model fine-tuned in memory
# does not begin at log 2, and nothing says so. precompute_ref_log_probs=True takes the
# model in memory, and after training evaluate() refuses new pairs unless ref_model was
# given; eval_dataset of the constructor works.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen (three numbers: loss, rewards/accuracies, rewards/margins):
#   defaults:
#     beta 0.1
#     loss_type ['sigmoid']
#     label_smoothing 0.0
#     learning_rate 1e-06
#     lr_scheduler_type SchedulerType.LINEAR
#     per_device_train_batch_size 8
#     num_train_epochs 3.0
#     max_length 1024
#     truncation_mode keep_start
#     disable_dropout True
#   seed 0, rate 1e-6: step 1 0.6931 0.0000 0.0000, step 100 0.6920 1.0000 0.0022
#   seed 0, rate 1e-3: step 1 0.6931 0.0000 0.0000, step 100 0.2306 1.0000 1.3511
#   seed 1, rate 1e-6: step 1 0.6931 0.0000 0.0000, step 100 0.6919 1.0000 0.0024
#   seed 1, rate 1e-3: step 1 0.6931 0.0000 0.0000, step 100 0.2243 1.0000 1.3811
#   seed 2, rate 1e-6: step 1 0.6931 0.0000 0.0000, step 100 0.6919 1.0000 0.0026
#   seed 2, rate 1e-3: step 1 0.6931 0.0000 0.0000, step 100 0.2274 1.0000 1.3656
#   sigmoid, label_smoothing 0.0: losses 0.6931 0.6335 0.5310 0.4870 0.4487
#   sigmoid, label_smoothing 0.3: losses 0.6931 0.6335 0.5310 0.4870 0.4487
#   robust, label_smoothing 0.3: losses 0.6931 0.5405 0.2645 0.1348 0.0227
#   ref_model=None: step 1 0.2749 1.0000 1.1635
#   ref_model=deepcopy(model): step 1 0.6931 0.0000 0.0000
#   precompute_ref_log_probs=True: step 1 0.6931 0.0000 0.0000
#   precomputed, ref_model None: new pairs before training 0.6931,
#     after it eval_dataset 0.4429, new pairs ValueError
#   precomputed, ref_model given: new pairs before training 0.6931,
#     after it eval_dataset 0.4429, new pairs 0.4493
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet trl==1.16.0 transformers==5.24.0 datasets==5.2.0 \
  accelerate==1.15.0 tokenizers==0.23.3 torch==2.13.0 numpy==2.4.6
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TQDM_DISABLE=1 PYTHONWARNINGS=ignore
"$folder/venv/bin/python" - "$folder/model" <<'PY'
import sys
from copy import deepcopy
from dataclasses import fields
from math import log

import datasets
import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from trl import DPOConfig, DPOTrainer

torch.set_num_threads(1)
datasets.disable_progress_bars()
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
path = sys.argv[1]

# A model of 13 words that is saved before anything else, as a checkpoint would be.
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


def text(rng, digits):
    return " ".join(rng.choice(list(digits), size=4))


def pairs(count, seed=0):
    """Easy ones: the preferred answer has the digits below 5, the other those above."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "prompt": text(rng, "0123456789") + " ",
            "chosen": text(rng, "01234"),
            "rejected": text(rng, "56789"),
        }
        for _ in range(count)
    ]
    return datasets.Dataset.from_list(rows)


def checkpoint():
    return transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)


def trainer(model=None, ref_model=None, data=None, eval_dataset=None, **settings):
    config = DPOConfig(
        output_dir=path + "-run",
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to="none",
        save_strategy="no",
        logging_steps=1,
        **settings,
    )
    run = DPOTrainer(
        model=model or checkpoint(),
        ref_model=ref_model,
        args=config,
        train_dataset=data or pairs(64),
        eval_dataset=eval_dataset,
        processing_class=tokenizer,
    )
    run.remove_callback(transformers.trainer_callback.ProgressCallback)
    run.remove_callback(transformers.PrinterCallback)
    return run


def trained(run):
    """What each step logged: the rows, and three numbers of each as an array."""
    run.train()
    names = ("loss", "rewards/accuracies", "rewards/margins")
    rows = [row for row in run.state.log_history if "loss" in row]
    return np.array([[row[name] for name in names] for row in rows])


def shown(values):
    return " ".join(v if isinstance(v, str) else f"{v:.4f}" for v in values)


def evaluated(run, data=None):
    try:
        return run.evaluate(data)["eval_loss"]
    except ValueError as error:
        assert str(error).startswith("Cannot compute reference log-probs"), error
        return "ValueError"


# The defaults.
expected = {
    "beta": 0.1,
    "loss_type": ["sigmoid"],
    "label_smoothing": 0.0,
    "learning_rate": 1e-6,
    "lr_scheduler_type": transformers.SchedulerType.LINEAR,
    "per_device_train_batch_size": 8,
    "num_train_epochs": 3.0,
    "max_length": 1024,
    "truncation_mode": "keep_start",
    "disable_dropout": True,
}
default = DPOConfig(output_dir=path + "-run", use_cpu=True)
seen = {name: getattr(default, name) for name in expected}
print("defaults:", *(f"{name} {value}" for name, value in seen.items()), sep="\n  ")
assert seen == expected
gone = {"max_prompt_length", "max_completion_length", "reference_free", "rpo_alpha"}
assert not gone & {field.name for field in fields(DPOConfig)}

# They hardly move; the accuracy sees only the sign.
for seed in range(3):
    for rate in ({}, {"learning_rate": 1e-3}):
        steps = trained(trainer(data=pairs(800, seed), num_train_epochs=1, seed=seed, **rate))
        name = "rate 1e-3" if rate else "rate 1e-6"
        print(f"seed {seed}, {name}: step 1 {shown(steps[0])}, step 100 {shown(steps[-1])}")
        assert len(steps) == 100
        assert abs(steps[0, 0] - log(2)) < 1e-6 and not steps[0, 1:].any()
        assert steps[-1, 1] == 1
        assert steps[-1, 0] < 0.3 if rate else steps[-1, 0] > 0.688

# The smoothing of labels.
losses, weights = {}, {}
for loss, smoothing in (("sigmoid", 0.0), ("sigmoid", 0.3), ("robust", 0.3)):
    run = trainer(loss_type=loss, label_smoothing=smoothing, learning_rate=1e-2, max_steps=5)
    losses[loss, smoothing] = trained(run)[:, 0]
    weights[loss, smoothing] = torch.cat([p.detach().flatten() for p in run.model.parameters()])
    print(f"{loss}, label_smoothing {smoothing}: losses {shown(losses[loss, smoothing])}")
assert (losses["sigmoid", 0.0] == losses["sigmoid", 0.3]).all()
assert torch.equal(weights["sigmoid", 0.0], weights["sigmoid", 0.3])
assert losses["sigmoid", 0.3][-1] < -0.3 * log(0.3) - 0.7 * log(0.7)  # cDPO's least: 0.6109
assert not np.allclose(losses["sigmoid", 0.3][1:], losses["robust", 0.3][1:], atol=0.01)

# Where the reference comes from: a model trained in memory on the preferred answers.
model = checkpoint()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
texts = [row["prompt"] + row["chosen"] + " <eos>" for row in pairs(64)]
tokens = tokenizer(texts, return_tensors="pt")["input_ids"]
for _ in range(20):
    optimizer.zero_grad()
    model(input_ids=tokens, labels=tokens).loss.backward()
    optimizer.step()
references = {
    "ref_model=None": {},
    "ref_model=deepcopy(model)": {"ref_model": deepcopy(model)},
    "precompute_ref_log_probs=True": {"precompute_ref_log_probs": True},
}
for name, arguments in references.items():
    first = trained(trainer(deepcopy(model), max_steps=1, **arguments))[0]
    print(f"{name}: step 1 {shown(first)}")
    from_memory = abs(first[0] - log(2)) < 1e-6 and not first[1:].any()
    assert from_memory == (name != "ref_model=None")
    assert from_memory or (first[0] < 0.4 and first[1] == 1)

# Other pairs after training, with the reference's numbers computed in advance.
for name, ref_model in (("None", None), ("given", checkpoint())):
    settings = {"precompute_ref_log_probs": True, "learning_rate": 1e-2, "max_steps": 5}
    run = trainer(ref_model=ref_model, eval_dataset=pairs(16, 1), **settings)
    before = evaluated(run, pairs(16, 2))
    run.train()
    known, new = evaluated(run), evaluated(run, pairs(16, 2))
    print(f"precomputed, ref_model {name}: new pairs before training {shown([before])},")
    print(f"  after it eval_dataset {shown([known])}, new pairs {shown([new])}")
    assert abs(before - log(2)) < 1e-6 and known < 0.6
    assert new == "ValueError" if ref_model is None else new < 0.6
PY
