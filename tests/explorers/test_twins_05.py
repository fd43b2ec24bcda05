"""Explorers of chapter 5: twins and artists against hand sums and `exact`."""

from itertools import pairwise

import numpy as np
import pytest

from rlnotes.envs.small_tasks import two_goal_corridor
from rlnotes.exact.gae_moments import gae_moments
from rlnotes.exact.mdp import occupancy, policy_values
from rlnotes.explorers.gae_bias_variance import (
    BATCH_SIZES,
    LAMBDAS,
    PATTERNS,
    GAEBiasVariance,
    relative_errors,
    slippery_maze,
    wrong_critic,
)
from rlnotes.explorers.gae_weights import MAZE_WALK, GAEWeights, records
from rlnotes.explorers.value_targets import CELLS, HANDLINGS, ValueTargets
from tests.explorers.test_twins import found
from tests.explorers.test_twins_04 import at


def loop(name: str, *, ending: str, gamma: float, gae_lambda: float) -> list[float]:
    """GAE as the plain backward loop."""
    rewards, values = records(gamma)[name].rewards, list(records(gamma)[name].values)
    if ending == "terminated":
        values[-1] = 0.0
    advantages, running = [], 0.0
    for t in reversed(range(len(rewards))):
        running = rewards[t] + gamma * (values[t + 1] + gae_lambda * running) - values[t]
        advantages.insert(0, running)
    return advantages


@pytest.mark.parametrize("ending", ["terminated", "truncated"])
@pytest.mark.parametrize(("gamma", "gae_lambda"), [(1.0, 0.95), (0.9, 0.5), (0.0, 1.0), (1.0, 1.0)])
@pytest.mark.parametrize("name", list(records(1.0)))
def test_gae_weights_shows_the_loop(name, gamma, gae_lambda, ending):
    expected = loop(name, ending=ending, gamma=gamma, gae_lambda=gae_lambda)
    for step in (0, 2, 11):
        explorer = at(
            GAEWeights, record=name, ending=ending, gamma=gamma, gae_lambda=gae_lambda, step=step
        )
        t = min(step, len(expected) - 1)
        number, _, value = found("Step # of #: A = #", explorer.description)
        assert (number, value) == (t, pytest.approx(expected[t], abs=5.1e-5))
        assert explorer.now.get_ydata() == pytest.approx([expected[t]])
        # The parts that are drawn add up to the advantage.
        tops = [path.vertices[1, 1] for path in explorer.parts.get_paths()]
        assert sum(tops) == pytest.approx(expected[t])
        ends = [loop(name, ending=ending, gamma=gamma, gae_lambda=x)[t] for x in (0.0, 1.0)]
        assert explorer.curve.get_ydata()[[0, -1]] == pytest.approx(ends)


@pytest.mark.parametrize(
    ("gae_lambda", "first"), [(0.0, 0.1), (0.5, 0.25), (0.95, 0.4705), (1.0, 0.5)]
)
def test_gae_weights_has_the_numbers_of_the_three_steps(gae_lambda, first):
    text = at(GAEWeights, gae_lambda=gae_lambda).description
    assert found("A = #", text) == [first]
    assert "TD errors 0.10, 0.20, 0.20" in text


def test_gae_weights_names_the_look_ahead():
    assert found("gamma lambda.: # steps", at(GAEWeights).description) == [20.0]
    assert found("lambda.: # steps", at(GAEWeights, gamma=0.99).description) == [16.8]
    assert "without end" in at(GAEWeights, gae_lambda=1.0).description


def test_gae_weights_the_maze_walk_ends_at_the_goal():
    record = records(0.8)["maze"]
    assert record.rewards.tolist() == [0.0] * 11 + [1.0]
    mdp, policy = slippery_maze()
    for state, landing in pairwise(MAZE_WALK):
        assert mdp.transition_probs[state, :, landing].max() > 0
    assert len(set(np.round(record.values, 6))) == 5  # four cells and the goal
    assert record.values[-1] == 0
    # Bellman, at the gamma that is shown: V(0) = sum of pi p (r + gamma V').
    values = policy_values(mdp, policy, gamma=0.8)
    assert record.values[0] == pytest.approx(values[0] / 10)


@pytest.mark.parametrize("name", list(records(1.0)))
@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("ending", ["terminated", "truncated"])
def test_gae_weights_nothing_leaves_the_axes(name, gamma, ending):
    for gae_lambda in (0.0, 1.0):
        explorer = at(GAEWeights, record=name, gamma=gamma, ending=ending, gae_lambda=gae_lambda)
        low, high = explorer.curve.axes.get_ylim()
        heights = [explorer.curve.get_ydata(), explorer.values.get_ydata()]
        heights += [path.vertices[:, 1] for path in explorer.errors.get_paths()]
        heights = np.concatenate(heights)
        assert low < heights.min()
        assert heights.max() < high - 0.2  # the label stands there


@pytest.mark.parametrize(
    ("name", "numbers"), [("three steps", "0 1 2 3"), ("maze", "0 2 4 6 8 10 12")]
)
def test_gae_weights_each_record_fills_its_panels(name, numbers):
    explorer = at(GAEWeights, gae_lambda=0.5)
    explorer.set(record="standing pole")  # a longer one before, so that nothing stays
    explorer.set(record=name)
    length = int(numbers.split()[-1])
    for labels in explorer.steps:
        assert labels.texts == numbers.split() + [""] * (7 - len(numbers.split()))
        written = [x for x, text in zip(labels.positions[:, 0], labels.texts, strict=True) if text]
        assert written == [int(text) for text in numbers.split()]
        low, high = labels.axes.get_xlim()
        assert low < -0.4  # half of the first bar
        assert length < high < length + 1


def test_chapter_5_is_right_about_the_surprise_in_the_maze():
    assert "TD errors 0.00, 0.46, " in at(GAEWeights, record="maze").description


def test_chapter_5_is_right_about_the_standing_pole():
    steady = at(GAEWeights, record="standing pole", gamma=0.9, ending="truncated").description
    assert found("A = #", steady) == [0.0]
    wrong = at(GAEWeights, record="standing pole", gamma=0.9, step=11).description
    assert found("A = #", wrong) == [-0.9]


def test_the_open_square_stands_only_where_a_value_follows():
    assert len(at(GAEWeights).end_value.get_xdata()) == 0
    assert list(at(GAEWeights, ending="truncated").end_value.get_ydata()) == [0.9]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("gamma", [0.5, 0.95, 1.0])
def test_wrong_critic_is_wrong_by_the_share_and_zero_at_the_ends(pattern, gamma):
    mdp, policy = slippery_maze()
    values = policy_values(mdp, policy, gamma=gamma)
    critic = wrong_critic(mdp, policy, gamma=gamma, critic_error=0.4, pattern=pattern)
    live = ~mdp.terminal
    size = np.sqrt((values[live] ** 2).mean())
    assert np.sqrt(((critic - values)[live] ** 2).mean()) == pytest.approx(0.4 * size)
    assert (critic[~live] == 0).all()


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("gamma", [0.5, 0.95, 1.0])
def test_gae_bias_variance_lambda_one_biases_the_advantage_alone(pattern, gamma):
    text = at(GAEBiasVariance, error_pattern=pattern, gamma=gamma).description
    advantage, gradient = text.split("Gradient at lambda")
    assert found("squared bias at lambda 1 #", advantage)[0] > 0.01
    assert found("squared bias at lambda 1 #", gradient) == [0.0]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("critic_error", [0.2, 0.4, 1.0])
def test_the_best_lambda_of_the_gradient_moves_to_one_as_the_batch_grows(critic_error, pattern):
    best = []
    for batch_size in BATCH_SIZES:
        explorer = at(
            GAEBiasVariance,
            critic_error=critic_error,
            error_pattern=pattern,
            batch_size=batch_size,
        )
        best.append(found("best lambda #", explorer.description.split("Gradient at")[1])[0])
        triangle = explorer.lines[1][3]
        assert triangle.get_xdata().tolist() == pytest.approx([best[-1]])
    assert best == sorted(best)
    assert best[-1] > best[0]


def test_chapter_5_is_right_about_the_best_lambdas():
    shown = {}
    for batch_size in (1, 16, 256, 4096):
        text = at(GAEBiasVariance, batch_size=batch_size).description
        shown[batch_size] = found("best lambda #.*best lambda #", text)
    assert [gradient for _, gradient in shown.values()] == [0.26, 0.46, 0.81, 0.97]
    assert [advantage for advantage, _ in shown.values()] == [0.35, 0.79, 0.88, 0.89]
    bias, _ = relative_errors(gamma=0.95, critic_error=0.4, pattern=PATTERNS[0])["advantage"]
    assert LAMBDAS[bias.argmin()] == pytest.approx(0.89)
    assert bias.min() > 1


def test_chapter_5_is_right_about_the_part_that_all_actions_share():
    mdp, policy = slippery_maze()
    setting = {"gamma": 0.95, "critic_error": 0.4, "pattern": PATTERNS[0]}
    critic = wrong_critic(mdp, policy, **setting)
    biases = gae_moments(mdp, policy, critic, gamma=0.95, gae_lambda=0.95).biases
    visits = occupancy(mdp, policy, gamma=0.95)
    squares = visits @ (policy * biases**2)
    shared = visits * (policy * biases).sum(axis=1) ** 2
    bias, _ = relative_errors(**setting)["advantage"]
    assert bias[95] == pytest.approx(1.473, abs=5e-4)
    assert bias[95] * shared.sum() / squares.sum() == pytest.approx(1.472, abs=5e-4)


@pytest.mark.parametrize(
    ("setting", "drawn"),
    [({}, [True, True]), ({"critic_error": 0.0}, [False, False]), ({"gamma": 1.0}, [True, True])],
)
def test_gae_bias_variance_draws_the_error_of_answering_zero(setting, drawn):
    explorer = at(GAEBiasVariance, **setting)
    assert [scale.top >= 1 for scale in explorer.scales] == drawn
    for zero, shown in zip(explorer.zeros, drawn, strict=True):
        assert list(zero.get_ydata()) == [1.0, 1.0] * shown
    assert explorer.description.endswith("Always answering 0 has the error 1.")


@pytest.mark.parametrize("batch_size", [1, 4096])
def test_a_perfect_critic_makes_zero_the_best(batch_size):
    text = at(GAEBiasVariance, critic_error=0.0, batch_size=batch_size).description
    assert found("best lambda #.*best lambda #", text) == [0.0, 0.0]


@pytest.mark.parametrize("gae_lambda", [0.0, 0.37, 0.95, 1.0])
def test_gae_bias_variance_draws_the_moments_at_lambda(gae_lambda):
    explorer = at(GAEBiasVariance, gae_lambda=gae_lambda, batch_size=16)
    errors = relative_errors(gamma=0.95, critic_error=0.4, pattern=PATTERNS[0])
    index = int(np.argmin(np.abs(LAMBDAS - gae_lambda)))
    for lines, (bias, variance) in zip(explorer.lines, errors.values(), strict=True):
        expected = bias[index] + variance[index] / 16
        assert lines[4].get_ydata() == pytest.approx([expected])
        assert lines[1].get_ydata() == pytest.approx(variance / 16)


def corridor_values(gamma: float) -> np.ndarray:
    return policy_values(two_goal_corridor(), np.tile([0.45, 0.55], (6, 1)), gamma=gamma)


@pytest.mark.parametrize("gamma", [0.8, 1.0])
@pytest.mark.parametrize("time_limit", [6, 12])
def test_value_targets_bootstrapping_finds_the_exact_values(gamma, time_limit):
    explorer = at(ValueTargets, gamma=gamma, time_limit=time_limit, num_fits=40, n=6)
    exact = corridor_values(gamma)
    for name in ("Monte Carlo", "lambda-return", "n-step"):
        drawn = explorer.lines[name][1].get_ydata()
        assert drawn == pytest.approx(exact[CELLS], abs=0.05 if gamma == 1 else 1e-3)
    assert found("exact V #", explorer.description) == pytest.approx([exact[2]], abs=5.1e-4)


@pytest.mark.parametrize("name", ["Monte Carlo", "n-step", "lambda-return"])
def test_value_targets_a_cut_that_counts_as_an_end_stays_wrong(name):
    text = at(ValueTargets, handling=HANDLINGS[1], num_fits=40).description
    assert found(rf"{name} [\d.]+ .largest error #", text)[0] > 2
    text = at(ValueTargets, num_fits=40).description
    assert found(rf"{name} [\d.]+ .largest error #", text)[0] < 1e-3


@pytest.mark.parametrize("num_fits", [1, 3])
def test_value_targets_the_left_panel_shows_the_targets_of_the_last_fit(num_fits):
    # Where it is cut, each kind bootstraps from the critic of the fit before.
    critics = np.zeros((3, 4))
    if num_fits > 1:
        before = at(ValueTargets, num_fits=num_fits - 1).lines.values()
        critics = np.array([panels[1].get_ydata() for panels in before])
    shown = at(ValueTargets, num_fits=num_fits).lines.values()
    lasts = np.array([panels[0].get_ydata()[-1] for panels in shown])
    off = np.abs(lasts[:, None] - (-0.5 + 0.95 * critics))
    assert off.min(axis=1).max() < 1e-12
    assert len(set(off.argmin(axis=1))) == 1  # all in the same cell
    wrong = at(ValueTargets, handling=HANDLINGS[1], num_fits=num_fits)
    assert [lines[0].get_ydata()[-1] for lines in wrong.lines.values()] == [-0.5] * 3


def test_value_targets_two_steps_by_hand():
    # Limit 2, gamma 1, a cut counts as an end: from cell 2 only left-left earns 8.
    # Step 0: .45 of going left, then .45 of 8: mean -1 + .45 * .45 * 8 = .62.
    text = at(ValueTargets, handling=HANDLINGS[1], time_limit=2, gamma=1.0, n=2).description
    for name in ("Monte Carlo", "n-step"):
        assert found(f"{name} #", text) == pytest.approx([-1 + 0.45 * 0.45 * 8])
    # Cut are all but left-left: 1 - .2025.
    assert found(r"\. # % of the episodes", text) == pytest.approx([79.8], abs=0.051)


def test_value_targets_monte_carlo_needs_no_second_fit_where_nothing_is_cut_short():
    # One step of n and lambda = 0 are the same target.
    one = at(ValueTargets, n=1, gae_lambda=0.0)
    for panel in (0, 1):
        lines = [one.lines[name][panel].get_ydata() for name in ("n-step", "lambda-return")]
        assert lines[0] == pytest.approx(lines[1])
    all_rewards = at(ValueTargets, n=10, gae_lambda=1.0)
    for panel in (0, 1):
        lines = [line[panel].get_ydata() for line in all_rewards.lines.values()]
        assert lines[0] == pytest.approx(lines[1])
        assert lines[0] == pytest.approx(lines[2])


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("batch_size", [16, 256, 4096])
def test_chapter_5_is_right_that_a_worse_critic_wants_a_larger_lambda(batch_size, pattern):
    best = []
    for critic_error in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        errors = relative_errors(gamma=0.95, critic_error=critic_error, pattern=pattern)
        bias, variance = errors["gradient"]
        best.append((bias + variance / batch_size).argmin())
    assert best == sorted(best)
    assert best[0] == 0 < best[-1]


@pytest.mark.parametrize("batch_size", BATCH_SIZES[1:])
def test_chapter_5_is_right_about_an_error_that_is_the_same_everywhere(batch_size):
    text = at(GAEBiasVariance, error_pattern=PATTERNS[1], batch_size=batch_size).description
    assert found("best lambda #", text.split("Gradient at")[0]) == [0.0]


@pytest.mark.parametrize("gae_lambda", [0.0, 0.46, 0.95, 1.0])
def test_gae_bias_variance_names_the_price_of_the_chosen_lambda(gae_lambda):
    text = at(GAEBiasVariance, gae_lambda=gae_lambda).description.split("Gradient at")[1]
    now, best, times = found("sum #; best lambda [0-9.]+ with #, lambda now has # times", text)
    assert times == pytest.approx(now / best, abs=0.01)
    assert times >= 1
    assert found("has # times", at(GAEBiasVariance).description.split("Gradient")[1]) == [1.13]
    explorer = at(GAEBiasVariance, gae_lambda=gae_lambda)
    assert explorer.words[1].texts[0].endswith(f"{times:.2f} times its error")


def test_gae_bias_variance_draws_no_bias_where_there_is_none():
    explorer = at(GAEBiasVariance, critic_error=0.0)
    for bias, *_ in explorer.lines:
        assert np.abs(bias.get_ydata()).max() < 1e-12
    assert min(np.ptp(bias.get_ydata()) for bias, *_ in at(GAEBiasVariance).lines) > 0.5


def test_gae_bias_variance_the_default_picture_shows_the_u():
    explorer = at(GAEBiasVariance)
    for lines, bend in zip(explorer.lines, (0.005, 0.04), strict=True):
        bias, noise, total, best, _ = lines
        low, high = total.axes.get_ylim()
        heights = (total.get_ydata() - low) / (high - low)
        (lowest,) = (best.get_ydata() - low) / (high - low)
        assert heights[0] > lowest + 0.2
        assert heights[-1] > lowest + bend
    # In the right panel the two parts cross.
    difference = bias.get_ydata() - noise.get_ydata()
    assert difference[0] > 0 > difference[-1]


@pytest.mark.parametrize("setting", [{}, {"batch_size": 1}, {"critic_error": 0.0, "gamma": 1.0}])
def test_gae_bias_variance_the_scale_is_that_of_the_data_and_rests_while_lambda_moves(setting):
    scales = []
    for gae_lambda in (0.0, 0.5, 1.0):
        explorer = at(GAEBiasVariance, gae_lambda=gae_lambda, **setting)
        scales.append([scale.texts for scale in explorer.scales])
        for scale, (bias, noise, total, _, _) in zip(explorer.scales, explorer.lines, strict=True):
            largest = max(line.get_ydata().max() for line in (bias, noise, total))
            assert scale.top / 1.51 < largest <= scale.top * (1 + 1e-9)
            assert float(scale.texts[-1]) == pytest.approx(scale.top)
    assert scales[0] == scales[1] == scales[2]


def test_value_targets_equal_curves_stand_side_by_side():
    explorer = at(ValueTargets, n=10, gae_lambda=1.0)
    for panel in (0, 1):
        first = [lines[panel].get_xdata()[0] for lines in explorer.lines.values()]
        assert np.diff(first) == pytest.approx([0.1, 0.1])
