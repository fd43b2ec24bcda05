"""Run a module as a program, then write down the most memory that it held, in MiB.

    python -m tests.benchmarks.peak_memory FILE MODULE ARGUMENT ...

Linux only. The number of `getrusage` would not do: it begins with what the process held
that started this one.
"""

import runpy
import sys
from pathlib import Path


def peak() -> float:
    """Most resident memory of this process so far, MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def main(output: str, module: str, *arguments: str) -> None:
    """Run it, and write the file if it did not fail."""
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code:
            raise
    Path(output).write_text(f"{peak()}\n", encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
