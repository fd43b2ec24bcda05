"""Tables of an invoice: its lines, its sums, and tax by rate."""

from collections.abc import Sequence

from rlnotes.data.invoices.bills import Line
from rlnotes.data.invoices.draws import chance, digits, pick_weighted, whole
from rlnotes.data.invoices.invoice_sections import Paper
from rlnotes.data.invoices.sheets import Cell, Sheet

SUM_ROWS = (
    "lines_total",
    "charges",
    "allowances",
    "subtotal",
    "tax",
    "total",
    "prepaid",
    "rounding",
    "payable",
)
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
# Name of a column, where it stands, and how it is aligned there.
Column = tuple[str, float, str]


def lines_table(paper: Paper, columns: Sequence[Column], *, width: float = 0.34) -> None:
    """The lines of goods; the heads come again on each page.

    Args:
        paper: the invoice.
        columns: name, place and alignment of each column.
        width: of the description.
    """
    sheet, usual = paper.sheet, paper.sheet.on_new_page

    def heads(sheet: Sheet) -> None:
        sheet.row(*(Cell(paper.words.columns[name], x, align) for name, x, align in columns))

    def top_of_page(sheet: Sheet) -> None:
        usual(sheet)
        heads(sheet)

    names = {name for name, _, _ in columns}
    sheet.printed |= {"quantity"} if "quantity" in names else set()
    sheet.printed |= {"unit_price"} if "price" in names else set()
    heads(sheet)
    sheet.on_new_page = top_of_page
    detail = chance(paper.generator, 0.55)
    for i, line in enumerate(paper.invoice.bill.lines):
        texts = _line_texts(paper, i, line)
        sheet.row(
            *(
                Cell(texts[name], x, align, width if name == "description" else None)
                for name, x, align in columns
            )
        )
        _line_notes(paper, line, detail, next(x for name, x, _ in columns if name == "description"))
    sheet.on_new_page = usual
    sheet.skip(0.6)


def _line_texts(paper: Paper, i: int, line: Line) -> dict[str, str]:
    invoice = paper.invoice
    piece, part = paper.words.units
    return {
        "position": str(i + 1),
        "code": line.code,
        "description": line.description,
        "quantity": f"{invoice.number(line.quantity, 3)} {part if line.quantity % 1000 else piece}",
        "price": invoice.money(line.unit_price),
        "rate": f"{invoice.number(line.rate, 1)} %",
        "amount": invoice.money(line.amount, invoice.places),
    }


def _line_notes(paper: Paper, line: Line, detail: bool, x: float) -> None:
    invoice, sheet = paper.invoice, paper.sheet
    if line.discount:
        label = paper.words.labels["allowances"][0]
        sheet.row(Cell(f"{label} 5 %: {invoice.money(-line.discount)}", x), scale=0.9)
    if detail:
        labels, generator = paper.words.labels, paper.generator
        texts = (
            f"{labels['delivery'][0]} {invoice.day(-whole(generator, 1, 12))}",
            f"{labels['order'][0]} {digits(generator, 7)}",
        )
        sheet.row(
            *(Cell(text, at) for text, at in zip(texts, (x, x + 0.3), strict=True)), scale=0.9
        )


def sums_table(paper: Paper, *, x: float, value_x: float, order: Sequence[str] = SUM_ROWS) -> None:
    """A row for each printed sum.

    Discounts and what was paid before stand with a minus, though they are stored
    without: a page shows what is taken off.

    Args:
        paper: the invoice.
        x: where labels start.
        value_x: where amounts end.
        order: names of the sums from top to bottom.
    """
    invoice, sheet, sums = paper.invoice, paper.sheet, paper.invoice.bill.sums
    code = invoice.bill.currency
    unit = pick_weighted(paper.generator, (("", 60), (code, 25), (_SYMBOLS[code], 15)))
    for name in order:
        if name not in invoice.rows:
            continue
        sheet.printed.add(name)
        amount = getattr(sums, name)
        text = invoice.money(-amount if name in ("allowances", "prepaid") else amount)
        if name in ("allowances", "prepaid") and not amount:
            text = f"-{text}"
        if unit and name in ("total", "payable"):
            text = f"{text} {unit}"
        strong = 1.12 if name in ("total", "payable") else 1.0
        sheet.row(Cell(paper.label(name), x), Cell(text, value_x, "r"), scale=strong)
    sheet.skip(0.6)


def tax_table(paper: Paper, *, xs: tuple[float, float, float] = (0.3, 0.6, 1.0)) -> None:
    """Rate, base and tax, one row for each rate, if this invoice prints them."""
    invoice, sheet = paper.invoice, paper.sheet
    if "tax_breakdown" not in invoice.rows:
        return
    sheet.printed.add("tax_breakdown")
    sheet.row(Cell(paper.label("breakdown")), scale=1.1)
    names = ("rate", "base", "rate_tax")
    sheet.row(*(Cell(paper.label(name), x, "r") for name, x in zip(names, xs, strict=True)))
    for row in invoice.bill.sums.tax_rows:
        texts = (invoice.number(row.rate, 1), invoice.money(row.base), invoice.money(row.tax))
        sheet.row(*(Cell(text, x, "r") for text, x in zip(texts, xs, strict=True)))
    sheet.skip(0.6)
