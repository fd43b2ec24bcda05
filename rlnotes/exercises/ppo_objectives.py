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


def _with(change):
    """A wrong answer: the three right rows, changed."""

    def grid(ratios, advantage, clip_epsilon):
        return np.stack(change(*_grid(ratios, advantage, clip_epsilon)))

    return grid


def _clipped(clipped_of):
    """A wrong answer: another second row, made of ratios, A and eps."""

    def grid(ratios, advantage, clip_epsilon):
        unclipped = ratios * advantage
        clipped = clipped_of(ratios, advantage, clip_epsilon)
        return np.stack([unclipped, clipped, np.minimum(unclipped, clipped)])

    return grid


def _used(used_of):
    """A wrong answer: another last row, made of ratios, A and eps."""

    def grid(ratios, advantage, clip_epsilon):
        unclipped, clipped, _ = _grid(ratios, advantage, clip_epsilon)
        return np.stack([unclipped, clipped, used_of(ratios, advantage, clip_epsilon)])

    return grid


def _changed(change):
    """A wrong answer: the right one for other arguments."""

    def grid(ratios, advantage, clip_epsilon):
        return _grid(*change(ratios, advantage, clip_epsilon))

    return grid


def _half_band(ratios, advantage, eps):
    edges = (1.0, 1 + eps) if advantage > 0 else (1 - eps, 1.0)
    return np.clip(ratios, *edges) * advantage


def _far_edge(ratios, advantage, eps):
    edge = 1 + eps if advantage > 0 else 1 - eps
    return edge * advantage + 0 * ratios


def _sorted_edges(ratios, advantage, eps):
    """np.clip with bounds in the wrong order, where A is negative."""
    return np.minimum(np.maximum(ratios * advantage, (1 - eps) * advantage), (1 + eps) * advantage)


def _smaller_size(unclipped, clipped, _):
    return unclipped, clipped, np.where(abs(unclipped) < abs(clipped), unclipped, clipped)


def _floor(times):
    def used(ratios, advantage, eps):
        kept = np.minimum(ratios * advantage, np.clip(ratios, 1 - eps, 1 + eps) * advantage)
        return np.maximum(kept, times * advantage) if advantage < 0 else kept

    return used


def _inverted(ratios, advantage, eps):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.minimum(1 / ratios, 1e9), advantage, eps


_FLOORS = (1.5, 2, 3, 4, 5, 10)
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
        Case(
            {
                "ratios": np.array([0.0, 0.6, 0.75, 1.25, 4.0, 200.0]),
                "advantage": -0.5,
                "clip_epsilon": 0.3,
            },
            [
                [0, -0.3, -0.375, -0.625, -2, -100],
                [-0.35, -0.35, -0.375, -0.625, -0.65, -0.65],
                [-0.35, -0.35, -0.375, -0.625, -2, -100],
            ],
            "the band reaches from 0.7 to 1.3. Above it the minimum has no floor: at ratio 200 it "
            "is 200 * -0.5.",
        ),
        Case(
            {"ratios": np.array([0.5, 1.0, 3.0]), "advantage": 0.0, "clip_epsilon": 0.2},
            [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
            "without an advantage nothing is to be gained, at any ratio.",
        ),
    ],
    solutions=[_grid, _grid_by_sign],
    wrong_answers={
        "max for min": _with(lambda plain, held, _: (plain, held, np.maximum(plain, held))),
        "clip alone": _with(lambda plain, held, _: (plain, held, held)),
        "unclipped everywhere": _with(lambda plain, held, _: (plain, held, plain)),
        "smaller in size": _with(_smaller_size),
        "mask": _with(lambda plain, held, used: (plain, held, plain * (used == plain))),
        "which is smaller": _with(lambda plain, held, _: (plain, held, held < plain)),
        "where the gradient flows": _with(lambda plain, held, _: (plain, held, plain <= held)),
        "strictly smaller": _with(lambda plain, held, _: (plain, held, plain < held)),
        "sum": _with(lambda plain, held, _: (plain, held, plain + held)),
        "mean": _with(lambda plain, held, used: (plain, held, 0 * used + used.mean())),
        "smallest of all": _with(lambda plain, held, used: (plain, held, 0 * used + used.min())),
        "last row negated": _with(lambda plain, held, used: (plain, held, -used)),
        "loss": _with(lambda plain, held, used: (-plain, -held, -used)),
        "rows swapped": _with(lambda plain, held, used: (held, plain, used)),
        "used row first": _with(lambda plain, held, used: (used, plain, held)),
        "clipped if A is positive": _used(
            lambda ratios, a, eps: (np.clip(ratios, 1 - eps, 1 + eps) if a > 0 else ratios) * a
        ),
        "clipped if A is negative": _used(
            lambda ratios, a, eps: (np.clip(ratios, 1 - eps, 1 + eps) if a < 0 else ratios) * a
        ),
        "half bands": _used(_half_band),
        **{f"floor at {times} A": _used(_floor(times)) for times in _FLOORS},
        "gradient": _used(
            lambda ratios, a, eps: a * (ratios * a <= np.clip(ratios, 1 - eps, 1 + eps) * a)
        ),
        "clips the product": _clipped(lambda ratios, a, eps: np.clip(ratios * a, 1 - eps, 1 + eps)),
        "edges of the product": _clipped(_sorted_edges),
        "half band in the clip": _clipped(_half_band),
        "far edge": _clipped(_far_edge),
        "clip above only": _clipped(lambda ratios, a, eps: np.minimum(ratios, 1 + eps) * a),
        "clip below only": _clipped(lambda ratios, a, eps: np.maximum(ratios, 1 - eps) * a),
        "lower edge 1 / (1 + eps)": _clipped(
            lambda ratios, a, eps: np.clip(ratios, 1 / (1 + eps), 1 + eps) * a
        ),
        "edges exchanged": _clipped(lambda ratios, a, eps: np.clip(ratios, 1 + eps, 1 - eps) * a),
        "band around zero": _clipped(lambda ratios, a, eps: np.clip(ratios, -eps, eps) * a),
        "clipped ratio without A": _clipped(
            lambda ratios, a, eps: np.clip(ratios, 1 - eps, 1 + eps)
        ),
        "ratio inverted": _changed(_inverted),
        "ratio minus 1": _changed(lambda ratios, a, eps: (ratios - 1, a, eps)),
        "exp of the ratio": _changed(
            lambda ratios, a, eps: (np.exp(np.minimum(ratios, 50)), a, eps)
        ),
        "without the advantage": _changed(lambda ratios, a, eps: (ratios, 1.0, eps)),
        "sign of A alone": _changed(lambda ratios, a, eps: (ratios, np.sign(a), eps)),
        "size of A": _changed(lambda ratios, a, eps: (ratios, abs(a), eps)),
        "eps fixed at 0.2": _changed(lambda ratios, a, eps: (ratios, a, 0.2)),
        "ratios cut at 10": _changed(lambda ratios, a, eps: (np.minimum(ratios, 10), a, eps)),
    },
    hints={
        "max for min": "the last row takes the larger number. The minimum is the cautious one.",
        "clip alone": "the last row is the clipped one everywhere. At ratio 0.5 with A = 5 the "
        "unclipped 2.5 is smaller: a good action that lost probability must be raised.",
        "unclipped everywhere": "the last row is the unclipped one everywhere: the minimum is "
        "missing.",
        "smaller in size": "you compare sizes, or ratios, without the sign of A: -7.5 is "
        "smaller than -6.",
        "mask": "outside the band the last row is 0. The gradient is zero there, not the value: "
        "it is (1 + eps) A.",
        "which is smaller": "the last row says whether the clipped one is smaller. The smaller "
        "value itself is wanted.",
        "where the gradient flows": "the last row says whether the unclipped one is used. The "
        "smaller value itself is wanted.",
        "strictly smaller": "the last row says whether the unclipped one is strictly smaller. The "
        "smaller value itself is wanted.",
        "sum": "the last row adds both objectives. Take the smaller one.",
        "mean": "the last row is a mean over the ratios. Here each ratio has its own value.",
        "smallest of all": "the last row is the smallest of all numbers. Compare the two "
        "objectives ratio by ratio.",
        "last row negated": "the last row has its sign turned round: it is the loss. The smaller "
        "objective is wanted.",
        "loss": "the signs are turned round: this is the loss. The objective is wanted.",
        "rows swapped": "the first row is the unclipped objective, the second the clipped one.",
        "used row first": "the used row comes last: unclipped, clipped, used.",
        "clipped if A is positive": "the last row picks by the sign of A alone. For A > 0 and "
        "ratios below the band the unclipped one is smaller, for A < 0 the clipped one.",
        "clipped if A is negative": "the last row picks by the sign of A alone, and the wrong way. "
        "Take the smaller number at each ratio.",
        "half bands": "the last row holds the ratio on both sides. For A = -5 the minimum leaves "
        "it free above the band: at ratio 1.5 it is -7.5, not -5.",
        **{
            f"floor at {times} A": f"the last row stops at {times} A. That is the dual clip, an "
            "addition; the plain minimum has no floor."
            for times in _FLOORS
        },
        "gradient": "the last row is the slope in the ratio. The value is wanted.",
        "clips the product": "the clip acts on the ratio, not on ratio times A.",
        "edges of the product": "the product is held between (1 - eps) A and (1 + eps) A, which "
        "are exchanged if A < 0. Hold the ratio, then multiply.",
        "half band in the clip": "the second row is held between 1 and one edge. The clip knows "
        "no sign: at A = 5 and ratio 0.5 it gives 0.8, so 4, not 5.",
        "far edge": "the second row is an edge of the band, times A, at every ratio. Within the "
        "band the clip leaves the ratio as it is.",
        "clip above only": "the clip acts above the band only. It also lifts ratios below 1 - eps.",
        "clip below only": "the clip acts below the band only. It also lowers ratios "
        "above 1 + eps.",
        "lower edge 1 / (1 + eps)": "the lower edge of the band is 1 - eps, not 1 / (1 + eps).",
        "edges exchanged": "the edges of the clip are exchanged: first 1 - eps, then 1 + eps.",
        "band around zero": "the ratio is held between -eps and eps. The band lies around 1: from "
        "1 - eps to 1 + eps.",
        "clipped ratio without A": "the second row is the clipped ratio. Multiply it by A.",
        "ratio inverted": "these are the numbers of old / new. The ratio is given: new / old.",
        "ratio minus 1": "1 is subtracted from the ratio. The objective is ratio times A.",
        "exp of the ratio": "the ratios are given as they are: no exp.",
        "without the advantage": "these are ratios. Multiply them by the advantage, then take "
        "the minimum.",
        "sign of A alone": "the sign of A stands for A. Multiply by the advantage itself.",
        "size of A": "the sign of A is lost.",
        "eps fixed at 0.2": "the band has a half width of 0.2 here, whatever clip_epsilon says.",
        "ratios cut at 10": "ratios above 10 are cut off before all else. The unclipped objective "
        "takes them as they are.",
    },
)
