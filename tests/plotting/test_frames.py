"""The binary frame, word by word, with numbers worked by hand."""

import struct

import numpy as np
import pytest

from rlnotes.plotting import frames
from tests.plotting import replay

HEAD = (7, 0)  # length of an operation without parts, low and high word
SQUARE = np.array([[0, 0], [1.5, 0], [1.5, -2], [0, -2]])


def words(data: bytes) -> list[int]:
    return np.frombuffer(data, "<u2").tolist()


def test_a_frame_begins_with_version_width_height_and_unit():
    assert words(frames.frame_head(990, 418, 16)) == [1, 990, 418, 16]


@pytest.mark.parametrize(
    ("size", "unit"),
    [
        ((1, 1), 16),
        ((990, 418), 16),
        ((1727, 1), 16),  # (1727 + 320) * 16 = 32752
        ((1728, 1), 8),
        ((1, 1728), 8),
        ((3775, 1), 8),  # (3775 + 320) * 8 = 32760
        ((3776, 1), 4),
        ((7871, 1), 4),
        ((7872, 1), 2),
        ((16000, 16000), 2),
    ],
)
def test_large_figures_have_coarser_coordinates(size, unit):
    assert frames.unit_of(*size) == unit


def test_a_figure_beyond_16000_pixels_is_refused():
    with pytest.raises(ValueError, match=r"width and height must be .* got 20 x 17000"):
        frames.unit_of(20, 17000)


def test_numbers_are_rounded_and_signed():
    assert words(frames.words([1, -1, 2.4, -2.6, 32767])) == [1, 65535, 2, 65533, 32767]
    assert words(frames.words([1.5], scale=16)) == [24]
    assert frames.words([258]) == b"\x02\x01"  # the low byte first


@pytest.mark.parametrize("value", [32768, -32768, np.nan, np.inf])
def test_a_number_that_does_not_fit_is_no_word(value):
    with pytest.raises(OverflowError, match=f"a coordinate of {abs(value):g}"):
        frames.words([0, value])


def test_what_does_not_fit_is_told_before_scaling():
    with pytest.raises(OverflowError, match="a coordinate of 4000"):
        frames.words([4000], scale=16)


def test_a_plain_line_carries_no_codes():
    path = frames.path_words(SQUARE, None, unit=16)
    assert words(path) == [4, 0, 0, 0, 24, 0, 24, 65504, 0, 65504]


def test_codes_follow_the_coordinates():
    path = frames.path_words(SQUARE[:2], np.array([1, 79], np.uint8), unit=2)
    assert words(path) == [2, 1, 0, 0, 3, 0, 1, 79]


def test_a_path_of_too_many_points_is_refused():
    assert words(frames.path_words(np.zeros((32767, 2)), None, unit=1))[0] == 32767
    with pytest.raises(OverflowError, match="a path of 32768 points"):
        frames.path_words(np.zeros((32768, 2)), None, unit=1)


def test_a_colour_has_four_bytes():
    # 255 * (1, 0.5, 0.2, 0.1) = 255, 127.5, 51, 25.5: halves are rounded up.
    assert frames.colour_words((1, 0.5, 0.2, 0.1)) == bytes([255, 128, 51, 26])


def test_an_operation_counts_its_own_words():
    operation = frames.operation(
        frames.MARKERS, b"\1\0\2\0", flags=frames.FILL, fill=(1, 0, 0, 1), stroke=(0, 0, 1, 0)
    )
    assert words(operation) == [1 | 16, 9, 0, 255, 0xFF00, 0, 0x00FF, 1, 2]


def test_an_operation_may_be_longer_than_one_word_counts():
    parts = bytes(2 * 70_000)
    frame = frames.frame_head(1, 1, 16) + frames.operation(frames.IMAGE, parts)
    assert words(frame)[5:7] == [70_007 - 65_536, 1]
    _, (operation,) = frames.unpack(frame)
    assert len(operation.words) == 70_000


def test_what_is_packed_is_unpacked():
    first = frames.operation(frames.PATH, frames.words([5, -5]), flags=frames.STROKE | frames.CRISP)
    second = frames.operation(frames.IMAGE, b"", fill=(0, 0, 0, 1))
    head, operations = frames.unpack(frames.frame_head(300, 200, 8) + first + second)
    assert head == (300, 200, 8)
    assert [(it.kind, it.flags) for it in operations] == [(0, 32 | 2048), (3, 0)]
    assert operations[0].words.tolist() == [5, 65531]
    assert operations[1].fill == (0, 0, 0, 255)
    assert operations[1].stroke == (0, 0, 0, 0)
    assert operations[1].words.tolist() == []


def test_an_empty_frame_has_no_operations():
    assert frames.unpack(frames.frame_head(3, 2, 16)) == ((3, 2, 16), [])


def test_kinds_and_flags_do_not_overlap():
    flags = [frames.FILL, frames.STROKE, frames.DASHES, frames.CLIP, frames.CLIP_PATH]
    flags += [frames.HATCH, frames.CENTRED, frames.CRISP]
    assert sum(flags) == 16 + 32 + 64 + 128 + 256 + 512 + 1024 + 2048
    assert max(frames.KINDS) < min(flags)
    assert sum(flags) + max(frames.KINDS) <= 0xFFFF


@pytest.mark.parametrize("frame", [b"", b"\1\0", struct.pack("<4H", 2, 1, 1, 16)])
def test_another_version_is_refused(frame):
    with pytest.raises(ValueError, match="frame must begin with version 1, got"):
        frames.unpack(frame)


def test_a_frame_that_was_cut_off_is_refused():
    operation = frames.operation(frames.PATH, frames.words([1, 2, 3]))
    frame = frames.frame_head(3, 2, 16) + operation + operation
    assert len(frames.unpack(frame)[1]) == 2
    for end in range(len(frame) - len(operation) + 2, len(frame), 2):
        with pytest.raises(ValueError, match="frame ends within operation 1"):
            frames.unpack(frame[:end])


def test_an_operation_that_claims_no_length_ends_the_reading():
    frame = frames.frame_head(3, 2, 16) + bytes(14)
    with pytest.raises(ValueError, match="frame ends within operation 0"):
        frames.unpack(frame)


def test_equal_operations_have_equal_bytes():
    def operation():
        return frames.operation(
            frames.PATH, frames.path_words(SQUARE, None, unit=16), stroke=(0.1, 0.2, 0.3, 1)
        )

    assert operation() == operation()


def test_the_second_reader_knows_every_part():
    # Each part once, in the order of the description.
    pen = struct.pack("<2H", 96, 2 + 4 * 1)  # 1.5 pixels, square ends, round joins
    dashes = struct.pack("<H3f", 2, 0.25, 3, 1.5)
    clip = struct.pack("<4H", 1, 2, 30, 40)
    clip_path = frames.path_words(SQUARE, None, unit=16)
    hatch = frames.colour_words((0, 1, 0, 1)) + struct.pack("<3H", 64, 5, 110)
    body = frames.path_words(SQUARE, [1, 2, 2, 79], unit=16)
    flags = frames.FILL | frames.STROKE | frames.DASHES | frames.CLIP | frames.CLIP_PATH
    frame = frames.frame_head(50, 60, 16) + frames.operation(
        frames.PATH,
        pen + dashes + clip + clip_path + hatch + body,
        flags=flags | frames.HATCH | frames.CRISP,
        fill=(1, 0, 0, 1),
        stroke=(0, 0, 1, 1),
    )
    (it,) = replay.read(frame)
    assert (it.kind, it.fill, it.stroke) == ("path", (255, 0, 0, 255), (0, 0, 255, 255))
    assert (it.width, it.cap, it.join) == (1.5, "projecting", "round")
    assert it.dashes == (0.25, [3, 1.5])
    assert it.clip == [1, 2, 30, 40]
    np.testing.assert_array_equal(it.clip_path.vertices, SQUARE)
    assert it.hatch == {"colour": (0, 255, 0, 255), "width": 1.0, "outline": 5, "size": 110}
    np.testing.assert_array_equal(it.path.vertices, SQUARE)
    assert it.path.codes.tolist() == [1, 2, 2, 79]
    assert it.is_crisp
    assert not it.is_centred
