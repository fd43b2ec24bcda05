#!/usr/bin/env bash
# trl 1.16.0: a deep copy of a model that a trainer has had keeps its own weights, but
# computes with those of the original, and passes its gradients to them.
#
# Guess: copy.deepcopy(trainer.model) is the model as it is now: kept in memory, it can be
# compared with the trained one afterwards, or trained on its own.
# Seen: the weights of the copy stay as they were, and saved or loaded elsewhere they are
# right. But its logits and what it generates are those of the original at that moment,
# bit for bit, so a comparison before and after training shows no difference; training the
# copy puts gradients into the original and none into the copy, without an error. The
# trainers replace the method forward of the one object by a function that remembers the
# old method; deepcopy copies no functions, so the old method stays bound to the original.
# SFTTrainer, DPOTrainer, GRPOTrainer and RLOOTrainer do so, with a LoRA adapter too;
# RewardTrainer does not. A copy taken before the trainer is built is a model of its own.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen (largest difference of logits from those at the time of the copy):
#   sft: weights of the late copy stay, original 1.0832, late copy 1.0832, early copy 0.0000
#     backward of the late copy: gradients in 0 weights of its own, in 21 of the original
#   dpo: weights of the late copy stay, original 0.9814, late copy 0.9814, early copy 0.0000
#     backward of the late copy: gradients in 0 weights of its own, in 21 of the original
#   dpo with LoRA: weights of the late copy stay, original 0.2151, late copy 0.2151, early copy 0.0000
#     backward of the late copy: gradients in 0 weights of its own, in 8 of the original
#   grpo: weights of the late copy stay, original 0.8487, late copy 0.8487, early copy 0.0000
#     backward of the late copy: gradients in 0 weights of its own, in 21 of the original
#   rloo: weights of the late copy stay, original 0.7843, late copy 0.7843, early copy 0.0000
#     backward of the late copy: gradients in 0 weights of its own, in 21 of the original
#   reward: weights of the late copy stay, original 0.7067, late copy 0.0000, early copy 0.0000
#     backward of the late copy: gradients in 21 weights of its own, in 0 of the original
#   original writes [11, 9, 11, 9, 4, 11]
#   late copy writes [11, 9, 11, 9, 4, 11]
#   its weights writes [4, 4, 4, 4, 4, 4]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet trl==1.16.0 transformers==5.24.0 datasets==5.2.0 \
  accelerate==1.15.0 peft==0.21.2 tokenizers==0.23.3 torch==2.13.0 numpy==2.4.6
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TQDM_DISABLE=1 PYTHONWARNINGS=ignore
"$folder/venv/bin/python" - "$folder/model" <<'PY'
import sys
from copy import deepcopy

import datasets
import torch
import transformers
import trl
from peft import LoraConfig
from tokenizers import Tokenizer, models, pre_tokenizers

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

text = torch.tensor([[3, 4, 5, 6, 7, 8]])
rows = {
    "sft": {"text": "3 4 5 6"},
    "dpo": {"prompt": "3 ", "chosen": "4 5", "rejected": "6 7"},
    "grpo": {"prompt": "3 4"},
    "rloo": {"prompt": "3 4"},
    "reward": {"chosen": "3 4 5", "rejected": "3 6 7"},
}


def lengths(completions, **_):
    return [float(len(text)) for text in completions]


def load(method):
    if method == "reward":
        kind, more = transformers.AutoModelForSequenceClassification, {"num_labels": 1}
    else:
        kind, more = transformers.AutoModelForCausalLM, {}
    return kind.from_pretrained(path, dtype=torch.float32, **more)


def trainer(method, model, lora=False):
    name = {"sft": "SFT", "dpo": "DPO", "grpo": "GRPO", "rloo": "RLOO", "reward": "Reward"}[method]
    answers = method in ("grpo", "rloo")
    run = getattr(trl, f"{name}Trainer")(
        model=model,
        args=getattr(trl, f"{name}Config")(
            output_dir=path + "-run",
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            report_to="none",
            save_strategy="no",
            learning_rate=1e-2,
            max_steps=5,
            **({"num_generations": 4, "max_completion_length": 8} if answers else {}),
        ),
        train_dataset=datasets.Dataset.from_list([rows[method]] * 16),
        processing_class=tokenizer,
        peft_config=LoraConfig(task_type="CAUSAL_LM") if lora else None,
        **({"reward_funcs": lengths} if answers else {}),
    )
    run.remove_callback(transformers.trainer_callback.ProgressCallback)
    run.remove_callback(transformers.PrinterCallback)
    return run


@torch.no_grad()
def logits(model):
    return model.eval()(input_ids=text).logits


def distance(first, second):
    return (first - second).abs().max().item()


def gradients(model):
    return sum(weight.grad is not None for weight in model.parameters())


cases = [("sft", False), ("dpo", False), ("dpo", True), ("grpo", False), ("rloo", False)]
for method, lora in [*cases, ("reward", False)]:
    model = load(method)
    early = deepcopy(model)
    run = trainer(method, model, lora)
    late = deepcopy(run.model)
    before, weights = logits(late), [weight.clone() for weight in late.parameters()]
    early_before = logits(early)
    run.train()
    same = all(torch.equal(a, b) for a, b in zip(weights, late.parameters()))
    moved = {
        "original": distance(logits(run.model), before),
        "late copy": distance(logits(late), before),
        "early copy": distance(logits(early), early_before),
    }
    run.model.zero_grad()
    late.train()
    late(input_ids=text).logits.square().mean().backward()
    print(
        f"{method}{' with LoRA' if lora else ''}: weights of the late copy "
        f"{'stay' if same else 'move'}, "
        + ", ".join(f"{name} {value:.4f}" for name, value in moved.items())
        + f"\n  backward of the late copy: gradients in {gradients(late)} weights of its own, "
        f"in {gradients(run.model)} of the original"
    )
    assert same and moved["original"] > 0.01 and moved["early copy"] == 0
    bound = method != "reward"
    assert moved["late copy"] == (moved["original"] if bound else 0)
    assert (gradients(late) == 0) == bound and (gradients(run.model) > 0) == bound

# What it writes, and that its weights are right all the same.
run = trainer("dpo", load("dpo"))
late = deepcopy(run.model)
run.train()
fresh = load("dpo")
fresh.load_state_dict(late.state_dict())
written = {
    name: model.generate(text[:, :2], do_sample=False, max_new_tokens=6)[0, 2:].tolist()
    for name, model in {"original": run.model, "late copy": late, "its weights": fresh}.items()
}
for name, tokens in written.items():
    print(f"{name} writes {tokens}")
assert written["late copy"] == written["original"] != written["its weights"]
PY
