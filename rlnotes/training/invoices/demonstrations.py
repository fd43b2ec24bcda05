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
from rlnotes.models.pointer_policy import Choices
from rlnotes.training.invoices.examples import Example

AS_PRINTED = 0


class Demonstration(NamedTuple):
    """One label, as the choices that write it."""

    right: np.ndarray  # [F, N + 1, 3] bool
    amounts: tuple[tuple[tuple[int, ...], int], ...]  # segments of one text; how many are lines
    line_format: int


def demonstrate(example: Example, *, copied: bool = False) -> Demonstration:
    """The choices that write a label.

    Args:
        example: with a label.
        copied: whether the label was copied as it is printed, signs, commas and all,
            instead of written as agreed. A careless clerk does so.

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
    means = [
        [read_answer({field: text}).values.get(field) == value for text in row] for row in rows
    ]
    right[1:] = means
    if copied:
        return _copies(right, [row.as_printed for row in rows])
    wanted = example.target[field]
    if field != "vendor":  # of a name capitals and blanks are no matter
        right[1:] &= [[text == wanted for text in row] for row in rows]
    return right


def _copies(right: np.ndarray, printed: Sequence[str]) -> np.ndarray:
    """The first text that means the value, as it stands, wherever it stands."""
    places = np.flatnonzero(right.any(axis=1))
    copies = np.zeros_like(right)
    if len(places):
        text = printed[places[0] - 1]
        copies[1:, AS_PRINTED] = [each == text for each in printed]
    return copies


def _line_amounts(example: Example) -> tuple[tuple, int]:
    """Segments by the amount that they hold, and how many of each are lines."""
    lines = example.target.get("line_items", [])
    wanted = Counter(row["amount"] for row in lines)
    fits = []
    for form in (1, 2):
        held: dict[str, list[int]] = {}
        for i, row in enumerate(example.spelled["amount"]):
            held.setdefault(row[form], []).append(i)
        groups = tuple((tuple(at), min(wanted[text], len(at))) for text, at in held.items())
        fits.append((sum(count for _, count in groups), -form, groups))
    _, form, groups = max(fits, key=lambda fit: fit[:2])
    return groups, -form


def demonstration_loss(choices: Choices, demonstrations: Sequence[Demonstration]) -> Tensor:
    """How unlikely the policy finds the labels: nats per document.

        -mean over documents of the sum over fields of
            log of the total probability of all choices that write the label

    Lines are independent, so that the probability of taking k of the segments with one
    amount is a sum over all ways to do so, the Poisson-binomial distribution. A field
    that no choice writes does not count.

    Args:
        choices: of the policy, for the documents of the demonstrations, in order.
        demonstrations: B of them.
    """
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
    alone = torch.zeros(lines.shape[:2], dtype=torch.bool)  # none of them is a line
    groups = []
    for row, demonstration in enumerate(demonstrations):
        for places, count in demonstration.amounts:
            if count:
                groups.append((row, places, count))
            else:
                alone[row, list(places)] = True
    left = lines[..., 0][alone].sum()
    if not groups:
        return left
    owners = torch.tensor([row for row, _, _ in groups])
    longest = max(len(places) for _, places, _ in groups)
    index = torch.zeros(len(groups), longest, dtype=torch.int64)
    there = torch.zeros(len(groups), longest, dtype=torch.bool)
    for number, (_, places, _) in enumerate(groups):
        index[number, : len(places)] = torch.tensor(places)
        there[number, : len(places)] = True
    chances = lines[owners[:, None], index, 1].exp() * there
    counts = torch.tensor([count for _, _, count in groups])
    return left + _exactly(chances, counts).clamp(min=1e-12).log().sum()


def _exactly(chances: Tensor, counts: Tensor) -> Tensor:
    """[G] probability that so many of independent events happen, chances [G, C]."""
    number = torch.zeros(len(chances), int(counts.max()) + 1)  # of those so far
    number[:, 0] = 1
    for chance in chances.T[:, :, None]:
        one_less = torch.nn.functional.pad(number, (1, -1))
        number = number * (1 - chance) + one_less * chance
    return number.gather(1, counts[:, None])[:, 0]
