"""How amounts fit together: by hand, and against brute force."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.page_numbers import (
    amount_numbers,
    column_flags,
    product_flags,
    sum_flags,
)
from rlnotes.data.documents.pointing import spellings
from tests.data.documents.random_pages import messy_document
from tests.data.documents.receipts import receipt


def numbers_of(document):
    return amount_numbers(document, spellings(document))


def flagged(document, name):
    """Texts of the segments with this flag, in order."""
    column = numbers_of(document)[name]
    return [text for text, flag in zip(document.segments, column, strict=True) if flag]


def sums_by_brute_force(cents):
    flags = np.zeros((len(cents), 4), dtype=bool)
    for i, j, k in permutations(range(len(cents)), 3):
        total, larger, smaller = cents[i], cents[j], cents[k]
        if larger + smaller == total and larger > smaller > 0:
            flags[i, 0] = flags[j, 1] = flags[k, 2] = True
            if 0.03 <= smaller / larger <= 0.3:
                flags[k, 3] = True
    return flags


@pytest.mark.parametrize("seed", range(20))
def test_sums_against_all_triples(seed):
    generator = np.random.default_rng(seed)
    cents = generator.integers(-5, 60, size=generator.integers(1, 16))
    assert sum_flags(cents).tolist() == sums_by_brute_force(cents.tolist()).tolist()


@pytest.mark.parametrize(
    ("cents", "taxes"),
    [
        ([1000, 30, 1030], [30]),
        ([1000, 29, 1029], []),
        ([1000, 300, 1300], [300]),
        ([1000, 301, 1301], []),
        ([10**13, 6 * 10**11, 106 * 10**11], [6 * 10**11]),
    ],
)
def test_a_tax_is_3_to_30_percent(cents, taxes):
    flags = sum_flags(np.array(cents))
    assert flags[:, :3].tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    assert np.array(cents)[flags[:, 3]].tolist() == taxes


@pytest.mark.parametrize("cents", [[], [0], [5, 5, 10], [5, 0, 5], [-3, 5, 2], [9, -4, 5]])
def test_what_is_no_sum_of_two_amounts(cents):
    flags = sum_flags(np.array(cents, dtype=np.int64))
    assert flags.shape == (len(cents), 4)
    assert not flags.any()


def runs_by_brute_force(cents, columns):
    """Every run of every column is summed; of the longest ones the first is kept."""
    in_run, is_sum = set(), set()
    for column in set(columns) - {-1}:
        members = [i for i, each in enumerate(columns) if each == column]
        found = []
        for start, end in product(range(len(members)), range(len(members) + 1)):
            run = [cents[i] for i in members[start:end]]
            total = sum(run)
            if len(run) > 1 and total > 0 and total in cents and total not in run:
                found.append((-len(run), start, end, total))
        if found:
            _, start, end, total = min(found)
            in_run |= set(members[start:end])
            is_sum |= {i for i, each in enumerate(cents) if each == total}
    return [[i in in_run, i in is_sum] for i in range(len(cents))]


@pytest.mark.parametrize("seed", range(30))
def test_runs_against_all_runs(seed):
    generator = np.random.default_rng(seed)
    count = int(generator.integers(1, 14))
    cents = generator.integers(-4, 25, size=count)
    columns = generator.integers(-1, 2, size=count)
    expected = runs_by_brute_force(cents.tolist(), columns.tolist())
    assert column_flags(cents, columns).tolist() == expected


@pytest.mark.parametrize(
    ("cents", "columns", "run", "sums"),
    [
        ([5, 2, 3, 10], [0, 0, 0, 0], [0, 1, 2], [3]),  # all three, not 2 + 3 = 5
        ([2, 3, 9, 5], [0, 0, 0, 1], [0, 1], [3]),  # the sum stands in another column
        ([2, 9, 3, 5], [0, -1, 0, 0], [0, 2], [3]),  # what is in no column parts no run
        ([2, 9, 3, 5], [0, 0, 0, 0], [], []),  # but what is in it does
        ([5, 5, 9, 10, 10], [0, 0, 0, 0, 1], [0, 1], [3, 4]),
        ([7, -2, 9, 5], [0, 0, 0, 0], [0, 1], [3]),
        ([5, 0, 5, 5], [0, 0, 0, 0], [], []),  # 5 + 0 = 5 stands in the run itself
        ([-2, -3, -5], [0, 0, 0], [], []),
        ([4], [0], [], []),
    ],
)
def test_runs_by_hand(cents, columns, run, sums):
    flags = column_flags(np.array(cents), np.array(columns))
    assert np.flatnonzero(flags[:, 0]).tolist() == run
    assert np.flatnonzero(flags[:, 1]).tolist() == sums


@pytest.mark.parametrize(("count", "is_run"), [(60, True), (61, False)])
def test_of_a_column_the_first_60_amounts_count(count, is_run):
    cents = np.array([*[7] * count, 7 * count])
    flags = column_flags(cents, np.array([*[0] * count, 1]))
    assert flags[:, 0].tolist() == [is_run] * count + [False]


def test_columns_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"cents \(2,\), columns \(3,\)"):
        column_flags(np.zeros(2, dtype=int), np.zeros(3, dtype=int))


@pytest.mark.parametrize(
    ("texts", "rows", "cents", "expected"),
    [
        (["3", "1.20", "3.60"], [0, 0, 0], [0, 120, 360], [0, 0, 1]),
        (["3 X 1.20", "3.60"], [0, 0], [120, 360], [0, 1]),
        (["3 X 1.20", "3.60"], [0, 1], [120, 360], [0, 1]),  # above
        (["3.60", "3 X 1,20"], [0, 1], [360, 0], [1, 0]),  # below, with a comma
        (["3 X 1.20", "Tea", "3.60"], [0, 1, 2], [120, 0, 360], [0, 0, 0]),  # two rows off
        (["3", "1.20", "3.60"], [0, 1, 1], [0, 120, 360], [0, 0, 0]),  # parted
        (["3 X 1.20 = 3.60"], [0], [360], [0]),  # in itself
        (["1", "3.60", "3.60"], [0, 0, 0], [0, 360, 360], [0, 1, 1]),
        (["3", "1.15", "3.44"], [0, 0, 0], [0, 115, 344], [0, 0, 0]),  # a cent off
        (["0.5", "2.41", "1.20", "1.21"], [0, 0, 0, 0], [0, 241, 120, 121], [0, 0, 1, 1]),
        (["1 2 3 1.20", "3.60"], [0, 0], [0, 360], [0, 0]),  # the first three numbers only
        (["-3 X 1.20", "3.60"], [0, 0], [0, 360], [0, 0]),  # a minus
        (["3 X 1.20", "-3.60"], [0, 0], [0, -360], [0, 0]),
        (["03/2018", "2018", "6054.00"], [0, 0, 0], [0, 0, 605400], [0, 0, 0]),  # a date
        (["3.60", "Tea", "3 X 1.20"], [0, 1, 2], [360, 0, 0], [0, 0, 0]),
        (["2", "4.00"], [0, 0], [0, 400], [0, 0]),  # one number is not taken twice
        (["1 3 1.20", "3.60"], [0, 0], [0, 360], [0, 1]),
        (["1,234.50", "2", "2469.00"], [0, 0, 0], [0, 0, 246900], [0, 0, 0]),  # thousands
        (["20000000", "2", "40000000.00"], [0] * 3, [0, 0, 4000000000], [0, 0, 0]),  # a barcode
        (["2000000", "2", "4000000.00"], [0] * 3, [0, 0, 400000000], [0, 0, 1]),
        (["3", "0.00", "0.00"], [0, 0, 0], [0, 0, 0], [0, 0, 0]),
    ],
)
def test_products_by_hand(texts, rows, cents, expected):
    assert product_flags(np.array(cents), texts, np.array(rows)).tolist() == expected


def test_products_of_another_length_are_refused():
    with pytest.raises(ValueError, match="one length, got 1, 2 and 1"):
        product_flags(np.zeros(1, dtype=int), ["A", "B"], np.zeros(1, dtype=int))


RECEIPT = receipt(
    "ACME SDN BHD (123456-X)",
    "Date: 10/03/2018",
    "Tea   2   1.80   3.60",
    "Pens blue         6.40",
    "Subtotal         10.00",
    "GST 6%            0.60",
    "Total     RM     10.60",
    "Rounding          0.00",
    "Discount         -0.50",
)


def test_the_amounts_of_a_receipt():
    amounts = ["1.80", "3.60", "6.40", "10.00", "0.60", "10.60", "0.00", "-0.50"]
    # "2" is an amount as well: nothing says that it is none.
    assert flagged(RECEIPT, "amount") == ["2", *amounts]
    assert flagged(RECEIPT, "negative") == ["-0.50"]
    assert flagged(RECEIPT, "zero") == ["0.00"]
    assert flagged(RECEIPT, "largest") == ["10.60"]
    assert flagged(RECEIPT, "five cents") == ["2", *amounts]
    assert flagged(RECEIPT, "date") == ["Date: 10/03/2018"]
    assert flagged(RECEIPT, "currency") == ["RM"]
    assert flagged(RECEIPT, "registration") == ["ACME SDN BHD (123456-X)"]
    assert flagged(RECEIPT, "decimal comma") == []


def test_the_sums_of_a_receipt():
    # 3.60 + 6.40 = 10, 10 + 0.60 = 10.60; 1.80 + 1.80 is no sum of two amounts.
    assert flagged(RECEIPT, "sum") == ["10.00", "10.60"]
    assert flagged(RECEIPT, "larger part") == ["6.40", "10.00"]
    assert flagged(RECEIPT, "smaller part") == ["3.60", "0.60"]
    assert flagged(RECEIPT, "like a tax") == ["0.60"]
    assert flagged(RECEIPT, "in a run") == ["3.60", "6.40"]
    assert flagged(RECEIPT, "sum of a run") == ["10.00"]
    assert flagged(RECEIPT, "product") == ["3.60"]


def test_sizes_copies_and_columns():
    document = receipt(*["   4.00", "   4.00", "  -4.00", "   0.00", "   0.00", "Tea", "1.00"])
    numbers = numbers_of(document)
    assert numbers["copies"].tolist() == [0.5, 0.5, 0.25, 0, 0, 0, 0.25]
    assert numbers["column"].tolist() == [5 / 20] * 5 + [0, 1 / 20]
    assert numbers["share of largest"].tolist() == [1, 1, 1, 0, 0, 0, 0.25]
    assert numbers["largest"].tolist() == [1, 1, 1, 0, 0, 0, 0]
    expected = [np.log(401) / 15] * 3 + [0] * 3 + [np.log(101) / 15]
    assert numbers["logarithm"] == pytest.approx(expected)


def test_amounts_in_steps_of_five_cents():
    document = receipt("1.25", "1.24", "1.20", "-0.05", "Tea")
    assert flagged(document, "five cents") == ["1.25", "1.20", "-0.05"]


def test_a_page_without_an_amount():
    for name, column in numbers_of(receipt("Tea", "ROOM 7")).items():
        assert column.tolist() == [0, 0], name


def test_of_two_columns_the_first_one_counts():
    boxes = [[0, top, right, top + 10] for top, right in ((0, 100), (20, 111), (40, 105))]
    document = Document("three", ["1.00", "3.00", "7.00"], boxes, [0] * 3, [(200, 200)])
    assert numbers_of(document)["column"].tolist() == [2 / 20, 1 / 20, 2 / 20]


def test_counts_are_cut_off():
    numbers = numbers_of(receipt(*["99999999.00"] * 30))
    for name in ("copies", "column", "logarithm"):
        assert numbers[name].tolist() == [1] * 30


@pytest.mark.parametrize(("right", "together"), [(100, 1), (110, 1), (111, 0), (90, 1), (89, 0)])
def test_a_column_has_one_right_edge_within_a_height(right, together):
    boxes = [[50, 0, 100, 10], [50, 50, right, 60]]
    numbers = numbers_of(Document("two", ["1.00", "3.00"], boxes, [0, 0], [(200, 200)]))
    assert numbers["column"].tolist() == [(1 + together) / 20] * 2


@pytest.mark.parametrize(
    ("texts", "has_commas"),
    [
        (["9,60", "1.234,50 EUR"], True),
        (["9.60", "1,234.50"], False),
        (["9,60", "9.60"], False),  # as many
        (["9,60", "4,80", "9.60"], True),
        (["9,60", "4,80", "9.60", "4.80", "1,234.50"], False),
        (["1.234", "2.50"], False),
        (["1.234", "7"], False),  # either way
        (["Tea"], False),
    ],
)
def test_decimal_commas_are_those_of_the_majority(texts, has_commas):
    numbers = numbers_of(receipt(*texts))
    assert numbers["decimal comma"].tolist() == [has_commas] * len(texts)


def test_a_page_with_commas_is_read_with_them():
    document = receipt("Netto   1.234,50", "USt. 19%   234,56", "Brutto   1.469,06", "Skonto -5,00")
    assert flagged(document, "amount") == ["1.234,50", "234,56", "1.469,06", "Skonto -5,00"]
    assert flagged(document, "sum") == ["1.469,06"]
    assert flagged(document, "like a tax") == ["234,56"]
    assert flagged(document, "negative") == ["Skonto -5,00"]


@pytest.mark.parametrize("text", ["2018-03-10", "10.03.2018", "Due 2018-03-10"])
def test_a_date_is_flagged_however_it_is_printed(text):
    assert flagged(receipt("Tea", text), "date") == [text]


@pytest.mark.parametrize("text", ["EUR", "eur", "\u20ac 5.00", "Total (EUR)"])
def test_a_currency_is_flagged_however_it_is_printed(text):
    assert flagged(receipt("Tea", text), "currency") == [text]


@pytest.mark.parametrize("text", [" Tea ", "\tTea", "T" * 250])
def test_blanks_and_length_flag_nothing(text):
    document = replace(receipt("Tea", "9.60"), segments=[text, "9.60"])
    for name in ("amount", "date", "currency", "registration"):
        assert flagged(document, name) == (["9.60"] if name == "amount" else [])


def test_all_numbers_lie_between_0_and_1():
    for seed in range(10):
        document = messy_document(seed)
        for column in numbers_of(document).values():
            assert column.shape == (len(document.segments),)
            assert (column >= 0).all()
            assert (column <= 1).all()


def test_spellings_of_another_document_are_refused():
    with pytest.raises(ValueError, match=r"one row for each of the 1 segments, .* got 2"):
        amount_numbers(receipt("Tea"), spellings(receipt("Tea", "9.60")))
    empty = Document("empty", [], [], [], [(1, 1)])
    with pytest.raises(ValueError, match="0 segments, at least one, got 0"):
        amount_numbers(empty, spellings(empty))
