"""The total of a receipt: by the words beside it, and by the cash that was paid."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext

from rlnotes.data.documents.receipt_rows import Row
from rlnotes.functional.extraction.answers import ARITHMETIC

_NO_TOTAL = re.compile(
    r"EXCL|EXC\b|\(EX\)|BEFORE|QTY|QUANTITY|SAVING|DISC|POINT|TAXABLE|TOTAL ITEMS?|COUNT|CHANGE"
    r"|(?:TOTAL|TTL)\W*(?:GST|TAX|SST)|(?:GST|TAX|SST)\W*(?:PAYABLE|AMOUNT|TOTAL)|TENDER"
)
_FINAL = re.compile(r"AFT(?:ER)?\W*R(?:OU)?ND|ROUNDED|PAYABLE|DUE\b|GRAND|FINAL|NETT?\b")
_TOTAL = re.compile(r"\bTOTAL|\bTTL\b|\bAMT\b|\bAMOUNT\b|\bJUMLAH\b")
_SUBTOTAL = re.compile(r"SUB\W?T")
_ROUNDING = re.compile(r"\bROUND|\bRND|\bADJ")
_CASH = re.compile(r"\bCASH\b|TENDER|RECEIVED|\bPAID\b|PAYMENT|\bTUNAI\b")
_CHANGE = re.compile(r"\bCHANGE\b|\bBAKI\b|\bBALANCE\b")
_PAYMENT = re.compile(rf"{_CASH.pattern}|{_CHANGE.pattern}|\bVISA\b|\bMASTER|\bCARD\b|\bDEBIT")
_FIVE_CENTS = Decimal("0.05")
_MOST_PAYMENTS = 50  # each cash is tried with each change


def total_by_labels(rows: Sequence[Row], end: tuple[int, float]) -> Decimal | None:
    """The last amount with the word total, or the like.

    Amounts labelled as rounded, payable, due or net are believed first, then other
    totals, then subtotals. Without any of them it is the largest amount that is no
    payment.

    Args:
        rows: amounts from top to bottom.
        end: (page, height) below which nothing is the total.
    """
    above = [row for row in rows if row.place < end] or list(rows)
    ranked = [(_rank(row), row) for row in above if row.amount > 0]
    best = max((rank for rank, _ in ranked), default=0)
    if best == 0:
        return _largest(above)
    return [row.amount for rank, row in ranked if rank == best][-1]


def _rank(row: Row) -> int:
    """3 for what is to be paid in the end, 2 for a total, 1 for a subtotal, else 0."""
    if _SUBTOTAL.search(row.label):
        return 1
    if _NO_TOTAL.search(row.label):
        return 0
    if _FINAL.search(row.label):
        return 3
    if _PAYMENT.search(row.label) or _ROUNDING.search(row.label):
        return 0
    return 2 if _TOTAL.search(row.label) else 0


def _largest(rows: Sequence[Row]) -> Decimal | None:
    """The largest amount that is no payment, else the largest payment."""
    bought = [row.amount for row in rows if not _PAYMENT.search(row.label)]
    return max(bought or [row.amount for row in rows], default=None)


def total_by_cash(rows: Sequence[Row], end: tuple[int, float]) -> Decimal | None:
    """The amount for which cash was paid and change given, else the one by labels.

    Of more than 50 rows of cash, or of change, the last ones count.

    Args:
        rows: amounts from top to bottom.
        end: as for `total_by_labels`.
    """
    with localcontext(ARITHMETIC):  # exact, in whatever context the caller works
        return _total_by_cash(rows, end)


def _total_by_cash(rows: Sequence[Row], end: tuple[int, float]) -> Decimal | None:
    printed = {row.amount for row in rows}
    changes = [row for row in rows if _CHANGE.search(row.label)][-_MOST_PAYMENTS:]
    cash = [row for row in rows if _is_cash(row)][-_MOST_PAYMENTS:]
    differences = [abs(given.amount) - abs(back.amount) for given in cash for back in changes]
    paid = [amount for amount in differences if amount > 0 and amount in printed]
    if paid:
        return paid[0]
    return _rounded(total_by_labels(rows, end), rows, printed)


def _is_cash(row: Row) -> bool:
    return bool(_CASH.search(row.label)) and not _CHANGE.search(row.label)


def _rounded(total: Decimal | None, rows: Sequence[Row], printed: set) -> Decimal | None:
    """The total after rounding, if it is printed and this one is no multiple of .05."""
    if total is None or total % _FIVE_CENTS == 0:
        return total
    steps = [row.amount for row in rows if _ROUNDING.search(row.label)]
    nearest = (total / _FIVE_CENTS).quantize(Decimal(1), ROUND_HALF_UP) * _FIVE_CENTS
    after = [total + step for step in steps if abs(step) < _FIVE_CENTS] + [nearest]
    return next((amount for amount in after if amount in printed), total)
