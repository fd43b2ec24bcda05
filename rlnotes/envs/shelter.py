"""Hide and seek on a small grid, with or without a hole in its physics.

A seeker walks to a hider who sits behind walls. The way that the maker meant leads
around them, through a door. A ramp lets the seeker climb a box. The hole: who stands on
the box and moves against a wall is not stopped; the box slides onto the wall with its
rider, and goes along the walls from there ("box surfing").
"""

from collections.abc import Sequence

import numpy as np

from rlnotes._checks import (
    float64_array,
    require_finite,
    require_index,
    require_option,
    require_shape,
)
from rlnotes.envs.maze import ACTIONS, Cell
from rlnotes.envs.pictures import require_picture
from rlnotes.functional.finite_mdp import FiniteMDP

PICTURE = ("S.R...", "..B###", "...#H.", "...##.", "......")
_ONCE = {"S": "start", "B": "box", "H": "hider"}

State = tuple[Cell, Cell]  # where the seeker is, where the box is


def shelter(*, hole: bool, picture: Sequence[str] = PICTURE) -> FiniteMDP:
    """Walk to the hider; every step costs 1, so minus the value counts steps.

        S . R . . .      S start, R ramp, B box, H hider, # wall, . floor
        . . B # # #      by the door: 12 steps
        . . . # H .      over the wall, from the box: 6 steps
        . . . # # .
        . . . . . .

    One box, too heavy to push. The rules, the border stopping every move:

    * On the ground one walks on everything but walls and the box. Only from a ramp one
      climbs the box, and only while it stands where it stood at first.
    * From the box one steps down onto anything but a wall; the box stays.
    * The hole: moving against a wall from the box, both slide onto the wall. Without it
      one stays. This is all that `hole` changes.
    * On a wall the box goes with its rider, from wall to wall.

    Actions are up, down, left, right; states are those of `shelter_states`, the same
    with and without the hole. The episode ends at the hider.

    Args:
        hole: True for the physics with the hole, False for the patched one.
        picture: rows of one common length, with one S, one B and one H.

    Raises:
        ValueError: for a hole that is neither True nor False; for a picture with other
            letters, ragged rows, or not exactly one start, box and hider.

    References:
        A toy after Baker et al. (2020), arXiv:1909.07528, where seekers surf on boxes
        since agents there can move with a box whether or not they touch the ground.

    Example:
        >>> shelter(hole=True).num_states  # 7 places of the box * 24 cells + 6 walls
        174
    """
    require_option((False, True), hole=hole)
    states = shelter_states(picture)
    number = {state: index for index, state in enumerate(states)}
    terminal = np.array([_letter(picture, seeker) == "H" for seeker, _ in states])
    transition_probs = np.zeros((len(states), len(ACTIONS), len(states)))
    for state in states:
        for action, direction in enumerate(ACTIONS.values()):
            landing = _landing(picture, state, direction, hole=hole)
            transition_probs[number[state], action, number[landing]] = 1
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=np.where(terminal, 0.0, -1.0)[:, None].repeat(len(ACTIONS), axis=1),
        start_probs=np.eye(len(states))[number[_place(picture, "S"), _place(picture, "B")]],
        terminal=terminal,
        state_names=tuple(f"({s[0]},{s[1]}) box ({b[0]},{b[1]})" for s, b in states),
        action_names=tuple(ACTIONS),
    )


def shelter_states(picture: Sequence[str] = PICTURE) -> list[State]:
    """(seeker, box) of every state, each a (row, column).

    First the box where it stood at first, then on each wall in turn; for each place of
    the box the open cells row by row, and the wall if the seeker is on the box there.
    So the first states are the cells of a maze, in the order of `Maze.cells`.

    Raises:
        ValueError: for a bad picture, as in `shelter`.
    """
    require_picture(picture, letters="SRBH#.", once=_ONCE)
    cells = [(row, column) for row in range(len(picture)) for column in range(len(picture[0]))]
    walls = [cell for cell in cells if _letter(picture, cell) == "#"]
    return [
        (seeker, box)
        for box in [_place(picture, "B"), *walls]
        for seeker in cells
        if seeker == box or _letter(picture, seeker) != "#"
    ]


def greedy_path(mdp: FiniteMDP, action_values: np.ndarray) -> list[int]:
    """States from the likeliest start on, always by the best action.

    Ends at a terminal state, or where a state would come back. Of several best actions,
    and of several states that may follow, the first of the likeliest.

    Args:
        mdp: the tables.
        action_values: [S, A] what the actions are chosen by.

    Raises:
        ValueError: if action_values is not [S, A], or not finite.
    """
    action_values = float64_array("action_values", action_values)
    require_shape((mdp.num_states, mdp.num_actions), action_values=action_values)
    require_finite(action_values=action_values)
    actions = action_values.argmax(axis=-1)
    path, state = [], int(mdp.start_probs.argmax())
    while state not in path:
        path.append(state)
        state = int(mdp.transition_probs[state, actions[state]].argmax())
    return path


def draw_path(path: Sequence[int], *, picture: Sequence[str] = PICTURE) -> list[str]:
    """The picture with a path in it: * on the ground, o on the box. S and H stay.

    Args:
        path: numbers of states, as from `greedy_path`.
        picture: the one whose states they are.

    Raises:
        ValueError: for a bad picture, or a number that is no state.

    Example:
        >>> draw_path([0, 1, 2, 8])
        ['S**...', '..o###', '...#H.', '...##.', '......']
    """
    states = shelter_states(picture)
    rows = [list(row) for row in picture]
    for number in path:
        require_index(len(states), path=number)
        seeker, box = states[number]
        if _letter(picture, seeker) not in "SH":
            rows[seeker[0]][seeker[1]] = "o" if seeker == box else "*"
    return ["".join(row) for row in rows]


def _landing(picture: Sequence[str], state: State, direction: Cell, *, hole: bool) -> State:
    """Where a move leads: the whole physics."""
    seeker, box = state
    target = (seeker[0] + direction[0], seeker[1] + direction[1])
    here, there = _letter(picture, seeker), _letter(picture, target)
    if here == "H" or not there:
        return state
    if there == "#":  # only on the box, and from the floor only through the hole
        rides = seeker == box and (hole or here == "#")
        return (target, target) if rides else state
    climbs = target == box and here != "R"
    return state if climbs else (target, box)


def _letter(picture: Sequence[str], cell: Cell) -> str:
    """What stands there; nothing beyond the border."""
    row, column = cell
    inside = 0 <= row < len(picture) and 0 <= column < len(picture[0])
    return picture[row][column] if inside else ""


def _place(picture: Sequence[str], letter: str) -> Cell:
    return next((row, line.index(letter)) for row, line in enumerate(picture) if letter in line)
