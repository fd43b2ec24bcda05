"""Exercise: patch a reward without labels, so that nothing but the truth is paid."""

from collections.abc import Callable, Mapping
from decimal import Decimal

import numpy as np

from rlnotes.exercises.answers import Refused, question, read
from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.hacking_patch_demands import Demand, demands
from rlnotes.exercises.hacking_patch_hints import HINTS
from rlnotes.exercises.hacking_patch_mistakes import MISTAKES, share_kept
from rlnotes.exercises.hacking_patch_pages import (
    FIELDS,
    ROW_LABELS,
    TAX_INSIDE,
    Receipt,
    draw_receipts,
    receipt,
)

_ROUNDING = 1e-6


class HackingPatch(Exercise):
    """The candidate scores answers to a page; what it pays for each is judged.

    A case holds a page and its truth. Each answer of `demands` must earn what it says;
    how a candidate counts its checks is free.
    """

    def problem(self, candidate: Callable, case: Case) -> str:
        """What the candidate pays that it must not; empty if nothing."""
        page = case.arguments["page"]
        for demand in _demands(**case.arguments):
            score, changed = _score(candidate, demand.answer, page)
            where = f"\n{_shown(demand.answer, page)}\nWhy: "
            if changed:
                return (
                    f"expected  both arguments as they were\n"
                    f"got       another {' and another '.join(changed)}{where}"
                    "both are used again after this answer is scored."
                )
            if not _keeps(score, demand):
                return (
                    f"expected  {_wanted(demand)} for this answer: {demand.what}\n"
                    f"got       {score:.6g}{where}{_why(score, demand)}"
                )
        return ""


def _verdicts(candidate: Callable) -> Callable:
    """The candidate as a function to the demands that it keeps on a page, as 0 and 1.

    The last two numbers say whether it left the answer and the page alone.
    """

    def verdicts(answer, page):
        every = _demands(answer, page)
        scores = [_score(candidate, demand.answer, page) for demand in every]
        kept = [_keeps(score, d) for (score, _), d in zip(scores, every, strict=True)]
        changed = {name for _, names in scores for name in names}
        return np.array([*kept, "answer" not in changed, "page" not in changed], dtype=float)

    return verdicts


def _demands(answer: Mapping, page: list) -> list[Demand]:
    return demands(Receipt(page, answer))


def _score(candidate: Callable, answer: dict, page: list) -> tuple[float, list[str]]:
    """What a candidate pays, and which of its arguments it has changed."""
    copies = {"answer": dict(answer), "page": list(page)}  # of what cannot be changed
    given = candidate(**copies)
    if given is None:
        raise Refused("your function returned None. Is a return missing?")
    numbers = read(given).numbers
    if numbers.shape:
        raise Refused(f"expected one number, got shape {numbers.shape}{question(given)}.")
    score = float(numbers)
    if not -_ROUNDING <= score <= 1 + _ROUNDING:
        raise Refused(
            f"expected a share of the checks, from 0 to 1, got {score:.6g} for\n"
            f"{_shown(answer, page)}"
        )
    before = {"answer": answer, "page": page}
    return score, [name for name in before if repr(copies[name]) != repr(before[name])]


def _keeps(score: float, demand: Demand) -> bool:
    return demand.least - _ROUNDING <= score <= demand.most + _ROUNDING


def _why(score: float, demand: Demand) -> str:
    if score < demand.least < demand.most:
        return "a single row is missing. If that earns nothing, nearly right is as bad as wrong."
    return demand.why


def _wanted(demand: Demand) -> str:
    if demand.least == demand.most:
        return f"{demand.most:g}"
    least = f"at least {demand.least:g} and " if demand.least else ""
    return f"{least}at most {demand.most:g}"


def _shown(answer: Mapping[str, Decimal], page: list[tuple[str, Decimal]]) -> str:
    amounts = ", ".join(f"{field} {amount}" for field, amount in answer.items())
    rows = " | ".join(f"{label} {amount}" for label, amount in page)
    return f"  answer: {amounts or 'nothing'}\n  page:   {rows}"


def _share_by_sets(answer, page):
    """What is printed and what is given, as pairs (field, amount)."""
    printed = {(ROW_LABELS[label], amount) for label, amount in page}
    given = answer.items()
    right = {field for field, _ in printed & given}
    checks = [field in right for field in {field for field, _ in printed | given} & set(FIELDS)]
    parts = ["subtotal"] if any(label == TAX_INSIDE for label, _ in page) else ["subtotal", "tax"]
    if "subtotal" in answer and "total" in answer:
        checks.append(sum(answer.get(part, 0) for part in parts) == answer["total"])
    return np.mean(checks)


_BY_HAND = (
    "= SUBTOTAL 10.00 | = GST 6% 0.60 | = TOTAL 10.60 | CASH 20.00 | CHANGE 9.40",
    "= SUBTOTAL 7.20 | = TOTAL 7.20 | CASH 10.00 | CHANGE 2.80",
    "= SUBTOTAL 42.40 | = GST 6% INCL. 2.40 | = TOTAL 42.40 | CASH 50.00 | CHANGE 7.60",
    "= GRAND TOTAL 31.80 | = GST 6% INCL. 1.80",
    "= TOTAL 5.50 | CASH 6.00 | CHANGE 0.50",
    "= SUBTOTAL 12.00 | = GST 0% 0.00 | = TOTAL 12.00 | CASH 12.00",
    "= GST 6% 0.90 | = TOTAL 15.90 | CASH 20.00 | CHANGE 4.10",
    "= TOTAL EXCL. GST 1.10 | = GST 6% 0.07 | = TOTAL 1.17 | CASH 2.00 | CHANGE 0.83",
    "SUBTOTAL 40.00 | = SUBTOTAL 100.00 | = GST 6% 6.00 | = GRAND TOTAL 106.00",
    "= TOTAL EXCL. GST 50.00 | = GST 6% 1.80 | GST 0% 0.00 | = TOTAL 51.80 | CASH 51.80",
    "= SUBTOTAL 20.00 | TOTAL 20.00 | = GST 6% 1.20 | = TOTAL 21.20 | CASH 25.00 | CHANGE 3.80",
    "SUBTOTAL 4.00 | = SUBTOTAL 9.00 | = TOTAL 9.00",
    "= SUBTOTAL 9.45 | = GST 6% 0.57 | = TOTAL 10.02 | ROUNDING -0.02 | ROUNDED TOTAL 10.00",
    "SUBTOTAL 15.90 | = SUBTOTAL 31.80 | = GST 6% INCL. 1.80 | = TOTAL 31.80 | CASH 31.80",
    "= SUBTOTAL 9.42 | = GST 6% 0.57 | = TOTAL 9.99 | ROUNDING 0.01 | GRAND TOTAL 10.00",
    "SUBTOTAL 15.00 | = SUBTOTAL 12.00 | GST 6% 0.72 | = GST 0% 0.00 | = TOTAL 12.00",
)
_RECEIPTS = [*(receipt(text) for text in _BY_HAND), *draw_receipts(28, seed=10)]

EXERCISE = HackingPatch(
    name="hacking_patch",
    cases=[
        Case(
            {"answer": each.truth, "page": each.page},
            np.ones(len(demands(each)) + 2),
            "the truth earns 1, every other answer at most 0.9.",
        )
        for each in _RECEIPTS
    ],
    solutions=[share_kept, _share_by_sets],
    wrong_answers=MISTAKES,
    hints=HINTS,
    measure=_verdicts,
)
