#!/usr/bin/env bash
# trl 1.16.0: GRPO and RLOO that are resumed after their first epoch see the prompts in
# the order of the first epoch again, not in that of the run that was broken off.
#
# Guess: with the same seed, a run that is resumed from a checkpoint is the run that was
# not broken off: the trainer skips what was seen and goes on with the next prompts.
# Seen: true within the first epoch. The sampler of prompts has one random stream, made
# when training begins, from which each epoch draws its order. A resumed run makes it
# anew: the epoch in which it begins has the order of the first one, and the next has that
# of the second. Prompts within an epoch are skipped rightly, but of the wrong order, so
# that some come twice in that epoch and others not at all. Nothing is said about it.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen (the prompt of each step; four are an epoch):
#   grpo, seed 0, in one go: abdc acdb dcab
#     resumed after 2: dcacdbdcab, in one go dcacdbdcab
#     resumed after 4: abdcacdb, in one go acdbdcab
#     resumed after 6: dcacdb, in one go dbdcab
#     resumed after 8: abdc, in one go dcab
#   grpo, seed 1, in one go: bdca acdb dabc
#     resumed after 2: caacdbdabc, in one go caacdbdabc
#     resumed after 4: bdcaacdb, in one go acdbdabc
#     resumed after 6: caacdb, in one go dbdabc
#     resumed after 8: bdca, in one go dabc
#   grpo, seed 2, in one go: abdc adbc cabd
#     resumed after 2: dcadbccabd, in one go dcadbccabd
#     resumed after 4: abdcadbc, in one go adbccabd
#     resumed after 6: dcadbc, in one go bccabd
#     resumed after 8: abdc, in one go cabd
#   rloo: the same lines
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet trl==1.16.0 transformers==5.24.0 datasets==5.2.0 \
  accelerate==1.15.0 tokenizers==0.23.3 torch==2.13.0 numpy==2.4.6
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TQDM_DISABLE=1 PYTHONWARNINGS=ignore
"$folder/venv/bin/python" - "$folder" <<'PY'
import logging
import sys

import datasets
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

torch.set_num_threads(1)
datasets.disable_progress_bars()
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
logging.disable(logging.WARNING)
folder = sys.argv[1]
path = f"{folder}/model"

# A model of a few words, saved as a checkpoint would be.
words = ["<pad>", "<eos>", *"abcd"]
inner = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}))
inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer = transformers.PreTrainedTokenizerFast(
    tokenizer_object=inner, pad_token="<pad>", eos_token="<eos>"
)
torch.manual_seed(0)
transformers.LlamaForCausalLM(
    transformers.LlamaConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=None,
    )
).save_pretrained(path)
tokenizer.save_pretrained(path)

KINDS = {"grpo": (GRPOTrainer, GRPOConfig), "rloo": (RLOOTrainer, RLOOConfig)}


def run(method, output, steps, seed, resume=False):
    """The prompt of each step; one prompt, answered twice, is a step."""
    seen = []

    def reward(prompts, **columns):
        assert len(set(prompts)) == 1
        seen.append(prompts[0])
        return [0.0, 1.0]

    trainer, config = KINDS[method]
    made = trainer(
        model=path,
        reward_funcs=reward,
        processing_class=tokenizer,
        train_dataset=datasets.Dataset.from_dict({"prompt": list("abcd")}),
        args=config(
            output_dir=f"{folder}/{output}",
            max_steps=steps,
            save_steps=1,
            per_device_train_batch_size=2,
            num_generations=2,
            max_completion_length=4,
            lr_scheduler_type="constant",
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            report_to="none",
            seed=seed,
        ),
    )
    made.remove_callback(transformers.PrinterCallback)
    made.remove_callback(transformers.trainer_callback.ProgressCallback)
    made.train(resume_from_checkpoint=f"{folder}/{output}/checkpoint-{resume}" if resume else None)
    return "".join(seen)


for method in KINDS:
    for seed in range(3):
        whole = run(method, f"{method}{seed}", 12, seed)
        epochs = [whole[start : start + 4] for start in (0, 4, 8)]
        assert all(sorted(epoch) == list("abcd") for epoch in epochs)
        print(f"  {method}, seed {seed}, in one go: {' '.join(epochs)}")
        for done in (2, 4, 6, 8):
            rest = run(method, f"{method}{seed}", 12, seed, resume=done)
            print(f"    resumed after {done}: {rest}, in one go {whole[done:]}")
            # Orders are drawn anew from the first: those of the epochs 1, 2, ...
            again = "".join(epochs)[done % 4 :]
            assert rest == again[: 12 - done]
            assert (rest == whole[done:]) == (done < 4)
PY
