#!/usr/bin/env bash
# accelerate 1.15.0, transformers 5.24.0: a misspelled key inside a block of a configuration
# is dropped, and mixed precision is on if either the file or the trainer asks for it.
#
# Guess: the loader refuses keys that it does not know, wherever they stand; what a
# trainer's arguments say of bf16 decides, or what the file says.
# Seen: it refuses unknown keys at the top level only. Inside fsdp_config a misspelled
# fsdp_version is dropped without a word, and the launcher asks for the first version
# of FSDP, its default. Of bf16 the two places are joined by "or": bf16=False in the
# arguments of a trainer does not turn off "mixed_precision: bf16" of the file, and
# "mixed_precision: no" (or --mixed_precision no) does not turn off bf16=True, which is
# TRL's default. To train in float32 both must say so.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   at the top: fsdp_verson: 2 -> refused
#   in fsdp_config: fsdp_version: 2 -> FSDP version 2
#   in fsdp_config: fsdp_verson: 2 -> FSDP version 1
#   file no, trainer bf16=False -> no
#   file no, trainer bf16=True -> bf16
#   file bf16, trainer bf16=False -> bf16
#   file bf16, trainer bf16=True -> bf16
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet accelerate==1.15.0 transformers==5.24.0 \
  tokenizers==0.23.3 torch==2.13.0 numpy==2.4.6
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" CUDA_VISIBLE_DEVICES="" OMP_NUM_THREADS=1
cat >"$folder/version.py" <<'PY'
import os

if os.environ["RANK"] == "0":
    print("SEEN", os.environ["FSDP_VERSION"])  # what the launcher hands on
PY
cat >"$folder/precision.py" <<'PY'
import sys

import torch
from transformers import Trainer, TrainingArguments

arguments = TrainingArguments(
    output_dir=sys.argv[1], use_cpu=True, report_to="none", bf16=sys.argv[2] == "True"
)
print("SEEN", Trainer(model=torch.nn.Linear(1, 1), args=arguments).accelerator.mixed_precision)
PY
"$folder/venv/bin/python" - "$folder" <<'PY'
import subprocess
import sys
from pathlib import Path

folder = Path(sys.argv[1])
FSDP = "distributed_type: FSDP\nnum_processes: 2\nmain_process_port: 0\n"


def launch(config, *script):
    """The last words of a run by this configuration, and whether it was refused."""
    path = folder / "config.yaml"
    path.write_text(config)
    command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(path)]
    done = subprocess.run([*command, *script], capture_output=True, text=True, timeout=120)
    seen = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("SEEN")]
    return seen[0] if seen else None, done.stderr


def version(config):
    seen, errors = launch(config, str(folder / "version.py"))
    assert seen is None or "verson" not in errors, errors  # no warning names the key
    return seen, errors


seen, errors = version(FSDP + "fsdp_verson: 2\n")
print("at the top: fsdp_verson: 2 ->", "refused" if seen is None else seen)
assert seen is None and "unknown keys (['fsdp_verson'])" in errors, errors
for key, expected in (("fsdp_version", "2"), ("fsdp_verson", "1")):
    seen, errors = version(f"{FSDP}fsdp_config:\n  {key}: 2\n")
    print(f"in fsdp_config: {key}: 2 -> FSDP version {seen}")
    assert seen == expected, errors

for file in ("no", "bf16"):
    for trainer in (False, True):
        config = f"distributed_type: 'NO'\nmixed_precision: '{file}'\nuse_cpu: true\n"
        seen, errors = launch(config, str(folder / "precision.py"), str(folder), str(trainer))
        print(f"file {file}, trainer bf16={trainer} -> {seen}")
        assert seen == ("bf16" if "bf16" == file or trainer else "no"), errors
PY
