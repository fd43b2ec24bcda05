"""A reward without labels that looks at the page, and patches that leave a hole."""

from collections.abc import Callable
from decimal import Decimal

from rlnotes.exercises.hacking_patch_pages import FIELDS, ROW_LABELS, TAX_INSIDE

_ZERO = Decimal(0)
_FIVE_CENTS = Decimal("0.05")


def share_kept(answer, page):
    """The share of its checks that an answer keeps."""
    checks = [*_row_checks(answer, _printed(page)), *_sum_checks(answer, page)]
    return sum(checks) / len(checks)


def _printed(page):
    """The amounts on the rows of each field."""
    rows = {}
    for label, amount in page:
        rows.setdefault(ROW_LABELS[label], []).append(amount)
    return rows


def _row_checks(answer, rows):
    """What is given stands on a row of its field; what has a row is given."""
    return [
        answer.get(field) in rows.get(field, [])
        for field in FIELDS
        if field in answer or field in rows
    ]


def _sum_checks(answer, page):
    """The sum, where both ends of it are given."""
    if "subtotal" not in answer or "total" not in answer:
        return []
    tax = 0 if TAX_INSIDE in dict(page) else answer.get("tax", 0)
    return [answer["subtotal"] + tax == answer["total"]]


def _share(checks):
    return sum(checks) / len(checks) if checks else 1.0


def _with(rows: Callable = _row_checks, sums: Callable = _sum_checks) -> Callable:
    """A wrong answer: other checks of the rows, or of the sums."""
    return lambda answer, page: _share([*rows(answer, _printed(page)), *sums(answer, page)])


def _on_rows(reader: Callable) -> Callable:
    """A wrong answer: the rows of the fields are found in another way."""
    return lambda answer, page: _share(
        [*_row_checks(answer, reader(page)), *_sum_checks(answer, page)]
    )


def _given(answer, rows):
    return [amount in rows.get(field, []) for field, amount in answer.items()]


def _full_sum(answer, page):
    """The sum, where no row of it is missing."""
    return _sum_checks(answer, page) if "tax" in answer else []


def _no_sum(answer, page):
    return []


def _sum_on_top(answer, page):
    """The sum, where the tax is not inside the prices."""
    return [] if TAX_INSIDE in dict(page) else _sum_checks(answer, page)


def _plain_sum(answer, page):
    """Subtotal + tax = total; what is missing passes."""
    if not {"subtotal", "total"} <= answer.keys():
        return [True]
    return [answer["subtotal"] + answer.get("tax", 0) == answer["total"]]


def _either_sum(answer, page):
    if not {"subtotal", "total"} <= answer.keys():
        return []
    return [answer["total"] - answer["subtotal"] in (0, answer.get("tax", 0))]


def _tax_on_top(answer, page):
    return _plain_sum(answer, page) if "subtotal" in answer else []


def _sum_with_zeros(answer, page):
    """A sum in which what is missing is 0, also where a whole side is missing."""
    return _sum_checks({**dict.fromkeys(("subtotal", "total"), _ZERO), **answer}, page)


def _sum_within(answer, page):
    return [abs(left + tax - right) <= _FIVE_CENTS for left, tax, right in _sides(answer, page)]


def _sum_in_floats(answer, page):
    return [float(left) + float(tax) == float(right) for left, tax, right in _sides(answer, page)]


def _sides(answer, page):
    if not {"subtotal", "total"} <= answer.keys():
        return []
    tax = _ZERO if TAX_INSIDE in dict(page) else answer.get("tax", _ZERO)
    return [(answer["subtotal"], tax, answer["total"])]


def _always_three(answer, rows):
    return [answer.get(field) in rows.get(field, []) for field in FIELDS]


def _printed_only(answer, rows):
    return [answer.get(field) in rows[field] for field in FIELDS if field in rows]


def _missing_is_zero(answer, rows):
    return [
        answer.get(field, _ZERO) in rows.get(field, [])
        for field in FIELDS
        if field in answer or field in rows
    ]


def _zero_is_missing(answer, rows):
    return _row_checks({field: amount for field, amount in answer.items() if amount}, rows)


def _zero_tax_passes(answer, rows):
    """A tax of 0 as if it were not given, where no row prints another."""
    free = "tax" not in rows and answer.get("tax") == 0
    return _row_checks({k: v for k, v in answer.items() if k != "tax" or not free}, rows)


def _one_amount(choose: Callable) -> Callable:
    """A wrong answer: one amount for each field, of those that its rows print."""

    def checks(answer, rows):
        return _row_checks(answer, {field: [choose(each)] for field, each in rows.items()})

    return _with(rows=checks)


def _anywhere(answer, rows):
    amounts = [amount for each in rows.values() for amount in each]
    return [answer.get(field) in amounts for field in FIELDS if field in answer or field in rows]


def _within(answer, rows):
    return [
        field in answer
        and any(abs(answer[field] - each) <= _FIVE_CENTS for each in rows.get(field, []))
        for field in FIELDS
        if field in answer or field in rows
    ]


def _as_text(answer, rows):
    texts = {field: [str(amount) for amount in amounts] for field, amounts in rows.items()}
    return _row_checks({field: str(amount) for field, amount in answer.items()}, texts)


def _every_row(answer, rows):
    return [
        all(amount == answer.get(field) for amount in rows.get(field, [None]))
        for field in FIELDS
        if field in answer or field in rows
    ]


def _last_rows(page):
    return {ROW_LABELS[label]: [amount] for label, amount in page}


def _first_rows(page):
    return _last_rows(reversed(page))


def _rows_by_word(page):
    words = {"subtotal": "SUBTOTAL", "tax": "GST", "total": "TOTAL"}
    found = {}
    for field, word in words.items():
        amounts = [amount for label, amount in page if word in label]
        if amounts:
            found[field] = amounts
    return found


def _tax_above_zero(answer, page):
    return _share([answer.get("tax", 0) > 0, *_plain_sum(answer, page)])


def _total_not_zero(answer, page):
    return _share([answer.get("total", 0) != 0, *_plain_sum(answer, page)])


def _mean_over_given(answer, page):
    checks = _given(answer, _printed(page))
    return _share(checks) if checks else 0.0


def _all_or_nothing(answer, page):
    return float(share_kept(answer, page) == 1)


def _changes_the_answer(answer, page):
    score = share_kept(answer, page)
    for field in FIELDS:
        answer.setdefault(field, None)
    return score


def _uses_up_the_page(answer, page):
    score = share_kept(answer, page)
    while page:
        page.pop()
    return score


MISTAKES = {
    "missing passes": _with(rows=_given, sums=_full_sum),
    "only given rows": _with(rows=_given),
    "mean over given keys": _mean_over_given,
    "missing always fails": _with(rows=_always_three),
    "missing is 0": _with(rows=_missing_is_zero),
    "0.00 is missing": _with(rows=_zero_is_missing),
    "only printed rows": _with(rows=_printed_only),
    "tax of 0 passes": _with(rows=_zero_tax_passes),
    "tax above 0": _tax_above_zero,
    "total not 0": _total_not_zero,
    "only the sums": lambda answer, page: _share(_sum_with_zeros(answer, page)),
    "no sums": _with(sums=_no_sum),
    "no sum without a tax": _with(sums=_full_sum),
    "no sum with the tax inside": _with(sums=_sum_on_top),
    "either sum": _with(sums=_either_sum),
    "tax always on top": _with(sums=_tax_on_top),
    "somewhere on the page": _with(rows=_anywhere),
    "labels by word": _on_rows(_rows_by_word),
    "last row of a field": _on_rows(_last_rows),
    "first row of a field": _on_rows(_first_rows),
    "largest row of a field": _one_amount(max),
    "smallest row of a field": _one_amount(min),
    "rows of a field added up": _one_amount(sum),
    "every row of a field": _with(rows=_every_row),
    "floats": _with(sums=_sum_in_floats),
    "within five cents": _with(rows=_within, sums=_sum_within),
    "sum within five cents": _with(sums=_sum_within),
    "as text": _with(rows=_as_text),
    "all or nothing": _all_or_nothing,
    "share that fails": lambda answer, page: 1 - share_kept(answer, page),
    "changes the answer": _changes_the_answer,
    "uses up the page": _uses_up_the_page,
}
