"""Run a plan in a process of its own, with a time limit for each of its steps."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO

from rlnotes.scripts.grade_plan import ERROR, TIMED_OUT, Plan

_PACKAGE = Path(__file__).parents[2]
_LONGEST = 65_536  # characters of a line; ours are shorter
_MOST_WAITING = 1_000  # lines
_MODULE = "rlnotes.scripts.grade_child"


def outcomes(plan: Plan, *, seconds: float) -> list[tuple[str, str]]:
    """Verdict and hint for each task of a plan.

    If a task ends the process or takes too long, the next ones get a new process.

    Args:
        plan: what is run; tasks with a verdict are not.
        seconds: time for one step: the imports, or one exercise.
    """
    found = {k: (task.verdict, task.hint) for k, task in enumerate(plan.tasks) if task.verdict}
    while waiting := [k for k in range(len(plan.tasks)) if k not in found]:
        tasks = [plan.tasks[k] for k in waiting]
        for number, result in _run(Plan(plan.imports, tasks), seconds):
            found[waiting[number]] = result
    return [found[k] for k in range(len(plan.tasks))]


def _run(plan: Plan, seconds: float) -> Iterator[tuple[int, tuple[str, str]]]:
    """Results of one process: of some tasks, at least of the one that it ended at."""
    at = range(len(plan.tasks))  # what fails if the process fails now
    for message in _messages(plan, seconds):
        match message:
            case {"step": "start", "task": int(number)}:
                at = [number]
            case {"step": "done", "task": int(number), "verdict": verdict, "hint": hint}:
                at = []
                yield number, (verdict, hint)
            case {"step": "stopped", "verdict": verdict, "hint": hint}:
                yield from ((k, (verdict, hint)) for k in at)


def _messages(plan: Plan, seconds: float) -> Iterator[dict]:
    """What the process says, and why it was stopped if it did not come to its end."""
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = _start(folder)
        lines: Queue = Queue(maxsize=_MOST_WAITING)
        listener = Thread(target=_listen, args=(process.stdout, lines), daemon=True)
        listener.start()
        try:
            with suppress(BrokenPipeError), process.stdin as sent:
                sent.write(json.dumps(_as_words(plan, token)))
            yield from _read(lines, token, seconds)
        finally:
            _end(process)
            _finish(listener, lines)


def _read(lines: Queue, token: str, seconds: float) -> Iterator[dict]:
    until = time.monotonic() + seconds
    while True:
        try:
            line = lines.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            hint = f"no answer after {seconds:g} seconds"
            yield {"step": "stopped", "verdict": TIMED_OUT, "hint": hint}
            return
        if line is None:
            hint = "the code ended the process"
            yield {"step": "stopped", "verdict": ERROR, "hint": hint}
            return
        message = _understood(line, token)
        if message.get("step") == "end":
            return
        if message:
            until = time.monotonic() + seconds
            yield message


def _start(folder: str) -> subprocess.Popen:
    own = {
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(_PACKAGE), os.environ.get("PYTHONPATH", "")])
        ),
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", _MODULE],
        cwd=folder,
        env={**os.environ, **own},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # so that all of its processes can be ended at once
    )


def _listen(stream: IO[str], lines: Queue) -> None:
    with stream:
        while line := stream.readline(_LONGEST):
            lines.put(line)
    lines.put(None)


def _finish(listener: Thread, lines: Queue) -> None:
    """Let the listener come to its end, but for two seconds at most."""
    until = time.monotonic() + 2
    while listener.is_alive() and time.monotonic() < until:
        with suppress(Empty):
            lines.get(timeout=0.05)


def _end(process: subprocess.Popen) -> None:
    """End the process and those that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _as_words(plan: Plan, token: str) -> dict:
    return {"token": token, "imports": plan.imports, "tasks": [asdict(task) for task in plan.tasks]}


def _understood(line: str, token: str) -> dict:
    """A message of the child's; empty for any other line."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) and message.get("token") == token else {}
