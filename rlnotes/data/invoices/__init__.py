"""Invoices and receipts of our own making, with the JSON that they say.

`sampling`          documents by the number, from layouts seen or held out
`noise`             misread characters, broken and lost decimal marks
`pictures`          a page as a picture
`receipt_layouts`   four layouts of receipts; `receipt_*`: what they are made of
`invoice_layouts`   four layouts of invoices; `invoice_*` likewise
`bills`             what a document says: lines, tax by rate and sums, exact
`targets`           the label: what a document prints of its bill
`sheets`            rows of text set on pages; `widths`: how wide a text is
`parties`           invented sellers and buyers
`goods`             invented products
`amounts`           cents: rounding, and how amounts and dates are printed
`draws`             small draws from a generator
"""

from rlnotes._modules import on_demand
from rlnotes.data.invoices.noise import NOISE_KINDS
from rlnotes.data.invoices.pictures import render_page
from rlnotes.data.invoices.sampling import (
    HELD_OUT_LAYOUTS,
    LAYOUTS,
    SEEN_LAYOUTS,
    sample_invoice,
    sample_invoices,
)

__all__ = [
    "HELD_OUT_LAYOUTS",
    "LAYOUTS",
    "NOISE_KINDS",
    "SEEN_LAYOUTS",
    "render_page",
    "sample_invoice",
    "sample_invoices",
]

__getattr__, __dir__ = on_demand(__name__)
