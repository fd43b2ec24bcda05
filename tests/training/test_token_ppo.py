"""PPO on the token tree: exact numbers by another road, and what each switch does."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.envs.token_tree import (
    all_completions,
    all_prefixes,
    bigram_policy,
    completion_probs,
    token_level_mdp,
)
from rlnotes.exact.mdp import policy_values
from rlnotes.functional.kl_penalty import kl_penalized_rewards
from rlnotes.training import adapted_bigram as bigram
from rlnotes.training.adapted_bigram import CONTEXTS
from rlnotes.training.token_ppo import Config, Learner, train_token_ppo

QUIET = {"reward_noise": 0.0, "reward_offset": 0.0, "beta": 0.0}


def test_the_model_starts_as_the_bigram_model():
    table = Learner(Config()).policy().exp().detach()
    policy = bigram_policy(temperature=1.0)
    number = {prefix: state for state, prefix in enumerate(all_prefixes())}
    assert_close(table[0].double(), torch.from_numpy(policy[number[""]]))
    assert CONTEXTS[5] == "2:2"
    for prefix in ("12", "22", ".2"):  # the model sees the last token only
        assert_close(table[5].double(), torch.from_numpy(policy[number[prefix]]))
    start_value = policy_values(token_level_mdp(), policy, gamma=1.0)[0]
    assert bigram.objective(table.log()).item() == pytest.approx(start_value, abs=1e-6)


def test_completions_are_scored_token_by_token():
    table = Learner(Config()).policy().detach()
    probs = bigram.token_log_probs(table).sum(dim=-1).exp().numpy()
    np.testing.assert_allclose(probs, completion_probs(bigram_policy(temperature=1.0)), atol=1e-6)


def test_completion_kl_adds_up_over_the_tokens_in_the_order_of_its_arguments():
    old = Learner(Config()).policy.reference()
    new = torch.log_softmax(old + torch.eye(7)[:, :3], dim=-1)
    probs, visits = bigram.token_log_probs(old).sum(dim=-1).exp(), torch.zeros(7)
    visits.index_add_(0, bigram.completions()[0].flatten(), probs.repeat_interleave(3))
    by_context = visits @ (old.exp() * (old - new)).sum(dim=-1)
    assert_close(bigram.completion_kl(old, new), by_context)
    assert bigram.completion_kl(new, old).item() != pytest.approx(by_context.item(), rel=1e-3)


def test_returns_are_the_reward_less_the_price_of_the_tokens_still_to_come():
    learner = Learner(Config(**{**QUIET, "beta": 2.0, "reward_offset": 5.0}))
    table = torch.log_softmax(learner.policy.reference() + torch.eye(7)[:, :3], dim=-1)
    y = torch.tensor([all_completions().index("12.")])
    new = bigram.token_log_probs(table, y)[0]
    ref = bigram.token_log_probs(learner.policy.reference(), y)[0]
    price = [2 * (new - ref)[t:].sum().item() for t in range(3)]
    assert learner.returns(y, table)[0].tolist() == pytest.approx([6 - p for p in price])


def test_returns_add_up_the_rewards_that_rlhf_gives_to_tokens():
    learner = Learner(Config(**{**QUIET, "beta": 0.7, "reward_offset": 2.0}))
    reference = learner.policy.reference()
    table = torch.log_softmax(reference + torch.eye(7)[:, :3], dim=-1)
    drawn = torch.arange(27)
    rewards = kl_penalized_rewards(
        bigram.completions()[2] + 2.0,
        bigram.token_log_probs(table, drawn),
        bigram.token_log_probs(reference, drawn),
        torch.ones(27, 3, dtype=torch.bool),
        beta=0.7,
    )
    to_go = [[sum(row[t:]) for t in range(3)] for row in rewards.tolist()]
    assert_close(learner.returns(drawn, table), torch.tensor(to_go))


def test_a_rollout_without_engine_noise_starts_at_ratio_one():
    learner = Learner(Config())
    batch = learner.rollout()
    now = learner.measure(batch)
    assert (now.max_ratio, now.min_ratio, now.clip_fraction, now.kl) == (1, 1, 0, 0)
    assert now.surrogate == pytest.approx(batch.advantages.mean().item(), abs=1e-6)


def test_engine_noise_moves_the_first_ratios_but_not_the_policy():
    learner = Learner(Config(logit_noise=0.1))
    now = learner.measure(learner.rollout())
    assert now.max_ratio > 1.05 > 0.95 > now.min_ratio
    assert now.kl == 0


def test_the_first_step_is_the_same_with_and_without_clip_and_ratio():
    tables = []
    for change in ({}, {"clip_epsilon": None}, {"use_ratio": False}):
        learner = Learner(Config(**change))
        learner.step(learner.rollout())
        tables.append(learner.policy().detach())
    assert_close(tables[0], tables[1])
    assert_close(tables[0], tables[2])


def test_the_critic_is_the_mean_return_of_each_context():
    learner = Learner(Config(**QUIET))
    drawn = torch.tensor([all_completions().index(text) for text in ("12.", "121", "222")])
    learner.values.zero_()
    learner.fit_critic(drawn, rate=1.0)
    # Start: 1, 0.5, 0. After 1: 1, 0.5. Last token 2, at position 2: all three.
    named = dict(zip(CONTEXTS, learner.values.tolist(), strict=True))
    assert named["start"] == pytest.approx(0.5)
    assert named["1:1"] == pytest.approx(0.75)
    assert named["1:2"] == pytest.approx(0)
    assert named["2:2"] == pytest.approx(0.5)
    learner.fit_critic(drawn[:1], rate=0.5)
    assert learner.values[0].item() == pytest.approx(0.75)


def test_advantages_subtract_the_critic_only_if_it_is_on():
    with_critic, without = Learner(Config(**QUIET)), Learner(Config(**QUIET, use_critic=False))
    first, second = with_critic.rollout(), without.rollout()
    assert_close(first.drawn, second.drawn)
    contexts = bigram.completions()[0][first.drawn]
    assert_close(second.advantages - first.advantages, with_critic.values[contexts])
    assert set(second.advantages.flatten().tolist()) <= {0.0, 0.5, 1.0}


def test_gradient_noise_is_that_of_one_gradient_per_completion():
    learner = Learner(Config(batch_size=6, seed=2))
    batch = learner.rollout()
    learner.step(batch)  # away from the start, where the last layer is zero
    rows = []
    for drawn, advantages in zip(batch.drawn, batch.advantages, strict=True):
        learner.policy.zero_grad()
        log_probs = bigram.token_log_probs(learner.policy(), drawn[None])[0]
        (log_probs @ advantages).backward()
        rows.append(torch.cat([weight.grad.flatten() for weight in learner.policy.parameters()]))
    rows = torch.stack(rows).double().numpy()
    sigma = np.sqrt(rows.var(axis=0, ddof=1).sum() / 6)
    expected = sigma / np.linalg.norm(rows.mean(axis=0))
    assert learner.gradient_noise(batch) == pytest.approx(expected, rel=1e-4)


def test_no_price_no_noise_many_samples_climb_the_exact_objective():
    for seed in range(3):
        result = train_token_ppo(Config(**QUIET, batch_size=128, num_rollouts=6, seed=seed))
        assert result.objectives[0] == pytest.approx(0.278, abs=1e-3)
        assert result.objectives[-1] > 0.7
        assert len(result.objectives) == len(result.kls_to_ref) == 7
        assert len(result.kls_of_rollouts) == len(result.gradient_noise) == 6
        assert (result.max_ratios > 1.2).any()  # the clip bounds nothing


def test_the_same_seed_gives_the_same_run():
    first, second = (train_token_ppo(Config(num_rollouts=2, seed=5)) for _ in range(2))
    np.testing.assert_array_equal(first.objectives, second.objectives)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_epochs": 0}, "num_epochs must be a positive integer, got 0"),
        ({"clip_epsilon": 0.0}, "clip_epsilon must be positive and finite, got 0.0"),
        ({"beta": -1.0}, "beta must be finite and not negative, got -1.0"),
        ({"reward_noise": float("nan")}, "reward_noise must be finite"),
        ({"learning_rate": 0.0}, "learning_rate must be positive"),
    ],
)
def test_bad_configurations_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)
