"""DPO on one pair of answers, beside a third that shares their features.

Rafailov et al. (2023), arXiv:2305.18290, for the loss; Razin et al. (2024),
arXiv:2410.08847, for likelihood displacement.
"""

from functools import lru_cache
from typing import ClassVar

import ipywidgets
import numpy as np
import torch

from rlnotes.data.help_desk import PROMPTS, gold_rewards, reply_tokens
from rlnotes.exact.displacement import PreferencePath, preference_path
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    BLUE,
    EXACT,
    FURTHER,
    GREY,
    INK,
    VERMILION,
    house_style,
    label,
    new_figure,
)

PROMPT = "calm price"
REPLIES = {
    "chosen": "hi price thanks !",
    "rejected": "hi price thanks",
    "bystander": "sorry open",
    "other": "thanks",
}
NAMES = list(REPLIES)
CHOSEN, REJECTED, BYSTANDER = 0, 1, 2
REF_PROBS = np.array([0.4, 0.25, 0.25, 0.1])
BETAS = [0.05, 0.1, 0.2, 0.5, 1.0]
SFT_WEIGHTS = [0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]
NUM_STEPS, LEARNING_RATE = 100, 1.0  # so a rate is also the change of the next step
STEPS = np.arange(NUM_STEPS + 1)
LOW, HIGH = -6.5, 4.4  # of what is drawn to scale at the right
LOOKS = [
    {"color": BLUE, "linestyle": "-", "marker": "o", "linewidth": 2.8, "zorder": 13},
    {"color": VERMILION, "linestyle": ":", "marker": "x", "linewidth": 2.2, "zorder": 12},
    {"color": FURTHER[0], "linestyle": "-.", "marker": "^", "linewidth": 2.0, "zorder": 12},
    {"color": FURTHER[2], "linestyle": "--", "marker": "D", "linewidth": 1.6, "zorder": 11},
]
RING = {"color": INK, "marker": "o", "markerfacecolor": "white", "markersize": 8, "zorder": 15}


class LikelihoodDisplacement(Explorer):
    """Left: probability of four answers. Right: margin and log-probabilities.

    At similarity 0 and lean 0 the features are those of one free logit for each answer,
    and the chosen answer cannot fall.
    """

    title = "Likelihood displacement: DPO on one pair, four answers"
    in_page: ClassVar = {
        "similarity": (0.0, 0.22, 0.24, 0.6, 0.8, 0.94),
        "lean": (0.0, 0.3, 0.35, 0.6, 0.8),
        "beta": (0.1, 0.5, 1.0),
        "sft_weight": (0.0, 0.1, 0.5),
        "step": (0, 1, 20, 40, 60, 80, 100),
    }

    def make_controls(self):
        slider, select = ipywidgets.FloatSlider, ipywidgets.SelectionSlider
        return {
            "similarity": slider(
                value=0.94, min=0, max=0.98, step=0.02, description="similarity of the pair"
            ),
            "lean": slider(
                value=0.8, min=-1, max=1, step=0.05, description="lean of the bystander"
            ),
            "beta": select(options=BETAS, value=0.5, description="beta"),
            "sft_weight": select(options=SFT_WEIGHTS, value=0.0, description="sft_weight"),
            "step": ipywidgets.IntSlider(value=60, min=0, max=NUM_STEPS, description="step"),
        }

    def build(self):
        figure, (left, right) = new_figure(2, size=(9.8, 4.1))
        label(left, heading="Where the probability goes", x="step of DPO", y="probability")
        left.set(xlim=(-2, 126), ylim=(-0.03, 1.03), xticks=[0, 25, 50, 75, 100])
        heading = "Margin, and change since the start"
        label(right, heading=heading, x="step of DPO", y="margin (reward); change (nats)")
        right.set(xlim=(-2, 146), ylim=(LOW - 0.5, 7.0), xticks=[0, 25, 50, 75, 100])
        right.set_yticks([-6, -4, -2, 0, 2, 4])
        right.plot([0, NUM_STEPS], [0, 0], color=GREY, linewidth=1)
        self.probs = [left.plot([], [], markevery=20, markersize=6, **look)[0] for look in LOOKS]
        (self.margin,) = right.plot([], [], marker="s", markevery=20, **{**EXACT, "zorder": 12})
        self.changes = [
            right.plot([], [], markevery=20, markersize=6, **look)[0]
            for look in LOOKS[: REJECTED + 1]
        ]
        self.now = [
            axes.plot([], [], color=GREY, linewidth=1.4, zorder=10)[0] for axes in (left, right)
        ]
        self.rings = [axes.plot([], [], linestyle="", **RING)[0] for axes in (left, right)]
        self.names = Labels(left, [(113, 0)] * len(NAMES), size=9, zorder=16)
        self.names.set_texts(NAMES)
        self.right_names = Labels(right, [(125, 0)] * 3, size=9, zorder=16)
        self.right_names.set_texts(["margin", "log pi(chosen)", "log pi(rejected)"])
        self.notes = Labels(right, [(66, 6.6), (66, 5.95), (66, 5.3)], size=9, zorder=16)
        words = [f'{name}: "{reply}", gold {number(gold)}' for name, reply, gold in described()]
        with house_style():
            figure.legend(
                self.probs, words, loc="outside lower center", fontsize=9, ncols=2, handlelength=4
            )
        in_left = [*self.probs, self.names]
        in_right = [self.margin, *self.changes, self.right_names, self.notes]
        return figure, [*in_left, *in_right, *self.now, *self.rings]

    def update(self, similarity, lean, beta, sft_weight, step):
        path = descended(similarity, lean, beta, sft_weight)
        probs = np.exp(path.log_probs)
        changes = (path.log_probs - path.log_probs[0])[:, : REJECTED + 1]
        gains = probs[step] - probs[0]
        winner = NAMES[int(gains.argmax())] if step else "none"
        rate = path.rates[step, CHOSEN]

        for line, ys in zip(self.probs, probs.T, strict=True):
            line.set_data(STEPS, ys)
        curves = np.column_stack([path.margins, changes])
        for line, ys in zip([self.margin, *self.changes], curves.T, strict=True):
            line.set_data(STEPS, np.where((ys < LOW) | (ys > HIGH), np.nan, ys))
        self.mark(step, probs[step], np.clip(curves[step], LOW, HIGH))
        self.names.positions[:, 1] = spread(probs[-1], gap=0.06, low=0.0, high=1.0)
        ends = np.clip(curves[-1], LOW, HIGH)
        self.right_names.positions[:, 1] = spread(ends, gap=0.62, low=LOW, high=HIGH)
        cut = ((curves < LOW) | (curves > HIGH)).any()
        self.notes.set_texts(
            [
                f"next step, first order: log pi(chosen) {signed(rate * LEARNING_RATE, 4)}",
                f"most mass won since the start: {winner} ({signed(gains.max())})" if step else "",
                "some curves leave the panel" if cut else "",
            ]
        )
        gold = gold_of_replies()
        return (
            f"Probabilities at the start: {listed(probs[0])}; now: {listed(probs[step])}. "
            f"Margin {number(path.margins[step], 4)}, loss {number(path.losses[0], 4)} at the "
            f"start and {number(path.losses[step], 4)} now. Since the start log pi(chosen) "
            f"changed by {number(changes[step, 0], 4)}, log pi(rejected) by "
            f"{number(changes[step, 1], 4)}. First-order rate of log pi(chosen) here "
            f"{number(rate, 4)} nats per unit of learning rate ({LEARNING_RATE:g}): "
            f"the chosen answer {verb(rate)}. Most mass won: {winner}. Mean gold reward "
            f"{number(probs[0] @ gold, 3)} at the start, {number(probs[step] @ gold, 3)} now."
        )

    def mark(self, step: int, left: np.ndarray, right: np.ndarray) -> None:
        """The current step in both panels."""
        for line, ring, heights, ends in zip(
            self.now, self.rings, (left, right), ((0, 1), (LOW, HIGH)), strict=True
        ):
            line.set_data([step, step], ends)
            ring.set_data([step] * len(heights), heights)


def answer_features(similarity: float, lean: float) -> np.ndarray:
    """[4, 4] unit features: a pair of this cosine, a bystander with this lean to it.

    The lean is the cosine between the bystander's features and phi_c - phi_r. The
    fourth answer shares nothing with the others.
    """
    shared, apart = np.sqrt((1 + similarity) / 2), np.sqrt((1 - similarity) / 2)
    return np.array(
        [
            [shared, apart, 0, 0],
            [shared, -apart, 0, 0],
            [0, lean, np.sqrt(1 - lean**2), 0],
            [0, 0, 0, 1],
        ]
    )


@lru_cache(maxsize=64)
def descended(similarity: float, lean: float, beta: float, sft_weight: float) -> PreferencePath:
    """The whole path of a setting."""
    return preference_path(
        np.log(REF_PROBS),
        answer_features(similarity, lean),
        chosen=CHOSEN,
        rejected=REJECTED,
        beta=beta,
        learning_rate=LEARNING_RATE,
        num_steps=NUM_STEPS,
        sft_weight=sft_weight,
    )


@lru_cache(maxsize=1)
def gold_of_replies() -> np.ndarray:
    """[4] gold reward of each reply to the prompt."""
    replies = torch.stack([reply_tokens(reply) for reply in REPLIES.values()])
    prompts = torch.full((len(replies),), PROMPTS.index(PROMPT))
    return gold_rewards(prompts, replies).double().numpy()


def described() -> list[tuple[str, str, float]]:
    """Name, words and gold reward of each reply."""
    return list(zip(NAMES, REPLIES.values(), gold_of_replies(), strict=True))


def spread(heights: np.ndarray, *, gap: float, low: float, high: float) -> np.ndarray:
    """The same heights, moved as little apart as labels need, between low and high."""
    order = np.argsort(heights, kind="stable")
    placed = np.array(heights, dtype=float)[order]
    for k in range(1, len(placed)):
        placed[k] = max(placed[k], placed[k - 1] + gap)
    placed[-1] = min(placed[-1], high)
    for k in range(len(placed) - 2, -1, -1):
        placed[k] = max(min(placed[k], placed[k + 1] - gap), low)
    result = np.empty_like(placed)
    result[order] = placed
    return result


def listed(probs: np.ndarray) -> str:
    """The four probabilities with the names of their answers."""
    return ", ".join(f"{name} {number(p, 4)}" for name, p in zip(NAMES, probs, strict=True))


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign."""
    text = number(value, digits)
    return text if text.startswith("\N{MINUS SIGN}") else f"+{text}"


def verb(rate: float) -> str:
    """Which way the chosen answer goes."""
    if abs(rate) < 5e-5:
        return "stands still to four decimals"
    return "falls" if rate < 0 else "rises"
