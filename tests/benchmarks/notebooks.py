"""How long each chapter runs, and what its kernel holds. Linux only."""

import os
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
INTRODUCTION = """

Each chapter in a fresh kernel, from its start to the end of the last cell, one torch
thread; the exercises stop at their TODO.

| chapter | s | CPU s | peak memory, MiB |
| --- | --- | --- | --- |
"""


def measured(path: Path) -> tuple[float, float, float]:
    """Seconds, CPU seconds of the kernel, and its peak resident memory in MiB."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=None, kernel_name="python3", allow_errors=True)
    start = time.perf_counter()
    with client.setup_kernel(env={**os.environ, "OMP_NUM_THREADS": "1"}):
        for place, cell in enumerate(notebook.cells):
            client.execute_cell(cell, place)
        seconds = time.perf_counter() - start
        kernel = psutil.Process(client.km.provisioner.pid)
        used = kernel.cpu_times()
        status = Path(f"/proc/{kernel.pid}/status").read_text(encoding="ascii")
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return seconds, used.user + used.system, int(peak) / 1024


def section() -> str:
    """The table, with the sum of the times."""
    rows = {path.stem: measured(path) for path in NOTEBOOKS}
    lines = [
        f"| {name} | {s:.0f} | {cpu:.0f} | {mib:.0f} |" for name, (s, cpu, mib) in rows.items()
    ]
    total = sum(seconds for seconds, _, _ in rows.values())
    return INTRODUCTION + "\n".join([*lines, f"| together | {total:.0f} | | |"])
