"""Parts of an invoice: each sets its rows on a sheet."""

from dataclasses import dataclass

import numpy as np

from rlnotes.data.invoices.amounts import divide_half_up
from rlnotes.data.invoices.draws import chance, digits, distinct, pick, whole
from rlnotes.data.invoices.invoice_bills import Invoice
from rlnotes.data.invoices.invoice_words import InvoiceWords
from rlnotes.data.invoices.sheets import Cell, Sheet


@dataclass(frozen=True)
class Paper:
    """What the parts of one invoice share.

    Attributes:
        sheet: where the rows go.
        invoice: what is said.
        words: how it is called.
        generator: for the choice of labels and of decoys.
        name_limit: widest print of the seller's name; a small one breaks it up.
    """

    sheet: Sheet
    invoice: Invoice
    words: InvoiceWords
    generator: np.random.Generator
    name_limit: float

    def label(self, name: str) -> str:
        """One of the wordings of a label."""
        return pick(self.generator, self.words.labels[name])


def running_head(paper: Paper) -> None:
    """Let every further page start with title, number and page number."""

    def head(sheet: Sheet) -> None:
        text = f"{paper.words.title} {paper.invoice.bill.number}"
        sheet.row(Cell(text), Cell(f"{paper.words.page} {sheet.page + 1}", 1.0, "r"), scale=0.85)
        sheet.skip()

    paper.sheet.on_new_page = head


def letterhead(paper: Paper, *, x: float, align: str, scale: float = 1.4) -> None:
    """The seller's name and address."""
    seller, sheet = paper.invoice.bill.seller, paper.sheet
    sheet.row(Cell(seller.name, x, align, paper.name_limit), scale=scale)
    for text in seller.address:
        sheet.row(Cell(text, x, align))
    sheet.row(Cell(f"{paper.label('contact')} {seller.phone}", x, align))
    sheet.skip()


def facts(paper: Paper) -> list[tuple[str, str]]:
    """Labels and values of the numbers and dates, in an order that is drawn."""
    invoice, generator = paper.invoice, paper.generator
    found = [
        ("number", invoice.bill.number),
        ("date", invoice.day()),
        ("currency", invoice.bill.currency),
        ("customer", digits(generator, 5)),
    ]
    if chance(generator, 0.7):
        found.append(("due", invoice.day(30)))
    if chance(generator, 0.6):
        found.append(("delivery", invoice.day(-whole(generator, 1, 12))))
    if chance(generator, 0.5):
        found.append(("order", f"{pick(generator, 'BKPW')}-{digits(generator, 6)}"))
    return [(paper.label(name), value) for name, value in distinct(generator, found, len(found))]


def side_by_side(paper: Paper, *, flip: bool = False) -> None:
    """The buyer's address on one side, numbers and dates on the other."""
    buyer = paper.invoice.bill.buyer
    address = [paper.label("buyer"), buyer.name, *buyer.address]
    pairs = facts(paper)
    joined = chance(paper.generator, 0.3)
    for i in range(max(len(address), len(pairs))):
        text = address[i] if i < len(address) else ""
        label, value = pairs[i] if i < len(pairs) else ("", "")
        if joined:
            label, value = f"{label} {value}".strip(), ""
        left, right = (0.0, 0.55) if not flip else (0.6, 0.0)
        limit = 0.5 if not flip else 0.4
        paper.sheet.row(Cell(text, left, "l", limit), Cell(label, right), Cell(value, right + 0.25))
    paper.sheet.skip()


def prose(paper: Paper, count: int) -> None:
    """That many sentences of free text."""
    for sentence in distinct(paper.generator, paper.words.prose, count):
        paper.sheet.row(Cell(sentence, 0.0, "l", 0.92))
    paper.sheet.skip(0.5)


def terms(paper: Paper) -> None:
    """Until when to pay, with a discount for early payment as a decoy."""
    invoice = paper.invoice
    text = paper.words.terms.format(
        due=invoice.day(30),
        early=invoice.day(10),
        discount=invoice.money(divide_half_up(invoice.bill.sums.payable, 50)),
        code=invoice.bill.currency,
    )
    paper.sheet.row(Cell(text, 0.0, "l", 0.92))
    paper.sheet.skip(0.5)


def foot(paper: Paper) -> None:
    """The seller again, with numbers of bank, tax and register."""
    seller, generator, sheet = paper.invoice.bill.seller, paper.generator, paper.sheet
    sheet.skip()
    bank = f"IBAN XX{digits(generator, 2)} {digits(generator, 4)} {digits(generator, 4)}"
    sheet.row(Cell(seller.name, 0.0, "l", min(0.4, paper.name_limit)), Cell(bank, 0.6), scale=0.85)
    sheet.row(Cell(seller.tax_number), Cell(seller.registration, 0.3), Cell(seller.site, 0.6))
