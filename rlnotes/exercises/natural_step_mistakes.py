"""The mistakes that people make in a natural step with a line search."""

import numpy as np

from rlnotes.exercises.natural_step_parts import (
    both,
    gain_above,
    gains,
    halvings,
    keeps_to_kl,
    kl_below,
    largest_gain,
    natural,
    one_loop_after_the_other,
    other_lengths,
    plain,
    root_of,
    search_with,
    shortest,
    slope_in_root,
    then_asked,
    whatever,
)

# name -> another direction than F^-1 g
_DIRECTIONS = {
    "multiplied by F": lambda p: p.fisher @ p.slope,
    "diagonal of F": lambda p: p.slope / np.diag(p.fisher),
    "root of F": lambda p: np.linalg.solve(np.linalg.cholesky(p.fisher), p.slope),
    "damped": lambda p: np.linalg.solve(p.fisher + np.eye(len(p.slope)), p.slope),
    "damped a little": lambda p: np.linalg.solve(p.fisher + 0.1 * np.eye(len(p.slope)), p.slope),
}

MISTAKES = {
    "plain gradient": search_with(direction=plain),
    "plain gradient of given length": search_with(
        direction=plain, factor=lambda p, g: np.sqrt(2 * p.max_kl / (g @ g))
    ),
    "plain gradient, natural length": search_with(
        direction=plain, factor=lambda p, g: np.sqrt(2 * p.max_kl / (g @ natural(p)))
    ),
    **{name: search_with(direction=direction) for name, direction in _DIRECTIONS.items()},
    **{
        f"{name}, slope in the root": search_with(direction=direction, factor=slope_in_root)
        for name, direction in _DIRECTIONS.items()
    },
    "slope, not scaled": search_with(direction=plain, factor=lambda p, g: 1.0),
    "slope alone": search_with(direction=plain, factor=lambda p, g: 1.0, allowed=whatever),
    "minus": search_with(direction=lambda p: -natural(p)),
    "minus, unsearched": search_with(direction=lambda p: -natural(p), allowed=whatever),
    "no root": search_with(factor=lambda p, x: 2 * p.max_kl / (p.slope @ x)),
    "no slope in the root": root_of(lambda p, x: 2 * p.max_kl),
    "x by its length": root_of(lambda p, x: 2 * p.max_kl / (x @ x)),
    "x of length 1": search_with(factor=lambda p, x: 1 / np.linalg.norm(x)),
    "x of length 1, unsearched": search_with(
        factor=lambda p, x: 1 / np.linalg.norm(x), allowed=whatever
    ),
    "slope behind the root": search_with(factor=lambda p, x: np.sqrt(2 * p.max_kl) / (p.slope @ x)),
    "slope by its length": root_of(lambda p, x: 2 * p.max_kl / (p.slope @ p.slope)),
    "g'Fg in the root": root_of(lambda p, x: 2 * p.max_kl / (p.slope @ p.fisher @ p.slope)),
    "no 2": root_of(lambda p, x: p.max_kl / (p.slope @ x)),
    "2 below": root_of(lambda p, x: p.max_kl / (2 * (p.slope @ x))),
    "4": root_of(lambda p, x: 4 * p.max_kl / (p.slope @ x)),
    "upside down": root_of(lambda p, x: (p.slope @ x) / (2 * p.max_kl)),
    "max_kl squared": root_of(lambda p, x: 2 * p.max_kl**2 / (p.slope @ x)),
    "not scaled": search_with(factor=lambda p, x: 1.0),
    "max_kl times x": search_with(factor=lambda p, x: p.max_kl),
    "no search": search_with(allowed=whatever),
    "rescaled to the KL": search_with(
        allowed=whatever, found=lambda p, step: step * np.sqrt(p.max_kl / p.kl(step))
    ),
    "KL alone": search_with(allowed=keeps_to_kl),
    "gain alone": search_with(allowed=gains),
    "either": search_with(allowed=lambda p, step: keeps_to_kl(p, step) or gains(p, step)),
    "gain as promised": search_with(
        allowed=lambda p, s: keeps_to_kl(p, s) and p.surrogate_gain(s) >= p.slope @ s
    ),
    "half the promise": search_with(
        allowed=lambda p, s: keeps_to_kl(p, s) and p.surrogate_gain(s) >= p.slope @ s / 2
    ),
    "a tenth of the promise": gain_above(lambda p, s: p.slope @ s / 10),
    "gain above 0.01": gain_above(lambda p, s: 0.01),
    "gain above the KL": gain_above(lambda p, s: p.kl(s)),
    "twice the bound": kl_below(2),
    "1.5 times the bound": kl_below(1.5),
    "1.2 times the bound": kl_below(1.2),
    "half the bound": kl_below(0.5),
    "quadratic KL": search_with(
        factor=slope_in_root,
        allowed=lambda p, s: s @ p.fisher @ s / 2 <= p.max_kl and gains(p, s),
    ),
    "turned round": search_with(allowed=lambda p, step: not both(p, step)),
    "x asked": search_with(allowed=lambda p, step: both(p, p.direction)),
    "KL below": search_with(allowed=lambda p, step: p.kl(step) < p.max_kl and gains(p, step)),
    "kl of minus the step": search_with(allowed=lambda p, s: keeps_to_kl(p, -s) and gains(p, s)),
    "gain of zero": search_with(
        allowed=lambda p, step: keeps_to_kl(p, step) and p.surrogate_gain(step) >= 0
    ),
    "gain, then KL": one_loop_after_the_other(gains, keeps_to_kl),
    "KL, then gain": one_loop_after_the_other(keeps_to_kl, gains, ten_each=False),
    "KL, then gain, ten lengths each": one_loop_after_the_other(keeps_to_kl, gains),
    "KL, gain asked once": then_asked(keeps_to_kl, gains),
    "gain, KL asked once": then_asked(gains, keeps_to_kl),
    "one chance": search_with(lengths=lambda step: halvings(step, count=1)),
    "nine lengths": search_with(lengths=lambda step: halvings(step, count=9)),
    "eleven lengths": search_with(lengths=lambda step: halvings(step, count=11)),
    "from twice the step": other_lengths(lambda k: 2 / 2**k),
    "lengths 1, 1/2, 1/8": other_lengths(lambda k: 2 ** (-k * (k + 1) / 2)),
    "lengths 1, 1/2, 1/3": other_lengths(lambda k: 1 / (k + 1)),
    "lengths 1, 0.9, 0.8": other_lengths(lambda k: 1 - k / 10),
    "lengths of the root": other_lengths(lambda k: 2 ** (-k / 2)),
    "lengths of 0.9": other_lengths(lambda k: 0.9**k),
    "lengths of 0.8": other_lengths(lambda k: 0.8**k),
    "lengths of 0.25": other_lengths(lambda k: 0.25**k),
    "lengths of 0.1": other_lengths(lambda k: 0.1**k),
    "fraction returned": search_with(
        found=lambda p, step: np.linalg.norm(step) / np.linalg.norm(p.whole)
    ),
    "unit length": search_with(found=lambda p, step: step / np.linalg.norm(step)),
    "whole returned": search_with(found=lambda p, step: p.whole),
    "direction returned": search_with(found=lambda p, step: p.direction),
    "halved once more": search_with(found=lambda p, step: step / 2),
    "largest gain": search_with(found=largest_gain),
    "shortest": search_with(found=shortest),
    "last one tried": search_with(otherwise=lambda p, steps: steps[-1]),
    "whole after all": search_with(otherwise=lambda p, steps: p.whole),
    "x after all": search_with(otherwise=lambda p, steps: p.direction),
}
