"""Labels as demonstrations: enumeration of answers, sums over subsets, slopes."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.documents.pointing import FIELDS, written_answer
from rlnotes.data.invoices.sampling import LAYOUTS
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.models.pointer_heads import Choices
from rlnotes.training.invoices.demonstrations import (
    Demonstration,
    EqualAmounts,
    demonstrate,
    demonstration_loss,
)
from rlnotes.training.invoices.examples import sample_examples
from tests.training.invoices.hand_made import (
    NUM_FIELDS,
    NUM_FORMATS,
    example,
    random_choices,
)

ABSENT = [0] * NUM_FIELDS
RECEIPT = "Kopi 4.80", "4.80", "9.60"
BILL = "05/03/2018", "MYR 1.234,50", "Acme (123456-X)"
CASES = {
    "once": (RECEIPT, {"total": "9.60"}),
    "twice": (RECEIPT, {"total": "4.80", "subtotal": "9.60"}),
    "nowhere": (RECEIPT, {"total": "4.80", "vendor": "Nobody"}),
    "one of two lines": (RECEIPT, {"line_items": [{"amount": "4.80"}]}),
    "both lines": (RECEIPT, {"line_items": [{"amount": "4.80"}] * 2, "total": "9.60"}),
    "all lines": (RECEIPT, {"line_items": [{"amount": text} for text in ("4.80", "4.80", "9.60")]}),
    "one of each": (RECEIPT, {"line_items": [{"amount": "4.80"}, {"amount": "9.60"}]}),
    "capitals": (RECEIPT, {"vendor": "KOPI  4.80"}),
    "other forms": (BILL, {"vendor": "Acme", "date": "2018-03-05", "total": "1234.50"}),
    "month first": (BILL, {"date": "2018-05-03", "currency": "MYR"}),
    "comma in lines": (BILL, {"line_items": [{"amount": "1234.50"}]}),
}


def field_probability(choices, page, field, wanted):
    """Of all answers in which this field says what the label says, by enumeration."""
    number, found = FIELDS.index(field), []
    for segment, form in itertools.product(range(len(page.features) + 1), range(NUM_FORMATS)):
        segments, formats = ABSENT.copy(), ABSENT.copy()
        segments[number], formats[number] = segment, form
        said = written_answer(page.spelled, segments, formats, [], 0).get(field)
        if field == "vendor" and said and wanted:
            said, wanted = (" ".join(text.lower().split()) for text in (said, wanted))
        if said == wanted:
            found.append(choices.pointers[0, number, segment, form].exp().item())
    return sum(found)


def lines_probability(choices, page, wanted, line_format):
    """Of all subsets of segments that write these amounts, in one format."""
    total = 0.0
    for taken in itertools.product((0, 1), repeat=len(page.features)):
        places = [i for i, chosen in enumerate(taken) if chosen]
        answer = written_answer(page.spelled, ABSENT, ABSENT, places, line_format)
        if Counter(row["amount"] for row in answer.get("line_items", [])) == wanted:
            total += math.prod(
                choices.lines[0, i, chosen].exp().item() for i, chosen in enumerate(taken)
            )
    return total * choices.line_format[0, line_format].exp().item()


@pytest.mark.parametrize("name", CASES)
def test_the_loss_is_minus_the_log_of_all_answers_that_say_the_label(name):
    texts, target = CASES[name]
    page, choices = example(*texts, target=target), random_choices([3], seed=len(name))
    demonstration = demonstrate(page)
    probabilities = [field_probability(choices, page, field, target.get(field)) for field in FIELDS]
    unwritten = [field for field, p in zip(FIELDS, probabilities, strict=True) if not p]
    assert unwritten == (["vendor"] if name == "nowhere" else [])
    wanted = Counter(row["amount"] for row in target.get("line_items", []))
    written = lines_probability(choices, page, wanted, demonstration.line_format)
    expected = math.log(written) + sum(math.log(p) for p in probabilities if p)
    assert demonstration_loss(choices, [demonstration]).item() == pytest.approx(-expected)


def test_a_label_that_stands_twice_counts_both():
    page = example(*RECEIPT, target={"total": "4.80"})
    right = demonstrate(page).right[FIELDS.index("total")]
    # "Kopi 4.80" as printed says more than the amount; with a comma it cannot be read.
    assert np.argwhere(right).tolist() == [[1, 1], [2, 0], [2, 1], [2, 2]]
    probabilities = torch.full((1, NUM_FIELDS, 4, 3), 1 / 12, dtype=torch.float64)
    half = torch.full((1, 3, 2), 0.5, dtype=torch.float64)
    choices = Choices(probabilities.log(), half.log(), torch.zeros(1, 3).double(), torch.zeros(1))
    # Four choices write the total, one leaves each other field out, and no line is one.
    expected = -math.log(4 / 12) - 11 * math.log(1 / 12) - 3 * math.log(0.5)
    assert demonstration_loss(choices, [demonstrate(page)]).item() == pytest.approx(expected)


def test_lines_of_one_amount_are_so_many_out_of_these_segments():
    lines = [{"amount": "4.80"}] * 3 + [{"amount": "7.00"}]
    page = example(*RECEIPT, target={"line_items": lines})
    # Three are wanted and two stand there; 7.00 stands nowhere.
    amounts, line_format = demonstrate(page)[1:]
    assert amounts == (EqualAmounts((0, 1), 2), EqualAmounts((2,), 0))
    assert line_format == 1


def test_lines_are_written_in_the_format_that_writes_more_of_them():
    lines = [{"amount": "4.80"}, {"amount": "1234.50"}, {"amount": "2000.50"}]
    page = example("Tea 4.80", "1.234,50", "2.000,50", target={"line_items": lines})
    assert demonstrate(page).line_format == 2
    same = example("4.80", "1.234,50", target={"line_items": lines[:2]})
    assert demonstrate(same).line_format == 2  # which writes both
    tie = example("Tea 4.80", "1.234,50", target={"line_items": lines[:2]})
    assert demonstrate(tie).line_format == 1


def subsets_log_prob(taken_probs, count):
    """Probability of so many, as a sum over all subsets of this size."""
    total = 0.0
    for chosen in itertools.combinations(range(len(taken_probs)), count):
        total += math.prod(p if i in chosen else 1 - p for i, p in enumerate(taken_probs))
    return math.log(total)


def only_lines(lengths, groups, line_formats):
    """Demonstrations of lines alone: each field may be anything."""
    return [
        Demonstration(np.ones((NUM_FIELDS, length + 1, NUM_FORMATS), dtype=bool), *row)
        for length, *row in zip(lengths, groups, line_formats, strict=True)
    ]


def test_counts_of_lines_are_sums_over_subsets_in_batches_of_any_pages():
    groups = [
        (EqualAmounts((0, 2, 3, 5, 6), 2), EqualAmounts((1,), 1), EqualAmounts((4,), 0)),
        (EqualAmounts((0, 1), 0),),
        (EqualAmounts((1, 3, 0), 3), EqualAmounts((2, 4), 1)),
    ]
    lengths, formats = [7, 2, 5], [1, 0, 2]
    choices = random_choices(lengths, seed=3)
    expected = 0.0
    for row, amounts in enumerate(groups):
        taken = choices.lines[row, :, 1].exp().tolist()
        expected += choices.line_format[row, formats[row]].item()
        for places, count in amounts:
            expected += subsets_log_prob([taken[place] for place in places], count)
    loss = demonstration_loss(choices, only_lines(lengths, groups, formats))
    assert loss.item() == pytest.approx(-expected / 3, rel=1e-9)


def test_many_equal_lines_that_nobody_expects_still_have_a_slope():
    places = tuple(range(30))
    scores = torch.full((1, 30), -2.0, requires_grad=True)
    sides = torch.nn.functional.logsigmoid(torch.stack([-scores, scores], dim=-1))
    choices = random_choices([30], dtype=torch.float32)._replace(lines=sides)
    loss = demonstration_loss(choices, only_lines([30], [(EqualAmounts(places, 30),)], [0]))
    log_prob = 30 * math.log(1 / (1 + math.exp(2)))
    assert loss.item() == pytest.approx(-log_prob - choices.line_format[0, 0].item(), rel=1e-5)
    loss.backward()
    # The slope of log sigmoid at -2.
    assert_close(scores.grad, torch.full((1, 30), -1 / (1 + math.exp(-2))))


def test_a_policy_that_is_sure_of_too_many_lines_still_has_a_slope():
    scores = torch.tensor([[40.0, 40.0]], requires_grad=True)
    sides = torch.nn.functional.logsigmoid(torch.stack([-scores, scores], dim=-1))
    choices = random_choices([2], dtype=torch.float32)._replace(lines=sides)
    loss = demonstration_loss(choices, only_lines([2], [(EqualAmounts((0, 1), 1),)], [0]))
    # One of two: 2 p (1 - p) with 1 - p = exp(-40).
    expected = 40 - math.log(2) - choices.line_format[0, 0].item()
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    loss.backward()
    assert_close(scores.grad, torch.tensor([[0.5, 0.5]]))


def test_the_slope_is_that_of_finite_differences():
    page = example(*RECEIPT, target={"line_items": [{"amount": "4.80"}], "total": "4.80"})
    other = example(*BILL[:2], target={"date": "2018-03-05"})
    demonstrations = [demonstrate(page), demonstrate(other)]
    start = random_choices([3, 2], seed=5)

    def loss(pointers, lines, line_format):
        normal = pointers.flatten(2).log_softmax(dim=-1).view_as(pointers)
        sides = torch.nn.functional.logsigmoid(torch.stack([-lines, lines], dim=-1))
        choices = Choices(normal, sides, line_format.log_softmax(dim=-1), start.values)
        return demonstration_loss(choices, demonstrations)

    scores = start.pointers.clamp(min=-20), start.lines[..., 1].clamp(min=-20), start.line_format
    inputs = [tensor.clone().requires_grad_() for tensor in scores]
    assert torch.autograd.gradcheck(loss, inputs, eps=1e-5, atol=1e-6)


def test_padding_changes_nothing():
    short = demonstrate(example("Tea 4.80", "4.80", target={"total": "4.80"}))
    long = demonstrate(example(*RECEIPT, "1", "2", target={"line_items": [{"amount": "4.80"}]}))
    both = random_choices([2, 5], seed=2)
    alone = [Choices(*(part[row : row + 1] for part in both)) for row in (0, 1)]
    alone[0] = alone[0]._replace(pointers=alone[0].pointers[:, :, :3], lines=alone[0].lines[:, :2])
    losses = [
        demonstration_loss(choices, [label])
        for choices, label in zip(alone, (short, long), strict=True)
    ]
    assert_close(demonstration_loss(both, [short, long]), sum(losses) / 2)


def test_a_copied_label_stands_as_it_is_printed_first():
    texts = "Total RM 9.60", "9.60", "Total RM 9.60", "05/03/2018", "2018-03-05", "Acme"
    target = {"total": "9.60", "date": "2018-03-05", "vendor": "ACME", "currency": "MYR"}
    page = example(*texts, target={**target, "line_items": [{"amount": "9.60"}]})
    right, amounts, line_format = demonstrate(page, copied=True)
    places = {field: np.argwhere(right[i]).tolist() for i, field in enumerate(FIELDS)}
    assert places.pop("total") == [[1, 0], [3, 0]]
    assert places.pop("date") == [[4, 0]]
    assert places.pop("vendor") == [[6, 0]]
    assert places.pop("currency") == [[1, 0], [3, 0]]
    assert all(absent == [[0, 0]] for absent in places.values())
    assert amounts[0] == EqualAmounts((0, 1, 2), 1)
    assert line_format == 0


def test_what_cannot_be_read_is_not_copied():
    page = example(*RECEIPT, target={"vendor": "Nobody", "total": "9.60"})
    assert not demonstrate(page, copied=True).right[0].any()


def said_in(page, number, choice):
    segments, formats = ABSENT.copy(), ABSENT.copy()
    segments[number], formats[number] = choice
    return written_answer(page.spelled, segments, formats, [], 0)


def test_every_right_choice_says_the_label_on_every_layout():
    counts = Counter()
    for page in sample_examples(16, seed=4, layouts=LAYOUTS):
        right, truth = demonstrate(page).right, page.prepared.answer.values
        for number, field in enumerate(FIELDS):
            for choice in np.argwhere(right[number]).tolist():
                answer = said_in(page, number, choice)
                assert read_answer(answer).values.get(field) == truth.get(field)
                if field != "vendor":
                    assert answer.get(field) == page.target.get(field)
                counts[field] += 1
    assert counts.keys() == set(FIELDS)


def test_copies_are_one_text_that_can_be_read_as_the_label_on_every_layout():
    unlike = Counter()
    for page in sample_examples(16, seed=4, layouts=LAYOUTS):
        right, truth = demonstrate(page, copied=True).right, page.prepared.answer.values
        for number, field in enumerate(FIELDS):
            choices = np.argwhere(right[number]).tolist()
            texts = {said_in(page, number, choice).get(field) for choice in choices}
            if field not in truth:
                assert texts == {None}
            elif choices:
                assert len(texts) == 1
                forms = [said_in(page, number, (choices[0][0], form)) for form in range(3)]
                assert truth[field] in [read_answer(form).values[field] for form in forms]
                unlike[field] += texts != {page.target[field]}
    assert min(unlike["total"], unlike["date"]) > 3


def test_bad_input():
    unlabelled = example("Acme", "9.60")
    with pytest.raises(ValueError, match=r"example must have a label, got none for 'page'"):
        demonstrate(unlabelled)
    one = demonstrate(example("9.60", target={"total": "9.60"}))
    with pytest.raises(ValueError, match=r"demonstrations must be .* 2 documents, got 1"):
        demonstration_loss(random_choices([1, 1]), [one])
