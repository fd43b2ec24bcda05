#!/usr/bin/env bash
# accelerate 1.15.0: without a GPU, "two processes" may be one, or two that do not know of
# each other, and FSDP may be plain data parallelism; none of it is said.
#
# Guess: `accelerate launch --cpu --num_processes 2` starts two processes on the CPU; with
# `--multi_gpu` on a machine without GPUs it stops with an error, or two processes work
# together on the CPU; `--use_fsdp` shards the model, on the CPU too, or is refused.
# Seen: --cpu starts ONE process, whatever --num_processes says. --multi_gpu starts two;
# a script that does not ask for the CPU itself gets two runs of one process each, both
# the main one: they train the same thing twice and write to the same files. Only where
# the script asks for the CPU, too (Accelerator(cpu=True), or use_cpu in the arguments of
# a trainer), do the two form one run. --use_fsdp is then dropped: the run is MULTI_CPU,
# the model is wrapped by DDP, and every process keeps all of its weights, although the
# FSDP plugin is there. Exit code 0 each time, and no warning about any of it.
# The launcher is started with GPUs hidden, so a machine that has some shows the same.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   --cpu, Accelerator(): 1 started; NO, 1 together, main True, Linear, 64 of 64 weights
#   --multi_gpu, Accelerator(): 2 started; NO, 1 together, main True, Linear, 64 of 64 weights
#   --multi_gpu, Accelerator(cpu=True): 2 started; MULTI_CPU, 2 together, main True/False, DistributedDataParallel, 64 of 64 weights
#   --use_fsdp --fsdp_version 2, Accelerator(cpu=True): 2 started; MULTI_CPU, 2 together, main True/False, DistributedDataParallel, 64 of 64 weights, an FSDP plugin
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet accelerate==1.15.0 torch==2.13.0 numpy==2.4.6
export HF_HOME="$folder/hf" CUDA_VISIBLE_DEVICES="" OMP_NUM_THREADS=1
cat >"$folder/train.py" <<'PY'
import json
import os
import sys
from pathlib import Path

import torch
from accelerate import Accelerator

accelerator = Accelerator(cpu=True) if "cpu" in sys.argv[2:] else Accelerator()
model = accelerator.prepare(torch.nn.Linear(8, 8, bias=False))
model(torch.ones(1, 8)).sum().backward()
seen = {
    "kind": accelerator.distributed_type.value,
    "together": accelerator.num_processes,
    "main": accelerator.is_main_process,
    "model": type(model).__name__,
    "weights": sum(weight.numel() for weight in model.parameters()),
    "plugin": getattr(accelerator.state, "fsdp_plugin", None) is not None
    or os.environ.get("ACCELERATE_USE_FSDP") == "true",
}
Path(sys.argv[1], f"{os.getpid()}.json").write_text(json.dumps(seen))
PY
"$folder/venv/bin/python" - "$folder" <<'PY'
import json
import subprocess
import sys
from pathlib import Path

folder = Path(sys.argv[1])
LAUNCH = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", "2"]
LAUNCH += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]


def run(*options, asks_for_cpu):
    """What each started process saw, in the order main, others."""
    for path in folder.glob("*.json"):
        path.unlink()
    port = [] if "--cpu" in options else ["--main_process_port", "0"]
    script = [str(folder / "train.py"), str(folder), *(["cpu"] if asks_for_cpu else [])]
    done = subprocess.run(
        [*LAUNCH, *port, *options, *script], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    for word in ("one process", "fsdp", "sharded", "ignored"):  # nothing tells of it
        assert word not in (done.stdout + done.stderr).lower(), done.stderr
    seen = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    return sorted(seen, key=lambda each: not each["main"])


def report(options, seen, asks_for_cpu):
    first = seen[0]
    mains = "/".join(dict.fromkeys(str(each["main"]) for each in seen))
    plugin = ", an FSDP plugin" if first["plugin"] else ""
    print(
        f"{' '.join(options)}, Accelerator({'cpu=True' if asks_for_cpu else ''}): "
        f"{len(seen)} started; {first['kind']}, {first['together']} together, main {mains}, "
        f"{first['model']}, {first['weights']} of 64 weights{plugin}"
    )


def check(*options, asks_for_cpu, started, kind, together, mains, model, plugin=False):
    seen = run(*options, asks_for_cpu=asks_for_cpu)
    report(options, seen, asks_for_cpu)
    assert len(seen) == started
    assert [each["main"] for each in seen] == mains
    for each in seen:
        assert (each["kind"], each["together"]) == (kind, together)
        assert (each["model"], each["weights"], each["plugin"]) == (model, 64, plugin)


alone = {"kind": "NO", "together": 1, "model": "Linear"}
joined = {"kind": "MULTI_CPU", "together": 2, "model": "DistributedDataParallel"}
check("--cpu", asks_for_cpu=False, started=1, mains=[True], **alone)
check("--multi_gpu", asks_for_cpu=False, started=2, mains=[True, True], **alone)
check("--multi_gpu", asks_for_cpu=True, started=2, mains=[True, False], **joined)
options = ("--use_fsdp", "--fsdp_version", "2")
check(*options, asks_for_cpu=True, started=2, mains=[True, False], plugin=True, **joined)
PY
