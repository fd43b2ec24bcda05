"""DPO on pairs of answers: the first loss, the slope, who is trained, order, errors."""

import copy
import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.documents.pointing import FIELDS
from rlnotes.models.low_rank import add_low_rank
from rlnotes.training.invoices import dpo
from rlnotes.training.invoices.answer_pairs import Choice, Pair, as_actions, corrupted_pairs
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.dpo import Config, answer_log_probs, train_dpo
from rlnotes.training.invoices.examples import sample_examples
from tests.training.invoices.hand_made import (
    NUM_FIELDS,
    example,
    same_weights,
    seeded,
    small_policy,
    weights_of,
)

ABSENT = (0,) * NUM_FIELDS
PAGE = example("Acme", "9.60")
LONGER = example("05/03/2018", "Tea 4.80", "Total", "RM 4.80")


def total_at(segment, form=1, lines=()):
    segments = tuple(segment if field == "total" else 0 for field in FIELDS)
    formats = tuple(form if field == "total" else 0 for field in FIELDS)
    return Choice(segments, formats, lines, 1)


PAIRS = [
    Pair(PAGE, total_at(2), total_at(1)),
    Pair(LONGER, total_at(4, lines=(1,)), Choice(ABSENT, ABSENT, (), 0)),
    Pair(PAGE, Choice(ABSENT, ABSENT, (1,), 1), total_at(2, 0, (0, 1))),
]


@pytest.fixture(scope="module")
def pairs():
    return corrupted_pairs(sample_examples(12, seed=1, most_segments=60), count=40, seed=0)


def run(pairs=PAIRS, start=None, **change):
    settings = {"num_steps": 4, "batch_size": 3, **change}
    return train_dpo(small_policy() if start is None else start, pairs, Config(**settings))


def log_prob_by_hand(policy, page, choice):
    """Of one answer, number by number, for a page alone."""
    choices = policy(draw_pages([page], None))
    places = zip(choice.segments, choice.formats, strict=True)
    parts = [choices.pointers[0, i, segment, form] for i, (segment, form) in enumerate(places)]
    parts += [choices.lines[0, i, int(i in choice.lines)] for i in range(len(page.features))]
    return sum(parts) + choices.line_format[0, choice.line_format]


def test_answers_have_the_sum_of_their_log_probs():
    policy = small_policy()
    pages = draw_pages([pair.example for pair in PAIRS], None)
    log_probs = answer_log_probs(policy, pages, as_actions([pair[1:] for pair in PAIRS], 4))
    for row, pair in enumerate(PAIRS):
        expected = [log_prob_by_hand(policy, pair.example, choice) for choice in pair[1:]]
        assert_close(log_probs[row], torch.stack(expected), atol=1e-4, rtol=0)


def test_the_loss_starts_at_log_2(pairs):
    result = run(pairs, num_steps=1, beta=0.7)
    assert result.diagnostics.loss.item() == pytest.approx(math.log(2), abs=1e-6)
    # Policy and reference read batches of other shapes: sums of some 40 nats, rounded.
    assert result.diagnostics.chosen_log_ratio.item() == pytest.approx(0, abs=1e-4)
    assert result.diagnostics.rejected_log_ratio.item() == pytest.approx(0, abs=1e-4)


def in_double(examples, generator):
    pages = draw_pages(examples, generator)
    return pages._replace(numbers=pages.numbers.double(), pairs=pages.pairs.double())


def loss_by_hand(policy, reference, beta):
    """-mean of log sigmoid, with the pages of the three pairs in one batch."""
    pages = in_double([pair.example for pair in PAIRS], None)
    actions = as_actions([pair[1:] for pair in PAIRS], 4)
    with torch.no_grad():
        ratios = answer_log_probs(policy, pages, actions)
        ratios -= answer_log_probs(reference, pages, actions)
    margins = [beta * (chosen - rejected) for chosen, rejected in ratios.tolist()]
    return sum(math.log1p(math.exp(-margin)) for margin in margins) / len(PAIRS)


def test_each_step_goes_down_the_slope_by_finite_differences(monkeypatch):
    # Plain descent in place of Adam, float64; the batch is all three pairs each time.
    monkeypatch.setattr(dpo, "adam", lambda model, rate: torch.optim.SGD(model.parameters(), rate))
    monkeypatch.setattr(dpo, "draw_pages", in_double)
    start = small_policy().double()
    change = {"beta": 0.4, "learning_rate": 0.2, "max_gradient_norm": 1e9}
    # A run of one step stands where the run of two does after its first.
    one, two = (run(start=start, num_steps=steps, **change) for steps in (1, 2))
    rates = 0.2, 0.2 * (1 - 0.95 / 2)
    steps = zip((start, one.policy), (one.policy, two.policy), rates, strict=True)
    for number, (before, after, rate) in enumerate(steps):
        loss = loss_by_hand(before, start, 0.4)
        assert two.diagnostics.loss[number] == pytest.approx(loss, rel=1e-9)
        for name in ("pointer.weight", "line.weight", "read.weight", "words.weight", "bias"):
            moves = (after.get_parameter(name) - before.get_parameter(name)).detach().flatten()
            place = moves.abs().argmax()
            slope = slope_by_hand(before, start, name, place)
            assert abs(slope) > 1e-4
            assert moves[place].item() == pytest.approx(-rate * slope, rel=1e-4)


def slope_by_hand(policy, reference, name, place):
    """Of the loss in one weight."""
    sides = []
    for step in (1e-5, -1e-5):
        shifted = copy.deepcopy(policy)
        shifted.get_parameter(name).detach().view(-1)[place] += step
        sides.append(loss_by_hand(shifted, reference, 0.4))
    return (sides[0] - sides[1]) / 2e-5


def test_the_start_is_not_changed_and_stays_the_reference(pairs):
    start = small_policy()
    before = weights_of(start)
    result = run(pairs, start, num_steps=6)
    assert same_weights(before, weights_of(start))
    assert all(weights.requires_grad for weights in start.parameters())
    assert result.policy is not start
    assert not same_weights(before, weights_of(result.policy))


def test_the_chosen_answers_get_ahead(pairs):
    numbers = run(pairs, num_steps=60, batch_size=8, learning_rate=0.01).diagnostics
    margins = numbers.chosen_log_ratio - numbers.rejected_log_ratio
    assert margins[-10:].mean() > 2
    assert numbers.loss[-10:].mean() < 0.6
    assert numbers.loss.shape == numbers.chosen_log_ratio.shape == (60,)


def test_all_pairs_come_once_before_one_comes_again(monkeypatch):
    batches = []

    def draw(examples, generator):
        batches.append([letters.index(page) for page in examples])
        return draw_pages(examples, generator)

    letters = [example(letter, "9.60") for letter in "ABCDE"]
    monkeypatch.setattr(dpo, "draw_pages", draw)
    run([Pair(page, total_at(2), total_at(1)) for page in letters], num_steps=10, batch_size=2)
    drawn = [number for batch in batches for number in batch]
    rounds = [drawn[start : start + 5] for start in range(0, 20, 5)]
    assert all(sorted(numbers) == [0, 1, 2, 3, 4] for numbers in rounds)
    assert len({tuple(numbers) for numbers in rounds}) > 1


def test_a_batch_may_be_larger_than_there_are_pairs():
    assert np.isfinite(run(PAIRS[:1], batch_size=8).diagnostics.loss).all()


def test_seeds_reproduce_bit_by_bit(pairs):
    one, same, other = (run(pairs, seed=seed, vary=True) for seed in (1, 1, 2))
    assert same_weights(weights_of(one.policy), weights_of(same.policy))
    assert all(map(np.array_equal, one.diagnostics, same.diagnostics))
    assert not same_weights(weights_of(one.policy), weights_of(other.policy))


def test_what_is_frozen_stays_so(pairs):
    start = add_low_rank(small_policy(), rank=2, generator=seeded())
    result = run(pairs, start)
    before = dict(start.named_parameters())
    changed = {
        name
        for name, weights in result.policy.named_parameters()
        if not weights.equal(before[name])
    }
    assert changed
    assert all(name.endswith((".up", ".down")) for name in changed)


def test_steps_are_cut_to_the_norm(monkeypatch):
    monkeypatch.setattr(dpo, "adam", lambda model, rate: torch.optim.SGD(model.parameters(), rate))
    start = small_policy()
    policy = run(start=start, num_steps=1, learning_rate=0.1, max_gradient_norm=0.05).policy
    moves = zip(start.parameters(), policy.parameters(), strict=True)
    length = sum(((one - other) ** 2).sum() for one, other in moves).sqrt()
    assert length.item() == pytest.approx(0.005, rel=1e-2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beta": 0.0}, "beta must be positive and finite, got 0.0"),
        ({"num_steps": 0}, "num_steps must be a positive integer, got 0"),
        ({"batch_size": True}, "batch_size must be a positive integer, got True"),
        ({"learning_rate": -1.0}, "learning_rate must be positive and finite, got -1.0"),
        ({"max_gradient_norm": 0}, "max_gradient_norm must be positive and finite, got 0"),
        ({"seed": 0.5}, "seed must be an integer of at least 0, got 0.5"),
    ],
)
def test_bad_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)


def test_no_pair_is_refused():
    with pytest.raises(ValueError, match="pairs must hold at least one pair, got none"):
        run([])
