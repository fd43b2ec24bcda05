"""Who writes and who trains, when; and how old the samples are that are trained on."""

from functools import lru_cache

import ipywidgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle

from rlnotes.exact.rollout_lengths import (
    drifting_policies,
    expected_length,
    expected_longest,
    stale_share,
)
from rlnotes.exact.rollout_schedule import (
    STAGES,
    TRAINING,
    Interval,
    Schedule,
    one_pool,
    two_pools,
)
from rlnotes.exact.rollout_times import Durations, steady_period, steady_utilisation
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.bars import rectangles
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import CURRENT, EXACT, FURTHER, GREEN, INK, label, new_figure

SCHEDULES = ("one pool", "two pools, in step", "two pools, ahead", "ahead, places refilled")
NUM_ANSWERS = 8
SCORE, SEND = 0.5, 0.5  # minutes
SHARES = np.array([0.25, 0.5, 0.25])  # short, middle and long answers
KL_PER_UPDATE = 0.02
MAX_STALENESS = 4
WINDOW = 40.0  # minutes
NUM_BATCHES = 30
ROWS, THICKNESS = (3.0, 2.0), 0.62
LINES = (1.15, 0.82, 0.49, 0.16, -0.17)
MAX_NUMBERS = 5  # in a row
WORDS = ("write", "wait for the longest", "score", "train", "send weights")
LOOKS = (
    {"facecolor": FURTHER[2]},
    {"facecolor": "white", "hatch": "//"},
    {"facecolor": GREEN},
    {"facecolor": FURTHER[0]},
    {"facecolor": FURTHER[1], "hatch": "\\\\"},
)


@lru_cache(maxsize=1)
def worth_by_staleness() -> np.ndarray:
    """[S + 1] exact: effective samples per sample that is 0 to S updates old.

    Nine outcomes; each update makes high ones likelier and moves by the same KL.
    """
    outcomes = np.arange(9.0)
    start = np.exp(-((outcomes - 4) ** 2) / 8)
    policies = drifting_policies(
        start / start.sum(), outcomes, kl_per_update=KL_PER_UPDATE, num_updates=MAX_STALENESS
    )
    return np.array([stale_share(policies, s) for s in range(MAX_STALENESS + 1)])


def longest_over_mean(spread: float) -> float:
    """Mean of the longest of a batch over the mean length: 1 if all are equal."""
    lengths, probs = np.array([1 - spread, 1.0, 1 + spread]), SHARES
    if spread == 0:
        lengths, probs = np.ones(1), np.ones(1)
    longest = expected_longest(lengths, probs, num_answers=NUM_ANSWERS)
    return longest / expected_length(lengths, probs)


def durations_of(schedule: str, rollout: float, train: float, length_spread: float) -> Durations:
    """Minutes of each stage; refilled places wait for nobody."""
    refilled = schedule == SCHEDULES[-1]
    wait = 0.0 if refilled else rollout * (longest_over_mean(length_spread) - 1)
    return Durations(rollout, wait, SCORE, train, SEND)


class RolloutTimeline(Explorer):
    """Left: the pools by the clock. Right: what a sample of that age is worth."""

    title = "Writing and training: pools, idle time and stale samples"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "schedule": ipywidgets.Dropdown(
                options=list(SCHEDULES), value=SCHEDULES[2], description="schedule"
            ),
            "rollout": slider(
                value=3.0, min=2, max=8, step=0.5, description="mean answer (minutes)"
            ),
            "train": slider(value=6.0, min=2, max=8, step=0.5, description="train (minutes)"),
            "staleness": ipywidgets.IntSlider(
                value=2, min=0, max=MAX_STALENESS, description="updates ahead"
            ),
            "length_spread": slider(
                value=0.6, min=0, max=0.9, step=0.1, description="spread of lengths"
            ),
        }

    def build(self):
        figure, (left, right) = new_figure(2, size=(11.0, 4.4), width_ratios=[2.3, 1])
        label(
            left, heading="Numbers: the weights that write, or that are trained", x="minutes", y=""
        )
        left.set(xlim=(0, WINDOW), ylim=(-0.45, 3.5), yticks=ROWS, yticklabels=["pool 1", "pool 2"])
        left.grid(visible=False)
        self.bars = {}
        for stage, look in zip(STAGES, LOOKS, strict=True):
            self.bars[stage] = PathPatch(
                rectangles(np.zeros((0, 4))), edgecolor=INK, linewidth=0.7, zorder=10, **look
            )
            left.add_patch(self.bars[stage])
        self.numbers = [
            Labels(left, np.zeros((MAX_NUMBERS, 2)), size=9.5, zorder=14, weight="bold")
            for _ in ROWS
        ]
        lines = [(0.5, y) for y in LINES]
        self.words = Labels(left, lines, size=9.5, zorder=14, shift=0)
        self.here = _build_worth(right)
        keys = [Rectangle((0, 0), 1, 1, edgecolor=INK, linewidth=0.7, **look) for look in LOOKS]
        figure.legend(keys, WORDS, loc="outside lower left", fontsize=9, ncols=5)
        return figure, [*self.bars.values(), *self.numbers, self.words, self.here]

    def update(self, schedule, rollout, train, staleness, length_spread):
        ahead = schedule in SCHEDULES[2:]
        allowed = staleness if ahead else 0
        times = durations_of(schedule, rollout, train, length_spread)
        timeline = timeline_of(schedule, times, allowed)
        for stage, patch in self.bars.items():
            patch.set_path(rectangles(_boxes(timeline, stage)))
        rows = (ROWS[0], ROWS[timeline.num_pools - 1])
        for labels, stage, row in zip(self.numbers, ("rollout", "train"), rows, strict=True):
            _write_numbers(labels, timeline, stage, row)
        settled = timeline.staleness[-1]
        self.here.set_data([settled], [worth_by_staleness()[settled]])
        sentences = _sentences(times, timeline.num_pools, allowed, settled)
        note = "" if ahead else "updates ahead: idle here, each batch is fresh"
        self.words.set_texts([*sentences, note])
        firsts = ", ".join(str(age) for age in timeline.staleness[:6])
        said = ". ".join([*sentences, f"Updates behind, batch by batch: {firsts}"])
        return f"{said}. {note[:1].upper()}{note[1:]}." if note else f"{said}."


@lru_cache(maxsize=64)
def timeline_of(schedule: str, times: Durations, staleness: int) -> Schedule:
    """The timeline of the drop-down."""
    if schedule == SCHEDULES[0]:
        return one_pool(NUM_BATCHES, times)
    return two_pools(NUM_BATCHES, times, staleness=staleness)


def _build_worth(axes: Axes):
    label(axes, heading="What a stale sample is worth", x="updates behind", y="fresh samples")
    axes.set(xlim=(-0.3, MAX_STALENESS + 0.3), ylim=(0, 1.12), xticks=range(MAX_STALENESS + 1))
    axes.plot(worth_by_staleness(), marker="D", **EXACT)
    text = f"exact, {KL_PER_UPDATE} nats an update"
    axes.text(0.04, 0.05, text, transform=axes.transAxes, fontsize=9)
    (here,) = axes.plot([], [], **{**CURRENT, "markersize": 12, "linestyle": "", "zorder": 12})
    return here


def _boxes(timeline: Schedule, stage: str) -> np.ndarray:
    """[N, 4] left, top, right, bottom of the bars of a stage, as far as one sees."""
    seen = [i for i in timeline.intervals if i.stage == stage and i.start < WINDOW]
    half = THICKNESS / 2
    boxes = [(i.start, ROWS[i.pool] + half, min(i.end, WINDOW), ROWS[i.pool] - half) for i in seen]
    return np.array(boxes, dtype=float).reshape(-1, 4)


def _write_numbers(labels: Labels, timeline: Schedule, stage: str, row: float) -> None:
    """The weights that write a batch, or those that are trained on it."""
    bars = [i for i in timeline.intervals if i.stage == stage and i.end <= WINDOW][:MAX_NUMBERS]
    empty = MAX_NUMBERS - len(bars)
    middles = [(i.start + i.end) / 2 for i in bars]
    labels.positions[:, 0], labels.positions[:, 1] = [*middles, *[0.0] * empty], row
    texts = [str(_weights(timeline, bar)) for bar in bars]
    labels.set_texts([*texts, *[""] * empty])


def _weights(timeline: Schedule, bar: Interval) -> int:
    return bar.batch - (0 if bar.stage in TRAINING else timeline.staleness[bar.batch])


def _sentences(times: Durations, pools: int, staleness: int, settled: int) -> list[str]:
    setting = {"num_pools": pools, "staleness": staleness}
    period = steady_period(times, **setting)
    hourly = 60 * NUM_ANSWERS / period
    shares = [f"{100 * share:.0f} %" for share in steady_utilisation(times, **setting)]
    useful = shares[0] if pools == 1 else f"{shares[0]} of pool 1, {shares[1]} of pool 2"
    written = times.rollout + times.wait
    worth = worth_by_staleness()[settled]
    return [
        f"In the long run a batch of {NUM_ANSWERS} every {number(period)} min: "
        f"{number(hourly, 1)} answers an hour, {number(hourly / pools, 1)} per pool",
        f"Useful time: {useful}",
        f"Mean answer {number(times.rollout)} min; a batch takes {number(written)} min to write, "
        f"{100 * times.wait / written:.0f} % of it waiting",
        f"Up to {staleness} updates ahead; batch {NUM_BATCHES} is {settled} behind: 100 samples "
        f"are worth {number(100 * worth, 1)} fresh ones",
    ]
