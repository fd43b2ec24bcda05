"""Break a piece of code off at its k-th change of the file system, for every k.

Python announces each file-system call to its audit hooks before it is made; a hook that
raises prevents it. So no call is missed because nobody thought of patching it.
"""

import os
import sys
from collections.abc import Iterator
from itertools import count
from types import FrameType

import pytest

STEPS = {
    "os.fsync",  # announced by `announce_fsync`
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.truncate",
    "shutil.rmtree",
    "tempfile.mkdtemp",
}


class BrokenOff:
    """Raises an error at the k-th step within its block, and ends with the block.

    With `for_good` every later step raises as well: as after a kill, nothing more is
    done on the disk.
    """

    running: "BrokenOff | None" = None

    def __init__(self, k: int, error: BaseException, *, for_good: bool = False):
        self.k, self.error, self.for_good = k, error, for_good
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.k or (self.for_good and self.steps > self.k):
            raise self.error

    def __enter__(self):
        BrokenOff.running = self
        return self

    def __exit__(self, kind, error, traceback) -> bool:
        BrokenOff.running = None
        return error is self.error


def _hook(event: str, arguments: tuple) -> None:
    if BrokenOff.running is not None and (event in STEPS or _opens_to_write(event, arguments)):
        BrokenOff.running.step()


def _opens_to_write(event: str, arguments: tuple) -> bool:
    return event == "open" and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


sys.addaudithook(_hook)


def at_every_step(error: BaseException, *, for_good: bool = False) -> Iterator[BrokenOff]:
    """Blocks for k = 1, 2, … until the code in them comes through."""
    for k in count(1):
        block = BrokenOff(k, error, for_good=for_good)
        yield block
        if block.steps < k:
            assert k > 3, "too few steps: was anything written?"
            return


class ControlC:
    """Raises KeyboardInterrupt before the k-th line of a source file that is run."""

    def __init__(self, k: int, file: str):
        self.k, self.file, self.lines = k, file, 0

    def trace(self, frame: FrameType, event: str, _: object):
        if frame.f_code.co_filename != self.file:
            return None
        self.lines += event == "line"
        if event == "line" and self.lines == self.k:
            raise KeyboardInterrupt
        return self.trace

    def __enter__(self):
        sys.settrace(self.trace)

    def __exit__(self, kind, error, traceback) -> bool:
        sys.settrace(None)
        return kind is KeyboardInterrupt


def at_every_line(file: str) -> Iterator[ControlC]:
    """Blocks for k = 1, 2, … until the code in them comes through."""
    for k in count(1):
        block = ControlC(k, file)
        yield block
        if block.lines < k:
            assert k > 10, "too few lines"
            return


@pytest.fixture
def announce_fsync(monkeypatch):
    """`os.fsync` is a step as well: the file is written, but not yet known to be."""
    monkeypatch.setattr(os, "fsync", lambda _: sys.audit("os.fsync"))
