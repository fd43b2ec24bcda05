"""Supervised fine-tuning: the loss by hand, a short run, seeds, bad settings."""

import numpy as np
import pytest
import torch

from rlnotes.data.help_desk import Demonstrations, prompt_tokens, reply_tokens
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training import sft
from rlnotes.training.replies import reply_tree
from rlnotes.training.sft import Config, train_sft

STILL = 1e-12  # a rate at which no weight moves


def trained_on(monkeypatch, texts, prompts, **config):
    """A run on these demonstrations alone."""
    replies = torch.stack([reply_tokens(text) for text in texts])
    data = Demonstrations(torch.tensor(prompts), replies)
    monkeypatch.setattr(sft, "demonstrations", lambda num, generator: data)
    return train_sft(Config(**config))


def scores_by_hand(model, prompt, text):
    """-log pi of each counted token: the words, and the end if there is room for it."""
    tokens = reply_tokens(text)
    count = min(len(text.split()) + 1, 5)
    with torch.no_grad():
        logits = model(prompt_tokens()[prompt][None], tokens[None, :-1])[0]
    return [-torch.log_softmax(logits[t], dim=0)[tokens[t]].item() for t in range(count)]


def test_the_loss_is_the_mean_over_counted_tokens_and_not_over_replies(monkeypatch):
    texts, prompts = ["hi sorry refund thanks", ""], [4, 0]
    run = trained_on(monkeypatch, texts, prompts, num_steps=20, batch_size=3, learning_rate=STILL)
    long, short = (
        scores_by_hand(run.model, prompt, text) for prompt, text in zip(prompts, texts, strict=True)
    )
    assert (len(long), len(short)) == (5, 1)
    by_tokens = [(k * sum(long) + (3 - k) * sum(short)) / (k * 5 + (3 - k)) for k in range(4)]
    seen = set()
    for loss in run.losses:
        errors = np.abs(np.array(by_tokens) - loss)
        assert errors.min() < 1e-5
        seen.add(int(errors.argmin()))
    assert {1, 2} <= seen  # batches with both
    assert np.diff(sorted(by_tokens)).min() > 1e-3  # which k it was is no guess


def test_after_five_words_no_full_stop_is_asked_for(monkeypatch):
    text = "hi sorry refund thanks !"
    run = trained_on(monkeypatch, [text], [1], num_steps=1, batch_size=2, learning_rate=STILL)
    scores = scores_by_hand(run.model, 1, text)
    assert len(scores) == 5
    assert run.losses[0] == pytest.approx(sum(scores) / 5, abs=1e-5)


def test_two_replies_are_learned_by_heart(monkeypatch):
    # Each belongs to its prompt: what is left is no loss at all.
    texts, prompts = ["hi sorry refund thanks", "price !"], [4, 2]
    run = trained_on(monkeypatch, texts, prompts, num_steps=40, batch_size=16, learning_rate=0.01)
    assert run.losses[0] > 1.5
    assert run.losses[-1] < 0.1


@pytest.fixture(scope="module")
def short_run():
    return train_sft(Config(num_steps=60, batch_size=128, seed=1))


def test_a_short_run_comes_to_speak_like_the_demonstrations(short_run):
    assert short_run.losses.shape == (60,)
    assert short_run.losses[0] > 1.9
    assert short_run.losses[-10:].mean() < 1.6
    with torch.no_grad():
        first = reply_tree(short_run.model).levels[0][:, 0].exp()  # [6, 8] first word
    # hi .4, and of the rest: sorry .45 of angry customers and .2 of calm ones.
    assert first[:, 1].mean().item() == pytest.approx(0.39, abs=0.12)
    assert (first[3:, 2].mean() - first[:3, 2].mean()).item() > 0.05


def test_the_rate_falls_to_a_twentieth_and_each_step_is_seen(monkeypatch):
    rates, steps = [], []
    monkeypatch.setattr(
        sft, "falling_rate", lambda optimizer, start, share: rates.append((start, share))
    )
    train_sft(Config(num_steps=4, batch_size=2, learning_rate=0.01), watch=steps.append)
    assert rates == [(0.01, 0.0), (0.01, 0.25), (0.01, 0.5), (0.01, 0.75)]
    assert steps == [1, 2, 3, 4]


def test_the_same_seed_gives_the_same_model_and_another_seed_another():
    one, same, other = (
        train_sft(Config(num_steps=3, batch_size=8, num_demonstrations=50, seed=seed))
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one.losses, same.losses)
    assert not np.array_equal(one.losses, other.losses)
    for weights, others in zip(one.model.parameters(), same.model.parameters(), strict=True):
        assert torch.equal(weights, others)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_steps": 0}, "num_steps must be a positive integer, got 0"),
        ({"batch_size": 1.5}, "batch_size must be a positive integer, got 1.5"),
        ({"num_demonstrations": -1}, "num_demonstrations must be a positive integer, got -1"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"seed": 1.0}, "seed must be an integer of at least 0, got 1.0"),
        ({"learning_rate": 0.0}, "learning_rate must be positive and finite, got 0.0"),
    ],
)
def test_bad_configurations_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)


PROMPTS_OF_THREE = torch.tensor([[5, 6, 7], [7, 6, 5]])
REPLIES_OF_TWO = torch.tensor([[2, 1], [3, 3]])  # 3 is the end here


def other_language(seed=0):
    """4 symbols, 8 tokens, prompts of three: nothing of the help desk's sizes."""
    return TinyLM(
        torch.Generator().manual_seed(seed), num_outputs=4, num_tokens=8, length=5, width=8
    )


def imitated(model, prompts=PROMPTS_OF_THREE, replies=REPLIES_OF_TWO, *, seed=0, **config):
    settings = Config(**{"num_steps": 30, "batch_size": 8, "learning_rate": 0.03, **config})
    generator = torch.Generator().manual_seed(seed)
    return sft.imitate(model, prompts, replies, settings, end=3, generator=generator)


def test_any_language_is_imitated_with_its_own_end():
    model = other_language()
    losses = imitated(model)
    assert losses.shape == (30,)
    assert losses[0] > 1.0
    assert losses[-1] < 0.1
    with torch.no_grad():
        probs = model(PROMPTS_OF_THREE, REPLIES_OF_TWO[:, :1]).softmax(dim=-1)
    assert probs[0, 0, 2] > 0.8  # the first prompt: 2 1
    assert probs[0, 1, 1] > 0.8
    assert probs[1, 0, 3] > 0.8  # the second: the end at once


def test_only_what_stands_before_or_at_the_end_is_imitated():
    # One reply: the end and padding. The loss is that of the end alone.
    model = other_language()
    with torch.no_grad():
        start = model(PROMPTS_OF_THREE[:1], REPLIES_OF_TWO[:1, :0])[0, 0]
    expected = -torch.log_softmax(start, dim=0)[3].item()
    prompts, replies = PROMPTS_OF_THREE[:1], torch.tensor([[3, 1]])
    losses = imitated(model, prompts, replies, num_steps=1, learning_rate=STILL)
    assert losses[0] == pytest.approx(expected, abs=1e-6)


def test_batches_come_from_the_generator():
    one, same, other = (imitated(other_language(), seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("prompts", "replies", "message"),
    [
        (PROMPTS_OF_THREE, REPLIES_OF_TWO[:1], r"prompts and replies .* got \(2, 3\) and \(1, 2\)"),
        (PROMPTS_OF_THREE[:0], REPLIES_OF_TWO[:0], "prompts and replies must have one row for"),
        (PROMPTS_OF_THREE + 1, REPLIES_OF_TWO, r"prompts must lie in \[0, 8\), got 8"),
        (PROMPTS_OF_THREE, REPLIES_OF_TWO + 1, r"tokens must lie in \[0, 4\), got 4"),
    ],
)
def test_demonstrations_that_do_not_fit_are_refused(prompts, replies, message):
    with pytest.raises(ValueError, match=message):
        imitated(other_language(), prompts, replies)
