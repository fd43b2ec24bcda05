"""Mistakes that can happen in every exercise, told from the numbers alone."""

from collections.abc import Iterator, Sequence

import numpy as np

from rlnotes.exercises.answers import Outcome


def general_hint(outcomes: Sequence[Outcome], expected: Sequence[np.ndarray]) -> str:
    """A sentence on how all answers differ from the expected ones; empty if unclear.

    Args:
        outcomes: what the candidate gave for each input.
        expected: the right numbers, in the same order.

    Returns:
        The first pattern that explains every input, as a sentence.
    """
    if any(outcome.numbers is None for outcome in outcomes):
        return ""
    for sentence, changed in _patterns(expected):
        if all(o.equals(c) for o, c in zip(outcomes, changed, strict=True)):
            return sentence
    pairs = list(zip(outcomes, expected, strict=True))
    if all(np.array_equal(np.squeeze(o.numbers).shape, np.squeeze(e).shape) for o, e in pairs):
        flat = [Outcome(np.squeeze(o.numbers), o.tolerance) for o in outcomes]
        if all(o.equals(np.squeeze(e)) for o, e in zip(flat, expected, strict=True)):
            return "the numbers are right, their shape is not: an axis of length 1 is too many."
    return _factor(pairs)


def _patterns(expected: Sequence[np.ndarray]) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Sentences, and what the right answers become by the mistake."""
    yield "the sign is turned round.", [-e for e in expected]
    if all(e.ndim for e in expected):
        yield "the numbers are right, their order is reversed.", [e[::-1] for e in expected]
        if any(e.ndim > 1 for e in expected):
            yield (
                "the numbers are right, but rows and columns are exchanged.",
                [e.T for e in expected],
            )
        first_axis = {len(e) for e in expected}
        if len(first_axis) == 1 and all(e.ndim > 1 for e in expected):
            for row in range(first_axis.pop()):
                yield f"this is part {row + 1} of the answer alone.", [e[row] for e in expected]
    if any((np.trunc(e) != e).any() for e in expected):
        cut = [np.trunc(e) for e in expected]
        yield "the numbers are cut to integers: is your array one of ints?", cut
    if all((e > 0).all() for e in expected):
        yield "this is the logarithm of the answer.", [np.log(e) for e in expected]
    if all((abs(e) < 50).all() for e in expected):
        yield "this is exp of the answer.", [np.exp(e) for e in expected]


def _factor(pairs: Sequence[tuple[Outcome, np.ndarray]]) -> str:
    """A sentence if every number is the same multiple of the expected one."""
    if any(o.numbers.shape != e.shape for o, e in pairs):
        return ""
    given = np.concatenate([o.numbers.ravel() for o, _ in pairs])
    wanted = np.concatenate([e.ravel() for _, e in pairs])
    if np.count_nonzero(wanted) < 3:  # fewer have a common factor by chance
        return ""
    largest = np.argmax(abs(wanted))
    factor = given[largest] / wanted[largest]
    tolerance = max(o.tolerance for o, _ in pairs)
    if not 1e-6 <= abs(factor) < np.inf or not np.allclose(
        given, factor * wanted, rtol=tolerance, atol=tolerance
    ):
        return ""
    return f"every number is {factor:.6g} times the expected one."
