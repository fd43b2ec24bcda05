"""Who writes and who trains, when: a timeline of sampling, scoring, training, sending.

One pool of devices does all in turn. Two pools share the work: one writes and scores,
the other trains and sends its weights. With staleness s the writers may be s updates
behind the trainer, and then both can work at once.
"""

from bisect import bisect_right
from dataclasses import dataclass

from rlnotes._checks import require_positive_integer, require_seed
from rlnotes.exact.rollout_times import Durations

WRITING = ("rollout", "wait", "score")
TRAINING = ("train", "send")
STAGES = WRITING + TRAINING
ROUNDING = 1e-9  # two sums of the same times may differ by this much


@dataclass(frozen=True)
class Interval:
    """A pool does one stage of one batch from start to end."""

    pool: int
    stage: str
    batch: int
    start: float
    end: float


@dataclass(frozen=True)
class Schedule:
    """A timeline of K batches.

    Attributes:
        intervals: in order of the batches; those of length 0 are left out.
        num_pools: 1 or 2.
        staleness: [K] updates between the weights that began to write a batch, and
            those that are trained on it.
    """

    intervals: tuple[Interval, ...]
    num_pools: int
    staleness: tuple[int, ...]

    @property
    def end(self) -> float:
        """When the last weights are sent."""
        return max(interval.end for interval in self.intervals)


def one_pool(num_batches: int, durations: Durations) -> Schedule:
    """All stages in turn on one pool: no batch is stale, no device is ever free.

    Example:
        >>> one_pool(2, Durations(rollout=3, wait=1, score=1, train=2, send=1)).end
        16.0
    """
    require_positive_integer(num_batches=num_batches)
    intervals, now = [], 0.0
    for batch in range(num_batches):
        now = _add(intervals, 0, STAGES, batch, now, durations)
    return Schedule(tuple(intervals), 1, (0,) * num_batches)


def two_pools(num_batches: int, durations: Durations, *, staleness: int) -> Schedule:
    """Writers on pool 0, the trainer on pool 1, at most s updates apart.

        batch b begins when    batch b - 1 is scored, and update b - 1 - s is sent
        training b begins when batch b is scored,     and update b - 1 is sent

    At s = 0 one pool waits while the other works. The writers take the newest weights
    that were sent when a batch begins, and keep them to its end.

    Args:
        num_batches: K.
        durations: of each stage, the same for every batch.
        staleness: s, the largest number of updates a batch may be behind.

    Raises:
        ValueError: if num_batches is no positive integer or staleness is no integer of
            at least 0.

    Example:
        >>> times = Durations(rollout=3, wait=0, score=0, train=3, send=0)
        >>> two_pools(4, times, staleness=0).end, two_pools(4, times, staleness=1).end
        (24.0, 15.0)
    """
    require_positive_integer(num_batches=num_batches)
    require_seed(staleness=staleness)
    intervals, sent, behind, scored = [], [], [], 0.0
    for batch in range(num_batches):
        needed = batch - 1 - staleness
        start = max(scored, sent[needed] if needed >= 0 else 0.0)
        behind.append(batch - bisect_right(sent, start + ROUNDING))
        scored = _add(intervals, 0, WRITING, batch, start, durations)
        begin = max(scored, sent[-1] if sent else 0.0)
        sent.append(_add(intervals, 1, TRAINING, batch, begin, durations))
    return Schedule(tuple(intervals), 2, tuple(behind))


def _add(
    intervals: list[Interval],
    pool: int,
    stages: tuple[str, ...],
    batch: int,
    start: float,
    durations: Durations,
) -> float:
    """Append these stages one after another; return when the last ends."""
    for stage in stages:
        end = start + getattr(durations, stage)
        if end > start:
            intervals.append(Interval(pool, stage, batch, start, end))
        start = end
    return start
