"""Three estimators of a KL divergence, each as a value and as a gradient."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import ipywidgets
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from torch import Tensor

from rlnotes.exact.kl_estimators import (
    ESTIMATORS,
    expected_kl_gradient,
    forward_kl_gradient,
    kl_gradient,
    kl_moments,
    kl_shares,
)
from rlnotes.explorers.base import Explorer
from rlnotes.functional.kl import kl_divergence
from rlnotes.functional.sampling import truncated_log_probs
from rlnotes.plotting.bars import Bars
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    CURRENT,
    EXACT,
    FURTHER,
    INK,
    REFERENCE,
    WRONG,
    house_style,
    label,
    new_figure,
)

SYMBOLS = np.arange(8)
REF_PROBS = torch.tensor([0.24, 0.2, 0.16, 0.13, 0.1, 0.08, 0.05, 0.04], dtype=torch.float64)
REWARDS = torch.tensor([0.2, -0.5, 0.6, -1.0, 1.0, 0.4, -1.2, -0.8], dtype=torch.float64)
PLACES = {
    "value": "value",
    "in the reward": "reward",
    "in the loss": "loss",
    "in the loss, times the ratio": "loss times ratio",
}
SAMPLE_SIZES = [10, 30, 100, 300, 1000, 10000]
VALUE_LIMITS, SHARE_LIMITS = (-1.1, 2.5), (-0.5, 0.66)  # of what is drawn to scale
AGREE = 5e-4  # the three decimals that are printed


class KLLaboratory(Explorer):
    """Left: who is scored, who draws. Middle: the estimates. Right: their gradients."""

    title = "The KL laboratory"

    def make_controls(self):
        slider, drop_down = ipywidgets.FloatSlider, ipywidgets.Dropdown
        return {
            "place": drop_down(
                options=list(PLACES), value="in the loss", description="place of the estimate"
            ),
            "distance": slider(value=2, min=0, max=4, step=0.1, description="distance"),
            "temperature": slider(value=1, min=0.3, max=3, step=0.1, description="temperature"),
            "top_p": slider(value=1, min=0.3, max=1, step=0.05, description="top_p"),
            "num_samples": ipywidgets.SelectionSlider(
                options=SAMPLE_SIZES, value=100, description="samples n"
            ),
            "seed": ipywidgets.IntSlider(value=2, min=0, max=20, description="seed"),
        }

    def build(self):
        figure, (left, middle, right) = new_figure(
            3, size=(10.4, 4.0), width_ratios=[0.8, 0.85, 1.4]
        )
        label(left, heading="Who is scored, who draws", x="symbol", y="probability")
        left.set(xlim=(-0.6, 7.6), ylim=(0, 1.28), xticks=SYMBOLS, yticks=[0, 0.5, 1])
        label(middle, heading="Mean and spread", x="estimator", y="nats")
        middle.set(xlim=(-0.6, 2.6), ylim=(-1.2, 3.3), yticks=[-1, 0, 1, 2])
        middle.set_xticks(range(3), list(ESTIMATORS))
        label(
            right,
            heading="Mean gradient, or share in the value",
            x="symbol",
            y="nats per logit, or nats",
        )
        right.set(xlim=(-0.6, 7.6), ylim=(-0.55, 1.12), xticks=SYMBOLS, yticks=[-0.4, 0, 0.4])
        with house_style():
            words = "blue circles: policy, scored\nred crosses: sampler\ngrey: reference"
            left.text(0.03, 0.98, words, va="top", fontsize=9, transform=left.transAxes)
            words = "means and sd bands, cut at edges"
            middle.text(0.5, 0.87, words, ha="center", fontsize=9, transform=middle.transAxes)
        left.plot(SYMBOLS, REF_PROBS, **{**REFERENCE, "marker": "d"})
        (self.policy,) = left.plot([], [], **{**CURRENT, "markersize": 7, "zorder": 11})
        (self.sampler,) = left.plot([], [], **{**WRONG, "marker": "x", "zorder": 12})
        self.spreads = Bars(middle, range(3), width=0.8, edgecolor="none", zorder=10)
        self.bars = Bars(right, SYMBOLS, width=0.9, edgecolor=INK, zorder=10)
        (self.reverse,) = middle.plot([], [], **{**EXACT, "zorder": 10.6})
        self.forward = [
            axes.plot([], [], **{**REFERENCE, "linewidth": 2.0, "zorder": 10.8})[0]
            for axes in (middle, right)
        ]
        *self.means, self.sampled_means = marks(middle)
        *self.entries, self.sampled_entries = marks(right)
        self.numbers = Labels(middle, [(x, 3.1) for x in range(3)], size=9, zorder=15)
        rows = [(3.5, y) for y in (1.06, 0.97, 0.88, 0.79)]
        self.verdicts = Labels(right, rows, size=9, zorder=15)
        keys = [*self.entries, self.sampled_entries, self.bars, self.forward[1]]
        words = [*ESTIMATORS, "of n samples", "KL(pi || ref): line, bars", "KL(ref || pi)"]
        with house_style():
            figure.legend(keys, words, loc="outside lower center", fontsize=9, ncols=6)
        in_left = [self.policy, self.sampler]
        in_middle = [self.spreads, self.reverse, *self.means, self.sampled_means, self.numbers]
        in_right = [self.bars, *self.entries, self.sampled_entries, self.verdicts]
        return figure, [*in_left, *in_middle, *in_right, *self.forward]

    def update(self, place, distance, temperature, top_p, num_samples, seed):
        logits = policy_logits(distance)
        log_probs, ref_log_probs = logits.log_softmax(-1), REF_PROBS.log()
        sampler = truncated_log_probs(log_probs, temperature=temperature, top_p=top_p).exp()
        drawn = frequencies(sampler, num_samples=num_samples, seed=seed)
        divergences = [
            kl_divergence(*pair).item()
            for pair in ((log_probs, ref_log_probs), (ref_log_probs, log_probs))
        ]
        estimates = {name: Estimate.of(name, place, logits, sampler, drawn) for name in ESTIMATORS}
        exact = exact_entries(place, logits)
        for estimate in estimates.values():
            if place == "value":
                estimate.compare([estimate.mean], divergences)
            else:
                estimate.compare(estimate.entries, exact)

        self.policy.set_data(SYMBOLS, log_probs.exp().numpy())
        self.sampler.set_data(SYMBOLS, sampler.numpy())
        self.draw_values(divergences, estimates)
        self.draw_entries(place, exact, estimates)
        listed = " ".join(
            f"{name}: exact mean {number(one.mean, 3)}, sd {number(one.sd, 3)}, mean of the "
            f"samples {number(one.sampled_mean, 3)}; {statement(name, place, one.owner)}, off "
            f"KL(pi || ref) by {number(one.off[0], 3)}, off KL(ref || pi) by "
            f"{number(one.off[1], 3)}."
            for name, one in estimates.items()
        )
        return (
            f"KL(pi || ref) {number(divergences[0], 3)}, KL(ref || pi) "
            f"{number(divergences[1], 3)}. Of 8 symbols {int((sampler > 0).sum())} are drawn, "
            f"{who_draws(log_probs, sampler)}. {listed}"
        )

    def draw_values(self, divergences: list[float], estimates: dict) -> None:
        """The middle panel."""
        for line, height in zip((self.reverse, self.forward[0]), divergences, strict=True):
            line.set_data([-0.6, 2.6], [height] * 2)
        ends = [np.clip([e.mean - e.sd, e.mean + e.sd], *VALUE_LIMITS) for e in estimates.values()]
        self.spreads.set_ends(*np.transpose(ends))
        for x, (mark, one) in enumerate(zip(self.means, estimates.values(), strict=True)):
            mark.set_data([x - 0.12], np.clip([one.mean], *VALUE_LIMITS))
        sampled = [one.sampled_mean for one in estimates.values()]
        self.sampled_means.set_data(np.arange(3) + 0.16, np.clip(sampled, *VALUE_LIMITS))
        self.numbers.set_texts([f"sd {short(one.sd)}" for one in estimates.values()])

    def draw_entries(self, place: str, exact: list[np.ndarray], estimates: dict) -> None:
        """The right panel: 8 entries of two exact and of three estimated vectors."""
        reverse, forward = (np.clip(entries, *SHARE_LIMITS) for entries in exact)
        self.bars.set_ends(np.zeros(8), reverse)
        gap = np.full(8, np.nan)
        ends = np.stack([SYMBOLS - 0.45, SYMBOLS + 0.45, gap], axis=1).ravel()
        self.forward[1].set_data(ends, np.stack([forward, forward, gap], axis=1).ravel())
        at = np.stack([SYMBOLS + shift for shift in (-0.27, 0, 0.27)])
        for xs, mark, one in zip(at, self.entries, estimates.values(), strict=True):
            mark.set_data(xs, np.clip(one.entries, *SHARE_LIMITS))
        sampled = np.concatenate([one.sampled_entries for one in estimates.values()])
        self.sampled_entries.set_data(at.ravel(), np.clip(sampled, *SHARE_LIMITS))
        everything = [*exact, *(one.entries for one in estimates.values()), sampled]
        cut = any((np.clip(entries, *SHARE_LIMITS) != entries).any() for entries in everything)
        self.verdicts.set_texts(
            [statement(name, place, one.owner) for name, one in estimates.items()]
            + ["some marks are cut at the edges" if cut else ""]
        )


@dataclass
class Estimate:
    """One estimator under the sampler, and under the frequencies of the samples."""

    mean: float
    sd: float
    sampled_mean: float
    entries: np.ndarray  # [8] shares of the mean, or mean gradient
    sampled_entries: np.ndarray  # [8]
    off: tuple[float, ...] = ()  # largest difference from either divergence
    owner: str = ""

    @classmethod
    def of(
        cls, name: str, place: str, logits: Tensor, sampler: Tensor, drawn: Tensor
    ) -> "Estimate":
        """All numbers of the estimator of this name, in this place."""
        log_probs, ref_log_probs = logits.log_softmax(-1), REF_PROBS.log()
        mean, sd = kl_moments(log_probs, ref_log_probs, sampler, estimator=name)
        both = torch.stack([sampler, drawn])
        shares = kl_shares(log_probs, ref_log_probs, both, estimator=name)
        entries = shares
        if place != "value":
            where = {"estimator": name, "place": PLACES[place]}
            entries = expected_kl_gradient(logits, ref_log_probs, both, **where)
        return cls(mean, sd, shares[1].sum().item(), *entries.numpy())

    def compare(self, mine: Sequence, exact: Sequence) -> None:
        """Note how far this is from either divergence, and whose it is."""
        self.off = tuple(float(np.abs(np.subtract(mine, one)).max()) for one in exact)
        self.owner = "KL(pi || ref)" if self.off[0] < AGREE else "KL(ref || pi)"
        if min(self.off) >= AGREE:
            self.owner = "neither divergence"
        if np.abs(mine).max() < AGREE:
            self.owner = "zero"


def marks(axes: Axes) -> list[Line2D]:
    """A mark for each estimator, and dashes for what the samples give."""
    lines = []
    for color, marker in zip(FURTHER, "o^s", strict=True):
        edge = {"markeredgecolor": INK, "markeredgewidth": 0.7}
        lines += axes.plot([], [], marker, color=color, markersize=6, zorder=13, **edge)
    dash = {"color": INK, "markersize": 8, "markeredgewidth": 1.6}
    return lines + axes.plot([], [], "_", zorder=12, **dash)


def statement(name: str, place: str, owner: str) -> str:
    """Whose mean or whose gradient it is, in words."""
    if place == "value":
        return f"the mean of {name} is {owner}"
    return f"the gradient of {name} is {'zero' if owner == 'zero' else f'that of {owner}'}"


def short(value: float) -> str:
    """Two decimals, or three digits of a large number."""
    return number(value) if value < 10 else f"{value:.3g}"


def policy_logits(distance: float) -> Tensor:
    """[8] logits of the policy: the reference, tilted towards the rewards."""
    return REF_PROBS.log() + distance * REWARDS


@lru_cache(maxsize=32)
def uniforms(seed: int) -> np.ndarray:
    """[10000] the same numbers at every setting, so that only the setting shows."""
    return np.random.default_rng(seed).random(SAMPLE_SIZES[-1])


def frequencies(sampler: Tensor, *, num_samples: int, seed: int) -> Tensor:
    """[8] share of each symbol among the samples."""
    sums = np.cumsum(sampler.numpy())
    picks = uniforms(seed)[:num_samples] * (sums[-1] * (1 - 1e-12))
    drawn = np.searchsorted(sums, picks)
    return torch.tensor(np.bincount(drawn, minlength=8) / num_samples)


def exact_entries(place: str, logits: Tensor) -> list[np.ndarray]:
    """[8] of KL(pi || ref) and of KL(ref || pi): shares of symbols, or gradients."""
    log_probs, ref_log_probs = logits.log_softmax(-1), REF_PROBS.log()
    if place == "value":
        both = (log_probs, ref_log_probs), (ref_log_probs, log_probs)
        shares = [kl_shares(p, q, p.exp(), estimator="k1") for p, q in both]
        return [share.numpy() for share in shares]
    gradients = kl_gradient(logits, ref_log_probs), forward_kl_gradient(logits, ref_log_probs)
    return [gradient.numpy() for gradient in gradients]


def who_draws(log_probs: Tensor, sampler: Tensor) -> str:
    """Whether the samples are the policy's."""
    same = (log_probs.exp() - sampler).abs().max() < AGREE
    return "by the policy itself" if same else "not by the policy that is scored"
