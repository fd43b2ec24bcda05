"""GRPO: expected updates, groups that are skipped, missing scores, draws, errors."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from rlnotes.data.carry_addition import held_out_prompts, training_prompts
from rlnotes.data.carry_rewards import verify
from rlnotes.data.help_desk import gold_rewards, prompt_tokens
from rlnotes.exact.language import expected_reward
from rlnotes.functional.advantages import group_relative_advantages
from rlnotes.functional.kl import kl_divergence
from rlnotes.functional.policy_gradients import KL_TERMS
from rlnotes.functional.sequences import token_log_probs
from rlnotes.models.sampling import Samples
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training import answer_groups, grpo
from rlnotes.training.answer_groups import Groups, answer_log_probs
from rlnotes.training.carry_accuracy import exact_accuracy
from rlnotes.training.carry_reference import carry_reference
from rlnotes.training.group_log import logged
from rlnotes.training.grpo import Config, Learner, train_grpo
from rlnotes.training.help_desk_reference import reference_model
from rlnotes.training.replies import all_replies, gold_table, reply_tree

DESK = reference_model(), prompt_tokens(), gold_rewards
SMALL = {"num_updates": 3, "num_prompts": 6, "group_size": 4}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def weights_of(model):
    return [weights.detach().clone() for weights in model.parameters()]


def same_weights(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def flat_gradient(value, model):
    gradients = torch.autograd.grad(value, [*model.parameters()])
    return torch.cat([part.flatten() for part in gradients]).double()


def cosine(one, other):
    return (one @ other / (one.norm() * other.norm())).item()


def desk_learner(score=gold_rewards, start=None, reference=None, **change):
    start = reference_model() if start is None else start
    config = Config(**{**SMALL, **change})
    return Learner(start, prompt_tokens(), score, config, reference=reference)


def run(score=gold_rewards, start=None, **change):
    start = reference_model() if start is None else start
    return train_grpo(start, prompt_tokens(), score, Config(**{**SMALL, **change}))


def coin(_numbers, answers):
    """A score that is equal within few groups."""
    return (answers[:, 0] == 1).float()


def parity(numbers, _answers):
    """A score that is equal within every group."""
    return (numbers % 2).float()


def loss_of(learner, groups):
    own, old, ref, mask = learner.log_probs(groups)
    return learner.loss(own, old, ref, groups.advantages.flatten(), mask)


# The expected update: every reply to one prompt stands in one group, once.


def expected_update(monkeypatch, *, beta=0.5, **change):
    """Minus the expected gradient of the first loss, and the exact slope."""
    policy, reference = TinyLM(seeded(1)), TinyLM(seeded(2))  # not equal: a KL to reduce
    settings = {"num_prompts": 1, "group_size": len(all_replies()), "beta": beta, **change}
    learner = desk_learner(start=policy, reference=reference, **settings)
    prompt = learner.next_prompts()
    learner.waiting = torch.cat([prompt, learner.waiting])
    with torch.no_grad():
        scores = reply_tree(policy).token_log_probs[prompt.item()].float()
    samples = Samples(all_replies(), scores < 0, scores, scores)
    monkeypatch.setattr(answer_groups, "sample_replies", lambda *_, **__: samples)
    groups = learner.draw()
    chances = scores.double().sum(dim=1).exp().float()
    update = -flat_gradient(
        loss_of(learner, groups._replace(advantages=groups.advantages * chances)), learner.policy
    )
    with torch.no_grad():
        ref_log_probs = reply_tree(reference).log_probs[prompt.item()]
    log_probs = reply_tree(learner.policy).log_probs[prompt.item()]
    value = expected_reward(log_probs, gold_table()[prompt.item()])
    value = value - beta * kl_divergence(log_probs, ref_log_probs)
    return update, flat_gradient(value, learner.policy)


@pytest.mark.parametrize("ratio", ["token", "answer"])
@pytest.mark.parametrize("normalizer", ["longest", "batch_tokens"])
def test_the_expected_update_of_rloo_is_the_exact_policy_gradient(monkeypatch, ratio, normalizer):
    settings = {"advantage": "leave_one_out", "kl": "reward", "ratio": ratio}
    update, exact = expected_update(monkeypatch, normalizer=normalizer, **settings)
    assert cosine(update, exact) > 0.99999
    if ratio == "answer":
        num = len(all_replies())  # a mean of N, and a baseline without one of them
        scale = (update.norm() * num / exact.norm()).item()
        assert scale == pytest.approx(num / (num - 1), rel=1e-4)


def test_a_token_normalizer_per_answer_points_elsewhere(monkeypatch):
    settings = {"advantage": "leave_one_out", "kl": "reward", "normalizer": "answer"}
    update, exact = expected_update(monkeypatch, **settings)
    assert cosine(update, exact) < 0.97


@pytest.mark.parametrize("kl", ["k1", "k2", "k3", "k3_times_ratio"])
def test_a_price_in_the_loss_is_that_of_its_estimate(kl):
    learner = desk_learner(reference=TinyLM(seeded(2)), beta=0.5, kl=kl, normalizer="batch_tokens")
    groups = learner.draw()
    unrewarded = groups._replace(advantages=torch.zeros_like(groups.advantages))
    estimates = KL_TERMS[kl](groups.old_log_probs, groups.ref_log_probs)[groups.mask]
    assert loss_of(learner, unrewarded).item() == pytest.approx(0.5 * estimates.mean().item())
    # The score goes into the advantages alone.
    assert_close(groups.advantages, group_relative_advantages(groups.scores))


# Groups without an advantage are skipped: nothing changes by that.


@pytest.mark.parametrize("ratio", ["token", "answer"])
@pytest.mark.parametrize("normalizer", ["answer", "batch_tokens", "longest"])
def test_skipped_groups_change_nothing(normalizer, ratio):
    learner = desk_learner(coin, num_prompts=24, normalizer=normalizer, ratio=ratio)
    groups = learner.draw()
    live = groups.live()
    assert 0 < live.sum() < len(live)
    part = groups.part(live)
    scale = learner.divisor(part) / learner.divisor(groups)
    whole = flat_gradient(loss_of(learner, groups), learner.policy)
    skipped = flat_gradient(scale * loss_of(learner, part), learner.policy)
    assert_close(skipped, whole, atol=1e-7, rtol=1e-5)


def test_equal_scores_leave_every_weight():
    start = reference_model()
    result = run(parity, start)
    assert same_weights(weights_of(start), weights_of(result.policy))
    log = result.diagnostics
    assert (log.dead_groups == 1).all()
    assert not log.gradient_norm.any()
    assert not log.loss.any()
    # The batch has a spread, the groups have none.
    assert (log.batch_std > 0.4).all()
    assert not log.group_std.any()


def test_with_a_kl_in_the_loss_equal_scores_are_pulled_to_the_reference():
    start = reference_model()
    first = run(num_updates=6).policy
    learner = desk_learner(parity, first, start, beta=1.0, kl="k2", learning_rate=1e-3)

    def distance():
        with torch.no_grad():
            pair = (reply_tree(model).log_probs for model in (learner.policy, start))
            return kl_divergence(*pair).mean().item()

    before = distance()
    for _ in range(10):
        learner.update(learner.rollout(), 0.0)
    assert distance() < 0.8 * before


# Missing scores.


def with_holes(numbers, answers):
    scores = gold_rewards(numbers, answers).tolist()
    return [None if place % 4 == 1 else score for place, score in enumerate(scores)]


def test_an_answer_without_a_score_takes_no_part():
    learner = desk_learner(with_holes)
    groups = learner.draw()
    holes = torch.arange(24).view(6, 4) % 4 == 1
    assert torch.equal(~groups.counted, holes)
    assert not groups.advantages[holes].any()
    assert groups.advantages[~holes].any()
    keep = ~holes.flatten()
    compact = groups._replace(
        answers=groups.answers[keep],
        mask=groups.mask[keep],
        old_log_probs=groups.old_log_probs[keep],
        ref_log_probs=groups.ref_log_probs[keep],
        scores=groups.scores[~holes].view(6, 3),
        counted=groups.counted[~holes].view(6, 3),
        advantages=groups.advantages[~holes].view(6, 3),
    )
    pair = [flat_gradient(loss_of(learner, g), learner.policy) for g in (groups, compact)]
    assert_close(*pair, atol=1e-6, rtol=1e-4)


def test_no_score_at_all_is_no_step():
    start = reference_model()
    result = run(lambda numbers, _: [None] * len(numbers), start)
    assert same_weights(weights_of(start), weights_of(result.policy))
    assert np.isnan(result.diagnostics.score).all()
    assert not result.diagnostics.group_std.any()


@pytest.mark.parametrize("kl", ["reward", "k3"])
@pytest.mark.parametrize("max_draws", [1, 3])
def test_no_score_at_all_is_no_step_at_any_price(kl, max_draws):
    start = reference_model()
    settings = {"beta": 0.5, "kl": kl, "max_draws": max_draws}
    result = run(lambda numbers, _: [None] * len(numbers), start, **settings)
    assert same_weights(weights_of(start), weights_of(result.policy))
    assert not result.diagnostics.gradient_norm.any()
    assert not result.diagnostics.clip_fraction.any()


def test_draws_without_a_difference_are_no_step_even_with_a_kl_in_the_loss():
    learner = desk_learner(parity, reference=TinyLM(seeded(2)), beta=0.5, max_draws=2)
    before = weights_of(learner.policy)
    assert learner.update(learner.rollout(), 0.0).gradient_norm == 0
    assert same_weights(weights_of(learner.policy), before)


def test_an_update_that_teaches_nothing_is_a_step_of_adam_all_the_same():
    learner = desk_learner(num_epochs=1, max_gradient_norm=1e9)
    twin = copy.deepcopy(learner.policy)
    optimizer = torch.optim.Adam(twin.parameters(), lr=1e-3)
    clear = None
    for score in (parity, gold_rewards, parity):
        learner.score = score
        groups = learner.rollout()
        gradient = flat_gradient(loss_of(learner, groups), learner.policy).float()
        if score is gold_rewards:
            clear = gradient.abs() > 1e-4  # Adam makes a whole step of a rounding error, too
        for weights, part in zip(
            twin.parameters(),
            gradient.split([weights.numel() for weights in twin.parameters()]),
            strict=True,
        ):
            weights.grad = part.view_as(weights)
        optimizer.step()
        learner.update(groups, 0.0)
        if clear is not None:
            pair = (nn.utils.parameters_to_vector(m.parameters()) for m in (learner.policy, twin))
            assert_close(*(weights[clear] for weights in pair), atol=2e-5, rtol=0)


# Draws.


def test_all_prompts_come_once_before_one_comes_again():
    learner = desk_learner(num_prompts=4)
    numbers = torch.cat([learner.next_prompts() for _ in range(6)])
    for turn in numbers.view(4, 6):
        assert sorted(turn.tolist()) == [*range(6)]
    assert len({tuple(turn.tolist()) for turn in numbers.view(4, 6)}) > 1


def test_more_prompts_than_there_are_come_in_turns():
    learner = desk_learner(num_prompts=20)
    numbers = [learner.next_prompts() for _ in range(3)]
    assert [len(part) for part in numbers] == [20] * 3
    for turn in torch.cat(numbers).view(10, 6):
        assert sorted(turn.tolist()) == [*range(6)]


def test_more_draws_fill_the_update_with_groups_that_differ():
    learner = desk_learner(coin, max_draws=30, num_prompts=12, group_size=2)
    drawn = learner.rollout()
    live = int(drawn.live().sum())
    assert live >= 12
    assert live - int(drawn.live()[-12:].sum()) < 12  # it stopped in time
    used = []
    learner.step = lambda groups, scale: used.append((groups, scale)) or (0.0, 0.0, 0.0)
    row = learner.update(drawn, 0.0)
    assert [(len(groups.prompts), scale) for groups, scale in used] == [(12, 1)] * 4
    assert torch.equal(used[0][0].prompts, drawn.prompts[drawn.live()][:12])
    assert row.num_tokens == drawn.mask.sum() > 12 * 2
    assert row.dead_groups == pytest.approx(1 - live / len(drawn.prompts))


def test_draws_end_where_no_group_differs():
    learner = desk_learner(parity, max_draws=3)
    assert len(learner.rollout().prompts) == 18
    assert learner.update(learner.rollout(), 0.0).gradient_norm == 0


def test_a_group_has_the_scores_and_log_probs_of_its_answers():
    reference = TinyLM(seeded(2))
    learner = desk_learner(reference=reference, beta=0.5, kl="reward", advantage="reward")
    groups = learner.draw()
    numbers = [prompt_tokens().tolist().index(p) for p in groups.prompts.tolist()]
    assert sorted(numbers) == [*range(6)]
    numbers = torch.tensor(numbers).repeat_interleave(4)
    assert_close(groups.scores.flatten(), gold_rewards(numbers, groups.answers))
    for model, log_probs in (
        (learner.policy, groups.old_log_probs),
        (reference, groups.ref_log_probs),
    ):
        logits = model(prompt_tokens()[numbers], groups.answers[:, :-1]).log_softmax(-1)
        exact = logits.gather(-1, groups.answers[..., None]).squeeze(-1) * groups.mask
        assert_close(log_probs, exact.detach(), atol=1e-5, rtol=1e-5)
    ratios = (groups.old_log_probs - groups.ref_log_probs).sum(dim=1).view(6, 4)
    assert_close(groups.advantages, groups.scores - 0.5 * ratios)


# The log.


def test_the_log_says_what_was_drawn():
    learner = desk_learner(beta=0.25, kl="k3", reference=TinyLM(seeded(3)))
    drawn = learner.rollout()
    row = learner.update(drawn, 0.0)
    assert row.score == pytest.approx(drawn.scores.mean().item())
    assert row.batch_std == pytest.approx(drawn.scores.std().item())
    assert row.group_std == pytest.approx(drawn.scores.std(dim=1).mean().item(), rel=1e-5)
    assert row.length == drawn.mask.sum() / 24
    assert row.kl == pytest.approx(
        (drawn.old_log_probs - drawn.ref_log_probs).sum().item() / 24, rel=1e-5
    )


def test_the_first_loss_is_zero_and_the_clip_is_idle_then():
    result = run(num_epochs=1, num_updates=4)
    assert np.abs(result.diagnostics.loss).max() < 1e-6
    assert not result.diagnostics.clip_fraction.any()
    assert (result.diagnostics.gradient_norm > 0.01).all()
    assert np.isnan(result.diagnostics.kl).all()
    assert result.reference is None
    wide, narrow = (run(num_epochs=1, clip_epsilon=e).policy for e in (0.2, 0.001))
    assert same_weights(weights_of(wide), weights_of(narrow))
    wide, narrow = (run(num_epochs=2, clip_epsilon=e).policy for e in (0.2, 0.001))
    assert not same_weights(weights_of(wide), weights_of(narrow))


def test_a_higher_upper_clip_counts_less_outside():
    pair = [run(num_epochs=4, learning_rate=0.02, clip_epsilon_high=h) for h in (0.2, 5.0)]
    low, high = (result.diagnostics.clip_fraction.mean() for result in pair)
    assert 0 < high < low


def test_the_log_by_hand_where_scores_are_missing():
    yes, no = True, False
    old = torch.tensor(
        [[-1.0, -1.0], [-2.0, 0.0], [-1.0, -3.0], [-4.0, 0.0], [0.0, 0.0], [-1.0] * 2]
    )
    groups = Groups(
        prompts=torch.zeros(2, 1).long(),
        answers=torch.zeros(6, 2).long(),
        mask=torch.tensor([[yes, yes], [yes, no], [yes, yes], [yes, no], [yes, no], [yes, yes]]),
        old_log_probs=old,
        ref_log_probs=torch.full((6, 2), -1.0),  # of padding, too: it must not count
        scores=torch.tensor([[3.0, 0.0, 1.0], [0.0, 4.0, 0.0]]),
        counted=torch.tensor([[yes, no, yes], [no, yes, no]]),
        advantages=torch.tensor([[1.0, 0.0, -1.0], [0.0, 0.0, 0.0]]),
    )
    row = logged(groups, (0.5, 0.25, 0.125, 7.0), priced=True)
    assert row.score == pytest.approx(8 / 3)  # of 3, 1 and 4
    assert row.batch_std == pytest.approx(math.sqrt(7 / 3))
    assert row.group_std == pytest.approx(math.sqrt(2) / 2)  # a lone score has no spread
    assert row.dead_groups == 0.5
    assert row[4:8] == (0.5, 0.25, 0.125, 7.0)
    assert row.kl == pytest.approx((0 - 1 - 2 - 3 + 1 + 0) / 6)
    assert (row.length, row.num_tokens) == (1.5, 9)
    assert math.isnan(logged(groups, (0.0,) * 4, priced=False).kl)


def test_the_log_of_the_steps_of_an_update():
    learner = desk_learner(num_epochs=3)
    steps = iter([(1.0, 0.1, 7.0), (2.0, 0.2, 8.0), (3.0, 0.6, 9.0)])
    learner.step = lambda *_: next(steps)
    row = learner.update(learner.draw(), 0.0)
    assert (row.loss, row.last_loss, row.gradient_norm) == (1, 3, 7)
    assert row.clip_fraction == pytest.approx(0.3)


@pytest.mark.parametrize(("high", "share"), [(None, 2 / 3), (0.9, 1 / 3)])
def test_the_share_outside_the_band_by_hand(high, share):
    learner = desk_learner(clip_epsilon=0.2, clip_epsilon_high=high)
    own = torch.tensor([[0.0, 0.5], [-0.5, 9.0]])  # ratios 1, 1.65, 0.61
    mask = torch.tensor([[True, True], [True, False]])
    assert learner.share_outside(own, torch.zeros(2, 2), mask) == pytest.approx(share)


def test_the_upper_clip_and_the_largest_norm_reach_the_step():
    steep = {"num_epochs": 4, "learning_rate": 0.02}
    pair = [run(**steep, clip_epsilon_high=high).policy for high in (None, 5.0)]
    assert not same_weights(*map(weights_of, pair))
    learner = desk_learner(num_epochs=1, max_gradient_norm=1e-3)
    row = learner.update(learner.draw(), 0.0)
    cut = torch.cat([weights.grad.flatten() for weights in learner.policy.parameters()])
    assert row.gradient_norm > 0.1
    assert cut.norm().item() == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("normalizer", ["answer", "batch_tokens", "longest"])
def test_the_log_has_loss_and_gradient_of_all_groups(normalizer):
    learner = desk_learner(
        coin, num_prompts=24, normalizer=normalizer, advantage="mean", num_epochs=1
    )
    groups = learner.draw()
    assert 0 < groups.live().sum() < 24
    whole = loss_of(learner, groups)
    norm = flat_gradient(whole, learner.policy).norm().item()
    row = learner.update(groups, 0.0)
    assert row.loss == pytest.approx(whole.item(), rel=1e-4, abs=1e-7)
    assert row.gradient_norm == pytest.approx(norm, rel=1e-4)


# Runs.


def test_a_run_repeats_and_leaves_its_start_alone():
    start = reference_model()
    before, state = weights_of(start), torch.get_rng_state()
    first, again = run(start=start, beta=0.5), run(start=start, beta=0.5)
    assert same_weights(weights_of(first.policy), weights_of(again.policy))
    assert same_weights(weights_of(start), before)
    assert torch.equal(torch.get_rng_state(), state)
    assert same_weights(weights_of(first.reference), before)
    other = run(start=start, beta=0.5, seed=1)
    assert not same_weights(weights_of(first.policy), weights_of(other.policy))
    assert not any(w.requires_grad for w in first.reference.parameters())


def test_a_short_run_adds_better():
    prompts = training_prompts()
    result = train_grpo(
        carry_reference(0),
        prompts,
        lambda numbers, answers: verify(prompts[numbers], answers),
        Config(num_updates=60),
    )
    with torch.no_grad():
        accuracy = exact_accuracy(result.policy, held_out_prompts()).mean().item()
    assert accuracy > 0.6  # from 0.38
    assert result.diagnostics.score[-10:].mean() > 0.6


def test_the_learning_rate_falls_from_its_start(monkeypatch):
    rates = []
    monkeypatch.setattr(grpo, "falling_rate", lambda _, *given: rates.append(given))
    run(num_updates=4, learning_rate=0.01)
    assert rates == [(0.01, 0.0), (0.01, 0.25), (0.01, 0.5), (0.01, 0.75)]


def test_the_watcher_sees_every_update():
    seen = []
    config = Config(**SMALL)
    train_grpo(
        reference_model(), prompt_tokens(), gold_rewards, config, watch=lambda n, _: seen.append(n)
    )
    assert seen == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"advantage": "std"}, "advantage must be one of .* got 'std'"),
        ({"normalizer": "token"}, "normalizer must be one of"),
        ({"ratio": "sequence"}, "ratio must be one of"),
        ({"kl": "k4"}, "kl must be one of"),
        ({"beta": -0.1}, "beta must .* got -0.1"),
        ({"beta": 0.1, "kl": "none"}, "beta must be 0 where kl is 'none', got 0.1"),
        ({"clip_epsilon": 0.0}, "clip_epsilon must be positive"),
        ({"clip_epsilon_high": -1.0}, "clip_epsilon_high must be positive"),
        ({"group_size": 1}, "group_size must be at least 2, got 1"),
        ({"group_size": 2.5}, "group_size must be a positive integer"),
        ({"max_draws": 0}, "max_draws must be a positive integer, got 0"),
        ({"num_epochs": 0}, "num_epochs must be a positive integer"),
        ({"num_prompts": 0}, "num_prompts must be a positive integer"),
        ({"num_updates": -1}, "num_updates must be a positive integer"),
        ({"learning_rate": math.nan}, "learning_rate must be positive and finite"),
        ({"max_gradient_norm": 0}, "max_gradient_norm must be positive"),
        ({"seed": -1}, "seed must"),
    ],
)
def test_bad_settings_name_the_argument(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: train_grpo(None, prompt_tokens(), gold_rewards, Config()), "start must be"),
        (
            lambda: Learner(reference_model(), [[8, 10]], gold_rewards, Config()),
            "prompts must be a",
        ),
        (lambda: Learner(*DESK, Config(), end=8), r"end must be an integer in \[0, 8\), got 8"),
        (lambda: Learner(*DESK, Config(), end=True), "end must be an integer .* got True"),
        (lambda: Learner(*DESK, Config(), reference="x"), "reference must be a TinyLM, got str"),
        (
            lambda: Learner(*DESK, Config(), reference=TinyLM(seeded(), num_outputs=1)),
            "reference must have a head of 8 outputs, got 1",
        ),
        (
            lambda: train_grpo(reference_model(), prompt_tokens()[:0], gold_rewards, Config()),
            r"prompts must have shape \[N, M\]",
        ),
        (
            lambda: train_grpo(reference_model(), prompt_tokens()[0], gold_rewards, Config()),
            r"prompts must have shape \[N, M\]",
        ),
        (
            lambda: train_grpo(
                reference_model(),
                prompt_tokens(),
                gold_rewards,
                Config(beta=0.5),
                reference=TinyLM(seeded(3)),
            ),
            "reference must be the policy at the start",
        ),
        (lambda: run(lambda *_: None), "score must"),
        (lambda: run(lambda n, _: torch.full((len(n),), torch.nan)), "score must"),
        (lambda: run(lambda n, _: torch.zeros(len(n) - 1)), "score must"),
    ],
)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_equal_answers_are_read_once_and_count_as_often_as_they_occur(monkeypatch):
    learner = desk_learner(num_prompts=3, group_size=40, beta=0.5, reference=TinyLM(seeded(2)))
    groups = learner.draw()
    given = groups.prompts, groups.answers, groups.mask
    read = []
    at_once = answer_log_probs(learner.policy, *given)
    monkeypatch.setattr(
        TinyLM,
        "groups",
        lambda model, *a, inner=TinyLM.groups, **k: read.append(a) or inner(model, *a, **k),
    )
    again = answer_log_probs(learner.policy, *given)
    rows = torch.cat([torch.arange(3).repeat_interleave(40)[:, None], groups.answers], dim=1)
    assert len(read[0][1]) == len({tuple(row) for row in rows.tolist()}) < 120
    monkeypatch.undo()
    logits = learner.policy.groups(groups.prompts, groups.answers[:, :-1])
    one_by_one = token_log_probs(logits, groups.answers, groups.mask)
    assert_close(at_once, one_by_one, atol=1e-5, rtol=1e-5)
    assert_close(at_once, again)
    weights = torch.rand(one_by_one.shape, generator=seeded(3))
    pair = [flat_gradient((weights * t).sum(), learner.policy) for t in (at_once, one_by_one)]
    assert_close(*pair, atol=1e-4, rtol=1e-4)
