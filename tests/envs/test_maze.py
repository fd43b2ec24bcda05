"""Mazes: the tables of the 2x3 maze, bumps, walls, rewards, slips, bad pictures."""

import re

import numpy as np
import pytest

from rlnotes.envs.maze import ACTIONS, PICTURE_2X3, Maze, maze_2x3

UP, DOWN, LEFT, RIGHT = range(4)


def landings(maze: Maze, cell: tuple, action: int) -> dict:
    """{cell where one may land: (probability, reward)} read from the tables."""
    mdp = maze.mdp()
    state = maze.cells.index(cell)
    return {
        maze.cells[s]: (
            round(float(mdp.transition_probs[state, action, s]), 12),  # sums of a few slips
            float(mdp.transition_rewards[state, action, s]),
        )
        for s in np.flatnonzero(mdp.transition_probs[state, action])
    }


def test_the_2x3_maze_move_by_move():
    mdp = maze_2x3()
    # S . .   0 1 2    up, down, left, right; a bump stays.
    # T . G   3 4 5
    targets = [[0, 3, 0, 1], [1, 4, 0, 2], [2, 5, 1, 2], [3] * 4, [1, 4, 3, 5], [5] * 4]
    for state, row in enumerate(targets):
        for action, target in enumerate(row):
            assert mdp.transition_probs[state, action].tolist() == np.eye(6)[target].tolist()
    rewards = np.zeros((6, 4))
    rewards[0, DOWN] = rewards[4, LEFT] = -10
    rewards[2, DOWN] = rewards[4, RIGHT] = 10
    assert mdp.expected_rewards.tolist() == rewards.tolist()
    assert mdp.start_probs.tolist() == [1, 0, 0, 0, 0, 0]
    assert mdp.terminal.tolist() == [False, False, False, True, False, True]


def test_names_say_row_and_column_and_the_four_directions():
    mdp = maze_2x3()
    assert mdp.state_names == ("(0,0)", "(0,1)", "(0,2)", "(1,0)", "(1,1)", "(1,2)")
    assert mdp.action_names == ("up", "down", "left", "right") == tuple(ACTIONS)
    assert PICTURE_2X3 == ("S..", "T.G")


def test_walls_are_no_states_and_walking_into_one_stays():
    maze = Maze(picture=("S#.", "..G"), step_reward=-1)
    assert maze.cells == [(0, 0), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert landings(maze, (0, 0), RIGHT) == {(0, 0): (1, -1)}
    assert landings(maze, (0, 2), LEFT) == {(0, 2): (1, -1)}
    assert landings(maze, (1, 1), UP) == {(1, 1): (1, -1)}
    assert landings(maze, (1, 1), LEFT) == {(1, 0): (1, -1)}
    assert maze.mdp().state_names[1] == "(0,2)"


def test_a_bump_costs_the_step_but_enters_nothing():
    maze = Maze(picture=("S.G",), step_reward=-0.5, cell_rewards={(0, 0): 7, (0, 1): 3})
    assert landings(maze, (0, 0), UP) == {(0, 0): (1, -0.5)}  # not 7 - 0.5
    assert landings(maze, (0, 0), LEFT) == {(0, 0): (1, -0.5)}
    assert landings(maze, (0, 0), RIGHT) == {(0, 1): (1, 2.5)}
    assert landings(maze, (0, 1), LEFT) == {(0, 0): (1, 6.5)}  # walking back in pays
    assert landings(maze, (0, 1), RIGHT) == {(0, 2): (1, 9.5)}


def test_entering_an_end_pays_its_reward_plus_the_step():
    maze = Maze(picture=("TSG",), goal_reward=4, trap_reward=-3, step_reward=-1)
    assert landings(maze, (0, 1), LEFT) == {(0, 0): (1, -4)}
    assert landings(maze, (0, 1), RIGHT) == {(0, 2): (1, 3)}
    assert (maze.entry_reward((0, 0)), maze.entry_reward((0, 1))) == (-3, 0)


def test_ends_are_absorbing_and_cost_nothing_even_with_a_step_reward():
    mdp = Maze(picture=("TSG",), step_reward=-1, step_noise=0.5).mdp()
    for state in (0, 2):
        assert mdp.transition_probs[state].tolist() == [np.eye(3)[state].tolist()] * 4
        assert mdp.expected_rewards[state].tolist() == [0] * 4


def test_cell_rewards_replace_what_an_end_pays():
    maze = Maze(picture=("TSG",), cell_rewards={(0, 0): 1.5, (0, 2): 0})
    assert landings(maze, (0, 1), LEFT) == {(0, 0): (1, 1.5)}
    assert landings(maze, (0, 1), RIGHT) == {(0, 2): (1, 0)}
    assert maze.mdp().terminal.tolist() == [True, False, True]


OPEN = ("...", ".S.", "..G")
AROUND = {UP: (0, 1), DOWN: (2, 1), LEFT: (1, 0), RIGHT: (1, 2)}
SIDES = {UP: (LEFT, RIGHT), DOWN: (LEFT, RIGHT), LEFT: (UP, DOWN), RIGHT: (UP, DOWN)}


@pytest.mark.parametrize("action", range(4))
def test_a_slip_goes_to_either_side_half_of_the_noise_each(action):
    one_side, other_side = (AROUND[side] for side in SIDES[action])
    assert landings(Maze(picture=OPEN, step_noise=0.2), (1, 1), action) == {
        AROUND[action]: (0.8, 0),
        one_side: (0.1, 0),
        other_side: (0.1, 0),
    }


def test_noise_zero_never_slips_and_noise_one_always_does():
    assert landings(Maze(picture=OPEN), (1, 1), UP) == {(0, 1): (1, 0)}
    always = landings(Maze(picture=OPEN, step_noise=1), (1, 1), UP)
    assert always == {(1, 0): (0.5, 0), (1, 2): (0.5, 0)}


def test_a_slip_into_the_border_is_a_bump_and_a_slip_into_an_end_pays():
    maze = Maze(picture=("S..", "T.G"), step_noise=0.2, step_reward=-1)
    # Right from the corner: up bumps, down is the trap.
    assert landings(maze, (0, 0), RIGHT) == {
        (0, 1): (0.8, -1),
        (0, 0): (0.1, -1),
        (1, 0): (0.1, -11),
    }
    # Up from the corner bumps, and so does the slip to the left: 0.8 + 0.1.
    assert landings(maze, (0, 0), UP) == {(0, 0): (0.9, -1), (0, 1): (0.1, -1)}
    # 0.8 * -1 + 0.1 * -1 + 0.1 * -11 = -2
    assert maze.mdp().expected_rewards[0, RIGHT] == pytest.approx(-2, abs=1e-12)


BAD = [
    ({"picture": ()}, "rows of one common length, got ()"),
    ({"picture": ("",)}, "rows of one common length, got ('',)"),
    ({"picture": ("S.", "G")}, "rows of one common length, got ('S.', 'G')"),
    ({"picture": "S.G"}, "picture must be a sequence of rows of one common length, got 'S.G'"),
    ({"picture": ("SxG", "?..")}, "picture may contain S G T # and . only, got ['?', 'x']"),
    ({"picture": ("s.G",)}, "picture may contain S G T # and . only, got ['s']"),
    ({"picture": ("..G",)}, "picture must have exactly one start S, got 0"),
    ({"picture": ("SSG",)}, "picture must have exactly one start S, got 2"),
    ({"picture": ("S..",)}, "picture must have a goal G or a trap T, got ['S..']"),
    ({"step_noise": 1.1}, "step_noise must lie in [0, 1], got 1.1"),
    ({"step_noise": -0.1}, "step_noise must lie in [0, 1], got -0.1"),
    ({"picture": None}, "picture must be a sequence of rows of one common length, got None"),
    ({"picture": [1, 2]}, "rows of one common length, got [1, 2]"),
    ({"step_noise": "0.1"}, "step_noise must lie in [0, 1], got '0.1'"),
    ({"goal_reward": None}, "goal_reward must be finite, got None"),
    ({"trap_reward": "-10"}, "trap_reward must be finite, got '-10'"),
    ({"step_reward": float("nan")}, "step_reward must be finite, got nan"),
    ({"cell_rewards": None}, "cell_rewards must map cells to rewards, got None"),
    ({"cell_rewards": {(0, 2): np.inf}}, "cell_rewards must be finite, got inf"),
    ({"cell_rewards": {(0, 3): 1}}, "cell_rewards must be one of [(0, 0), (0, 2)], got (0, 3)"),
    ({"cell_rewards": {(0, 1): 1}}, "got (0, 1)"),  # a wall is never entered
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_mazes_are_refused_with_the_reason(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Maze(**{"picture": ("S#G",), **change})


def test_the_episode_starts_at_the_s_wherever_it_is():
    assert Maze(picture=("..G", "#S.")).mdp().start_probs.tolist() == [0, 0, 0, 1, 0]


def test_a_trap_alone_is_an_end():
    assert Maze(picture=["ST"]).mdp().terminal.tolist() == [False, True]


def test_rewards_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="must be finite"):
        Maze(picture=("SG",), goal_reward=float("nan")).mdp()


def test_the_maze_of_the_book_is_built_once_for_each_noise():
    assert maze_2x3() is maze_2x3()
    noisy = Maze(picture=PICTURE_2X3, step_noise=0.25).mdp()
    np.testing.assert_array_equal(
        maze_2x3(step_noise=0.25).transition_probs, noisy.transition_probs
    )
    assert not maze_2x3().transition_probs.flags.writeable
