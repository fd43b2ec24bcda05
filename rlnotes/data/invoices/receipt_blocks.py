"""Parts of a receipt around its goods: each sets rows on a sheet."""

from dataclasses import dataclass

import numpy as np

from rlnotes.data.invoices.amounts import print_date
from rlnotes.data.invoices.draws import chance, digits, distinct, pick, pick_weighted, whole
from rlnotes.data.invoices.receipt_bills import Receipt
from rlnotes.data.invoices.receipt_words import ReceiptWords
from rlnotes.data.invoices.sheets import Cell, Sheet

_DATE_PATTERNS = (
    ("DD/MM/YYYY", 53),
    ("DD-MM-YY", 12),
    ("DD-MM-YYYY", 11),
    ("DD/MM/YY", 10),
    ("DD MON YYYY", 8),
    ("DD/MON/YYYY", 3),
    ("YYYY-MM-DD", 3),
)
_CLERKS = ("AINA", "BAKRI", "CHONG", "DEVI", "ELIS", "FAUZI", "GOPAL", "HANIM", "LIM", "SUZIE")
_FAREWELLS = (
    "WE HOPE TO SEE YOU SOON",
    "NO RETURNS WITHOUT THIS SLIP",
    "PLEASE KEEP THIS RECEIPT AS PROOF",
    "EXCHANGE WITHIN 7 DAYS WITH RECEIPT",
    "ALL PRICES ARE IN RINGGIT MALAYSIA",
    "WE WISH YOU A NICE DAY",
    "NO CASH REFUND FOR GOODS SOLD",
    "TELL US HOW WE DID TODAY",
    "OPEN DAILY FROM 9 AM TO 10 PM",
)


@dataclass(frozen=True)
class Till:
    """What the parts of one receipt share.

    Attributes:
        sheet: where the rows go.
        receipt: what is said.
        words: how it is called.
        generator: for the choice of labels and of decoys.
    """

    sheet: Sheet
    receipt: Receipt
    words: ReceiptWords
    generator: np.random.Generator

    def label(self, name: str) -> str:
        """One of the wordings of a label."""
        return pick(self.generator, getattr(self.words, name))


def seller(till: Till, *, x: float = 0.5, align: str = "c") -> None:
    """The shop's name, numbers and address; a long name may run over two rows."""
    shop, generator = till.receipt.bill.seller, till.generator
    limit = pick_weighted(generator, ((1.0, 87), (0.65, 13)))
    till.sheet.row(Cell(shop.name, x, align, limit), scale=1.12, lead=1.4)
    texts = [f"({shop.registration})" if chance(generator, 0.5) else f"ROC: {shop.registration}"]
    texts += shop.address
    if chance(generator, 0.85):
        texts.append(f"TEL : {shop.phone}")
    if chance(generator, 0.3):
        texts.append(f"FAX : {shop.phone[:-1]}{whole(generator, 0, 9)}")
    if till.receipt.rows & {"tax", "summary"} or chance(generator, 0.3):
        texts.append(f"GST REG NO: {shop.tax_number}")
    for text in texts:
        till.sheet.row(Cell(text, x, align))


def title(till: Till) -> None:
    """What the paper is."""
    till.sheet.skip(0.5)
    till.sheet.row(Cell(till.label("title"), 0.5, "c"), scale=1.1, lead=1.7)


def stamp(till: Till) -> None:
    """Number, date and cashier, in an order of their own."""
    generator, sheet = till.generator, till.sheet
    rows = [_number_row(till), _date_row(till)]
    if chance(generator, 0.75):
        rows.append([Cell(f"{till.label('cashier')} {pick(generator, _CLERKS)}")])
    if chance(generator, 0.6):
        rows.append([Cell(f"COUNTER : {whole(generator, 1, 12):02d}")])
    if chance(generator, 0.4):
        rows.append([Cell(f"MEMBER {digits(generator, 10)}")])
    order = generator.permutation(len(rows)) if chance(generator, 0.5) else range(len(rows))
    for i in order:
        sheet.row(*rows[i])
    sheet.skip(0.3)


def _number_row(till: Till) -> list[Cell]:
    label, number = till.label("number"), till.receipt.bill.number
    if chance(till.generator, 0.8):
        return [Cell(f"{label} {number}")]
    return [Cell(label), Cell(number, 0.35)]


def _date_row(till: Till) -> list[Cell]:
    generator = till.generator
    label = till.label("date")
    pattern = pick_weighted(generator, _DATE_PATTERNS)
    printed = print_date(till.receipt.bill.day, pattern)
    hour, minute = whole(generator, 8, 22), whole(generator, 0, 59)
    if chance(generator, 0.4):
        half = "AM" if hour < 12 else "PM"
        time = f"{(hour - 1) % 12 + 1}:{minute:02d}:{whole(generator, 0, 59):02d} {half}"
    else:
        time = f"{hour:02d}:{minute:02d}"
    form = pick_weighted(generator, ((0, 30), (1, 25), (2, 25), (3, 12), (4, 8)))
    return [
        [Cell(f"{label} {printed}")],
        [Cell(label), Cell(f"{printed} {time}", 0.35)],
        [Cell(f"{label} {printed} {time}")],
        [Cell(label), Cell(printed, 0.35), Cell(time, 0.75)],
        [Cell(printed), Cell(time, 0.5)],
    ][form]


def farewell(till: Till) -> None:
    """Words below the sums, with numbers that mean nothing here."""
    generator, sheet = till.generator, till.sheet
    sheet.skip(0.6)
    if chance(generator, 0.5):
        points = whole(generator, 1, 3999)
        sheet.row(Cell("MEMBER POINTS :"), Cell(f"{points:,}", 0.6))
        sheet.row(Cell("POINTS ON THIS BILL :"), Cell(f"{points % 40}", 0.6))
    texts = distinct(generator, _FAREWELLS, whole(generator, 0, 7))
    if chance(generator, 0.3):
        texts.append(till.receipt.bill.seller.site)
    if chance(generator, 0.2):
        texts.append(digits(generator, 14))
    for text in texts:
        sheet.row(Cell(text, 0.5, "c"))
