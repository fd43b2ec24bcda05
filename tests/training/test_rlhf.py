"""RLHF: the exact policy gradient, padding, who is trained and who is not, errors."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.help_desk import gold_rewards, prompt_tokens
from rlnotes.exact.frontier import best_reward_at, reward_masses
from rlnotes.exact.language import expected_reward
from rlnotes.functional.kl import kl_divergence
from rlnotes.models.sampling import Samples
from rlnotes.models.tiny_lm import TinyLM, frozen
from rlnotes.training import rlhf
from rlnotes.training.replies import (
    all_replies,
    evaluate,
    gold_table,
    reply_numbers,
    reply_tree,
)
from rlnotes.training.rlhf import Config, Learner, advantages_of, require_agreement, train_rlhf
from rlnotes.training.sft import Config as SftConfig
from rlnotes.training.sft import train_sft

SMALL = {"num_updates": 2, "num_prompts": 6, "group_size": 4, "minibatch_size": 16}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def weights_of(model):
    return [weights.detach().clone() for weights in model.state_dict().values()]


def same_weights(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def clerk():
    """A model that has seen demonstrations for a short while."""
    return train_sft(SftConfig(num_steps=60, batch_size=128)).model


# The policy gradient: every reply to one prompt stands in one batch, once.


def every_reply_once(monkeypatch, policy, prompt):
    """Make the sampler hand out all replies to one prompt; returns their chances."""
    with torch.no_grad():
        scores = reply_tree(policy).token_log_probs[prompt].float()
    mask = scores < 0
    samples = Samples(all_replies(), mask, scores, scores)
    monkeypatch.setattr(rlhf, "sample_replies", lambda *_, **__: samples)
    return scores.double().sum(dim=1).exp().float()


def flat_gradient(value, model):
    gradients = torch.autograd.grad(value, [*model.parameters()])
    return torch.cat([part.flatten() for part in gradients]).double()


def exact_gradient(policy, reference, prompt, beta):
    """The slope of J - beta KL at one prompt, through the tree of all its replies."""
    with torch.no_grad():
        ref_log_probs = reply_tree(reference).log_probs[prompt]
    log_probs = reply_tree(policy).log_probs[prompt]
    value = expected_reward(log_probs, gold_table()[prompt])
    return flat_gradient(value - beta * kl_divergence(log_probs, ref_log_probs), policy)


def expected_update(monkeypatch, change, *, beta=0.5):
    """Minus the expected gradient of the first loss, and the exact slope."""
    prompt = 0  # the first of an update
    policy, reference = TinyLM(seeded(1)), TinyLM(seeded(2))  # not equal: a KL to reduce
    config = Config(num_prompts=1, group_size=len(all_replies()), beta=beta, **change)
    learner = Learner(policy, gold_rewards, config, reference)
    chances = every_reply_once(monkeypatch, learner.policy, prompt)
    batch = learner.rollout()
    chance = chances if batch.advantages.ndim == 1 else chances[:, None]
    batch = batch._replace(advantages=batch.advantages * chance)
    loss, _ = learner.losses(batch)
    exact = exact_gradient(learner.policy, reference, prompt, beta)
    return -flat_gradient(loss, learner.policy), exact


def cosine(one, other):
    return (one @ other / (one.norm() * other.norm())).item()


def test_the_expected_update_of_rloo_is_the_exact_policy_gradient(monkeypatch):
    # Each chance weighs one of N replies, and what is left out of a mean of N scales by
    # N / (N - 1).
    update, exact = expected_update(monkeypatch, {"algorithm": "rloo"})
    num = len(all_replies())
    assert cosine(update, exact) > 0.999999
    assert (update.norm() * num / exact.norm()).item() == pytest.approx(num / (num - 1), rel=1e-4)


def test_the_expected_update_of_ppo_is_the_exact_policy_gradient(monkeypatch):
    # With lambda 1 the critic, a random one here, is a baseline and nothing else.
    update, exact = expected_update(monkeypatch, {"gae_lambda": 1.0})
    assert cosine(update, exact) > 0.99999


def test_a_smaller_lambda_with_a_random_critic_points_elsewhere(monkeypatch):
    update, exact = expected_update(monkeypatch, {"gae_lambda": 0.0})
    assert cosine(update, exact) < 0.9


# A batch: what is in it, and what padding can do.


@pytest.fixture(params=["ppo", "rloo"])
def learner(request, clerk):
    reference = TinyLM(seeded(2))
    config = Config(algorithm=request.param, num_prompts=12, group_size=20, beta=0.5)
    return Learner(clerk, gold_rewards, config, reference)


def test_a_batch_has_the_scores_and_log_probs_of_its_replies(learner):
    batch = learner.rollout()
    numbers = torch.arange(12).repeat_interleave(20) % 6
    assert torch.equal(batch.prompts, prompt_tokens()[numbers])
    places = reply_numbers(batch.replies)
    assert_close(batch.scores.double(), gold_table()[numbers, places])
    for model, log_probs in (
        (learner.policy, batch.old_log_probs),
        (learner.reference, batch.ref_log_probs),
    ):
        with torch.no_grad():
            exact = reply_tree(model).token_log_probs[numbers, places].float()
        assert_close(log_probs, exact, atol=1e-5, rtol=1e-5)
        assert torch.equal(batch.mask, exact < 0)


def test_rloo_compares_a_reply_with_the_others_to_its_prompt(clerk):
    config = Config(algorithm="rloo", num_prompts=7, group_size=3, beta=0.5)
    learner = Learner(clerk, gold_rewards, config, TinyLM(seeded(2)))
    batch = learner.rollout()
    kls = (batch.old_log_probs - batch.ref_log_probs).sum(dim=1)
    rewards = (batch.scores - 0.5 * kls).tolist()
    for i, advantage in enumerate(batch.advantages.tolist()):
        group = range(i // 3 * 3, i // 3 * 3 + 3)
        others = [rewards[j] for j in group if j != i]
        assert advantage == pytest.approx(rewards[i] - sum(others) / 2, abs=1e-4)
    assert (batch.value_targets == 0).all()
    assert learner.critic is None


def test_ppo_normalizes_its_advantages_over_counted_tokens(clerk):
    learner = Learner(clerk, gold_rewards, Config(gae_lambda=0.7), TinyLM(seeded(2)))
    batch = learner.rollout()
    with torch.no_grad():
        values = learner.critic(batch.prompts, batch.replies[:, :-1]).squeeze(-1)
    raw = (batch.value_targets - values)[batch.mask]  # before the normalization
    expected = (raw - raw.mean()) / raw.std()
    assert_close(batch.advantages[batch.mask], expected, atol=1e-4, rtol=1e-4)
    prices = -0.25 * (batch.old_log_probs - batch.ref_log_probs)
    for row in range(0, 256, 17):
        length = int(batch.mask[row].sum())
        rewards = prices[row, :length].clone()
        rewards[-1] += batch.scores[row]
        expected = by_the_sum(rewards, values[row, :length], 0.7)
        targets = [a + v for a, v in zip(expected, values[row].tolist(), strict=False)]
        assert batch.value_targets[row, :length].tolist() == pytest.approx(targets, abs=1e-4)


def test_what_stands_behind_the_end_reaches_no_batch(monkeypatch, learner):
    real = rlhf.sample_replies
    twin = Learner(learner.policy, gold_rewards, learner.config, learner.reference)
    if twin.critic is not None:
        twin.critic.load_state_dict(learner.critic.state_dict())
    clean = learner.rollout()

    def with_garbage(*arguments, **options):
        samples = real(*arguments, **options)
        garbage = torch.randint(8, samples.tokens.shape, generator=seeded(9))
        return samples._replace(tokens=torch.where(samples.mask, samples.tokens, garbage))

    monkeypatch.setattr(rlhf, "sample_replies", with_garbage)
    dirty = twin.rollout()
    assert not torch.equal(clean.replies, dirty.replies)
    for name in ("ref_log_probs", "scores", "advantages"):
        assert_close(getattr(clean, name), getattr(dirty, name), atol=1e-5, rtol=1e-5)
    targets = (batch.value_targets[batch.mask] for batch in (clean, dirty))
    assert_close(*targets, atol=1e-5, rtol=1e-5)


def test_what_stands_behind_the_end_reaches_no_loss(learner):
    clean = learner.rollout()
    garbage = torch.randint(8, clean.replies.shape, generator=seeded(9))
    dirty = clean._replace(replies=torch.where(clean.mask, clean.replies, garbage))
    if clean.advantages.ndim == 2:
        nothing = torch.full_like(clean.advantages, math.nan)
        per_token = ("old_log_probs", "ref_log_probs", "advantages", "value_targets")
        dirty = dirty._replace(
            **{name: torch.where(clean.mask, getattr(clean, name), nothing) for name in per_token}
        )
    assert not clean.mask.all()
    for one, other in zip(learner.losses(clean), learner.losses(dirty), strict=True):
        assert torch.equal(one, other)


def test_both_losses_by_loops_after_the_policy_has_moved(learner):
    batch = learner.rollout()
    with torch.no_grad():
        learner.policy.head.bias[2] += 0.7
        logits = learner.policy(batch.prompts, batch.replies[:, :-1])[:, :5]
        scores = logits.log_softmax(dim=-1).gather(2, batch.replies[..., None]).squeeze(2)
    policy_loss, critic_loss = learner.losses(batch)
    gains, errors, clipped = [], [], 0
    for i, length in enumerate(batch.mask.sum(dim=1).tolist()):
        new, old = scores[i, :length].tolist(), batch.old_log_probs[i, :length].tolist()
        if learner.critic is None:  # one ratio for the whole reply
            pairs = [(sum(new) - sum(old), batch.advantages[i].item())]
        else:
            log_ratios = [a - b for a, b in zip(new, old, strict=True)]
            pairs = zip(log_ratios, batch.advantages[i, :length].tolist(), strict=True)
            with torch.no_grad():
                row = learner.critic(batch.prompts[i : i + 1], batch.replies[i : i + 1, :-1])
            errors += (row[0, :length, 0] - batch.value_targets[i, :length]).tolist()
        for log_ratio, advantage in pairs:
            ratio = math.exp(log_ratio)
            gains.append(min(ratio * advantage, min(max(ratio, 0.8), 1.2) * advantage))
            clipped += gains[-1] != ratio * advantage
    assert clipped > 10
    assert policy_loss.item() == pytest.approx(-sum(gains) / len(gains), abs=1e-4)
    half = sum(error**2 for error in errors) / len(errors) / 2 if errors else 0.0
    assert critic_loss.item() == pytest.approx(half, rel=1e-4)


def by_the_sum(rewards, values, gae_lambda):
    """GAE of one episode as its definition has it, gamma 1, plain numbers."""
    rewards, values = rewards.tolist(), [*values.tolist(), 0.0]
    deltas = [r + values[t + 1] - values[t] for t, r in enumerate(rewards)]
    return [
        sum(gae_lambda**k * delta for k, delta in enumerate(deltas[t:])) for t in range(len(deltas))
    ]


@pytest.mark.parametrize("gae_lambda", [0.0, 0.6, 1.0])
def test_advantages_of_replies_of_every_length(gae_lambda):
    lengths = [1, 2, 3, 4, 5, 5]
    rewards, values = torch.randn(2, 6, 5, generator=seeded())
    mask = torch.arange(5) < torch.tensor(lengths)[:, None]
    for padding in (0.0, 1e9, math.nan):
        padded = [torch.where(mask, given, padding) for given in (rewards, values)]
        advantages = advantages_of(*padded, mask, gae_lambda=gae_lambda)
        assert (advantages[~mask] == 0).all()
        for row, length in enumerate(lengths):
            expected = by_the_sum(rewards[row, :length], values[row, :length], gae_lambda)
            assert advantages[row, :length].tolist() == pytest.approx(expected, abs=1e-5)


def test_every_prompt_comes_as_often_as_the_others(clerk):
    seen = []

    def score(numbers, replies):
        seen.append(numbers)
        return gold_rewards(numbers, replies)

    config = Config(num_updates=3, num_prompts=4, group_size=2, num_epochs=1)
    train_rlhf(clerk, score, config)
    assert torch.equal(torch.cat(seen), torch.arange(12).repeat_interleave(2) % 6)


# A run: who is trained, by how much, and what stays.


def test_only_the_chosen_prompts_are_trained_each_equally_often(clerk):
    learner = Learner(clerk, gold_rewards, Config(num_prompts=4, group_size=2, prompts=(1, 5)))
    for _ in range(3):
        asked = [row.tolist() for row in learner.rollout().prompts]
        for number in range(6):
            expected = 4 if number in (1, 5) else 0
            assert asked.count(prompt_tokens()[number].tolist()) == expected


def run(clerk, score=gold_rewards, **change):
    reference = change.pop("reference", None)
    return train_rlhf(clerk, score, Config(**{**SMALL, **change}), reference=reference)


@pytest.mark.parametrize("change", [{}, {"shared_trunk": True}, {"algorithm": "rloo"}], ids=str)
def test_start_and_reference_stay_and_the_others_move(clerk, change):
    before, given = weights_of(clerk), frozen(clerk)
    result = run(clerk, reference=given, **change)
    assert same_weights(weights_of(clerk), before)
    assert same_weights(weights_of(result.reference), before)
    assert same_weights(weights_of(given), before)
    assert not same_weights(weights_of(result.policy), before)
    assert not any(weights.requires_grad for weights in result.reference.parameters())
    addresses = [
        {weights.data_ptr() for weights in model.parameters()}
        for model in (clerk, given, result.reference, result.policy)
    ]
    assert sum(map(len, addresses)) == len(set().union(*addresses))
    assert (result.critic is None) == (change == {"algorithm": "rloo"})


def test_every_weight_of_policy_and_critic_is_trained(clerk):
    result = run(clerk)
    fresh = Learner(clerk, gold_rewards, Config(**SMALL))
    for model, start in ((result.policy, clerk), (result.critic, fresh.critic)):
        for name, weights in model.named_parameters():
            moved = not torch.equal(weights, start.get_parameter(name))
            assert moved, name


def test_a_frozen_start_is_trained_as_well(clerk):
    result = run(frozen(clerk))
    expected = run(clerk)
    assert same_weights(weights_of(result.policy), weights_of(expected.policy))


def test_a_shared_trunk_is_one_trunk_that_both_losses_train(clerk):
    learner = Learner(clerk, gold_rewards, Config(shared_trunk=True))
    assert learner.critic.trunk is learner.policy.trunk
    apart = Learner(clerk, gold_rewards, Config())
    assert apart.critic.trunk is not apart.policy.trunk
    batch = learner.rollout()
    for loss in learner.losses(batch):
        trunk = [*learner.policy.trunk.parameters()]
        gradients = torch.autograd.grad(loss, trunk, retain_graph=True)
        assert all(gradient.abs().max() > 0 for gradient in gradients)
    in_optimizers = [
        id(weights)
        for optimizer, _ in learner.optimizers.values()
        for group in optimizer.param_groups
        for weights in group["params"]
    ]
    both = {*learner.policy.parameters(), *learner.critic.parameters()}
    assert len(in_optimizers) == len(set(in_optimizers)) == len(both)
    result = run(clerk, shared_trunk=True)
    assert result.critic.trunk is result.policy.trunk


def test_the_first_update_starts_at_ratio_one_and_no_kl(clerk):
    result = run(clerk, num_epochs=1, minibatch_size=24)
    assert result.diagnostics.kl[0] == pytest.approx(0, abs=1e-5)
    assert abs(result.diagnostics.kl[1]) > 1e-4
    assert all(column.shape == (2,) for column in result.diagnostics)


def test_diagnostics_are_means_over_the_replies(clerk):
    learner = Learner(clerk, gold_rewards, Config(**SMALL), TinyLM(seeded(2)))
    batch = learner.rollout()
    before = [weights.clone() for weights in learner.critic.parameters()]
    with torch.no_grad():
        values = learner.critic(batch.prompts, batch.replies[:, :-1]).squeeze(-1)
    one_step = dataclasses.replace(learner.config, num_epochs=1, minibatch_size=24)
    learner.config = one_step
    log = learner.update(batch, 0.0)
    assert log.score == pytest.approx(sum(batch.scores.tolist()) / 24, abs=1e-5)
    ratios = (batch.old_log_probs - batch.ref_log_probs).sum(dim=1).tolist()
    assert log.kl == pytest.approx(sum(ratios) / 24, abs=1e-5)
    assert log.length == pytest.approx(batch.mask.sum().item() / 24)
    squares = [
        (values[i, t] - batch.value_targets[i, t]).item() ** 2
        for i in range(24)
        for t in range(5)
        if batch.mask[i, t]
    ]
    assert log.value_error == pytest.approx(sum(squares) / len(squares), rel=1e-4)
    assert not same_weights([*learner.critic.parameters()], before)


def test_the_first_step_of_adam_is_the_rate_and_rates_fall(clerk):
    # Adam's first step moves a weight by its rate, whatever the gradient. Halfway
    # through a run the rate is 1 - .95 / 2 = .525 of the first.
    for share, part in ((0.0, 1.0), (0.5, 0.525)):
        learner = Learner(
            clerk,
            gold_rewards,
            Config(
                num_prompts=6,
                group_size=4,
                num_epochs=1,
                learning_rate=1e-3,
                value_learning_rate=4e-3,
                max_gradient_norm=1e3,
            ),
        )
        models = {1e-3: learner.policy, 4e-3: learner.critic}
        before = {rate: weights_of(model) for rate, model in models.items()}
        learner.update(learner.rollout(), share)
        for rate, model in models.items():
            moved = max(
                (a - b).abs().max().item()
                for a, b in zip(before[rate], weights_of(model), strict=True)
            )
            assert moved == pytest.approx(part * rate, rel=1e-2)


def test_both_rates_fall_with_the_share_of_the_run(monkeypatch, clerk):
    seen = []
    monkeypatch.setattr(rlhf, "falling_rate", lambda _, start, share: seen.append((start, share)))
    run(clerk, num_updates=4, learning_rate=0.01, value_learning_rate=0.02)
    assert seen == [(rate, part) for part in (0.0, 0.25, 0.5, 0.75) for rate in (0.01, 0.02)]


def test_every_epoch_passes_over_every_reply_once(clerk):
    learner = Learner(clerk, gold_rewards, Config(**SMALL, num_epochs=3))
    batch = learner.rollout()
    batch = batch._replace(scores=torch.arange(24.0))
    parts, losses = [], learner.losses

    def spy(part):
        parts.append(part.scores)
        return losses(part)

    learner.losses = spy
    learner.update(batch, 0.0)
    assert [len(part) for part in parts] == [16, 8] * 3
    orders = torch.cat(parts).view(3, 24)
    assert torch.equal(orders.sort(dim=1).values, torch.arange(24.0).expand(3, 24))
    assert len(orders.unique(dim=0)) == 3


@pytest.mark.parametrize("norm", [1e-3, 1e3])
def test_each_gradient_is_cut_to_the_largest_norm(clerk, norm):
    learner = Learner(clerk, gold_rewards, Config(**SMALL, max_gradient_norm=norm))
    learner.update(learner.rollout(), 0.0)
    for model in (learner.policy, learner.critic):
        size = torch.cat([weights.grad.flatten() for weights in model.parameters()]).norm()
        if norm < 1:
            assert size.item() == pytest.approx(norm, rel=1e-2)
        else:
            assert 0.01 < size < norm


@pytest.mark.parametrize("change", [{}, {"algorithm": "rloo"}, {"shared_trunk": True}], ids=str)
def test_a_short_run_climbs_and_stays_below_the_frontier(clerk, change):
    beta = 0.25
    config = Config(num_updates=8, beta=beta, **change)
    result = train_rlhf(clerk, gold_rewards, config)
    with torch.no_grad():
        reference, policy = (reply_tree(m).log_probs for m in (clerk, result.policy))
    start, end = (evaluate(table, reference, gold_table()) for table in (reference, policy))
    assert end.reward - beta * end.kl > start.reward + 0.7
    assert 0.1 < end.kl < 5
    assert end.reward < best_reward_at(reward_masses(reference, gold_table()), end.kl)
    assert result.diagnostics.score[-1] > result.diagnostics.score[0] + 0.7


def test_a_high_price_keeps_the_policy_near(clerk):
    kls = []
    for beta in (0.1, 20.0):
        result = train_rlhf(clerk, gold_rewards, Config(num_updates=6, beta=beta))
        with torch.no_grad():
            tables = [reply_tree(m).log_probs for m in (result.policy, clerk)]
        kls.append(kl_divergence(*tables).mean().item())
    assert kls[1] < 0.2 * kls[0]


@pytest.mark.parametrize("algorithm", ["ppo", "rloo"])
def test_the_same_seed_gives_the_same_run_and_another_seed_another(clerk, algorithm):
    before = torch.random.get_rng_state()
    one, same, other = (run(clerk, algorithm=algorithm, seed=seed) for seed in (0, 0, 1))
    assert same_weights(weights_of(one.policy), weights_of(same.policy))
    for first, second in zip(one.diagnostics, same.diagnostics, strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(one.diagnostics.score, other.diagnostics.score)
    assert torch.equal(before, torch.random.get_rng_state())


def test_each_update_is_seen_with_the_policy_as_it_stands(clerk):
    seen = []
    result = train_rlhf(
        clerk,
        gold_rewards,
        Config(**SMALL),
        watch=lambda number, policy: seen.append((number, weights_of(policy))),
    )
    assert [number for number, _ in seen] == [1, 2]
    assert same_weights(seen[1][1], weights_of(result.policy))
    assert not same_weights(seen[0][1], seen[1][1])


@pytest.mark.parametrize("algorithm", ["ppo", "rloo"])
def test_scores_from_a_table_in_double_precision_will_do(clerk, algorithm):
    def from_table(numbers, replies):
        return gold_table()[numbers, reply_numbers(replies)]

    one = run(clerk, from_table, algorithm=algorithm)
    other = run(clerk, algorithm=algorithm)
    np.testing.assert_allclose(one.diagnostics.score, other.diagnostics.score, atol=1e-3)
    assert one.policy.head.weight.dtype == torch.float32


def test_scores_with_a_gradient_leave_the_judge_alone(clerk):
    judge = torch.tensor(1.0, requires_grad=True)
    run(clerk, lambda numbers, replies: judge * gold_rewards(numbers, replies))
    assert judge.grad is None


def test_a_reference_that_is_not_the_start_is_refused(clerk):
    message = r"reference must be the policy at the start, got log-probabilities .* apart"
    with pytest.raises(ValueError, match=message):
        run(clerk, reference=TinyLM(seeded(2)))
    near = frozen(clerk)
    near.head.bias[3] += 1e-3
    with pytest.raises(ValueError, match=message):
        run(clerk, reference=near)
    require_agreement(torch.tensor([[-1.0]]), torch.tensor([[-1.00001]]))
    with pytest.raises(ValueError, match="got log-probabilities nan apart"):
        require_agreement(torch.tensor([[-1.0]]), torch.tensor([[math.nan]]))


def test_a_model_without_words_is_refused(clerk):
    judge = clerk.with_head(1, seeded())
    with pytest.raises(ValueError, match="start must have a head of 8 outputs, got 1"):
        run(judge)
    with pytest.raises(ValueError, match="reference must have a head of 8 outputs, got 1"):
        run(clerk, reference=judge)


def constant(value):
    return lambda numbers, replies: torch.full((len(numbers),), value)


@pytest.mark.parametrize("algorithm", ["ppo", "rloo"])
@pytest.mark.parametrize(
    ("score", "message"),
    [
        (constant(math.nan), r"scores must be finite, got nan at \(0,\)"),
        (constant(math.inf), r"scores must be finite, got inf at \(0,\)"),
        (lambda numbers, replies: torch.zeros(len(numbers), 1), r"scores .*\(24,\), .*\(24, 1\)"),
        (lambda numbers, replies: torch.zeros(()), r"scores must have shape \(24,\), .* got \(\)"),
        (lambda numbers, replies: numbers, r"scores must be floating-point numbers, got torch.int"),
        (lambda numbers, replies: [0.0] * 24, "scores must be a torch tensor, got list"),
    ],
)
def test_bad_scores_are_refused_by_name(clerk, algorithm, score, message):
    with pytest.raises(ValueError, match=message):
        run(clerk, score, algorithm=algorithm)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beta": 0.0}, "beta must be positive and finite, got 0.0"),
        ({"algorithm": "grpo"}, r"algorithm must be one of \['ppo', 'rloo'\], got 'grpo'"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"seed": None}, "seed must be an integer of at least 0, got None"),
        ({"prompts": ()}, r"prompts must be a tuple of some of 0 to 5, got \(\)"),
        ({"prompts": (6,)}, r"prompts must be a tuple of some of 0 to 5, got \(6,\)"),
        ({"prompts": (True,)}, r"prompts must be a tuple of some of 0 to 5, got \(True,\)"),
        ({"prompts": (1.0,)}, r"prompts must be a tuple of some of 0 to 5, got \(1.0,\)"),
        ({"prompts": [0, 1]}, r"prompts must be a tuple of some of 0 to 5, got \[0, 1\]"),
        ({"prompts": 3}, "prompts must be a tuple of some of 0 to 5, got 3"),
        ({"prompts": ([0],)}, r"prompts must be a tuple of some of 0 to 5, got \(\[0\],\)"),
        ({"num_updates": 0}, "num_updates must be a positive integer, got 0"),
        ({"num_prompts": 1.0}, "num_prompts must be a positive integer, got 1.0"),
        ({"group_size": 0}, "group_size must be a positive integer, got 0"),
        ({"num_epochs": True}, "num_epochs must be a positive integer, got True"),
        ({"minibatch_size": -1}, "minibatch_size must be a positive integer, got -1"),
        ({"learning_rate": -1.0}, "learning_rate must be positive and finite, got -1.0"),
        ({"value_learning_rate": math.nan}, "value_learning_rate must be positive"),
        ({"clip_epsilon": 0.0}, "clip_epsilon must be positive and finite, got 0.0"),
        ({"max_gradient_norm": 0.0}, "max_gradient_norm must be positive and finite, got 0.0"),
        ({"gae_lambda": 1.1}, r"gae_lambda must lie in \[0, 1\], got 1.1"),
        (
            {"algorithm": "rloo", "group_size": 1},
            "group_size must be at least 2 for rloo, got 1",
        ),
    ],
)
def test_bad_configurations_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)


def test_only_rloo_needs_a_second_reply(clerk):
    assert run(clerk, group_size=1).diagnostics.score.shape == (2,)
