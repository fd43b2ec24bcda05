"""From REINFORCE to PPO, rung by rung: the exact estimate, and recorded CartPole."""

from functools import lru_cache

import ipywidgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch

from rlnotes.envs.small_tasks import balancing
from rlnotes.exact.lineage import RUNGS, Ladder, ladder
from rlnotes.exact.policy_gradients import policy_gradient
from rlnotes.exact.trajectories import enumerate_trajectories
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.bars import bar_path
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, ESTIMATE, GREY, INK, SHADE, house_style, label, new_figure
from rlnotes.training.lineage import Config
from rlnotes.training.lineage_runs import Runs, all_runs, gain, runs_of

ROWS = np.arange(len(RUNGS))
STRIDE = 0.15  # length of a step on a batch, nats
RATES = (Config.learning_rate, 0.003)


@lru_cache(maxsize=1)
def world():
    """The small world and all its episodes."""
    mdp = balancing()
    return mdp, enumerate_trajectories(mdp, max_steps=6)


@lru_cache(maxsize=512)
def small_ladder(passes: int, learned: float, gae_lambda: float) -> Ladder:
    """The exact moments after some steps on a batch that an even policy played.

    Each step goes along the exact gradient of the even policy and is `STRIDE` long, so
    that no batch is fitted: ratios alone are at work.
    """
    mdp, episodes = world()
    even = np.zeros((mdp.num_states, mdp.num_actions))
    slope = policy_gradient(mdp, even, gamma=1.0)
    logits = even + passes * STRIDE * slope / np.linalg.norm(slope)
    return ladder(
        mdp,
        episodes,
        logits,
        even,
        learned=learned,
        gae_lambda=gae_lambda,
        clip_epsilon=Config.clip_epsilon,
    )


class Lineage(Explorer):
    """Left: mean of the estimate. Middle: its noise. Right: recorded learning."""

    title = "From REINFORCE to PPO, one ingredient at a time"

    def make_controls(self):
        last = len(RUNGS) - 1
        return {
            "rung": ipywidgets.SelectionSlider(
                options=list(RUNGS), value=RUNGS[last], description="rung"
            ),
            "learned": ipywidgets.FloatSlider(
                value=0.8, min=0, max=1, step=0.05, description="share of V learned"
            ),
            "gae_lambda": ipywidgets.FloatSlider(
                value=0.95, min=0, max=1, step=0.05, description="gae_lambda"
            ),
            "passes": ipywidgets.IntSlider(
                value=4, min=0, max=8, description="steps on the batch before"
            ),
            "learning_rate": ipywidgets.Dropdown(
                options=list(RATES), description="CartPole: learning_rate"
            ),
        }

    def build(self):
        figure, (left, middle, right) = new_figure(3, size=(11.0, 4.2), width_ratios=[1, 0.8, 1.3])
        label(left, heading="Mean (small world)", x="share of the exact gradient", y="")
        label(middle, heading="Noise of one episode", x="sigma / length of it", y="")
        label(right, heading="CartPole, 20 seeds", x="thousand steps", y="mean return, reward")
        with house_style():
            left.set(xlim=(-2.9, 2.3), xticks=[-2, -1, 0, 1], yticks=ROWS, yticklabels=RUNGS)
            middle.set(xlim=(0, 24), xticks=[0, 5, 10, 15], yticks=ROWS, yticklabels=[])
            for axes in (left, middle):
                axes.set_ylim(len(ROWS) - 0.4, -0.6)
            left.axvline(0, color=GREY, linewidth=1)
            left.axvline(1, color=INK, linewidth=2.2)
            right.set(xlim=(0, 33.5), ylim=(0, 620), yticks=[0, 100, 200, 300, 400, 500])
        self.shares, self.noise = _bars(left, 0.5), _bars(middle, 0.5)
        self.share_texts = Labels(left, [(1.7, row) for row in ROWS], size=10, zorder=13)
        self.noise_texts = Labels(middle, [(20.5, row) for row in ROWS], size=10, zorder=13)
        self.before = [
            right.plot([], [], "--", color=GREY, linewidth=1.2, zorder=10)[0] for _ in ROWS[1:]
        ]
        self.band = right.fill_between([0, 1], 0, 1, color=SHADE, zorder=9)
        (self.curve,) = right.plot([], [], **{**ESTIMATE, "zorder": 12})
        self.note = right.text(0.02, 0.99, "", transform=right.transAxes, fontsize=9, va="top")
        artists = [self.shares, self.noise, self.share_texts, self.noise_texts]
        return figure, [*artists, self.band, *self.before, self.curve, self.note]

    def update(self, rung, learned, gae_lambda, passes, learning_rate):
        k = RUNGS.index(rung)
        moments = small_ladder(passes, learned, gae_lambda)
        self._show_moments(moments, k)
        rate = learning_rate if (learning_rate, k) in all_runs() else Config.learning_rate
        missing = "" if rate == learning_rate else f"; {learning_rate:g} was not recorded here"
        self._show_runs(k, rate)
        self.note.set_text(
            f"blue: {rung}, band: 2 standard errors\n"
            f"grey: rungs below, as far as recorded\nlearning_rate {rate:g}{missing}"
        )
        runs = runs_of(k, learning_rate=rate)
        mean, error = mean_and_error(runs)
        return (
            f"Small world after {passes} steps on the batch: {listed(moments, k)}. "
            f"CartPole at learning_rate {rate:g}{missing}, mean of {len(runs.returns)} seeds: "
            f"{number(runs.returns.mean(), 0)} over the run, "
            f"{number(mean[-1], 0)} (standard error {number(error[-1], 0)}) at the end. "
            f"{against_below(k, rate)}"
        )

    def _show_runs(self, rung: int, rate: float) -> None:
        runs = runs_of(rung, learning_rate=rate)
        mean, error = mean_and_error(runs)
        at = runs.steps / 1000
        self.band.set_data(at, mean - 2 * error, mean + 2 * error)
        self.curve.set_data(at, mean)
        for other, line in enumerate(self.before):
            below = all_runs().get((rate, other)) if other < rung else None
            line.set_data([], []) if below is None else line.set_data(
                at, below.returns.mean(axis=0)
            )

    def _show_moments(self, moments: Ladder, rung: int) -> None:
        rows = ROWS[: rung + 1]
        for patch, texts, values in (
            (self.shares, self.share_texts, moments.shares),
            (self.noise, self.noise_texts, moments.noise),
        ):
            patch.set_path(bar_path(np.zeros(len(rows)), values[rows], rows, thickness=0.5))
            texts.set_texts([number(v) if r <= rung else "" for r, v in enumerate(values)])


def listed(moments: Ladder, rung: int) -> str:
    """Share and noise of a rung and of those below it."""
    return "; ".join(
        f"{RUNGS[k]}: share {number(moments.shares[k], 3)}, noise {number(moments.noise[k], 2)}"
        for k in range(rung + 1)
    )


def mean_and_error(runs: Runs) -> tuple[np.ndarray, np.ndarray]:
    """[G] mean over the seeds, and its standard error."""
    return runs.returns.mean(axis=0), runs.returns.std(axis=0, ddof=1) / len(runs.returns) ** 0.5


def against_below(rung: int, rate: float) -> str:
    """The gain over the rung below, if both were recorded at this rate."""
    if (rate, rung - 1) not in all_runs():
        return "Nothing below it at this rate."
    over = gain(rung, rung - 1, learning_rate=rate, other_rate=rate)
    return (
        f"Gain over the rung below {number(over.mean, 0)} "
        f"(standard error {number(over.error, 0)}), more in {over.ahead} seeds."
    )


def _bars(axes: Axes, alpha: float) -> PathPatch:
    path = bar_path([0.0], [0.0], [0.0], thickness=0.5)
    patch = PathPatch(path, facecolor=BLUE, alpha=alpha, linewidth=0, zorder=10)
    axes.add_artist(patch)
    return patch
