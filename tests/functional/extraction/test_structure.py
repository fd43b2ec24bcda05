"""Rules of arithmetic, on sums worked by hand."""

from decimal import Decimal

import pytest

from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.checks import naive_checks
from rlnotes.functional.extraction.equations import rules_for, tax_of
from rlnotes.functional.extraction.structure import full_checks, structure_score
from tests.data.invoices.hand_made import TARGETS

SUM = {"subtotal": "100.00", "tax": "19.00", "total": "119.00"}
LINES = {"line_items": [{"amount": "40.00"}, {"amount": "60.00"}]}


def verdicts(checks):
    return {check.name: check.passed for check in checks}


def free(answer, **options):
    return structure_score(read_answer(answer), **options)


def against(answer, target):
    return structure_score(read_answer(answer), read_answer(target))


@pytest.mark.parametrize(
    ("base", "rate", "tax"),
    [
        ("0.50", "19", "0.10"),  # 0.095; half to even gives 0.10 as well
        ("0.50", "17", "0.09"),  # 0.085; half to even gives 0.08
        ("-0.50", "17", "-0.09"),  # away from zero; half up towards plus gives -0.08
        ("1.00", "8.1", "0.08"),
        ("100.00", "0", "0.00"),
        ("33333333.33", "7.7", "2566666.67"),
    ],
)
def test_tax_is_rounded_half_away_from_zero(base, rate, tax):
    assert tax_of(Decimal(base), Decimal(rate)) == Decimal(tax)


@pytest.mark.parametrize("name", TARGETS)
def test_every_label_keeps_its_rules(name):
    target = read_answer(TARGETS[name])
    assert all(check.passed for check in full_checks(target, target))
    assert all(check.passed is not False for check in full_checks(target))
    assert structure_score(target, target) == structure_score(target) == 1


def test_which_rules_a_label_keeps():
    names = {
        name: tuple(verdicts(full_checks(read_answer(target), read_answer(target))))
        for name, target in TARGETS.items()
    }
    assert names["total only"] == ()
    assert names["without tax"] == ("lines",)
    assert names["with tax"] == ("lines", "total")
    assert names["lines without tax, total with it"] == ()
    assert names["prices with tax"] == ("lines", "total", "tax_sum", "tax_rates")
    assert names["prepaid and rounded"] == ("total", "payable")
    assert names["discount and charge"] == (
        "lines_total",
        "lines",
        "total",
        "tax_sum",
        "tax_bases",
        "tax_rates",
    )


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("with tax", "subtotal + tax = total"),
        ("prices with tax", "subtotal = total"),
        ("rounded to five cents", "subtotal + tax + rounding = total"),
        ("prepaid and rounded", "total + rounding - prepaid = payable"),
        ("discount and charge", "lines_total + charges - allowances = subtotal"),
        ("tax without subtotal", "line_items.amount + tax = total"),
        ("prices with tax, subtotal without", "line_items.amount = total"),
    ],
)
def test_the_alternative_is_the_one_of_the_document(name, rule):
    target = read_answer(TARGETS[name])
    assert rule in {str(check.rule) for check in full_checks(target, target)}


@pytest.mark.parametrize("name", TARGETS)
def test_each_rule_sees_a_wrong_cent(name):
    """A cent more on any amount breaks exactly the rules that the amount stands in."""
    target = read_answer(TARGETS[name])
    for key in set(target.numbers) & set(TARGETS[name]):
        wrong = {**TARGETS[name], key: str(target.numbers[key] + Decimal("0.01"))}
        for check in full_checks(read_answer(wrong), target):
            if check.name != "tax_rates":
                stands_in = {*check.rule.plus, *check.rule.minus, check.rule.right}
                assert check.passed == (key not in stands_in), (key, check)


def test_a_missing_number_fails_the_rules_of_the_target():
    for key in SUM:
        assert against({name: SUM[name] for name in SUM if name != key}, SUM) == 0
    assert against({**SUM, **LINES}, SUM) == 1
    assert against(SUM, {**SUM, **LINES}) == 0.5
    assert against({}, SUM) == 0
    assert against({**SUM, "tax": "nan"}, SUM) == 0
    assert structure_score(None, read_answer(SUM)) == structure_score(None) == 0


def test_only_the_alternative_of_the_target_counts():
    with_tax_inside = {"subtotal": "119.00", "tax": "19.00", "total": "119.00"}
    assert against(with_tax_inside, SUM) == 0
    assert against(with_tax_inside, with_tax_inside) == 1
    assert against(SUM, with_tax_inside) == 0
    assert free(with_tax_inside) == free(SUM) == 1


def test_what_the_document_breaks_is_no_rule():
    broken = {**SUM, **LINES, "total": "120.00"}
    assert list(verdicts(full_checks(read_answer(broken), read_answer(broken)))) == ["lines"]
    assert against(broken, broken) == 1
    assert free(broken) == 0.5


def test_a_check_shows_both_sides():
    lines, total = full_checks(read_answer({**SUM, **LINES, "tax": "19.50"}))
    assert (lines.name, lines.passed, lines.left, lines.right) == ("lines", True, 100, 100)
    assert (total.name, total.passed, total.left, total.right) == (
        "total",
        False,
        Decimal("119.50"),
        119,
    )


@pytest.mark.parametrize(
    ("answer", "worth"),
    [  # as pass, half, fail
        ({"total": "119.00"}, (1, 0.5, 0)),
        ({"subtotal": "100.00", "total": "119.00"}, (1, 0.5, 0)),
        ({"subtotal": "119.00", "total": "119.00"}, (1, 0.75, 0.5)),
        (SUM, (1, 0.75, 0.5)),
        ({**SUM, "tax": "18.00"}, (0.5, 0.25, 0)),
        ({**SUM, **LINES}, (1, 1, 1)),
        ({**SUM, "line_items": [{"amount": "1.00"}]}, (0.5, 0.5, 0.5)),
        ({"line_items": [{"amount": "1.00"}], "total": "119.00"}, (1, 0.5, 0)),
        ({"line_items": [{"amount": "1.00"}], "tax": "2", "total": "119"}, (0.5, 0.25, 0)),
        ({**SUM, "tax": "nan"}, (0.5, 0.25, 0)),
        ({"subtotal": "x", "total": "119.00"}, (0.5, 0.25, 0)),
        ({**LINES, "subtotal": "90.00", "total": "90.00"}, (0.5, 0.5, 0.5)),
        ({**SUM, "payable": "119.00"}, (1, 5 / 6, 2 / 3)),
        ({**SUM, "payable": "1.00"}, (2 / 3, 1 / 2, 1 / 3)),
        ({"payable": "119.00", "subtotal": "100.00", "tax": "19.00"}, (0, 0, 0)),
        ({**SUM, "total": "0.00"}, (0, 0, 0)),
        ({"subtotal": "0", "tax": "0", "total": "-0.00"}, (0, 0, 0)),
        ({**SUM, "total": "nan"}, (0, 0, 0)),
        ({}, (0, 0, 0)),
    ],
)
def test_without_a_target_a_missing_row_is_worth_what_is_said(answer, worth):
    for missing_rows, expected in zip(("pass", "half", "fail"), worth, strict=True):
        assert free(answer, missing_rows=missing_rows) == pytest.approx(expected), missing_rows


def test_bases_need_not_add_up_where_the_tax_is_inside():
    row = {"rate": "19", "base": "84.03", "tax": "15.97"}
    inside = {"subtotal": "100.00", "tax": "15.97", "total": "100.00", "tax_breakdown": [row]}
    assert "tax_bases" not in verdicts(full_checks(read_answer(inside)))
    outside = {**inside, "total": "115.97"}
    assert verdicts(full_checks(read_answer(outside)))["tax_bases"] is False


def test_rates_are_judged_row_by_row():
    def rates(*rows):
        row_dicts = [dict(zip(("rate", "base", "tax"), row, strict=True)) for row in rows]
        return {c.name: c for c in full_checks(read_answer({"tax_breakdown": row_dicts}))}

    assert rates(("19", "10.00", "1.90"), ("7", "10.00", "0.70"))["tax_rates"].passed
    wrong = rates(("19", "10.00", "1.80"), ("7", "10.00", "0.80"))["tax_rates"]
    assert (wrong.passed, wrong.left, wrong.right) == (False, Decimal("1.90"), Decimal("1.80"))
    assert rates(("19", "10.00", "x"))["tax_rates"].passed is False
    assert "tax_rates" not in rates(("19", "10.00", None))
    assert "tax_rates" not in rates(("19", None, "1.90"))


def test_naive_rules_punish_valid_documents():
    naive = {name: verdicts(naive_checks(read_answer(target))) for name, target in TARGETS.items()}
    assert naive["with tax"] == {"lines": True, "total": True}
    assert naive["discount and charge"] == {"lines": False, "total": True, "tax_rates": True}
    assert naive["prepaid and rounded"] == {"total": True, "payable": False}
    assert naive["rounded to five cents"] == {"total": False}
    assert naive["prices with tax"] == {"lines": True, "total": False, "tax_rates": False}
    assert naive["several rates"] == {"lines": True, "total": True, "tax_rates": False}


@pytest.mark.parametrize("tax", ["19.00", "7.00"])
def test_two_rates_are_not_one(tax):
    answer = {"subtotal": "100.00", "tax": tax, "tax_breakdown": [{"rate": "19"}, {"rate": "7"}]}
    assert verdicts(naive_checks(read_answer(answer))) == {"tax_rates": False}


def test_a_document_without_tax_keeps_each_rule_once():
    target = read_answer(TARGETS["tax of zero"])
    checks = full_checks(target, target)
    assert len(checks) == len(verdicts(checks)) == 5
    assert "subtotal + tax = total" in {str(check.rule) for check in checks}


@pytest.mark.parametrize("breakdown", [None, "x", [{"rate": "20", "base": "95.00", "tax": "1"}]])
def test_the_score_is_the_share_of_the_checks(breakdown):
    target = read_answer(TARGETS["discount and charge"])
    answer = read_answer({**TARGETS["discount and charge"], "tax_breakdown": breakdown})
    checks = full_checks(answer, target)
    assert not verdicts(checks)["tax_rates"]
    assert structure_score(answer, target) == sum(check.passed for check in checks) / 6 < 1


def test_naive_rules_of_broken_answers():
    answer = {**SUM, "tax": "x", "tax_breakdown": [{"rate": "19"}]}
    assert verdicts(naive_checks(read_answer(answer))) == {"total": False, "tax_rates": False}
    assert naive_checks(read_answer({})) == ()
    unread = {**SUM, "tax_breakdown": "x"}
    assert verdicts(naive_checks(read_answer(unread)))["tax_rates"] is False


def test_no_rule_multiplies_quantity_and_price():
    everything = frozenset({"total", "subtotal", "line_items.amount", "line_items.quantity"})
    assert "quantity" not in " ".join(
        str(each) for rule in rules_for(everything).values() for each in rule
    )


def test_an_unknown_word_for_missing_rows_is_refused():
    with pytest.raises(ValueError, match=r"missing_rows must be one of .*, got 'skip'"):
        free(SUM, missing_rows="skip")
