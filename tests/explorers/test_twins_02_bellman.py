"""Bellman backups: values, both bounds, and when the greedy policy is optimal."""

import itertools

import numpy as np
import pytest

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.exact.mdp import optimal_values, policy_values
from rlnotes.explorers.bellman_backups import MAX_SWEEPS, METHODS, BellmanBackups, sweep_history
from tests.explorers.test_twins import UNIFORM, found

COMPUTABLE = "from the last change: at most #\\."


@pytest.mark.parametrize(
    ("num_sweeps", "values"),
    [
        (0, [0, 0, 0, 0]),
        (1, [0, 0, 10, 10]),  # the goal is one step away from two cells
        (2, [0, 9, 10, 10]),
        (3, [8.1, 9, 10, 10]),
        (40, [8.1, 9, 10, 10]),
    ],
)
def test_bellman_backups_carry_the_goal_backwards_one_cell_a_sweep(num_sweeps, values):
    explorer = BellmanBackups(num_sweeps=num_sweeps, step_noise=0.0)
    assert explorer.values_panel.patches.get_array().tolist() == pytest.approx(values)
    error, _ = found("Largest error #, bound #", explorer.description)
    exact = np.array([8.1, 9, 10, 10])
    assert error == pytest.approx(np.abs(exact - values).max(), abs=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("step_noise", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("method", METHODS)
def test_bellman_backups_stay_below_the_contraction_bound(gamma, step_noise, method):
    explorer = BellmanBackups(gamma=gamma, step_noise=step_noise, method=method)
    errors, bound = explorer.errors.get_ydata(), explorer.bound.get_ydata()
    assert (errors <= bound * (1 + 1e-12) + 2e-9).all()  # 2e-9: zero is drawn at 1e-9


@pytest.mark.parametrize("method", METHODS)
def test_bellman_backups_end_at_the_exact_values(method):
    explorer = BellmanBackups(num_sweeps=40, gamma=0.5, step_noise=0.2, method=method)
    mdp = Maze(picture=PICTURE_2X3, step_noise=0.2).mdp()
    exact = optimal_values(mdp, gamma=0.5)
    if "evaluation" in method:
        exact = policy_values(mdp, UNIFORM, gamma=0.5)
    shown = explorer.values_panel.patches.get_array()
    np.testing.assert_allclose(shown, exact[[0, 1, 2, 4]], atol=1e-9)


def test_the_bound_of_the_backups_is_gamma_to_the_k_times_the_first_error():
    explorer = BellmanBackups(num_sweeps=2, gamma=0.5, step_noise=0.0)
    # From zero the first error is 10; two sweeps at gamma 0.5 promise 10 / 4.
    assert found("error #, bound #\\. ", explorer.description)[1] == 2.5
    assert explorer.bound.get_ydata()[:4].tolist() == [10, 5, 2.5, 1.25]


def shown_values(explorer) -> np.ndarray:
    return np.array(explorer.values_panel.patches.get_array())


@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.9, 0.99])
@pytest.mark.parametrize("step_noise", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("method", METHODS)
def test_the_computable_bound_lies_above_the_error_in_every_sweep(gamma, step_noise, method):
    explorer = BellmanBackups(num_sweeps=0, gamma=gamma, step_noise=step_noise, method=method)
    assert "no bound yet, since nothing has changed." in explorer.description
    before = shown_values(explorer)
    for k in range(1, MAX_SWEEPS + 1):
        text = explorer.set(num_sweeps=k).description
        (error,), (bound,) = found("Largest error #, bound", text), found(COMPUTABLE, text)
        assert error <= bound + 1.01e-6  # both are rounded to six decimals
        change = np.abs(shown_values(explorer) - before).max()
        assert bound == pytest.approx(gamma / (1 - gamma) * change, abs=5.1e-7)
        before = shown_values(explorer)
    errors, bounds = explorer.errors.get_ydata(), explorer.computable.get_ydata()
    assert np.isnan(bounds[0])
    assert (errors[1:] <= bounds[1:] * (1 + 1e-9) + 2e-9).all()


def test_the_two_bounds_and_the_error_of_one_sweep():
    text = BellmanBackups(num_sweeps=31, gamma=0.99, step_noise=0.2).description
    # Solved for by an independent program.
    assert found("Largest error #, bound #\\. ", text) == pytest.approx([0.0904, 7.2948], abs=5e-5)
    assert found(COMPUTABLE, text) == pytest.approx([1.0948], abs=5e-5)


@pytest.mark.parametrize("method", METHODS)
def test_at_gamma_one_nothing_follows_from_the_last_change(method):
    explorer = BellmanBackups(gamma=1.0, method=method)
    assert "no bound at gamma 1, whatever the last change." in explorer.description
    assert np.isnan(explorer.computable.get_ydata()).all()


def own_values(mdp, choice, gamma: float) -> np.ndarray:
    """[4] values of one action, or a mixture of actions, per open cell."""
    live = np.flatnonzero(~mdp.terminal)
    policy = np.asarray(choice, dtype=float)
    steps = np.einsum("sa,sat->st", policy, mdp.transition_probs[live][..., live])
    return np.linalg.solve(
        np.eye(4) - gamma * steps, (policy * mdp.expected_rewards[live]).sum(axis=1)
    )


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("step_noise", [0.0, 0.4, 0.6])  # at 0.4 it is lost and found again
@pytest.mark.parametrize("method", METHODS)
def test_the_greedy_policy_is_optimal_from_the_sweep_that_the_text_names(gamma, step_noise, method):
    explorer = BellmanBackups(gamma=gamma, step_noise=step_noise, method=method)
    mdp = Maze(picture=PICTURE_2X3, step_noise=step_noise).mdp()
    choices = itertools.product(np.eye(4), repeat=4)
    best = np.max([own_values(mdp, choice, gamma) for choice in choices], axis=0)
    right = []
    for values in sweep_history(mdp, method, gamma=gamma):
        action_values = np.einsum(
            "sat,sat->sa",
            mdp.transition_probs,
            mdp.transition_rewards + gamma * values * ~mdp.terminal,
        )[~mdp.terminal]
        ties = np.abs(action_values - action_values.max(axis=1, keepdims=True)) < 1e-12
        policy = ties / ties.sum(axis=1, keepdims=True)
        right.append(np.allclose(own_values(mdp, policy, gamma), best, rtol=0, atol=1e-9))
    if not right[-1]:
        assert " 40, the last one shown." in explorer.description
        assert np.isnan(explorer.optimal.get_xydata()[:, 0]).all()
        return
    since = len(right) - right[::-1].index(False) if False in right else 0
    unit = "round" if method == "policy iteration" else "sweep"
    assert f"ties at random, is optimal from {unit} {since} on." in explorer.description
    assert explorer.optimal.get_xydata()[:, 0].tolist() == [since]


def test_the_policy_is_right_long_before_the_values():
    text = BellmanBackups(num_sweeps=2, gamma=0.9, step_noise=0.2).description
    assert "is optimal from sweep 2 on." in text
    assert found("Largest error #, bound", text) == pytest.approx([5.69], abs=5e-3)


def test_policy_iteration_counts_rounds_and_says_what_one_is():
    explorer = BellmanBackups(method="policy iteration")
    assert "After 2 rounds, each a linear solve: " in explorer.description
    assert "sweep" not in explorer.description.split("policy iteration. ")[1]
    axes = explorer.figure().axes
    assert (axes[1].get_xlabel(), axes[0].get_title(loc="left")[:18]) == (
        "rounds k",
        "V after k rounds, ",
    )
    assert "After 2 sweeps: " in explorer.set(method=METHODS[0]).description
    assert axes[1].get_xlabel() == "sweeps k"


@pytest.mark.parametrize("gamma", [0.5, 0.9, 1.0])
def test_step_noise_moves_no_value_of_the_uniform_policy_and_the_text_says_so(gamma):
    explorer = BellmanBackups(method=METHODS[1], gamma=gamma, num_sweeps=30, step_noise=0.0)
    quiet = shown_values(explorer)
    for step_noise in (0.35, 1.0):
        explorer.set(step_noise=step_noise)
        np.testing.assert_allclose(shown_values(explorer), quiet, atol=1e-12)
        assert "Step noise moves no V here" in explorer.description
    assert "Step noise moves no V" not in explorer.set(method=METHODS[0]).description


def test_no_line_runs_through_the_key():
    explorer = BellmanBackups(gamma=0.99, num_sweeps=31)
    explorer.png()
    figure = explorer.figure()
    (key,) = [text for text in figure.texts if text.get_text().startswith("dashed")]
    box = key.get_window_extent()
    assert box.x0 > 0
    assert box.x1 < figure.bbox.x1
    for axes in figure.axes:
        assert box.y1 < axes.xaxis.label.get_window_extent().y0
