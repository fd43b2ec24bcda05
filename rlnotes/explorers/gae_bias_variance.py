"""Which lambda? Exact bias and variance of the advantage, and of the gradient."""

from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.exact.gae_moments import gae_moments, gradient_moments
from rlnotes.exact.mdp import occupancy, policy_values, q_values
from rlnotes.exact.policy_gradients import policy_gradient, softmax_policy
from rlnotes.explorers.base import Explorer
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.scales import Scale
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    FURTHER,
    GREEN,
    GREY,
    VERMILION,
    house_style,
    label,
    new_figure,
)

LAMBDAS = np.linspace(0, 1, 101)  # every step of the slider is one of them
BATCH_SIZES = [4**k for k in range(7)]
PATTERNS = ("up and down", "the same everywhere", "too near to zero")


@lru_cache(maxsize=1)
def slippery_maze() -> tuple[FiniteMDP, np.ndarray]:
    """The 2x3 maze, in which a step slips one time in five, and a policy [S, A].

    The policy is a half-trained one: a softmax of the uniform policy's Q / 4.
    """
    mdp = Maze(picture=PICTURE_2X3, step_noise=0.2).mdp()
    uniform = np.full((mdp.num_states, mdp.num_actions), 1 / mdp.num_actions)
    values = policy_values(mdp, uniform, gamma=0.9)
    return mdp, softmax_policy(q_values(mdp, values, gamma=0.9) / 4)


def wrong_critic(
    mdp: FiniteMDP, policy: np.ndarray, *, gamma: float, critic_error: float, pattern: str
) -> np.ndarray:
    """[S] exact values plus an error whose size is this share of the values' size.

    Sizes are root mean squares over the non-terminal states.
    """
    values = policy_values(mdp, policy, gamma=gamma)
    live = ~mdp.terminal
    size = np.sqrt((values[live] ** 2).mean())
    shapes = {
        "up and down": size * np.where(np.arange(mdp.num_states) % 2 == 0, 1.0, -1.0),
        "the same everywhere": np.full(mdp.num_states, size),
        "too near to zero": -values,
    }
    return values + np.where(live, critic_error * shapes[pattern], 0.0)


@lru_cache(maxsize=64)
def relative_errors(*, gamma: float, critic_error: float, pattern: str) -> dict[str, tuple]:
    """(squared bias, variance of one estimate), [L] each, for advantage and gradient.

    Of the advantage: means over the pairs that the policy visits, as shares of the mean
    squared exact advantage. Of the gradient: shares of its squared length.
    """
    mdp, policy = slippery_maze()
    critic = wrong_critic(mdp, policy, gamma=gamma, critic_error=critic_error, pattern=pattern)
    moments = gae_moments(mdp, policy, critic, gamma=gamma, gae_lambda=LAMBDAS)
    gradient = gradient_moments(mdp, policy, moments, gamma=gamma)
    pairs = occupancy(mdp, policy, gamma=gamma)[:, None] * policy
    pairs = pairs / pairs.sum()
    size = (pairs * (moments.means - moments.biases)[0] ** 2).sum()
    length = (policy_gradient(mdp, np.log(policy), gamma=gamma) ** 2).sum()
    return {
        "advantage": (
            (pairs * moments.biases**2).sum(axis=(1, 2)) / size,
            (pairs * moments.variances).sum(axis=(1, 2)) / size,
        ),
        "gradient": (gradient.squared_biases / length, gradient.variances / length),
    }


class GAEBiasVariance(Explorer):
    """Left: a mean of B advantages of the same pair. Right: a gradient of B draws.

    In both the unit is the error of an estimate that always answers 0.
    """

    title = "Which lambda? Exact error in the slippery maze"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "gamma": slider(value=0.95, min=0.5, max=1, step=0.01, description="gamma"),
            "critic_error": slider(
                value=0.4, min=0, max=1, step=0.02, description="error of the critic (share of V)"
            ),
            "error_pattern": ipywidgets.Dropdown(
                options=list(PATTERNS), description="the critic errs"
            ),
            "batch_size": ipywidgets.SelectionSlider(
                options=BATCH_SIZES, value=256, description="batch size B"
            ),
            "gae_lambda": slider(value=0.95, min=0, max=1, step=0.01, description="gae_lambda"),
        }

    def build(self):
        figure, panels = new_figure(2, size=(9.6, 4.0))
        headings = ("Advantage, mean of B", "Gradient, from B draws")
        self.lines, self.zeros, self.scales, self.words = [], [], [], []
        for axes, heading in zip(panels, headings, strict=True):
            label(axes, heading=heading, x="gae_lambda", y="squared error (answering 0: 1)")
            axes.yaxis.labelpad = 44  # the numbers stand there
            axes.set(xlim=(-0.03, 1.03))
            self.scales.append(Scale(axes, below=0.03, above=0.22, zorder=15))
            (zero,) = axes.plot([], [], color=GREY, linewidth=1.4, zorder=9)
            self.zeros.append(zero)
            (bias,) = axes.plot([], [], ":", color=VERMILION, linewidth=2.4, zorder=11)
            (noise,) = axes.plot([], [], "--", color=FURTHER[0], linewidth=2.0, zorder=11)
            # Wide, pale and below: the part that makes up the sum stays in sight.
            (total,) = axes.plot([], [], color=BLUE, linewidth=8, alpha=0.35, zorder=10)
            (best,) = axes.plot([], [], "^", color=GREEN, markersize=11, zorder=14)
            (now,) = axes.plot([], [], **{**CURRENT, "zorder": 13})
            self.lines.append((bias, noise, total, best, now))
            self.words.append(Labels(axes, np.zeros((1, 2)), size=10.5, zorder=15))
        words = ["squared bias", "variance / B", "sum", "best lambda", "now", "always answering 0"]
        with house_style():
            keys = [*self.lines[0], self.zeros[0]]
            figure.legend(keys, words, loc="outside lower center", fontsize=9, ncols=6)
        changing = [line for lines in self.lines for line in lines]
        return figure, [*self.zeros, *changing, *self.scales, *self.words]

    def update(self, gamma, critic_error, error_pattern, batch_size, gae_lambda):
        errors = relative_errors(gamma=gamma, critic_error=critic_error, pattern=error_pattern)
        sentences = []
        for lines, zero, scale, words, (name, (bias, variance)) in zip(
            self.lines, self.zeros, self.scales, self.words, errors.items(), strict=True
        ):
            noise = variance / batch_size
            total = bias + noise
            best = int(total.argmin())
            now = round(100 * gae_lambda)
            at_now = [part[now] for part in (bias, noise, total)]
            for line, ys in zip(lines, (bias, noise, total), strict=False):
                line.set_data(LAMBDAS, ys)
            lines[3].set_data(LAMBDAS[[best]], total[[best]])
            lines[4].set_data([gae_lambda], at_now[2:])
            scale.set_top(total.max())
            inside = scale.top >= 1  # else the line would stand among the words
            zero.set_data([0, 1] * inside, [1, 1] * inside)
            price = at_now[2] / total[best]
            words.positions[0] = 0.5, 1.12 * scale.top
            words.set_texts(
                [
                    f"best lambda {number(LAMBDAS[best])}; at {number(gae_lambda)}: "
                    f"{number(price)} times its error"
                ]
            )
            sentences.append(
                f"{name.capitalize()} at lambda {gae_lambda:g}: squared bias {_short(at_now[0])}, "
                f"variance / B {_short(at_now[1])}, sum {_short(at_now[2])}; "
                f"best lambda {number(LAMBDAS[best])} with {_short(total[best])}, "
                f"lambda now has {number(price)} times its error; "
                f"squared bias at lambda 1 {_short(bias[-1])}."
            )
        return " ".join([*sentences, "Always answering 0 has the error 1."])


def _short(value: float) -> str:
    return f"{0.0 if value < 1e-12 else value:.3g}"
