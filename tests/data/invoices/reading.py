"""Reading printed pages back, independent of the code that printed them."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache

from rlnotes.data.documents.document import Document
from rlnotes.data.invoices import HELD_OUT_LAYOUTS, LAYOUTS, SEEN_LAYOUTS, sample_invoices

RECEIPTS = [name for name in SEEN_LAYOUTS if name.startswith("receipt")]
INVOICES = [name for name in SEEN_LAYOUTS if name.startswith("invoice")]
AMOUNT = re.compile(r"(?<![\d.,])-?\d[\d.,]*[.,]\d{2}(?:00)?(?![\d.,])")
DATES = (
    (r"(?<!\d)\d{2}/\d{2}/\d{4}(?!\d)", "%d/%m/%Y", "DD/MM/YYYY"),
    (r"(?<!\d)\d{2}/\d{2}/\d{2}(?!\d)", "%d/%m/%y", "DD/MM/YY"),
    (r"(?<!\d)\d{2}-\d{2}-\d{4}(?!\d)", "%d-%m-%Y", "DD-MM-YYYY"),
    (r"(?<![\d-])\d{2}-\d{2}-\d{2}(?![\d-])", "%d-%m-%y", "DD-MM-YY"),
    (r"(?<!\d)\d{2}\.\d{2}\.\d{4}(?!\d)", "%d.%m.%Y", "DD.MM.YYYY"),
    (r"(?<![\d.])\d{2}\.\d{2}\.\d{2}(?![\d.])", "%d.%m.%y", "DD.MM.YY"),
    (r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)", "%Y-%m-%d", "YYYY-MM-DD"),
    (r"(?<!\d)\d{2} [A-Za-z]{3} \d{4}(?!\d)", "%d %b %Y", "DD MON YYYY"),
    (r"(?<!\d)\d{2}/[A-Z]{3}/\d{4}(?!\d)", "%d/%b/%Y", "DD/MON/YYYY"),
)


@cache
def documents(layouts: tuple[str, ...], count: int = 600) -> list[Document]:
    return sample_invoices(count, seed=20, layouts=layouts)


def every_layout() -> list[Document]:
    return [document for name in LAYOUTS for document in documents((name,), 150)]


def held_out() -> list[Document]:
    return [document for name in HELD_OUT_LAYOUTS for document in documents((name,), 150)]


def amounts_in(text: str) -> list[Decimal]:
    """Amounts with two (or four) decimals; the last mark is the decimal one."""
    found = []
    for printed in AMOUNT.findall(text):
        whole, _, decimals = printed.replace(",", ".").rpartition(".")
        found.append(Decimal(f"{whole.replace('.', '')}.{decimals}"))
    return found


def dates_in(text: str) -> list[tuple[date, str, str]]:
    """Dates with their pattern and the printed text."""
    found = []
    for expression, form, pattern in DATES:
        for printed in re.findall(expression, text):
            found.append((datetime.strptime(printed, form).date(), pattern, printed))
    return found


def rows_of(document: Document) -> list[list[int]]:
    """Numbers of segments by row: those whose boxes start at one height of a page."""
    rows: dict[tuple, list[int]] = {}
    for i, (page, box) in enumerate(zip(document.pages, document.boxes, strict=True)):
        rows.setdefault((int(page), float(box[1])), []).append(i)
    return list(rows.values())


def row_values(document: Document, label: str) -> list[Decimal]:
    """Amounts on rows whose label matches from its start."""
    values = []
    for row in rows_of(document):
        texts = [document.segments[i] for i in row]
        if any(re.match(label, text) for text in texts):
            values += [value for text in texts for value in amounts_in(text)]
    return values
