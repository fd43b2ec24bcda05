"""The sums that an invoice's amounts keep, as equations over the keys of an answer.

An invoice may print prices without tax or with it, so a rule is a tuple of
alternatives. Deliberately no rule: quantity * unit price = amount. Prices before a
discount, prices for a hundred pieces and weights break it on valid invoices.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from rlnotes.functional.extraction.answers import ARITHMETIC
from rlnotes.functional.extraction.readings import MALFORMED, Unread

ITEMS, RATES, BASES, TAXES = (
    "line_items.amount",
    "tax_breakdown.rate",
    "tax_breakdown.base",
    "tax_breakdown.tax",
)
_ZERO, _CENT, _HUNDRED = Decimal(0), Decimal("0.01"), Decimal(100)


class Equation(NamedTuple):
    """Sum of `plus` less sum of `minus` is `right`; all are keys of numbers."""

    plus: tuple[str, ...]
    minus: tuple[str, ...]
    right: str

    def __str__(self) -> str:
        left = " + ".join(self.plus) + "".join(f" - {key}" for key in self.minus)
        return f"{left} = {self.right}"


def sides(
    equation: Equation, numbers: Mapping[str, Decimal | Unread]
) -> tuple[Decimal, Decimal] | None:
    """Both sides of an equation, or None if a number is missing or malformed."""
    left = _ZERO
    for key in equation.plus:
        number = numbers.get(key, MALFORMED)
        if number is MALFORMED:
            return None
        left = ARITHMETIC.add(left, number)
    for key in equation.minus:
        number = numbers.get(key, MALFORMED)
        if number is MALFORMED:
            return None
        left = ARITHMETIC.subtract(left, number)
    right = numbers.get(equation.right, MALFORMED)
    return None if right is MALFORMED else (left, right)


def holds(equation: Equation, numbers: Mapping[str, Decimal | Unread]) -> bool:
    """Whether both sides are there and equal."""
    both = sides(equation, numbers)
    return both is not None and both[0] == both[1]


def tax_of(base: Decimal, rate: Decimal) -> Decimal:
    """The tax on a base at a rate in percent, half a cent rounded away from zero."""
    exact = ARITHMETIC.divide(ARITHMETIC.multiply(base, rate), _HUNDRED)
    return exact.quantize(_CENT, rounding=ROUND_HALF_UP, context=ARITHMETIC)


@lru_cache(maxsize=4096)
def rules_for(present: frozenset[str]) -> dict[str, tuple[Equation, ...]]:
    """The rules that apply where exactly these numbers are there.

    In each the first alternative is that of prices without tax. Allowances, charges,
    prepaid and rounding count as zero where they are not there.

    Args:
        present: keys of amounts, and of the sums over the columns of lists.

    Returns:
        For each rule its alternatives, at least one. "tax_rates", which is no sum of
        numbers, is not among them.

    Example:
        >>> rules = rules_for(frozenset({"subtotal", "tax", "total"}))
        >>> [str(equation) for equation in rules["total"]]
        ['subtotal + tax = total', 'subtotal = total']
    """

    def there(*keys: str) -> tuple[str, ...]:
        return tuple(key for key in keys if key in present)

    lines = there("lines_total") or there(ITEMS)
    plus, minus = (*lines, *there("charges")), there("allowances")
    rules = {
        "lines_total": _pair(there, ITEMS, "lines_total"),
        "lines": _lines(there, plus, minus) if lines else (),
        "total": _totals(there, ("subtotal",), (), there("tax")) if there("subtotal") else (),
        "payable": _payable(there),
        "tax_sum": _pair(there, TAXES, "tax"),
        "tax_bases": _pair(there, BASES, "subtotal"),
    }
    return {name: alternatives for name, alternatives in rules.items() if alternatives}


def _pair(there, left: str, right: str) -> tuple[Equation, ...]:
    return (Equation((left,), (), right),) if there(left) and there(right) else ()


def _lines(there, plus, minus) -> tuple[Equation, ...]:
    if not there("subtotal"):
        return _totals(there, plus, minus, there("tax"))
    # Beside a subtotal without tax, prices with tax add up to the total.
    return (Equation(plus, minus, "subtotal"), *_totals(there, plus, minus, ()))


def _totals(there, plus, minus, tax) -> tuple[Equation, ...]:
    """What adds up to the total: with the tax added, and with the tax inside."""
    if not there("total"):
        return ()
    # Without an amount payable, the rounding stands before the total.
    rounding = () if there("payable") else there("rounding")
    tax_inside = Equation((*plus, *rounding), minus, "total")
    return (Equation((*plus, *tax, *rounding), minus, "total"), tax_inside)[not tax :]


def _payable(there) -> tuple[Equation, ...]:
    if not (there("total") and there("payable")):
        return ()
    return (Equation(("total", *there("rounding")), there("prepaid"), "payable"),)
