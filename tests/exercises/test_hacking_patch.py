"""The patched reward: pages with one truth each, and patches that leave a hole."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import product
from operator import itemgetter

import pytest

from rlnotes.exercises import catalog
from rlnotes.exercises.hacking_patch_demands import demands
from rlnotes.exercises.hacking_patch_mistakes import share_kept
from rlnotes.exercises.hacking_patch_pages import (
    FIELDS,
    ROW_LABELS,
    TAX_INSIDE,
    Receipt,
    draw_receipts,
    receipt,
)
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.structure import MISSING_ROWS, structure_score

PATCH = catalog()["hacking_patch"]
RECEIPTS = [Receipt(case.arguments["page"], case.arguments["answer"]) for case in PATCH.cases]
TILL = receipt("= SUBTOTAL 10.00 | = GST 6% 0.60 | = TOTAL 10.60 | CASH 20.00 | CHANGE 9.40")


def field_of(row):
    return ROW_LABELS[row[0]]


def amounts(**texts):
    return {field: Decimal(text) for field, text in texts.items()}


def adds_up(answer, page):
    if "subtotal" not in answer:
        return True
    inside = any(label == TAX_INSIDE for label, _ in page)
    tax = 0 if inside else answer.get("tax", 0)
    return answer["total"] - tax == answer["subtotal"]


def test_of_all_amounts_on_rows_of_their_fields_only_the_truth_adds_up():
    for page, truth in RECEIPTS:
        printed = [field for field in FIELDS if field in map(field_of, page)]
        rows = [[row[1] for row in page if field_of(row) == field] for field in printed]
        answers = [dict(zip(printed, choice, strict=True)) for choice in product(*rows)]
        right = [answer for answer in answers if adds_up(answer, page)]
        assert right == [{field: truth[field] for field in printed}]
        assert truth.keys() == set(printed)


def test_every_kind_of_page_is_there_by_hand_and_drawn():
    for receipts in (RECEIPTS[:16], RECEIPTS[16:]):
        counts = Counter()
        for page, truth in receipts:
            fields = Counter(map(field_of, page))
            counts["inside"] += TAX_INSIDE in dict(page)
            counts["on top"] += TAX_INSIDE not in dict(page) and truth.get("tax", 0) > 0
            counts["no tax"] += "tax" not in truth
            counts["tax of 0.00"] += truth.get("tax") == 0
            counts["no subtotal"] += "subtotal" not in truth
            counts["rounded"] += fields["payable"]
            counts["paid exactly"] += dict(page).get("CASH") == truth["total"]
            counts.update({f"{field} twice": fields[field] > 1 for field in FIELDS})
            counts["inside, twice"] += TAX_INSIDE in dict(page) and fields["subtotal"] > 1
        assert min(counts.values()) > 0, counts
        assert len(counts) == 11


def test_each_of_fourteen_kinds_is_drawn_twice():
    def kind(page, truth):
        known = [row for row in page if field_of(row) in FIELDS]
        return [(label, amount == truth[ROW_LABELS[label]]) for label, amount in known]

    def kinds(receipts):
        return [kind(*each) for each in receipts]

    by_hand, first, second = RECEIPTS[:16], RECEIPTS[16:30], RECEIPTS[30:]
    assert kinds(first) == kinds(second)
    assert all(kinds(first).count(each) == 1 for each in kinds(first))
    assert (len(by_hand), len(first)) == (16, 14)


def test_the_seed_decides_what_is_drawn():
    first, again, other = (draw_receipts(14, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert all(one != two for one, two in zip(first, other, strict=True))
    assert not any(each in RECEIPTS for each in first)


def test_the_rows_below_the_total_keep_their_sums():
    # total + rounding = rounded total; cash - change = what is due; and 6 % of tax
    for page, truth in draw_receipts(140, seed=3):
        rows = {field_of(row): row[1] for row in page}
        due = truth["total"] + rows.get("rounding", 0)
        assert due == rows.get("payable", due)
        assert abs(rows.get("rounding", 0)) <= Decimal("0.02")
        assert rows.get("cash", due) - rows.get("change", 0) == due
        if truth.get("tax"):
            net = truth["total"] - truth["tax"]
            assert abs(truth["tax"] - net * 6 / 100) <= Decimal("0.005")


@pytest.mark.parametrize(
    "exploit",
    [
        amounts(subtotal="10.00", total="10.60"),  # no tax
        amounts(total="10.60"),
        amounts(subtotal="10.00", tax="0.60"),
        {},
        amounts(subtotal="10.60", total="10.60"),
        amounts(subtotal="10.60", tax="0.00", total="10.60"),
        amounts(subtotal="10.60", tax="0.60", total="10.00"),  # exchanged
        amounts(subtotal="19.40", tax="0.60", total="20.00"),  # the cash, a subtotal that fits
        amounts(subtotal="0.00", tax="0.00", total="0.00"),
        amounts(subtotal="10.60", tax="9.40", total="20.00"),  # total + change = cash
        amounts(subtotal="10.00", tax="9.40", total="10.60"),
        amounts(subtotal="10.00", tax="0.61", total="10.60"),
        amounts(subtotal="8.96", tax="1.64", total="10.60"),  # a tax of no row, with its sum
        amounts(subtotal="10.01", tax="0.60", total="10.61"),
    ],
)
def test_a_plain_page_is_attacked_in_these_ways(exploit):
    (demand,) = [each for each in demands(TILL) if each.answer == exploit]
    assert demand.most == 0.9


INSIDE = "= SUBTOTAL 42.40 | = GST 6% INCL. 2.40 | = TOTAL 42.40 | CASH 50.00 | CHANGE 7.60"
NO_SUBTOTAL = "= GRAND TOTAL 31.80 | = GST 6% INCL. 1.80"


@pytest.mark.parametrize(
    ("page", "exploit"),
    [
        ("= TOTAL 5.50", amounts(tax="0.00", total="5.50")),
        ("= TOTAL 5.50", amounts(tax="1.33", total="5.50")),
        ("= TOTAL 5.50", amounts(subtotal="5.50", total="5.50")),
        ("= TOTAL 5.50", amounts(subtotal="5.50", tax="0.00", total="5.50")),
        ("= TOTAL 5.50", amounts(total="0.00")),
        ("= TOTAL 5.50", amounts(subtotal="0.00", tax="0.00", total="0.00")),
        (INSIDE, amounts(subtotal="50.00", tax="2.40", total="50.00")),  # the cash, tax inside
        (NO_SUBTOTAL, amounts(subtotal="31.80", tax="1.80", total="31.80")),  # it fits
        ("= GST 6% 0.90 | = TOTAL 15.90", amounts(subtotal="15.00", tax="0.90", total="15.90")),
    ],
)
def test_what_a_page_does_not_print_is_made_up_so_that_it_fits(page, exploit):
    (demand,) = [each for each in demands(receipt(page)) if each.answer == exploit]
    assert demand.most == 0.9


def test_no_exploit_is_the_truth_and_none_comes_twice():
    for each in RECEIPTS:
        first, second, *exploits = demands(each)
        assert first.answer == second.answer == each.truth
        assert (first.least, second.least) == (1, 1)
        answers = [exploit.answer for exploit in exploits]
        assert all(answer != each.truth for answer in answers)
        assert not any(answer in answers[:place] for place, answer in enumerate(answers))
        assert all(exploit.most == 0.9 for exploit in exploits)


def lets_it_be_left_out(field):
    """A patch that does not ask for one field."""

    def score(answer, page):
        seen = [row for row in page if field in answer or field_of(row) != field]
        return share_kept(answer, seen) if answer else 0.0

    return score


def lets_it_be_made_up(field):
    """A patch that does not mind one field where the page has no row of it."""

    def score(answer, page):
        known = field in map(field_of, page)
        seen = {name: amount for name, amount in answer.items() if known or name != field}
        return share_kept(seen, page)

    return score


def takes_it_from_anywhere(field):
    """A patch that does not look at the label of one field."""
    label = {"subtotal": "SUBTOTAL", "tax": "GST 6%", "total": "TOTAL"}[field]

    def score(answer, page):
        if field not in answer:
            return share_kept(answer, page)
        return share_kept(answer, [*page, *((label, amount) for _, amount in page)])

    return score


def forgives_a_cent(field):
    """A patch that rounds one field to what the page prints."""

    def score(answer, page):
        near = [row[1] for row in page if field_of(row) == field]
        seen = dict(answer)
        for amount in near:
            if field in answer and abs(answer[field] - amount) <= Decimal("0.01"):
                seen[field] = amount
        return share_kept(seen, page)

    return score


def passes_the_sum(where):
    """A patch that takes the sum for right where something holds of answer and page."""

    def score(answer, page):
        if not where(answer, page) or not {"subtotal", "total"} <= answer.keys():
            return share_kept(answer, page)
        rows = {field for field in FIELDS if field in answer or field in map(field_of, page)}
        kept = sum((label_field, answer.get(label_field)) in printed(page) for label_field in rows)
        return (kept + 1) / (len(rows) + 1)

    return score


def printed(page):
    return {(field_of(row), row[1]) for row in page}


def sum_gap(answer, page):
    tax = 0 if TAX_INSIDE in dict(page) else answer.get("tax", 0)
    return answer["subtotal"] + tax - answer["total"]


def keeps_one_amount(choose):
    """A patch that looks at one amount for each field, chosen among its rows."""

    def score(answer, page):
        rows = {}
        for row in page:
            rows.setdefault(field_of(row), []).append(row[1])
        short = {field: choose(amounts) for field, amounts in rows.items()}
        checks = [
            answer.get(field) == short.get(field)
            for field in FIELDS
            if field in answer or field in short
        ]
        if {"subtotal", "total"} <= answer.keys():
            checks.append(sum_gap(answer, page) == 0)
        return sum(checks) / len(checks)

    return score


def keeps_one_row(field, choose):
    """A patch that looks at one row of a field, chosen by the amounts of its rows."""

    def score(answer, page):
        amounts = [row[1] for row in page if field_of(row) == field]
        kept = choose(amounts) if amounts else None
        return share_kept(answer, [row for row in page if field_of(row) != field or row[1] == kept])

    return score


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("choose", [max, min, itemgetter(0), itemgetter(-1)])
def test_no_choice_of_one_row_is_right_on_all_pages(field, choose):
    verdict = PATCH.check(keeps_one_row(field, choose))
    assert not verdict.passed
    assert verdict.message.startswith("expected  1 for this answer: the truth")


def lets_zero_pass(answer, page):
    """`if answer.get(...)` where `in` was meant, and the page has no row."""
    known = set(map(field_of, page))
    return share_kept({f: amount for f, amount in answer.items() if amount or f in known}, page)


@pytest.mark.parametrize(
    ("score", "name"),
    [
        (passes_the_sum(lambda answer, page: "tax" not in answer), "no sum without a tax"),
        (
            passes_the_sum(lambda answer, page: TAX_INSIDE in dict(page)),
            "no sum with the tax inside",
        ),
        (
            passes_the_sum(
                lambda a, page: (
                    "total" in a and "subtotal" in a and abs(sum_gap(a, page)) < Decimal("0.02")
                )
            ),
            "sum within five cents",
        ),
        (keeps_one_amount(max), "largest row of a field"),
        (keeps_one_amount(min), "smallest row of a field"),
        (keeps_one_amount(sum), "rows of a field added up"),
    ],
)
def test_a_patch_that_is_nearly_right_is_told_what_it_lacks(score, name):
    message = PATCH.check(score).message
    assert message.startswith("expected ")
    assert message.endswith(f"\nHint: {PATCH.hints[name]}")


def test_a_tax_of_zero_that_passes_is_named_from_the_first_page_without_a_tax():
    message = PATCH.check(lets_zero_pass).message
    assert message.startswith("expected  at most 0.9 for this answer: ")
    assert "tax 0.00" in message
    assert PATCH.hints["tax of 0 passes"] in message


HOLES = [
    (hole, field)
    for hole in (lets_it_be_left_out, takes_it_from_anywhere, forgives_a_cent)
    for field in FIELDS
] + [(lets_it_be_made_up, "subtotal"), (lets_it_be_made_up, "tax")]  # a total is on all pages


@pytest.mark.parametrize(("hole", "field"), HOLES)
def test_a_patch_with_a_hole_in_one_field_is_refused(hole, field):
    verdict = PATCH.check(hole(field))
    assert not verdict.passed
    assert verdict.message.startswith("expected  at ")  # the truth is paid, an exploit, too


@pytest.mark.parametrize("missing_rows", MISSING_ROWS)
def test_no_worth_of_a_missing_row_closes_the_hole(missing_rows):
    def score(answer, page):
        texts = {field: str(amount) for field, amount in answer.items()}
        return structure_score(read_answer(texts), missing_rows=missing_rows)

    assert not PATCH.check(score).passed


@pytest.mark.parametrize(
    "score",
    [
        lambda answer, page: share_kept(answer, page) ** 2,
        lambda answer, page: Fraction(share_kept(answer, page)),
        lambda answer, page: max(0.4, share_kept(answer, page)),
        lambda answer, page: share_kept(answer, page) * bool(answer.get("total")),
        lambda answer, page: min(share_kept(answer, page) + 0.15, 1.0),  # at most 0.9 for 3 of 4
    ],
)
def test_how_checks_are_counted_is_free(score):
    verdict = PATCH.check(score)
    assert verdict.passed, verdict.message


def empties_the_page(answer, page):
    score = share_kept(answer, page)
    page.clear()
    return score


def writes_fewer_digits(answer, page):
    score = share_kept(answer, page)
    for field, amount in answer.items():
        answer[field] = amount.quantize(Decimal("0.01"))  # an equal number
    return score


def adds_a_row(answer, page):
    score = share_kept(answer, page)
    page.append(("CASH", Decimal("1.00")))
    return score


def empties_both(answer, page):
    score = share_kept(answer, page)
    page.clear()
    answer.clear()
    return score


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (lambda answer, page: None, "your function returned None. Is a return missing?"),
        (lambda answer, page: [1.0], "expected one number, got shape (1,)."),
        (lambda answer, page: 3 * share_kept(answer, page), "from 0 to 1, got 3 for\n  answer: "),
        (lambda answer, page: share_kept(answer, page) - 1.1, "from 0 to 1, got -0.1 for"),
        (lambda answer, page: float("nan"), "from 0 to 1, got nan for"),
        (lambda answer, page: "all", "could not read your answer"),
        (lambda answer, page: min(share_kept(answer, page) + 0.16, 1.0), "got       0.91"),
        (empties_the_page, "got       another page\n"),
        (writes_fewer_digits, "got       another answer\n"),
        (adds_a_row, "changes the list of rows"),
        (empties_both, "got       another answer and another page\n"),
        (lambda answer, page: share_kept(answer, page) + 0 * int(answer["tax"]), "KeyError: 'tax'"),
        (lambda answer: 1.0, "Keep the argument names of the exercise."),
    ],
)
def test_what_is_wrong_is_said(score, message):
    verdict = PATCH.check(score)
    assert not verdict.passed
    assert message in verdict.message


def test_nothing_for_nearly_right_is_refused_with_that_reason():
    message = PATCH.check(lambda answer, page: share_kept(answer, page) == 1).message
    assert message.startswith("expected  at least 0.01 and at most 0.9 for this answer: no ")
    assert "got       0\n" in message
    assert "Why: a single row is missing. If that earns nothing," in message


def test_no_answer_is_called_made_up_whose_amounts_all_stand_on_their_rows():
    for each in RECEIPTS:
        for demand in demands(each):
            if "made up" in demand.why:
                assert not demand.answer.items() <= printed(each.page)


def test_the_message_shows_the_answer_the_page_and_what_it_may_earn():
    lines = PATCH.check(lambda answer, page: share_kept(answer, page) or 0.95).message.split("\n")
    assert lines[:4] == [
        "expected  at most 0.9 for this answer: nothing",
        "got       0.95",
        "  answer: nothing",
        "  page:   SUBTOTAL 10.00 | GST 6% 0.60 | TOTAL 10.60 | CASH 20.00 | CHANGE 9.40",
    ]
