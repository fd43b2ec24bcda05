"""Preferences of pairs, and the scores that a fit reads off them."""

from functools import lru_cache

import ipywidgets
import numpy as np
import torch
from torch import Tensor

from rlnotes.exact.bradley_terry import (
    comparable_groups,
    flipped_probs,
    limit_scores,
    population_scores,
    wilson_interval,
)
from rlnotes.explorers.base import Explorer
from rlnotes.functional.bradley_terry import bradley_terry_scores
from rlnotes.functional.preferences import (
    preference_probs,
    reward_model_loss,
)
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    BLUE,
    ESTIMATE,
    EXACT,
    FURTHER,
    INK,
    REFERENCE,
    WRONG,
    house_style,
    label,
    new_figure,
)

NAMES = "ABCD"
SCORES = torch.tensor([-1.5, -0.9, 0.6, 1.8], dtype=torch.float64)
WORSE, BETTER = np.triu_indices(4, 1)  # the six pairs
PAIRS = [f"{NAMES[b]} over {NAMES[w]}" for w, b in zip(WORSE, BETTER, strict=True)]
TRUE_MARGINS = (SCORES[BETTER] - SCORES[WORSE]).numpy()
NUM_PAIRS = [2, 5, 20, 100, 1000]
UNBEATEN = ("no answer is made unbeaten", "answer D never lost")
MARGINS = torch.linspace(-1.2, 3.8, 101, dtype=torch.float64)
ARROW = {"color": BLUE, "markerfacecolor": "white", "markersize": 14, "zorder": 13}
EDGE = 4.0  # scores beyond it are drawn there


class BradleyTerry(Explorer):
    """Left: probability against margin. Right: scores, true and fitted."""

    title = "Preferences of pairs fix differences of scores"

    def make_controls(self):
        slider, select = ipywidgets.FloatSlider, ipywidgets.SelectionSlider
        return {
            "shift": slider(
                value=1, min=-2, max=2, step=0.1, description="shift of all true scores"
            ),
            "num_pairs": select(
                options=NUM_PAIRS, value=100, description="comparisons of each pair"
            ),
            "flip_rate": slider(
                value=0.1, min=0, max=0.4, step=0.02, description="flip_rate of labels"
            ),
            "unbeaten": ipywidgets.Dropdown(options=list(UNBEATEN), description="data"),
            "ridge": select(options=[0, 0.01, 1, 30], value=0, description="ridge"),
            "seed": ipywidgets.IntSlider(value=3, min=0, max=20, description="seed"),
        }

    def build(self):
        figure, (left, right) = new_figure(2, size=(10.0, 4.3), width_ratios=[1, 1.1])
        label(
            left,
            heading="Only the margin counts",
            x="margin of the true scores, nats",
            y="probability preferred",
        )
        left.set(xlim=(-1.2, 3.8), ylim=(-0.22, 1.25), yticks=[0, 0.5, 1])
        label(right, heading="Scores, without their common constant", x="answer", y="score, nats")
        right.set(xlim=(-0.6, 3.6), ylim=(-6.3, 5.9), yticks=[-4, -2, 0, 2, 4])
        right.set_xticks(range(4), list(NAMES))
        exact = preference_probs(MARGINS, torch.zeros_like(MARGINS))
        with house_style():
            for row, place in enumerate(np.argsort(TRUE_MARGINS)):
                initials = f"{NAMES[BETTER[place]]}>{NAMES[WORSE[place]]}"
                height = -0.185 if row % 2 else -0.115
                left.text(TRUE_MARGINS[place], height, initials, fontsize=9, ha="center")
        (curve,) = left.plot(MARGINS, exact, **{**EXACT, "zorder": 10})
        (self.flipped,) = left.plot([], [], **{**WRONG, "zorder": 11})
        style = {"color": BLUE, "linewidth": 1.4, "zorder": 12}
        (self.intervals,) = left.plot([], [], marker="_", markersize=7, **style)
        (self.shares,) = left.plot([], [], "s", color=BLUE, markersize=6, zorder=13)

        (self.raw,) = right.plot([], [], **{**REFERENCE, "marker": "d", "zorder": 10})
        (true,) = right.plot(
            range(4), SCORES - SCORES.mean(), "_", color=INK, markersize=22, markeredgewidth=2.4
        )
        triangle = {"color": FURTHER[0], "markeredgecolor": INK, "markersize": 8, "zorder": 11}
        (self.limit,) = right.plot([], [], "^", **triangle)
        (self.fitted,) = right.plot([], [], **{**ESTIMATE, "linestyle": "", "zorder": 13})
        (self.rising,) = right.plot([], [], "^", **ARROW)
        (self.falling,) = right.plot([], [], "v", **ARROW)
        self.numbers = Labels(right, [(x, 5.3) for x in range(4)], size=9, zorder=14)
        self.sentence = Labels(right, [(1.5, -5.1), (1.5, -5.9)], size=9, zorder=14)
        keys = [
            curve,
            self.flipped,
            (self.intervals, self.shares),
            true,
            self.raw,
            self.limit,
            self.fitted,
        ]
        words = ["sigmoid", "with flips", "share of wins, 95 %", "true, centred"]
        words += ["true + shift", "limit of the fit", "fit"]
        with house_style():
            figure.legend(keys, words, loc="outside lower center", fontsize=9, ncols=7)
        in_left = [self.flipped, self.intervals, self.shares]
        in_right = [self.raw, self.limit, self.fitted, self.rising, self.falling]
        return figure, [*in_left, *in_right, self.numbers, self.sentence]

    def update(self, shift, num_pairs, flip_rate, unbeaten, ridge, seed):
        scores = SCORES + shift
        probs = preference_probs(scores[BETTER], scores[WORSE])
        counts = wins_of_better(
            probs, num_pairs=num_pairs, flip_rate=flip_rate, unbeaten=unbeaten, seed=seed
        )
        wins = win_table(counts, num_pairs)
        fit, groups = fitted_scores(wins, ridge=ridge)
        limit = scores_after_flips(flip_rate)

        self.draw_pairs(counts, num_pairs, flip_rate)
        self.raw.set_data(np.arange(4) - 0.24, scores.numpy())
        self.limit.set_data(np.arange(4) + 0.24, limit.numpy())
        finite = fit.isfinite().numpy()
        self.fitted.set_data(np.flatnonzero(finite), fit[finite].clip(-EDGE, EDGE).numpy())
        for line, mask, height in (
            (self.rising, fit == torch.inf, EDGE),
            (self.falling, fit == -torch.inf, -EDGE),
        ):
            line.set_data(np.flatnonzero(mask), np.full(int(mask.sum()), height))
        self.numbers.set_texts([f"fit {short(score)}" for score in fit.tolist()])
        beyond = f"drawn at the edge: beyond {EDGE:g}" if (fit[finite].abs() > EDGE).any() else ""
        self.sentence.set_texts(no_maximum(groups) if len(groups) > 1 else [beyond, ""])

        flipped = flipped_probs(probs, flip_rate=flip_rate)
        pairs = ", ".join(
            f"{name} {number(p, 3)} ({number(q, 3)} with flips, seen {number(n / num_pairs, 3)})"
            for name, p, q, n in zip(PAIRS, probs, flipped, counts, strict=True)
        )
        return (
            f"True scores {listed(scores)}, centred {listed(SCORES)}. Preferred, whatever the "
            f"shift: {pairs}. Fit {listed(fit)}; with ever more comparisons and these flips "
            f"{listed(limit)}. Mean loss at the true scores {number(loss(scores, wins), 4)}"
            + (
                f". {' '.join(no_maximum(groups))}"
                if len(groups) > 1
                else f", at the fit {number(loss(fit, wins), 4)}."
            )
        )

    def draw_pairs(self, counts: np.ndarray, num_pairs: int, flip_rate: float) -> None:
        """The left panel, but for the sigmoid, which never changes."""
        exact = preference_probs(MARGINS, torch.zeros_like(MARGINS))
        flipped = flipped_probs(exact, flip_rate=flip_rate)
        self.flipped.set_data(MARGINS.numpy(), flipped.numpy())
        self.shares.set_data(TRUE_MARGINS, counts / num_pairs)
        gap = np.full(len(counts), np.nan)
        ends = np.stack([*wilson_interval(counts, num_pairs), gap], axis=1)
        self.intervals.set_data(np.repeat(TRUE_MARGINS, 3), ends.ravel())


@lru_cache(maxsize=32)
def uniforms(seed: int) -> np.ndarray:
    """[2, 6, 1000] the same numbers at every setting, for a label and its flip."""
    return np.random.default_rng(seed).random((2, len(PAIRS), NUM_PAIRS[-1]))


@lru_cache(maxsize=64)
def scores_after_flips(flip_rate: float) -> Tensor:
    """[4] what the fit approaches as the comparisons become many."""
    return population_scores(SCORES, flip_rate=flip_rate)


def wins_of_better(
    probs: Tensor, *, num_pairs: int, flip_rate: float, unbeaten: str, seed: int
) -> np.ndarray:
    """[6] how often the better answer of each pair was preferred."""
    label_draws, flip_draws = uniforms(seed)[:, :, :num_pairs]
    preferred = (label_draws < probs.numpy()[:, None]) != (flip_draws < flip_rate)
    if unbeaten == UNBEATEN[1]:
        preferred = preferred | (NAMES.index("D") == BETTER)[:, None]
    return preferred.sum(axis=1)


def win_table(counts: np.ndarray, num_pairs: int) -> Tensor:
    """[4, 4] wins of the row's answer over the column's."""
    wins = torch.zeros(4, 4, dtype=torch.float64)
    wins[BETTER, WORSE] = torch.tensor(counts, dtype=torch.float64)
    wins[WORSE, BETTER] = num_pairs - wins[BETTER, WORSE]
    return wins


def fitted_scores(wins: Tensor, *, ridge: float) -> tuple[Tensor, list[list[int]]]:
    """[4] scores, infinite where no maximum is finite, and the groups of finite ones.

    Only differences are fixed, so the finite scores get the mean of their true ones.
    """
    if ridge > 0:
        return bradley_terry_scores(wins, ridge=ridge), [[0, 1, 2, 3]]
    groups = comparable_groups(wins)
    scores = limit_scores(wins)
    return scores + SCORES[scores.isfinite()].mean(), groups


def no_maximum(groups: list[list[int]]) -> list[str]:
    """Two sentences about data in which some answers never lost to some others."""
    best, rest = (", ".join(NAMES[k] for k in group) for group in (groups[0], groups[1]))
    if len(groups) > 2:
        rest = "the others"
    largest = max(groups, key=len)
    kept = f"among {', '.join(NAMES[k] for k in largest)} only"
    return [
        f"{best} never lost to {rest}: no finite maximum,",
        f"the likelihood rises for ever. Finite: {kept if len(largest) > 1 else 'no difference'}.",
    ]


def loss(scores: Tensor, wins: Tensor) -> float:
    """Mean loss of a reward model over all comparisons, nats."""
    counts = wins.long().flatten()
    chosen, rejected = np.divmod(np.repeat(np.arange(16), counts), 4)
    return reward_model_loss(scores[chosen], scores[rejected]).item()


def listed(scores: Tensor) -> str:
    """The four scores with the names of their answers."""
    return ", ".join(f"{n} {short(x)}" for n, x in zip(NAMES, scores.tolist(), strict=True))


def short(score: float) -> str:
    """Two decimals, or the word for what has none."""
    if np.isinf(score):
        return "rises" if score > 0 else "falls"
    return number(score)
