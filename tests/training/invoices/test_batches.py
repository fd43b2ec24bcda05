"""Pages in one batch: the same as alone, padding marked, varied as often as said."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.documents.page_features import NUM_NEIGHBOURS, NUM_NUMBERS, NUM_PAIRS
from rlnotes.data.documents.page_variants import mirrored, upside_down
from rlnotes.models.pointer_actions import Actions, action_log_probs
from rlnotes.training.invoices.batches import draw_pages, join_pages, vary
from tests.training.invoices.hand_made import example, random_actions, small_policy

SHORT = example("Acme Ltd 9.60", "Total")
LONG = example("Acme Ltd", "Tea 4.80", "Total RM 9.60 today", "05/03/2018", "MYR")


def test_each_row_holds_its_page_and_marks_the_padding():
    pages = join_pages([SHORT.features, LONG.features])
    assert pages.numbers.shape == (2, 5, NUM_NUMBERS)
    assert pages.neighbours.shape == (2, 5, NUM_NEIGHBOURS)
    assert pages.pairs.shape == (2, NUM_PAIRS + 1, 6, 6)
    assert pages.mask.tolist() == [[True] * 2 + [False] * 3, [True] * 5]
    for row, page in enumerate((SHORT.features, LONG.features)):
        n = len(page)
        assert np.array_equal(pages.numbers[row, :n], page.numbers)
        assert not pages.numbers[row, n:].any()
        assert np.array_equal(pages.pairs[row, :-1, 1 : n + 1, 1 : n + 1], page.pairs)
        assert not pages.pairs[row, :-1, 0].any()
        assert not pages.pairs[row, :-1, :, 0].any()
        # The length of the batch stands for no neighbour.
        neighbours = [[5 if side < 0 else side for side in sides] for sides in page.neighbours]
        assert pages.neighbours[row, :n].tolist() == neighbours
        assert (pages.neighbours[row, n:] == 5).all()
    padding = pages.pairs[:, -1]
    assert not padding[1].any()
    assert not padding[0, :, :3].any()
    assert (padding[0, :, 3:] == 1).all()


def test_words_belong_to_their_segments():
    pages = join_pages([SHORT.features, LONG.features])
    words = torch.tensor_split(pages.word_rows, pages.word_starts[1:])
    alone = []
    for page in (SHORT.features, LONG.features):
        alone += np.split(page.word_rows, np.cumsum(page.word_counts)[:-1])
    assert len(words) == 10
    held = [words[0], words[1], *words[5:]]
    assert all(np.array_equal(one, other) for one, other in zip(held, alone, strict=True))
    assert not any(len(rows) for rows in words[2:5])
    assert all(len(rows) for rows in held)


def test_a_page_is_read_alike_alone_and_beside_a_longer_one():
    policy, examples = small_policy(), [SHORT, LONG, SHORT]
    actions = random_actions([2, 5, 2], 4)
    together = policy(draw_pages(examples, None))
    log_probs = action_log_probs(together, actions)
    for row, page in enumerate(examples):
        alone = policy(draw_pages([page], None))
        own = Actions(*(part[[row]] for part in actions))
        own = own._replace(lines=own.lines[:, :, : len(page.features)])
        assert_close(log_probs[row], action_log_probs(alone, own)[0], atol=1e-5, rtol=0)
        assert_close(together.values[row], alone.values[0], atol=1e-5, rtol=0)


def test_a_page_without_any_word_can_be_read():
    blank = np.random.default_rng(0)
    page = SHORT.features
    while len(page.word_rows):
        page = vary(page, blank)
    assert join_pages([page]).word_rows.dtype == torch.int64
    choices = small_policy()(join_pages([page]))
    assert choices.pointers.exp().sum().item() == pytest.approx(12, rel=1e-5)


def test_pages_are_varied_as_often_as_said():
    page, generator = LONG.features, np.random.default_rng(5)
    left, top = page.numbers[:, 0].copy(), page.numbers[:, 1].copy()
    seen = [vary(page, generator) for _ in range(2000)]
    turned = [not np.array_equal(each.numbers[:, 0], left) for each in seen]
    flipped = [not np.array_equal(each.numbers[:, 1], top) for each in seen]
    lost = [(each.word_counts == 0).mean() for each in seen]
    # Five standard errors of 2000 draws, and of 10,000 for the words.
    assert np.mean(turned) == pytest.approx(0.5, abs=0.056)
    assert np.mean(flipped) == pytest.approx(0.3, abs=0.052)
    assert np.mean(lost) == pytest.approx(0.3, abs=0.023)
    both = np.mean(np.logical_and(turned, flipped))
    assert both == pytest.approx(0.15, abs=0.04)  # independent
    assert np.array_equal(page.numbers[:, 0], left)
    assert (page.word_counts > 0).all()


def test_a_varied_page_is_one_of_four_without_some_words():
    page, generator = LONG.features, np.random.default_rng(1)
    forms = [page, mirrored(page), upside_down(page), upside_down(mirrored(page))]
    found = set()
    for _ in range(40):
        varied = vary(page, generator)
        (number,) = [
            number
            for number, form in enumerate(forms)
            if np.array_equal(form.numbers, varied.numbers)
            and np.array_equal(form.pairs, varied.pairs)
            and np.array_equal(form.neighbours, varied.neighbours)
        ]
        found.add(number)
    assert found == {0, 1, 2, 3}


def test_pages_are_varied_only_with_a_generator():
    plain, again = draw_pages([SHORT, LONG], None), join_pages([SHORT.features, LONG.features])
    assert all(torch.equal(one, other) for one, other in zip(plain, again, strict=True))
    varied = [draw_pages([LONG] * 8, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert torch.equal(varied[0].numbers, varied[1].numbers)
    assert torch.equal(varied[0].word_rows, varied[1].word_rows)
    assert not torch.equal(varied[0].numbers, varied[2].numbers)
    assert len(varied[0].numbers.unique(dim=0)) > 1  # each page on its own


def test_a_batch_is_a_copy():
    before = SHORT.features.numbers.copy()
    join_pages([SHORT.features]).numbers.fill_(7)
    assert np.array_equal(SHORT.features.numbers, before)


@dataclass(frozen=True)
class Letters:
    """What another policy might read: the lengths of the segments."""

    lengths: list[int]
    scale: int = 1

    def __len__(self):
        return len(self.lengths)

    def join(self, features):
        return [self.lengths, *[(page.lengths, page.scale) for page in features]]

    def vary(self, generator):
        return replace(self, scale=int(generator.integers(2, 100)))


def test_another_kind_of_features_joins_and_varies_itself():
    examples = [replace(each, features=Letters([len(each.features)])) for each in (SHORT, LONG)]
    one, two = (each.features.lengths for each in examples)
    assert draw_pages(examples, None) == [one, (one, 1), (two, 1)]
    drawn = np.random.default_rng(3).integers(2, 100, size=2).tolist()
    assert draw_pages(examples, np.random.default_rng(3)) == [
        one,
        (one, drawn[0]),
        (two, drawn[1]),
    ]


def test_no_page_is_refused():
    with pytest.raises(ValueError, match=r"features must hold at least one document, got none"):
        draw_pages([], None)
