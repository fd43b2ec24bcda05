"""Shares drawn by the bias-variance explorer: their scale, by other formulas."""

import numpy as np
import pytest

from rlnotes.exact.gae_moments import gae_moments, gradient_moments
from rlnotes.exact.mdp import occupancy, policy_values, q_values
from rlnotes.explorers.gae_bias_variance import (
    LAMBDAS,
    PATTERNS,
    relative_errors,
    slippery_maze,
    wrong_critic,
)

GAMMA, SETTING = 0.95, {"gamma": 0.95, "critic_error": 0.4, "pattern": PATTERNS[0]}


@pytest.fixture(scope="module")
def world():
    """The maze, the policy, its exact V, the critic, and the visits of each pair."""
    mdp, policy = slippery_maze()
    values = policy_values(mdp, policy, gamma=GAMMA)
    pairs = occupancy(mdp, policy, gamma=GAMMA)[:, None] * policy
    return mdp, policy, values, wrong_critic(mdp, policy, **SETTING), pairs / pairs.sum()


def exact_square(world) -> float:
    """Mean squared exact advantage over the visited pairs."""
    mdp, _, values, _, pairs = world
    return (pairs * (q_values(mdp, values, gamma=GAMMA) - values[:, None]) ** 2).sum()


def test_the_advantages_bias_at_lambda_one_is_the_squared_error_of_the_critic(world):
    _, _, values, critic, pairs = world
    expected = (pairs.sum(axis=1) * (critic - values) ** 2).sum() / exact_square(world)
    bias, _ = relative_errors(**SETTING)["advantage"]
    assert bias[-1] == pytest.approx(expected)
    assert expected > 0.1


def test_the_variance_is_that_of_the_moment_equations(world):
    mdp, policy, _, critic, pairs = world
    moments = gae_moments(mdp, policy, critic, gamma=GAMMA, gae_lambda=0.5)
    _, variance = relative_errors(**SETTING)["advantage"]
    expected = (pairs * moments.variances).sum() / exact_square(world)
    assert variance[np.flatnonzero(LAMBDAS == 0.5)[0]] == pytest.approx(expected)


def test_the_gradients_shares_have_the_length_of_the_unbiased_mean_for_a_unit(world):
    mdp, policy, _, critic, _ = world
    moments = gae_moments(mdp, policy, critic, gamma=GAMMA, gae_lambda=1.0)
    gradient = gradient_moments(mdp, policy, moments, gamma=GAMMA)
    # At lambda = 1 the mean of the gradient is the exact one.
    _, variance = relative_errors(**SETTING)["gradient"]
    assert variance[-1] == pytest.approx(gradient.variances / (gradient.means**2).sum())


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_critics_error_is_the_share_asked_for(world, pattern):
    mdp, policy, values, _, _ = world
    critic = wrong_critic(mdp, policy, gamma=GAMMA, critic_error=0.4, pattern=pattern)
    live = ~mdp.terminal
    error = np.sqrt(((critic - values)[live] ** 2).mean())
    assert error == pytest.approx(0.4 * np.sqrt((values[live] ** 2).mean()))
    assert not critic[mdp.terminal].any()
