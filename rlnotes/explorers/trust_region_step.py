"""A step inside a KL ball, in the plane of two logits: gradient, natural, TRPO."""

from functools import lru_cache

import ipywidgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, ListedColormap
from torch import Tensor

from rlnotes.envs.small_tasks import two_forks
from rlnotes.exact.local_models import (
    LocalModel,
    ball_boundary,
    best_on_boundary,
    ellipse_boundary,
    local_model,
)
from rlnotes.exact.policy_gradients import objectives, softmax_policy
from rlnotes.explorers.base import Explorer
from rlnotes.functional.trust_region import fisher_operator, line_search, natural_step
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    EXACT,
    FURTHER,
    GREY,
    INK,
    REFERENCE,
    UNSIGNED,
    WRONG,
    label,
    new_figure,
)

LIMIT, NUM_POINTS = 4.0, 64
GRID = np.linspace(-LIMIT, LIMIT, 81)
LEVELS = np.arange(-2, 4.01, 0.5)
PALE = ListedColormap(UNSIGNED(np.linspace(0, 0.5, 256)))
SHARES = np.linspace(0, 1.5, 11)
MDP = two_forks()
KEY = """Left: ring, the old policy; cross, a
gradient step; diamond, the natural
step; dot, TRPO; star, largest
surrogate in the ball. Closed line:
KL = bound; dashed: its quadratic
model. Each shade: 0.5"""
MAPS = ("surrogate", "true J")


def log_probs_of(parameters: Tensor) -> Tensor:
    """[..., 3, 2] log-probabilities: one logit for "go on", one for the good way."""
    logits = torch.zeros((*parameters.shape[:-1], 3, 2), dtype=parameters.dtype)
    logits[..., :2, 1] = parameters
    return torch.log_softmax(logits, dim=-1)


@lru_cache(maxsize=1)
def plane() -> Tensor:
    """[81, 81, 3, 2] log-probabilities at each point of the map; rows are theta_2."""
    x, y = np.meshgrid(GRID, GRID)
    return log_probs_of(torch.from_numpy(np.stack([x, y], axis=-1)))


@lru_cache(maxsize=1)
def objective_map() -> np.ndarray:
    """[81, 81] exact J over the plane."""
    return objectives(MDP, plane().numpy(), gamma=1.0)


@lru_cache(maxsize=2)
def surrogate_map(theta_1: float, theta_2: float) -> np.ndarray:
    """[81, 81] the surrogate over the plane."""
    return forks_model(theta_1, theta_2).surrogate_return(plane()).numpy()


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
        figure, (left, middle, right) = new_figure(3, size=(10.4, 3.9), width_ratios=[1.2, 1, 1])
        label(
            left,
            heading="Colours: chosen map; lines: true J",
            x=r"$\theta_1$ (logit: go on)",
            y=r"$\theta_2$ (logit: good way)",
        )
        left.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT))
        label(
            middle, heading="Gain along the natural step", x="share of the step", y="gain, reward"
        )
        middle.set(xlim=(0, 1.5), ylim=(-1.6, 2.4))
        label(right, heading="KL along the natural step", x="share of the step", y="nats")
        right.set(xlim=(0, 1.5), ylim=(0, 0.8))
        self.image = left.imshow(
            objective_map(),
            origin="lower",
            extent=(-LIMIT, LIMIT) * 2,
            aspect="auto",
            cmap=PALE,
            norm=BoundaryNorm(LEVELS, 256),
            interpolation="nearest",
            zorder=10,
        )
        contours = left.contour(GRID, GRID, objective_map(), LEVELS)
        lines = [segment for level in contours.allsegs for segment in level if len(segment)]
        contours.remove()
        truth = LineCollection(lines, colors=GREY, linewidths=0.8, zorder=11)
        left.add_collection(truth)
        (self.ball,) = left.plot([], [], color=BLUE, linewidth=2.2, zorder=12)
        (self.ellipse,) = left.plot([], [], **{**REFERENCE, "color": INK, "zorder": 12})
        (self.start,) = left.plot([], [], "o", mfc="white", mec=INK, mew=2, ms=9, zorder=15)
        (self.gradient,) = left.plot(
            [], [], **{**WRONG, "zorder": 13}, marker="X", markersize=9, markevery=[1]
        )
        (self.natural,) = left.plot([], [], "D", color=FURTHER[0], markersize=8, zorder=14)
        (self.step,) = left.plot([], [], **{**CURRENT, "zorder": 16})
        (self.best,) = left.plot([], [], "*", mfc="none", mec=INK, mew=1.5, ms=19, zorder=13.5)
        (self.truth,) = middle.plot([], [], **{**EXACT, "zorder": 11})
        (self.promise,) = middle.plot([], [], color=BLUE, linestyle="--", linewidth=2, zorder=12)
        (self.accepted,) = middle.plot([], [], **{**CURRENT, "zorder": 13})
        words = {"fontsize": 8.5, "va": "top"}
        middle.text(0.03, 2.35, "black: true J; blue dashed: surrogate", **words)
        middle.text(0.03, -0.35, KEY, **words)
        (self.kl,) = right.plot([], [], **{**EXACT, "zorder": 11})
        (self.quadratic,) = right.plot([], [], **{**REFERENCE, "color": INK, "zorder": 12})
        (self.bound,) = right.plot([], [], color=BLUE, linewidth=1.5, zorder=10)
        (self.kl_here,) = right.plot([], [], **{**CURRENT, "zorder": 13})
        right.text(0.03, 0.785, "black: KL; dashed: quadratic\nblue line: bound", **words)
        uphill = Labels(left, [(2.3, 3.5)], size=8.5, zorder=12)
        uphill.set_texts(["true J rises this way"])
        on_plane = [
            self.image,
            truth,
            uphill,
            self.ball,
            self.ellipse,
            self.gradient,
            self.natural,
            self.best,
            self.start,
            self.step,
        ]
        return figure, [
            *on_plane,
            self.truth,
            self.promise,
            self.accepted,
            self.bound,
            self.kl,
            self.quadratic,
            self.kl_here,
        ]

    def update(self, max_kl, theta_1, theta_2, learning_rate, map):
        model, start = forks_model(theta_1, theta_2), np.array([theta_1, theta_2])
        gradient, natural, accepted, ball, oval, best = local_steps(theta_1, theta_2, max_kl)
        ends = [start + learning_rate * gradient, start + natural, accepted.parameters, best]
        points = torch.from_numpy(np.stack([*ends, *(start + SHARES[:, None] * natural)]))
        log_probs = log_probs_of(points)
        kls, promises = model.kl(log_probs), model.surrogate_return(log_probs) - model.objective
        gains = objectives(MDP, log_probs.numpy(), gamma=1.0) - model.objective
        path = slice(len(ends), None)

        shades = objective_map() if map == "true J" else surrogate_map(theta_1, theta_2)
        self.image.set_data(shades)
        self.ball.set_data(*ball)
        self.ellipse.set_data(*oval)
        self.start.set_data([theta_1], [theta_2])
        self.gradient.set_data(*np.stack([start, ends[0]]).T)
        for line, point in zip((self.natural, self.step, self.best), ends[1:], strict=True):
            line.set_data(*point[:, None])
        self.truth.set_data(SHARES, gains[path])
        self.promise.set_data(SHARES, promises[path])
        self.kl.set_data(SHARES, kls[path])
        self.quadratic.set_data(SHARES, max_kl * SHARES**2)
        self.bound.set_data([0, 1.5], [max_kl, max_kl])
        self.accepted.set_data([accepted.fraction], [accepted.gain])
        self.kl_here.set_data([accepted.fraction], [accepted.kl])
        gradient_step, natural_step, trpo, highest = (
            f"KL {number(kl, 4)}, surrogate gain {number(promise, 4)}, true gain {number(gain, 4)}"
            for kl, promise, gain in zip(kls[:4], promises[:4], gains[:4], strict=True)
        )
        return (
            f"J at the start {number(model.objective, 4)}. Gradient step: {gradient_step}. "
            f"Natural step: {natural_step}. "
            f"TRPO: {trpo}, share {number(accepted.fraction, 3)} of the natural step. "
            f"Best in the ball: {highest}."
        )


@lru_cache(maxsize=16)
def local_steps(theta_1: float, theta_2: float, max_kl: float) -> tuple:
    """Gradient, natural step, what TRPO accepts, ball, ellipse, best in the ball."""
    model, start = forks_model(theta_1, theta_2), torch.tensor([theta_1, theta_2]).double()

    def surrogate_of(parameters):
        return model.surrogate_return(log_probs_of(parameters))

    def kl_of(parameters):
        return model.kl(log_probs_of(parameters))

    leaf = start.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(surrogate_of(leaf), leaf)
    product = fisher_operator(kl_of, start)
    fisher = torch.stack([product(axis) for axis in torch.eye(2, dtype=torch.float64)])
    natural = natural_step(fisher.matmul, gradient, max_kl=max_kl)
    accepted = line_search(surrogate_of, kl_of, start, natural, max_kl=max_kl)
    ball = ball_boundary(kl_of, start, max_kl=max_kl, num_points=NUM_POINTS)
    oval = ellipse_boundary(fisher, start, max_kl=max_kl, num_points=4 * NUM_POINTS)
    best = best_on_boundary(surrogate_of, kl_of, start, max_kl=max_kl, ball=ball)
    accepted = accepted._replace(parameters=accepted.parameters.numpy())
    return gradient.numpy(), natural.numpy(), accepted, _closed(ball), _closed(oval), best.numpy()


@lru_cache(maxsize=64)
def forks_model(theta_1: float, theta_2: float) -> LocalModel:
    """The exact local model at two logits."""
    policy = softmax_policy([[0.0, theta_1], [0.0, theta_2], [0.0, 0.0]])
    return local_model(MDP, policy, gamma=1.0)


def _closed(points: Tensor) -> np.ndarray:
    return torch.cat([points, points[:1]]).numpy().T
