"""Labels as demonstrations: which choices write what the label says.

A label says a value and not where it stands. Where several segments hold the value, any
of them is right; what is imitated is their total probability.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rlnotes.data.documents.pointing import FIELDS, FORMATS, kind_of
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.models.pointer_heads import Choices
from rlnotes.training.invoices.examples import Example

AS_PRINTED, USUAL, OTHER = range(len(FORMATS))
_IMPOSSIBLE = -1e30  # nats; minus infinity would make the gradient NaN


class EqualAmounts(NamedTuple):
    """Segments that hold one amount; a label does not say which are the lines."""

    places: tuple[int, ...]  # segments, counted from 0
    count: int  # how many of them are lines


class Demonstration(NamedTuple):
    """One label, as the choices that write it."""

    right: np.ndarray  # [F, N + 1, 3] bool; none of a field that cannot be written
    amounts: tuple[EqualAmounts, ...]  # each segment in one of them
    line_format: int  # number of `FORMATS`


def demonstrate(example: Example, *, copied: bool = False) -> Demonstration:
    """The choices that write a label.

    Args:
        example: with a label.
        copied: whether the label was copied as it is printed, signs, commas and all,
            instead of written as agreed. A careless clerk does so.

    Returns:
        All choices that write the label. Of a field that is absent from the label, to
        leave it out is the only one.

    Raises:
        ValueError: if the example has no label.
    """
    if example.prepared is None:
        raise ValueError(f"example must have a label, got none for {example.document.name!r}")
    right = np.stack([_right_choices(example, field, copied) for field in FIELDS])
    amounts, line_format = _line_amounts(example)
    return Demonstration(right, amounts, AS_PRINTED if copied else line_format)


def _right_choices(example: Example, field: str, copied: bool) -> np.ndarray:
    """[N + 1, 3] bool: the choices that write one field."""
    rows = example.spelled[kind_of(field)]
    right = np.zeros((len(rows) + 1, len(FORMATS)), dtype=bool)
    value = example.prepared.answer.values.get(field)
    if value is None:
        right[0, 0] = True
        return right
    right[1:] = [[_reading(field, text) == value for text in row] for row in rows]
    if copied:
        return _copies(right, [row.as_printed for row in rows])
    wanted = example.target[field]
    if field != "vendor":  # of a name capitals and blanks are no matter
        right[1:] &= [[text == wanted for text in row] for row in rows]
    return right


def _reading(field: str, text: str):
    """What a text says as a value of a field; None for nothing."""
    return read_answer({field: text}).values.get(field)


def _copies(right: np.ndarray, printed: Sequence[str]) -> np.ndarray:
    """The first text that means the value, as it stands, wherever it stands."""
    places = np.flatnonzero(right.any(axis=1))
    copies = np.zeros_like(right)
    if len(places):
        text = printed[places[0] - 1]
        copies[1:, AS_PRINTED] = [each == text for each in printed]
    return copies


def _line_amounts(example: Example) -> tuple[tuple[EqualAmounts, ...], int]:
    """Segments by amount, in the format that writes most of the lines; that format."""
    lines = example.target.get("line_items", [])
    wanted = Counter(row["amount"] for row in lines)
    by_format = {form: _equal_amounts(example, form, wanted) for form in (USUAL, OTHER)}
    # Of two formats that write as many, the first: the usual one.
    best = max(by_format, key=lambda form: sum(same.count for same in by_format[form]))
    return by_format[best], best


def _equal_amounts(example: Example, form: int, wanted: Counter) -> tuple[EqualAmounts, ...]:
    held: dict[str, list[int]] = {}
    for place, spelling in enumerate(example.spelled["amount"]):
        held.setdefault(spelling[form], []).append(place)
    return tuple(
        EqualAmounts(tuple(places), min(wanted[text], len(places))) for text, places in held.items()
    )


def demonstration_loss(choices: Choices, demonstrations: Sequence[Demonstration]) -> Tensor:
    """How unlikely the policy finds the labels: nats per document.

        -mean over documents of the sum over fields of
            log of the total probability of all choices that write the label

    The lines are one more field: as many segments of each amount are taken as the label
    has lines of it, and they are written in the format of the demonstration. Segments
    are taken independently, so that the probability of taking k of those with one
    amount is a sum over all ways to do so, the Poisson-binomial distribution. A field
    that no choice writes does not count.

    Args:
        choices: of the policy, for B documents, padded or not.
        demonstrations: B labels of these documents, in their order.

    Returns:
        Scalar, nats, to be minimized; differentiable in the choices.

    Raises:
        ValueError: if there are not as many demonstrations as documents.
    """
    if len(demonstrations) != len(choices.pointers):
        raise ValueError(
            f"demonstrations must be one for each of the {len(choices.pointers)} documents, "
            f"got {len(demonstrations)}"
        )
    right = torch.zeros(choices.pointers.shape, dtype=torch.bool)
    for row, demonstration in enumerate(demonstrations):
        right[row, :, : demonstration.right.shape[1]] = torch.from_numpy(demonstration.right)
    possible = right.flatten(2).any(dim=-1)
    masked = choices.pointers.masked_fill(~right, float("-inf")).flatten(2)
    fields = masked[possible].logsumexp(dim=-1).sum()
    formats = torch.tensor([demonstration.line_format for demonstration in demonstrations])
    written = choices.line_format.gather(1, formats[:, None]).sum()
    return -(fields + written + _lines_log_prob(choices.lines, demonstrations)) / len(right)


def _lines_log_prob(lines: Tensor, demonstrations: Sequence[Demonstration]) -> Tensor:
    """Log-probability of taking as many segments of each amount as the labels have."""
    without_lines = torch.zeros(lines.shape[:2], dtype=torch.bool)
    groups = []
    for row, demonstration in enumerate(demonstrations):
        for same in demonstration.amounts:
            if same.count:
                groups.append((row, same))
            else:
                without_lines[row, list(same.places)] = True
    left = lines[..., 0][without_lines].sum()
    return left + _groups_log_prob(lines, groups) if groups else left


def _groups_log_prob(lines: Tensor, groups: Sequence[tuple[int, EqualAmounts]]) -> Tensor:
    """The same of groups of equal amounts, each in the row of its document."""
    longest = max(len(same.places) for _, same in groups)
    index = torch.zeros(len(groups), longest, dtype=torch.int64)
    padding = torch.ones(len(groups), longest, dtype=torch.bool)
    for number, (_, same) in enumerate(groups):
        index[number, : len(same.places)] = torch.tensor(same.places)
        padding[number, : len(same.places)] = False
    rows = torch.tensor([row for row, _ in groups])
    left, taken = lines[rows[:, None], index].unbind(dim=-1)
    counts = torch.tensor([same.count for _, same in groups])
    left, taken = left.masked_fill(padding, 0), taken.masked_fill(padding, _IMPOSSIBLE)
    return _exactly(left, taken, counts).sum()


def _exactly(left: Tensor, taken: Tensor, counts: Tensor) -> Tensor:
    """[G] log-probability that so many of C independent events happen.

        log P_c(k) = log(P_(c-1)(k) left_c + P_(c-1)(k - 1) taken_c)

    In logarithms, since a sure policy that errs still has a slope: 1 - p would be 0.

    Args:
        left: [G, C] log-probability that an event does not happen.
        taken: [G, C] that it happens.
        counts: [G] k, at most as many as there are events.
    """
    log_probs = taken.new_full((len(counts), int(counts.max()) + 1), _IMPOSSIBLE)
    log_probs[:, 0] = 0  # of the events so far, none has happened
    for not_this, this in zip(left.T, taken.T, strict=True):
        one_less = torch.nn.functional.pad(log_probs, (1, -1), value=_IMPOSSIBLE)
        log_probs = torch.logaddexp(log_probs + not_this[:, None], one_less + this[:, None])
    return log_probs.gather(1, counts[:, None])[:, 0]
