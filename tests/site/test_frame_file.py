"""What a page shows of an explorer is what the explorer shows, at every setting."""

from itertools import product

import numpy as np
import pytest

from rlnotes.explorers import catalog
from rlnotes.site import frame_file
from rlnotes.site.grids import page_values
from rlnotes.site.recorded import record
from tests.site.read_frames import FrameFile

NUM_FRAMES = 60
# A checkbox; menus; pictures that are images; sentences of several patterns.
# The maze has settings without a picture.
SOME = [
    "bradley_terry",
    "decision_helper",
    "maze_values",
    "monte_carlo",
    "ppo_clip",
    "trust_region_step",
]


@pytest.fixture(scope="module", params=SOME)
def both(request):
    explorer = catalog()[request.param]()
    limit = NUM_FRAMES if explorer.in_page is None else 500
    values = page_values(explorer, num_frames=limit)
    yield explorer, values, FrameFile(frame_file.pack(record(explorer, values)))
    explorer.close()


def test_every_setting_has_the_explorers_picture_sentence_and_code(both):
    explorer, values, file = both
    # From the default, backwards: a setting without a picture keeps the one before.
    explorer.set(**explorer.defaults)
    file.frame([some.index(explorer.defaults[name]) for name, some in values.items()])
    for places in reversed(list(product(*(range(len(some)) for some in values.values())))):
        explorer.set(**{name: values[name][k] for name, k in zip(values, places, strict=True)})
        frame, problem = explorer.scene.frame()
        assert problem == ""
        assert file.frame(places) == frame
        assert file.text(places) == explorer.description
        assert file.code(places) == explorer.code
    assert file.sheet == explorer.scene.sheet


def test_the_background_is_that_of_a_panel(both):
    explorer, _, file = both
    fresh = type(explorer)()
    assert file.background == fresh.panel.background
    fresh.close()


def test_the_header_has_what_a_panel_needs(both):
    explorer, values, file = both
    assert file.header["title"] == explorer.title
    assert tuple(file.header["size"]) == explorer.scene.size
    for control, (name, some) in zip(file.header["controls"], values.items(), strict=True):
        assert control["name"] == name
        assert len(control["plain"]) == len(control["code"]) == len(some)
        assert ("fixed" in control) == (len(some) == 1)
        if control["kind"] == "checkbox":
            assert control["value"] is explorer.defaults[name]
        else:
            assert some[control["value"]] == explorer.defaults[name]
            assert len(control["texts"]) == len(some)


def test_the_same_recording_has_the_same_bytes(both):
    explorer, values, _ = both
    first, second = (frame_file.pack(record(explorer, values)) for _ in range(2))
    assert first == second


def test_numbers_have_their_low_bytes_first():
    assert frame_file.numbers([1, 258]) == bytes([1, 2, 0, 1])
    assert frame_file.numbers([]) == b""


@pytest.mark.parametrize("values", [[-1], [65536, 0]])
def test_numbers_that_are_no_words_are_refused(values):
    with pytest.raises(ValueError, match=r"values must be between 0 and 65535, got "):
        frame_file.numbers(values)


def test_a_table_keeps_the_axes_along_which_it_changes():
    full = np.array([[[1, 1], [2, 2]], [[1, 1], [2, 2]]])
    depends, table = frame_file.lookup_table(full)
    assert depends == [1]
    assert table.tolist() == [1, 2]
    assert frame_file.lookup_table(np.zeros((2, 3), int))[0] == []


def test_steps_are_differences_to_the_last_piece_of_that_size():
    pieces = [np.array(words, "<u2").tobytes() for words in ([5, 0], [7], [4, 3], [65535])]
    # 5 0 | 7 | 4-5 3-0 | 65535-7, which is the shorter way -8; folded
    assert frame_file.in_steps(pieces).tolist() == [10, 0, 14, 1, 6, 15]


def test_sentences_of_equal_length_share_a_pattern():
    patterns, rows, columns = frame_file.by_pattern(["V = 1", "V is not shown", "V = 2"])
    assert patterns == [
        {"rows": 2, "words": ["V", "=", ["1", "2"]]},
        {"rows": 1, "words": ["V", "is", "not", "shown"]},
    ]
    assert rows.tolist() == [0, 2, 1]
    assert columns == [[0, 1]]
