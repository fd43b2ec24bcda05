"""Exercise: which invoices add up, by the rules that valid ones keep."""

from decimal import Decimal

from rlnotes.exercises.adds_up_mistakes import HINTS, MISTAKES, add_up
from rlnotes.exercises.base import Case, Exercise


def _add_up_in_cents(invoices):
    """Whole numbers of cents; a rate in hundredths of a percent."""

    def cents(amount):
        return round(amount * 100)

    verdicts = []
    for invoice in invoices:
        net = sum(cents(line) for line in invoice["lines"])
        net += cents(invoice.get("charges", 0)) - cents(invoice.get("allowances", 0))
        holds = net == cents(invoice["subtotal"])
        gross = net
        for rate, base, tax in invoice["taxes"]:
            product = cents(base) * cents(rate)  # in ten thousandths of a cent
            due = (abs(product) + 5_000) // 10_000 * (1 if product >= 0 else -1)
            holds = holds and due == cents(tax)
            gross += cents(tax)
            net -= cents(base)
        holds = holds and net == 0 and gross == cents(invoice["total"])
        if "payable" in invoice:
            due = gross - cents(invoice.get("prepaid", 0)) + cents(invoice.get("rounding", 0))
            holds = holds and due == cents(invoice["payable"])
        verdicts.append(holds)
    return verdicts


def _invoice(lines, subtotal, taxes, total, **others):
    """Numbers as decimals, from text; a tax is a rate, a base and an amount."""
    rows = [tuple(Decimal(number) for number in row.split()) for row in taxes]
    amounts = {"subtotal": subtotal, "total": total, **others}
    return {
        "lines": [Decimal(line) for line in lines.split()],
        **{name: Decimal(amount) for name, amount in amounts.items()},
        "taxes": rows,
    }


_PLAIN = ("100.10 50.20", "150.30", ["20 150.30 30.06"], "180.36")
_PREPAID = {"prepaid": "80.00", "rounding": "-0.01", "payable": "100.35"}

EXERCISE = Exercise(
    name="adds_up",
    cases=[
        Case(
            {
                "invoices": [
                    _invoice(*_PLAIN),
                    _invoice("100.10 50.21", *_PLAIN[1:]),
                    _invoice(*_PLAIN[:3], "180.35"),
                    _invoice("100.00", "90.00", ["20 90.00 18.00"], "108.00", allowances="10.00"),
                    _invoice("100.00", "110.00", ["20 110.00 22.00"], "132.00", allowances="10.00"),
                    _invoice("100.00", "107.00", ["20 107.00 21.40"], "128.40", charges="7.00"),
                    _invoice("100.00", "93.00", ["20 93.00 18.60"], "111.60", charges="7.00"),
                    _invoice(*_PLAIN, **_PREPAID),
                    _invoice(*_PLAIN, **_PREPAID | {"payable": "260.35"}),
                    _invoice(*_PLAIN, **_PREPAID | {"payable": "100.37"}),
                    _invoice(*_PLAIN, prepaid="80.00", payable="180.36"),
                    _invoice(*_PLAIN, prepaid="80.00", rounding="0.04", payable="180.40"),
                    _invoice(*_PLAIN, payable="180.36"),
                    _invoice(*_PLAIN[:3], "180.35", payable="180.36"),
                    _invoice(*_PLAIN, payable="0.00"),
                    _invoice(*_PLAIN, payable="170.36"),
                    _invoice(*_PLAIN, rounding="0.04", payable="180.40"),
                    _invoice(*_PLAIN[:3], "180.40", rounding="0.04", payable="180.44"),
                ]
            },
            [1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0],
            "one after the other: plain; lines off by a cent; total off by a cent; a discount of "
            "10.00, subtracted; the same discount, added; a charge of 7.00, added; the same, "
            "subtracted; 80.00 paid and a cent rounded off, 100.35 due; what was paid is added; "
            "the rounding is subtracted; 80.00 paid and yet all of it due; the same, with a "
            "rounding of four cents; nothing paid, all due; the total wrong, what is due right; "
            "nothing due, though nothing was paid; 10.00 too little due; rounded up by four "
            "cents; the four cents are in the total as well.",
        ),
        Case(
            {
                "invoices": [
                    _invoice("2.50", "2.50", ["19 2.50 0.48"], "2.98"),
                    _invoice("2.50", "2.50", ["19 2.50 0.47"], "2.97"),
                    _invoice("0.50", "0.50", ["25 0.50 0.13"], "0.63"),
                    _invoice("0.50", "0.50", ["25 0.50 0.12"], "0.62"),
                    _invoice("-0.50", "-0.50", ["25 -0.50 -0.13"], "-0.63"),
                    _invoice("-0.50", "-0.50", ["25 -0.50 -0.12"], "-0.62"),
                    _invoice("10.00", "10.00", ["7 10.00 0.77"], "10.77"),
                    _invoice("10.00", "10.00", ["0 10.00 0.00"], "10.00"),
                    _invoice("0.00", "0.00", ["20 0.00 0.00"], "0.00"),
                    _invoice("2.51", "2.51", ["19 2.51 0.48"], "2.99"),
                    _invoice("40000.00", "40000.00", ["20 40000.00 8000.00"], "48000.00"),
                    _invoice("49.99", "49.99", ["0.01 49.99 0.00"], "49.99"),
                ]
            },
            [1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1],
            "19 % of 2.50 is 0.475, rounded 0.48; 25 % of 0.50 is 0.125, rounded 0.13, and of "
            "-0.50 it is -0.13: half a cent goes away from zero. 7 % of 10.00 is not 0.77. A "
            "rate of 0 is one, too, and so is an invoice of 0. 19 % of 2.51 is 0.4769, so 0.48; "
            "0.01 % of 49.99 is 0.004999, so 0.00.",
        ),
        Case(
            {
                "invoices": [
                    _invoice("60.30 39.70", "100.00", ["20 60.30 12.06"], "112.06"),
                    _invoice(
                        "60.30 39.70", "100.00", ["20 60.30 12.06", "5.5 39.70 2.18"], "114.24"
                    ),
                    _invoice(
                        "60.30 39.70", "100.00", ["20 60.30 12.06", "5.5 39.70 2.19"], "114.25"
                    ),
                    _invoice(
                        "60.30 39.70", "100.00", ["20 60.30 12.05", "5.5 39.70 2.19"], "114.24"
                    ),
                    _invoice(
                        "60.30 39.70", "100.00", ["20 60.30 12.05", "5.5 39.70 2.18"], "114.23"
                    ),
                    _invoice("0.35 0.35", "0.70", ["10 0.35 0.04", "10 0.35 0.04"], "0.78"),
                    _invoice("0.10 0.20", "0.30", ["0 0.10 0.00", "0 0.20 0.00"], "0.30"),
                    _invoice("100.00", "95.00", ["20 100.00 20.00"], "115.00", allowances="5.00"),
                    _invoice(
                        "300.00",
                        "310.00",
                        ["10 310.00 31.00"],
                        "341.00",
                        allowances="15.00",
                        charges="25.00",
                        prepaid="341.00",
                        payable="0.00",
                    ),
                    _invoice(*_PLAIN, prepaid="-80.00", payable="260.36"),
                    _invoice("-150.30", "-150.30", ["20 -150.30 -30.06"], "-180.36"),
                    _invoice(
                        "-150.30", "-150.30", ["20 -150.30 -30.06"], "-180.36", payable="-180.36"
                    ),
                    _invoice(
                        "100.00", "110.00", ["20 110.00 22.00"], "132.00", allowances="-10.00"
                    ),
                    _invoice("150.30", "150.30", ["20 150.30 30.06"], "150.30"),
                    _invoice("180.36", "150.30", ["20 150.30 30.06"], "180.36"),
                ]
            },
            [0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0],
            "one base is missing; two rates; a tax is a cent too high; two taxes are off by a "
            "cent each, their sum is right; the first tax is a cent too low; each tax is rounded "
            "by itself; 0.10 + 0.20 = 0.30; the tax is that of the lines, not of the "
            "discounted base; all of it was paid; a prepayment may be negative; so may an "
            "invoice; and what is due; and a discount; here the tax is not in the total, and "
            "here it is in the lines.",
        ),
    ],
    solutions=[add_up, _add_up_in_cents],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
