"""Group size and pass rate: which groups teach nothing, and what pass@k still says.

Chen et al. (2021), arXiv:2107.03374, for pass@k; Yu et al. (2025), arXiv:2503.14476
(DAPO), leave out groups whose rewards are all equal.
"""

from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.exact.group_weights import mean_advantage_sizes
from rlnotes.exact.pass_rates import no_signal_probability, pass_at_k
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, CURRENT, EXACT, FURTHER, GREY, REFERENCE, label, new_figure
from rlnotes.training import carry_pass_rates

GROUP_SIZES = [2, 4, 8, 16, 32, 64]
LOW_RATES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45]
PASS_RATES = [*LOW_RATES, 0.5, *(round(1 - rate, 3) for rate in reversed(LOW_RATES))]
SIDE = 8.4  # of the log-odds drawn
ODDS = np.linspace(-SIDE, SIDE, 113)
RATES = 1 / (1 + np.exp(-ODDS))
TICKS = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999]
TICK_WORDS = [f"{tick:g}".removeprefix("0") for tick in TICKS]
EDGES = np.linspace(-SIDE, SIDE, 29)
LARGEST_K = 64
POINT = {**CURRENT, "linestyle": "", "zorder": 13}
NOTES = (1.34, 1.24, 1.14)  # heights, times that of the panel
KS = np.arange(1, LARGEST_K + 1)


class GroupSizePassRate(Explorer):
    """Left: groups without a signal. Middle: pass rates. Right: pass@k."""

    title = "Group size and pass rate"

    def make_controls(self):
        def choose(options, value, words):
            return ipywidgets.SelectionSlider(options=options, value=value, description=words)

        updates = carry_pass_rates.recorded_updates()
        return {
            "group_size": choose(GROUP_SIZES, 8, "group_size"),
            "pass_rate": choose(PASS_RATES, 0.9, "pass_rate of one prompt"),
            "k": ipywidgets.IntSlider(value=8, min=1, max=LARGEST_K, description="k of pass@k"),
            "update": choose(updates, updates[len(updates) // 2], "update of GRPO"),
        }

    def build(self):
        figure, (left, middle, right) = new_figure(3, size=(10.4, 3.8), width_ratios=[1.1, 1, 1])
        label(left, heading="Groups without a signal", x="pass rate p", y="probability")
        left.set(xlim=(-SIDE, SIDE), ylim=(-0.03, 1.4), yticks=[0, 0.25, 0.5, 0.75, 1])
        others = [left.plot(ODDS, curves(n)[0], color=GREY, linewidth=0.9)[0] for n in GROUP_SIZES]
        updates = carry_pass_rates.recorded_updates()
        label(middle, heading="Pass rates of all prompts", x="pass rate p", y="share of prompts")
        tallest = max(shares(update).max() for update in updates)
        middle.set(xlim=(-SIDE, SIDE), ylim=(0, 1.4 * tallest))
        for axes in (left, middle):
            axes.set_xticks(log_odds(TICKS), TICK_WORDS, fontsize=9.5)
        label(right, heading="Large k hides the difference", x="k", y="pass@k")
        right.set(xlim=(-0.2, 6.2), ylim=(-0.03, 1.4), yticks=[0, 0.25, 0.5, 0.75, 1])
        right.set_xticks(range(7), [str(2**power) for power in range(7)])

        thick = {"color": BLUE, "linewidth": 2.8, "zorder": 12}
        (self.dead,) = left.plot([], [], **thick)
        (self.size,) = left.plot([], [], "-.", color=FURTHER[0], linewidth=2.2, zorder=11)
        self.points = left.plot([], [], **POINT)
        (discs,) = left.plot(*disc_places().T, "o", color="white", markersize=11, zorder=14)
        places = [*disc_places(), *((0, height) for height in NOTES[1:])]
        self.notes = Labels(left, places, size=9, zorder=15)

        first = {**REFERENCE, "linewidth": 1.6}
        start = shares(updates[0])
        middle.stairs(start, EDGES, baseline=None, **first)
        self.bars = middle.stairs(start, EDGES, fill=True, color=BLUE, alpha=0.55, zorder=10)
        places = [(0, height * tallest) for height in NOTES]
        self.model_notes = Labels(middle, places, size=9, zorder=15)

        start = carry_pass_rates.mean_pass_at_k(updates[0], LARGEST_K)
        before = right.plot(np.log2(KS), start, **first)
        (self.prompt,) = right.plot([], [], **{**EXACT, "linewidth": 1.6, "zorder": 11})
        (self.mean,) = right.plot([], [], **thick)
        self.skill = Labels(right, [(3, height) for height in NOTES], size=9, zorder=15)
        self.at_k = right.plot([], [], **POINT)
        named = {
            "left panel: no signal, this group size": self.dead,
            "other group sizes": others[0],
            "mean |A| of reward less group mean": self.size,
            "other panels: all prompts at this update": self.mean,
            f"at update {updates[0]}": before[0],
            "one prompt of this pass rate": self.prompt,
        }
        figure.legend(named.values(), named, loc="outside lower center", fontsize=9, ncols=3)
        in_left = [self.dead, self.size, *self.points, discs, self.notes]
        in_others = [self.bars, self.model_notes, self.prompt, self.mean, *self.at_k, self.skill]
        return figure, [*in_left, *in_others]

    def update(self, group_size, pass_rate, k, update):
        dead, all_right, all_wrong, size = one_group(pass_rate, group_size)
        successes = one_pass_at_k(pass_rate)
        one, place = successes[k - 1], log_odds(pass_rate)
        for line, heights in zip((self.dead, self.size), curves(group_size), strict=True):
            line.set_data(ODDS, heights)
        self.points[0].set_data([place, place], [dead, size])
        self.notes.set_texts(
            [
                *map(str, GROUP_SIZES),
                f"group of {group_size} at p = {pass_rate:g}: no signal {number(dead, 4)}",
                f"mean |A| {number(size, 4)}",
            ]
        )
        start = carry_pass_rates.recorded_updates()[0]
        seeds, prompts = carry_pass_rates.pass_rates_after(update).shape
        first, now = (carry_pass_rates.dead_groups(at, group_size) for at in (start, update))
        before, means = (carry_pass_rates.mean_pass_at_k(at, LARGEST_K) for at in (start, update))
        self.bars.set_data(shares(update))
        self.model_notes.set_texts(
            [
                f"groups of {group_size} without a signal: {number(now.dead, 3)}",
                f"(all right {number(now.all_right, 3)}, all wrong {number(now.all_wrong, 3)})",
                f"at update {start}: {number(first.dead, 3)}",
            ]
        )
        self.prompt.set_data(np.log2(KS), successes)
        self.mean.set_data(np.log2(KS), means)
        self.at_k[0].set_data([np.log2(k)] * 2, [one, means[k - 1]])
        self.skill.set_texts(
            [
                f"one prompt: pass@{k} {number(one, 4)}",
                f"mean of all {number(means[k - 1], 4)}",
                f"at update {start}: {number(before[k - 1], 4)}",
            ]
        )
        return (
            f"One prompt in groups of {group_size}: no signal {number(dead, 4)} (all right "
            f"{number(all_right, 4)}, all wrong {number(all_wrong, 4)}), mean |A| "
            f"{number(size, 4)}; pass@{k} {number(one, 4)}. The model after {update} updates of "
            f"GRPO, {prompts} held-out prompts, {seeds} seeds: mean pass rate "
            f"{number(means[0], 4)}, groups expected without a signal {number(now.dead, 4)} (all "
            f"right {number(now.all_right, 4)}, all wrong {number(now.all_wrong, 4)}; seeds "
            f"{number(now.low, 4)} to {number(now.high, 4)}), mean pass@{k} "
            f"{number(means[k - 1], 4)}. At update {start}: {number(before[0], 4)}, "
            f"{number(first.dead, 4)} and {number(before[k - 1], 4)}. Any p above 0 takes pass@k "
            f"towards 1: between the two updates pass@1 differs by "
            f"{number(means[0] - before[0], 4)}, pass@{LARGEST_K} by "
            f"{number(means[-1] - before[-1], 4)}. Large k says little about skill here."
        )


@lru_cache(maxsize=64)
def shares(update: int) -> np.ndarray:
    """Share of the prompts by log-odds of pass rate, at the ends what is beyond."""
    odds = log_odds(carry_pass_rates.pass_rates_after(update).ravel().clip(RATES[0], RATES[-1]))
    return np.histogram(odds.clip(-SIDE, SIDE), bins=EDGES)[0] / odds.size


@lru_cache(maxsize=64)
def one_pass_at_k(pass_rate: float) -> np.ndarray:
    """[64] pass@k of one prompt."""
    return np.array([float(pass_at_k(pass_rate, k=int(k))) for k in KS])


@lru_cache(maxsize=8)
def curves(group_size: int) -> tuple[np.ndarray, np.ndarray]:
    """No signal, and mean |A|, at every drawn pass rate."""
    dead = no_signal_probability(RATES, group_size=group_size)
    return dead, mean_advantage_sizes(RATES, group_size=group_size, estimator="group_mean")


@lru_cache(maxsize=256)
def one_group(pass_rate: float, group_size: int) -> tuple[float, float, float, float]:
    """Probability of no signal, of all right, of all wrong, and mean |A|."""
    dead = float(no_signal_probability(pass_rate, group_size=group_size))
    all_wrong = 1 - float(pass_at_k(pass_rate, k=group_size))
    size = mean_advantage_sizes(pass_rate, group_size=group_size, estimator="group_mean")
    return dead, dead - all_wrong, all_wrong, float(size)


@lru_cache(maxsize=1)
def disc_places() -> np.ndarray:
    """[6, 2] places on the left branch of each curve for the size of its group."""
    heights = [(0.85, 0.7)[k % 2] for k in range(len(GROUP_SIZES))]
    half = ODDS <= 0
    places = [
        np.interp(-height, -curves(size)[0][half], ODDS[half])
        for size, height in zip(GROUP_SIZES, heights, strict=True)
    ]
    return np.column_stack([places, heights])


def log_odds(rates: np.ndarray) -> np.ndarray:
    """Log of p / (1 - p), the axis of the pass rates."""
    return np.log(rates) - np.log1p(-np.asarray(rates))
