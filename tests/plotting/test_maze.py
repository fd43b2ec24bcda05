"""A maze on Axes: what stands in which cell, in which colour, pointing where."""

import numpy as np
import pytest

from rlnotes.envs.maze import Maze
from rlnotes.plotting.maze import ActionValues, MazeGrid, StateValues
from rlnotes.plotting.style import BLUE, GREY, INK, VERMILION, new_figure

PICTURE = ("S.#", "T.G")  # states: (0,0) (0,1) | (1,0) trap, (1,1), (1,2) goal
VALUES = np.array([-10.0, 0.0, 99.0, 10.0, 99.0])  # the ends' values must not be shown
OPEN = [(0, 0), (0, 1), (1, 1)]
MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def grid() -> MazeGrid:
    return MazeGrid(new_figure(1)[1][0], PICTURE)


def rgb(color: str) -> tuple:
    return tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))


def faces(artist, axes) -> np.ndarray:
    axes.figure.canvas.draw()  # colours are mapped when they are drawn
    return artist.patches.get_facecolor()[:, :3]


def hidden(shown: StateValues) -> np.ndarray:
    return np.broadcast_to(shown.arrows.Umask, 12).reshape(3, 4)


def arrow_vectors(shown: StateValues) -> tuple[np.ndarray, np.ndarray]:
    """Horizontal and vertical parts of the arrows, 0 where there is none."""
    u, v = shown.arrows.U.reshape(3, 4), shown.arrows.V.reshape(3, 4)
    return np.where(hidden(shown), 0, u), np.where(hidden(shown), 0, v)


def centre_of(path) -> tuple:
    corners = path.vertices[:4]
    return tuple(((corners.max(axis=0) + corners.min(axis=0)) / 2).tolist())


def test_states_are_numbered_as_in_the_maze_itself(grid):
    assert grid.cells == Maze(picture=PICTURE).cells
    assert grid.open_cells == OPEN
    assert grid.open_states == [0, 1, 3]
    assert grid.start == (0, 0)


def test_rows_run_downwards_and_every_cell_is_whole(grid):
    assert grid.axes.get_xlim() == (-0.5, 2.5)
    assert grid.axes.get_ylim() == (1.5, -0.5)
    assert grid.axes.get_aspect() == 1
    assert (grid.axes.get_xlabel(), grid.axes.get_ylabel()) == ("column", "row")
    assert grid.axes.get_xticks().tolist() == [0, 1, 2]
    assert grid.axes.get_yticks().tolist() == [0, 1]


def test_ends_are_hatched_and_named_and_walls_are_grey(grid):
    names = {text.get_text(): text.get_position() for text in grid.axes.texts}
    assert names == {"trap": (0, 1), "goal": (2, 1)}  # (column, row)
    filled = [patch for patch in grid.axes.patches if patch.get_fill()]
    assert len(filled) == 6
    hatched = {patch.get_xy() for patch in filled if patch.get_hatch()}
    assert hatched == {(-0.5, 0.5), (1.5, 0.5)}
    assert {patch.get_hatchcolor()[:3] for patch in filled if patch.get_hatch()} == {rgb(GREY)}
    grey = [patch.get_xy() for patch in filled if patch.get_facecolor()[:3] == rgb(GREY)]
    assert grey == [(1.5, -0.5)]
    outlines = {patch.get_xy() for patch in grid.axes.patches if not patch.get_fill()}
    assert len(outlines) == 6


def test_each_open_cell_shows_its_own_value(grid):
    shown = StateValues(grid, limit=10)
    shown.update(VALUES, np.full((5, 4), 0.25))
    assert shown.numbers.texts == [f"{MINUS}10.00", "0.00", "10.00"]
    assert shown.numbers.positions.tolist() == [[column, row] for row, column in OPEN]
    squares = [centre_of(path) for path in shown.patches.get_paths()]
    assert squares == [(column, row) for row, column in OPEN]
    assert shown.patches.get_paths()[0].get_extents().size.tolist() == [1, 1]


def mixed(color: str, share: float) -> np.ndarray:
    return share * np.array(rgb(color)) + (1 - share)


def test_values_run_from_vermilion_over_white_to_blue(grid):
    shown = StateValues(grid, limit=10)
    # 256 colours: a step is below 0.008 of a channel; zero lies between two.
    for value, share in ((5, 0.5), (7.5, 0.75), (10, 0.75), (500, 0.75)):
        shown.update(np.array([-value, 0, 99, value, 99]), np.full((5, 4), 0.25))
        expected = [mixed(VERMILION, share), (1, 1, 1), mixed(BLUE, share)]
        np.testing.assert_allclose(faces(shown, grid.axes), expected, atol=0.016)


def luminance(color) -> float:
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("kind", [StateValues, ActionValues])
def test_numbers_can_be_read_however_large_they_are(grid, kind):
    shown = kind(grid, limit=10)
    values, policy = np.array([-1e6, 1e6, 0, -12, 0]), np.full((5, 4), 0.25)
    arguments = (values, policy) if kind is StateValues else (np.tile(values, (4, 1)).T,)
    shown.update(*arguments)
    darkest = min(luminance(face) for face in faces(shown, grid.axes))
    assert (darkest + 0.05) / (luminance(rgb(INK)) + 0.05) >= 4.5  # WCAG 2, level AA


def test_colour_limits_do_not_move_with_the_values(grid):
    states, actions = StateValues(grid, limit=10), ActionValues(grid, limit=5)
    before = [panel.patches.get_clim() for panel in (states, actions)]
    states.update(VALUES / 100, np.full((5, 4), 0.25))
    actions.update(np.full((5, 4), 0.01))
    assert [panel.patches.get_clim() for panel in (states, actions)] == before


def test_three_digits_in_a_wedge_keep_one_decimal(grid):
    shown = ActionValues(grid, limit=10)
    shown.update(np.tile([99.99, 99.996, -512.51, -5.03], (5, 1)))
    assert shown.numbers.texts[:4] == ["99.99", "100.0", f"{MINUS}512.5", f"{MINUS}5.03"]


def test_arrows_point_where_the_policy_goes_and_grow_with_its_probability(grid):
    shown = StateValues(grid, limit=10)
    policy = np.zeros((5, 4))
    policy[0] = [0, 0, 0, 1]  # right
    policy[1] = [0, 0.75, 0.25, 0]  # down, left
    policy[3] = [1, 0, 0, 0]  # up
    policy[[2, 4]] = 0.25  # ends have no arrows
    shown.update(VALUES, policy)
    u, v = arrow_vectors(shown)
    assert np.argwhere(u != 0).tolist() == [[0, 3], [1, 2]]
    assert np.argwhere(v != 0).tolist() == [[1, 1], [2, 0]]
    # Rows are numbered downwards, and so is the axis: down is positive.
    assert u[0, 3] > 0 > u[1, 2]
    assert v[1, 1] > 0 > v[2, 0]
    assert u[0, 3] > v[1, 1] > -u[1, 2] > 0  # 1 > 0.75 > 0.25
    assert -v[2, 0] == u[0, 3]
    tails = shown.arrows.get_offsets().reshape(3, 4, 2)
    for cell, (row, column) in enumerate(OPEN):
        right = tails[cell, 3] - (column, row)
        assert right[0] > 0 == right[1]
        up = tails[cell, 0] - (column, row)
        assert up[1] < 0 == up[0]
    assert right[0] + u[0, 3] < 0.5  # the arrow stays inside its cell


def test_an_action_without_probability_has_no_arrow_at_all(grid):
    shown = StateValues(grid, limit=10)
    policy = np.tile([0.0, 0, 0, 1], (5, 1))
    shown.update(VALUES, policy)
    assert (~hidden(shown)).tolist() == [[False] * 3 + [True]] * 3
    shown.update(VALUES, np.full((5, 4), 0.25))  # and all come back
    assert not hidden(shown).any()


def test_a_drawn_arrow_is_as_long_as_its_data_and_runs_up_the_screen(grid):
    shown = StateValues(grid, limit=10)
    images = []
    for probability in (0.0, 1.0):
        policy = np.zeros((5, 4))
        policy[3, 0] = probability  # up, in cell (1,1)
        shown.update(VALUES, policy)
        grid.axes.figure.canvas.draw()
        images.append(np.asarray(grid.axes.figure.canvas.buffer_rgba()).astype(int))
    rows, columns = np.nonzero((images[0] != images[1]).any(axis=-1))
    to_pixels, height = grid.axes.transData.transform, len(images[0])
    (x, tail), (_, head) = to_pixels([(1, 1 - 0.26), (1, 1 - 0.26 - 0.22)])
    # Pixels, smoothed edges; rows count from above.
    assert (columns.min() + columns.max() + 1) / 2 == pytest.approx(x, abs=1.5)
    assert height - rows.max() - 1 == pytest.approx(tail, abs=1.5)
    assert height - rows.min() == pytest.approx(head, abs=1.5)


def test_the_start_is_named(grid):
    shown = StateValues(grid, limit=10)
    start = shown.artists[-1]
    assert start.texts == ["start"]
    (x, y) = start.positions[0]
    # In the upper left corner of cell (0,0): clear of its number and of the arrow up.
    assert -0.5 < x < -0.2
    assert -0.5 < y < -0.3


def test_each_wedge_shows_its_own_action(grid):
    shown = ActionValues(grid, limit=10)
    table = np.arange(20.0).reshape(5, 4) - 10
    shown.update(table)
    expected = table[[0, 1, 3]].ravel()
    assert shown.patches.get_array().tolist() == expected.tolist()
    assert shown.numbers.texts == [f"{x:.2f}".replace("-", MINUS) for x in expected]
    directions = [(0, -1), (0, 1), (-1, 0), (1, 0)]  # up, down, left, right as (x, y)
    paths, places = shown.patches.get_paths(), shown.numbers.positions
    for cell, (row, column) in enumerate(OPEN):
        for action, direction in enumerate(directions):
            k = 4 * cell + action
            middle = paths[k].vertices[:3].mean(axis=0) - (column, row)
            # The centroid of a wedge: one third of (0 + 0.5 + 0.5) along its direction.
            np.testing.assert_allclose(middle, np.array(direction) / 3, atol=1e-12)
            assert paths[k].contains_point(places[k])
            assert np.dot(places[k] - (column, row), direction) > 0.25


def test_wedges_fill_their_cell_without_overlap(grid):
    paths = ActionValues(grid, limit=10).patches.get_paths()[:4]
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.499, 0.499, size=(200, 2))  # cell (0,0)
    hits = sum(path.contains_points(points).astype(int) for path in paths)
    assert (hits == 1).all()


def test_update_reuses_the_artists_that_are_there(grid):
    states, actions = StateValues(grid, limit=10), ActionValues(grid, limit=10)
    before = list(grid.axes.get_children())
    for _ in range(2):
        states.update(VALUES, np.full((5, 4), 0.25))
        actions.update(np.ones((5, 4)))
    assert grid.axes.get_children() == before
    assert set(states.artists + actions.artists) <= set(before)
    assert {states.patches, states.arrows, states.numbers} < set(states.artists)
    assert set(actions.artists) == {actions.patches, actions.numbers}
