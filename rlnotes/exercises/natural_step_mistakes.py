"""A natural step with a line search, and the mistakes that people make in it."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np


def natural_search(slope, fisher, max_kl, surrogate_gain, kl):
    """The longest of ten natural steps that keeps to the KL and gains."""
    direction = np.linalg.solve(fisher, slope)
    step = np.sqrt(2 * max_kl / (slope @ direction)) * direction
    for _ in range(10):
        if kl(step) <= max_kl and surrogate_gain(step) > 0:
            return step
        step = step / 2
    return np.zeros(len(slope))


def _natural(p):
    """F^-1 g."""
    return np.linalg.solve(p.fisher, p.slope)


def _on_ellipse(p, direction):
    """The factor that makes d'Fd / 2 equal to max_kl, whatever the direction."""
    return np.sqrt(2 * p.max_kl / (direction @ p.fisher @ direction))


def _slope_in_root(p, direction):
    """The factor that does so for F^-1 g alone."""
    return np.sqrt(2 * p.max_kl / (p.slope @ direction))


def _keeps_to_kl(p, step):
    return p.kl(step) <= p.max_kl


def _gains(p, step):
    return p.surrogate_gain(step) > 0


def _both(p, step):
    return _keeps_to_kl(p, step) and _gains(p, step)


def _first(p, steps, allowed):
    """The first of the steps that is allowed; None if none is."""
    return next((step for step in steps if allowed(p, step)), None)


def _halvings(step, count=10):
    return [step / 2**k for k in range(count)]


def _with(
    direction: Callable = _natural,
    factor: Callable = _on_ellipse,
    allowed: Callable = _both,
    lengths: Callable = _halvings,
    found: Callable = lambda p, step: step,
    otherwise: Callable = lambda p, steps: np.zeros(len(p.slope)),
) -> Callable:
    """A wrong answer: the search with another part.

    `direction` is one of the problem p, `factor` of p and the direction, `allowed` of p
    and a step; `lengths` lists the steps to try; `found` changes the accepted one, and
    `otherwise` stands for none.
    """

    def wrong(**problem):
        p = SimpleNamespace(**problem)
        p.direction = direction(p)
        p.whole = factor(p, p.direction) * p.direction
        steps = lengths(p.whole)
        step = _first(p, steps, allowed)
        return otherwise(p, steps) if step is None else found(p, step)

    return wrong


def _root_of(number: Callable) -> Callable:
    """A wrong factor: the root of something else, made of p and x."""
    return _with(factor=lambda p, x: np.sqrt(number(p, x)))


def _plain(p):
    return p.slope


def _one_loop_after_the_other(first: Callable, second: Callable) -> Callable:
    """A wrong answer: one condition is met, then the other, not both."""

    def wrong(**problem):
        p = SimpleNamespace(**problem)
        steps = _halvings(_on_ellipse(p, _natural(p)) * _natural(p))
        step = _first(p, steps, first)
        step = None if step is None else _first(p, _halvings(step), second)
        return np.zeros(len(p.slope)) if step is None else step

    return wrong


def _then_asked(first: Callable, second: Callable) -> Callable:
    """A wrong answer: one condition is met, and the other asked once, at the end."""
    return _with(
        allowed=first, found=lambda p, step: step if second(p, step) else np.zeros(len(p.slope))
    )


def _largest_gain(p, step):
    allowed = [other for other in _halvings(p.whole) if _both(p, other)]
    return max(allowed, key=p.surrogate_gain)


def _shortest(p, step):
    return [other for other in _halvings(p.whole) if _both(p, other)][-1]


# name -> another direction than F^-1 g
_DIRECTIONS = {
    "multiplied by F": lambda p: p.fisher @ p.slope,
    "diagonal of F": lambda p: p.slope / np.diag(p.fisher),
    "root of F": lambda p: np.linalg.solve(np.linalg.cholesky(p.fisher), p.slope),
    "damped": lambda p: np.linalg.solve(p.fisher + np.eye(len(p.slope)), p.slope),
    "damped a little": lambda p: np.linalg.solve(p.fisher + 0.1 * np.eye(len(p.slope)), p.slope),
}

MISTAKES = {
    "plain gradient": _with(direction=_plain),
    "plain gradient of given length": _with(
        direction=_plain, factor=lambda p, g: np.sqrt(2 * p.max_kl / (g @ g))
    ),
    "plain gradient, natural length": _with(
        direction=_plain, factor=lambda p, g: np.sqrt(2 * p.max_kl / (g @ _natural(p)))
    ),
    **{name: _with(direction=direction) for name, direction in _DIRECTIONS.items()},
    **{
        f"{name}, slope in the root": _with(direction=direction, factor=_slope_in_root)
        for name, direction in _DIRECTIONS.items()
    },
    "minus": _with(direction=lambda p: -_natural(p)),
    "minus, unsearched": _with(direction=lambda p: -_natural(p), allowed=lambda p, step: True),
    "no root": _with(factor=lambda p, x: 2 * p.max_kl / (p.slope @ x)),
    "no slope in the root": _root_of(lambda p, x: 2 * p.max_kl),
    "x by its length": _root_of(lambda p, x: 2 * p.max_kl / (x @ x)),
    "slope by its length": _root_of(lambda p, x: 2 * p.max_kl / (p.slope @ p.slope)),
    "g'Fg in the root": _root_of(lambda p, x: 2 * p.max_kl / (p.slope @ p.fisher @ p.slope)),
    "no 2": _root_of(lambda p, x: p.max_kl / (p.slope @ x)),
    "2 below": _root_of(lambda p, x: p.max_kl / (2 * (p.slope @ x))),
    "4": _root_of(lambda p, x: 4 * p.max_kl / (p.slope @ x)),
    "upside down": _root_of(lambda p, x: (p.slope @ x) / (2 * p.max_kl)),
    "max_kl squared": _root_of(lambda p, x: 2 * p.max_kl**2 / (p.slope @ x)),
    "not scaled": _with(factor=lambda p, x: 1.0),
    "max_kl times x": _with(factor=lambda p, x: p.max_kl),
    "no search": _with(allowed=lambda p, step: True),
    "KL alone": _with(allowed=_keeps_to_kl),
    "gain alone": _with(allowed=_gains),
    "either": _with(allowed=lambda p, step: _keeps_to_kl(p, step) or _gains(p, step)),
    "gain as promised": _with(
        allowed=lambda p, s: _keeps_to_kl(p, s) and p.surrogate_gain(s) >= p.slope @ s
    ),
    "half the promise": _with(
        allowed=lambda p, s: _keeps_to_kl(p, s) and p.surrogate_gain(s) >= p.slope @ s / 2
    ),
    "gain above the KL": _with(
        allowed=lambda p, s: _keeps_to_kl(p, s) and p.surrogate_gain(s) > p.kl(s)
    ),
    "twice the bound": _with(allowed=lambda p, s: p.kl(s) <= 2 * p.max_kl and _gains(p, s)),
    "half the bound": _with(allowed=lambda p, s: p.kl(s) <= p.max_kl / 2 and _gains(p, s)),
    "x asked": _with(allowed=lambda p, step: _both(p, p.direction)),
    "KL below": _with(allowed=lambda p, step: p.kl(step) < p.max_kl and _gains(p, step)),
    "gain of zero": _with(
        allowed=lambda p, step: _keeps_to_kl(p, step) and p.surrogate_gain(step) >= 0
    ),
    "gain, then KL": _one_loop_after_the_other(_gains, _keeps_to_kl),
    "KL, gain asked once": _then_asked(_keeps_to_kl, _gains),
    "gain, KL asked once": _then_asked(_gains, _keeps_to_kl),
    "one chance": _with(lengths=lambda step: _halvings(step, count=1)),
    "nine lengths": _with(lengths=lambda step: _halvings(step, count=9)),
    "eleven lengths": _with(lengths=lambda step: _halvings(step, count=11)),
    "lengths 1, 1/2, 1/8": _with(
        lengths=lambda step: [step / 2 ** (k * (k + 1) / 2) for k in range(10)]
    ),
    "lengths 1, 1/2, 1/3": _with(lengths=lambda step: [step / k for k in range(1, 11)]),
    "lengths of the root": _with(lengths=lambda step: [step / 2 ** (k / 2) for k in range(10)]),
    "lengths of 0.8": _with(lengths=lambda step: [step * 0.8**k for k in range(10)]),
    "lengths of 0.1": _with(lengths=lambda step: [step / 10**k for k in range(10)]),
    "unit length": _with(found=lambda p, step: step / np.linalg.norm(step)),
    "whole returned": _with(found=lambda p, step: p.whole),
    "direction returned": _with(found=lambda p, step: p.direction),
    "halved once more": _with(found=lambda p, step: step / 2),
    "largest gain": _with(found=_largest_gain),
    "shortest": _with(found=_shortest),
    "last one tried": _with(otherwise=lambda p, steps: steps[-1]),
    "whole after all": _with(otherwise=lambda p, steps: p.whole),
    "x after all": _with(otherwise=lambda p, steps: p.direction),
}
