"""Ratios against a peer, side by side in one run. Nothing here asserts a time."""

import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

LIBRARIES = ("numpy", "torch", "gymnasium")


@dataclass(frozen=True)
class Comparison:
    """One task, solved by us and by a peer; both must reach the same answer."""

    name: str
    ours: Callable[[], object]
    peer: Callable[[], object]
    check: Callable[[object, object], bool]  # whether both solved the task
    rounds: int = 15


@dataclass(frozen=True)
class Measurement:
    name: str
    ours_ms: float  # median CPU time
    peer_ms: float
    ratio: float  # median over rounds of peer / ours
    worst: float  # smallest ratio of a round


def measure(comparison: Comparison) -> Measurement:
    """Alternate both in every round, so that a busy machine disturbs both alike.

    Raises:
        AssertionError: if one of the two did not solve the task.
    """
    ours, peer = [], []
    comparison.ours(), comparison.peer()  # the first call also pays for imports
    for _ in range(comparison.rounds):
        our_answer, our_time = _timed(comparison.ours)
        peer_answer, peer_time = _timed(comparison.peer)
        assert comparison.check(our_answer, peer_answer), comparison.name
        ours.append(our_time)
        peer.append(peer_time)
    return measurement(comparison.name, ours, peer)


def measurement(name: str, ours: list[float], peer: list[float]) -> Measurement:
    """Of the CPU seconds of both in each round."""
    ratios = [b / a for a, b in zip(ours, peer, strict=True)]
    return Measurement(
        name,
        1000 * statistics.median(ours),
        1000 * statistics.median(peer),
        statistics.median(ratios),
        min(ratios),
    )


def table(measurements: list[Measurement]) -> str:
    """The results as a Markdown table, with the versions that they hold for."""
    lines = [
        f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
        + "; one thread, CPU time.",
        "",
        "| task | ours, median ms | peer, median ms | ratio, median | ratio, worst round |",
        "| --- | --- | --- | --- | --- |",
    ]
    for m in measurements:
        lines.append(
            f"| {m.name} | {m.ours_ms:.2f} | {m.peer_ms:.1f} | {m.ratio:.3g} | {m.worst:.3g} |"
        )
    return "\n".join(lines)


def _timed(function: Callable[[], object]) -> tuple[object, float]:
    # Repeat a fast function, so that the clock's resolution does not matter.
    start = time.process_time()
    answer, count = function(), 1
    while time.process_time() - start < 0.02:
        function()
        count += 1
    return answer, (time.process_time() - start) / count
