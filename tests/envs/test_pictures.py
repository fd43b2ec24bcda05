"""Pictures of worlds: rows, letters and what must stand there once."""

import re

import numpy as np
import pytest

from rlnotes.envs.pictures import require_picture

RULES = {"letters": "AB.", "once": {"A": "apple", "B": "bench"}}


@pytest.mark.parametrize("picture", [["A.", ".B"], ("AB",), np.array(["A.", ".B"])])
def test_a_grid_of_known_letters_passes(picture):
    require_picture(picture, **RULES)
    require_picture(picture, letters=".BA", once={})


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        ([], "picture must be a sequence of rows of one common length, got []"),
        ("AB", "rows of one common length, got 'AB'"),
        (7, "rows of one common length, got 7"),
        ([1], "rows of one common length, got [1]"),
        (["AB", "."], "rows of one common length, got ['AB', '.']"),
        (["", ""], "rows of one common length, got ['', '']"),
        (["ABy", "..x"], "picture may contain A B and . only, got ['x', 'y']"),
        (["B."], "picture must have exactly one apple A, got 0"),
        (["AB", ".B"], "picture must have exactly one bench B, got 2"),
    ],
)
def test_other_pictures_are_refused_with_the_reason(picture, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        require_picture(picture, **RULES)
