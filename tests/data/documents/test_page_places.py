"""Rows, neighbours and pairs, by hand and against slow definitions."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.page_places import (
    PAIRS,
    find_neighbours,
    on_one_row,
    pair_numbers,
    row_numbers,
)
from tests.data.documents.random_pages import messy_document, tidy_document


def page(*boxes, pages=None):
    pages = [0] * len(boxes) if pages is None else pages
    return Document("page", ["A"] * len(boxes), boxes, pages, [(200, 100)] * (max(pages) + 1))


def documents():
    return [*(messy_document(seed) for seed in range(12)), tidy_document(0)]


def slow_same_row(document, i, j):
    if document.pages[i] != document.pages[j]:
        return False
    (_, top_1, _, bottom_1), (_, top_2, _, bottom_2) = document.boxes[[i, j]]
    shared = min(bottom_1, bottom_2) - max(top_1, top_2)
    return shared >= 0 and 2 * shared >= min(bottom_1 - top_1, bottom_2 - top_2)


def test_rows_against_the_slow_definition():
    for document in documents():
        rows = on_one_row(document)
        for i, j in product(range(len(rows)), repeat=2):
            assert rows[i, j] == slow_same_row(document, i, j)


@pytest.mark.parametrize(
    ("boxes", "together"),
    [
        ([[0, 0, 9, 10], [20, 5, 29, 15]], True),  # half of both
        ([[0, 0, 9, 10], [20, 6, 29, 16]], False),
        ([[0, 0, 9, 40], [20, 35, 29, 45]], True),  # half of the less tall one
        ([[0, 0, 9, 10], [20, 10, 29, 10]], True),  # without height, touching
        ([[0, 0, 9, 10], [20, 11, 29, 11]], False),
        ([[0, 0, 9, 0], [20, 0, 29, 0]], True),
    ],
)
def test_one_row_by_hand(boxes, together):
    assert on_one_row(page(*boxes)).tolist() == [[True, together], [together, True]]
    assert not on_one_row(page(*boxes, pages=[0, 1]))[0, 1]


def test_rows_are_counted_in_reading_order():
    boxes = [[0, 50, 9, 60], [0, 0, 9, 10], [20, 51, 29, 61], [20, 1, 29, 11], [40, 80, 49, 90]]
    numbers = row_numbers(on_one_row(page(*boxes)))
    assert numbers.tolist() == [0, 1, 0, 1, 2]
    assert row_numbers(on_one_row(page(*boxes, pages=[0, 0, 1, 1, 1]))).tolist() == [0, 1, 2, 3, 4]


def test_a_staircase_has_the_rows_of_the_first_one_on_each_step():
    same_row = np.eye(4, dtype=bool)
    for i in range(3):
        same_row[i, i + 1] = same_row[i + 1, i] = True
    # The first that share a row: 0 and 1 with 0; 2 with 1; 3 with 2.
    assert row_numbers(same_row).tolist() == [0, 0, 1, 2]


def slow_neighbours(document, i):
    """Of all that lie on a side, the one whose middle is nearest; or the first."""
    left, top, right, bottom = document.boxes[i]
    best = [(np.inf, -1)] * 4
    for j, (other_left, other_top, other_right, other_bottom) in enumerate(document.boxes):
        if document.pages[i] != document.pages[j] or i == j:
            continue
        right_of = (other_left + other_right - left - right) / 2
        below = (other_top + other_bottom - top - bottom) / 2
        if slow_same_row(document, i, j):
            sides = {0: -right_of, 2: right_of}
        elif min(right, other_right) > max(left, other_left):
            sides = {1: -below, 3: below}
        else:
            sides = {}
        for side, distance in sides.items():
            if distance > 0:
                best[side] = min(best[side], (distance, j))
    return [j for _, j in best]


def test_neighbours_against_the_slow_definition():
    for document in documents():
        neighbours = find_neighbours(document)
        assert neighbours.shape == (len(document.segments), 4)
        assert neighbours.dtype == np.int64
        for i, row in enumerate(neighbours.tolist()):
            assert row == slow_neighbours(document, i)


def test_neighbours_by_hand():
    #  0  1      The first row; 2 stands below 0, 3 far below 1.
    #  2
    #     3
    boxes = [[0, 0, 40, 10], [60, 0, 100, 10], [0, 20, 40, 30], [60, 60, 100, 70]]
    assert find_neighbours(page(*boxes)).tolist() == [
        [-1, -1, 1, 2],
        [0, -1, -1, 3],
        [-1, 0, -1, -1],
        [-1, 1, -1, -1],
    ]
    parted = find_neighbours(page(*boxes, pages=[0, 0, 1, 1]))
    assert parted.tolist() == [[-1, -1, 1, -1], [0, -1, -1, -1], [-1] * 4, [-1] * 4]


def test_a_segment_alone_has_no_neighbour():
    assert find_neighbours(page([0, 0, 9, 0])).tolist() == [[-1] * 4]


def slow_pair(document, i, j):
    (left, top, right, bottom), other = document.boxes[i], document.boxes[j]
    one_page = document.pages[i] == document.pages[j]
    row = slow_same_row(document, i, j)
    across = ((other[0] + other[2]) - (left + right)) / 2
    down = ((other[1] + other[3]) - (top + bottom)) / 2
    height = bottom - top
    lines = down / height if height else np.sign(down) * np.inf if down else 0.0
    width = document.page_sizes[document.pages[i]][0]
    return {
        "left in row": row and across < 0,
        "right in row": row and across > 0,
        "aligned": one_page and abs(right - other[2]) <= height,
        "near line": one_page and not row and abs(lines) < 2.5,
        "down": max(-1, min(1, lines / 20)) if one_page else 0,
        "right": max(-1, min(1, across / width)),
        "other page": not one_page,
    }


def test_pairs_against_the_slow_definition():
    for document in documents():
        numbers = pair_numbers(document, on_one_row(document))
        count = len(document.segments)
        assert numbers.shape == (len(PAIRS), count, count)
        assert numbers.dtype == np.float32
        for i, j in product(range(count), repeat=2):
            expected = slow_pair(document, i, j)
            assert numbers[:, i, j] == pytest.approx([float(expected[name]) for name in PAIRS])


def test_pairs_by_hand():
    boxes = [[0, 0, 40, 10], [60, 0, 100, 10], [60, 20, 108, 40]]
    numbers = pair_numbers(page(*boxes), on_one_row(page(*boxes)))
    first_to = dict(zip(PAIRS, numbers[:, 0].T.tolist()[2], strict=True))
    assert first_to == pytest.approx(  # 25 down in heights of 10, 64 across of 200
        {
            **{"left in row": 0, "right in row": 0, "aligned": 0, "near line": 0},
            **{"down": 2.5 / 20, "right": 64 / 200, "other page": 0},
        }
    )
    back = dict(zip(PAIRS, numbers[:, 2, 1].tolist(), strict=True))  # heights of 20 now
    assert back == pytest.approx(
        {
            **{"left in row": 0, "right in row": 0, "aligned": 1, "near line": 1},
            **{"down": -1.25 / 20, "right": -4 / 200, "other page": 0},
        }
    )
    assert numbers[:2, 0, 1].tolist() == [0, 1]
    assert numbers[:2, 1, 0].tolist() == [1, 0]


def test_distances_are_those_of_the_first_segment_and_its_page():
    boxes = [[0, 0, 40, 10], [60, 60, 100, 80]]
    document = Document("two", ["A", "B"], boxes, [0, 1], [(200, 100), (400, 100)])
    numbers = pair_numbers(document, on_one_row(document))
    at = PAIRS.index("right")
    assert numbers[at].tolist() == [[0, pytest.approx(60 / 200)], [pytest.approx(-60 / 400), 0]]
    far = replace(document, boxes=[[0, 0, 40, 10], [360, 60, 400, 80]])  # 360 of 200: cut off
    numbers = pair_numbers(far, on_one_row(far))
    assert numbers[at].tolist() == [[0, 1], [pytest.approx(-360 / 400), 0]]


def test_rows_of_another_document_are_refused():
    with pytest.raises(ValueError, match=r"same_row must have shape \(2, 2\), got \(3, 3\)"):
        pair_numbers(page([0, 0, 9, 9], [0, 9, 9, 18]), np.eye(3, dtype=bool))
