"""The binary frame: what artists draw, as a list of operations for a canvas.

Everything is a sequence of little-endian 16-bit words, so that a browser can read it
as one typed array. Coordinates count from the top left corner, downwards.

    frame    = VERSION  width  height  unit  operation*
    sheet    = VERSION  outline*
    outline  = length  path                      in 1/64 pixel, around its own origin

    operation = kind|flags  length:2  fill:2  stroke:2  [pen] [dashes] [clip]
                [clip path] [hatch]  body        length counts words, all included
    pen       = line width in 1/64 pixel  cap + 4 * join
    dashes    = n  offset:2  n lengths:2         in pixels, as 32-bit floats, since
                                                 errors add up along a line
    clip      = left  top  right  bottom         in pixels
    clip path = path
    hatch     = colour:2  line width in 1/64 pixel  outline  size of its tile in pixels
    path      = points  has codes  2 * points coordinates  [a code for each point]
    body      = path                                         kind PATH
              | path in 1/64 pixel  n  n * (x, y)            kind MARKERS
              | angle in 1/64 degree  n  n * (outline, x, y) kind GLYPHS
              | alpha  columns  rows  affine:12  colours  [palette] pixels   kind IMAGE

Coordinates and the places of markers and glyphs are in 1/unit pixel. A colour has a
byte each for red, green, blue and alpha. Codes are those of Matplotlib: 1 move, 2 line,
3 quadratic, 4 cubic, 79 close; without codes the path is a line through all points.
Outlines are numbered in the order of the sheet. An image has its upper row first: with
a palette one byte per pixel, without (colours = 0) four. Its affine map (six 32-bit
floats a b c d e f, as a canvas takes them) leads from its pixels to those of the frame.

A frame is complete in itself but for the sheet, which only ever grows. Equal
operations have equal bytes, so frames of one figure can share them.
"""

import struct
from typing import NamedTuple

import numpy as np

VERSION = 1
KINDS = PATH, MARKERS, GLYPHS, IMAGE = 0, 1, 2, 3
FILL, STROKE, DASHES, CLIP = 16, 32, 64, 128
CLIP_PATH, HATCH, CENTRED, CRISP = 256, 512, 1024, 2048
FINE = 64  # per pixel: line widths, dashes, outlines
MOVE, LINE, QUADRATIC, CUBIC, CLOSE = 1, 2, 3, 4, 79
_HEAD = struct.Struct("<7H")
LARGEST = 32767
REACH = 320  # pixels around the figure that coordinates reach at least


class Operation(NamedTuple):
    """One operation, unpacked: `flags` name the parts that are there."""

    kind: int
    flags: int
    fill: tuple[int, ...]
    stroke: tuple[int, ...]
    words: np.ndarray


def unit_of(width: float, height: float) -> int:
    """Steps per pixel: a sixteenth, or more where the figure is too large for it.

    Raises:
        ValueError: if a side has more than 16,000 pixels.
    """
    for unit in (16, 8, 4, 2):
        if (max(width, height) + REACH) * unit <= LARGEST:
            return unit
    raise ValueError(f"width and height must be at most 16000 pixels, got {width} x {height}")


def frame_head(width: int, height: int, unit: int) -> bytes:
    """The first four words of a frame."""
    return struct.pack("<4H", VERSION, width, height, unit)


def words(values, *, scale: float = 1) -> bytes:
    """Numbers times `scale`, rounded, as signed words.

    Raises:
        OverflowError: if one does not fit.
    """
    scaled = np.rint(np.asarray(values, dtype=float) * scale)
    if scaled.size and not np.abs(scaled).max() <= LARGEST:
        raise OverflowError(f"a coordinate of {np.abs(scaled).max() / scale:g}")
    return scaled.astype("<i2").tobytes()


def operation(
    kind: int, parts: bytes, *, flags: int = 0, fill=(0, 0, 0, 0), stroke=(0, 0, 0, 0)
) -> bytes:
    """One operation from its parts; colours are RGBA between 0 and 1."""
    length = _HEAD.size // 2 + len(parts) // 2
    head = kind | flags, length & 0xFFFF, length >> 16, *_colour(fill), *_colour(stroke)
    return _HEAD.pack(*head) + parts


def path_words(vertices: np.ndarray, codes: np.ndarray | None, *, unit: float) -> bytes:
    """A path: points [N, 2] in pixels, and codes [N] or None for a plain line."""
    if len(vertices) > LARGEST:
        raise OverflowError(f"a path of {len(vertices)} points")
    head = struct.pack("<2H", len(vertices), codes is not None)
    tail = b"" if codes is None else np.asarray(codes, dtype="<u2").tobytes()
    return head + words(vertices, scale=unit) + tail


def colour_words(rgba) -> bytes:
    """A colour, two words."""
    return struct.pack("<2H", *_colour(rgba))


def unpack(frame: bytes) -> tuple[tuple[int, int, int], list[Operation]]:
    """Width, height and unit of a frame, and its operations.

    Raises:
        ValueError: if the frame has another version or ends too early.
    """
    all_words = np.frombuffer(frame, dtype="<u2")
    if len(all_words) < 4 or all_words[0] != VERSION:
        raise ValueError(f"frame must begin with version {VERSION}, got {all_words[:1].tolist()}")
    place, operations = 4, []
    while place < len(all_words):
        head = all_words[place : place + 7].tolist()
        length = head[1] + (head[2] << 16) if len(head) == 7 else 0
        if not 7 <= length <= len(all_words) - place:
            raise ValueError(f"frame ends within operation {len(operations)}")
        colours = all_words[place + 3 : place + 7].tobytes()
        body = all_words[place + 7 : place + length]
        kind, flags = head[0] & 15, head[0] & ~15
        operations.append(Operation(kind, flags, tuple(colours[:4]), tuple(colours[4:]), body))
        place += length
    return tuple(all_words[1:4].tolist()), operations


def _colour(rgba) -> tuple[int, int]:
    red, green, blue, alpha = (int(255 * channel + 0.5) for channel in rgba)
    return red | green << 8, blue | alpha << 8
