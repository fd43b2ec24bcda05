"""REINFORCE on a hill that is known exactly: one logit, two summits, noisy steps."""

import ipywidgets
import numpy as np

from rlnotes.exact.trajectories import estimator_moments
from rlnotes.explorers.base import Explorer
from rlnotes.explorers.corridor_climbs import (
    FAR,
    MAX_EPISODES,
    NUM_CLOUD,
    NUM_SEEDS,
    NUM_UPDATES,
    ascend,
    ascend_exactly,
    cloud_noise,
    corridor_objectives,
    draw,
    one_episode_gradients,
    path_noise,
)
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    ESTIMATE,
    EXACT,
    INK,
    SHADE,
    label,
    new_figure,
)

LIMIT = 4.0  # of theta in the picture
THETAS = np.linspace(-LIMIT, LIMIT, 81)
HILL = corridor_objectives(THETAS)
VALLEY = float(THETAS[HILL.argmin()])
TICKS = 3.45  # height of the row of ends, under the hill
EDGES = np.linspace(-20, 20, 41)


class GradientHill(Explorer):
    """A climb by sampled gradients beside the exact one, and the cloud of gradients."""

    title = "REINFORCE on the exact hill of a corridor with two goals"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "theta": slider(value=-0.6, min=-3, max=3, step=0.1, description="start theta"),
            "learning_rate": slider(value=0.2, min=0, max=4, step=0.05, description="alpha"),
            "num_episodes": ipywidgets.IntSlider(
                value=8, min=1, max=MAX_EPISODES, description="episodes m per update"
            ),
            "seed": ipywidgets.IntSlider(
                value=0, min=0, max=NUM_SEEDS - 1, description="seed of the run"
            ),
        }

    def build(self):
        figure, (left, right) = new_figure(2, width_ratios=[1.25, 1])
        label(
            left,
            heading="J: two summits and a valley",
            x="theta (logit of going right)",
            y="J, discounted reward",
        )
        left.set(xlim=(-LIMIT - 0.1, LIMIT + 0.1), ylim=(2.8, 8.8), yticks=np.arange(4, 9))
        left.plot(THETAS, HILL, **EXACT)
        label(
            right,
            heading="Cloud of gradients at the start",
            x="gradient, reward per nat",
            y="share",
        )
        right.set(xlim=(EDGES[0], EDGES[-1]), ylim=(0, 1))
        (self.jumps,) = left.plot([], [], **{**ESTIMATE, "linestyle": ":", "zorder": 11})
        (self.start,) = left.plot([], [], "o", mfc="white", mec=BLUE, mew=2, ms=10, zorder=12)
        (self.exact_end,) = left.plot([], [], "D", color=INK, ms=12, clip_on=False, zorder=13)
        (self.end,) = left.plot(
            [], [], **{**CURRENT, "linestyle": "", "clip_on": False, "zorder": 14}
        )
        (self.ends,) = left.plot([], [], "|", color=BLUE, ms=12, mew=1.5, zorder=12)
        for line in (self.end, self.exact_end):
            line.set_in_layout(False)
        self.counts = Labels(left, [(-2.1, 3.02), (2.1, 3.02)], size=9, zorder=15)
        self.spread = right.axvspan(0, 1, ymax=0.85, color=SHADE, zorder=10)
        self.cloud = right.stairs(
            np.zeros(len(EDGES) - 1), EDGES, fill=True, color=BLUE, alpha=0.7, zorder=11
        )
        self.exact = right.axvline(0, ymax=0.85, **{**EXACT, "zorder": 12})
        words = {"va": "top", "fontsize": 9}
        left.text(
            0.02,
            0.98,
            "ring: start; blue: one run\nblack: end of the exact climb\nticks: ends of 21 seeds",
            transform=left.transAxes,
            **words,
        )
        left.text(
            0.98,
            0.98,
            "15 updates; gamma 0.95,\nat most 12 steps",
            ha="right",
            transform=left.transAxes,
            **words,
        )
        right.text(
            0.98,
            0.97,
            "line: exact gradient\ngrey: \N{PLUS-MINUS SIGN} sigma / sqrt(m)",
            ha="right",
            transform=right.transAxes,
            **words,
        )
        on_the_hill = [self.jumps, self.start, self.end, self.exact_end, self.ends, self.counts]
        return figure, [*on_the_hill, self.spread, self.cloud, self.exact]

    def update(self, theta, learning_rate, num_episodes, seed):
        noise = path_noise()[:, :, :num_episodes]
        paths = ascend(theta, noise, learning_rate=learning_rate)
        path, ends = paths[seed], paths[:, -1]
        exact_end = ascend_exactly(theta, learning_rate=learning_rate)
        probs, gradients = one_episode_gradients(theta)
        mean, variance = estimator_moments(probs, gradients)
        sigma = np.sqrt(variance / num_episodes)
        drawn = draw(probs[None], cloud_noise(seed)[:, :num_episodes].reshape(1, -1))
        cloud = gradients[drawn].reshape(NUM_CLOUD, num_episodes).mean(axis=1)
        shares = np.histogram(np.clip(cloud, *EDGES[[0, -1]]), EDGES)[0] / NUM_CLOUD

        self.jumps.set_data(path, np.interp(path, THETAS, HILL))
        self.start.set_data(path[:1], np.interp(path[:1], THETAS, HILL))
        for line, end, inside in ((self.end, path[-1], "o"), (self.exact_end, exact_end, "D")):
            line.set_marker(inside if abs(end) <= LIMIT else "<>"[int(end > 0)])
            place = np.clip([end], -LIMIT, LIMIT)
            line.set_data(place, np.interp(place, THETAS, HILL))
        self.ends.set_data(np.clip(ends, -LIMIT, LIMIT), np.full(NUM_SEEDS, TICKS))
        sides = [_count(ends[ends < VALLEY], "left"), _count(ends[ends >= VALLEY], "right")]
        self.counts.set_texts(sides)
        self.cloud.set_data(shares)
        self.spread.set(x=mean - sigma, width=2 * sigma)
        self.exact.set_xdata([mean, mean])
        heights = corridor_objectives(np.array([theta, path[-1], exact_end, -FAR, FAR, *ends]))
        at_start, at_end, by_exact, left, right, *of_seeds = heights
        return (
            f"Exact gradient at the start {number(mean, 4)}; sigma of one episode "
            f"{number(np.sqrt(variance), 3)}, of the mean of m {number(sigma, 3)}. "
            f"J at the start {number(at_start, 3)}; after {NUM_UPDATES} "
            f"updates theta {number(path[-1], 2)} and J {number(at_end, 3)}, "
            f"by exact gradients theta {number(exact_end, 2)} and J {number(by_exact, 3)}. "
            f"Of {NUM_SEEDS} seeds, by the side of the valley: {'; '.join(sides)}; "
            f"mean J {number(np.mean(of_seeds), 3)}. Always left: "
            f"J {number(left, 3)}, always right: {number(right, 3)}."
        )


def _count(ends: np.ndarray, side: str) -> str:
    far = int((abs(ends) > LIMIT).sum())
    return f"{len(ends)} end {side}" + (f", {far} of them outside" if far else "")
