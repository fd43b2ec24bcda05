"""Goods on a receipt, in four arrangements."""

from rlnotes.data.invoices.amounts import print_money, scaled
from rlnotes.data.invoices.bills import Line
from rlnotes.data.invoices.draws import chance
from rlnotes.data.invoices.receipt_blocks import Till
from rlnotes.data.invoices.sheets import Cell


def _prices_printed(till: Till) -> None:
    till.sheet.printed |= {"quantity", "unit_price"}


def _discount(till: Till, line: Line, x: float = 0.08) -> None:
    if line.discount:
        till.sheet.row(Cell(f"DISC 10% {print_money(-line.discount)}", x))


def goods_in_two_rows(till: Till) -> None:
    """The name, then code, quantity, price and amount."""
    _prices_printed(till)
    head, quantity, price, amount = till.words.columns
    till.sheet.row(
        Cell(head), Cell(quantity, 0.46, "r"), Cell(price, 0.66, "r"), Cell(amount, 1.0, "r")
    )
    code = chance(till.generator, 0.5)
    for line in till.receipt.bill.lines:
        till.sheet.row(Cell(line.description))
        till.sheet.row(
            Cell(line.code if code else "", 0.04),
            Cell(scaled(line.quantity, 3), 0.46, "r"),
            Cell(print_money(line.unit_price), 0.66, "r"),
            Cell(_coded(till, line), 1.0, "r"),
        )
        _discount(till, line)


def _coded(till: Till, line: Line) -> str:
    """The amount, with its tax code behind it where a table of codes is printed."""
    if "summary" not in till.receipt.rows:
        return print_money(line.amount)
    return f"{print_money(line.amount)} {'SR' if line.rate else 'ZRL'}"


def goods_in_one_row(till: Till) -> None:
    """A running number, the name, quantity, price and amount."""
    _prices_printed(till)
    head, quantity, price, amount = till.words.columns
    till.sheet.row(
        Cell(head, 0.06), Cell(quantity, 0.66, "r"), Cell(price, 0.82, "r"), Cell(amount, 1.0, "r")
    )
    for i, line in enumerate(till.receipt.bill.lines):
        till.sheet.row(
            Cell(f"{i + 1}"),
            Cell(line.description, 0.06, limit=0.52),
            Cell(scaled(line.quantity, 3), 0.66, "r"),
            Cell(print_money(line.unit_price), 0.82, "r"),
            Cell(print_money(line.amount), 1.0, "r"),
        )
        _discount(till, line)


def goods_by_name(till: Till) -> None:
    """Name and amount; below, "2 X 5.90" on most tills."""
    head, _, _, amount = till.words.columns
    till.sheet.row(Cell(head), Cell(amount, 1.0, "r"))
    counted = chance(till.generator, 0.75)
    if counted:
        _prices_printed(till)
    for line in till.receipt.bill.lines:
        till.sheet.row(Cell(line.description, limit=0.7), Cell(print_money(line.amount), 1.0, "r"))
        if counted:
            times = f"{scaled(line.quantity, 3)} X {print_money(line.unit_price)}"
            till.sheet.row(Cell(times, 0.06), Cell(line.code, 0.4))
        _discount(till, line)


def goods_amount_first(till: Till) -> None:
    """The amount on the left, then the name; price and quantity on the right."""
    _prices_printed(till)
    amount, head, price, quantity = till.words.columns
    till.sheet.row(
        Cell(amount, 0.22, "r"), Cell(head, 0.25), Cell(price, 0.84, "r"), Cell(quantity, 1.0, "r")
    )
    for line in till.receipt.bill.lines:
        till.sheet.row(
            Cell(print_money(line.amount), 0.22, "r"),
            Cell(line.description, 0.25, limit=0.44),
            Cell(print_money(line.unit_price), 0.85, "r"),
            Cell(scaled(line.quantity, 3), 1.0, "r"),
        )
        _discount(till, line, 0.25)
