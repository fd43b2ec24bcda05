"""Words to segments: gaps, lines, pages, and the order of reading."""

import numpy as np
import pytest

from rlnotes.data.documents.segments import join_words

HEIGHT = 10.0


def row(*places: tuple[float, float], top: float = 0.0) -> list[list[float]]:
    return [[left, top, right, top + HEIGHT] for left, right in places]


@pytest.mark.parametrize(
    ("gap", "texts"), [(3, ("a b",)), (13, ("a b",)), (13.5, ("a", "b")), (-5, ("a b",))]
)
def test_words_join_over_a_gap_of_at_most_1_3_heights(gap, texts):
    assert join_words(["a", "b"], row((0, 20), (20 + gap, 60))).texts == texts


def test_words_that_overlap_too_far_stay_apart():
    assert join_words(["a", "b"], row((0, 20), (14, 60))).texts == ("a", "b")


def test_the_lower_of_two_words_counts():
    boxes = [[0, 0, 20, 40], [35, 10, 60, 20]]  # a gap of 15 next to a height of 10
    assert len(join_words(["Big", "small"], boxes).texts) == 2
    boxes = [[0, 0, 20, 40], [28, 10, 60, 20]]  # all of the lower one's height is shared
    assert len(join_words(["Big", "small"], boxes).texts) == 1
    assert len(join_words(["small", "Big"], [[0, 10, 20, 20], [28, 0, 60, 40]]).texts) == 1


@pytest.mark.parametrize(("shift", "count"), [(5, 1), (5.1, 2)])
def test_words_on_one_line_share_half_their_height(shift, count):
    boxes = [[0, 0, 20, 10], [22, shift, 40, 10 + shift]]
    assert len(join_words(["a", "b"], boxes).texts) == count


def test_a_page_or_a_line_key_separates():
    boxes = row((0, 20), (22, 40))
    assert len(join_words(["a", "b"], boxes, np.array([0, 1])).texts) == 2
    assert len(join_words(["a", "b"], boxes, line_keys=[7, 8]).texts) == 2
    assert len(join_words(["a", "b"], boxes, np.array([1, 1]), [7, 7]).texts) == 1


def test_a_segment_covers_its_words_and_keeps_its_page():
    joined = join_words(["a", "b", "c"], [[5, 1, 20, 9], [22, 0, 40, 10], [0, 50, 9, 60]], [3] * 3)
    assert joined.texts == ("a b", "c")
    assert joined.boxes.tolist() == [[5, 0, 40, 10], [0, 50, 9, 60]]
    assert joined.pages.tolist() == [3, 3]


def test_segments_are_read_by_page_then_rows_then_from_the_left():
    words = ["last", "9.60", "foot", "Total", "head"]
    boxes = row((0, 30)) + row((90, 120), top=51) + row((0, 30), top=90)
    boxes += row((0, 30), top=49) + row((0, 30))
    joined = join_words(words, boxes, np.array([1, 0, 0, 0, 0]))
    assert joined.texts == ("head", "Total", "9.60", "foot", "last")
    assert joined.boxes[2].tolist() == [90, 51, 120, 61]
    assert joined.pages.tolist() == [0, 0, 0, 0, 1]


def test_in_a_row_the_left_edge_decides_also_where_the_right_one_is_higher():
    boxes = row((90, 120), top=49) + row((0, 30), top=51)
    assert join_words(["9.60", "Total"], boxes).texts == ("Total", "9.60")


def test_no_words_are_no_segments():
    joined = join_words([], [])
    assert (joined.texts, joined.boxes.shape, joined.pages.shape) == ((), (0, 4), (0,))


@pytest.mark.parametrize(
    "arguments", [(["a"], []), (["a"], row((0, 1)), [0, 0]), (["a"], row((0, 1)), [0], [])]
)
def test_lengths_must_fit(arguments):
    with pytest.raises(ValueError, match="one length, got 1"):
        join_words(*arguments)
