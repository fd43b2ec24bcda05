"""A two-arm coin: a baseline changes the variance of the gradient, not its mean."""

from copy import copy

import ipywidgets
import numpy as np

from rlnotes.exact.gradient_estimators import best_baseline
from rlnotes.exact.policy_gradients import softmax_policy
from rlnotes.exact.trajectories import entry_variances, estimator_moments
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.scales import Scale
from rlnotes.plotting.style import (
    CURRENT,
    ESTIMATE,
    EXACT,
    FURTHER,
    GREEN,
    REFERENCE,
    SHADE,
    label,
    new_figure,
)

BASELINES = np.linspace(-1, 1.5, 51)
SIDE = 1.0  # the largest gradient that is drawn to scale
KEY_ROWS = (0.95, 0.88, 0.81)  # of the height of the left panel
MAX_EPISODES = 200
VARIANCE_UNIT = "variance, reward$^2$ per nat$^2$"
CAPTION = "line: exact mean; squares: m draws\ngrey: \N{PLUS-MINUS SIGN} 2 sigma / sqrt(m)"


class BaselineVariance(Explorer):
    """Exact mean and variance of the one-draw gradient for every baseline b."""

    title = "A baseline on a two-arm coin"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "baseline": slider(value=0.0, min=-1, max=1.5, step=0.05, description="baseline b"),
            "prob": slider(value=0.5, min=0.05, max=0.95, step=0.05, description="prob of arm 1"),
            "reward_1": slider(value=1.0, min=-1, max=1, step=0.1, description="reward of arm 1"),
            "reward_0": slider(value=0.0, min=-1, max=1, step=0.1, description="reward of arm 0"),
            "num_episodes": ipywidgets.IntSlider(
                value=20, min=1, max=MAX_EPISODES, description="draws m"
            ),
            "seed": ipywidgets.IntSlider(value=10, min=0, max=20, description="seed"),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        label(
            left,
            heading="Variance of one draw: a parabola",
            x="baseline b, reward",
            y=VARIANCE_UNIT,
        )
        left.set(xlim=(-1.05, 1.55))
        left.yaxis.labelpad = 40  # the numbers stand there
        self.scale = Scale(left, below=0.1, above=0.5, zorder=16)
        label(
            right,
            heading="Mean gradient of m draws",
            x="baseline b, reward",
            y="gradient, reward per nat",
        )
        right.set(xlim=(-1.05, 1.55), ylim=(-SIDE - 0.35, SIDE + 0.05))
        (self.parabola,) = left.plot([], [], **{**EXACT, "zorder": 11})
        (self.now,) = left.plot([], [], **{**CURRENT, "zorder": 14})
        (self.best,) = left.plot([], [], "^", color=GREEN, markersize=9, zorder=13)
        (self.value,) = left.plot(  # hollow and larger, to be seen around the others
            [], [], "D", mfc="none", mec=FURTHER[0], mew=2, markersize=14, zorder=15
        )
        for height, line in zip(KEY_ROWS, (self.now, self.best, self.value), strict=True):
            key = copy(line)  # beside the numbers of the same point
            key.set(data=([0.06], [height]), transform=left.transAxes, markersize=8, zorder=16)
            left.add_artist(key)
        self.numbers = Labels(left, np.zeros((3, 2)), size=9.5, zorder=16, shift=0)
        self.band = right.fill_between(BASELINES, 0, 1, color=SHADE, zorder=10)
        (self.exact,) = right.plot([], [], **{**EXACT, "zorder": 12})
        (self.samples,) = right.plot([], [], **{**ESTIMATE, "zorder": 13, "markevery": 5})
        (self.sample_now,) = right.plot([], [], **{**CURRENT, "zorder": 14})
        (self.here,) = right.plot([], [], **{**REFERENCE, "zorder": 11})
        caption = right.text(
            0.02,
            0.03,
            CAPTION,
            transform=right.transAxes,
            fontsize=9,
            zorder=15,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )
        self.beyond = Labels(right, [(0, 0)], size=9, zorder=16)
        lines = [self.parabola, self.now, self.best, self.value, self.exact]
        sampled = [self.samples, self.sample_now, self.here, self.band]
        return figure, [*lines, *sampled, caption, self.beyond, self.scale, self.numbers]

    def update(self, baseline, prob, reward_1, reward_0, num_episodes, seed):
        rewards, probs = np.array([reward_0, reward_1]), np.array([1 - prob, prob])
        scores = coin_scores(prob)
        mean, variance = estimator_moments(probs, scores * (rewards - baseline))
        curve = entry_variances(probs, scores[:, None] * (rewards[:, None] - BASELINES))
        best = best_baseline(probs, scores, rewards)
        value = float(probs @ rewards)
        by_value = estimator_moments(probs, scores * (rewards - value))[1]
        best_variance = estimator_moments(probs, scores * (rewards - best))[1]
        draws = np.random.default_rng(seed).random(MAX_EPISODES)[:num_episodes] < prob
        counts = np.array([(~draws).sum(), draws.sum()]) / num_episodes
        sampled = counts @ (scores[:, None] * (rewards[:, None] - BASELINES))
        sample_now = float(counts @ (scores * (rewards - baseline)))
        half_width = 2 * np.sqrt(curve) / np.sqrt(num_episodes)

        self.parabola.set_data(BASELINES, curve)
        self.now.set_data([baseline], [variance])
        self.best.set_data([best], [best_variance])
        self.value.set_data([value], [by_value])
        low, high = np.clip([mean - half_width, mean + half_width], -SIDE, SIDE)
        self.band.set_data(BASELINES, low, high)
        self.exact.set_data([-1.05, 1.55], [mean, mean])
        self.samples.set_data(BASELINES, np.where(abs(sampled) > SIDE, np.nan, sampled))
        self.sample_now.set_data([baseline], [np.clip(sample_now, -SIDE, SIDE)])
        self.here.set_data([baseline, baseline], [-2, 2])
        self.scale.set_top(curve.max())
        self.numbers.positions[:, 0] = -0.8  # right of their markers
        self.numbers.positions[:, 1] = [self.scale.height(share) for share in KEY_ROWS]
        self.numbers.set_texts(
            [
                f"b now, {number(baseline)}: variance {number(variance, 4)}",
                f"best b, {number(best)}: variance {number(best_variance, 4)}",
                f"b = V, mean reward {number(value)}: variance {number(by_value, 4)}",
            ]
        )
        middle = np.clip(baseline, -0.6, 1.1)  # so that the text is not cut
        self.beyond.positions[0] = middle, np.sign(sample_now) * (SIDE - 0.12)
        self.beyond.set_texts([_beyond(sample_now, SIDE)])
        return (
            f"Exact mean gradient {number(mean, 4)}, whatever b is. Variance of one draw "
            f"{number(variance, 4)} at this b, {number(best_variance, 4)} at the best "
            f"b = {number(best, 3)}, {number(by_value, 4)} at b = V = {number(value, 3)}. "
            f"Mean of {num_episodes} draws {number(sample_now, 4)}. If drawn, arm 1 is "
            f"{_pushed(reward_1 - baseline)} and arm 0 is {_pushed(reward_0 - baseline)}."
        )


def coin_scores(prob: float) -> np.ndarray:
    """[2] slope of log pi(arm) in the logit of arm 1, for arm 0 and arm 1."""
    _, prob_1 = softmax_policy([0.0, np.log(prob / (1 - prob))])
    return np.array([0.0, 1.0]) - prob_1


def _beyond(value: float, limit: float) -> str:
    return f"off scale: {number(value)}" if abs(value) > limit else ""


def _pushed(weight: float) -> str:
    if abs(weight) < 1e-9:
        return "left alone"
    return "pushed up" if weight > 0 else "pushed down"
