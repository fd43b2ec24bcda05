"""Most memory of a run of the bridge on its tiny model, against TRL alone on it."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

STEPS, ROUNDS = 3, 3
HEADER = "| peak memory | ours, MiB | TRL, MiB | ours / TRL, median | worst round |"


def rows(folder: Path) -> list[str]:
    """A table, as lines of Markdown.

    Each round is a process of ours and one of TRL's: the same model, prompts, adapter
    and sizes of batch and answers.
    """
    from rlnotes.bridges.prompt_data import prompt_rows
    from rlnotes.bridges.run_documents import invented

    documents = invented(64, seed=0, most_segments=100)  # what ours has by default
    prompts = folder / "prompts.json"
    prompts.write_text(json.dumps(list(prompt_rows(documents)["prompt"])), encoding="utf-8")
    ours, peer = [], []
    for number in range(ROUNDS):
        run = folder / f"run_{number}"
        arguments = ["--model", "tiny", "--output", run, "--steps", STEPS, "--seed", number]
        arguments += ["--ignore-red"]  # so few steps go nowhere, and the pre-flight says so
        ours.append(_peak(run, "rlnotes.bridges.trl_invoices", *arguments))
        files = [run / "model", prompts, run / "run.json"]
        peer.append(_peak(run, "tests.benchmarks.trl_alone", *files))
    ratios = [a / b for a, b in zip(ours, peer, strict=True)]
    numbers = f"{statistics.median(ours):.0f} | {statistics.median(peer):.0f}"
    shares = f"{statistics.median(ratios):.3f} | {max(ratios):.3f}"
    return [
        HEADER,
        "| --- | --- | --- | --- | --- |",
        f"| `trl_invoices --model tiny`, {STEPS} steps of GRPO | {numbers} | {shares} |",
    ]


def _peak(run: Path, module: str, *arguments) -> float:
    output = run.parent / f"{run.name}_{module}"
    runner = [sys.executable, "-m", "tests.benchmarks.peak_memory", output, module]
    command = [str(part) for part in (*runner, *arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{module}: {done.stderr[-2000:]}"
    return float(output.read_text(encoding="ascii"))
