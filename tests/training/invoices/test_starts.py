"""Starts: which labels are imitated and how, what low rank leaves to train, errors."""

import copy

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.documents.pointing import FIELDS
from rlnotes.models.low_rank import num_trainable
from rlnotes.training.invoices import sft, starts
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.examples import TRAINING_LAYOUTS, sample_examples
from rlnotes.training.invoices.on_policy import Config, train_on_policy
from rlnotes.training.invoices.scoring import RewardScore
from rlnotes.training.invoices.starts import make_start, with_low_rank_trunk
from tests.training.invoices.hand_made import example, same_weights, small_policy, weights_of

VALUES = {"date": "2018-03-05", "tax": "1.60", "total": "9.60"}
HEADS = ("pointer", "absent", "format", "line", "line_format", "value")


def labelled(*fields):
    """A page whose label has these fields; its total is printed with a sign."""
    return example("05/03/2018", "1.60", "$9.60", target={name: VALUES[name] for name in fields})


PAGES = [
    labelled("total"),
    labelled("tax", "total"),
    labelled("total"),
    labelled("date", "total"),
    labelled("date", "tax", "total"),
]


@pytest.fixture
def imitated(monkeypatch):
    """What is given to the imitation, and small policies for it."""
    seen = []

    def train_sft(policy, examples, demonstrations, config):
        seen.append((weights_of(policy), examples, demonstrations, config))
        return sft.Result(policy, np.zeros(0))

    monkeypatch.setattr(starts.sft, "train_sft", train_sft)
    monkeypatch.setattr(starts, "new_policy", small_policy)
    monkeypatch.setattr(starts, "sample_examples", lambda count, **_: PAGES[:count])
    return seen


def numbers(examples):
    return [PAGES.index(page) for page in examples]


@pytest.mark.parametrize(
    ("count", "chosen", "others"),
    [
        # None has a label, so by name: date, first in 3. Then tax has none: 1. Date and
        # tax have one each, total two: date again, and only 4 is left that has it.
        (1, [3], [0, 1, 2, 4]),
        (2, [3, 1], [0, 2, 4]),
        (3, [3, 1, 4], [0, 2]),
        # Neither date nor tax is left; the next rarest is total.
        (5, [3, 1, 4, 0, 2], []),
    ],
)
def test_the_next_label_has_the_rarest_field(imitated, count, chosen, others):
    start = make_start(0, num_labels=count, num_documents=5)
    assert numbers(start.labelled) == chosen
    assert numbers(start.others) == others
    assert numbers(imitated[0][1]) == chosen


def test_documents_are_split_and_of_the_seed_and_layouts(monkeypatch):
    monkeypatch.setattr(starts, "new_policy", small_policy)
    change = {"num_labels": 2, "num_documents": 5, "num_steps": 1, "layouts": ("receipt_till",)}
    start = make_start(3, **change)
    drawn = sample_examples(5, seed=3, layouts=("receipt_till",))
    names = [page.document.name for page in start.labelled + start.others]
    assert sorted(names) == [page.document.name for page in drawn]
    assert (len(start.labelled), len(start.others)) == (2, 3)


def test_unless_told_otherwise_12_of_600_documents_of_the_training_layouts(imitated, monkeypatch):
    asked = []

    def sample(count, **settings):
        asked.append((count, settings))
        return PAGES * 4

    monkeypatch.setattr(starts, "sample_examples", sample)
    make_start(8)
    assert asked == [(600, {"seed": 8, "layouts": TRAINING_LAYOUTS})]
    weights, examples, _, config = imitated[0]
    assert len(examples) == 12
    assert config == sft.Config(num_steps=200, seed=8)
    assert same_weights(weights, weights_of(small_policy(8)))


@pytest.mark.parametrize("copied", [0, 2, 3])
def test_the_first_labels_are_copied_as_printed_and_the_others_written_as_agreed(imitated, copied):
    make_start(0, num_labels=3, num_copied=copied, num_documents=5)
    _, _, demonstrations, _ = imitated[0]
    rows = [each.right[FIELDS.index("total"), 3].tolist() for each in demonstrations]
    # "$9.60" is the third segment. As a German would read it, it is no 9.60.
    printed, agreed = [True, False, False], [False, True, False]
    assert rows == [printed] * copied + [agreed] * (3 - copied)


def test_a_start_is_what_imitation_of_its_labels_makes_of_a_new_policy(monkeypatch):
    monkeypatch.setattr(starts, "new_policy", small_policy)
    monkeypatch.setattr(starts, "sample_examples", lambda count, **_: PAGES[:count])
    change = {"num_labels": 2, "num_documents": 4, "num_steps": 3}
    start, again, other = (make_start(seed, **change).policy for seed in (1, 1, 2))
    shown = [starts.demonstrate(PAGES[number]) for number in (3, 1)]
    config = sft.Config(num_steps=3, seed=1)
    alike = sft.train_sft(small_policy(1), [PAGES[3], PAGES[1]], shown, config).policy
    assert same_weights(weights_of(start), weights_of(alike))
    assert same_weights(weights_of(start), weights_of(again))
    assert not same_weights(weights_of(start), weights_of(other))
    assert not same_weights(weights_of(start), weights_of(small_policy(1)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"num_copied": -1}, "num_copied must be an integer of at least 0, got -1"),
        ({"num_copied": 1.5}, "num_copied must be an integer of at least 0, got 1.5"),
        ({"num_labels": 0}, "num_labels must be a positive integer, got 0"),
        ({"num_documents": 0}, "num_documents must be a positive integer, got 0"),
        (
            {"num_copied": 3},
            r"num_labels must lie in \[num_copied, num_documents\], got 2 for 3 and 4",
        ),
        (
            {"num_labels": 5},
            r"num_labels must lie in \[num_copied, num_documents\], got 5 for 0 and 4",
        ),
        ({"num_steps": 0}, "num_steps must be a positive integer, got 0"),
        ({"layouts": ("napkin",)}, "layouts must be among .*, got 'napkin'"),
    ],
)
def test_bad_numbers_are_named(change, message):
    settings = {"seed": 0, "num_labels": 2, "num_documents": 4, "num_steps": 1, **change}
    with pytest.raises(ValueError, match=message):
        make_start(**settings)


def trained_names(policy):
    return {name for name, weights in policy.named_parameters() if weights.requires_grad}


HEAD_WEIGHTS = {f"{head}.{part}" for head in HEADS for part in ("weight", "bias")}


def test_with_rank_0_only_the_heads_are_trained():
    policy = small_policy()
    before = [name for name, _ in policy.named_parameters()]
    assert with_low_rank_trunk(policy, rank=0) is policy
    assert trained_names(policy) == HEAD_WEIGHTS
    assert [name for name, _ in policy.named_parameters()] == before


def test_with_a_rank_the_neighbours_and_blocks_have_updates():
    policy = small_policy()
    assert with_low_rank_trunk(policy, rank=4) is policy
    maps = [f"beside.{side}" for side in range(len(policy.beside))]
    maps += [f"blocks.0.{name}" for name in ("query_key_value", "project", "widen", "narrow")]
    updates = {f"{name}.{part}" for name in maps for part in ("down", "up")}
    assert trained_names(policy) == HEAD_WEIGHTS | updates


@pytest.mark.parametrize("rank", [0, 1, 4])
def test_how_many_numbers_are_trained(rank):
    policy = with_low_rank_trunk(small_policy(), rank=rank)  # width 8, one block
    num_fields, sides = len(FIELDS), len(policy.beside)
    # Pointer, absent and three formats of each field; line, line format, value.
    heads = (8 + 1) * (5 * num_fields + 1 + 3 + 1)
    # Inputs and outputs of each map; a block's are 8 -> 24, 8 -> 8, 8 -> 32, 32 -> 8.
    ends = sides * (8 + 8) + (8 + 24) + (8 + 8) + (8 + 32) + (32 + 8)
    assert num_trainable(policy) == heads + rank * ends


@pytest.mark.parametrize("rank", [0, 4])
def test_the_policy_says_the_same_as_before(rank):
    policy, pages = small_policy(), draw_pages(PAGES[:2], None)
    with torch.no_grad():
        before = policy(pages)
        after = with_low_rank_trunk(policy, rank=rank)(pages)
    for part, other in zip(after, before, strict=True):
        assert_close(part, other)


@pytest.mark.parametrize("rank", [0, 2])
def test_what_is_frozen_stays_as_it_was_when_the_policy_is_trained(rank):
    start = with_low_rank_trunk(small_policy(), rank=rank)
    before = dict(copy.deepcopy(start).named_parameters())
    config = Config(num_updates=3, num_documents=2, num_answers=4, learning_rate=0.01)
    pages = sample_examples(2, seed=0, layouts=("receipt_till",))
    trained = train_on_policy(start, pages, RewardScore(), config).policy
    changed = {
        name
        for name, weights in trained.named_parameters()
        if not torch.equal(weights, before[name])
    }
    # Without a critic the value learns nothing.
    assert changed == trained_names(start) - {"value.weight", "value.bias"}


def test_updates_come_from_the_seed_and_from_nothing_else():
    state = torch.get_rng_state()
    one, again, other = (with_low_rank_trunk(small_policy(), rank=2, seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    assert same_weights(weights_of(one), weights_of(again))
    sides = [policy.beside[0].down for policy in (one, other)]
    assert not torch.equal(*sides)
    assert not torch.equal(one.beside[0].down, one.beside[1].down)


@pytest.mark.parametrize("change", [{"rank": -1}, {"rank": 1.5}, {"rank": True}, {"seed": -1}])
def test_a_bad_rank_or_seed_is_refused_and_the_policy_stays(change):
    policy = small_policy()
    before = num_trainable(policy)
    ((name, value),) = change.items()
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least 0, got {value}"):
        with_low_rank_trunk(policy, **{"rank": 1, **change})
    assert num_trainable(policy) == before
