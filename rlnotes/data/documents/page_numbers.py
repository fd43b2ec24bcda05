"""What can be counted on a page: how its amounts fit together."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from rlnotes._checks import require_same_shape
from rlnotes.data.documents.document import Document
from rlnotes.data.documents.page_places import on_one_row, row_numbers
from rlnotes.data.documents.pointing import Spelling
from rlnotes.functional.extraction.currencies import CURRENCY_CODES
from rlnotes.functional.extraction.dates import read_date

_LONGEST_RUN = 60
_CENTS = re.compile(r"-?[0-9]{1,12}[.][0-9]{2}")
# At most one mark: neither a date nor an amount with marks between thousands.
_NUMBER = re.compile(r"(?<![0-9.,/:-])[0-9]{1,7}(?:[.,][0-9]{1,4})?(?![0-9.,/:])")


def amount_numbers(
    document: Document, spelled: Mapping[str, Sequence[Spelling]]
) -> dict[str, np.ndarray]:
    """[N] numbers in [0, 1] by name: what is an amount, and how the amounts fit.

    Whether a document has decimal commas is decided for the whole of it: by what more
    of its segments can be read with.

        amount, date, currency   holds one; registration: a name before such a number
        logarithm                log(1 + cents) / 15, cut off at 1
        share of largest         of the largest amount; largest: is it
        copies                   how often it occurs, a quarter each, 1 at most
        column                   how many end where it does, 1/20 each, 1 at most
        five cents               a multiple of 0.05; negative, zero: it is so
        sum ... like a tax       see `sum_flags`
        in a run, sum of a run   see `column_flags`
        product                  see `product_flags`

    Logarithm and largest are those of the size, without the sign.

    Args:
        document: with N segments, at least one.
        spelled: its `spellings`.

    Raises:
        ValueError: if spelled has another number of segments, or there is none.
    """
    texts = document.segments
    if not 0 < len(texts) == len(spelled["amount"]):
        raise ValueError(
            f"spelled must have one row for each of the {len(texts)} segments, at least one, "
            f"got {len(spelled['amount'])}"
        )
    printed, usual, other = zip(*spelled["amount"], strict=True)
    # An amount with a point that is left as printed was not read with a comma.
    with_comma = _are_cents(other) & ~_are_cents(printed)
    has_commas = with_comma.sum() > _are_cents(usual).sum()
    written = other if has_commas else usual
    is_amount = _are_cents(written)
    cents = np.array(
        [int(t.replace(".", "")) if held else 0 for t, held in zip(written, is_amount, strict=True)]
    )
    columns = _columns(document.boxes, is_amount)
    sums = sum_flags(cents)
    runs = column_flags(cents, columns)
    sizes = np.abs(cents)
    return {
        "amount": is_amount,
        "date": np.array([read_date(row.usual) is not None for row in spelled["date"]]),
        "currency": np.array([row.usual in CURRENCY_CODES for row in spelled["currency"]]),
        "registration": np.array([row.usual != row.as_printed for row in spelled["vendor"]]),
        "logarithm": np.minimum(np.log1p(sizes) / 15, 1),
        "share of largest": sizes / max(sizes.max(), 1),
        "largest": (sizes == sizes.max()) & (sizes > 0),
        "copies": np.minimum(_num_copies(cents), 4) / 4,
        "negative": cents < 0,
        "zero": is_amount & (cents == 0),
        "five cents": is_amount & (cents % 5 == 0),
        "sum": sums[:, 0],
        "larger part": sums[:, 1],
        "smaller part": sums[:, 2],
        "like a tax": sums[:, 3],
        "in a run": runs[:, 0],
        "sum of a run": runs[:, 1],
        "product": product_flags(cents, texts, row_numbers(on_one_row(document))),
        "column": np.minimum(_num_copies(columns + 1), 20) / 20,
        "decimal comma": np.full(len(cents), has_commas),
    }


def _are_cents(texts: Sequence[str]) -> np.ndarray:
    return np.array([_CENTS.fullmatch(text) is not None for text in texts])


def _num_copies(numbers: np.ndarray) -> np.ndarray:
    """[N] how often each number occurs; 0 for what is 0."""
    _, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return np.where(numbers != 0, counts[places], 0)


def _columns(boxes: np.ndarray, is_amount: np.ndarray) -> np.ndarray:
    """[N] the column of each amount by its right edge, from 0; -1 for the others."""
    columns, edges = np.full(len(boxes), -1), []
    for i in np.flatnonzero(is_amount).tolist():
        _, top, right, bottom = boxes[i].tolist()
        near = [number for number, edge in enumerate(edges) if abs(edge - right) <= bottom - top]
        if not near:
            edges.append(right)
        columns[i] = near[0] if near else len(edges) - 1
    return columns


def sum_flags(cents: np.ndarray) -> np.ndarray:
    """For each amount of a page, whether it is part of some a + b = c.

    All three stand on the page and are positive, and a is larger than b.

    Args:
        cents: [N] integers; what is 0 or below takes no part.

    Returns:
        [N, 4] bool: it is c; it is the larger addend a; it is the smaller one b; it is
        one that is 3 to 30 % of a, as taxes are. Equal amounts have equal rows.

    Example:
        >>> sum_flags(np.array([1000, 60, 1060, 7])).astype(int).tolist()
        [[0, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]]
    """
    flags = np.zeros((len(cents), 4), dtype=bool)
    distinct = np.unique(cents[cents > 0])
    first, second = np.meshgrid(distinct, distinct, indexing="ij")
    sums = first + second
    fits = (second < first) & np.isin(sums, distinct)
    taxes = fits & (100 * second >= 3 * first) & (100 * second <= 30 * first)
    found = (sums[fits], first[fits], second[fits], second[taxes])
    for column, values in enumerate(found):
        flags[:, column] = np.isin(cents, values)
    return flags


def column_flags(cents: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """For each amount, whether it lies in a run of a column that adds up to an amount.

    A run is two or more amounts that follow each other in one column. Its sum is
    positive and stands on the page, and no amount in the run equals it. Of a column the
    first 60 amounts are looked at.

    Args:
        cents: [N] integers in reading order.
        columns: [N] number of the column of each; those of -1 are in none.

    Returns:
        [N, 2] bool: it lies in the longest such run of its column, the first of them;
        it equals the sum of that run.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> column_flags(np.array([5, 2, 3, 9]), np.array([0, 0, 0, 0])).tolist()
        [[False, True], [True, False], [True, False], [False, False]]
    """
    require_same_shape(cents=cents, columns=columns)
    flags = np.zeros((len(cents), 2), dtype=bool)
    values = set(cents[cents != 0].tolist())
    for column in np.unique(columns[columns >= 0]):
        members = np.flatnonzero(columns == column)[:_LONGEST_RUN]
        start, end = _longest_run(cents[members], values)
        if end:
            flags[members[start:end], 0] = True
            flags[cents == cents[members[start:end]].sum(), 1] = True
    return flags


def _longest_run(cents: np.ndarray, values: set[int]) -> tuple[int, int]:
    before = np.concatenate([[0], np.cumsum(cents)])
    for length in range(len(cents), 1, -1):
        sums = before[length:] - before[:-length]
        for start in np.flatnonzero(sums > 0).tolist():
            if int(sums[start]) in values - set(cents[start : start + length].tolist()):
                return start, start + length
    return 0, 0


def product_flags(cents: np.ndarray, texts: Sequence[str], rows: np.ndarray) -> np.ndarray:
    """For each amount, whether two numbers in its row, or in one beside it, make it.

    Such as quantity and price of a line, which may stand above or below its amount.
    Both numbers stand in one row, in two segments or in one, but not in that of the
    amount itself. They make it if their product rounds to it, half a cent either way.

    Args:
        cents: [N] integers; 0 for what is no amount.
        texts: [N] segments; of each the first three numbers count. Numbers have no
            minus, and a point or a comma before their decimals.
        rows: [N] number of the row of each, counted from the top.

    Returns:
        [N] bool.

    Raises:
        ValueError: if the lengths differ.

    Example:
        >>> texts = ["3 X 1.20", "3.60", "4.00"]
        >>> product_flags(np.array([0, 360, 400]), texts, np.array([0, 0, 0])).tolist()
        [False, True, False]
    """
    if not len(cents) == len(texts) == len(rows):
        raise ValueError(
            f"cents, texts and rows must have one length, got {len(cents)}, {len(texts)} and "
            f"{len(rows)}"
        )
    flags = np.zeros(len(cents), dtype=bool)
    held: dict[int, list[tuple[int, float]]] = {}
    for i, (text, row) in enumerate(zip(texts, rows.tolist(), strict=True)):
        held.setdefault(row, []).extend((i, number) for number in _numbers_in(text))
    for i in np.flatnonzero(cents).tolist():
        around = (held.get(rows[i] + step, []) for step in (0, -1, 1))
        flags[i] = any(_makes(cents[i], [n for j, n in row if j != i]) for row in around)
    return flags


def _makes(cents: int, numbers: Sequence[float]) -> bool:
    return any(
        abs(100 * a * b - cents) < 0.501 for j, a in enumerate(numbers) for b in numbers[j + 1 :]
    )


@lru_cache(maxsize=16384)
def _numbers_in(text: str) -> tuple[float, ...]:
    found = _NUMBER.findall(text)[:3]
    return tuple(float(each.replace(",", ".")) for each in found)
