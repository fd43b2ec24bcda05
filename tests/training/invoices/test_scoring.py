"""Rewards of answers: the reward of their JSON, and a comparison field by field."""

import json

import pytest
import torch

from rlnotes.data.documents.pointing import FIELDS
from rlnotes.functional.extraction import REWARD_WEIGHTS, composite_reward, invoice_reward
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.models.pointer_actions import Actions
from rlnotes.training.invoices.answer_pairs import as_actions, true_choice
from rlnotes.training.invoices.examples import make_example, sample_examples
from rlnotes.training.invoices.scoring import (
    RewardScore,
    all_or_nothing,
    is_right,
    require_rewards,
    write_answers,
)
from tests.training.invoices.hand_made import document, example, random_actions


@pytest.fixture(scope="module")
def examples():
    return sample_examples(6, seed=8, layouts=["receipt_till", "invoice_plain"])


@pytest.fixture(scope="module")
def actions(examples):
    """Labels with random choices in their place, from none to all of them."""
    lengths = [len(page.features) for page in examples]
    count = 16
    random = random_actions(lengths, count, seed=1)
    truth = as_actions([[true_choice(page)] * count for page in examples], max(lengths))
    shares = torch.linspace(0, 0.6, count)[None, :, None]
    generator = torch.Generator().manual_seed(2)
    draw = [torch.rand(part.shape[:3], generator=generator) for part in random[:3:2]]
    fields, lines = draw[0] < shares, draw[1] < shares / 4
    whole = torch.rand(truth.line_format.shape, generator=generator) < shares[..., 0]
    return Actions(
        torch.where(fields, random.segments, truth.segments),
        torch.where(fields, random.formats, truth.formats),
        torch.where(lines, random.lines, truth.lines),
        torch.where(whole, random.line_format, truth.line_format),
    )


def test_answers_by_hand():
    page = example("Acme Ltd", "Tea RM 4.80", "1.234,50")
    longer = example("05/03/2018", "USD", "1.00", "-2.00")
    absent = [0] * len(FIELDS)
    vendor, total, prepaid = (FIELDS.index(key) for key in ("vendor", "total", "prepaid"))
    segments = torch.tensor([[absent, absent], [absent, absent]])
    formats = segments.clone()
    segments[0, 0, vendor], segments[0, 0, total] = 1, 3
    formats[0, 0, vendor], formats[0, 0, total] = 2, 2
    segments[1, 1, prepaid], formats[1, 1, prepaid] = 4, 1
    lines = torch.zeros(2, 2, 4, dtype=torch.bool)
    lines[0, 0, 1] = lines[1, 0, 2] = lines[1, 0, 3] = True
    line_format = torch.tensor([[1, 0], [0, 0]])
    answers = write_answers([page, longer], Actions(segments, formats, lines, line_format))
    assert answers == [
        [
            {
                "vendor": "Acme Ltd Tea RM 4.80",
                "total": "1234.50",
                "line_items": [{"amount": "4.80"}],
            },
            {},
        ],
        [{"line_items": [{"amount": "1.00"}, {"amount": "-2.00"}]}, {"prepaid": "2.00"}],
    ]


def below_a_hundred(answer):
    """A rule of one's own: amounts have at most five letters."""
    return len(answer.get("total", "")) <= 5


@pytest.mark.parametrize("patch", [None, below_a_hundred])
@pytest.mark.parametrize(
    ("labels", "missing_rows"), [(True, "pass"), (False, "pass"), (False, "half"), (False, "fail")]
)
def test_scores_are_the_rewards_of_the_json_of_the_answers(
    examples, actions, labels, missing_rows, patch
):
    weights = {"fields": 0.5, "structure": 0.25, "format": 0.15, "hallucination": 0.2}
    score = RewardScore(labels=labels, weights=weights, missing_rows=missing_rows, patch=patch)
    scores = score(examples, actions)
    assert scores.shape == (6, 16)
    assert scores.dtype == torch.float32
    assert scores.std(dim=1).min() > 0.01
    patched = 0
    for row, page in enumerate(examples):
        for column, answer in enumerate(write_answers(examples, actions)[row]):
            said = invoice_reward(
                json.dumps(answer),
                page.document.target and page.target if labels else None,
                weights=weights,
                missing_rows=missing_rows,
            )
            structure = said.structure
            if patch and len(answer.get("total", "")) > 5:
                patched += structure > 0
                structure = 0.0
            expected = composite_reward(
                said.fields, structure, said.format, said.hallucination, weights=weights
            )
            assert scores[row, column].item() == pytest.approx(expected, abs=1e-6)
    assert (patched > 5) == bool(patch)


def test_missing_rows_count_only_without_labels(examples, actions):
    with_labels = [RewardScore(missing_rows=way)(examples, actions) for way in ("pass", "fail")]
    assert torch.equal(*with_labels)
    without = [
        RewardScore(labels=False, missing_rows=way)(examples, actions)
        for way in ("pass", "half", "fail")
    ]
    assert (without[0] >= without[1]).all()
    assert (without[1] >= without[2]).all()
    assert (without[0] > without[2]).any()


def test_without_labels_the_label_is_not_read(examples, actions):
    blind = [make_example(document(*page.document.segments)) for page in examples]
    assert blind[0].prepared is None
    score = RewardScore(labels=False)
    assert torch.equal(score(blind, actions), score(examples, actions))


def test_the_usual_weights_are_not_shared():
    one, other = RewardScore(), RewardScore()
    assert one.weights == REWARD_WEIGHTS
    assert one.weights is not other.weights


def is_right_by_definition(answer, target):
    """Field by field; lines in any order."""
    said, truth = (read_answer(json.dumps(each)).values for each in (answer, target))
    rows = [sorted(values.pop("line_items", ()), key=str) for values in (said, truth)]
    return said == truth and rows[0] == rows[1]


def test_all_or_nothing_compares_field_by_field(examples, actions):
    scores = all_or_nothing(examples, actions)
    expected = [
        [float(is_right_by_definition(answer, page.target)) for answer in row]
        for page, row in zip(examples, write_answers(examples, actions), strict=True)
    ]
    assert scores.tolist() == expected
    assert 0.05 < scores.mean() < 0.95
    assert scores.dtype == torch.float32


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ({"vendor": "ACME", "total": "RM 9.60"}, True),
        ({"vendor": "Acme", "total": "9.60", "tax": ""}, True),
        ({"vendor": "Acme", "total": "9.61"}, False),
        ({"vendor": "Acme"}, False),
        ({"vendor": "Acme", "total": "9.60", "tax": "0.00"}, False),
    ],
)
def test_right_is_every_field_and_no_other(answer, right):
    page = example("Acme", "9.60", target={"vendor": "Acme", "total": "9.60"})
    assert is_right(answer, page) is right


def test_bad_input(examples, actions):
    unlabelled = example("Acme", "9.60")
    one = random_actions([2], 3)
    for score in (RewardScore(), all_or_nothing):
        with pytest.raises(ValueError, match=r"example must have a label, got none for 'page'"):
            score([unlabelled], one)
    assert RewardScore(labels=False)([unlabelled], one).shape == (1, 3)
    with pytest.raises(ValueError, match=r"missing_rows must be one of .* got 'maybe'"):
        RewardScore(missing_rows="maybe")
    with pytest.raises(ValueError, match=r"weights must have the keys"):
        RewardScore(weights={"fields": 1.0})(examples, actions)
    with pytest.raises(ValueError, match=r"examples must be one for each of the 6 .* got 5"):
        RewardScore()(examples[:5], actions)
    with pytest.raises(ValueError, match=r"examples must be one for each of the 6 .* got 7"):
        write_answers([*examples, unlabelled], actions)


@pytest.mark.parametrize(
    ("rewards", "shown"),
    [
        ([[1.0, 2.0]], "list"),
        (torch.zeros(2, 1), r"shape \(2, 1\)"),
        (torch.zeros(2), r"shape \(2,\)"),
        (torch.zeros(1, 2, dtype=torch.int64), "torch.int64"),
        (torch.tensor([[0.0, torch.nan]]), "nan"),
        (torch.tensor([[-torch.inf, 0.0]]), "-inf"),
    ],
)
def test_scores_must_be_finite_floats_of_the_shape(rewards, shown):
    require_rewards(torch.tensor([[0.0, 1.0]]), (1, 2))
    with pytest.raises(ValueError, match=rf"score must return .* \(1, 2\), got {shown}$"):
        require_rewards(rewards, (1, 2))
