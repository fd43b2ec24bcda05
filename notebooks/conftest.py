"""Each code cell runs twice in a row, in the kernel that runs the chapter.

Readers do that. The second run must not fail, and its output is compared with the
stored one like that of the first. So a cell that uses something up (the numbers of a
generator, a network that learns on) has to make it. If a *first* run prints something
else than in a plain run, an earlier cell has used up what it reads.

A kernel stays under `MOST_BYTES` of memory, where the system counts it.
"""

from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell, NbCellError

MOST_BYTES = 1.2e9


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    result = yield
    if isinstance(item, IPyNbCell):
        run_again(item)
        held = peak_bytes(item.parent.kernel.km.provisioner.pid)
        assert held < MOST_BYTES, f"{item.path.name}, cell id {item.cell.id}: {held:.3g} bytes"
    return result


def peak_bytes(process: int) -> float:
    """Most resident memory of a process so far; 0 where Linux does not count it."""
    status = Path(f"/proc/{process}/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def run_again(item):
    try:
        item.runtest()
    except NbCellError as error:
        words = f"{item.path.name}, cell id {item.cell.id}, second run in a row: {error}"
        raise NbCellError(error.cell_num, words, error.source, error.inner_traceback) from error
