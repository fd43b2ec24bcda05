"""The price of KL: what is reachable at most, and where trained policies stand."""

from functools import lru_cache

import ipywidgets
import numpy as np
import torch
from matplotlib.axes import Axes

from rlnotes.data.help_desk import PROMPTS, reply_text
from rlnotes.exact.frontier import RewardMasses, frontier, reward_masses
from rlnotes.exact.language import gibbs_optimum
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    ESTIMATE,
    EXACT,
    FURTHER,
    GREY,
    INK,
    REFERENCE,
    SHADE,
    label,
    new_figure,
)
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.recordings import load
from rlnotes.training.replies import all_replies, gold_table

ALGORITHMS = {"PPO": "ppo", "RLOO": "rloo"}
SHOWN = 6  # replies in the right panel
LARGEST_KL, REWARDS = 6.0, (0.6, 4.4)


class RewardKLPlane(Explorer):
    """One point for each price beta; everything but the squares is exact."""

    title = "RLHF on the reward-KL plane of the help desk"

    def make_controls(self):
        betas = np.round(np.geomspace(0.05, 10, 47), 3).tolist()
        nearest = min(betas, key=lambda value: abs(np.log(value / 0.5)))
        betas[betas.index(nearest)] = 0.5
        return {
            "beta": ipywidgets.SelectionSlider(
                options=betas, value=0.5, description="beta (reward per nat)"
            ),
            "algorithm": ipywidgets.Dropdown(
                options=list(ALGORITHMS), value="PPO", description="trained by"
            ),
            "progress": ipywidgets.IntSlider(
                value=100, min=0, max=100, step=10, description="progress of the runs (%)"
            ),
            "prompt": ipywidgets.Dropdown(
                options=list(PROMPTS), value="angry refund", description="prompt"
            ),
        }

    def build(self):
        figure, (plane, replies) = new_figure(2, size=(10.6, 4.0), width_ratios=[1.15, 1.0])
        label(
            plane,
            heading="No policy gets above the black line",
            x="KL to the reference (nats per reply)",
            y="expected gold reward",
        )
        plane.set(xlim=(-0.15, LARGEST_KL), ylim=REWARDS)
        draw_frontier(plane)
        start = start_reward()
        plane.annotate("reference", (0, start), (0.2, start - 0.12), color=GREY, va="top")
        plane.text(0.4, 4.12, "out of reach", color=GREY)
        (self.line,) = plane.plot([], [], **{**REFERENCE, "color": FURTHER[0], "zorder": 10})
        trained = {**ESTIMATE, "linestyle": "", "markersize": 6, "zorder": 12}
        (self.trained,) = plane.plot([], [], **trained, markeredgecolor="white")
        (self.here,) = plane.plot([], [], **{**CURRENT, "zorder": 13, "linestyle": ""})
        plane.text(
            0.98,
            0.03,
            "circle: best policy at this price\norange dashed: same reward - beta KL\n"
            "squares: trained, 5 seeds at each of\nbeta 1, 0.5, 0.25, 0.1",
            transform=plane.transAxes,
            ha="right",
            va="bottom",
            fontsize=9.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
        label(
            replies,
            heading="What the best policy says",
            x="probability of a reply",
            y="",
        )
        replies.set(xlim=(0, 1), ylim=(SHOWN - 0.4, -0.6), yticks=[])
        self.bars = replies.barh(range(SHOWN), [0] * SHOWN, height=0.62, color=BLUE, zorder=10)
        (self.ref_marks,) = replies.plot([], [], "|", color=INK, ms=13, mew=2, zorder=12)
        self.names = [
            replies.text(0, row, "", va="center", fontsize=9.5, zorder=13) for row in range(SHOWN)
        ]
        replies.text(
            0.98,
            0.03,
            "bars: best policy\nblack marks: reference",
            transform=replies.transAxes,
            ha="right",
            va="bottom",
            fontsize=9,
        )
        artists = [self.line, self.trained, self.here, self.ref_marks]
        return figure, [*artists, *self.bars, *self.names]

    def update(self, beta, algorithm, progress, prompt):
        reward, kl = (
            float(number)
            for number in frontier(masses(), torch.tensor([beta], dtype=torch.float64))
        )
        value = reward - beta * kl
        ends = np.array([0.0, LARGEST_KL])
        self.line.set_data(ends, value + beta * ends)
        self.here.set_data([kl], [reward])
        points = recorded(ALGORITHMS[algorithm], progress)
        self.trained.set_data([p["kl"] for p in points], [p["reward"] for p in points])
        number = PROMPTS.index(prompt)
        ref = reference_log_probs()[number]
        best = gibbs_optimum(ref, gold_table()[number], beta=beta)
        top = best.topk(SHOWN)
        probs, ref_probs = top.values.exp().tolist(), ref[top.indices].exp().tolist()
        texts = [reply_text(all_replies()[index]) for index in top.indices]
        rows = zip(self.bars, self.names, probs, ref_probs, texts, strict=True)
        for bar, name, prob, ref_prob, text in rows:
            inside = prob > 0.5
            bar.set_width(prob)
            name.set(text=text, color="white" if inside else INK)
            name.set_x(ref_prob + 0.02 if inside else max(prob, ref_prob) + 0.02)
        self.ref_marks.set_data(ref_probs, range(SHOWN))
        gaps = [best_gap(p["kl"], p["reward"]) for p in points]
        listed = ", ".join(
            f"{text} {prob:.3f}" for text, prob in zip(texts[:3], probs, strict=False)
        )
        return (
            f"Best policy at this price: reward {reward:.3f}, KL {kl:.3f} nats, reward - beta KL "
            f"= beta log Z = {value:.3f}. Reference: reward {start_reward():.3f}, KL 0. "
            f"{algorithm} after {progress}% of its updates, 20 runs: reward "
            f"{min(p['reward'] for p in points):.3f} to {max(p['reward'] for p in points):.3f}, "
            f"below the line by {min(gaps):.3f} to {max(gaps):.3f}. "
            f"To {prompt!r} the best policy says: {listed}."
        )


def draw_frontier(plane: Axes) -> None:
    """The exact frontier, what it excludes, and the reference, within set limits."""
    largest_kl, highest = plane.get_xlim()[1], plane.get_ylim()[1]
    points = frontier(masses(), torch.logspace(-1.9, 2.5, 240))
    rewards, kls = (numbers.numpy() for numbers in points)
    # Beyond its last point the line stays at the best reply to each prompt.
    line = np.append(largest_kl, kls), np.append(rewards[0], rewards)
    plane.fill_between(*line, highest, color=SHADE, zorder=1)
    plane.plot(*line, **EXACT)
    plane.plot([0], [rewards[-1]], "D", color=GREY, ms=8, zorder=6)


@lru_cache(maxsize=1)
def masses() -> RewardMasses:
    """How the reference's probability is spread over the gold rewards."""
    return reward_masses(reference_log_probs(), gold_table())


@lru_cache(maxsize=1)
def start_reward() -> float:
    """Expected gold reward of the reference."""
    return float((masses().log_masses.exp() @ masses().rewards).mean())


def best_gap(kl: float, reward: float) -> float:
    """How far a policy lies below the frontier, at its own KL."""
    return float(np.interp(kl, *_best_rewards())) - reward


@lru_cache(maxsize=1)
def _best_rewards() -> tuple[np.ndarray, np.ndarray]:
    """KL and reward along the frontier: between two neighbours straight to 1e-5."""
    rewards, kls = frontier(masses(), torch.logspace(4, -3, 2000, dtype=torch.float64))
    return np.append(0.0, kls), np.append(start_reward(), rewards)


@lru_cache(maxsize=32)
def recorded(algorithm: str, progress: int) -> list[dict]:
    """Policies of all prices and seeds after this share (%) of their updates."""
    rows = [row for row in load("rlhf_policies") if row["algorithm"] == algorithm]
    last = max(row["update"] for row in rows)
    updates = sorted({row["update"] for row in rows})
    nearest = min(updates, key=lambda update: abs(update - progress / 100 * last))
    return [row for row in rows if row["update"] == nearest]
