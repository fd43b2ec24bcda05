"""The composite reward: worked numbers, ranges, and answers that are garbage."""

import decimal
import json
import math
import pickle
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pytest

from rlnotes.functional.extraction import (
    REWARD_WEIGHTS,
    RewardBreakdown,
    composite_reward,
    invoice_reward,
    money,
    prepare_target,
    readings,
)
from rlnotes.functional.extraction.answers import AMOUNTS, ROWS
from rlnotes.functional.extraction.reward import _prepared_from
from tests.data.invoices.hand_made import TARGETS

TRUTH = TARGETS["discount and charge"]


def reward(answer, target=TRUTH, weights=REWARD_WEIGHTS, **options):
    return invoice_reward(answer, target, weights=weights, **options)


def test_the_worked_example():
    exact = composite_reward(0.9, 1, 0.8, 0, weights=REWARD_WEIGHTS)
    assert isinstance(exact, float)
    assert abs(exact - 0.82) < 1e-12
    assert composite_reward(0.9, 1, 0.8, 1, weights=REWARD_WEIGHTS) == pytest.approx(0.72)


def test_the_range_at_the_usual_weights():
    assert composite_reward(1, 1, 1, 0, weights=REWARD_WEIGHTS) == 0.9
    assert composite_reward(0, 0, 0, 1, weights=REWARD_WEIGHTS) == -0.1
    assert sum(REWARD_WEIGHTS.values()) == pytest.approx(1)


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("part", [-0.01, 1.01, math.nan, math.inf, "1", None])
def test_parts_outside_the_unit_interval_are_refused(index, part):
    parts = [0.5] * 4
    parts[index] = part
    name = list(REWARD_WEIGHTS)[index]
    with pytest.raises(ValueError, match=rf"{name} must lie in \[0, 1\], got {part!r}"):
        composite_reward(*parts, weights=REWARD_WEIGHTS)


def without(key):
    return {name: weight for name, weight in REWARD_WEIGHTS.items() if name != key}


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (without("format"), "weights must have the keys"),
        ({**REWARD_WEIGHTS, "length": 0.1}, "weights must have the keys"),
        ((0.4, 0.3, 0.2, 0.1), "weights must have the keys"),
        (None, "weights must have the keys .* got None"),
        ({**REWARD_WEIGHTS, "format": -0.1}, r"weights\['format'\] must be .*, got -0.1"),
        ({**REWARD_WEIGHTS, "fields": math.nan}, r"weights\['fields'\] must be .*, got nan"),
        ({**REWARD_WEIGHTS, "fields": math.inf}, r"weights\['fields'\]"),
        ({**REWARD_WEIGHTS, "hallucination": "0.1"}, r"weights\['hallucination'\]"),
        ({**REWARD_WEIGHTS, "fields": 10**5000}, r"weights\['fields'\] .* cannot be printed"),
        ({10**5000: 1}, "weights must have the keys .* cannot be printed"),
    ],
)
def test_weights_that_are_none_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        composite_reward(1, 1, 1, 0, weights=weights)
    with pytest.raises(ValueError, match=message):
        reward(TRUTH, weights=weights)


def test_whole_numbers_and_numpy_are_weights_too():
    weights = {"fields": 1, "structure": np.float64(0), "format": 0, "hallucination": 2}
    assert composite_reward(0.5, 1, 1, 0.25, weights=weights) == 0


def test_parts_of_an_answer_worked_by_hand():
    target = {**TARGETS["no lines"]}  # vendor, date, currency, subtotal, tax, total
    answer = {"vendor": "ACME CORP", "date": "17/05/2024", "total": "119.00", "payable": "119.00"}
    breakdown = reward(answer, target)
    assert breakdown.fields == pytest.approx(2 * 3 / (4 + 6))
    assert breakdown.structure == 0  # its one rule needs subtotal and tax
    # Vendor, total and payable of these, the date, and the currency, which is missing.
    assert breakdown.format == pytest.approx(3 / 5)
    assert breakdown.hallucination == pytest.approx(1 / 4)
    assert breakdown.missing == pytest.approx(3 / 6)
    assert breakdown.readable
    assert breakdown.total == pytest.approx(0.4 * 0.6 + 0.2 * 3 / 5 - 0.1 / 4)


def test_missing_is_reported_and_not_paid_twice():
    answer = {key: value for key, value in TRUTH.items() if key != "vendor"}
    breakdown = reward(answer)
    assert breakdown.missing == 1 / 11
    assert breakdown.hallucination == 0
    parts = (breakdown.fields, breakdown.structure, breakdown.format, 0)
    assert breakdown.total == composite_reward(*parts, weights=REWARD_WEIGHTS)


def test_to_leave_out_what_cannot_be_read_costs_less_than_a_wrong_value_unless_required():
    target = TARGETS["no lines"]
    for key in target:
        left_out = reward({k: v for k, v in target.items() if k != key}, target)
        wrong = reward({**target, key: {"date": "2024-05-18"}.get(key, "1.00")}, target)
        required = key in ("vendor", "date", "currency", "total")
        assert left_out.fields > wrong.fields
        assert left_out.format == pytest.approx(5 / 6 if required else 1)
        assert left_out.structure == wrong.structure


def test_without_a_target():
    breakdown = reward({"total": "9.60", "vendor": "Acme"}, None)
    assert (breakdown.fields, breakdown.hallucination) == (0, 0)
    assert (breakdown.structure, breakdown.format, breakdown.missing) == (1, 0.5, 0.5)
    assert reward({"total": "9.60"}, None, missing_rows="half").structure == 0.5
    assert reward({}, None).total == 0


@pytest.mark.parametrize("target", [TRUTH, None])
@pytest.mark.parametrize(
    "prediction",
    [None, 5, b"{}", [], "", "{", "x" * 200_000, {**TRUTH, **dict.fromkeys(range(65))}],
)
def test_the_unreadable_earns_the_least(prediction, target):
    expected = RewardBreakdown(-0.1, 0, 0, 0, 1, 1, False)
    assert reward(prediction, target) == expected


@pytest.mark.parametrize(
    "target",
    [
        *("{}", 5, [], {"total": "x"}, {1: "x"}),
        # Python itself refuses to print these integers.
        *({"total": 10**5000}, {10**5000: "x"}, {"line_items": [{"amount": 10**5000}]}),
    ],
)
def test_a_bad_target_is_refused(target):
    with pytest.raises(ValueError, match=r"^target"):
        reward(TRUTH, target)
    with pytest.raises(ValueError, match=r"^target"):
        prepare_target(target)


@pytest.mark.parametrize("target", [{}, {"total": None}, {"vendor": " ", "line_items": []}])
def test_a_target_that_says_nothing_is_refused(target):
    with pytest.raises(ValueError, match="target must have at least one field, got"):
        reward(TRUTH, target)


def test_an_unknown_word_for_missing_rows_is_refused():
    with pytest.raises(ValueError, match="missing_rows must be one of"):
        reward(TRUTH, missing_rows="skip")


def test_a_prepared_target_gives_the_same_and_does_not_follow_its_dict():
    for target in TARGETS.values():
        prepared = prepare_target(target)
        for answer in TARGETS.values():
            assert reward(answer, prepared) == reward(answer, target)
    changing = dict(TRUTH)
    prepared = prepare_target(changing)
    assert reward(TRUTH, changing).fields == 1
    changing["total"] = "1.00"
    assert reward(TRUTH, prepared).fields == 1
    assert reward(TRUTH, changing).fields < 1
    changing["line_items"] = [*changing["line_items"], {"amount": "1.00"}]
    before = reward(TRUTH, changing)
    changing["line_items"][0] = {"amount": "1.00"}
    assert reward(TRUTH, changing).fields < before.fields


def test_targets_that_are_not_plain_data():
    decimals = {**TRUTH, "total": Decimal(TRUTH["total"])}
    assert reward(TRUTH, decimals) == reward(TRUTH, MappingProxyType(TRUTH)) == reward(TRUTH)
    # Equal numbers of other types are other targets: True is no amount, 1 is.
    assert reward({"total": 1}, {"total": 1}).fields == 1
    with pytest.raises(ValueError, match="total"):
        reward({"total": 1}, {"total": True})


def test_breakdowns_are_frozen_and_travel_between_processes():
    breakdown = reward(TRUTH)
    with pytest.raises(AttributeError):
        breakdown.total = 1.0
    assert pickle.loads(pickle.dumps(breakdown)) == breakdown
    prepared = pickle.loads(pickle.dumps(prepare_target(TRUTH)))
    assert reward({**TRUTH, "total": "x"}, prepared) == reward({**TRUTH, "total": "x"})


ODD = [
    *(None, True, False, 0, -1, 10**400, 0.1, math.nan, -math.inf, object(), b"1", {1}, ()),
    *(Decimal("sNaN"), Decimal("1e999"), Decimal("0e-999"), Decimal("5.00")),
    *("", " ", "NaN", "inf", "1e400", "9" * 70, "\u0669.\u0660", "\ud800", "(5.00", "-0.00"),
    *("1,234.50", "RM 9", "119.00", "2018-03-05", "05/03/18", "EUR", "$", "Acme Corp"),
    *([], {}, [[]], [{}], [None], ({},), {"a": []}),
    *([{"amount": {}}], [{"amount": "1.00", "rate": "7%"}]),
]


def garbage(rng):
    """A random answer over known and unknown keys; a third of it is the truth."""
    keys = [*AMOUNTS, *ROWS, "vendor", "date", "currency", "other", "Total", 5]
    chosen = rng.choice(len(keys), size=rng.integers(len(keys) + 1), replace=False)
    answer = {}
    for key in (keys[index] for index in chosen):
        odd = ODD[rng.integers(len(ODD))]
        answer[key] = TRUTH.get(key, odd) if rng.random() < 1 / 3 else odd
        if key in ROWS and rng.random() < 0.5:
            columns = (*ROWS[key], "more")
            answer[key] = [{c: ODD[rng.integers(len(ODD))] for c in columns}, *TRUTH.get(key, [])]
    return answer


@pytest.mark.parametrize("seed", range(4))
def test_garbage_never_raises_and_stays_in_range(seed):
    rng = np.random.default_rng(seed)
    targets = [None, *(prepare_target(target) for target in TARGETS.values())]
    for _ in range(1000):
        answer, target = garbage(rng), targets[rng.integers(len(targets))]
        word = ("pass", "half", "fail")[rng.integers(3)]
        breakdown = reward(answer, target, missing_rows=word)
        parts = (breakdown.fields, breakdown.structure, breakdown.format, breakdown.hallucination)
        assert all(0 <= part <= 1 for part in (*parts, breakdown.missing)), answer
        assert breakdown.total == composite_reward(*parts, weights=REWARD_WEIGHTS)
        assert breakdown.total <= (0.5 if target is None else 0.9) + 1e-12
        assert breakdown == reward(answer, target, missing_rows=word)


@pytest.mark.parametrize("seed", range(2))
def test_strings_with_random_damage_never_raise(seed):
    rng = np.random.default_rng(seed)
    text = json.dumps(TRUTH)
    for _ in range(1000):
        characters = list(text)
        for place in rng.integers(len(text), size=rng.integers(1, 4)):
            characters[place] = chr(rng.integers(32, 127))
        breakdown = reward("".join(characters))
        assert -0.1 <= breakdown.total <= 0.9
        assert breakdown.readable or breakdown.total == -0.1


@pytest.mark.parametrize("name", TARGETS)
def test_one_wrong_value_always_earns_less(name):
    """Whatever the weights on structure and format: a field that is wrong costs."""
    target = TARGETS[name]
    for key in target:
        for value in ("1.23", None, "x"):
            assert reward({**target, key: value}, target).total < 0.9 - 0.01, (key, value)


def test_rewards_do_not_depend_on_the_decimal_context_of_the_caller():
    pairs = [
        (answer, target) for answer in TARGETS.values() for target in (*TARGETS.values(), None)
    ]
    for how in (json.dumps, dict):
        usual = [reward(how(answer), target) for answer, target in pairs]
        for cached in (money._read, readings._number_in, readings._rate_in, _prepared_from):
            cached.cache_clear()
        with decimal.localcontext(prec=2, Emax=3, Emin=-3, rounding=decimal.ROUND_UP) as context:
            for signal in context.traps:
                context.traps[signal] = True
            assert [reward(how(answer), target) for answer, target in pairs] == usual
