"""An expectation under P from samples of Q: what weights repair, and their price."""

from typing import ClassVar

import ipywidgets
import numpy as np
from matplotlib.axes import Axes

from rlnotes.exact.importance_sampling import (
    effective_sample_size,
    importance_weights,
    missed_mass,
    reweighted_moments,
    reweighting_cost,
    sequence_second_moment,
    weight_second_moment,
)
from rlnotes.exact.policy_gradients import softmax_policy
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    ESTIMATE,
    EXACT,
    FURTHER,
    INK,
    REFERENCE,
    SHADE,
    WRONG,
    label,
    new_figure,
)

OUTCOMES = np.arange(9)
HOLES = {"none": None, "x = 4": 4, "x = 6": 6}
MAX_SAMPLES, MAX_LENGTH = 400, 40
STEPS = np.arange(1, MAX_LENGTH + 1)
TOP = 1e8  # of the second moments that are drawn to scale
LOW, HIGH = 0.0, 9.0  # of the estimates


def bell(centre: float, width: float) -> np.ndarray:
    """[9] probabilities that fall off like a bell around the centre."""
    return softmax_policy(-((OUTCOMES - centre) ** 2) / (2 * width**2))


TARGET = bell(5.0, 1.5)


class ImportanceWeights(Explorer):
    """Left: P and Q. Middle: estimates over n samples. Right: sequences of T steps."""

    title = "Importance weights: the mean of x under P from samples of Q"
    in_page: ClassVar = {
        "q_centre": (2.0, 3.0, 4.0, 5.5, 7.0),
        "q_width": (1.0, 2.0, 4.0),
        "hole": tuple(HOLES),
        "num_samples": (10, 50, 100, 400),
        "length": (1, 5, 10, 20, 40),
        "seed": (1, 6, 15),
    }

    def make_controls(self):
        slider, whole = ipywidgets.FloatSlider, ipywidgets.IntSlider
        return {
            "q_centre": slider(value=4.0, min=2, max=7, step=0.5, description="centre of Q"),
            "q_width": slider(value=2.0, min=1, max=4, step=0.25, description="width of Q"),
            "hole": ipywidgets.Dropdown(options=list(HOLES), description="Q never draws"),
            "num_samples": whole(value=100, min=1, max=MAX_SAMPLES, description="samples n"),
            "length": whole(value=20, min=1, max=MAX_LENGTH, description="steps T"),
            "seed": whole(value=6, min=0, max=20, description="seed"),
        }

    def build(self):
        figure, (left, middle, right) = new_figure(3, size=(10.8, 4.0))
        label(left, heading="P wanted, Q sampled", x="x", y="probability")
        left.set(xlim=(-0.7, 8.7), ylim=(0, 0.5), xticks=OUTCOMES)
        left.bar(OUTCOMES - 0.2, TARGET, 0.38, color=BLUE, alpha=0.8)
        caption(left, "blue: P; white: Q")
        label(middle, heading="Mean of x under P", x="samples n", y="estimate")
        middle.set(xlim=(0, MAX_SAMPLES), ylim=(LOW, 11.0))
        caption(
            middle,
            "black: exact; dots: not weighted\nblue: mean of w x; band: its 2 sigma\n"
            "purple dashes: divided by the sum of w",
        )
        label(right, heading="Second moment of the weight", x="steps T", y=r"$E_Q[w^2]$")
        right.set(xlim=(0, MAX_LENGTH + 1), yscale="log", ylim=(0.5, 200 * TOP))
        right.minorticks_off()
        right.set_yticks([1, 1e2, 1e4, 1e6, 1e8])
        caption(right, "blue: one weight for T steps\ngrey dashed: a weight per step")
        self.bars = left.bar(
            OUTCOMES + 0.2, OUTCOMES, 0.38, color="white", edgecolor=INK, linewidth=1.2, zorder=10
        )
        self.band = middle.fill_between([0, 1], 0, 1, color=SHADE, zorder=10)
        (self.plain,) = middle.plot([], [], **{**WRONG, "zorder": 11})
        (self.estimates,) = middle.plot(
            [], [], **{**ESTIMATE, "zorder": 12, "markevery": 25, "markersize": 4}
        )
        (self.normalized,) = middle.plot([], [], color=FURTHER[1], linestyle="--", zorder=11.5)
        (self.now,) = middle.plot([], [], **{**CURRENT, "zorder": 13})
        (self.growth,) = right.plot([], [], color=BLUE, linewidth=2.8, zorder=11)
        (self.single,) = right.plot([], [], **{**REFERENCE, "zorder": 10})
        (self.length,) = right.plot([], [], **{**CURRENT, "zorder": 12})
        self.beyond = Labels(right, [(20, 3 * TOP)], size=9, zorder=13)
        exact = middle.axhline(float(TARGET @ OUTCOMES), **{**EXACT, "zorder": 10.5})
        in_middle = [self.band, exact, self.plain, self.normalized, self.estimates, self.now]
        in_right = [self.single, self.growth, self.length, self.beyond]
        return figure, [*self.bars, *in_middle, *in_right]

    def update(self, q_centre, q_width, hole, num_samples, length, seed):
        sampling = sampling_probs(q_centre, q_width, hole)
        weights = importance_weights(TARGET, sampling)
        mean, variance = reweighted_moments(TARGET, sampling, OUTCOMES)
        missed = missed_mass(TARGET, sampling)
        second = weight_second_moment(TARGET, sampling) / (1 - missed) ** 2
        moments = np.array([sequence_second_moment(second, t) for t in STEPS.tolist()])
        uniforms = np.random.default_rng(seed).random(MAX_SAMPLES)
        drawn = np.searchsorted(np.cumsum(sampling), uniforms * (1 - 1e-12))
        counts = np.arange(1, MAX_SAMPLES + 1)
        sums = np.cumsum((weights * OUTCOMES)[drawn])
        weighted, normalized = sums / counts, sums / np.cumsum(weights[drawn])
        plain = np.cumsum(OUTCOMES[drawn]) / counts
        effective = effective_sample_size(weights[drawn[:num_samples]])
        half = 2 * np.sqrt(variance / counts)

        for bar, prob in zip(self.bars, sampling, strict=True):
            bar.set_height(prob)
        self.band.set_data(counts, np.clip(mean - half, LOW, HIGH), np.clip(mean + half, LOW, HIGH))
        self.plain.set_data(counts, plain)
        self.estimates.set_data(counts, np.clip(weighted, LOW, HIGH))
        self.normalized.set_data(counts, normalized)
        self.now.set_data([num_samples], [np.clip(weighted[num_samples - 1], LOW, HIGH)])
        self.growth.set_data(STEPS, np.where(moments > TOP, np.nan, moments))
        self.single.set_data([0, MAX_LENGTH + 1], [second, second])
        at_length = moments[length - 1]
        self.length.set_data([length], [min(at_length, TOP)])
        self.beyond.set_texts([f"off scale: {at_length:.0e}" if at_length > TOP else ""])
        return (
            f"Mean of x under P, exact {number(float(TARGET @ OUTCOMES), 3)}; under Q "
            f"{number(float(sampling @ OUTCOMES), 3)}. A reweighted draw has mean "
            f"{number(mean, 3)} and variance {variance:.4g}, a draw from P "
            f"{number(reweighted_moments(TARGET, TARGET, OUTCOMES)[1], 3)}. P of what Q never "
            f"draws: {number(missed, 3)}. Estimate from {num_samples} samples "
            f"{number(weighted[num_samples - 1], 3)}, divided by the sum of the weights "
            f"{number(normalized[num_samples - 1], 3)}. {worth(sampling, num_samples)} "
            f"Kish's rule, from the weights alone: {number(effective, 1)}. Second moment of the "
            f"weight: {number(second, 3)} with one step, {at_length:.4g} with a product of "
            f"{length} weights. If each step had ratio 1.02, the product would be "
            f"{number(1.02**length, 3)}."
        )


def caption(axes: Axes, text: str) -> None:
    """A key in words, at the upper left."""
    words = axes.text(0.03, 0.98, text, va="top", fontsize=9, transform=axes.transAxes)
    words.set_in_layout(False)


def worth(sampling: np.ndarray, num_samples: int) -> str:
    """What the two estimates are worth in draws from P, in words."""
    if missed_mass(TARGET, sampling) > 0:
        return "With a hole in Q no number of draws makes up for what is missed."
    plain, normalized = (
        num_samples / reweighting_cost(TARGET, sampling, OUTCOMES - shift)
        for shift in (0, TARGET @ OUTCOMES)
    )
    return (
        f"Worth in draws from P: the mean of w x {plain:.3g}, divided by the sum of the "
        f"weights {normalized:.3g} (for many draws)."
    )


def sampling_probs(centre: float, width: float, hole: str) -> np.ndarray:
    """[9] Q, with one outcome left out if there is a hole."""
    probs = bell(centre, width)
    if HOLES[hole] is not None:
        probs[HOLES[hole]] = 0.0
    return probs / probs.sum()
