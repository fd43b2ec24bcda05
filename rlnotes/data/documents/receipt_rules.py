"""Receipts read by rules: what a policy that learns has to be compared with.

Regular expressions, words to look for, and an order of what to believe first; nothing
is learned. The rules were written for Malaysian receipts in English.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.receipt_rows import read_rows
from rlnotes.data.documents.receipt_totals import total_by_cash, total_by_labels
from rlnotes.data.documents.texts import texts_of, without_registration
from rlnotes.functional.extraction.currencies import read_currency
from rlnotes.functional.extraction.dates import find_dates

_HEADER = 8
_COMPANY = re.compile(r"\b(?:SDN\W*BHD|SENDIRIAN|BERHAD|BHD|S/B|PLT|LTD|LIMITED|INC|LLC|GMBH)\b")
_TRADE = re.compile(
    r"\b(?:ENTERPRISE|TRADING|COMPANY|CO\.?|RESTAURANT|RESTORAN|CASH & CARRY)(?!\w)"
)
_HEADING = re.compile(
    r"\b(?:INVOICE|RECEIPT|BILL|CASH SALES?|THANK|WELCOME|TEL|FAX|GST|DATE|COPY|CASHIER|WWW"
    r"|REG|CO(?:MPANY)?\W*NO)\b|^(?:NO|LOT)\b[. ]*[0-9]|%"
)
_SUMMARY = re.compile(r"SUMMARY|ANALYSIS")
_STAMP = re.compile(r"DATE|[0-9]{1,2}:[0-9]{2}")
_OTHER_DATE = re.compile(r"EXP|DUE|VALID|UNTIL|PROMO")


def read_receipt(document: Document, *, currency: str = "MYR") -> dict[str, str]:
    """What a receipt says, by plain rules.

    The vendor is the first line of the header with a legal form, else the first with a
    word of trade, else the first that is a name. The date is the first in a line with
    the word date or with a time, else the first that is neither an expiry nor a due
    date. The total is the last amount with the word total, or the like. Of a segment
    only the first 200 letters are read.

    Args:
        document: only its segments, boxes and pages are looked at.
        currency: code for a receipt that names none.

    Returns:
        `vendor`, `date`, `currency` and `total`, as far as they were found, in the form
        of a target: ISO dates and amounts with two decimals.
    """
    return _read(document, currency, total_by_labels)


def read_receipt_with_cash(document: Document, *, currency: str = "MYR") -> dict[str, str]:
    """The same as `read_receipt`, with arithmetic for the total.

        total = cash - change, if such an amount is printed

    The sign of printed cash is ignored: some tills print it as negative. Else a total
    that is no multiple of five cents is rounded, by the row for it or as the law on
    cash has it, if the result is printed.
    """
    return _read(document, currency, total_by_cash)


def _read(document: Document, currency: str, read_total: Callable) -> dict[str, str]:
    texts = texts_of(document)
    day, total = _date(texts), read_total(read_rows(document), _summary(document, texts))
    found = {
        "vendor": _vendor(texts),
        "date": day and day.isoformat(),
        "currency": _currency(texts) or currency,
        "total": None if total is None else f"{total:.2f}",
    }
    return {name: value for name, value in found.items() if value}


def _vendor(segments: list[str]) -> str | None:
    header = segments[:_HEADER]
    for words in (_COMPANY, _TRADE):
        for i, text in enumerate(header):
            if words.search(text.upper()) and not _is_heading(text):
                return _whole_name(header, i)
    names = (text for text in header if not _is_heading(text))
    return next((without_registration(text) for text in names), None)


def _is_heading(text: str) -> bool:
    return len(re.findall(r"[^\W\d_]", text)) < 4 or bool(_HEADING.search(text.upper()))


def _whole_name(header: list[str], i: int) -> str:
    """A line of the header, joined with the one above if it is only a name's end."""
    name = without_registration(header[i])
    rest = _TRADE.sub(" ", _COMPANY.sub(" ", name.upper())).replace("(M)", " ")
    is_end = name.startswith("&") or len(re.findall(r"[^\W\d_]+", rest)) <= 1
    joined = i > 0 and is_end and not _is_heading(header[i - 1])
    return f"{header[i - 1]} {name}" if joined else name


def _date(segments: Sequence[str]) -> date | None:
    """The first beside the word date or a time, else the first that is no expiry."""
    days = [(text.upper(), day) for text in segments for day in find_dates(text)]
    other = [(text, day) for text, day in days if not _OTHER_DATE.search(text)]
    stamped = [(text, day) for text, day in other if _STAMP.search(text)]
    return next((day for _, day in (*stamped, *other, *days)), None)


def _currency(segments: Sequence[str]) -> str | None:
    """The currency named most often; BHD is the end of a company's name here."""
    others = (text for text in segments if not _COMPANY.search(text.upper()))
    named = Counter(code for text in others if (code := read_currency(text)))
    return named.most_common(1)[0][0] if named else None


def _summary(document: Document, texts: Sequence[str]) -> tuple[int, float]:
    """Where the table of taxes begins; below it nothing is the total."""
    tops = [
        (page, box[1])
        for text, page, box in zip(
            texts, document.pages.tolist(), document.boxes.tolist(), strict=True
        )
        if _SUMMARY.search(text.upper())
    ]
    return min(tops, default=(len(document.page_sizes), 0.0))
