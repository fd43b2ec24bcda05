"""Exercise: both objectives of one sample, and which of them the minimum uses."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _grid(ratios, advantage, clip_epsilon):
    unclipped = ratios * advantage
    clipped = np.clip(ratios, 1 - clip_epsilon, 1 + clip_epsilon) * advantage
    return np.stack([unclipped, clipped, np.minimum(unclipped, clipped)])


def _grid_by_sign(ratios, advantage, clip_epsilon):
    rows = [[], [], []]
    for ratio in ratios:
        clipped = min(max(ratio, 1 - clip_epsilon), 1 + clip_epsilon)
        kept = min(ratio, 1 + clip_epsilon) if advantage > 0 else max(ratio, 1 - clip_epsilon)
        for row, factor in zip(rows, (ratio, clipped, kept), strict=True):
            row.append(factor * advantage)
    return rows


def _grid_max(ratios, advantage, clip_epsilon):
    unclipped, clipped, _ = _grid(ratios, advantage, clip_epsilon)
    return np.stack([unclipped, clipped, np.maximum(unclipped, clipped)])


def _grid_clip_always(ratios, advantage, clip_epsilon):
    unclipped, clipped, _ = _grid(ratios, advantage, clip_epsilon)
    return np.stack([unclipped, clipped, clipped])


def _grid_product_clipped(ratios, advantage, clip_epsilon):
    unclipped = ratios * advantage
    clipped = np.clip(unclipped, 1 - clip_epsilon, 1 + clip_epsilon)
    return np.stack([unclipped, clipped, np.minimum(unclipped, clipped)])


def _grid_half_bands(ratios, advantage, clip_epsilon):
    unclipped, clipped, _ = _grid(ratios, advantage, clip_epsilon)
    half = (1.0, 1 + clip_epsilon) if advantage > 0 else (1 - clip_epsilon, 1.0)
    return np.stack([unclipped, clipped, np.clip(ratios, *half) * advantage])


def _grid_smaller_size(ratios, advantage, clip_epsilon):
    unclipped, clipped, _ = _grid(ratios, advantage, clip_epsilon)
    return np.stack([unclipped, clipped, np.where(abs(unclipped) < abs(clipped), unclipped,
                                                  clipped)])  # fmt: skip


def _grid_ratio_inverted(ratios, advantage, clip_epsilon):
    return _grid(1 / ratios, advantage, clip_epsilon)


def _grid_loss(ratios, advantage, clip_epsilon):
    return -_grid(ratios, advantage, clip_epsilon)


def _grid_mask(ratios, advantage, clip_epsilon):
    unclipped, clipped, used = _grid(ratios, advantage, clip_epsilon)
    return np.stack([unclipped, clipped, np.where(used == unclipped, unclipped, 0.0)])


def _grid_half_clip(ratios, advantage, clip_epsilon):
    half = (1.0, 1 + clip_epsilon) if advantage > 0 else (1 - clip_epsilon, 1.0)
    unclipped, clipped = ratios * advantage, np.clip(ratios, *half) * advantage
    return np.stack([unclipped, clipped, np.minimum(unclipped, clipped)])


def _grid_one_sided(ratios, advantage, clip_epsilon):
    unclipped, clipped = ratios * advantage, np.minimum(ratios, 1 + clip_epsilon) * advantage
    return np.stack([unclipped, clipped, np.minimum(unclipped, clipped)])


def _grid_band_around_zero(ratios, advantage, clip_epsilon):
    unclipped = ratios * advantage
    clipped = np.clip(ratios, -clip_epsilon, clip_epsilon) * advantage
    return np.stack([unclipped, clipped, np.minimum(unclipped, clipped)])


def _grid_which(ratios, advantage, clip_epsilon):
    unclipped, clipped, _ = _grid(ratios, advantage, clip_epsilon)
    return np.stack([unclipped, clipped, clipped < unclipped])


def _grid_flows(ratios, advantage, clip_epsilon):
    unclipped, clipped, _ = _grid(ratios, advantage, clip_epsilon)
    return np.stack([unclipped, clipped, unclipped <= clipped])


def _grid_without_advantage(ratios, advantage, clip_epsilon):
    clipped = np.clip(ratios, 1 - clip_epsilon, 1 + clip_epsilon)
    return np.stack([ratios, clipped, np.minimum(ratios, clipped)])


def _grid_unclipped(ratios, advantage, clip_epsilon):
    unclipped, clipped, _ = _grid(ratios, advantage, clip_epsilon)
    return np.stack([unclipped, clipped, unclipped])


def _grid_fixed_epsilon(ratios, advantage, clip_epsilon):
    return _grid(ratios, advantage, 0.2)


def _grid_rows_swapped(ratios, advantage, clip_epsilon):
    unclipped, clipped, used = _grid(ratios, advantage, clip_epsilon)
    return np.stack([clipped, unclipped, used])


_SIX = np.array([0.5, 0.8, 1.0, 1.2, 1.5, 2.0])

EXERCISE = Exercise(
    name="ppo_objectives",
    cases=[
        Case(
            {"ratios": _SIX, "advantage": 5.0, "clip_epsilon": 0.2},
            [[2.5, 4, 5, 6, 7.5, 10], [4, 4, 5, 6, 6, 6], [2.5, 4, 5, 6, 6, 6]],
            "ratio * 5; then the ratio held between 0.8 and 1.2, times 5; then the smaller.",
        ),
        Case(
            {"ratios": _SIX, "advantage": -5.0, "clip_epsilon": 0.2},
            [[-2.5, -4, -5, -6, -7.5, -10], [-4, -4, -5, -6, -6, -6], [-4, -4, -5, -6, -7.5, -10]],
            "with a negative advantage the smaller number is the more negative one.",
        ),
        Case(
            {"ratios": np.array([0.4, 1.6]), "advantage": 1.0, "clip_epsilon": 0.5},
            [[0.4, 1.6], [0.5, 1.5], [0.4, 1.5]],
            "the band of 0.5 reaches from 0.5 to 1.5.",
        ),
    ],
    solutions=[_grid, _grid_by_sign],
    wrong_answers={
        "max for min": _grid_max,
        "clip alone": _grid_clip_always,
        "clips the product": _grid_product_clipped,
        "half bands": _grid_half_bands,
        "smaller in size": _grid_smaller_size,
        "ratio inverted": _grid_ratio_inverted,
        "loss": _grid_loss,
        "mask": _grid_mask,
        "half band in the clip": _grid_half_clip,
        "clip above only": _grid_one_sided,
        "band around zero": _grid_band_around_zero,
        "which is smaller": _grid_which,
        "where the gradient flows": _grid_flows,
        "without the advantage": _grid_without_advantage,
        "unclipped everywhere": _grid_unclipped,
        "eps fixed at 0.2": _grid_fixed_epsilon,
        "rows swapped": _grid_rows_swapped,
    },
    hints={
        "max for min": "the last row takes the larger number. The minimum is the cautious one.",
        "clip alone": "the last row is the clipped one everywhere. At ratio 0.5 with A = 5 the "
        "unclipped 2.5 is smaller: a good action that lost probability must be raised.",
        "clips the product": "the clip acts on the ratio, not on ratio times A.",
        "half bands": "the last row holds the ratio on both sides. For A = -5 the minimum leaves "
        "it free above the band: at ratio 1.5 it is -7.5, not -5.",
        "smaller in size": "you compare sizes, or ratios, without the sign of A: -7.5 is "
        "smaller than -6.",
        "ratio inverted": "these are the numbers of old / new. The ratio is given: new / old.",
        "loss": "the signs are turned round: this is the loss. The objective is wanted.",
        "mask": "outside the band the last row is 0. The gradient is zero there, not the value: "
        "it is (1 + eps) A.",
        "half band in the clip": "the second row is held between 1 and one edge. The clip knows "
        "no sign: at A = 5 and ratio 0.5 it gives 0.8, so 4, not 5.",
        "clip above only": "the clip acts above the band only. It also lifts ratios below 1 - eps.",
        "band around zero": "the ratio is held between -eps and eps. The band lies around 1: from "
        "1 - eps to 1 + eps.",
        "which is smaller": "the last row says whether the clipped one is smaller. The smaller "
        "value itself is wanted.",
        "where the gradient flows": "the last row says whether the unclipped one is used. The "
        "smaller value itself is wanted.",
        "without the advantage": "these are ratios. Multiply them by the advantage, then take "
        "the minimum.",
        "unclipped everywhere": "the last row is the unclipped one everywhere: the minimum is "
        "missing.",
        "eps fixed at 0.2": "the band has a half width of 0.2 here, whatever clip_epsilon says.",
        "rows swapped": "the first row is the unclipped objective, the second the clipped one.",
    },
)
