"""Does an answer add up? Checks of its arithmetic, one by one, and their share.

With a target the rules are those that the document itself keeps: what the seller got
wrong is no rule for a reader. Without one nobody knows which rows the document has, and
a score has to say what a missing row is worth. Each way can be exploited, see
`structure_score`.
"""

from decimal import Decimal
from typing import NamedTuple

from rlnotes._checks import require_option
from rlnotes.functional.extraction.answers import Answer, total_of
from rlnotes.functional.extraction.equations import (
    BASES,
    ITEMS,
    RATES,
    TAXES,
    Equation,
    holds,
    rules_for,
    sides,
    tax_of,
)
from rlnotes.functional.extraction.readings import MALFORMED

MISSING_ROWS = {"pass": 1.0, "half": 0.5, "fail": 0.0}
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


class Rules(NamedTuple):
    """What the answer to one document has to keep."""

    equations: tuple[tuple[str, Equation], ...]
    tax_rates: bool


def rules_of(target: Answer) -> Rules:
    """The rules that a document keeps, in the first alternative that it satisfies."""
    kept = []
    for name, alternatives in rules_for(frozenset(target.numbers)).items():
        satisfied = [each for each in alternatives if holds(each, target.numbers)]
        kept += [(name, each) for each in satisfied[:1]]
    rates = _rates_check(target)
    return Rules(tuple(kept), rates is not None and bool(rates.passed))


def checks_of(answer: Answer, rules: Rules) -> tuple[Check, ...]:
    """Given rules, judged on an answer; one that lacks a number fails."""
    checks = [_judged(name, equation, answer) for name, equation in rules.equations]
    if rules.tax_rates:
        checks.append(_rates_check(answer) or Check("tax_rates", False, None, None, _EACH_RATE))
    return tuple(checks)


def full_checks(answer: Answer, target: Answer | None = None) -> tuple[Check, ...]:
    """All rules that apply, judged on an answer.

        lines        lines - allowances + charges = subtotal, or = total with tax inside
        total        subtotal + tax = total, or subtotal = total with tax inside
        payable      total - prepaid + rounding = payable
        lines_total, tax_sum, tax_bases      a column's sum is what is printed as such
        tax_rates    tax = base * rate / 100, half a cent rounded away from zero

    Without a payable the rounding stands before the total. With a target a rule applies
    if the target keeps it, in the alternative that it keeps. Without one a rule applies
    if its numbers are there, in any alternative; `lines` and `total` always do, and
    have passed None where a row is missing that could make them true.

    Example:
        >>> from rlnotes.functional.extraction.answers import read_answer
        >>> answer = read_answer({"subtotal": "10.00", "tax": "1.90", "total": "11.80"})
        >>> checks = {check.name: check for check in full_checks(answer)}
        >>> print(checks["total"].rule, checks["total"].passed, checks["total"].left)
        subtotal + tax = total False 11.90
    """
    return _free_checks(answer) if target is None else checks_of(answer, rules_of(target))


def share_kept(answer: Answer, rules: Rules) -> float:
    """Share of given rules that an answer keeps; 1 for none."""
    count = len(rules.equations) + rules.tax_rates
    if not count:
        return 1.0
    kept = sum([holds(equation, answer.numbers) for _, equation in rules.equations])
    if rules.tax_rates:
        rates = _rates_check(answer)
        kept += rates is not None and bool(rates.passed)
    return kept / count


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
        _judged(name, each, answer)
        for name, each in equations.items()
        if {*each.plus, each.right} <= present.keys()
    ]
    if {RATES, "subtotal", "tax"} <= present.keys():
        checks.append(_one_rate(answer))
    return tuple(checks)


def structure_score(
    answer: Answer | None, target: Answer | None = None, *, missing_rows: str = "pass"
) -> float:
    """Share of the checks that pass, see `full_checks`.

    Without a target the total must be there and not zero, else 0: zeros satisfy every
    sum. And a missing row has to count as something. As "pass", nothing beats a
    document that adds up, but an answer without subtotal and tax is as good. As "half"
    or "fail", an answer can gain by inventing rows, such as a subtotal equal to the
    total.

    Args:
        answer: the answer; None, an unreadable one, earns 0.
        target: what the document says, or None for a score without a label.
        missing_rows: "pass", "half" or "fail"; without a target only.

    Returns:
        Share in [0, 1]. With a target that keeps no rule, 1.

    Raises:
        ValueError: if `missing_rows` is another word.
    """
    require_option(MISSING_ROWS, missing_rows=missing_rows)
    if answer is None:
        return 0.0
    if target is None:
        return free_score(answer, missing_rows)
    return share_kept(answer, rules_of(target))


def free_score(answer: Answer, missing_rows: str) -> float:
    """`structure_score` without a target."""
    total = answer.numbers.get("total", MALFORMED)
    if total is MALFORMED or not total:
        return 0.0
    checks, missing = _free_checks(answer), MISSING_ROWS[missing_rows]
    return sum([missing if check.passed is None else check.passed for check in checks]) / len(
        checks
    )


def _judged(name: str, equation: Equation, answer: Answer) -> Check:
    both = sides(equation, answer.numbers)
    if both is None:
        return Check(name, False, None, None, equation)
    return Check(name, both[0] == both[1], *both, equation)


def _free_checks(answer: Answer) -> tuple[Check, ...]:
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
    rates = _rates_check(answer)
    return (*checks.values(), rates) if rates else tuple(checks.values())


def _best(name: str, alternatives: tuple[Equation, ...], answer: Answer) -> Check:
    """The first alternative that passes, else the first."""
    checks = [_judged(name, each, answer) for each in alternatives]
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
    return bool(rules) and bool(_judged("total", rules[-1], answer).passed)


def _rates_check(answer: Answer) -> Check | None:
    """Every row's tax against its base and rate; None if a row lacks one of them."""
    if not {RATES, BASES, TAXES} <= answer.numbers.keys():
        return None
    if MALFORMED in (answer.numbers[key] for key in (RATES, BASES, TAXES)):
        return Check("tax_rates", False, None, None, _EACH_RATE)
    rows = answer.values["tax_breakdown"]
    due = [tax_of(base, rate) for rate, base, _ in rows]
    for expected, (_, _, tax) in zip(due, rows, strict=True):
        if expected != tax:
            return Check("tax_rates", False, expected, tax, _EACH_RATE)
    return Check("tax_rates", True, total_of(due), answer.numbers[TAXES], _EACH_RATE)


def _one_rate(answer: Answer) -> Check:
    rule = "subtotal * rate = tax, one rate"
    rates, subtotal, tax = (answer.numbers[key] for key in (RATES, "subtotal", "tax"))
    if MALFORMED in (rates, subtotal, tax):
        return Check("tax_rates", False, None, None, rule)
    first, *others = {row[0] for row in answer.values["tax_breakdown"]}
    due = tax_of(subtotal, first)
    return Check("tax_rates", not others and due == tax, due, tax, rule)
