"""Hide and seek: each rule move by move, what the hole is worth, who finds it."""

import re

import numpy as np
import pytest

from rlnotes.envs.maze import ACTIONS, Maze
from rlnotes.envs.shelter import PICTURE, draw_path, greedy_path, shelter, shelter_states
from rlnotes.envs.table_env import TableEnv
from rlnotes.exact.mdp import optimal_values, q_values
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.training.q_learning import Config, train_q_learning

UP, DOWN, LEFT, RIGHT = range(4)
BOTH = pytest.mark.parametrize("hole", [False, True], ids=["patched", "hole"])
BOX, WALLS = (1, 2), [(1, 3), (1, 4), (1, 5), (2, 3), (3, 3), (3, 4)]
HOLE = (8, RIGHT)  # on the box, against the wall beside it
DOOR_SHUT = ("S.R...", "..B###", "...#H.", "...###", "......")


def moves(hole: bool, picture=PICTURE, *, seeker: tuple, box: tuple = BOX) -> list[tuple]:
    """Where up, down, left and right lead: (seeker, box) each."""
    mdp, states = shelter(hole=hole, picture=picture), shelter_states(picture)
    rows = mdp.transition_probs[states.index((seeker, box))]
    assert [row.tolist().count(1) for row in rows] == [1] * 4
    return [states[row.argmax()] for row in rows]


def reachable(mdp: FiniteMDP) -> set[int]:
    """Numbers of all states that some sequence of actions leads to."""
    found, fresh = set(), set(np.flatnonzero(mdp.start_probs).tolist())
    while fresh:
        found |= fresh
        following = mdp.transition_probs[sorted(fresh)].any(axis=(0, 1))
        fresh = set(np.flatnonzero(following).tolist()) - found
    return found


def riding(path: list[int], picture=PICTURE) -> list[tuple]:
    """The walls on which the seeker stands along a path."""
    seekers = [shelter_states(picture)[state][0] for state in path]
    return [(row, column) for row, column in seekers if picture[row][column] == "#"]


# S . R . . .     rows 0 to 4, columns 0 to 5
# . . B # # #
# . . . # H .
# . . . # # .
# . . . . . .


@BOTH
def test_on_the_ground_walls_the_border_and_the_box_stop(hole):
    assert moves(hole, seeker=(0, 0)) == [
        ((0, 0), BOX),
        ((1, 0), BOX),
        ((0, 0), BOX),
        ((0, 1), BOX),
    ]
    assert moves(hole, seeker=(1, 1))[RIGHT] == ((1, 1), BOX)  # too high without the ramp
    assert moves(hole, seeker=(2, 2))[UP] == ((2, 2), BOX)
    assert moves(hole, seeker=(2, 2))[RIGHT] == ((2, 2), BOX)  # a wall
    assert moves(hole, seeker=(4, 5)) == [
        ((3, 5), BOX),
        ((4, 5), BOX),
        ((4, 4), BOX),
        ((4, 5), BOX),
    ]


@BOTH
def test_the_ramp_leads_onto_the_box_and_is_floor_otherwise(hole):
    assert moves(hole, seeker=(0, 2)) == [
        ((0, 2), BOX),
        (BOX, BOX),
        ((0, 1), BOX),
        ((0, 3), BOX),
    ]
    assert moves(hole, seeker=(0, 1))[RIGHT] == ((0, 2), BOX)


@BOTH
def test_from_the_box_one_steps_down_and_the_box_stays(hole):
    ramp, below, left, _ = moves(hole, seeker=BOX)
    assert (ramp, below, left) == (((0, 2), BOX), ((2, 2), BOX), ((1, 1), BOX))


def test_the_hole_is_the_move_from_the_box_against_the_wall():
    assert moves(True, seeker=BOX)[RIGHT] == ((1, 3), (1, 3))
    assert moves(False, seeker=BOX)[RIGHT] == (BOX, BOX)


@BOTH
def test_on_a_wall_the_box_goes_along_to_walls_and_stays_behind_elsewhere(hole):
    assert moves(hole, seeker=(1, 3), box=(1, 3)) == [
        ((0, 3), (1, 3)),
        ((2, 3), (2, 3)),
        ((1, 2), (1, 3)),  # down to where the box stood at first
        ((1, 4), (1, 4)),
    ]
    assert moves(hole, seeker=(1, 4), box=(1, 4))[DOWN] == ((2, 4), (1, 4))  # the hider
    assert moves(hole, seeker=(1, 5), box=(1, 5))[RIGHT] == ((1, 5), (1, 5))  # the border


@BOTH
def test_a_box_on_a_wall_is_out_of_reach_and_leaves_its_place_free(hole):
    for box in WALLS:
        assert moves(hole, seeker=(0, 2), box=box)[DOWN] == (BOX, box)
        assert moves(hole, seeker=(1, 1), box=box)[RIGHT] == (BOX, box)
        assert moves(hole, seeker=BOX, box=box)[RIGHT] == (BOX, box)
    assert moves(hole, seeker=(0, 3), box=(1, 3))[DOWN] == ((0, 3), (1, 3))


@BOTH
def test_a_ramp_leads_onto_no_wall(hole):
    picture = ("SBR#", "..HR", "...#")
    assert moves(hole, picture, seeker=(0, 2), box=(0, 1))[RIGHT] == ((0, 2), (0, 1))
    assert moves(hole, picture, seeker=(1, 3), box=(0, 3))[UP] == ((1, 3), (0, 3))
    assert moves(hole, picture, seeker=(1, 3), box=(2, 3))[DOWN] == ((1, 3), (2, 3))


@BOTH
def test_the_hider_is_the_end_wherever_the_box_is(hole):
    mdp, states = shelter(hole=hole), shelter_states()
    assert [states[s] for s in np.flatnonzero(mdp.terminal)] == [
        ((2, 4), box) for box in [BOX, *WALLS]
    ]
    for box in [BOX, *WALLS]:
        assert moves(hole, seeker=(2, 4), box=box) == [((2, 4), box)] * 4


@BOTH
def test_rows_sum_to_one_and_each_step_costs_one(hole):
    mdp = shelter(hole=hole)
    assert mdp.transition_probs.shape == (174, 4, 174)
    np.testing.assert_array_equal(mdp.transition_probs.sum(axis=-1), 1)
    assert set(np.unique(mdp.transition_probs)) == {0, 1}
    assert mdp.expected_rewards[~mdp.terminal].tolist() == [[-1] * 4] * 167
    assert mdp.expected_rewards[mdp.terminal].tolist() == [[0] * 4] * 7
    assert np.flatnonzero(mdp.start_probs).tolist() == [0]


def test_states_are_named_and_begin_like_those_of_a_maze():
    states = shelter_states()
    assert len(states) == len(set(states)) == 174
    letters = str.maketrans("HRB", "G..")
    maze = Maze(picture=[row.translate(letters) for row in PICTURE])
    assert states[:24] == [(cell, BOX) for cell in maze.cells]
    assert [box for _, box in states[24:]] == [box for box in WALLS for _ in range(25)]
    mdp = shelter(hole=True)
    assert mdp.state_names[8] == "(1,2) box (1,2)"
    assert mdp.state_names[0] == "(0,0) box (1,2)"
    assert mdp.action_names == ("up", "down", "left", "right") == tuple(ACTIONS)


def test_the_start_is_at_the_s_wherever_it_is():
    mdp = shelter(hole=False, picture=("H.", "BS"))
    assert mdp.state_names[np.flatnonzero(mdp.start_probs).item()] == "(1,1) box (1,0)"


def test_the_patch_changes_one_entry_of_the_table():
    holed, patched = shelter(hole=True), shelter(hole=False)
    differs = (holed.transition_probs != patched.transition_probs).any(axis=-1)
    assert np.argwhere(differs).tolist() == [list(HOLE)]
    assert holed.state_names == patched.state_names
    for name in ("expected_rewards", "start_probs", "terminal"):
        assert getattr(holed, name).tolist() == getattr(patched, name).tolist()


def test_exact_steps_to_the_hider_with_and_without_the_hole():
    # By the door: 4 rows down, 5 columns right, 2 rows up, 1 column left.
    # By the box: 2 right, down, 2 right along the wall, down.
    steps = {hole: -optimal_values(shelter(hole=hole), gamma=1) for hole in (False, True)}
    assert steps[False][0] == pytest.approx(12, abs=1e-12)
    assert steps[True][0] == pytest.approx(6, abs=1e-12)
    assert (steps[True] <= steps[False] + 1e-12).all()


@BOTH
def test_with_the_box_away_it_is_an_ordinary_maze(hole):
    letters = str.maketrans("HRB", "G..")
    maze = Maze(picture=[row.translate(letters) for row in PICTURE], goal_reward=0, step_reward=-1)
    by_maze = dict(zip(maze.cells, optimal_values(maze.mdp(), gamma=1), strict=True))
    values = optimal_values(shelter(hole=hole), gamma=1)
    for (seeker, box), value in zip(shelter_states(), values, strict=True):
        if box != BOX and seeker != box:
            assert value == pytest.approx(by_maze[seeker], abs=1e-12)


def test_in_the_patched_world_nobody_gets_onto_a_wall():
    states = shelter_states()
    patched = {states[s] for s in reachable(shelter(hole=False))}
    assert patched == set(states[:24])  # every cell that is no wall, and the box at its place
    holed = {states[s] for s in reachable(shelter(hole=True))}
    assert {seeker for seeker, box in holed if seeker == box} == {BOX, *WALLS}


def test_behind_a_shut_door_only_the_hole_leads_to_the_hider():
    patched, holed = (shelter(hole=hole, picture=DOOR_SHUT) for hole in (False, True))
    assert not patched.terminal[sorted(reachable(patched))].any()
    assert holed.terminal[sorted(reachable(holed))].any()
    # Six steps cost (1 - gamma^6) / (1 - gamma), steps without end 1 / (1 - gamma).
    assert optimal_values(holed, gamma=0.5)[0] == pytest.approx(-(2 - 2 / 64), abs=1e-12)
    assert optimal_values(patched, gamma=0.5)[0] == pytest.approx(-2, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_q_learning_finds_the_hole_and_after_the_patch_the_door(seed):
    config = Config(gamma=1, num_steps=10_000, learning_rate=0.5, seed=seed)
    holed, patched = shelter(hole=True), shelter(hole=False)
    found = train_q_learning(TableEnv(holed), config)
    path = greedy_path(holed, found.q_values)
    assert (len(path) - 1, holed.terminal[path[-1]]) == (6, True)
    assert riding(path)[0] == (1, 3)
    assert path[2:4] == [2, 8]  # from the ramp onto the box
    assert found.episode_lengths.min() < 12  # shorter than the maker thinks possible

    found = train_q_learning(TableEnv(patched), config)
    path = greedy_path(patched, found.q_values)
    assert (len(path) - 1, patched.terminal[path[-1]]) == (12, True)
    assert (riding(path), path.count(8)) == ([], 0)
    assert found.episode_lengths.min() >= 12
    assert found.visits[HOLE] > 0  # it tries the wall, in vain


def test_a_path_is_drawn_into_the_picture():
    states = shelter_states()
    surf = [((0, 0), BOX), ((0, 1), BOX), ((0, 2), BOX), (BOX, BOX)]
    surf += [(wall, wall) for wall in [(1, 3), (1, 4)]] + [((2, 4), (1, 4))]
    assert draw_path([states.index(state) for state in surf]) == [
        "S**...",
        "..ooo#",
        "...#H.",
        "...##.",
        "......",
    ]
    assert draw_path([]) == list(PICTURE)
    # The place of the box, once the box is away, is ground; the start and hider stay.
    assert draw_path([states.index((BOX, (1, 3)))])[1] == "..*###"
    assert draw_path([0], picture=["SB", "H#"]) == ["SB", "H#"]
    assert draw_path([4, 6], picture=["SB", "H#"]) == ["S*", "Ho"]


def test_a_greedy_path_follows_the_best_actions_to_the_end():
    for hole, length in ((True, 7), (False, 13)):
        mdp = shelter(hole=hole)
        path = greedy_path(mdp, q_values(mdp, optimal_values(mdp, gamma=1), gamma=1))
        assert (len(path), path[0]) == (length, 0)
        assert mdp.terminal[path].tolist() == [False] * (length - 1) + [True]


def test_a_greedy_path_ends_where_a_state_would_come_back():
    mdp = shelter(hole=False)
    values = np.zeros((174, 4))
    assert greedy_path(mdp, values) == [0]  # up is the first of equals, and bumps
    values[0, RIGHT] = values[1, LEFT] = 1
    assert greedy_path(mdp, values) == [0, 1]


def test_a_greedy_path_starts_where_most_episodes_do_and_goes_where_most_go():
    mdp = FiniteMDP(
        transition_probs=[[[0.4, 0, 0.6]], [[0.3, 0.3, 0.4]], [[0, 0, 1]]],
        expected_rewards=[[-1], [-1], [0]],
        start_probs=[0.3, 0.7, 0],
        terminal=[False, False, True],
    )
    assert greedy_path(mdp, [[0], [0], [0]]) == [1, 2]


BAD = [
    ({"hole": None}, "hole must be one of [False, True], got None"),
    ({"hole": "yes"}, "hole must be one of [False, True], got 'yes'"),
    ({"picture": ("SB", "H")}, "rows of one common length, got ('SB', 'H')"),
    ({"picture": ("SBHG",)}, "picture may contain S R B H # and . only, got ['G']"),
    ({"picture": ("BH",)}, "picture must have exactly one start S, got 0"),
    ({"picture": ("SBHB",)}, "picture must have exactly one box B, got 2"),
    ({"picture": ("SB",)}, "picture must have exactly one hider H, got 0"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_worlds_are_refused_with_the_reason(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        shelter(**{"hole": True, **change})


@pytest.mark.parametrize("number", [174, -1, 1.0])
def test_a_path_must_hold_numbers_of_states(number):
    message = f"path must be an integer in [0, 174), got {number}"
    with pytest.raises(ValueError, match=re.escape(message)):
        draw_path([0, number])


@pytest.mark.parametrize(
    ("action_values", "message"),
    [
        (np.zeros((174, 3)), "action_values must have shape (174, 4), got (174, 3)"),
        (np.full((174, 4), np.nan), "action_values must be finite"),
    ],
)
def test_bad_action_values_are_refused(action_values, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        greedy_path(shelter(hole=True), action_values)
