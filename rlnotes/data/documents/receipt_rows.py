"""Rows of a receipt: each amount with the words that stand on its left."""

import re
from dataclasses import dataclass
from decimal import Decimal

from rlnotes.data.documents.document import Document
from rlnotes.functional.extraction.money import read_money, repair_lookalikes

# An amount at the end of a line of words: "TOTAL: RM 9.60".
_AT_END = re.compile(
    r"(?P<words>.*?[^-0-9.,(])(?P<amount>[-(]?(?:RM|[$])?\s?-?[0-9][0-9,]{0,11}\.\s?[0-9]{2}[-)]?)"
)
_LONGEST = 200


@dataclass(frozen=True)
class Row:
    """One amount of a receipt.

    Attributes:
        amount: with its sign.
        label: the words on its left in capitals, from left to right.
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
    amounts = [_split(text) for text in document.segments]
    boxes, pages = document.boxes.tolist(), document.pages.tolist()
    rows = []
    for i, (words, amount) in enumerate(amounts):
        if amount is None:
            continue
        beside = [
            (boxes[j][0], other)
            for j, (other, _) in enumerate(amounts)
            if other and pages[j] == pages[i] and _is_left_of(boxes[j], boxes[i])
        ]
        label = " ".join([*(text for _, text in sorted(beside)), words]).strip()
        rows.append(Row(amount, label, (pages[i], (boxes[i][1] + boxes[i][3]) / 2)))
    return sorted(rows, key=lambda row: row.place)


def _split(text: str) -> tuple[str, Decimal | None]:
    """The words of a segment, and the amount that it is or ends with."""
    text = text[:_LONGEST].upper()
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


def _is_left_of(box: list[float], other: list[float]) -> bool:
    shared = min(box[3], other[3]) - max(box[1], other[1])
    lower_height = min(box[3] - box[1], other[3] - other[1])
    return box[0] < other[0] and shared >= lower_height / 2
