"""The label of a document: the amounts that its page prints, in one normal form."""

from collections.abc import Collection

from rlnotes.data.invoices.amounts import canonical, scaled
from rlnotes.data.invoices.bills import Bill, Line
from rlnotes.data.invoices.draws import split_words

_AMOUNTS = split_words("""
lines_total allowances charges subtotal tax total prepaid rounding payable
""")


def target_of(bill: Bill, printed: Collection[str]) -> dict:
    """What a document of this bill says, if it prints these amounts.

    Args:
        bill: all that could be said.
        printed: names of amounts, and "tax_breakdown", "quantity", "unit_price".

    Returns:
        A dict of strings: vendor, date (ISO 8601), currency (ISO 4217), the printed
        amounts with a point and two decimals, `line_items`, and `tax_breakdown` if
        printed.
    """
    target: dict = {
        "vendor": bill.seller.name,
        "date": bill.day.isoformat(),
        "currency": bill.currency,
    }
    for name in _AMOUNTS:
        if name in printed:
            target[name] = canonical(getattr(bill.sums, name))
    if "tax_breakdown" in printed:
        target["tax_breakdown"] = [
            {"rate": scaled(row.rate, 1), "base": canonical(row.base), "tax": canonical(row.tax)}
            for row in bill.sums.tax_rows
        ]
    target["line_items"] = [_line_item(line, printed) for line in bill.lines]
    return target


def _line_item(line: Line, printed: Collection[str]) -> dict[str, str]:
    item = {"description": line.description}
    if "quantity" in printed:
        item["quantity"] = scaled(line.quantity, 3)
    if "unit_price" in printed:
        item["unit_price"] = canonical(line.unit_price)
    return item | {"amount": canonical(line.amount)}
