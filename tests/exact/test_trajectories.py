"""Enumerated episodes: probabilities, scores, and moments, against other oracles."""

import numpy as np
import pytest

from rlnotes.envs.maze import Maze, maze_2x3
from rlnotes.envs.small_tasks import arms, keep_going, two_goal_corridor
from rlnotes.envs.textbook import gridworld_4x4
from rlnotes.envs.token_tree import bigram_policy, completion_probs, token_level_mdp
from rlnotes.exact.mdp import occupancy, policy_values, return_variances
from rlnotes.exact.trajectories import (
    entry_variances,
    enumerate_trajectories,
    estimator_moments,
)
from rlnotes.functional.finite_mdp import FiniteMDP


def noisy_two_steps() -> FiniteMDP:
    """Two starts, random landings, rewards that depend on the landing, two lengths."""
    transition_probs = np.zeros((4, 2, 4))
    transition_probs[0] = [[0, 0.3, 0.6, 0.1], [0, 0, 0.5, 0.5]]
    transition_probs[1:, :, 3] = 1
    transition_rewards = np.zeros((4, 2, 4))
    transition_rewards[0] = [[0, 1, -2, 5], [0, 0, 3, 1]]
    transition_rewards[1, :, 3], transition_rewards[2, :, 3] = [2, -1], [0, 4]
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=(transition_probs * transition_rewards).sum(axis=-1),
        start_probs=[0.75, 0.25, 0, 0],
        terminal=[False, False, False, True],
        transition_rewards=transition_rewards,
    )


WORLDS = {
    "coin": (arms([1, 0, 3]), 1),
    "keep going": (keep_going(4), 4),
    "tree": (token_level_mdp(), 3),
    "noise": (noisy_two_steps(), 2),
}


def some_policy(mdp, seed=0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(mdp.num_actions), size=mdp.num_states)


@pytest.mark.parametrize("gamma", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("name", WORLDS)
def test_mean_and_variance_of_the_return_agree_with_the_linear_solves(name, gamma):
    mdp, max_steps = WORLDS[name]
    policy = some_policy(mdp)
    episodes = enumerate_trajectories(mdp, max_steps=max_steps)
    probs = episodes.probs(policy)
    returns = episodes.rewards @ gamma ** np.arange(episodes.rewards.shape[1])
    mean, variance = estimator_moments(probs, returns)
    values = policy_values(mdp, policy, gamma=gamma)
    assert probs.sum() == pytest.approx(1)
    assert mean == pytest.approx(mdp.start_probs @ values)
    # Variance over the starts, too: E[var | start] + var(E | start).
    within = mdp.start_probs @ return_variances(mdp, policy, gamma=gamma)
    between = mdp.start_probs @ (values - mdp.start_probs @ values) ** 2
    assert variance == pytest.approx(within + between, abs=1e-12)


@pytest.mark.parametrize("name", WORLDS)
def test_expected_visits_agree_with_the_occupancy(name):
    mdp, max_steps = WORLDS[name]
    policy = some_policy(mdp, seed=1)
    episodes = enumerate_trajectories(mdp, max_steps=max_steps)
    weights = episodes.probs(policy)[:, None] * episodes.mask
    visits = np.bincount(episodes.states.ravel(), weights.ravel(), minlength=mdp.num_states)
    np.testing.assert_allclose(visits, occupancy(mdp, policy, gamma=1.0), atol=1e-12)


def test_the_tree_has_27_episodes_with_the_probabilities_of_its_completions():
    policy = bigram_policy(temperature=1.3)
    probs = enumerate_trajectories(token_level_mdp(), max_steps=3).probs(policy)
    np.testing.assert_allclose(np.sort(probs), np.sort(completion_probs(policy)))


def test_an_episode_that_is_cut_keeps_the_rewards_up_to_the_cut():
    # From (0,0) of the maze: 4 first actions, one of which is the trap. Of the other
    # three, each has four second actions: 1 + 3 * 4 = 13 episodes of at most 2 steps.
    episodes = enumerate_trajectories(maze_2x3(), max_steps=2)
    assert len(episodes.world_probs) == 13
    assert episodes.mask.sum(axis=1).tolist().count(1) == 1
    short = ~episodes.mask[:, 1]
    assert episodes.rewards[short].tolist() == [[-10, 0]]
    assert episodes.probs(np.full((6, 4), 0.25)).sum() == pytest.approx(1)


def test_the_part_without_the_policy_multiplies_start_and_landings():
    episodes = enumerate_trajectories(noisy_two_steps(), max_steps=2)
    first = (episodes.states[:, 0] == 0) & (episodes.actions[:, 0] == 0)
    direct = first & (episodes.next_states[:, 0] == 3)
    assert episodes.world_probs[direct].tolist() == pytest.approx([0.75 * 0.1])
    assert episodes.rewards[direct].tolist() == [[5, 0]]


@pytest.mark.parametrize("name", WORLDS)
def test_scores_are_the_gradient_of_the_log_probability_of_an_episode(name):
    mdp, max_steps = WORLDS[name]
    logits = np.log(some_policy(mdp, seed=2))
    episodes = enumerate_trajectories(mdp, max_steps=max_steps)

    def log_probs(logits):
        weights = np.exp(logits)
        return np.log(episodes.probs(weights / weights.sum(axis=1, keepdims=True)))

    scores = episodes.scores(np.exp(logits)).sum(axis=1)
    for where in np.ndindex(logits.shape):
        step = np.zeros(logits.shape)
        step[where] = 1e-5
        slope = (log_probs(logits + step) - log_probs(logits - step)) / 2e-5
        np.testing.assert_allclose(scores[:, *where], slope, atol=1e-9)


def test_scores_of_padding_are_zero():
    mdp, _ = WORLDS["keep going"]
    episodes = enumerate_trajectories(mdp, max_steps=4)
    scores = episodes.scores(some_policy(mdp))
    assert not scores[~episodes.mask].any()
    assert scores[episodes.mask].any(axis=(1, 2)).all()


def test_two_goals_can_both_be_reached():
    corridor = two_goal_corridor(left_reward=6, right_reward=10, step_reward=0)
    episodes = enumerate_trajectories(corridor, max_steps=4)
    totals = episodes.rewards.sum(axis=1)
    assert sorted(set(totals.tolist())) == [0, 6, 10]
    assert (totals == 10).sum() == 1
    assert (totals == 6).sum() == 3  # LL, LRLL, RLLL


def test_moments_by_hand():
    # Values (0, 0) and (4, 2) with weights 1/4 and 3/4: mean (3, 1.5), and the
    # variances 16 * 3/16 = 3 and 4 * 3/16 = 0.75.
    mean, variance = estimator_moments([0.25, 0.75], [[0, 0], [4, 2]])
    assert mean.tolist() == [3, 1.5]
    assert variance == pytest.approx(3.75)


def test_variances_of_entries_are_those_of_each_estimator_alone():
    rng = np.random.default_rng(3)
    probs, estimates = rng.dirichlet(np.ones(7)), rng.normal(size=(7, 3, 2))
    alone = [[estimator_moments(probs, estimates[:, i, j])[1] for j in range(2)] for i in range(3)]
    np.testing.assert_allclose(entry_variances(probs, estimates), alone, rtol=1e-12)


def test_probabilities_of_episodes_multiply_their_steps_one_by_one():
    mdp, max_steps = WORLDS["noise"]
    episodes, policy = enumerate_trajectories(mdp, max_steps=max_steps), some_policy(mdp)
    for n, prob in enumerate(episodes.probs(policy)):
        steps = zip(episodes.states[n], episodes.actions[n], episodes.mask[n], strict=True)
        product = episodes.world_probs[n]
        for s, a, taken in steps:
            product *= policy[s, a] if taken else 1
        assert prob == pytest.approx(product, rel=1e-14)


def test_bad_input_names_the_argument():
    maze = maze_2x3()
    with pytest.raises(ValueError, match="max_steps must be a positive integer, got 0"):
        enumerate_trajectories(maze, max_steps=0)
    with pytest.raises(ValueError, match=r"max_trajectories must allow .*got 50"):
        enumerate_trajectories(maze, max_steps=9, max_trajectories=50)
    ended = FiniteMDP(
        transition_probs=[[[1]]], expected_rewards=[[0]], start_probs=[1], terminal=[True]
    )
    with pytest.raises(ValueError, match="start_probs must be 0 in terminal states"):
        enumerate_trajectories(ended, max_steps=1)
    with pytest.raises(ValueError, match="policy must sum to one"):
        enumerate_trajectories(maze, max_steps=1).probs(np.ones((6, 4)))
    with pytest.raises(ValueError, match="policy must sum to one"):
        enumerate_trajectories(maze, max_steps=1).scores(np.ones((6, 4)))
    with pytest.raises(ValueError, match=r"policy must be finite, got nan at \(5, 0\)"):
        enumerate_trajectories(maze, max_steps=1).scores([[0.25] * 4] * 5 + [[np.nan] * 4])
    with pytest.raises(ValueError, match="probs must sum to one"):
        estimator_moments([0.5, 0.6], [1, 2])
    with pytest.raises(ValueError, match=r"estimates must have shape \(2,\)"):
        estimator_moments([0.5, 0.5], [1, 2, 3])
    with pytest.raises(ValueError, match="estimates must be finite"):
        estimator_moments([0.5, 0.5], [1, np.inf])


def test_a_large_world_is_refused_before_it_fills_the_memory():
    with pytest.raises(ValueError, match="max_trajectories"):
        enumerate_trajectories(gridworld_4x4(), max_steps=12, max_trajectories=2000)


def test_landings_of_probability_zero_are_no_episodes():
    slippery = Maze(picture=("S.G",), step_noise=0.5).mdp()
    episodes = enumerate_trajectories(slippery, max_steps=3)
    assert (episodes.world_probs > 0).all()
