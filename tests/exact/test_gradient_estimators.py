"""Which Psi_t: each variant's exact mean and variance, on worlds written out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rlnotes.envs.small_tasks import arms, keep_going, now_and_later
from rlnotes.envs.token_tree import bigram_policy, token_level_mdp
from rlnotes.exact.gradient_estimators import (
    best_baseline,
    discounted_total,
    gamma_powers,
    standardized_per_episode,
    trajectory_rewards_to_go,
    trajectory_td_errors,
    weighted_scores,
)
from rlnotes.exact.mdp import policy_values, q_values
from rlnotes.exact.policy_gradients import gradient_without_gamma_power, policy_gradient
from rlnotes.exact.trajectories import enumerate_trajectories, estimator_moments
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.returns import discounted_returns


def noisy_maze_step() -> FiniteMDP:
    """Random landings, rewards on the way and by where one lands; at most 3 steps."""
    rng = np.random.default_rng(3)
    transition_probs, rewards = np.zeros((6, 3, 6)), rng.normal(size=(6, 3, 6))
    transition_probs[0, :, [1, 2, 5]] = rng.dirichlet(np.ones(3), size=3).T
    transition_probs[1:3, :, 3:] = rng.dirichlet(np.ones(3), size=(2, 3))
    transition_probs[3:, :, 5] = 1
    rewards[5] = 0
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=(transition_probs * rewards).sum(axis=-1),
        start_probs=[0.5, 0.5, 0, 0, 0, 0],
        terminal=np.arange(6) == 5,
        transition_rewards=rewards,
    )


def first_token_pays() -> FiniteMDP:
    tree = token_level_mdp()
    rewards = np.array(tree.expected_rewards)
    rewards[0] += [2.0, 0.0, 1.0]
    return FiniteMDP(
        transition_probs=tree.transition_probs,
        expected_rewards=rewards,
        start_probs=tree.start_probs,
        terminal=tree.terminal,
    )


WORLDS = {
    "coin": arms([1, 0, -2]),
    "now and later": now_and_later(),
    "keep going": keep_going(3),
    "noise": noisy_maze_step(),
    "tree, first token pays": first_token_pays(),
}


class Bench:
    """One world, one policy, all of its episodes."""

    def __init__(self, name: str, gamma: float):
        self.mdp, self.gamma = WORLDS[name], gamma
        rng = np.random.default_rng(5)
        shape = (self.mdp.num_states, self.mdp.num_actions)
        self.policy = rng.dirichlet(np.full(shape[1], 3.0), size=shape[0])
        self.episodes = enumerate_trajectories(self.mdp, max_steps=3)
        self.probs = self.episodes.probs(self.policy)
        self.values = policy_values(self.mdp, self.policy, gamma=gamma)
        self.q = q_values(self.mdp, self.values, gamma=gamma)
        self.to_go = trajectory_rewards_to_go(self.episodes, gamma=gamma)
        self.logits = np.log(self.policy)

    def moments(self, weights, power=True):
        if power:
            weights = weights * gamma_powers(self.episodes, gamma=self.gamma)
        estimates = weighted_scores(self.episodes.scores(self.policy), weights)
        return estimator_moments(self.probs, estimates)

    def unbiased_weights(self) -> dict[str, np.ndarray]:
        s, a = self.episodes.states, self.episodes.actions
        baseline = np.random.default_rng(6).normal(size=self.mdp.num_states)
        return {
            "to go": self.to_go,
            "any baseline": self.to_go - baseline[s],
            "V": self.to_go - self.values[s],
            "Q": self.q[s, a],
            "A": self.q[s, a] - self.values[s],
            "TD": trajectory_td_errors(self.episodes, self.values, gamma=self.gamma),
        }


@pytest.fixture(params=[(name, gamma) for name in WORLDS for gamma in (0.5, 1.0)], ids=str)
def bench(request):
    return Bench(*request.param)


def test_every_unbiased_variant_has_the_exact_gradient_as_its_mean(bench):
    exact = policy_gradient(bench.mdp, bench.logits, gamma=bench.gamma)
    total = discounted_total(bench.episodes, gamma=bench.gamma)[:, None] * bench.episodes.mask
    mean, _ = bench.moments(total, power=False)  # the powers are inside the total
    np.testing.assert_allclose(mean, exact, atol=1e-12)
    for name, weights in bench.unbiased_weights().items():
        mean, _ = bench.moments(weights)
        np.testing.assert_allclose(mean, exact, atol=1e-12, err_msg=name)


def test_without_gamma_to_the_t_every_variant_has_the_other_mean(bench):
    expected = gradient_without_gamma_power(bench.mdp, bench.logits, gamma=bench.gamma)
    for name, weights in bench.unbiased_weights().items():
        mean, _ = bench.moments(weights, power=False)
        np.testing.assert_allclose(mean, expected, atol=1e-12, err_msg=name)


def test_the_exact_advantage_is_less_noisy_than_estimates_of_it(bench):
    # G - V and the TD error with the exact V both have the mean A, given (s, a).
    variance = {name: bench.moments(w)[1] for name, w in bench.unbiased_weights().items()}
    assert variance["A"] <= min(variance["TD"], variance["V"]) + 1e-12


def test_v_is_not_always_a_better_baseline_than_none():
    # One choice of three arms: the best baseline weighs rewards by the squared score,
    # V by the probability. Here no baseline at all is better than V.
    bench = Bench("coin", 1.0)
    s, a = bench.episodes.states, bench.episodes.actions
    squares = (bench.episodes.scores(bench.policy) ** 2).sum(axis=(2, 3))[:, 0]
    mass = bench.probs * squares
    best = (mass @ bench.q[s, a][:, 0]) / mass.sum()
    none, by_v, by_best = (
        bench.moments(bench.q[s, a] - baseline)[1] for baseline in (0.0, bench.values[0], best)
    )
    assert by_best < none < by_v


def test_a_wrong_value_is_harmless_as_a_baseline_and_a_bias_inside_the_td_error():
    bench = Bench("noise", 0.9)
    wrong = bench.values + np.where(bench.mdp.terminal, 0.0, [1, -1, 1, 1, -1, 0])
    exact = policy_gradient(bench.mdp, bench.logits, gamma=0.9)
    baseline, _ = bench.moments(bench.to_go - wrong[bench.episodes.states])
    bootstrap, _ = bench.moments(trajectory_td_errors(bench.episodes, wrong, gamma=0.9))
    np.testing.assert_allclose(baseline, exact, atol=1e-12)
    assert np.linalg.norm(bootstrap - exact) > 0.1 * np.linalg.norm(exact)


def test_a_baseline_that_looks_at_the_action_is_a_bias():
    bench = Bench("tree, first token pays", 1.0)
    looks = 1.0 * (bench.episodes.actions == 1)
    exact = policy_gradient(bench.mdp, bench.logits, gamma=1.0)
    assert np.linalg.norm(bench.moments(bench.to_go - looks)[0] - exact) > 0.1


@pytest.mark.parametrize("baseline", [0.0, 0.5, 10.0])
def test_the_coin_by_hand(baseline):
    # One logit, p = 1/2: estimates are (1 - b) / 2 and b / 2. Their mean is 1/4.
    coin = enumerate_trajectories(arms([1, 0]), max_steps=1)
    policy = np.full((2, 2), 0.5)
    score = coin.scores(policy)[:, :, 0, 0]
    mean, variance = estimator_moments(
        coin.probs(policy), weighted_scores(score, coin.rewards - baseline)
    )
    assert mean == pytest.approx(0.25)
    by_hand = {0.0: 0.0625, 0.5: 0.0, 10.0: 22.5625}
    assert variance == pytest.approx(by_hand[baseline], abs=1e-12)


def test_standardising_halves_the_gradient_of_keep_going():
    # One logit, going on with p = 0.6, at most 3 steps: J = 1 + p + p^2 and so
    # p (1 - p) (1 + 2p) = 0.528. Episodes of 2 steps have returns 2, 1, of 3 steps
    # 3, 2, 1; minus their mean 0.5, -0.5 and 1, 0, -1.
    episodes = enumerate_trajectories(keep_going(3), max_steps=3)
    policy = np.tile([0.4, 0.6], (4, 1))
    probs, score = episodes.probs(policy), episodes.scores(policy)[..., 1].sum(axis=-1)
    to_go = trajectory_rewards_to_go(episodes, gamma=1.0)
    lengths = episodes.mask.sum(axis=1, keepdims=True)
    centred = (to_go - to_go.sum(axis=1, keepdims=True) / lengths) * episodes.mask
    means = [
        estimator_moments(probs, weighted_scores(score, weights))[0]
        for weights in (to_go, centred, standardized_per_episode(episodes, to_go))
    ]
    assert means[0] == pytest.approx(0.528)
    assert means[1] == pytest.approx(0.264)
    # 2 steps: (0.5, -0.5) / 0.7071; 3 steps: (1, 0, -1) / 1. By hand
    # 0.24 * 0.7071 * 1 + 0.36 * (0.4 - (0.6 * 0.4 - 0.4 * 0.6)) = 0.3137.
    assert means[2] == pytest.approx(0.24 / np.sqrt(2) + 0.144)


def test_standardising_ten_equal_rewards_praises_the_start_and_blames_the_end():
    episodes = enumerate_trajectories(keep_going(10), max_steps=10)
    longest = episodes.mask.all(axis=1)
    weights = standardized_per_episode(episodes, trajectory_rewards_to_go(episodes, gamma=1.0))[
        longest
    ][0]
    assert weights[0] == pytest.approx(1.486, abs=5e-4)
    assert weights[-1] == pytest.approx(-1.486, abs=5e-4)


def test_standardising_an_episode_of_one_step_gives_zero_and_no_nan():
    episodes = enumerate_trajectories(keep_going(3), max_steps=3)
    weights = standardized_per_episode(episodes, trajectory_rewards_to_go(episodes, gamma=1.0))
    single = episodes.mask.sum(axis=1) == 1
    assert single.any()
    assert not weights[single].any()


def test_a_reward_at_the_end_alone_is_standardised_away():
    # All steps of an episode have the same return: nothing is left of the gradient.
    episodes = enumerate_trajectories(token_level_mdp(), max_steps=3)
    weights = standardized_per_episode(episodes, trajectory_rewards_to_go(episodes, gamma=1.0))
    assert not weights.any()


def test_rewards_to_go_agree_with_the_returns_of_the_training_code():
    episodes = enumerate_trajectories(noisy_maze_step(), max_steps=3)
    rewards = torch.from_numpy(episodes.rewards)
    no = torch.zeros(rewards.shape, dtype=torch.bool)
    expected = discounted_returns(rewards, torch.zeros_like(rewards), no, no, gamma=0.8)
    np.testing.assert_allclose(trajectory_rewards_to_go(episodes, gamma=0.8), expected.numpy())


def test_dropping_past_rewards_keeps_the_mean_and_lowers_the_variance():
    bench = Bench("tree, first token pays", 1.0)
    total = discounted_total(bench.episodes, gamma=1.0)[:, None] * bench.episodes.mask
    past = total - bench.to_go
    np.testing.assert_allclose(bench.moments(past)[0], 0, atol=1e-13)
    assert bench.moments(bench.to_go)[1] < bench.moments(total)[1]


def test_td_errors_by_hand_and_in_padding():
    # Going on: 1 + 0.5 * 6 - 4 = 0. Stopping: 1 + 0.5 * 8 - 4 = 1, then padding.
    episodes = enumerate_trajectories(keep_going(2), max_steps=2)
    errors = trajectory_td_errors(episodes, np.array([4.0, 6.0, 8.0]), gamma=0.5)
    stopped = ~episodes.mask[:, 1]
    assert errors[stopped].tolist() == [[1, 0]]
    assert (errors[~stopped] == [0, 1 + 4 - 6]).all()


def test_gamma_zero_counts_the_first_step_only():
    episodes = enumerate_trajectories(token_level_mdp(), max_steps=3)
    assert gamma_powers(episodes, gamma=0).tolist() == [1, 0, 0]
    assert np.array_equal(trajectory_rewards_to_go(episodes, gamma=0), episodes.rewards)


def test_bad_input_names_the_argument():
    episodes = enumerate_trajectories(keep_going(3), max_steps=3)
    with pytest.raises(ValueError, match=r"gamma must lie in \[0, 1\], got 2"):
        trajectory_rewards_to_go(episodes, gamma=2)
    with pytest.raises(ValueError, match=r"gamma must lie in \[0, 1\], got -1"):
        gamma_powers(episodes, gamma=-1)
    with pytest.raises(ValueError, match="values must have shape"):
        trajectory_td_errors(episodes, np.zeros((4, 1)), gamma=0.9)
    with pytest.raises(ValueError, match="values must have one entry per state"):
        trajectory_td_errors(episodes, np.zeros(2), gamma=0.9)
    with pytest.raises(ValueError, match=r"values must be finite, got nan at \(1,\)"):
        trajectory_td_errors(episodes, np.array([0, np.nan, 0, 0]), gamma=0.9)
    with pytest.raises(ValueError, match="weights must have shape"):
        standardized_per_episode(episodes, np.zeros(3))
    with pytest.raises(ValueError, match="weights must have shape"):
        weighted_scores(np.zeros((4, 3, 2)), np.zeros((4, 2)))


def test_numbers_that_are_not_finite_are_refused():
    episodes = enumerate_trajectories(keep_going(3), max_steps=3)
    scores, weights = np.zeros((*episodes.mask.shape, 2)), np.zeros(episodes.mask.shape)
    weights[1, 0] = np.nan
    with pytest.raises(ValueError, match=r"weights must be finite, got nan at \(1, 0\)"):
        standardized_per_episode(episodes, weights)
    with pytest.raises(ValueError, match=r"weights must be finite, got nan at \(1, 0\)"):
        weighted_scores(scores, weights)
    scores[0, 0, 1] = np.inf
    with pytest.raises(ValueError, match=r"scores must be finite, got inf at \(0, 0, 1\)"):
        weighted_scores(scores, np.zeros(weights.shape))


def test_an_episode_without_a_step_cannot_be_standardized():
    episodes = enumerate_trajectories(keep_going(3), max_steps=3)
    mask = episodes.mask.copy()
    mask[2] = False
    with pytest.raises(ValueError, match=r"trajectories must have a step in .*none in 2"):
        standardized_per_episode(replace(episodes, mask=mask), np.ones(mask.shape))


def test_the_bigram_policy_of_the_tree_has_smaller_variance_with_better_weights():
    # The figures printed in chapter 4.
    tree, policy = token_level_mdp(), bigram_policy(temperature=1.0)
    episodes = enumerate_trajectories(tree, max_steps=3)
    values = policy_values(tree, policy, gamma=1.0)
    q = q_values(tree, values, gamma=1.0)[episodes.states, episodes.actions]
    scores, probs = episodes.scores(policy), episodes.probs(policy)
    weights = [
        trajectory_rewards_to_go(episodes, gamma=1.0),
        q,
        trajectory_rewards_to_go(episodes, gamma=1.0) - values[episodes.states],
        q - values[episodes.states],
    ]
    variances = [estimator_moments(probs, weighted_scores(scores, w))[1] for w in weights]
    assert variances == pytest.approx([0.2372, 0.1739, 0.1210, 0.0576], abs=5e-5)


def test_the_best_baseline_has_the_least_variance_for_two_parameters():
    # Three outcomes with vector scores that average to zero, as scores do.
    probs, rewards = np.array([0.2, 0.3, 0.5]), np.array([4.0, -1.0, 2.0])
    scores = np.array([[1.0, 2.0], [2.0, -3.0], [-1.6, 1.0]])
    np.testing.assert_allclose(probs @ scores, 0, atol=1e-12)

    def variance(baseline):
        return estimator_moments(probs, scores * (rewards - baseline)[:, None])[1]

    best = best_baseline(probs, scores, rewards)
    # Squared lengths 5, 13, 3.56: (0.2*5*4 - 0.3*13 + 0.5*3.56*2) / (1 + 3.9 + 1.78)
    assert best == pytest.approx(3.66 / 6.68)
    for other in (best - 0.01, best + 0.01, probs @ rewards):
        assert variance(best) < variance(other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probs": [0.5, 0.6]}, "probs"),
        ({"probs": [0.5, np.nan]}, "probs must be finite, got nan"),
        ({"rewards": [1.0]}, "rewards must have shape"),
        ({"rewards": [1.0, np.nan]}, "rewards must be finite, got nan"),
        ({"scores": [np.nan, 1.0]}, "scores must be finite, got nan"),
        ({"scores": [[1.0], [0.0], [2.0]]}, "scores must have shape"),
        ({"scores": [0.0, 0.0]}, r"scores must not all be zero, got \[0.0, 0.0\]"),
    ],
)
def test_a_baseline_of_bad_input_is_refused(change, message):
    arguments = {"probs": [0.5, 0.5], "scores": [1.0, -1.0], "rewards": [1.0, 0.0], **change}
    with pytest.raises(ValueError, match=message):
        best_baseline(**{name: np.array(value) for name, value in arguments.items()})
