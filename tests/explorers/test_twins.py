"""Text twins against `functional` and `exact`, and artists against the twin."""

import re
from pathlib import Path

import numpy as np
import pytest

from rlnotes.envs.maze import PICTURE_2X3, Maze, maze_2x3
from rlnotes.envs.token_tree import bigram_policy, completion_probs, token_level_mdp
from rlnotes.exact.mdp import optimal_values, policy_values, q_values, return_variances
from rlnotes.explorers import catalog
from rlnotes.explorers.discounting import Discounting
from rlnotes.explorers.language_mdp import LanguageMDP
from rlnotes.explorers.maze_values import MazeValues
from rlnotes.explorers.monte_carlo import MonteCarlo

UNIFORM = np.full((6, 4), 0.25)


def found(pattern: str, text: str) -> list[float]:
    match = re.search(pattern.replace("#", r"([-\u2212]?[\d.]*\d)"), text)
    assert match, f"{pattern!r} not in {text!r}"
    return [float(group.replace("\u2212", "-")) for group in match.groups()]


@pytest.mark.parametrize(("name", "kind"), catalog().items(), ids=list(catalog()))
def test_every_explorer_has_a_test_of_its_text(name, kind):
    modules = Path(__file__).parent.glob("test_twins*.py")
    texts = [module.read_text(encoding="utf-8") for module in modules]
    assert any(re.search(rf"\b({kind.__name__}|{name})\b", text) for text in texts)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("step_noise", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("policy", ["optimal", "uniform"])
def test_maze_values_says_and_shows_the_exact_values(gamma, step_noise, policy):
    explorer = MazeValues(
        gamma=gamma, step_noise=step_noise, policy=policy, cell="(1,0)", cell_reward=-4.0
    )
    mdp = Maze(picture=PICTURE_2X3, step_noise=step_noise, trap_reward=-4.0).mdp()
    if policy == "optimal":
        values = optimal_values(mdp, gamma=gamma)
    else:
        values = policy_values(mdp, UNIFORM, gamma=gamma)
    text = explorer.description
    named = {0: r"\(0,0\)", 1: r"\(0,1\)", 2: r"\(0,2\)", 4: r"\(1,1\)"}
    for state, name in named.items():
        assert found(f"V{name} = #", text) == pytest.approx([values[state]], abs=0.0051)
    q = q_values(mdp, values, gamma=gamma)
    pattern = "At the start, action values Q: up #, down #, left #, right #"
    assert found(pattern, text) == pytest.approx(q[0].tolist(), abs=0.0051)
    assert explorer.state_panel.patches.get_array().tolist() == pytest.approx(
        values[[0, 1, 2, 4]].tolist(), abs=1e-9
    )
    assert explorer.action_panel.patches.get_array().tolist() == pytest.approx(
        q[[0, 1, 2, 4]].ravel().tolist(), abs=1e-9
    )


def test_maze_values_names_the_steps_of_the_policy():
    text = MazeValues(gamma=0.9).description
    assert "Policy: (0,0) right; (0,1) down or right; (0,2) down; (1,1) right." in text


def test_maze_values_advantages_average_to_zero_under_the_policy():
    explorer = MazeValues(policy="uniform", quantity="advantages A", step_noise=0.3)
    advantages = explorer.action_panel.patches.get_array().reshape(4, 4)
    np.testing.assert_allclose(advantages.mean(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"policy": "always right"}, "never ends"),
        ({"cell": "(0,1)", "cell_reward": 2.0}, "a loop through (0,1) earns for ever"),
    ],
)
def test_maze_values_at_gamma_one_says_what_has_no_value(setting, sentence):
    assert sentence in MazeValues(gamma=1.0, **setting).description
    assert sentence not in MazeValues(gamma=0.99, **setting).description


@pytest.mark.parametrize(
    ("step_noise", "cell", "cell_reward"),
    [
        (0.05, "(0,2)", -10.0),  # thousands of sweeps, but finite
        (0.0, "(1,2)", -10.0),  # the best is never to end
    ],
)
def test_maze_values_at_gamma_one_shows_every_finite_value(step_noise, cell, cell_reward):
    explorer = MazeValues(gamma=1.0, step_noise=step_noise, cell=cell, cell_reward=cell_reward)
    row, column = int(cell[1]), int(cell[3])
    maze = Maze(
        picture=PICTURE_2X3, step_noise=step_noise, cell_rewards={(row, column): cell_reward}
    )
    exact = optimal_values(maze.mdp(), gamma=1.0)
    shown = explorer.state_panel.patches.get_array()
    np.testing.assert_allclose(shown, exact[[0, 1, 2, 4]], atol=1e-5)


@pytest.mark.parametrize(
    ("gamma", "delay", "far_reward", "choice", "flip"),
    [
        (0.9, 5, 10.0, "wait", 0.1 ** (1 / 5)),
        (0.5, 5, 10.0, "take 1 now", 0.1 ** (1 / 5)),
        (0.5, 1, 2.0, "indifferent", 0.5),
        (1.0, 30, 20.0, "wait", 0.05 ** (1 / 30)),
    ],
)
def test_discounting_names_the_choice_and_its_break_even(gamma, delay, far_reward, choice, flip):
    text = Discounting(gamma=gamma, delay=delay, far_reward=far_reward).description
    weight, value = found("Weight of the far reward #, its value now # against", text)
    assert weight == pytest.approx(np.prod([gamma] * delay), abs=5.1e-5)
    assert value == pytest.approx(far_reward * np.prod([gamma] * delay), abs=5.1e-5)
    assert f"against 1: {choice}." in text
    assert found("Break-even: gamma = #", text) == pytest.approx([flip], abs=5.1e-4)


def test_discounting_knows_when_no_gamma_makes_waiting_worthwhile():
    assert "no gamma up to 1" in Discounting(far_reward=0.5).description
    assert "Effective horizon: no end." in Discounting(gamma=1.0).description
    assert "Effective horizon: 10.0 steps." in Discounting(gamma=0.9).description


def test_discounting_calls_it_the_effective_horizon_in_the_picture_too():
    text = Discounting(gamma=0.9).horizon_text.get_text()
    assert text == "effective horizon 1/(1 - gamma): 10.0 steps"


@pytest.mark.parametrize("far_reward", [2.0, 20.0])
def test_discounting_leaves_room_for_a_small_far_reward(far_reward):
    explorer = Discounting(gamma=1.0, far_reward=far_reward)
    right = explorer.figure().axes[1]
    explorer.png()  # lays the axes out
    heights = [
        right.transAxes.inverted().transform(right.transData.transform((1, reward)))[1]
        for reward in (0, 1, far_reward)
    ]
    assert heights[0] == pytest.approx(0)
    assert heights[2] - heights[1] > 0.07
    assert heights[2] < 0.9


@pytest.mark.parametrize("gamma", [0.0, 0.9, 0.99, 1.0])
def test_discounting_writes_above_its_curves(gamma):
    explorer = Discounting(gamma=gamma, delay=1, far_reward=20)
    left, right = explorer.figure().axes
    explorer.png()  # lays the texts out
    for axes, text, top in ((left, explorer.horizon_text, 1), (right, explorer.verdict, 20)):
        box = text.get_window_extent().transformed(axes.transData.inverted())
        assert box.y0 > top
        assert axes.get_xlim()[0] < box.x0
        assert box.x1 < axes.get_xlim()[1]


@pytest.mark.parametrize("gamma", [0.3, 0.9, 1.0])
@pytest.mark.parametrize("num_episodes", [5, 250])
def test_monte_carlo_stands_beside_the_exact_value(gamma, num_episodes):
    explorer = MonteCarlo(gamma=gamma, num_episodes=num_episodes, seed=3)
    mdp = maze_2x3()
    value = policy_values(mdp, UNIFORM, gamma=gamma)[0]
    sigma = np.sqrt(return_variances(mdp, UNIFORM, gamma=gamma)[0])
    text = explorer.description
    assert found("Exact V = #, sigma of one episode = #", text) == pytest.approx(
        [value, sigma], abs=5.1e-4
    )
    mean, error, theory = found(
        r"mean of the run #, error of 40 runs #, sigma / sqrt\(n\) = #", text
    )
    assert theory == pytest.approx(sigma / np.sqrt(num_episodes), abs=5.1e-4)
    # The error of 40 runs scatters around theory by about 1 / sqrt(80) = 11 %.
    assert 0.55 < error / theory < 1.45
    assert abs(mean - value) < 5 * theory
    assert len(explorer.mean.get_xdata()) == num_episodes


@pytest.mark.parametrize("completion", ["12.", "112", "..."])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_language_mdp_splits_one_advantage_over_the_tokens(completion, temperature):
    explorer = LanguageMDP(completion=completion, temperature=temperature)
    policy = bigram_policy(temperature=temperature)
    text = explorer.description
    objective = policy_values(token_level_mdp(), policy, gamma=1.0)[0]
    total, prob, reward, shown_objective, advantage = found(
        r"sum #\. Completion level: probability #, reward #, J = #, advantage #", text
    )
    assert shown_objective == pytest.approx(objective, abs=5.1e-5)
    assert advantage == pytest.approx(reward - objective, abs=5.1e-5)
    assert total == pytest.approx(advantage, abs=1.1e-4)
    assert prob == pytest.approx(
        completion_probs(policy)[explorer.controls["completion"].options.index(completion)],
        abs=5.1e-5,
    )


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_language_mdp_shows_every_completion_on_one_axis(temperature):
    explorer = LanguageMDP(temperature=temperature)
    probs = explorer.others.get_xdata()
    low, high = explorer.others.axes.get_xlim()
    assert len(probs) == 27
    assert sum(probs) == pytest.approx(1)
    assert low < min(probs) < max(probs) < high == 1
    assert explorer.controls["temperature"].min == 0.5  # where they spread most


@pytest.mark.parametrize("completion", ["12.", "2.2", ".22"])
@pytest.mark.parametrize("gamma", [0.0, 1.0])
def test_language_mdp_keeps_its_text_inside_the_panel(completion, gamma):
    explorer = LanguageMDP(completion=completion, temperature=0.5, gamma=gamma)
    explorer.png()  # lays the texts out
    axes = explorer.chosen_text.axes
    text, panel = explorer.chosen_text.get_window_extent(), axes.get_window_extent()
    assert panel.x0 < text.x0 < text.x1 < panel.x1
    assert panel.y0 < text.y0 < text.y1 < panel.y1


def test_language_mdp_below_gamma_one_no_longer_adds_up():
    text = LanguageMDP(gamma=0.5).description
    total, advantage = found(r"sum #\. .*advantage #", text)
    assert abs(total - advantage) > 0.1


@pytest.mark.parametrize(("step_noise", "step"), [(0.0, "right"), (0.25, "right"), (0.3, "up")])
def test_chapter_1_is_right_about_the_best_step_at_the_start(step_noise, step):
    assert f"Policy: (0,0) {step};" in MazeValues(step_noise=step_noise).description


def test_chapter_1_is_right_about_a_reward_that_is_worth_more_than_the_goal():
    text = MazeValues(cell="(0,1)", cell_reward=5.0).description
    assert "Policy: (0,0) right; (0,1) down or left or right; (0,2) left; (1,1) up." in text
