"""Four layouts of invoices; `invoice_ledger` is the one held out."""

import numpy as np

from rlnotes.data.documents.document import Document
from rlnotes.data.invoices import invoice_words
from rlnotes.data.invoices.draws import chance, whole
from rlnotes.data.invoices.invoice_bills import Country, draw_invoice
from rlnotes.data.invoices.invoice_sections import (
    Paper,
    facts,
    foot,
    letterhead,
    prose,
    running_head,
    side_by_side,
    terms,
)
from rlnotes.data.invoices.invoice_tables import SUM_ROWS, lines_table, sums_table, tax_table
from rlnotes.data.invoices.invoice_words import InvoiceWords
from rlnotes.data.invoices.sheets import Cell, Sheet
from rlnotes.data.invoices.targets import target_of

# A4 in points.
_WIDTH, _HEIGHT = 595.0, 842.0
_POINT = ((".", ","), 1)
_GERMANY = Country(
    german=True,
    rates=((190, 70),),
    currencies=("EUR",),
    dates=(("DD.MM.YYYY", 90), ("YYYY-MM-DD", 5), ("DD.MM.YY", 5)),
    marks=(((",", "."), 94), ((".", ","), 6)),
)
_RATES = ((200, 50), (210, 90), (81, 26))
_ISO = Country(False, _RATES, ("EUR", "USD"), (("YYYY-MM-DD", 1),), (_POINT,))
_ABROAD = Country(False, _RATES, ("GBP", "USD", "EUR"), (("DD Mon YYYY", 1),), (_POINT,))


def invoice_german(generator: np.random.Generator, name: str) -> Document:
    """German, with a decimal comma: address left, numbers right, tax above sums."""
    paper = _paper(generator, invoice_words.GERMAN, _GERMANY)
    letterhead(paper, x=0.0, align="l", scale=1.2)
    side_by_side(paper)
    _title(paper)
    prose(paper, whole(generator, 1, 3))
    columns = (
        ("position", 0.0, "l"),
        ("code", 0.05, "l"),
        ("description", 0.16, "l"),
        ("quantity", 0.57, "r"),
        ("price", 0.72, "r"),
        ("rate", 0.81, "r"),
        ("amount", 1.0, "r"),
    )
    lines_table(paper, columns, width=0.3)
    tax_table(paper)
    sums_table(paper, x=0.45, value_x=1.0)
    return _finish(paper, name, "invoice_german")


def invoice_plain(generator: np.random.Generator, name: str) -> Document:
    """English, with ISO dates: seller right, numbers left, tax after the sums."""
    paper = _paper(generator, invoice_words.PLAIN, _ISO)
    _title(paper)
    letterhead(paper, x=1.0, align="r")
    side_by_side(paper, flip=True)
    columns = (
        ("code", 0.0, "l"),
        ("description", 0.14, "l"),
        ("quantity", 0.58, "r"),
        ("price", 0.73, "r"),
        ("rate", 0.83, "r"),
        ("amount", 1.0, "r"),
    )
    lines_table(paper, columns)
    sums_table(paper, x=0.6, value_x=1.0)
    tax_table(paper, xs=(0.12, 0.3, 0.45))
    prose(paper, whole(generator, 1, 3))
    return _finish(paper, name, "invoice_plain")


def invoice_letter(generator: np.random.Generator, name: str) -> Document:
    """A letter in English with "10 Mar 2018": quantity first, sums on the left."""
    paper = _paper(generator, invoice_words.LETTER, _ABROAD)
    letterhead(paper, x=0.5, align="c", scale=1.6)
    side_by_side(paper)
    prose(paper, whole(generator, 2, 4))
    _title(paper)
    columns = (
        ("quantity", 0.0, "l"),
        ("description", 0.15, "l"),
        ("code", 0.55, "l"),
        ("price", 0.8, "r"),
        ("amount", 1.0, "r"),
    )
    lines_table(paper, columns, width=0.38)
    sums_table(paper, x=0.15, value_x=0.6)
    tax_table(paper, xs=(0.25, 0.42, 0.6))
    return _finish(paper, name, "invoice_letter")


def invoice_ledger(generator: np.random.Generator, name: str) -> Document:
    """A statement: sums on top with the claim first, lines below, the seller last."""
    paper = _paper(generator, invoice_words.LEDGER, _ABROAD)
    _title(paper)
    sums_table(paper, x=0.4, value_x=0.3, order=SUM_ROWS[::-1])
    tax_table(paper, xs=(0.5, 0.3, 0.15))
    columns = (
        ("amount", 0.15, "r"),
        ("description", 0.2, "l"),
        ("price", 0.68, "r"),
        ("quantity", 0.83, "r"),
        ("code", 0.88, "l"),
    )
    lines_table(paper, columns)
    for label, value in facts(paper):
        paper.sheet.row(Cell(label, 0.5, "r"), Cell(value, 0.53))
    paper.sheet.skip()
    prose(paper, whole(generator, 4, 9))
    terms(paper)
    buyer = paper.invoice.bill.buyer
    paper.sheet.row(Cell(f"{paper.label('buyer')} {buyer.name}, {', '.join(buyer.address)}"))
    paper.sheet.skip()
    paper.sheet.row(Cell(paper.label("seller"), 1.0, "r"))
    letterhead(paper, x=1.0, align="r", scale=1.1)
    return _document(paper, name, "invoice_ledger")


def _paper(generator: np.random.Generator, words: InvoiceWords, country: Country) -> Paper:
    sheet = Sheet(
        width=_WIDTH,
        height=_HEIGHT,
        margin=float(whole(generator, 45, 65)),
        top=float(whole(generator, 30, 70)),
        size=whole(generator, 16, 19) / 2,
        lead=whole(generator, 15, 21) / 10,
    )
    name_limit = 0.13 if chance(generator, 0.02) else 1.0
    paper = Paper(sheet, draw_invoice(generator, country), words, generator, name_limit)
    running_head(paper)
    return paper


def _title(paper: Paper) -> None:
    words = paper.words
    title = words.cancelling if paper.invoice.cancels else words.title
    paper.sheet.row(Cell(title), scale=1.7)
    paper.sheet.skip(0.4)


def _finish(paper: Paper, name: str, layout: str) -> Document:
    terms(paper)
    prose(paper, whole(paper.generator, 3, 8))
    foot(paper)
    return _document(paper, name, layout)


def _document(paper: Paper, name: str, layout: str) -> Document:
    target = target_of(paper.invoice.bill, paper.sheet.printed)
    return paper.sheet.document(name=name, target=target, layout=layout)


INVOICE_LAYOUTS = {
    "invoice_german": invoice_german,
    "invoice_plain": invoice_plain,
    "invoice_letter": invoice_letter,
    "invoice_ledger": invoice_ledger,
}
