"""Exact policy gradients: finite differences, hand numbers, the dropped gamma^t."""

import numpy as np
import pytest

from rlnotes.envs.maze import Maze, maze_2x3
from rlnotes.envs.small_tasks import arms, keep_going, now_and_later, switched_corridor
from rlnotes.envs.textbook import gridworld_4x4, two_state_cycle
from rlnotes.envs.token_tree import bigram_policy, token_level_mdp
from rlnotes.exact.policy_gradients import (
    gradient_without_gamma_power,
    objective,
    objectives,
    policy_gradient,
    softmax_policy,
)

WORLDS = {
    "maze": maze_2x3(),
    "slippery maze": Maze(picture=("S.#.", "..T.", "...G"), step_noise=0.3, step_reward=-0.1).mdp(),
    "grid with 14 starts": gridworld_4x4(),
    "token tree": token_level_mdp(),
    "keep going": keep_going(4),
}


def some_logits(mdp, seed=0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(mdp.num_states, mdp.num_actions))


def finite_differences(mdp, logits, *, gamma, h=1e-3) -> np.ndarray:
    """Fourth order: error about h^4 = 1e-12 times the fifth derivative."""
    slopes = np.zeros(logits.shape)
    for where in np.ndindex(logits.shape):
        step = np.zeros(logits.shape)
        step[where] = h
        at = [objective(mdp, logits + k * step, gamma=gamma) for k in (-2, -1, 1, 2)]
        slopes[where] = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * h)
    return slopes


def test_softmax_by_hand_and_for_huge_logits():
    np.testing.assert_allclose(softmax_policy([[0, np.log(3)]]), [[0.25, 0.75]])
    np.testing.assert_allclose(softmax_policy([[1000, 0], [-1000, 0]]), [[1, 0], [0, 1]])


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("name", WORLDS)
def test_the_gradient_equals_finite_differences(name, gamma):
    mdp = WORLDS[name]
    logits = some_logits(mdp)
    exact = policy_gradient(mdp, logits, gamma=gamma)
    numeric = finite_differences(mdp, logits, gamma=gamma)
    scale = max(np.linalg.norm(exact), 1e-3)
    assert np.linalg.norm(exact - numeric) <= 1e-6 * scale


def test_the_coin_by_hand():
    # J = p, so dJ / d logit = p (1 - p) = 1/4, and minus that for the other arm.
    coin = arms([1, 0])
    assert objective(coin, np.zeros((2, 2)), gamma=0.9) == pytest.approx(0.5)
    gradient = policy_gradient(coin, np.zeros((2, 2)), gamma=0.9)
    np.testing.assert_allclose(gradient, [[0.25, -0.25], [0, 0]])


def test_the_objective_is_the_start_value_and_not_the_mean_of_q_over_visits():
    # The cycle at gamma 1/2: J = 4/3; (1 - gamma) d = (2/3, 1/3) and Q = (4/3, 2/3)
    # give 10/9, which is no objective; with rewards in place of Q: (2/3) / (1/2) = 4/3.
    assert objective(two_state_cycle(), np.zeros((2, 1)), gamma=0.5) == pytest.approx(4 / 3)


def test_dropping_gamma_to_the_t_flips_a_sign():
    # One logit for both steps: +1 - 0.9 * 1.05 = 0.055 against 1 - 1.05 = -0.05,
    # each times p (1 - p) = 1/4.
    mdp, logits = now_and_later(), np.zeros((3, 2))
    shared = policy_gradient(mdp, logits, gamma=0.9)[:, 1].sum()
    dropped = gradient_without_gamma_power(mdp, logits, gamma=0.9)[:, 1].sum()
    assert shared == pytest.approx(0.055 / 4)
    assert dropped == pytest.approx(-0.05 / 4)


@pytest.mark.parametrize("name", WORLDS)
def test_dropping_gamma_to_the_t_is_exact_at_gamma_one_only(name):
    mdp = WORLDS[name]
    logits = some_logits(mdp, seed=1)
    for gamma, close in ((1.0, True), (0.8, False)):
        exact = policy_gradient(mdp, logits, gamma=gamma)
        dropped = gradient_without_gamma_power(mdp, logits, gamma=gamma)
        assert np.allclose(exact, dropped, atol=1e-9) == close


def test_every_row_of_the_gradient_sums_to_zero():
    for mdp in WORLDS.values():
        rows = policy_gradient(mdp, some_logits(mdp), gamma=0.9).sum(axis=1)
        np.testing.assert_allclose(rows, 0, atol=1e-11)


def test_the_switched_corridor_is_best_at_two_minus_the_square_root_of_two():
    # J(p) = (2p - 4) / (p (1 - p)); its best value is -(6 + 4 sqrt(2)) = -11.657.
    mdp = switched_corridor()
    for p in (0.1, 0.5, 2 - np.sqrt(2)):
        logits = np.tile(np.log([1 - p, p]), (4, 1))
        expected = (2 * p - 4) / (p * (1 - p))
        assert objective(mdp, logits, gamma=1) == pytest.approx(expected)
    assert objective(mdp, logits, gamma=1) == pytest.approx(-6 - 4 * np.sqrt(2))
    shared = policy_gradient(mdp, logits, gamma=1)[:, 1].sum()
    assert shared == pytest.approx(0, abs=1e-9)


def test_the_tree_follows_the_logits_of_its_bigram_model():
    mdp, policy = token_level_mdp(), bigram_policy(temperature=1.0)
    np.testing.assert_allclose(softmax_policy(np.log(policy)), policy)
    assert 0 < objective(mdp, np.log(policy), gamma=1) < 1


@pytest.mark.parametrize(
    ("logits", "gamma", "message"),
    [
        (np.zeros((6, 3)), 0.9, r"logits must have shape \(6, 4\), got \(6, 3\)"),
        (np.full((6, 4), np.nan), 0.9, r"logits must be finite, got nan at \(0, 0\)"),
        (np.full((6, 4), -np.inf), 0.9, "logits must be finite"),
        (np.zeros((6, 4)), 1.1, r"gamma must lie in \[0, 1\], got 1.1"),
    ],
)
@pytest.mark.parametrize("function", [objective, policy_gradient, gradient_without_gamma_power])
def test_bad_input_names_the_argument(function, logits, gamma, message):
    with pytest.raises(ValueError, match=message):
        function(maze_2x3(), logits, gamma=gamma)


def test_a_policy_that_never_ends_has_no_undiscounted_visits():
    with pytest.raises(ValueError, match="never ends"):
        gradient_without_gamma_power(two_state_cycle(), np.zeros((2, 1)), gamma=0.5)


@pytest.mark.parametrize("gamma", [0.5, 1.0])
@pytest.mark.parametrize("name", WORLDS)
def test_objectives_of_many_tables_are_those_of_each(name, gamma):
    mdp = WORLDS[name]
    logits = np.random.default_rng(1).normal(size=(2, 3, mdp.num_states, mdp.num_actions))
    each = [[objective(mdp, table, gamma=gamma) for table in row] for row in logits]
    np.testing.assert_allclose(objectives(mdp, logits, gamma=gamma), each, rtol=1e-11)
