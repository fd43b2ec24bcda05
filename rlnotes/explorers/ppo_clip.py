"""The clipped objective of PPO: its value, its slope, and where the gradient flows."""

import ipywidgets
import numpy as np
import torch

from rlnotes.explorers.base import Explorer
from rlnotes.functional.policy_gradients import ppo_gradient_mask
from rlnotes.functional.ratios import clipped_surrogate
from rlnotes.plotting.numbers import number
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    INK,
    REFERENCE,
    SHADE,
    WRONG,
    house_style,
    label,
    new_figure,
    title,
)

TOP = 2.2  # the largest ratio
RATIOS = np.linspace(0, TOP, 441)
TABLE = (0.5, 0.8, 1.0, 1.2, 1.5, 2.0)
VARIANTS = ("nothing", "clip alone, no min", "half bands, no min", "mask times ratio times A")
SIDES = ("below 1 - eps", "inside", "above 1 + eps")
WISHES = ("raise it", "lower it")  # where the gradient flows, for A > 0 and A < 0
FLOWS, MASK_ROW = "#cfe3f1", -6.5


class PPOClip(Explorer):
    """Left: one sample's objective. Middle: its slope and mask. Right: six regions."""

    title = "The clipped objective of one sample"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "ratio": slider(value=1.5, min=0, max=TOP, step=0.05, description="ratio"),
            "advantage": slider(value=5.0, min=-5, max=5, step=0.5, description="advantage A"),
            "clip_epsilon": slider(
                value=0.2, min=0.05, max=0.9, step=0.05, description="clip_epsilon"
            ),
            "beside": ipywidgets.Dropdown(options=list(VARIANTS), description="draw beside it"),
        }

    def build(self):
        figure, (left, middle, right) = new_figure(
            3, size=(10.8, 4.2), width_ratios=[1.15, 1, 1.05]
        )
        label(left, heading="", x=r"ratio $\rho$", y="objective")
        self.heading = title(left, _heading(1.0))
        label(middle, heading="Slope = mask times A", x=r"ratio $\rho$", y="slope in the ratio")
        label(right, heading="Six regions", x=r"ratio $\rho$", y="")
        left.set(xlim=(0, TOP + 0.1), ylim=(-11.5, 11.5))
        middle.set(xlim=(0, TOP + 0.1), ylim=(-7, 5.6), yticks=[MASK_ROW, -5, 0, 5])
        with house_style():
            right.set(xlim=(0, 3), ylim=(0, 2), xticks=[0.5, 1.5, 2.5], yticks=[0.5, 1.5])
            right.set(xticklabels=SIDES, yticklabels=["A < 0", "A > 0"])
            right.tick_params(axis="both", length=0, labelsize=9)
            right.grid(visible=False)
            middle.set_yticklabels(["mask", "\N{MINUS SIGN}5", "0", "5"])
            for index, flow in enumerate(six_regions(0.2)):
                x, y = index % 3, 1 - index // 3
                right.bar(
                    x + 0.5,
                    1,
                    1,
                    y,
                    color=FLOWS if flow else "white",
                    edgecolor="white",
                    linewidth=3,
                )
                right.text(x + 0.5, y + 0.6, WISHES[index // 3] if flow else "stop", ha="center")
        (self.here,) = right.plot([], [], **{**CURRENT, "zorder": 13})
        self.bands = [
            axes.axvspan(0.8, 1.2, color=SHADE, linewidth=0, zorder=10) for axes in (left, middle)
        ]
        (self.plain,) = left.plot([], [], **{**REFERENCE, "zorder": 11})
        (self.beside,) = left.plot([], [], **{**WRONG, "zorder": 14})
        (self.curve,) = left.plot([], [], color=BLUE, linewidth=2.8, zorder=12)
        (self.point,) = left.plot([], [], **{**CURRENT, "zorder": 15})
        (self.slope,) = middle.plot([], [], color=BLUE, linewidth=2.8, zorder=12)
        (self.product,) = middle.plot(
            [], [], "s", color=INK, markersize=5, markerfacecolor="white", zorder=13
        )
        (self.slope_here,) = middle.plot([], [], **{**CURRENT, "zorder": 14})
        (self.strip,) = middle.plot(
            [], [], color=BLUE, linewidth=6, solid_capstyle="butt", zorder=13
        )
        keys = {
            "objective, and its slope by autograd": self.curve,
            "ratio times A": self.plain,
            "1 - eps to 1 + eps": self.bands[0],
            "mask times A": self.product,
            "drawn beside it": self.beside,
        }
        figure.legend(keys.values(), keys, loc="outside lower center", fontsize=9, ncols=5)
        return figure, [
            self.heading,
            *self.bands,
            self.plain,
            self.beside,
            self.curve,
            self.point,
            self.slope,
            self.product,
            self.slope_here,
            self.strip,
            self.here,
        ]

    def update(self, ratio, advantage, clip_epsilon, beside):
        values, slopes = clipped_curve(RATIOS, advantage, clip_epsilon=clip_epsilon)
        masks = flows(RATIOS, advantage, clip_epsilon=clip_epsilon)
        value, slope = clipped_curve([ratio], advantage, clip_epsilon=clip_epsilon)
        mask = flows([ratio], advantage, clip_epsilon=clip_epsilon)
        other = variant(beside, RATIOS, advantage, clip_epsilon=clip_epsilon)

        self.heading.set_text(_heading(advantage))
        for band in self.bands:
            band.set(x=1 - clip_epsilon, width=2 * clip_epsilon)
        self.plain.set_data(RATIOS, RATIOS * advantage)
        self.curve.set_data(RATIOS, values)
        self.beside.set_data(RATIOS, other)
        self.point.set_data([ratio], value)
        self.slope.set_data(RATIOS, slopes)
        self.product.set_data(RATIOS[10::40], (masks * advantage)[10::40])
        self.slope_here.set_data([ratio], slope)
        self.strip.set_data(RATIOS, np.where(masks, MASK_ROW, np.nan))
        side = int(ratio > 1 - clip_epsilon - 1e-9) + int(ratio > 1 + clip_epsilon + 1e-9)
        row = 1.25 if advantage > 0 else 0.25
        self.here.set_data([side + 0.5], [1.0 if advantage == 0 else row])
        table = clipped_curve(TABLE, advantage, clip_epsilon=clip_epsilon)[0]
        pairs = zip(TABLE, table, strict=True)
        listed = ", ".join(f"{number(r, 1)}: {number(v, 2)}" for r, v in pairs)
        what = f"the gradient {'flows' if mask[0] else 'is stopped'}"
        if advantage == 0:
            what = "A = 0: nothing to push"
        at = variant(beside, [ratio], advantage, clip_epsilon=clip_epsilon)[0]
        other_text = "" if beside == "nothing" else f" Beside it, {beside}: {number(at, 3)}."
        return (
            f"Objective {number(value[0], 3)}, unclipped {number(ratio * advantage, 3)}; slope "
            f"{number(slope[0], 3)}; {what} ({SIDES[side]}).{other_text} Objective by "
            f"ratio: {listed}."
        )


def _heading(advantage: float) -> str:
    if advantage == 0:
        return "Objective: flat, since A = 0"
    side = "above 1 + eps" if advantage > 0 else "below 1 - eps"
    return f"Objective: flat {side} only"


def clipped_curve(
    ratios, advantage: float, *, clip_epsilon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Objective of one sample at each ratio, and its slope by autograd."""
    ratios = torch.tensor(np.asarray(ratios), requires_grad=True)
    advantages = torch.full_like(ratios, advantage)
    values = clipped_surrogate(ratios, advantages, clip_epsilon=clip_epsilon)
    (slopes,) = torch.autograd.grad(values.sum(), ratios)
    return values.detach().numpy(), slopes.numpy()


def flows(ratios, advantage: float, *, clip_epsilon: float) -> np.ndarray:
    """Where the gradient of that sample flows."""
    ratios = torch.tensor(np.asarray(ratios, dtype=np.float64))
    advantages = torch.full_like(ratios, advantage)
    return ppo_gradient_mask(ratios, advantages, clip_epsilon=clip_epsilon).numpy()


def six_regions(clip_epsilon: float) -> np.ndarray:
    """[6] mask at a ratio below, in and above the band; A > 0 first, then A < 0."""
    ratios = [0.5 * (1 - clip_epsilon), 1.0, 1.5 * (1 + clip_epsilon)]
    return np.concatenate([flows(ratios, sign, clip_epsilon=clip_epsilon) for sign in (1.0, -1.0)])


def variant(name: str, ratios, advantage: float, *, clip_epsilon: float) -> np.ndarray:
    """What is often drawn or written in place of the clipped objective."""
    ratios = np.asarray(ratios, dtype=np.float64)
    low, high = 1 - clip_epsilon, 1 + clip_epsilon
    if name == "clip alone, no min":
        return np.clip(ratios, low, high) * advantage
    if name == "half bands, no min":
        half = (1.0, high) if advantage > 0 else (low, 1.0)
        return np.clip(ratios, *half) * advantage
    if name == "mask times ratio times A":
        return flows(ratios, advantage, clip_epsilon=clip_epsilon) * ratios * advantage
    return np.full(ratios.shape, np.nan)
