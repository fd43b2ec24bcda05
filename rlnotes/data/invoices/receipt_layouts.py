"""Four layouts of receipts; `receipt_counterfoil` is the one held out."""

from collections.abc import Callable

import numpy as np

from rlnotes.data.documents.document import Document
from rlnotes.data.invoices import receipt_words
from rlnotes.data.invoices.draws import whole
from rlnotes.data.invoices.receipt_bills import draw_receipt
from rlnotes.data.invoices.receipt_blocks import Till, farewell, seller, stamp, title
from rlnotes.data.invoices.receipt_goods import (
    goods_amount_first,
    goods_by_name,
    goods_in_one_row,
    goods_in_two_rows,
)
from rlnotes.data.invoices.receipt_sums import (
    TOTAL_FIRST,
    payment,
    queue_number,
    tax_table,
    totals,
)
from rlnotes.data.invoices.receipt_words import ReceiptWords
from rlnotes.data.invoices.sheets import Sheet
from rlnotes.data.invoices.targets import target_of


def receipt_till(generator: np.random.Generator, name: str) -> Document:
    """A shop's till: goods in two rows, the table of tax near the foot."""
    blocks = (seller, title, stamp, goods_in_two_rows, totals, payment, tax_table, farewell)
    return _receipt(generator, name, "receipt_till", receipt_words.TILL, blocks)


def receipt_counter(generator: np.random.Generator, name: str) -> Document:
    """A counter with wide paper: all on the left, goods in one row each."""

    def left(till: Till) -> None:
        seller(till, x=0.0, align="l")

    blocks = (left, stamp, title, goods_in_one_row, totals, tax_table, payment, farewell)
    return _receipt(generator, name, "receipt_counter", receipt_words.COUNTER, blocks)


def receipt_cafe(generator: np.random.Generator, name: str) -> Document:
    """A cafe: names with amounts, sums indented, a table's number."""

    def indented(till: Till) -> None:
        totals(till, x=0.25)

    blocks = (
        seller,
        title,
        queue_number,
        stamp,
        goods_by_name,
        indented,
        payment,
        tax_table,
        farewell,
    )
    return _receipt(generator, name, "receipt_cafe", receipt_words.CAFE, blocks)


def receipt_counterfoil(generator: np.random.Generator, name: str) -> Document:
    """A memo: tax first, amounts left of names, the total above its parts."""

    def right(till: Till) -> None:
        seller(till, x=1.0, align="r")

    def total_first(till: Till) -> None:
        totals(till, order=TOTAL_FIRST, x=0.37, value_x=0.33)

    def paid(till: Till) -> None:
        payment(till, x=0.37, value_x=0.33)

    blocks = (title, right, tax_table, goods_amount_first, total_first, paid, stamp, farewell)
    return _receipt(generator, name, "receipt_counterfoil", receipt_words.COUNTERFOIL, blocks)


def _receipt(
    generator: np.random.Generator,
    name: str,
    layout: str,
    words: ReceiptWords,
    blocks: tuple[Callable[[Till], None], ...],
) -> Document:
    receipt = draw_receipt(generator)
    width = float(whole(generator, 460, 1000))
    margin = width * whole(generator, 4, 12) / 100
    size = (width - 2 * margin) / whole(generator, 20, 24)
    top = margin * whole(generator, 2, 12) / 5
    sheet = Sheet(width=width, margin=margin, top=top, size=size)
    till = Till(sheet, receipt, words, generator)
    for block in blocks:
        block(till)
    return sheet.document(name=name, target=target_of(receipt.bill, sheet.printed), layout=layout)


RECEIPT_LAYOUTS = {
    "receipt_till": receipt_till,
    "receipt_counter": receipt_counter,
    "receipt_cafe": receipt_cafe,
    "receipt_counterfoil": receipt_counterfoil,
}
