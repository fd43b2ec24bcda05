"""Imitation: of what, who is trained, seeds, pages learned by heart, errors."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.models.low_rank import add_low_rank
from rlnotes.models.pointer_actions import best_actions
from rlnotes.training.invoices import sft
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.demonstrations import demonstrate, demonstration_loss
from rlnotes.training.invoices.scoring import write_answers
from rlnotes.training.invoices.sft import Config, train_sft
from tests.training.invoices.hand_made import (
    example,
    same_weights,
    seeded,
    small_policy,
    weights_of,
)

LINES = {"line_items": [{"amount": "4.00"}, {"amount": "5.60"}]}
EXAMPLES = [
    example("Acme Ltd", "Tea 4.00", "Cake 5.60", "Total 9.60", target={"total": "9.60", **LINES}),
    example("05/03/2018", "Tea House", "12.00", target={"vendor": "Tea House", "total": "12.00"}),
    example("One", "Two", target={"vendor": "Two"}),
]
DEMONSTRATIONS = [demonstrate(page) for page in EXAMPLES]


def run(policy=None, watch=None, **change):
    settings = {"num_steps": 4, "batch_size": 3, **change}
    policy = small_policy() if policy is None else policy
    return train_sft(policy, EXAMPLES, DEMONSTRATIONS, Config(**settings), watch=watch)


def test_the_policy_is_trained_where_it_stands():
    policy = small_policy()
    before = weights_of(policy)
    result = run(policy)
    assert result.policy is policy
    assert not same_weights(before, weights_of(policy))
    assert result.losses.shape == (4,)
    assert np.isfinite(result.losses).all()


def test_a_page_is_learned_by_heart():
    policy = small_policy()
    losses = run(policy, num_steps=150, learning_rate=0.02, vary=False).losses
    assert losses[0] > 15
    assert losses[-1] < 1
    actions = best_actions(policy(draw_pages(EXAMPLES, None)))
    answers = [answer for (answer,) in write_answers(EXAMPLES, actions)]
    assert answers == [page.target for page in EXAMPLES]


def test_each_step_goes_down_the_slope_of_the_loss_of_its_own_documents(monkeypatch):
    # Plain descent in place of Adam; each page goes with its own label, not another's.
    monkeypatch.setattr(sft, "adam", lambda model, rate: torch.optim.SGD(model.parameters(), rate))
    drawn = []

    def draw(examples, generator):
        drawn.append([EXAMPLES.index(page) for page in examples])
        return draw_pages(examples, generator)

    monkeypatch.setattr(sft, "draw_pages", draw)
    policy, copy = small_policy(), small_policy()
    change = {"num_steps": 2, "batch_size": 5, "vary": False, "max_gradient_norm": 1e9}
    result = run(policy, learning_rate=0.1, **change)
    for step, rows in enumerate(drawn):
        parts = [
            demonstration_loss(copy(draw_pages([EXAMPLES[row]], None)), [DEMONSTRATIONS[row]])
            for row in rows
        ]
        loss = sum(parts) / 5
        assert result.losses[step] == pytest.approx(loss.item(), rel=1e-5)
        copy.zero_grad()
        loss.backward()
        rate = 0.1 * (1 - 0.95 * step / 2)
        with torch.no_grad():
            for weights in copy.parameters():
                if weights.grad is not None:
                    weights -= rate * weights.grad
    for one, other in zip(policy.parameters(), copy.parameters(), strict=True):
        assert_close(one, other, atol=1e-5, rtol=1e-4)
    assert len(drawn) == 2
    assert set(drawn[0] + drawn[1]) == {0, 1, 2}


def test_seeds_reproduce_bit_by_bit():
    one, same, other = (run(seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.losses, same.losses)
    assert same_weights(weights_of(one.policy), weights_of(same.policy))
    assert not np.array_equal(one.losses, other.losses)


def test_pages_are_varied_if_asked_for(monkeypatch):
    given = []
    monkeypatch.setattr(
        sft, "draw_pages", lambda pages, rng: given.append(rng) or draw_pages(pages, rng)
    )
    run(vary=True, num_steps=2)
    run(vary=False, num_steps=1)
    assert isinstance(given[0], np.random.Generator)
    assert given[0] is given[1]
    assert given[2] is None


def test_steps_are_cut_to_the_norm(monkeypatch):
    monkeypatch.setattr(sft, "adam", lambda model, rate: torch.optim.SGD(model.parameters(), rate))
    policy = small_policy()
    before = weights_of(policy)
    run(policy, num_steps=1, learning_rate=0.1, max_gradient_norm=0.5)
    moves = zip(before, weights_of(policy), strict=True)
    length = sum(((one - other) ** 2).sum() for one, other in moves).sqrt()
    assert length.item() == pytest.approx(0.05, rel=1e-3)


def test_what_is_frozen_stays_so():
    policy = add_low_rank(small_policy(), rank=2, generator=seeded())
    before = {name: weights.clone() for name, weights in policy.named_parameters()}
    run(policy)
    changed = {
        name for name, weights in policy.named_parameters() if not weights.equal(before[name])
    }
    assert changed
    assert all(name.endswith((".up", ".down")) for name in changed)


def test_the_watcher_is_told_each_step():
    steps = []
    run(watch=steps.append)
    assert steps == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_steps": 0}, "num_steps must be a positive integer, got 0"),
        ({"batch_size": 1.5}, "batch_size must be a positive integer, got 1.5"),
        ({"learning_rate": 0.0}, "learning_rate must be positive and finite, got 0.0"),
        ({"max_gradient_norm": -1}, "max_gradient_norm must be positive and finite, got -1"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
    ],
)
def test_bad_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)


def test_there_must_be_one_label_for_each_document():
    for examples, demonstrations in ([[], []], [EXAMPLES, DEMONSTRATIONS[:2]]):
        counts = f"got {len(examples)} and {len(demonstrations)}"
        with pytest.raises(ValueError, match=f"examples and demonstrations must be .* {counts}"):
            train_sft(small_policy(), examples, demonstrations, Config())
