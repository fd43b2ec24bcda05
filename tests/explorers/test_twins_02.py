"""Q-learning step by step: its arithmetic, its marks and its curve."""

import re

import numpy as np
import pytest
from matplotlib.path import Path

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.exact.mdp import optimal_values, policy_values
from rlnotes.explorers.q_learning_stepper import QLearningStepper
from rlnotes.explorers.q_learning_steps import MAX_STEPS, learn, staircase
from tests.explorers.test_twins import found

STEP = r"Step (\d+): (\(.,.\)), (\w+), r = (\S+), s' = (\(.,.\))(, the end)?\."
OPEN = ["(0,0)", "(0,1)", "(0,2)", "(1,1)"]
ACTIONS = ["up", "down", "left", "right"]
SETTINGS = [
    {},
    {"learning_rate": 0.13, "epsilon": 1.0, "gamma": 0.77},
    {"step_noise": 0.3, "gamma": 1.0, "initial_value": 12, "seed": 3},
    {"learning_rate": 1.0, "epsilon": 0.0, "step_noise": 1.0, "initial_value": 5, "seed": 8},
]


def table(explorer) -> np.ndarray:
    """[4, 4] the numbers that the wedges of the open cells are coloured by."""
    return np.array(explorer.q_panel.patches.get_array()).reshape(4, 4)


def arithmetic(text: str) -> dict[str, float]:
    """The numbers of the sentence, by name."""
    target = r"target # \+ # \* # = #; " if "* " in text.split("; error")[0] else "target #, "
    sums = found(target, text)
    target, minuend, old = sums[-1], *found(r"error # \N{MINUS SIGN} \(?#\)? =", text)
    assert minuend == target
    numbers = {"sums": sums, "target": target, "old": old}
    if "Q stays at" in text:
        (stays,) = found(r"= 0; Q stays at #", text)
        return numbers | {"error": 0.0, "new": stays, "from": stays}
    error = found(r"= \+?#; Q moves", text)[0]
    alpha, times, old, new = found(r"Q moves by # \* \(\+?#\) from # to #\.", text)
    assert times == error
    return numbers | {"error": error, "alpha": alpha, "from": old, "new": new}


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_arithmetic_of_every_step_adds_up_and_is_what_the_picture_shows(setting):
    explorer = QLearningStepper(num_steps=0, **setting)
    assert "Step 0: nothing is learned yet." in explorer.description
    assert (table(explorer) == explorer.settings["initial_value"]).all()
    before, seen = table(explorer), set()
    for k in range(1, MAX_STEPS + 1, 1 if not setting else 3):
        explorer.set(num_steps=k - 1)
        before = table(explorer)
        text = explorer.set(num_steps=k).description
        step, cell, action, reward, after, end = re.search(STEP, text).groups()
        entry = OPEN.index(cell), ACTIONS.index(action)
        numbers = arithmetic(text)
        assert int(step) == k
        best = 0.0 if end else before[OPEN.index(after)].max()
        reward = float(reward.replace("\N{MINUS SIGN}", "-"))
        if not end:
            assert numbers["sums"][:2] == [reward, explorer.settings["gamma"]]
            assert numbers["sums"][2] == pytest.approx(best, abs=5.1e-5)
        target = reward + explorer.settings["gamma"] * best
        assert numbers["target"] == pytest.approx(target, abs=5.1e-5)
        assert numbers["old"] == numbers["from"] == pytest.approx(before[entry], abs=5.1e-5)
        assert numbers["error"] == pytest.approx(target - before[entry], abs=5.1e-5)
        new = before[entry] + explorer.settings["learning_rate"] * (target - before[entry])
        assert numbers["new"] == pytest.approx(new, abs=5.1e-5)
        expected = before.copy()
        expected[entry] = new
        np.testing.assert_allclose(table(explorer), expected, atol=1e-12)
        seen.add((bool(end), "stays" in text))
    assert {flag for flag, _ in seen} == {False, True}


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_steps_are_walks_through_the_maze(setting):
    explorer = QLearningStepper(**setting)
    maze = Maze(picture=PICTURE_2X3, step_noise=explorer.settings["step_noise"]).mdp()
    names, follows = list(maze.state_names), "(0,0)"
    for k in range(1, 60):
        text = explorer.set(num_steps=k).description
        _, cell, action, reward, after, end = re.search(STEP, text).groups()
        assert cell == follows
        place = names.index(cell), ACTIONS.index(action), names.index(after)
        assert maze.transition_probs[place] > 0
        assert float(reward.replace("\N{MINUS SIGN}", "-")) == maze.transition_rewards[place]
        assert bool(end) == (after in ("(1,0)", "(1,2)"))
        follows = "(0,0)" if end else after


def test_the_default_shows_the_reward_of_the_goal_going_back():
    # Each worked by hand: alpha 0.5, gamma 0.9, all entries from 0.
    explorer = QLearningStepper()
    assert (
        "Step 7: (0,1), right, r = 0, s' = (0,2). target 0 + 0.9 * 5 = 4.5; "
        "error 4.5 \N{MINUS SIGN} 0 = +4.5; Q moves by 0.5 * (+4.5) from 0 to 2.25. "
    ) in explorer.description
    assert (
        "Step 4: (0,2), down, r = 10, s' = (1,2), the end. target 10, nothing comes after the "
        "end; error 10 \N{MINUS SIGN} 0 = +10; Q moves by 0.5 * (+10) from 0 to 5. "
    ) in explorer.set(num_steps=4).description
    assert "target 0 + 0.9 * 2.25 = 2.025; " in explorer.set(num_steps=11).description
    assert "Q moves by 0.5 * (+2.025) from 0 to 1.0125." in explorer.description
    assert "Q stays at 0 (next change: step 7)." in explorer.set(num_steps=5).description


def test_the_marks_stand_at_the_entries_of_the_sentence():
    explorer = QLearningStepper()  # step 7: (0,1), right, to (0,2), whose best is down
    corners = np.unique(explorer.moved.get_xydata()[1:-1], axis=0)
    assert corners.tolist() == [[1, 0], [1.5, -0.5], [1.5, 0.5]]
    corners = np.unique(explorer.read.get_xydata()[1:-1], axis=0)
    assert corners.tolist() == [[1.5, 0.5], [2, 0], [2.5, 0.5]]
    assert explorer.place.get_xydata().tolist() == [[1, 0]]
    assert explorer.landing.get_xydata().tolist() == [[2, 0]]
    explorer.set(num_steps=4)  # into the goal: the target reads nothing
    assert np.isnan(explorer.read.get_xydata()).all()
    assert explorer.landing.get_xydata().tolist() == [[2, 1.3]]
    explorer.set(num_steps=5)  # (0,0) up: it bumps, and three entries share the largest
    assert len(explorer.read.get_xydata()) == 1 + 3 * 6
    explorer.set(num_steps=0)
    assert not any(
        mark.get_visible() for mark in (explorer.moved, explorer.place, explorer.landing)
    )


def test_q_learning_stepper_reaches_the_exact_values_where_nothing_is_random():
    done = QLearningStepper(num_steps=MAX_STEPS, learning_rate=1.0, epsilon=1.0, seed=2)
    text = done.description
    assert found(r"Largest distance to Q\* #\.$", text) == [0]
    assert found("exact value of the start #, among .* optimum #\\. L", text) == [8.1, 8.1]


def test_q_learning_stepper_learns_nothing_at_alpha_zero():
    text = QLearningStepper(learning_rate=0.0, num_steps=100).description
    # Q* is 10 one step from the goal, and -10 one step from the trap.
    assert found(r"Largest distance to Q\* #\.$", text) == [10]
    # All actions tie: greedy is uniform.
    assert found("exact value of the start #, among", text) == [-4.5455]
    assert "(next change" not in text


def test_an_untrained_table_earns_nothing_good_at_gamma_one():
    # Uniform: three walks of four meet the trap first.
    text = QLearningStepper(gamma=1.0, learning_rate=0.0).description
    assert found("exact value of the start #, among .* optimum #\\. L", text) == [-5, 10]


def test_a_greedy_policy_that_never_ends_is_worth_nothing():
    # At gamma 1 a bump keeps the 12; a step into an end is worth less once tried.
    text = QLearningStepper(gamma=1.0, initial_value=12, num_steps=MAX_STEPS).description
    assert "exact value of the start 0.0000 (it never ends), among" in text


def test_q_learning_stepper_reads_off_the_exact_value_of_the_greedy_policy():
    explorer = QLearningStepper(
        num_steps=120, learning_rate=0.5, epsilon=1.0, step_noise=0.2, seed=0
    )
    mdp = Maze(picture=PICTURE_2X3, step_noise=0.2).mdp()
    learned = learn(0.5, 1.0, 0.9, 0.2, 0, 0).tables[120]
    value = policy_values(mdp, np.eye(4)[learned.argmax(axis=1)], gamma=0.9)[0]
    shown, optimum = found(
        "exact value of the start #, among .* optimum #\\. L", explorer.description
    )
    assert shown == pytest.approx(value, abs=5.1e-5)
    assert optimum == pytest.approx(optimal_values(mdp, gamma=0.9)[0], abs=5.1e-5)
    assert shown < optimum - 0.5


def test_the_shown_learner_lies_in_the_band_of_different_learners():
    explorer = QLearningStepper(num_steps=20)
    shown, low, high = found("start #, among 5 learners from # to #,", explorer.description)
    assert low <= shown <= high
    assert high - low > 1


@pytest.mark.parametrize("num_steps", [0, 1, 7, 20, MAX_STEPS])
def test_the_curve_shows_nothing_of_the_steps_to_come(num_steps):
    explorer = QLearningStepper(num_steps=MAX_STEPS).set(num_steps=num_steps)
    values = learn(0.5, 0.5, 0.9, 0.0, 0, 19).greedy_values[0, : num_steps + 1]
    assert explorer.now.get_xydata().tolist() == [[num_steps, values[-1]]]
    assert heights(explorer.value.get_xydata(), num_steps) == values.tolist()


def test_the_band_is_the_range_of_the_other_learners():
    explorer = QLearningStepper(step_noise=0.2)  # there each is the lowest or highest once
    others = [learn(0.5, 0.5, 0.9, 0.2, 0, 19 + 1000 * k).greedy_values[0] for k in range(1, 5)]
    low, high = np.min(others, axis=0)[:-1], np.max(others, axis=0)[:-1]
    assert (high - low > 1).sum() > 30
    band, middles = Path(explorer.band.get_xy()), np.arange(MAX_STEPS) + 0.5
    for edge, inwards in ((low, 1e-6), (high, -1e-6)):
        outside = np.stack([middles, edge - inwards], axis=1)
        assert not band.contains_points(outside).any()
        inside = np.stack([middles, edge + inwards], axis=1)[high - low > 1e-5]
        assert band.contains_points(inside).all()


def heights(corners: np.ndarray, num_steps: int) -> list[float]:
    """What a staircase with these corners shows at 0, 1, ... and nothing beyond."""
    assert corners[:, 0].min() == 0
    assert corners[:, 0].max() == num_steps
    return [corners[corners[:, 0] <= k][-1, 1] for k in range(num_steps + 1)]


def test_the_best_policy_of_the_start_is_a_thing_to_find_out():
    explorer = QLearningStepper()  # step 7, asked about in chapter 2
    assert explorer.value.get_xydata()[:, 1].max() == pytest.approx(6.75)
    assert explorer.set(num_steps=10).value.get_xydata()[:, 1].max() == pytest.approx(6.75)
    # By hand: then (0,0) right leads to (0,1), and 0.9 * 0.9 * 10 is the optimum.
    assert explorer.set(num_steps=11).value.get_xydata()[-1].tolist() == pytest.approx([11, 8.1])


def test_a_staircase_keeps_only_its_corners():
    heights = np.array([1.0, 1, 4, 4, 2])
    corners = [[0, 1], [2, 1], [2, 4], [4, 4], [4, 2], [4, 2]]
    assert staircase(heights).tolist() == corners


def test_the_longest_lines_stay_within_the_figure():
    explorer = QLearningStepper(
        learning_rate=0.91, epsilon=0.61, gamma=0.73, step_noise=0.85, initial_value=8, seed=11
    )
    explorer.png()
    renderer, labels = explorer.figure().canvas.get_renderer(), explorer.sum_text
    left = labels.axes.transData.transform(labels.positions)[0, 0]
    widths = []
    for k in range(1, 40):
        explorer.set(num_steps=k)
        for text in labels.texts:
            width, _, _ = renderer.get_text_width_height_descent(text, labels.font, False)
            widths.append(left + width)
    assert 600 < max(widths) < explorer.figure().bbox.width - 50


def test_from_a_first_q_of_12_the_greedy_walk_bumps_as_long_as_chapter_2_says():
    first = QLearningStepper().settings
    del first["num_steps"]
    values = learn(**{**first, "initial_value": 12}).greedy_values[0]
    assert values[2:61] == pytest.approx(0)
    assert values[124:126] == pytest.approx([0, 8.1])
    assert values[125:] == pytest.approx(8.1)
