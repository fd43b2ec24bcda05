"""Rows of a receipt: each amount with the words that stand on its left."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.texts import LONGEST, texts_of
from rlnotes.functional.extraction.money import read_money, repair_lookalikes

# An amount at the end of a line of words: "TOTAL: RM 9.60".
_AT_END = re.compile(
    r"(?P<words>.*?[^-0-9.,(])(?P<amount>[-(]?(?:RM|[$])?\s?-?[0-9][0-9,]{0,11}\.\s?[0-9]{2}[-)]?)"
)


@dataclass(frozen=True)
class Row:
    """One amount of a receipt.

    Attributes:
        amount: with its sign.
        label: the words on its left in capitals, from left to right; of more than 200
            letters the last ones.
        place: (page, middle of its height).
    """

    amount: Decimal
    label: str
    place: tuple[int, float]


def read_rows(document: Document) -> list[Row]:
    """The amounts with two decimals of a receipt, from its top to its bottom.

    Two segments stand on one row if they share half the height of the lower one.
    Amounts on the left of an amount are no part of its label.
    """
    split = [_split(text) for text in texts_of(document)]
    rows = []
    for page in np.unique(document.pages).tolist():
        here = np.flatnonzero(document.pages == page).tolist()
        rows += _rows_of_page(page, [split[i] for i in here], document.boxes[here])
    return sorted(rows, key=lambda row: row.place)


def _rows_of_page(page: int, split: Sequence[tuple], boxes: np.ndarray) -> list[Row]:
    texts = _Texts([words for words, _ in split], boxes)
    rows = []
    for (words, amount), box in zip(split, boxes.tolist(), strict=True):
        if amount is not None:
            label = " ".join([*texts.left_of(box), words]).strip()[-LONGEST:].lstrip()
            rows.append(Row(amount, label, (page, (box[1] + box[3]) / 2)))
    return rows


class _Texts:
    """Texts of a page by height, so that those beside a box are found at once."""

    def __init__(self, texts: Sequence[str], boxes: np.ndarray):
        lefts = boxes[:, 0].tolist()
        by_left = sorted((lefts[i], text, i) for i, text in enumerate(texts) if text)
        self.texts = [text for _, text, _ in by_left]
        boxes = boxes[[i for _, _, i in by_left]]
        self.ranks = np.argsort(boxes[:, 1], kind="stable")  # from left to right
        self.boxes = boxes[self.ranks]
        self.tallest = np.max(boxes[:, 3] - boxes[:, 1], initial=0.0)

    def left_of(self, box: Sequence[float]) -> list[str]:
        """The texts that begin on the left of a box in its row, the nearest 200."""
        left, top, _, bottom = box
        # One more than needed: a difference of two heights may be rounded.
        first, end = np.searchsorted(self.boxes[:, 1], [top - self.tallest - 1, bottom + 1])
        lefts, tops, _, bottoms = self.boxes[first:end].T
        shared = np.minimum(bottoms, bottom) - np.maximum(tops, top)
        lower_height = np.minimum(bottoms - tops, bottom - top)
        beside = (lefts < left) & (shared >= lower_height / 2)
        ranks = np.sort(self.ranks[first:end][beside])[-LONGEST:]
        return [self.texts[rank] for rank in ranks.tolist()]


def _split(text: str) -> tuple[str, Decimal | None]:
    """The words of a segment, and the amount that it is or ends with."""
    text = text.upper()
    amount = _amount(text)
    if amount is not None:
        return "", amount
    match = _AT_END.fullmatch(text)
    amount = _amount(match["amount"]) if match else None
    return (text, None) if amount is None else (match["words"].strip(), amount)


def _amount(text: str) -> Decimal | None:
    amount = read_money(text)
    if amount is None:
        amount = read_money(repair_lookalikes(text))
    is_money = amount is not None and amount.as_tuple().exponent == -2
    return amount if is_money else None
