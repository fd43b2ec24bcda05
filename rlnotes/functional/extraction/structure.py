"""Does an answer add up? Checks of its arithmetic, one by one, and their share.

With a target the rules are those that the document itself keeps: what the seller got
wrong is no rule for a reader. Without one nobody knows which rows the document has, and
a score has to say what a missing row is worth. Each way can be exploited, see
`structure_score`.
"""

from typing import NamedTuple

from rlnotes._checks import require_option
from rlnotes.functional.extraction.answers import Answer
from rlnotes.functional.extraction.checks import (
    NO_RATES,
    Check,
    free_checks,
    judged,
    naive_checks,
    rates_check,
)
from rlnotes.functional.extraction.equations import Equation, holds, rules_for
from rlnotes.functional.extraction.readings import MALFORMED

MISSING_ROWS = {"pass": 1.0, "half": 0.5, "fail": 0.0}


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
    rates = rates_check(target)
    return Rules(tuple(kept), rates is not None and bool(rates.passed))


def checks_of(answer: Answer, rules: Rules) -> tuple[Check, ...]:
    """Given rules, judged on an answer; one that lacks a number fails."""
    checks = [judged(name, equation, answer) for name, equation in rules.equations]
    if rules.tax_rates:
        checks.append(rates_check(answer) or NO_RATES)
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
    return free_checks(answer) if target is None else checks_of(answer, rules_of(target))


def share_kept(answer: Answer, rules: Rules) -> float:
    """Share of given rules that an answer keeps; 1 for none."""
    count = len(rules.equations) + rules.tax_rates
    if not count:
        return 1.0
    kept = sum([holds(equation, answer.numbers) for _, equation in rules.equations])
    if rules.tax_rates:
        rates = rates_check(answer)
        kept += rates is not None and bool(rates.passed)
    return kept / count


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


def naive_score(answer: Answer) -> float:
    """Share of `naive_checks` that pass; 1 for an answer with nothing to check.

    Example:
        >>> from rlnotes.functional.extraction.answers import read_answer
        >>> naive_score(read_answer({"subtotal": "8", "tax": "1", "total": "9.60"}))
        0.0
    """
    passed = [check.passed for check in naive_checks(answer)]
    return sum(passed) / len(passed) if passed else 1.0


def free_score(answer: Answer, missing_rows: str) -> float:
    """`structure_score` without a target."""
    total = answer.numbers.get("total", MALFORMED)
    if total is MALFORMED or not total:
        return 0.0
    missing = MISSING_ROWS[missing_rows]
    worth = [missing if check.passed is None else check.passed for check in free_checks(answer)]
    return sum(worth) / len(worth)
