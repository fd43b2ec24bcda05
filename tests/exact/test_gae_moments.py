"""Moments of GAE: by hand, by all episodes of a small world, by simulated episodes."""

import numpy as np
import pytest
import torch

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.envs.rollouts import sample_rollouts
from rlnotes.envs.small_tasks import arms, keep_going, now_and_later
from rlnotes.exact.gae_moments import gae_moments, gradient_moments
from rlnotes.exact.mdp import policy_values, q_values
from rlnotes.exact.policy_gradients import policy_gradient
from rlnotes.exact.trajectories import enumerate_trajectories
from rlnotes.functional.advantages import generalized_advantage_estimation
from rlnotes.functional.finite_mdp import FiniteMDP

LAMBDAS = np.array([0.0, 0.5, 0.95, 1.0])


def layered_world() -> FiniteMDP:
    """Two states, then two, then the end, which may come early; rewards by landing."""
    rng = np.random.default_rng(3)
    probs, rewards = np.zeros((5, 2, 5)), np.zeros((5, 2, 5))
    probs[:2, :, 2:] = rng.dirichlet([1, 1, 1], size=(2, 2))
    probs[2:, :, 4] = 1
    rewards[:4] = rng.normal(size=(4, 2, 5))
    return FiniteMDP(
        transition_probs=probs,
        expected_rewards=(probs * rewards).sum(axis=-1),
        start_probs=[0.6, 0.4, 0, 0, 0],
        terminal=[False] * 4 + [True],
        transition_rewards=rewards,
    )


def random_setting(mdp: FiniteMDP, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A policy, and a critic that is wrong everywhere but at the end."""
    rng = np.random.default_rng(seed)
    policy = rng.dirichlet(np.ones(mdp.num_actions), size=mdp.num_states)
    return policy, np.where(mdp.terminal, 0.0, rng.normal(size=mdp.num_states))


def estimates(episodes, critic, gamma, gae_lambda) -> np.ndarray:
    """[N, T] the estimate from each step of every episode, as a sum of TD errors."""
    answer = np.zeros(episodes.states.shape)
    for n, t in zip(*np.nonzero(episodes.mask), strict=True):
        for k in range(t, episodes.mask[n].sum()):
            delta = episodes.rewards[n, k] - critic[episodes.states[n, k]]
            delta += gamma * critic[episodes.next_states[n, k]]
            answer[n, t] += (gamma * gae_lambda) ** (k - t) * delta
    return answer


WORLDS = {"layered": layered_world, "keep going": keep_going, "now and later": now_and_later}


@pytest.mark.parametrize("gamma", [0.0, 0.8, 1.0])
@pytest.mark.parametrize("world", WORLDS)
def test_moments_are_those_over_all_episodes(world, gamma):
    mdp = WORLDS[world]()
    policy, critic = random_setting(mdp, 1)
    moments = gae_moments(mdp, policy, critic, gamma=gamma, gae_lambda=LAMBDAS)
    episodes = enumerate_trajectories(mdp, max_steps=3)
    weights = episodes.probs(policy)[:, None] * episodes.mask
    for index, gae_lambda in enumerate(LAMBDAS):
        outcomes = estimates(episodes, critic, gamma, gae_lambda)
        for s, a in zip(*np.nonzero(policy * ~mdp.terminal[:, None]), strict=True):
            here = weights * (episodes.states == s) * (episodes.actions == a)
            if here.sum() == 0:
                continue
            mean = (here * outcomes).sum() / here.sum()
            variance = (here * (outcomes - mean) ** 2).sum() / here.sum()
            assert moments.means[index, s, a] == pytest.approx(mean, abs=1e-12)
            assert moments.variances[index, s, a] == pytest.approx(variance, abs=1e-12)


@pytest.mark.parametrize("gae_lambda", [0.3, 1.0])
@pytest.mark.parametrize("gamma", [0.8, 1.0])
@pytest.mark.parametrize("world", WORLDS)
def test_gradient_moments_are_those_over_all_draws(world, gamma, gae_lambda):
    mdp = WORLDS[world]()
    policy, critic = random_setting(mdp, 2)
    moments = gae_moments(mdp, policy, critic, gamma=gamma, gae_lambda=gae_lambda)
    gradient = gradient_moments(mdp, policy, moments, gamma=gamma)

    # Every step of every episode is one draw, gamma^t as likely as its episode.
    episodes = enumerate_trajectories(mdp, max_steps=3)
    draws = (
        episodes.probs(policy)[:, None] * gamma ** np.arange(episodes.mask.shape[1]) * episodes.mask
    )
    total = draws.sum()
    outcomes = total * np.einsum(
        "nt,ntsa->ntsa", estimates(episodes, critic, gamma, gae_lambda), episodes.scores(policy)
    )
    mean = np.einsum("nt,ntsa->sa", draws / total, outcomes)
    squares = ((outcomes - mean) ** 2).sum(axis=(2, 3))
    exact = policy_gradient(mdp, np.log(policy), gamma=gamma)
    assert gradient.means == pytest.approx(mean, abs=1e-12)
    assert gradient.variances == pytest.approx((draws / total * squares).sum())
    assert gradient.squared_biases == pytest.approx(((mean - exact) ** 2).sum(), abs=1e-12)


def test_one_pull_of_an_arm_by_hand():
    # Arms pay 3 and 1, the critic says 0.5: A is 2.5 or 0.5, exactly 1 or -1 around 2.
    mdp = arms([3.0, 1.0])
    policy = np.full((2, 2), 0.5)
    moments = gae_moments(mdp, policy, np.array([0.5, 0]), gamma=1.0, gae_lambda=0.7)
    assert moments.means[0] == pytest.approx([2.5, 0.5])
    assert moments.biases[0] == pytest.approx([1.5, 1.5])
    assert moments.variances[0] == pytest.approx([0, 0])
    # g = +-(1/2, -1/2) times A: (1.25, -1.25) or (-0.25, 0.25). Mean (0.5, -0.5),
    # both outcomes at distance (0.75, 0.75): the variance is 2 * 0.75^2 = 1.125.
    gradient = gradient_moments(mdp, policy, moments, gamma=1.0)
    assert gradient.means[0] == pytest.approx([0.5, -0.5])
    assert gradient.variances == pytest.approx(1.125)
    assert gradient.squared_biases == pytest.approx(0)


def slippery_maze() -> FiniteMDP:
    return Maze(picture=PICTURE_2X3, step_noise=0.2, step_reward=-0.1).mdp()


@pytest.mark.parametrize("gamma", [0.9, 1.0])
def test_lambda_one_errs_by_minus_the_critics_error_and_the_gradient_not_at_all(gamma):
    mdp = slippery_maze()
    policy, critic = random_setting(mdp, 4)
    values = policy_values(mdp, policy, gamma=gamma)
    moments = gae_moments(mdp, policy, critic, gamma=gamma, gae_lambda=LAMBDAS)
    error = (critic - values)[~mdp.terminal]
    assert moments.biases[-1][~mdp.terminal] == pytest.approx(-error[:, None].repeat(4, axis=1))
    assert np.abs(error).min() > 0.1  # so there was something to cancel

    gradient = gradient_moments(mdp, policy, moments, gamma=gamma)
    assert gradient.squared_biases[-1] == pytest.approx(0, abs=1e-20)
    assert gradient.means[-1] == pytest.approx(policy_gradient(mdp, np.log(policy), gamma=gamma))
    assert (gradient.squared_biases[:-1] > 1e-3).all()


def test_the_exact_critic_is_unbiased_at_every_lambda_and_quietest_at_zero():
    mdp = slippery_maze()
    policy, _ = random_setting(mdp, 5)
    values = policy_values(mdp, policy, gamma=0.95)
    moments = gae_moments(mdp, policy, values, gamma=0.95, gae_lambda=LAMBDAS)
    assert moments.biases == pytest.approx(np.zeros_like(moments.biases), abs=1e-12)
    assert (np.diff(moments.variances[:, ~mdp.terminal], axis=0) > 0).all()


def test_lambda_zero_with_an_exact_critic_is_the_one_step_spread():
    mdp = slippery_maze()
    policy, _ = random_setting(mdp, 6)
    values = policy_values(mdp, policy, gamma=0.95)
    landing = mdp.transition_rewards + 0.95 * values
    means = (mdp.transition_probs * landing).sum(axis=-1)
    assert means == pytest.approx(q_values(mdp, values, gamma=0.95))
    spread = (mdp.transition_probs * (landing - means[..., None]) ** 2).sum(axis=-1)
    moments = gae_moments(mdp, policy, values, gamma=0.95, gae_lambda=0.0)
    assert moments.variances == pytest.approx(spread, abs=1e-12)


def test_a_critic_that_is_far_off_leaves_every_digit_of_the_variance_that_counts():
    # At lambda 1 and gamma 1, A is the return minus V(s): an error is a shift.
    mdp = slippery_maze()
    policy, critic = random_setting(mdp, 9)
    near = gae_moments(mdp, policy, critic, gamma=1.0, gae_lambda=1.0)
    shifted = critic + np.where(mdp.terminal, 0.0, 1e8)
    far = gae_moments(mdp, policy, shifted, gamma=1.0, gae_lambda=1.0)
    assert near.variances[~mdp.terminal].min() > 0.1
    assert far.variances == pytest.approx(near.variances, rel=1e-5)
    assert far.biases[~mdp.terminal] == pytest.approx(-1e8, rel=1e-6)


def test_large_advantages_leave_every_digit_of_the_variance_of_the_gradient():
    # Arm 0 pays 1e8 + .5 or 1e8 - .5, arm 1 nothing; V = 5e7, each arm half the time.
    # Arm 0 gives g = (.5, -.5) * (5e7 +- .5), arm 1 gives (-.5, .5) * -5e7: only the
    # +-.5 varies, in half of the draws, and |(.25, -.25)|^2 = .125.
    probs, rewards = np.zeros((3, 2, 3)), np.zeros((3, 2, 3))
    probs[0, 0, 1:], probs[0, 1, 1], probs[1, :, 1], probs[2, :, 2] = 0.5, 1, 1, 1
    rewards[0, 0, 1:] = 1e8 + 0.5, 1e8 - 0.5
    mdp = FiniteMDP(
        transition_probs=probs,
        expected_rewards=(probs * rewards).sum(axis=-1),
        start_probs=[1, 0, 0],
        terminal=[False, True, True],
        transition_rewards=rewards,
    )
    policy, critic = np.full((3, 2), 0.5), np.array([5e7, 0, 0])
    moments = gae_moments(mdp, policy, critic, gamma=1.0, gae_lambda=1.0)
    gradient = gradient_moments(mdp, policy, moments, gamma=1.0)
    assert gradient.means[0] == pytest.approx([2.5e7, -2.5e7])
    assert gradient.variances == pytest.approx(0.0625, rel=1e-9)


def test_worked_example_with_a_random_landing():
    probs, rewards = np.zeros((4, 1, 4)), np.zeros((4, 1, 4))
    probs[0, 0, 1:3], probs[1:, 0, 3] = 0.5, 1
    rewards[0, 0, 1], rewards[1, 0, 3], rewards[2, 0, 3] = 2.0, 0.0, 2.0
    mdp = FiniteMDP(
        transition_probs=probs,
        expected_rewards=(probs * rewards).sum(axis=-1),
        start_probs=[1, 0, 0, 0],
        terminal=[False] * 3 + [True],
        transition_rewards=rewards,
    )
    moments = gae_moments(mdp, np.ones((4, 1)), np.zeros(4), gamma=1.0, gae_lambda=0.5)
    # Landing in 1 pays 2 + .5 * 0, in 2 it pays 0 + .5 * 2: mean 1.5.
    assert moments.means[:, 0] == pytest.approx([1.5, 0, 2, 0])
    assert moments.variances[:, 0] == pytest.approx([0.25, 0, 0, 0])


def test_one_lambda_is_the_same_alone_and_among_others():
    mdp = slippery_maze()
    policy, critic = random_setting(mdp, 7)
    together = gae_moments(mdp, policy, critic, gamma=0.9, gae_lambda=LAMBDAS.reshape(2, 2))
    for where in np.ndindex(2, 2):
        alone = gae_moments(mdp, policy, critic, gamma=0.9, gae_lambda=LAMBDAS.reshape(2, 2)[where])
        assert together.variances[where] == pytest.approx(alone.variances)
        one = gradient_moments(mdp, policy, alone, gamma=0.9)
        many = gradient_moments(mdp, policy, together, gamma=0.9)
        assert many.variances[where] == pytest.approx(one.variances)


@pytest.mark.parametrize("gae_lambda", [0.0, 0.7, 1.0])
def test_twenty_thousand_simulated_episodes_agree_within_three_standard_errors(gae_lambda):
    mdp, gamma, count = slippery_maze(), 0.95, 20_000
    policy, critic = random_setting(mdp, 8)
    episodes = sample_rollouts(
        mdp, policy, num_episodes=count, max_steps=2_000, rng=np.random.default_rng(0)
    )
    assert not episodes.truncated.any()
    record = (episodes.rewards, critic[episodes.states], critic[episodes.next_states])
    advantages = generalized_advantage_estimation(
        *map(torch.from_numpy, record),
        torch.from_numpy(episodes.terminated),
        torch.from_numpy(episodes.truncated),
        gamma=gamma,
        gae_lambda=gae_lambda,
    )[:, 0].numpy()
    moments = gae_moments(mdp, policy, critic, gamma=gamma, gae_lambda=gae_lambda)
    start = int(episodes.states[0, 0])
    for action in range(4):
        sample = advantages[episodes.actions[:, 0] == action]
        mean, variance = moments.means[start, action], moments.variances[start, action]
        assert abs(sample.mean() - mean) < 3 * sample.std() / np.sqrt(len(sample))
        squares = (sample - sample.mean()) ** 2
        assert abs(squares.mean() - variance) < 3 * squares.std() / np.sqrt(len(sample))


def test_bad_input_names_the_argument():
    mdp = keep_going(2)
    policy, critic = np.full((3, 2), 0.5), np.array([1.0, 2.0, 0.0])

    def moments(**changes):
        arguments = {"critic": critic, "gamma": 0.9, "gae_lambda": 0.5} | changes
        return gae_moments(mdp, policy, **arguments)

    with pytest.raises(ValueError, match=r"critic must be 0 in terminal states, got 3\.0 in"):
        moments(critic=np.array([1.0, 2.0, 3.0]))
    with pytest.raises(ValueError, match=r"critic must have shape \(3,\), got \(2,\)"):
        moments(critic=critic[:2])
    with pytest.raises(ValueError, match=r"critic must be finite, got nan at \(1,\)"):
        moments(critic=np.array([1.0, np.nan, 0.0]))
    with pytest.raises(ValueError, match=r"gae_lambda must lie in \[0, 1\], got 1\.5"):
        moments(gae_lambda=[0.5, 1.5])
    with pytest.raises(ValueError, match=r"gamma must lie in \[0, 1\], got -1"):
        moments(gamma=-1)
    pull, equal = arms([1, 0]), np.full((2, 2), 0.5)
    other = gae_moments(pull, equal, np.zeros(2), gamma=0.9, gae_lambda=1)
    with pytest.raises(ValueError, match=r"means must have shape \(3, 2\), got \(2, 2\)"):
        gradient_moments(mdp, policy, other, gamma=0.9)


def test_a_policy_that_never_ends_has_no_moments_at_gamma_one():
    maze = slippery_maze()
    probs = np.array(maze.transition_probs)
    probs[0] = np.eye(len(probs))[0]
    trapped = FiniteMDP(
        transition_probs=probs,
        expected_rewards=np.where(maze.terminal[:, None], 0.0, np.ones((6, 4))),
        start_probs=maze.start_probs,
        terminal=maze.terminal,
    )
    with pytest.raises(ValueError, match="gamma"):
        gae_moments(trapped, np.full((6, 4), 0.25), np.zeros(6), gamma=1.0, gae_lambda=1.0)
