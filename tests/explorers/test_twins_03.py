"""Text twins of chapter 3 against `functional`, `exact` and `data`."""

import math
import re

import numpy as np
import pytest

from rlnotes.data.prioritized_replay import importance_weights, sampling_probs
from rlnotes.envs.maze import maze_2x3
from rlnotes.exact.max_bias import double_estimator_bias, max_estimator_bias
from rlnotes.exact.mdp import optimal_values, policy_values, q_values
from rlnotes.exact.semi_gradient import growth_per_copy, stable_share
from rlnotes.explorers.dqn_switches import MAZE_LIMIT, DQNSwitches
from rlnotes.explorers.dueling_constant import HEADS, DuelingConstant
from rlnotes.explorers.max_bias import MaxBias
from rlnotes.explorers.moving_target import MovingTarget
from rlnotes.explorers.prioritized_sampling import TD_ERRORS, PrioritizedSampling
from rlnotes.functional.bellman import greedy_policy
from rlnotes.scripts.record_dqn import MAZE, SWITCHED
from rlnotes.training.recordings import load
from tests.explorers.test_twins import found

EXACT = {"abs": 5.1e-5}


@pytest.fixture(scope="module")
def explorers() -> dict:
    """One of each: a test moves its controls, which is faster than building anew."""
    kinds = [MaxBias, MovingTarget, PrioritizedSampling, DuelingConstant]
    return {kind: kind() for kind in kinds}


@pytest.fixture
def start(explorers):
    """An explorer at its default setting but for the controls that are named."""

    def set_controls(kind, **settings):
        return explorers[kind].set(**{**explorers[kind].defaults, **settings})

    return set_controls


@pytest.mark.parametrize("num_actions", [2, 9, 20])
@pytest.mark.parametrize("spread", [0.0, 1.5])
@pytest.mark.parametrize("noise_std", [0.0, 0.5, 1.5])
def test_max_bias_stands_beside_the_exact_bias(start, num_actions, spread, noise_std):
    explorer = start(MaxBias, num_actions=num_actions, spread=spread, noise_std=noise_std, seed=4)
    values = np.linspace(0, -spread, num_actions)
    largest = max_estimator_bias(values, noise_std=noise_std)
    double = double_estimator_bias(values, noise_std=noise_std)
    text = explorer.description
    bound = noise_std * math.sqrt(2 * math.log(num_actions))
    assert found(r"Exact bias of max # \(at most #\), of Double #\.", text) == pytest.approx(
        [largest, bound, double], **EXACT
    )
    mean, error, double_mean, double_error = found(
        "Simulated: max # with standard error #, Double # with #\\.", text
    )
    assert abs(mean - largest) <= 4 * error + 1e-4
    assert abs(double_mean - double) <= 4 * double_error + 1e-4
    assert explorer.now.get_ydata() == pytest.approx([largest, double])
    assert len(explorer.first.get_ydata()) == num_actions


def test_max_bias_picks_the_largest_first_estimate_and_reads_off_the_second(start):
    explorer = start(MaxBias, num_actions=7, spread=1.2)
    pattern = "action # looks best at #, the second estimate says #, the truth is #\\.$"
    action, first, second, truth = found(pattern, explorer.description)
    assert first == pytest.approx(max(explorer.first.get_ydata()), **EXACT)
    index = int(action) - 1
    assert explorer.first.get_ydata()[index] == pytest.approx(first, **EXACT)
    assert explorer.second.get_ydata()[index] == pytest.approx(second, **EXACT)
    assert truth == pytest.approx(-1.2 * index / 6, **EXACT)


def test_max_bias_shows_the_two_estimates_as_independent_draws(start):
    noise = []
    for seed in range(12):
        explorer = start(MaxBias, num_actions=20, seed=seed)
        noise.append((explorer.first.get_ydata(), explorer.second.get_ydata()))
    first, second = np.concatenate(noise, axis=1)
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / math.sqrt(len(first))


@pytest.mark.parametrize(
    ("gamma", "share", "verdict"),
    [
        (0.4, 0.0, "shrinks"),
        (0.5, 0.0, "stays"),
        (0.6, 0.0, "grows"),
        (0.6, 0.04, "grows"),
        (0.6, 0.05, "shrinks"),
        (1.0, 0.5, "shrinks"),
    ],
)
@pytest.mark.parametrize("period", [1, 10, 60])
def test_moving_target_gives_the_same_verdict_for_every_period(
    start, gamma, share, verdict, period
):
    explorer = start(MovingTarget, gamma=gamma, second_state_share=share, period=period)
    text = explorer.description
    step = {"learning_rate": 0.1, "second_state_share": share}
    growth = growth_per_copy(gamma=gamma, period=period, **step)
    unlagged = growth_per_copy(gamma=gamma, period=1, **step) ** period
    assert f"w {verdict}: factor" in text
    assert explorer.figure().axes[0].get_title(loc="left").startswith(f"w {verdict}: factor")
    if unlagged > 1e-4:  # smaller numbers are written with an exponent
        assert found("factor # with the lag, # without", text) == pytest.approx(
            [growth, unlagged], rel=5.1e-4
        )
    drawn = max(growth ** (300 / period), 1e-9)  # zero has no place on a logarithmic axis
    assert explorer.weights.get_ydata()[-1] == pytest.approx(drawn, rel=1e-9)
    assert explorer.now.get_ydata() == pytest.approx([growth])
    if gamma >= 0.5:
        needed = found("the share at state 2 exceeds #\\.$", text)
        assert needed == pytest.approx([stable_share(gamma=gamma)], **EXACT)
    else:
        assert text.endswith("at any share.")


def test_moving_target_marks_the_copies_and_draws_what_w_chases(start):
    explorer = start(MovingTarget, gamma=0.8, period=100)
    assert explorer.copies.get_xdata()[::3].tolist() == [0, 100, 200, 300]
    targets, weights = explorer.targets.get_ydata(), explorer.weights.get_ydata()
    np.testing.assert_allclose(targets[:100], 2 * 0.8)  # w_lag is 1 until the first copy
    assert targets[100] == pytest.approx(1.6 * weights[100])
    explorer.set(lag="moving average")
    assert len(explorer.copies.get_xdata()) == 0


@pytest.mark.parametrize(("period", "num_marks"), [(1, 0), (2, 0), (3, 101)])
def test_moving_target_marks_no_copies_that_would_merge(start, period, num_marks):
    explorer = start(MovingTarget, period=period)
    assert len(explorer.copies.get_xdata()) == 3 * num_marks
    assert ("marks below" in explorer.notes[-1].get_text()) == (num_marks > 0)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("gamma", [0.3, 0.5, 0.9])
@pytest.mark.parametrize("period", [1, 30])
def test_moving_target_keeps_its_notes_off_the_curves(start, gamma, share, period):
    explorer = start(MovingTarget, gamma=gamma, second_state_share=share, period=period)
    figure = explorer.figure()
    figure.canvas.draw()
    boxes = [note.get_window_extent() for note in explorer.notes]
    for line in (explorer.weights, explorer.targets, explorer.no_lag):
        pixels = line.get_transform().transform(line.get_xydata())
        inside = [box.contains(x, y) for box in boxes for x, y in pixels]
        assert not any(inside)


def test_moving_target_with_a_moving_average_shows_its_long_run_growth(start):
    explorer = start(MovingTarget, gamma=0.7, period=10, lag="moving average")
    growth, _ = found("factor # with the lag, # without", explorer.description)
    weights = explorer.weights.get_ydata()
    assert growth == pytest.approx(weights[-1] / weights[-11], rel=5.1e-4)
    assert explorer.now.get_ydata() == pytest.approx([weights[-1] / weights[-11]])


def test_moving_target_without_lag_is_the_dashed_line(start):
    explorer = start(MovingTarget, period=1)
    np.testing.assert_array_equal(explorer.weights.get_ydata(), explorer.no_lag.get_ydata())


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("beta", [0.0, 0.4, 1.0])
@pytest.mark.parametrize(("transition", "td_error"), [(8, 2.0), (1, -3.0), (3, 0.0)])
def test_prioritized_sampling_says_the_probability_the_weight_and_the_step(
    start, alpha, beta, transition, td_error
):
    explorer = start(
        PrioritizedSampling, alpha=alpha, beta=beta, transition=transition, td_error=td_error
    )
    td_errors = np.array(
        [td_error if k == transition else d for k, d in enumerate(TD_ERRORS, start=1)]
    )
    probs = sampling_probs(np.abs(td_errors) + 0.01, alpha=alpha)
    weights = importance_weights(probs, beta=beta)
    text = explorer.description
    prob, weight = probs[transition - 1], weights[transition - 1]
    pattern = "with probability # and weighs #, so it counts #;"
    assert found(pattern, text) == pytest.approx([prob, weight, prob * weight], **EXACT)
    pattern = "uniform #, prioritized and weighted #, divided by the largest weight #: #\\.$"
    uniform, step, largest, scaled = found(pattern, text)
    assert uniform == pytest.approx(td_errors.mean(), **EXACT)
    assert step == pytest.approx(sum(probs * weights * td_errors), **EXACT)
    assert largest == pytest.approx(max(weights), **EXACT)
    assert scaled == pytest.approx(sum(probs * weights * td_errors) / max(weights), **EXACT)
    heights = [bar.get_height() for bar in explorer.bars]
    assert heights == pytest.approx([*probs, *(probs * weights)])
    weighted, shrunk = explorer.weighted.get_ydata(), explorer.scaled.get_ydata()
    assert weighted[-1] == pytest.approx(td_errors.mean())
    assert [shrunk[0], shrunk[-1]] == pytest.approx(
        [weighted[0], td_errors.mean() * 8 * probs.min()]
    )


def test_prioritized_sampling_is_uniform_at_alpha_zero_and_corrected_at_beta_one(start):
    heights = [bar.get_height() for bar in start(PrioritizedSampling, alpha=0.0).bars]
    assert heights == pytest.approx([1 / 8] * 16)
    heights = [bar.get_height() for bar in start(PrioritizedSampling, beta=1.0).bars]
    assert heights[8:] == pytest.approx([1 / 8] * 8)
    # Scaled weights shrink the step as well: all eight then count as the rarest does.
    text = start(PrioritizedSampling, beta=1.0).description
    uniform, step, largest, scaled = found("uniform #, .*weighted #, .*weight #: #\\.$", text)
    assert uniform == step
    assert scaled == pytest.approx(step / largest, **EXACT)
    assert scaled < step


@pytest.mark.parametrize("epsilon", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("constant", [-6.0, 0.0, 2.5])
@pytest.mark.parametrize(("cell", "state"), [("(0,0)", 0), ("(1,1)", 4)])
def test_dueling_constant_reads_v_off_the_exact_q(start, epsilon, constant, cell, state):
    mdp = maze_2x3()
    best = greedy_policy(q_values(mdp, optimal_values(mdp, gamma=0.9), gamma=0.9))
    values = policy_values(mdp, (1 - epsilon) * best + epsilon / 4, gamma=0.9)
    q = q_values(mdp, values, gamma=0.9)[state]
    expected = {
        "plain sum": values[state] + constant,
        "mean-centered": q.mean(),
        "max-centered": q.max(),
    }
    assert set(expected) == set(HEADS)
    for head, v_stream in expected.items():
        explorer = start(DuelingConstant, head=head, constant=constant, epsilon=epsilon, cell=cell)
        text = explorer.description
        assert found(r"V stream #, exact V of the policy #\.", text) == pytest.approx(
            [v_stream, values[state]], **EXACT
        )
        assert found("Q: up #, down #, left #, right #, as exact", text) == pytest.approx(
            q.tolist(), abs=5.1e-3
        )
        assert found("its mean #, its largest #", text) == pytest.approx(
            [q.mean(), q.max()], **EXACT
        )
        streams = [bar.get_height() for bar in explorer.stream_bars]
        assert streams == pytest.approx([v_stream, *(q - values[state] - constant)])
        assert [bar.get_height() for bar in explorer.q_bars] == pytest.approx(q.tolist())


def test_dueling_v_is_the_value_of_the_policy_only_by_coincidence(start):
    def gap(head, epsilon):
        text = start(DuelingConstant, head=head, epsilon=epsilon).description
        v_stream, value = found("V stream #, exact V of the policy #\\.", text)
        return abs(v_stream - value)

    assert gap("mean-centered", 1.0) == 0  # the mean is the uniform policy's
    assert gap("max-centered", 0.0) == 0  # the maximum is the greedy one's
    assert gap("mean-centered", 0.4) > 3
    assert gap("max-centered", 0.4) > 2


def recorded(name: str, **setting) -> dict:
    """The last row of one setting, straight from the file."""
    rows = [
        row
        for row in load(name)
        if all(
            row[key] == (str(value) if isinstance(value, bool) else value)
            for key, value in setting.items()
        )
    ]
    assert len({row["step"] for row in rows}) == len(rows) > 1
    return rows[-1]


@pytest.mark.parametrize(
    ("settings", "maze", "cartpole"),
    [
        (
            {},
            {"replay": "uniform", "buffer_size": 1000, "target_period": 50},
            {"replay": "uniform", "target_period": 100},
        ),
        (
            {"prioritized": True, "double": True, "buffer_size": 3000, "target_period": 10},
            {"replay": "prioritized", "buffer_size": 3000, "target_period": 10, "double": True},
            {"replay": "prioritized", "target_period": 100, "double": True},
        ),
        (
            {"replay": False, "prioritized": True, "dueling": True, "buffer_size": 3000},
            {"replay": "none", "target_period": 50, "dueling": True},
            {"replay": "none", "target_period": 100, "dueling": True},
        ),
        (
            {"target_copy": False, "target_period": 250, "epsilon_schedule": "always 1"},
            {
                "replay": "uniform",
                "buffer_size": 1000,
                "target_period": 1,
                "epsilon_schedule": "always 1",
            },
            {"replay": "uniform", "target_period": 1},
        ),
    ],
)
def test_dqn_switches_shows_the_recording_of_the_setting(settings, maze, cartpole):
    explorer = DQNSwitches(**settings)
    heads = {"double": False, "dueling": False}
    expected = recorded("dqn_maze", **{**heads, "epsilon_schedule": "1 to 0.3", **maze})
    pattern = "exact Q[*], median #, from # to #. CartPole, after # steps with .*: return, median #"
    *on_maze, steps, on_cartpole = found(pattern, explorer.description)
    columns = ("median", "low", "high")
    assert on_maze == pytest.approx([expected[column] for column in columns], abs=0.0051)
    expected = recorded("dqn_cartpole", **{**heads, **cartpole})
    assert steps == expected["step"]
    assert on_cartpole == pytest.approx(expected["median"], abs=0.051)
    assert explorer.panels[1].median.get_ydata()[-1] == expected["median"]


def test_dqn_switches_says_which_controls_are_idle():
    without_replay = DQNSwitches(replay=False).description
    without_copy = DQNSwitches(target_copy=False).description
    assert "idle without replay" in without_replay
    assert "idle without a target copy" in without_copy
    assert "period C, double: idle without a target copy" in without_copy
    assert "idle" not in DQNSwitches().description


@pytest.mark.parametrize("replay", [True, False])
def test_dqn_switches_double_changes_nothing_without_a_target_copy(replay):
    plain, double = (
        DQNSwitches(target_copy=False, replay=replay, double=value) for value in (False, True)
    )
    results = [e.description.partition("Maze, after")[2] for e in (plain, double)]
    assert results[0] == results[1] != ""
    assert plain.note.get_text().endswith("period C, double: idle without a target copy")
    for one, other in zip(plain.panels, double.panels, strict=True):
        np.testing.assert_array_equal(one.median.get_ydata(), other.median.get_ydata())


def test_dqn_switches_names_the_loss_of_each_recording():
    explorer = DQNSwitches()
    for axes, name, recorded_with in zip(
        explorer.figure().axes, ("Maze", "CartPole"), (MAZE, SWITCHED), strict=True
    ):
        loss = {"squared": "squared loss", "huber": "Huber loss"}[recorded_with.loss]
        assert re.search(rf"{name}, after \d+ steps with the {loss}:", explorer.description)
        assert loss in axes.get_title(loc="left")


def test_dqn_switches_cuts_no_band_of_the_maze():
    assert max(row["high"] for row in load("dqn_maze")) < MAZE_LIMIT
