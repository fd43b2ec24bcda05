"""DPO and its relatives on one pair: rewards, margin, loss, and pull.

Rafailov et al. (2023), arXiv:2305.18290, Eq. 7; the relatives are credited in
`rlnotes.functional.preference_variants`.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import ClassVar

import ipywidgets
import numpy as np
import torch

from rlnotes.explorers.base import Explorer
from rlnotes.functional.preference_variants import (
    conservative_dpo_loss,
    hinge_dpo_loss,
    ipo_loss,
    robust_dpo_loss,
)
from rlnotes.functional.preferences import (
    dpo_loss,
    implicit_rewards,
    pair_margins,
    preference_probs,
)
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, CURRENT, GREY, INK, REFERENCE, WRONG, label, new_figure

LOSSES = {
    "DPO": dpo_loss,
    "conservative": conservative_dpo_loss,
    "robust": robust_dpo_loss,
    "IPO": ipo_loss,
    "hinge": hinge_dpo_loss,
}
RATES = {"conservative": "label_smoothing", "robust": "flip_rate"}  # who has one, its name
BETAS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]
SIDE = 4.0  # margins beyond it are drawn there
MARGINS = np.linspace(-SIDE, SIDE, 81)
LOSS_LIMITS, PULL_LIMITS = (-1.2, 4.2), (-1.05, 1.65)  # of what is drawn to scale
NATS = (-8, -4, 0, 4, 8)
ROWS, COLUMN = (2.2, 1.2, 0.2), 12.2  # chosen, rejected, the gap between them; numbers


class DPOLoss(Explorer):
    """Left: two implicit rewards. Middle: loss by margin. Right: pull by margin."""

    title = "The loss of a pair, and how hard it pulls"
    in_page: ClassVar = {
        "chosen_log_prob": (-16.0, -12.0, -10.0, -8.0, -4.0),
        "rejected_log_prob": (-16.0, -11.5, -9.5, -7.0, -4.0),
        "ref_chosen_log_prob": (-12.0, -11.0, -8.0),
        "beta": (0.02, 0.1, 1.0),
        "loss": tuple(LOSSES),
        "flip_rate": (0.1, 0.4),
    }

    def make_controls(self):
        def slider(value, low, high, words):
            return ipywidgets.FloatSlider(
                value=value, min=low, max=high, step=0.5, description=words
            )

        return {
            "chosen_log_prob": slider(-10, -16, -4, "log pi(chosen)"),
            "rejected_log_prob": slider(-9.5, -16, -4, "log pi(rejected)"),
            "ref_chosen_log_prob": slider(-11, -12, -8, "log pi_ref(chosen)"),
            "ref_rejected_log_prob": slider(-9, -12, -8, "log pi_ref(rejected)"),
            "beta": ipywidgets.SelectionSlider(options=BETAS, value=0.1, description="beta"),
            "loss": ipywidgets.Dropdown(options=list(LOSSES), description="loss"),
            "flip_rate": ipywidgets.FloatSlider(
                value=0.1, min=0, max=0.4, step=0.05, description="flip_rate of labels"
            ),
        }

    def build(self):
        figure, (left, middle, right) = new_figure(3, size=(10.8, 4.0), width_ratios=[1.3, 1, 1])
        label(left, heading="Only the gap counts", x="log pi / pi_ref, nats", y="")
        left.set(xlim=(-9.8, 14.5), ylim=(-1.3, 3.0), xticks=NATS, yticks=ROWS)
        left.set_yticklabels(["chosen", "rejected", "margin"])
        left.plot([0, 0], [-0.35, 2.75], color=GREY, linewidth=1)
        left.plot([-9.8, 9.8], [-0.35] * 2, color=GREY, linewidth=0.8)
        words = {"ha": "center", "va": "center", "fontsize": 9}
        left.text(0, -0.68, "the same axis as reward, times beta:", **words)
        left.text(COLUMN, 2.75, "reward", **words)
        label(middle, heading="Loss", x="margin, reward", y="loss")
        middle.set(xlim=(-SIDE - 0.3, SIDE + 0.3), ylim=(-1.3, 6.2), yticks=[-1, 0, 1, 2, 3, 4])
        label(right, heading="Pull = minus slope of the loss", x="margin, reward", y="pull")
        right.set(xlim=(-SIDE - 0.3, SIDE + 0.3), ylim=(-1.15, 2.25), yticks=[-1, 0, 0.5, 1])
        right.set_yticklabels([r"$-\beta$", "0", r"$\beta/2$", r"$\beta$"])

        bar = {"linewidth": 6, "solid_capstyle": "butt", "markevery": [1], "markersize": 9}
        self.bars = [
            left.plot([], [], color=color, zorder=11, marker=marker, **bar)[0]
            for color, marker in ((BLUE, "o"), (WRONG["color"], "s"))
        ]
        (self.guides,) = left.plot([], [], ":", color=GREY, linewidth=1.4, zorder=10)
        (self.gap,) = left.plot([], [], "|-", color=INK, linewidth=2.2, markersize=9, zorder=12)
        self.rewards = Labels(left, [(COLUMN, row) for row in ROWS], size=10, zorder=13)
        self.ticks = Labels(left, [(nats, -1.12) for nats in NATS], size=9, zorder=13)
        panels = middle, right
        thick = {"color": BLUE, "linewidth": 2.8, "zorder": 12}
        self.references = [axes.plot([], [], **{**REFERENCE, "zorder": 11})[0] for axes in panels]
        self.curves = [axes.plot([], [], **thick)[0] for axes in panels]
        self.points = [axes.plot([], [], **{**CURRENT, "zorder": 13})[0] for axes in panels]
        self.notes = Labels(middle, [(0, 5.85), (0, 5.33), (0, 4.81)], size=9, zorder=14)
        self.pull_notes = Labels(right, [(0, 2.1), (0, 1.9)], size=9, zorder=14)
        in_left = [*self.bars, self.guides, self.gap, self.rewards, self.ticks]
        in_others = [*self.references, *self.curves, *self.points, self.notes, self.pull_notes]
        return figure, [*in_left, *in_others]

    def update(
        self,
        chosen_log_prob,
        rejected_log_prob,
        ref_chosen_log_prob,
        ref_rejected_log_prob,
        beta,
        loss,
        flip_rate,
    ):
        pair = chosen_log_prob, rejected_log_prob, ref_chosen_log_prob, ref_rejected_log_prob
        logs = [torch.tensor([value], dtype=torch.float64) for value in pair]
        rewards = [implicit_rewards(logs[k], logs[k + 2], beta=beta).item() for k in (0, 1)]
        margin = pair_margins(*logs, beta=beta)
        prob = preference_probs(margin, torch.zeros_like(margin)).item()
        value, pull = loss_and_pull(logs, beta=beta, name=loss, flip_rate=flip_rate)
        ratios = chosen_log_prob - ref_chosen_log_prob, rejected_log_prob - ref_rejected_log_prob

        self.draw_rewards(ratios, rewards, margin.item(), beta)
        scale = drawn_scale(loss, beta)
        self.draw_curves(loss, flip_rate)
        cut = self.draw_points(margin.item(), value * scale, pull * scale / beta)
        self.notes.set_texts(
            [
                f"flip_rate {number(flip_rate)}: {rate_words(loss)}",
                f"drawn times beta^2 = {beta**2:g}, like its pull" if loss == "IPO" else "",
                "beyond the panel: mark at the edge" if cut else "",
            ]
        )
        beyond = np.isnan(self.curves[1].get_ydata()).all()
        self.pull_notes.set_texts(
            [
                f"here {number(pull, 4)}" + ("" if loss == "DPO" else "; dashed: DPO"),
                "the curve lies above the panel" if beyond else "",
            ]
        )
        return (
            f"Implicit rewards: chosen {number(rewards[0], 4)}, rejected {number(rewards[1], 4)}. "
            f"Margin {number(margin.item(), 4)}; probability that the chosen answer is preferred "
            f"{number(prob, 4)}. Loss {number(value, 4)}; pull {number(pull, 4)}. "
            f"Log-ratios {number(ratios[0], 1)} and {number(ratios[1], 1)} nats: "
            f"{moves(*ratios)}. By its own log-probabilities the policy finds "
            f"{likelier(chosen_log_prob, rejected_log_prob)}. flip_rate: {rate_words(loss)}."
        )

    def draw_rewards(self, ratios, rewards, margin: float, beta: float) -> None:
        """The left panel."""
        for bar, ratio, row in zip(self.bars, ratios, ROWS, strict=False):
            bar.set_data([0, ratio], [row, row])
        chosen, rejected = ratios
        xs = [chosen, chosen, np.nan, rejected, rejected]
        self.guides.set_data(np.array(xs), [ROWS[0], ROWS[2], np.nan, ROWS[1], ROWS[2]])
        self.gap.set_data([chosen, rejected], [ROWS[2]] * 2)
        self.rewards.set_texts([number(value, 3) for value in (*rewards, margin)])
        self.ticks.set_texts([f"{beta * nats:g}".replace("-", "\N{MINUS SIGN}") for nats in NATS])

    def draw_curves(self, name: str, flip_rate: float) -> None:
        """Loss and pull at every margin, and those of DPO behind another loss."""
        shown = loss_curve(name, flip_rate if name in RATES else 0.0)
        plain = loss_curve("DPO", 0.0)
        limits = LOSS_LIMITS, PULL_LIMITS
        for curve, reference, ys, zs, (low, high) in zip(
            self.curves, self.references, shown, plain, limits, strict=True
        ):
            curve.set_data(MARGINS, np.where((ys < low) | (ys > high), np.nan, ys))
            reference.set_data(MARGINS, zs)
            reference.set_visible(name != "DPO")

    def draw_points(self, margin: float, loss: float, pull: float) -> bool:
        """The pair as it stands, in both panels; whether a mark is at an edge."""
        places = (loss, LOSS_LIMITS), (pull, PULL_LIMITS)
        at = np.clip(margin, -SIDE, SIDE)
        cut = at != margin
        for point, (height, limits) in zip(self.points, places, strict=True):
            inside = np.clip(height, *limits)
            point.set_data([at], [inside])
            cut = cut or inside != height
        return bool(cut)


def loss_function(name: str, flip_rate: float) -> Callable:
    """The loss of this name, with the share of wrong labels if it has one."""
    return partial(LOSSES[name], **({RATES[name]: flip_rate} if name in RATES else {}))


def loss_and_pull(logs, *, beta: float, name: str, flip_rate: float) -> tuple[float, float]:
    """Loss of a pair, and minus its slope in log pi(chosen), by autograd."""
    chosen = logs[0].clone().requires_grad_()
    loss = loss_function(name, flip_rate)(chosen, *logs[1:], beta=beta)
    (slope,) = torch.autograd.grad(loss, chosen)
    return loss.item(), -slope.item()


@lru_cache(maxsize=32)
def loss_curve(name: str, flip_rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Loss and pull at every margin, at beta 1; see `drawn_scale`."""
    margins = torch.tensor(MARGINS, requires_grad=True)
    zeros, loss = torch.zeros_like(margins), loss_function(name, flip_rate)
    mean = loss(margins, zeros, zeros, zeros, beta=1.0)
    (slopes,) = torch.autograd.grad(mean, margins)
    zero, fixed = zeros[:1], margins.detach()
    values = [loss(margin, zero, zero, zero, beta=1.0).item() for margin in fixed.split(1)]
    return np.array(values), -slopes.numpy() * len(MARGINS)


def drawn_scale(name: str, beta: float) -> float:
    """Times what a loss is drawn, so that its curve against the margin has no beta."""
    return beta**2 if name == "IPO" else 1.0


def rate_words(name: str) -> str:
    """What the loss of this name does with the share of wrong labels."""
    return f"used as {RATES[name]}" if name in RATES else f"not used by {name}"


def moves(chosen: float, rejected: float) -> str:
    """Whether both log-probabilities went the same way, from the log-ratios."""
    verbs = {1: "rose", -1: "fell", 0: "stayed"}
    signs = int(np.sign(chosen)), int(np.sign(rejected))
    if signs == (0, 0):
        return "neither log-probability moved"
    if signs[0] == signs[1]:
        return f"both log-probabilities moved together, both {verbs[signs[0]]}"
    return (
        "the log-probabilities did not move together, the chosen one "
        f"{verbs[signs[0]]}, the rejected one {verbs[signs[1]]}"
    )


def likelier(chosen: float, rejected: float) -> str:
    """Which answer has the higher log-probability."""
    if chosen == rejected:
        return "both answers equally likely"
    return f"the {'chosen' if chosen > rejected else 'rejected'} answer likelier"
