"""Rules of a valid invoice, and the mistakes that people make in them."""

from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal

_CENT = Decimal("0.01")


def add_up(invoices):
    """Whether all four rules hold, for each invoice."""
    return [all(rule(invoice) for rule in _RULES.values()) for invoice in invoices]


def _get(invoice, name):
    return invoice.get(name, Decimal(0))


def _lines(invoice):
    net = sum(invoice["lines"]) - _get(invoice, "allowances") + _get(invoice, "charges")
    return net == invoice["subtotal"]


def _taxes(invoice):
    bases = sum(base for _, base, _ in invoice["taxes"])
    return bases == invoice["subtotal"] and _rates(invoice)


def _rates(invoice, rounding=ROUND_HALF_UP):
    return all(
        (base * rate / 100).quantize(_CENT, rounding) == tax for rate, base, tax in invoice["taxes"]
    )


def _total(invoice):
    return invoice["subtotal"] + sum(tax for _, _, tax in invoice["taxes"]) == invoice["total"]


def _payable(invoice):
    due = invoice["total"] - _get(invoice, "prepaid") + _get(invoice, "rounding")
    return due == invoice.get("payable", due)


_RULES = {"lines": _lines, "taxes": _taxes, "total": _total, "payable": _payable}


def _with(**rules: Callable | None) -> Callable:
    """A wrong answer: some rules exchanged; None leaves one out."""
    kept = [rule for rule in {**_RULES, **rules}.values() if rule]
    return lambda invoices: [all(rule(invoice) for rule in kept) for invoice in invoices]


def _rounded(how: str) -> Callable:
    """A wrong answer: taxes are rounded in another way."""
    return _with(taxes=lambda x: _bases(x) and _rates(x, how))


def _bases(invoice):
    return sum(base for _, base, _ in invoice["taxes"]) == invoice["subtotal"]


def _with_sign(rule: str, name: str) -> Callable:
    """A wrong answer: an amount is added that is subtracted, or the other way round."""
    return _with(**{rule: lambda x: _RULES[rule]({**x, name: -_get(x, name)})})


def _without(rule: str, *names: str) -> Callable:
    """A wrong answer: a rule forgets amounts."""
    return _with(**{rule: lambda x: _RULES[rule]({k: v for k, v in x.items() if k not in names})})


def _half_towards_plus(invoice):
    return _bases(invoice) and all(
        Decimal(int((base * rate + Decimal("0.5")) // 1)) / 100 == tax
        for rate, base, tax in invoice["taxes"]
    )


def _sum_of_taxes(invoice):
    due = sum(base * rate / 100 for rate, base, _ in invoice["taxes"])
    taxes = sum(tax for _, _, tax in invoice["taxes"])
    return _bases(invoice) and due.quantize(_CENT, ROUND_HALF_UP) == taxes


def _one_rate(invoice):
    due = invoice["subtotal"] * invoice["taxes"][0][0] / 100
    return due.quantize(_CENT, ROUND_HALF_UP) == sum(tax for _, _, tax in invoice["taxes"])


def _not_rounded(invoice):
    return _bases(invoice) and all(base * rate / 100 == tax for rate, base, tax in invoice["taxes"])


def _rates_as_shares(invoice):
    return _bases(invoice) and all(
        (base * rate).quantize(_CENT, ROUND_HALF_UP) == tax for rate, base, tax in invoice["taxes"]
    )


def _rounded_twice(invoice):
    dues = [
        (base * rate / 100).quantize(_CENT / 10, ROUND_HALF_UP)
        for rate, base, _ in invoice["taxes"]
    ]
    taxes = [tax for _, _, tax in invoice["taxes"]]
    return _bases(invoice) and [due.quantize(_CENT, ROUND_HALF_UP) for due in dues] == taxes


def _rounding_in_the_total(invoice):
    return _total({**invoice, "subtotal": invoice["subtotal"] + _get(invoice, "rounding")})


def _unless_zero(invoice):
    return not invoice.get("payable") or _payable(invoice)


def _only_if_prepaid(invoice):
    return "prepaid" not in invoice or _payable(invoice)


def _never_below_zero(invoice):
    due = max(Decimal(0), invoice["total"] - _get(invoice, "prepaid") + _get(invoice, "rounding"))
    return due == invoice.get("payable", due)


def _tax_inside_allowed(invoice):
    return _total(invoice) or invoice["subtotal"] == invoice["total"]


def _gross_lines_allowed(invoice):
    return _lines(invoice) or _lines({**invoice, "subtotal": invoice["total"]})


def _rates_of_lines(invoice):
    lines = sum(invoice["lines"])
    return all(
        (lines * base / invoice["subtotal"] * rate / 100).quantize(_CENT, ROUND_HALF_UP) == tax
        for rate, base, tax in invoice["taxes"]
        if invoice["subtotal"]
    )


def _within(tolerance: str) -> Callable:
    """A wrong answer: every rule forgives a small difference."""
    most = Decimal(tolerance)

    def forgiving(x):
        net = sum(x["lines"]) - _get(x, "allowances") + _get(x, "charges")
        due = x["total"] - _get(x, "prepaid") + _get(x, "rounding")
        gaps = [net - x["subtotal"], due - x.get("payable", due)]
        gaps += [x["subtotal"] + sum(tax for _, _, tax in x["taxes"]) - x["total"]]
        gaps += [sum(base for _, base, _ in x["taxes"]) - x["subtotal"]]
        gaps += [base * rate / 100 - tax for rate, base, tax in x["taxes"]]
        return all(abs(gap) <= most for gap in gaps)

    return lambda invoices: [forgiving(invoice) for invoice in invoices]


def _in_floats(invoices):
    def plain(value):
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        return float(value)

    def holds(invoice):
        x = {name: plain(value) for name, value in invoice.items()}
        net = sum(x["lines"]) - x.get("allowances", 0) + x.get("charges", 0)
        due = x["total"] - x.get("prepaid", 0) + x.get("rounding", 0)
        rates = all(round(base * rate / 100, 2) == tax for rate, base, tax in x["taxes"])
        gross = x["subtotal"] + sum(tax for _, _, tax in x["taxes"])
        bases = sum(base for _, base, _ in x["taxes"]) == x["subtotal"]
        first = net == x["subtotal"] and bases and rates
        return first and gross == x["total"] and due == x.get("payable", due)

    return [holds(invoice) for invoice in invoices]


def _all_rows_needed(invoices):
    names = {"allowances", "charges", "prepaid", "rounding", "payable"}
    return [
        names <= invoice.keys() and right
        for invoice, right in zip(invoices, add_up(invoices), strict=True)
    ]


def _payable_is_needed(invoices):
    return [
        "payable" in invoice and right
        for invoice, right in zip(invoices, add_up(invoices), strict=True)
    ]


def _positive_only(invoices):
    return [
        invoice["total"] > 0 and right
        for invoice, right in zip(invoices, add_up(invoices), strict=True)
    ]


MISTAKES = {
    "lines are the subtotal": _without("lines", "allowances", "charges"),
    "no discounts": _without("lines", "allowances"),
    "no charges": _without("lines", "charges"),
    "discounts added": _with_sign("lines", "allowances"),
    "charges subtracted": _with_sign("lines", "charges"),
    "payable is the total": _without("payable", "prepaid", "rounding"),
    "nothing prepaid": _without("payable", "prepaid"),
    "no rounding": _without("payable", "rounding"),
    "prepaid added": _with_sign("payable", "prepaid"),
    "rounding subtracted": _with_sign("payable", "rounding"),
    "missing payable is 0": _with(payable=lambda x: _payable({**x, "payable": _get(x, "payable")})),
    "payable is needed": _payable_is_needed,
    "all rows are needed": _all_rows_needed,
    "lines unchecked": _with(lines=None),
    "total unchecked": _with(total=None),
    "payable unchecked": _with(payable=None),
    "taxes unchecked": _with(taxes=None),
    "rates unchecked": _with(taxes=_bases),
    "bases unchecked": _with(taxes=_rates),
    "sum of the taxes": _with(taxes=_sum_of_taxes),
    "one rate": _with(taxes=_one_rate),
    "tax of the lines": _with(taxes=_rates_of_lines),
    "not rounded": _with(taxes=_not_rounded),
    "rates as shares": _with(taxes=_rates_as_shares),
    "rounded twice": _with(taxes=_rounded_twice),
    "rounding in the total": _with(total=_rounding_in_the_total),
    "a payable of 0 is unchecked": _with(payable=_unless_zero),
    "payable only if prepaid": _with(payable=_only_if_prepaid),
    "due is never negative": _with(payable=_never_below_zero),
    "tax inside": _with(total=_tax_inside_allowed),
    "lines with tax": _with(lines=_gross_lines_allowed),
    "size of the discount": _with(
        lines=lambda x: _lines({**x, "allowances": abs(_get(x, "allowances"))})
    ),
    "half to even": _rounded(ROUND_HALF_EVEN),
    "half down": _rounded(ROUND_HALF_DOWN),
    "half towards plus": _with(taxes=_half_towards_plus),
    "cut off": _rounded(ROUND_DOWN),
    "always up": _rounded(ROUND_UP),
    "within half a cent": _within("0.005"),
    "within a cent": _within("0.01"),
    "within five cents": _within("0.05"),
    "floats": _in_floats,
    "positive only": _positive_only,
    "any rule": lambda invoices: [any(r(x) for r in _RULES.values()) for x in invoices],
    "turned round": lambda invoices: [not right for right in add_up(invoices)],
    "first invoice": lambda invoices: [add_up(invoices)[0]] * len(invoices),
}

HINTS = {
    "lines are the subtotal": "discounts and charges on the whole document are forgotten: "
    "lines - allowances + charges = subtotal.",
    "no discounts": "allowances are forgotten. They are subtracted from the lines.",
    "no charges": "charges are forgotten. They are added to the lines.",
    "discounts added": "allowances are stored positive and are subtracted.",
    "charges subtracted": "charges are added.",
    "payable is the total": "the amount due is not the total: total - prepaid + rounding.",
    "nothing prepaid": "what was paid before is forgotten: total - prepaid + rounding.",
    "no rounding": "the rounding is forgotten. It is added, with its sign.",
    "prepaid added": "what was paid before is subtracted.",
    "rounding subtracted": "the rounding is added; it has a sign of its own.",
    "missing payable is 0": "a payable that is not there is no payable of 0: then its rule does "
    "not apply.",
    "payable is needed": "without a payable an invoice may still add up: its rule does not apply.",
    "all rows are needed": "an optional row that is not there counts as 0; it is not missing.",
    "lines unchecked": "the lines are not compared with the subtotal.",
    "total unchecked": "subtotal and taxes are not compared with the total.",
    "payable unchecked": "the amount due is not checked.",
    "taxes unchecked": "the taxes are not checked, neither their bases nor base times rate.",
    "rates unchecked": "base times rate is not compared with the tax.",
    "bases unchecked": "the bases of the taxes must add up to the subtotal.",
    "sum of the taxes": "only the sum of the taxes is compared. Each is rounded by itself, and "
    "each must be right.",
    "one rate": "there may be several rates: each tax is its own base times its rate.",
    "tax of the lines": "the taxes are computed from the lines. Their bases are those printed, "
    "after discounts and charges.",
    "not rounded": "base times rate is compared without rounding to the cent.",
    "rates as shares": "rates are percent: divide base times rate by 100.",
    "rounded twice": "the tax is rounded to a tenth of a cent before it is rounded to cents. "
    "Round once.",
    "rounding in the total": "the rounding is part of the amount due, not of the total.",
    "a payable of 0 is unchecked": "a payable of 0 is not checked: `if payable` is false for "
    "Decimal(0). Ask whether it is there.",
    "payable only if prepaid": "the amount due is checked only where something is prepaid. Without "
    "that it is the total plus the rounding.",
    "due is never negative": "the amount due is cut off at 0. It may be negative.",
    "tax inside": "a total equal to the subtotal passes. Prices are without tax here.",
    "lines with tax": "lines that add up to the total pass. Prices are without tax here.",
    "size of the discount": "the size of the discount is subtracted. A negative one is added.",
    "half to even": "half a cent is rounded to even, the default of Decimal.quantize. It goes up: "
    "ROUND_HALF_UP.",
    "half down": "half a cent is rounded down. It goes away from zero: ROUND_HALF_UP.",
    "half towards plus": "of negative amounts half a cent is rounded towards plus. It goes away "
    "from zero: ROUND_HALF_UP.",
    "cut off": "the tax is cut off after the cent. Round half a cent up: ROUND_HALF_UP.",
    "always up": "any part of a cent is rounded up. Only from half a cent on.",
    "within half a cent": "half a cent of difference is forgiven, so that two roundings of one "
    "tax both pass. Round it, and compare exactly.",
    "within a cent": "a cent of difference is forgiven. Decimals are exact: compare with ==.",
    "within five cents": "differences of some cents are forgiven. Compare exactly, with ==.",
    "floats": "as floats 0.10 + 0.20 is not 0.30, and some half cents are not halves. Stay with "
    "Decimal.",
    "positive only": "a negative invoice, or one of 0, may add up as well.",
    "any rule": "one rule that holds is enough here. All of them must hold.",
    "turned round": "this is True where a rule fails. Wanted is True where all hold.",
    "first invoice": "the verdict on the first invoice is returned for all.",
}
