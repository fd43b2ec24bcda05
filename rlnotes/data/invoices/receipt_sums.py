"""Sums of a receipt: totals, what was paid, and the table of tax by rate."""

from collections.abc import Sequence

from rlnotes.data.invoices.amounts import print_money, scaled
from rlnotes.data.invoices.draws import chance, digits, pick, pick_weighted, split_words, whole
from rlnotes.data.invoices.receipt_blocks import Till
from rlnotes.data.invoices.sheets import Cell

_TOTAL_PREFIXES = (("", 84), ("RM", 5), ("RM ", 5), ("$", 5))
_CARDS = ("VISA", "MASTERCARD", "DEBIT CARD")
# In the order of most tills; another layout may turn it round.
SUM_ROWS = split_words("""
lines_total allowances charges subtotal tax rounding total prepaid payable
""")
TOTAL_FIRST = split_words("""
total prepaid payable rounding tax subtotal charges allowances lines_total
""")


def _is_printed(till: Till, name: str) -> bool:
    sums = till.receipt.bill.sums
    if name in ("allowances", "charges", "prepaid"):
        return getattr(sums, name) != 0
    if name == "payable":
        return sums.prepaid != 0
    return name == "total" or name in till.receipt.rows


def _in_place(order: Sequence[str], prepaid: bool) -> list[str]:
    """The order of rows; rounding stands with what it rounds, payable or total."""
    if not prepaid:
        return list(order)
    rest = [name for name in order if name != "rounding"]
    at = max(rest.index("payable"), rest.index("prepaid"))
    return [*rest[:at], "rounding", *rest[at:]]


def totals(
    till: Till, *, order: Sequence[str] = SUM_ROWS, x: float = 0.0, value_x: float = 1.0
) -> None:
    """A row for each sum that this till prints.

    What is taken off, and what was paid before, have a minus in front.

    Args:
        till: the receipt.
        order: names of the sums from top to bottom.
        x: where labels start.
        value_x: where amounts end.
    """
    sheet, generator, sums = till.sheet, till.generator, till.receipt.bill.sums
    sheet.skip(0.3)
    if chance(generator, 0.45):
        count = sum(line.quantity for line in till.receipt.bill.lines)
        sheet.row(Cell(till.label("count"), x), Cell(scaled(count, 3), x + 0.5))
    prefix = pick_weighted(generator, _TOTAL_PREFIXES)
    colon = chance(generator, 0.1)
    for name in _in_place(order, sums.prepaid != 0):
        if not _is_printed(till, name):
            continue
        sheet.printed.add(name)
        rate = scaled(sums.tax_rows[0].rate, 1)
        label = till.label(name).replace("{rate}", rate)
        sign = -1 if name in ("allowances", "prepaid") else 1
        text = print_money(sign * getattr(sums, name))
        if name == "total":
            text = prefix + text
        big = 1.15 if name == "total" else 1.0
        if name == "total" and chance(generator, 0.05):
            sheet.row(Cell(f"{label.rstrip(' :')} : {text}", x), scale=big)
            continue
        middle = Cell(":" if colon and not label.endswith(":") else "", x + 0.55)
        sheet.row(Cell(label, x), middle, Cell(text, value_x, "r"), scale=big)


def payment(till: Till, *, x: float = 0.0, value_x: float = 1.0) -> None:
    """Cash and change, a card with its slip, an amount only, or nothing."""
    receipt, sheet, generator = till.receipt, till.sheet, till.generator
    if receipt.payment == "none":
        return
    if receipt.payment == "card":
        _card(till, x, value_x)
        return
    sign = -1 if receipt.payment == "cash" and chance(generator, 0.06) else 1
    given = print_money(sign * receipt.tendered)
    sheet.row(Cell(till.label("given"), x), Cell(given, value_x, "r"))
    if receipt.payment == "cash":
        change = print_money(receipt.tendered - receipt.bill.sums.payable)
        sheet.row(Cell(till.label("change"), x), Cell(change, value_x, "r"))


def _card(till: Till, x: float, value_x: float) -> None:
    sheet, generator = till.sheet, till.generator
    paid = print_money(till.receipt.bill.sums.payable)
    sheet.row(Cell(pick(generator, _CARDS), x), Cell(paid, value_x, "r"))
    masked = "X" * 12 if chance(generator, 0.5) else "*" * 8
    sheet.row(Cell("CARD NO", x), Cell(masked + digits(generator, 4), x + 0.3))
    sheet.row(Cell(f"APPR CODE {digits(generator, 6)}", x))
    sheet.row(Cell("APPROVED, NO SIGNATURE NEEDED", 0.5, "c"), scale=0.9)
    if chance(generator, 0.5):
        sheet.row(Cell(f"TERMINAL ID {digits(generator, 8)}", x))


def tax_table(till: Till) -> None:
    """Tax by rate, if this till prints it; with tax, and summed up, on some."""
    printed, sheet, sums = till.receipt.rows, till.sheet, till.receipt.bill.sums
    if "summary" not in printed:
        return
    sheet.printed.add("tax_breakdown")
    gross = chance(till.generator, 0.75)
    columns = (0.49, 0.73, 1.0) if gross else (0.72, 1.0)
    head, *heads = till.words.summary
    sheet.skip(0.5)
    sheet.row(Cell(head), scale=0.85)
    rows = [("", "%", *heads)]
    decimals = ".00" if chance(till.generator, 0.4) else ""
    for row in sums.tax_rows:
        rate = scaled(row.rate, 1) + decimals
        rows.append(("SR" if row.rate else "ZRL", rate, *_parts(row.base, row.tax)))
    if len(sums.tax_rows) == 1 or "summary_total" in printed:
        sheet.printed.add("tax")
    if "summary_total" in printed:
        base = sum(row.base for row in sums.tax_rows)
        rows.append((till.label("summed"), "", *_parts(base, sums.tax)))
    for label, rate, *amounts in rows:
        cells = [Cell(text, x, "r") for text, x in zip(amounts, columns, strict=False)]
        sheet.row(Cell(label), Cell(rate, columns[0] - 0.3, "r"), *cells, scale=0.85)


def _parts(base: int, tax: int) -> tuple[str, str, str]:
    """Base, tax, and both together."""
    return print_money(base), print_money(tax), print_money(base + tax)


def queue_number(till: Till) -> None:
    """A number to be called by, on some receipts of cafes."""
    if chance(till.generator, 0.5):
        till.sheet.row(Cell(f"TABLE {whole(till.generator, 1, 40)}", 0.5, "c"), scale=1.3, lead=1.7)
