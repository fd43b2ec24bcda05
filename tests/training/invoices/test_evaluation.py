"""How good a policy is: two documents by hand, answers in order, gains."""

import itertools

import numpy as np
import pytest

from rlnotes.data.invoices.sampling import LAYOUTS
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.evaluation import (
    answer_all,
    compare,
    evaluate,
    keeps_rules,
    paired_gain,
)
from rlnotes.training.invoices.examples import sample_examples
from tests.training.invoices.hand_made import NUM_FIELDS, example, small_policy

HEAD = {"vendor": "Acme", "date": "2018-03-05", "currency": "EUR", "total": "9.60"}
WITH_TAX = {**HEAD, "subtotal": "8.00", "tax": "1.60"}
EXAMPLES = [example("Acme", "9.60", target=target) for target in (HEAD, WITH_TAX)]
# The first says all in other forms. The second lacks one, is wrong in one, invents one.
ANSWERS = [
    {**HEAD, "vendor": "ACME", "date": "05/03/2018", "tax": ""},
    {**WITH_TAX, "currency": None, "total": "9.70", "charges": "1.00"},
]


def test_two_documents_by_hand():
    result = compare(ANSWERS, EXAMPLES)
    # currency: found once, missed once; total: wrong once, which counts twice.
    right = dict.fromkeys(("vendor", "date", "subtotal", "tax"), 1)
    expected = {**right, "currency": 2 / 3, "total": 1 / 2, "charges": 0}
    assert result.fields.per_field == pytest.approx(expected)
    assert result.macro_f1 == pytest.approx((4 + 2 / 3 + 1 / 2) / 7)
    # A date in another form counts as wrong where forms count, and nothing else does.
    assert result.as_agreed.per_field == pytest.approx({**expected, "date": 1 / 2})
    assert result.as_agreed.macro == pytest.approx((3 + 2 / 3 + 1 / 2 + 1 / 2) / 7)
    assert result.right.tolist() == [True, False]
    assert result.keeps_rules.tolist() == [False, False]
    # .4 F1 + .3 rules + .2 format - .1 invented. In the second 4 of 6 and 6 fields
    # agree, its one rule fails, 6 of 7 are well written: the currency is not there.
    first = 0.4 * 1 + 0.3 * 1 + 0.2 * 3 / 4
    second = 0.4 * 8 / 12 + 0.3 * 0 + 0.2 * 6 / 7 - 0.1 * 1 / 6
    assert result.rewards == pytest.approx([first, second])


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"total": "9.70"}, False),  # 8.00 + 1.60 is another sum
        ({"vendor": "Nobody"}, True),  # the label is not looked at
        ({"currency": ""}, False),
        ({"date": "05/03/2018"}, False),
        ({"total": "EUR 9.60"}, False),
        ({"tax": None, "subtotal": None}, True),
        ({"line_items": [{"amount": "5.00"}, {"amount": "3.00"}]}, True),
        ({"line_items": [{"amount": "5.00"}, {"amount": "4.00"}]}, False),
    ],
)
def test_rules_by_hand(changes, kept):
    answer = {**WITH_TAX, **changes}
    assert keeps_rules(answer) is kept
    assert compare([answer], EXAMPLES[1:]).keeps_rules.tolist() == [kept]


def test_lines_that_are_not_written_as_agreed_count_as_wrong():
    target = {**HEAD, "line_items": [{"amount": "9.60"}]}
    answer = {**HEAD, "line_items": [{"amount": "EUR 9.60"}]}
    result = compare([answer], [example("9.60", target=target)])
    assert result.fields.per_field["line_items"] == 1
    assert result.as_agreed.per_field["line_items"] == 0
    assert result.as_agreed.per_field["total"] == 1
    assert answer["line_items"] == [{"amount": "EUR 9.60"}]


def test_an_answer_that_cannot_be_read_says_nothing():
    garbage = {f"key {i}": "1" for i in range(100)}
    result = compare([garbage], EXAMPLES[:1])
    assert result.fields.micro == result.as_agreed.micro == 0
    assert result.rewards.tolist() == [pytest.approx(-0.1)]
    assert not result.right.any()
    assert not result.keeps_rules.any()


@pytest.fixture(scope="module")
def examples():
    return sample_examples(37, seed=3, layouts=LAYOUTS)


def test_answers_come_in_the_order_of_the_documents(examples):
    policy = small_policy()
    lengths = [len(page.features) for page in examples]
    assert lengths != sorted(lengths)
    together = answer_all(policy, examples)
    assert len(together) == 37
    for given, page in zip(together, examples, strict=True):
        (alone,) = answer_all(policy, [page])
        assert given.answer == alone.answer
        assert given.confidences.shape == (NUM_FIELDS + 1,)
        assert given.confidences == pytest.approx(alone.confidences, rel=1e-3)
        assert (given.confidences > 0).all()
        assert (given.confidences <= 1).all()
    assert len({str(given.answer) for given in together}) > 30
    assert answer_all(policy, []) == []


def test_an_answer_is_the_likeliest_and_its_confidence_the_probability_of_that():
    policy, page = small_policy(), example("Acme", "9.60", "5.00")
    choices = policy(draw_pages([page], None))
    (given,) = answer_all(policy, [page])
    best = choices.pointers[0].exp().flatten(1).max(dim=1).values
    assert given.confidences[:-1] == pytest.approx(best.detach().numpy(), rel=1e-5)
    lines = choices.lines[0].exp().max(dim=1).values.prod() * choices.line_format[0].exp().max()
    assert given.confidences[-1] == pytest.approx(lines.item(), rel=1e-5)


def test_to_evaluate_is_to_answer_and_to_compare(examples):
    policy = small_policy()
    result = evaluate(policy, examples)
    expected = compare([given.answer for given in answer_all(policy, examples)], examples)
    assert result.fields == expected.fields
    assert np.array_equal(result.rewards, expected.rewards)
    assert result.right.shape == result.keeps_rules.shape == (37,)


def test_the_interval_of_two_documents_is_all_that_can_be_drawn():
    # 0 a quarter of the time, 1 a quarter, else 1/2.
    assert paired_gain([0.2, 0.3], [0.2, 1.3]) == (pytest.approx(0.5), 0, 1)


def test_the_interval_is_that_of_enumerated_resamples():
    before, after = [0, 1, 0.5, 0.25], [1, 1, 0.25, 1.25]  # differences 1, 0, -1/4, 1
    means = [sum(drawn) / 4 for drawn in itertools.product([1, 0, -0.25, 1], repeat=4)]
    low, high = np.quantile(means, [0.025, 0.975])
    gain = paired_gain(before, after, num_resamples=20_000)
    assert gain.mean == 0.4375
    assert gain.low == pytest.approx(low, abs=0.07)
    assert gain.high == pytest.approx(high, abs=0.07)
    assert gain.low < gain.mean < gain.high


def test_the_interval_is_about_two_standard_errors_wide():
    differences = np.random.default_rng(0).normal(0.1, 2.0, size=400)
    gain = paired_gain(np.zeros(400), differences)
    error = differences.std() / 20
    assert gain.mean == pytest.approx(differences.mean())
    assert gain.low == pytest.approx(differences.mean() - 1.96 * error, abs=0.15 * error)
    assert gain.high == pytest.approx(differences.mean() + 1.96 * error, abs=0.15 * error)


def test_what_both_have_in_common_cancels_out():
    before = np.random.default_rng(1).normal(0, 100, size=50)
    assert paired_gain(before, before + 1) == pytest.approx((1, 1, 1))
    assert paired_gain(before + 1, before) == pytest.approx((-1, -1, -1))


def test_the_interval_is_the_same_each_time():
    rng = np.random.default_rng(2)
    before, after = rng.random(30) < 0.5, rng.random(30) < 0.7
    assert paired_gain(before, after) == paired_gain(before, after, seed=0)
    numbers = rng.random(30)
    one, same, other = (paired_gain(before, numbers, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one.mean == other.mean
    assert one[1:] != other[1:]
    expected = (after.astype(float) - before).mean()
    assert paired_gain(before, after).mean == pytest.approx(expected)


@pytest.mark.parametrize(
    ("before", "after", "change", "message"),
    [
        ([1.0], [1.0, 2.0], {}, r"common shape, got before \(1,\), after \(2,\)"),
        ([], [], {}, r"before and after must be vectors, got shape \(0,\)"),
        ([[1.0]], [[2.0]], {}, r"before and after must be vectors, got shape \(1, 1\)"),
        ([np.nan], [1.0], {}, "before must be finite, got nan"),
        (["a"], [1.0], {}, "before must be a rectangular array of numbers"),
        ([1.0], [1.0], {"num_resamples": 0}, "num_resamples must be a positive integer, got 0"),
        ([1.0], [1.0], {"seed": -1}, "seed must be an integer of at least 0, got -1"),
    ],
)
def test_bad_numbers_are_refused(before, after, change, message):
    with pytest.raises(ValueError, match=message):
        paired_gain(before, after, **change)


def test_bad_documents_are_refused():
    with pytest.raises(ValueError, match=r"answers and examples must be .* got 0 and 0"):
        evaluate(small_policy(), [])
    with pytest.raises(ValueError, match=r"answers and examples must be .* got 1 and 2"):
        compare(ANSWERS[:1], EXAMPLES)
    with pytest.raises(ValueError, match="examples must have labels, got none for 'page'"):
        evaluate(small_policy(), [EXAMPLES[0], example("Acme", "9.60")])
