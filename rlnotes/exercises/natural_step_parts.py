"""A natural step with a line search, and the same search with another part."""

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


def natural(p):
    """F^-1 g."""
    return np.linalg.solve(p.fisher, p.slope)


def on_ellipse(p, direction):
    """The factor that makes d'Fd / 2 equal to max_kl, whatever the direction."""
    return np.sqrt(2 * p.max_kl / (direction @ p.fisher @ direction))


def slope_in_root(p, direction):
    """The factor that does so for F^-1 g alone."""
    return np.sqrt(2 * p.max_kl / (p.slope @ direction))


def keeps_to_kl(p, step):
    return p.kl(step) <= p.max_kl


def gains(p, step):
    return p.surrogate_gain(step) > 0


def both(p, step):
    return keeps_to_kl(p, step) and gains(p, step)


def first_allowed(p, steps, allowed):
    """The first of the steps that is allowed; None if none is."""
    return next((step for step in steps if allowed(p, step)), None)


def halvings(step, count=10):
    return [step / 2**k for k in range(count)]


def whatever(p, step):
    """No question at all: the first step is taken."""
    return True


def search_with(
    direction: Callable = natural,
    factor: Callable = on_ellipse,
    allowed: Callable = both,
    lengths: Callable = halvings,
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
        step = first_allowed(p, steps, allowed)
        return otherwise(p, steps) if step is None else found(p, step)

    return wrong


def root_of(number: Callable) -> Callable:
    """A wrong factor: the root of something else, made of p and x."""
    return search_with(factor=lambda p, x: np.sqrt(number(p, x)))


def plain(p):
    return p.slope


def one_loop_after_the_other(first: Callable, second: Callable, ten_each: bool = True) -> Callable:
    """A wrong answer: one condition is met, then the other, not both.

    The second loop tries ten lengths, too, or else what the first has left.
    """

    def wrong(**problem):
        p = SimpleNamespace(**problem)
        steps = halvings(on_ellipse(p, natural(p)) * natural(p), count=20)
        start = next((k for k in range(10) if first(p, steps[k])), None)
        if start is None:
            return np.zeros(len(p.slope))
        step = first_allowed(p, steps[start : start + 10 if ten_each else 10], second)
        return np.zeros(len(p.slope)) if step is None else step

    return wrong


def then_asked(first: Callable, second: Callable) -> Callable:
    """A wrong answer: one condition is met, and the other asked once, at the end."""
    return search_with(
        allowed=first, found=lambda p, step: step if second(p, step) else np.zeros(len(p.slope))
    )


def gain_above(threshold: Callable) -> Callable:
    """A wrong answer: the gain is compared with something else, made of p and s."""
    return search_with(
        allowed=lambda p, s: keeps_to_kl(p, s) and p.surrogate_gain(s) > threshold(p, s)
    )


def kl_below(bound: float) -> Callable:
    """A wrong answer: the bound on the KL is a multiple of max_kl."""
    return search_with(allowed=lambda p, s: p.kl(s) <= bound * p.max_kl and gains(p, s))


def other_lengths(fraction: Callable) -> Callable:
    """A wrong answer: other fractions of the step, as a function of k = 0 to 9."""
    return search_with(lengths=lambda step: [step * fraction(k) for k in range(10)])


def largest_gain(p, step):
    allowed = [other for other in halvings(p.whole) if both(p, other)]
    return max(allowed, key=p.surrogate_gain)


def shortest(p, step):
    return [other for other in halvings(p.whole) if both(p, other)][-1]
