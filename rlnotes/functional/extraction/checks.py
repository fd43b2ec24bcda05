"""Single checks of an answer's arithmetic, with both sides to show.

A rule is judged on the numbers that the answer has. Which rules there are depends on
whether there is a label, see `rlnotes.functional.extraction.structure`.
"""

from decimal import Decimal
from typing import NamedTuple

from rlnotes.functional.extraction.answers import Answer, total_of
from rlnotes.functional.extraction.equations import (
    BASES,
    ITEMS,
    RATES,
    TAXES,
    Equation,
    rules_for,
    sides,
    tax_of,
)
from rlnotes.functional.extraction.readings import MALFORMED

_EACH_RATE = "base * rate = tax, each"


class Check(NamedTuple):
    """One rule, judged.

    Attributes:
        name: of the rule.
        passed: None if a row that it needs is missing.
        left: left side of the equation, None if a number is missing or malformed.
        right: the other side.
        rule: the equation; its str is for readers.
    """

    name: str
    passed: bool | None
    left: Decimal | None
    right: Decimal | None
    rule: str | Equation


NO_RATES = Check("tax_rates", False, None, None, _EACH_RATE)


def judged(name: str, equation: Equation, answer: Answer) -> Check:
    """One equation, judged; it fails where it lacks a number."""
    both = sides(equation, answer.numbers)
    if both is None:
        return Check(name, False, None, None, equation)
    return Check(name, both[0] == both[1], *both, equation)


def rates_check(answer: Answer) -> Check | None:
    """Every row's tax against its base and rate; None if a row lacks one of them."""
    if not {RATES, BASES, TAXES} <= answer.numbers.keys():
        return None
    if MALFORMED in (answer.numbers[key] for key in (RATES, BASES, TAXES)):
        return NO_RATES
    rows = answer.values["tax_breakdown"]
    due = [tax_of(base, rate) for rate, base, _ in rows]
    for expected, (_, _, tax) in zip(due, rows, strict=True):
        if expected != tax:
            return Check("tax_rates", False, expected, tax, _EACH_RATE)
    return Check("tax_rates", True, total_of(due), answer.numbers[TAXES], _EACH_RATE)


def free_checks(answer: Answer) -> tuple[Check, ...]:
    """The rules that apply without a label, see `full_checks`."""
    checks = {
        name: _best(name, alternatives, answer)
        for name, alternatives in rules_for(frozenset(answer.numbers)).items()
    }
    for name in ("lines", "total"):
        check = checks.get(name)
        if check is None or _tax_may_be_missing(check, answer):
            checks[name] = check._replace(passed=None) if check else _unchecked(name)
    if "tax_bases" in checks and not checks["tax_bases"].passed and _tax_inside(answer):
        del checks["tax_bases"]
    rates = rates_check(answer)
    return (*checks.values(), rates) if rates else tuple(checks.values())


def _best(name: str, alternatives: tuple[Equation, ...], answer: Answer) -> Check:
    """The first alternative that passes, else the first."""
    checks = [judged(name, each, answer) for each in alternatives]
    return next((check for check in checks if check.passed), checks[0])


def _unchecked(name: str) -> Check:
    return Check(name, None, None, None, "too few rows")


def _tax_may_be_missing(check: Check, answer: Answer) -> bool:
    """Whether two amounts differ by what may be a tax that has no row."""
    between = {"tax"} if check.name == "total" else {"tax", "subtotal"}
    return not check.passed and check.left is not None and not between & answer.numbers.keys()


def _tax_inside(answer: Answer) -> bool:
    """Whether the subtotal holds the tax, so that bases need not add up to it."""
    rules = rules_for(frozenset(answer.numbers)).get("total", ())
    return bool(rules) and bool(judged("total", rules[-1], answer).passed)


def naive_checks(answer: Answer) -> tuple[Check, ...]:
    """The rules that first come to mind, which many valid invoices break.

    The sum of the lines is the subtotal, subtotal + tax = total = payable, and all tax
    is the subtotal times one rate. Judged where the numbers are there.
    """
    present = answer.numbers
    equations = {
        "lines": Equation((ITEMS,), (), "subtotal"),
        "total": Equation(("subtotal", "tax"), (), "total"),
        "payable": Equation(("total",), (), "payable"),
    }
    checks = [
        judged(name, each, answer)
        for name, each in equations.items()
        if {*each.plus, each.right} <= present.keys()
    ]
    if {RATES, "subtotal", "tax"} <= present.keys():
        checks.append(_one_rate(answer))
    return tuple(checks)


def _one_rate(answer: Answer) -> Check:
    rule = "subtotal * rate = tax, one rate"
    rates, subtotal, tax = (answer.numbers[key] for key in (RATES, "subtotal", "tax"))
    if MALFORMED in (rates, subtotal, tax):
        return Check("tax_rates", False, None, None, rule)
    first, *others = {row[0] for row in answer.values["tax_breakdown"]}
    due = tax_of(subtotal, first)
    return Check("tax_rates", not others and due == tax, due, tax, rule)
