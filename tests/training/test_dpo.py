"""DPO: the first loss, who is trained and who is not, replies read once, errors."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.help_desk import prompt_tokens, reply_tokens
from rlnotes.functional.preferences import dpo_loss
from rlnotes.models.tiny_lm import TinyLM, frozen
from rlnotes.training import dpo
from rlnotes.training.comparisons import Comparisons, draw_comparisons
from rlnotes.training.dpo import (
    LOSSES,
    Config,
    Learner,
    loss_function,
    once_each,
    reply_log_probs,
    train_dpo,
)
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.replies import evaluate, gold_table, reply_numbers, reply_tree

SMALL = {"num_steps": 3, "batch_size": 16}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def weights_of(model):
    return [weights.detach().clone() for weights in model.state_dict().values()]


def same_weights(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def pairs_of(*rows) -> Comparisons:
    """Pairs written as (prompt, chosen reply, rejected reply)."""
    prompts, chosen, rejected = zip(*rows, strict=True)
    return Comparisons(
        torch.tensor(prompts),
        torch.stack([reply_tokens(text) for text in chosen]),
        torch.stack([reply_tokens(text) for text in rejected]),
    )


# Replies of every length: none, some, five words without an end; two of them twice.
UNEQUAL = pairs_of(
    (0, "hi open thanks", ""),
    (0, "", "hi hi hi hi hi"),
    (4, "hi sorry refund thanks !", "price"),
    (4, "hi open thanks", "hi hi hi hi hi"),
    (0, "hi open thanks", ""),
)


@pytest.fixture(scope="module")
def pairs():
    return draw_comparisons(500, reference_log_probs(), seeded())


def run(pairs, start=None, **change):
    start = reference_model() if start is None else start
    return train_dpo(start, pairs, Config(**{**SMALL, **change}))


# What the loss is made of.


def test_whole_replies_have_the_log_probs_of_the_tree():
    model = TinyLM(seeded(1))
    for replies in (UNEQUAL.chosen, UNEQUAL.rejected):
        log_probs = reply_log_probs(model, UNEQUAL.prompts, replies)
        table = reply_tree(model).log_probs[UNEQUAL.prompts, reply_numbers(replies)]
        assert_close(log_probs.double(), table, atol=1e-5, rtol=0)


def test_what_stands_behind_the_end_does_not_count():
    model = TinyLM(seeded(1))
    replies = torch.tensor([[1, 3, 0, 0, 0], [1, 3, 0, 7, 2], [0, 0, 0, 0, 0], [0, 5, 5, 0, 1]])
    first, second, third, fourth = reply_log_probs(model, torch.zeros(4).long(), replies).tolist()
    assert first == pytest.approx(second, abs=1e-6)
    assert third == pytest.approx(fourth, abs=1e-6)


def test_each_reply_is_read_once_and_put_back_in_its_place():
    prompts, replies, places = once_each(UNEQUAL)
    given = torch.cat([UNEQUAL.chosen, UNEQUAL.rejected])
    assert torch.equal(replies[places], given)
    assert torch.equal(prompts[places], UNEQUAL.prompts.repeat(2))
    # To prompt 0: three replies, none among them; to prompt 4: four.
    rows = torch.cat([prompts[:, None], replies], dim=1)
    assert len(rows) == len(rows.unique(dim=0)) == 7


def gradient(value, model):
    return torch.cat([part.flatten() for part in torch.autograd.grad(value, [*model.parameters()])])


def test_reading_each_reply_once_changes_neither_loss_nor_gradient(pairs):
    batch = Comparisons(
        *(torch.cat(parts) for parts in zip(UNEQUAL, pairs.rows(slice(40)), strict=True))
    )
    policy, reference = TinyLM(seeded(1)), TinyLM(seeded(2))
    prompts, replies, places = once_each(batch)
    once = [reply_log_probs(model, prompts, replies)[places] for model in (policy, reference)]
    again = [
        torch.cat([reply_log_probs(model, batch.prompts, part) for part in batch[1:]])
        for model in (policy, reference)
    ]
    losses = [dpo_loss(*own.chunk(2), *ref.chunk(2), beta=0.3) for own, ref in (once, again)]
    assert_close(*losses, atol=1e-6, rtol=1e-6)
    assert_close(*(gradient(loss, policy) for loss in losses), atol=1e-6, rtol=1e-4)


def flat(model):
    return torch.cat([weights.detach().flatten() for weights in model.parameters()])


@pytest.mark.parametrize("sft_weight", [0.0, 0.4])
def test_each_update_goes_down_the_slope_of_the_loss(monkeypatch, sft_weight):
    # Plain descent in place of Adam, and no clipping: the weights move by the gradient.
    monkeypatch.setattr(dpo, "adam", lambda model, rate: torch.optim.SGD(model.parameters(), rate))
    config = Config(batch_size=5, learning_rate=0.1, max_gradient_norm=1e9, beta=0.3)
    config = dataclasses.replace(config, sft_weight=sft_weight)
    start = TinyLM(seeded(1))
    learner = Learner(start, lambda num, policy: UNEQUAL, config)
    ref = [reply_log_probs(start, UNEQUAL.prompts, part).detach() for part in UNEQUAL[1:]]
    for _ in range(2):
        own = [reply_log_probs(learner.policy, UNEQUAL.prompts, part) for part in UNEQUAL[1:]]
        margins = 0.3 * ((own[0] - ref[0]) - (own[1] - ref[1]))
        loss = (1 + torch.exp(-margins)).log().mean() - sft_weight * own[0].mean()
        slope, before = gradient(loss, learner.policy), flat(learner.policy)
        learner.update(0.0)
        assert_close(before - flat(learner.policy), 0.1 * slope, atol=1e-6, rtol=1e-3)


@pytest.mark.parametrize(
    ("loss", "first"),
    [
        ("dpo", math.log(2)),
        ("conservative", math.log(2)),
        ("robust", math.log(2)),
        ("ipo", (0.5 / 0.25) ** 2),
        ("hinge", 1.0),
    ],
)
def test_a_run_starts_where_policy_and_reference_agree(pairs, loss, first):
    flip_rate = 0.1 if loss in ("conservative", "robust") else 0.0
    log = run(pairs, loss=loss, flip_rate=flip_rate).diagnostics
    assert log.loss[0] == pytest.approx(first, abs=1e-7)
    assert (log.chosen_reward[0], log.rejected_reward[0], log.accuracy[0]) == (0, 0, 0.5)
    assert 0 not in (log.chosen_reward[1], log.rejected_reward[1])
    assert all(column.shape == (3,) for column in log)


def test_the_options_of_the_config_are_the_losses():
    zero, ahead = torch.zeros(1), torch.full((1,), 0.3)
    values = [
        loss_function(Config(loss=name, flip_rate=rate))(ahead, zero, zero, zero, beta=1.0).item()
        for name, rate in zip(LOSSES, (0, 0.1, 0.1, 0, 0), strict=True)
    ]
    plain, turned = math.log(1 + math.exp(-0.3)), math.log(1 + math.exp(0.3))
    expected = [plain, 0.9 * plain + 0.1 * turned, (0.9 * plain - 0.1 * turned) / 0.8, 0.04, 0.7]
    assert values == pytest.approx(expected, abs=1e-6)


def test_diagnostics_are_means_over_the_pairs():
    learner = Learner(TinyLM(seeded(1)), lambda num, policy: UNEQUAL, Config(beta=0.3))
    learner.update(0.0)
    log_probs = [
        [reply_log_probs(model, UNEQUAL.prompts, part).tolist() for part in UNEQUAL[1:]]
        for model in (learner.policy, learner.reference)
    ]
    log = learner.update(0.0)
    chosen, rejected = (
        [0.3 * (own - ref) for own, ref in zip(*rows, strict=True)]
        for rows in zip(*log_probs, strict=True)
    )
    assert log.chosen_reward == pytest.approx(sum(chosen) / 5, abs=1e-5)
    assert log.rejected_reward == pytest.approx(sum(rejected) / 5, abs=1e-5)
    margins = [c - r for c, r in zip(chosen, rejected, strict=True)]
    assert log.loss == pytest.approx(sum(math.log(1 + math.exp(-m)) for m in margins) / 5, abs=1e-5)
    assert log.accuracy == sum(m > 0 for m in margins) / 5


# A run: who is trained, on what, and what stays.


def test_start_and_reference_stay_and_the_policy_moves(pairs):
    start = TinyLM(seeded(1))
    given, before = frozen(start), weights_of(start)
    result = train_dpo(start, pairs, Config(**SMALL), reference=given)
    for model in (start, given, result.reference):
        assert same_weights(weights_of(model), before)
    assert not any(weights.requires_grad for weights in result.reference.parameters())
    addresses = [
        {weights.data_ptr() for weights in model.parameters()}
        for model in (start, given, result.reference, result.policy)
    ]
    assert sum(map(len, addresses)) == len(set().union(*addresses))
    for name, weights in result.policy.named_parameters():
        assert not torch.equal(weights, start.get_parameter(name)), name


def test_the_seed_fixes_the_run_and_no_global_number_is_drawn(pairs):
    before = torch.get_rng_state()
    one, same, other = (run(pairs, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert same_weights(weights_of(one.policy), weights_of(same.policy))
    assert not same_weights(weights_of(one.policy), weights_of(other.policy))
    for a, b in zip(one.diagnostics, same.diagnostics, strict=True):
        assert (a == b).all()


def test_fixed_pairs_are_drawn_with_replacement_each_equally_often(pairs):
    learner = Learner(reference_model(), pairs.rows(slice(4)), Config(batch_size=8_000))
    batch = learner.batch()
    rows = torch.cat([batch.prompts[:, None], batch.chosen, batch.rejected], dim=1)
    kinds, counts = rows.unique(dim=0, return_counts=True)
    assert len(kinds) == 4
    assert (counts - 2_000).abs().max() < 5 * (8_000 * 3 / 16) ** 0.5


def test_a_function_of_pairs_is_asked_once_per_step_with_the_policy_as_it_stands(pairs):
    asked, watched = [], []

    def fresh(num, policy):
        asked.append((num, weights_of(policy)))
        return pairs.rows(slice(num))

    def watch(step, policy):
        watched.append((step, weights_of(policy)))

    train_dpo(reference_model(), fresh, Config(**SMALL), watch=watch)
    assert [num for num, _ in asked] == [16] * 3
    assert [step for step, _ in watched] == [1, 2, 3]
    assert same_weights(asked[0][1], weights_of(reference_model()))
    for (_, before_next), (_, after) in zip(asked[1:], watched[:-1], strict=True):
        assert same_weights(before_next, after)
    assert not same_weights(watched[0][1], watched[1][1])


def test_the_rate_falls_with_the_share_of_the_run(monkeypatch, pairs):
    seen = []
    monkeypatch.setattr(dpo, "falling_rate", lambda _, start, share: seen.append((start, share)))
    run(pairs, num_steps=4, learning_rate=0.01)
    assert seen == [(0.01, part) for part in (0.0, 0.25, 0.5, 0.75)]


def test_a_long_gradient_is_cut(monkeypatch):
    monkeypatch.setattr(dpo, "adam", lambda model, rate: torch.optim.SGD(model.parameters(), rate))
    start = TinyLM(seeded(1))
    config = Config(batch_size=5, learning_rate=1.0, max_gradient_norm=0.01)
    learner = Learner(start, lambda num, policy: UNEQUAL, config)
    learner.update(0.0)
    moved = flat(start) - flat(learner.policy)
    assert moved.norm().item() == pytest.approx(0.01, rel=1e-3)


def test_a_supervised_term_keeps_the_chosen_replies_likely(pairs):
    change = {"num_steps": 25, "batch_size": 64}
    plain, helped = run(pairs, **change), run(pairs, **change, sft_weight=1.0)
    means = []
    for result in (plain, helped):
        with torch.no_grad():
            log_probs = reply_log_probs(result.policy, pairs.prompts, pairs.chosen)
        means.append(log_probs.mean().item())
    assert means[1] > means[0] + 0.2
    assert helped.diagnostics.loss[0] == pytest.approx(math.log(2), abs=1e-7)  # without the term


def test_a_short_run_raises_the_gold_reward():
    pairs = draw_comparisons(4_000, reference_log_probs(), seeded())
    result = run(pairs, num_steps=50, batch_size=128)
    with torch.no_grad():
        log_probs = reply_tree(result.policy).log_probs
    start = evaluate(reference_log_probs(), reference_log_probs(), gold_table())
    end = evaluate(log_probs, reference_log_probs(), gold_table())
    assert end.reward > start.reward + 0.8
    assert 0.3 < end.kl < 4
    assert result.diagnostics.loss[-10:].mean() < 0.58
    assert result.diagnostics.accuracy[-10:].mean() > 0.65


# What is refused.


def test_a_reference_that_is_another_model_is_refused(pairs):
    other = frozen(reference_model())
    other.head.bias[2] += 0.01
    with pytest.raises(ValueError, match="reference must be the policy at the start, got"):
        train_dpo(reference_model(), pairs, Config(**SMALL), reference=other)
    other.head.bias[2] -= 0.01
    train_dpo(reference_model(), pairs, Config(**SMALL), reference=other)


def test_a_model_without_a_head_of_words_is_refused(pairs):
    scorer = reference_model().with_head(1, seeded())
    with pytest.raises(ValueError, match="start must have a head of 8 outputs, got 1"):
        train_dpo(scorer, pairs, Config(**SMALL))
    with pytest.raises(ValueError, match="reference must have a head of 8 outputs, got 1"):
        train_dpo(reference_model(), pairs, Config(**SMALL), reference=scorer)


@pytest.mark.parametrize("bad", [None, "start", torch.nn.Linear(1, 8)])
def test_what_is_no_model_is_refused(pairs, bad):
    name = type(bad).__name__
    with pytest.raises(ValueError, match=f"start must be a TinyLM, got {name}"):
        train_dpo(bad, pairs, Config(**SMALL))
    if bad is not None:
        with pytest.raises(ValueError, match=f"reference must be a TinyLM, got {name}"):
            train_dpo(reference_model(), pairs, Config(**SMALL), reference=bad)


def test_a_prompt_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"prompts must lie in \[0, 6\), got 6"):
        reply_log_probs(reference_model(), torch.tensor([6]), torch.zeros(1, 5).long())


@pytest.mark.parametrize("weight", [Fraction(1, 2), np.array(0.5), torch.tensor(0.5)])
def test_any_real_number_is_a_weight(pairs, weight):
    losses = [run(pairs, sft_weight=same).diagnostics.loss for same in (weight, 0.5)]
    assert (losses[0] == losses[1]).all()


@pytest.mark.parametrize("as_function", [False, True])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda pairs: None, "pairs must be Comparisons, got NoneType"),
        (tuple, "pairs must be Comparisons, got tuple"),
        (lambda pairs: pairs.rows(slice(0)), "pairs must hold at least one number"),
        (lambda pairs: pairs._replace(prompts=pairs.prompts + 3), r"prompts must lie in \[0, 6\)"),
        (lambda pairs: pairs._replace(chosen=pairs.chosen + 3), r"chosen must lie in \[0, 8\)"),
        (lambda pairs: pairs._replace(rejected=pairs.rejected[:, :4]), "rejected must have shape"),
        (lambda pairs: pairs._replace(rejected=pairs.rejected[1:]), "rejected must have shape"),
        (lambda pairs: pairs._replace(chosen=pairs.chosen * 1.0), "chosen must be an int64 tensor"),
        (lambda pairs: pairs._replace(prompts=pairs.prompts[:, None]), "chosen must have shape"),
    ],
)
def test_bad_pairs_are_refused(pairs, change, message, as_function):
    bad = change(pairs)
    with pytest.raises(ValueError, match=message):
        run((lambda num, policy: bad) if as_function else bad)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beta": 0.0}, "beta must be positive and finite, got 0.0"),
        ({"beta": math.nan}, "beta must be positive and finite, got nan"),
        ({"learning_rate": -1e-3}, "learning_rate must be positive and finite, got -0.001"),
        ({"max_gradient_norm": 0}, "max_gradient_norm must be positive and finite, got 0"),
        ({"loss": "kto"}, "loss must be one of .*, got 'kto'"),
        ({"sft_weight": -0.1}, "sft_weight must be finite and not negative, got -0.1"),
        ({"num_steps": 0}, "num_steps must be a positive integer, got 0"),
        ({"batch_size": 2.0}, "batch_size must be a positive integer, got 2.0"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"loss": "robust", "flip_rate": 0.5}, r"flip_rate must lie in \[0, 0.5\), got 0.5"),
        ({"loss": "robust", "flip_rate": -0.1}, r"flip_rate must lie in \[0, 0.5\), got -0.1"),
        ({"flip_rate": 0.1}, "flip_rate must be 0 unless loss is conservative or robust, got 0.1"),
        ({"loss": "ipo", "flip_rate": 0.1}, "flip_rate must be 0 unless .*, got 0.1"),
        ({"loss": "hinge", "flip_rate": 0.1}, "flip_rate must be 0 unless .*, got 0.1"),
    ],
)
def test_bad_hyperparameters_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)


def test_prompts_are_those_of_the_help_desk():
    # Prompt 4 is read as (angry, refund), not as prompt 0.
    model, reply = TinyLM(seeded(1)), reply_tokens("hi refund")[None].repeat(6, 1)
    numbers = torch.arange(6)
    with torch.no_grad():
        logits = model(prompt_tokens()[numbers], reply[:, :-1])[:, :5].log_softmax(dim=-1)
    first_three = logits.gather(2, reply[..., None]).squeeze(2)[:, :3].sum(dim=1)
    assert_close(reply_log_probs(model, numbers, reply), first_three, atol=1e-5, rtol=0)


def test_the_defaults_are_those_that_chapter_8_names():
    config = Config()
    assert (config.num_steps, config.batch_size, config.learning_rate) == (400, 512, 0.002)
    assert (config.beta, config.loss, config.max_gradient_norm) == (0.25, "dpo", 1.0)
