"""A step inside a KL ball, in the plane of two logits: gradient, natural, TRPO."""

import ipywidgets
import numpy as np
import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import BoundaryNorm, ListedColormap

from rlnotes.exact.policy_gradients import objectives
from rlnotes.explorers.base import Explorer
from rlnotes.explorers.forks_steps import (
    GRID,
    LIMIT,
    MDP,
    forks_model,
    local_steps,
    log_probs_of,
    objective_map,
    surrogate_map,
)
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.scales import Scale
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    EXACT,
    FURTHER,
    GREY,
    INK,
    REFERENCE,
    UNSIGNED,
    VERMILION,
    WRONG,
    label,
    new_figure,
)

NOTE = "Each shade 0.5; true J rises to the upper right."
LEVELS = np.arange(-2, 4.01, 0.5)
PALE = ListedColormap(UNSIGNED(np.linspace(0, 0.5, 256)))
SHARES = np.linspace(0, 1.5, 11)
MAPS = ("surrogate", "true J")
NAMES = ("gradient", "gradient at the bound", "natural", "TRPO")
COLOURS = dict(zip(NAMES, (VERMILION, VERMILION, FURTHER[0], BLUE), strict=True))
KEY = (
    "gradient step, alpha",
    "gradient step to the bound",
    "natural step",
    "TRPO, after its line search",
)


class TrustRegionStep(Explorer):
    """Left: the plane. Middle: what a longer step gains. Right: what it costs in KL."""

    title = "One step inside a KL ball, two forks with a logit each"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "max_kl": slider(
                value=0.1, min=0.01, max=0.3, step=0.01, description="KL bound (nats)"
            ),
            "theta_1": slider(
                value=-1.0, min=-1.5, max=1.5, step=0.1, description="theta_1: go on"
            ),
            "theta_2": slider(
                value=-0.5, min=-1.5, max=1.5, step=0.1, description="theta_2: good way"
            ),
            "learning_rate": slider(
                value=4.0, min=0.5, max=20, step=0.5, description="alpha of the gradient step"
            ),
            "map": ipywidgets.Dropdown(options=list(MAPS), description="colours"),
        }

    def build(self):
        figure, panels = new_figure(3, size=(10.4, 4.4), width_ratios=[1.2, 1, 1])
        left, middle, right = panels
        on_plane = self._build_plane(left)
        label(
            middle, heading="Gain along the natural step", x="share of the step", y="gain, reward"
        )
        label(right, heading="KL along the natural step", x="share of the step", y="KL, nats")
        words = {"fontsize": 8.5, "va": "top"}
        self.scales = []
        for axes, text in (
            (middle, "black: true J; blue dashed: surrogate"),
            (right, "black: KL; dashed: quadratic\nmodel; blue: its bound"),
        ):
            axes.set(xlim=(0, 1.5))
            axes.yaxis.labelpad = 46  # the numbers stand there
            axes.text(0.03, 0.98, text, transform=axes.transAxes, **words)
            self.scales.append(Scale(axes, below=0.04, above=0.2, zorder=14))
        (self.truth,) = middle.plot([], [], **{**EXACT, "zorder": 11})
        (self.promise,) = middle.plot([], [], color=BLUE, linestyle="--", linewidth=2, zorder=12)
        dot = {**CURRENT, "linestyle": "", "zorder": 13}
        (self.accepted,) = middle.plot([], [], **dot)
        (self.kl,) = right.plot([], [], **{**EXACT, "zorder": 11})
        (self.quadratic,) = right.plot([], [], **{**REFERENCE, "color": INK, "zorder": 12})
        (self.bound,) = right.plot([], [], color=BLUE, linewidth=1.5, zorder=10)
        (self.kl_here,) = right.plot([], [], **dot)
        in_middle = [self.truth, self.promise, self.accepted]
        in_right = [self.bound, self.kl, self.quadratic, self.kl_here]
        figure.legend(
            [*self.marks.values(), self.start, self.ball, self.ellipse],
            [*KEY, "old policy", "KL = its bound", "quadratic model of the KL"],
            loc="outside lower center",
            fontsize=9,
            ncols=4,
            handlelength=1.6,
            markerscale=0.8,
            borderpad=1.4,
        )
        return figure, [*on_plane, *in_middle, *in_right, *self.scales]

    def _build_plane(self, axes: Axes) -> list[Artist]:
        label(
            axes,
            heading="Colours: chosen map; lines: true J",
            x=r"$\theta_1$ (logit: go on)",
            y=r"$\theta_2$ (logit: good way)",
        )
        axes.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT))
        self.image = axes.imshow(
            objective_map(),
            origin="lower",
            extent=(-LIMIT, LIMIT) * 2,
            aspect="auto",
            cmap=PALE,
            norm=BoundaryNorm(LEVELS, 256),
            interpolation="nearest",
            zorder=10,
        )
        (truth,) = axes.plot(*contour_lines(axes), color=GREY, linewidth=0.8, zorder=11)
        (self.ball,) = axes.plot([], [], color=BLUE, linewidth=2.2, zorder=12)
        (self.ellipse,) = axes.plot([], [], **{**REFERENCE, "color": INK, "zorder": 12})
        (self.start,) = axes.plot([], [], "o", mfc="white", mec=INK, mew=2, ms=9, zorder=15)
        cross = {"marker": "X", "markersize": 13}
        styles = (
            {**WRONG, **cross, "markersize": 8, "markevery": [1], "zorder": 13.2},
            {**cross, "linestyle": "", "color": VERMILION, "mfc": "white", "zorder": 13},
            {"marker": "D", "linestyle": "", "color": FURTHER[0], "ms": 8, "zorder": 14},
            {**CURRENT, "linestyle": "", "zorder": 16},
        )
        self.marks = {
            name: axes.plot([], [], **style)[0] for name, style in zip(NAMES, styles, strict=True)
        }
        self.arrows = PolyCollection([], facecolor=INK, zorder=17)
        self.arrows.set(clip_on=False, in_layout=False)
        axes.add_collection(self.arrows, autolim=False)
        self.arrows.set_clip_path(None)
        self.words = Labels(axes, np.zeros((1, 2)), size=8.5, zorder=17, shift=0)
        curves = [self.image, truth, self.ball, self.ellipse, self.start]
        return [*curves, *self.marks.values(), self.arrows, self.words]

    def update(self, max_kl, theta_1, theta_2, learning_rate, map):
        model, start = forks_model(theta_1, theta_2), np.array([theta_1, theta_2])
        steps = local_steps(theta_1, theta_2, max_kl)
        accepted, natural = steps.accepted, steps.natural
        ends = [
            start + learning_rate * steps.gradient,
            steps.scaled,
            start + natural,
            accepted.parameters,
        ]
        points = torch.from_numpy(np.stack([*ends, *(start + SHARES[:, None] * natural)]))
        log_probs = log_probs_of(points)
        kls, promises = model.kl(log_probs), model.surrogate_return(log_probs) - model.objective
        gains = objectives(MDP, log_probs.numpy(), gamma=1.0) - model.objective
        path = slice(len(ends), None)

        shades = objective_map() if map == "true J" else surrogate_map(theta_1, theta_2)
        self.image.set_data(shades)
        self.ball.set_data(*steps.ball)
        self.ellipse.set_data(*steps.ellipse)
        self.start.set_data([theta_1], [theta_2])
        for mark, point in zip(self.marks.values(), ends, strict=True):
            mark.set_data(*point[:, None])
        self.marks["gradient"].set_data(*np.stack([start, ends[0]]).T)
        self._point_outside(dict(zip(NAMES, ends, strict=True)))
        for scale, curves in zip(
            self.scales, ([gains[path], promises[path]], [kls[path], [2.25 * max_kl]]), strict=True
        ):
            scale.set_top(max(float(max(curve)) for curve in curves))
        self.truth.set_data(SHARES, gains[path])
        self.promise.set_data(SHARES, promises[path])
        self.kl.set_data(SHARES, kls[path])
        self.quadratic.set_data(SHARES, max_kl * SHARES**2)
        self.bound.set_data([0, 1.5], [max_kl, max_kl])
        self.accepted.set_data([accepted.fraction], [accepted.gain])
        self.kl_here.set_data([accepted.fraction], [accepted.kl])
        gradient_step, scaled, natural_step, trpo = (
            f"KL {number(kl, 4)}, surrogate gain {number(promise, 4)}, true gain {number(gain, 4)}"
            for kl, promise, gain in zip(kls[:4], promises[:4], gains[:4], strict=True)
        )
        return (
            f"J at the start {number(model.objective, 4)}. Gradient step: {gradient_step}. "
            f"Gradient at the bound: {scaled}. Natural step: {natural_step}. "
            f"TRPO: {trpo}, share {number(accepted.fraction, 3)} of the natural step."
        )

    def _point_outside(self, ends: dict[str, np.ndarray]) -> None:
        """For each mark beyond the map an arrow at its edge, and its place in words."""
        beyond = {name: end for name, end in ends.items() if np.abs(end).max() > LIMIT}
        self.arrows.set_verts([_arrow(end) for end in beyond.values()])
        self.arrows.set_facecolor([COLOURS[name] for name in beyond])
        if "TRPO" in beyond and (ends["TRPO"] == ends["natural"]).all():
            del beyond["TRPO"]
            beyond = {"natural = TRPO" if n == "natural" else n: e for n, e in beyond.items()}
        words = [f"{name} ({number(x, 1)}, {number(y, 1)})" for name, (x, y) in beyond.items()]
        self.words.set_texts([f"{NOTE} Outside: {', '.join(words)}." if words else NOTE])
        below = self.words.axes.transData.inverted()  # the legend leaves a line there
        self.words.positions[0] = below.transform((20, 9))


def contour_lines(axes: Axes) -> np.ndarray:
    """[2, N] the lines of equal J as one curve, with a gap after each."""
    contours = axes.contour(GRID, GRID, objective_map(), LEVELS)
    lines = [segment for level in contours.allsegs for segment in level if len(segment)]
    contours.remove()
    gap = np.full((1, 2), np.nan)
    return np.concatenate([part for line in lines for part in (line, gap)]).T


def _arrow(end: np.ndarray) -> np.ndarray:
    """[3, 2] a triangle at the edge of the map that points out to this place."""
    edge = np.clip(end, -LIMIT, LIMIT)
    out = (end - edge) / np.linalg.norm(end - edge)
    side = np.array([-out[1], out[0]])
    return np.stack([edge, *(edge - 0.45 * out + sign * 0.22 * side for sign in (1, -1))])
