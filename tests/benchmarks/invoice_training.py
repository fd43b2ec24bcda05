"""Training of the invoice policy: CPU seconds of each method, and what it reaches."""

import statistics
import time
from collections.abc import Callable
from functools import partial

from rlnotes.scripts.record_invoices import METHODS, start_of, test_set
from rlnotes.training.invoices.evaluation import Evaluation, evaluate
from rlnotes.training.invoices.starts import make_start

SEEDS = range(3)
INTRODUCTION = f"""

Training of chapter 10, CPU time on one thread, {len(SEEDS)} seeds: 12 labels first, then each
method from the same starts, as in the recording `invoice_methods`. Sampling and scoring of
answers are included, encoding of the documents is not. The gains are those in macro F1 and
in whole documents right, in points, on layouts that no run has seen; median over seeds.

| method | CPU s, median | worst | F1, gain | right, gain |
| --- | --- | --- | --- | --- |
"""


def section() -> str:
    """The table, as Markdown."""
    before = {seed: evaluate(start_of(seed).policy, test_set("new")) for seed in SEEDS}
    lines = [_imitation()]
    for name in METHODS:
        if name == "start":
            continue
        runs = [_timed(partial(METHODS[name], seed)) for seed in SEEDS]
        after = [evaluate(policy, test_set("new")) for (policy, _), _ in runs]
        gains = [_gain(before[seed], a) for seed, a in zip(SEEDS, after, strict=True)]
        f1, right = (statistics.median(column) for column in zip(*gains, strict=True))
        lines.append(_row(name, [seconds for _, seconds in runs], f"{f1:+.0f}", f"{right:+.0f}"))
    return INTRODUCTION + "\n".join(lines)


def _gain(before: Evaluation, after: Evaluation) -> tuple[float, float]:
    right = after.right.mean() - before.right.mean()
    return 100 * (after.macro_f1 - before.macro_f1), 100 * right


def _imitation() -> str:
    seconds = [_timed(partial(make_start, seed))[1] for seed in SEEDS]
    return _row("12 labels, with 600 documents encoded", seconds, "", "")


def _row(name: str, seconds: list[float], *gains: str) -> str:
    cells = [name, f"{statistics.median(seconds):.1f}", f"{max(seconds):.1f}", *gains]
    return "| " + " | ".join(cells) + " |"


def _timed(run: Callable):
    start = time.process_time()
    result = run()
    return result, time.process_time() - start
