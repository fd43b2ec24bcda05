"""The README's animation: frames with a pointer, as a GIF that knows its settings."""

import io
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

MILLISECONDS = 110  # for each frame
# One more, for what stays as it was, makes a table of 64.
COLOURS = 63
SIZE = 880, 434
CANVAS = 8, 102, 868, 328  # of the explorer's picture: left, top, width, height
_OUTLINE = [(0, 0), (0, 17), (4, 13.2), (6.6, 19.6), (9.4, 18.4), (6.8, 12.2), (12.2, 12.2)]
_FINE = 8  # the pointer is drawn this much larger, for smooth edges


class Animation(NamedTuple):
    """`pictures`: [N, height, width, 3] bytes; `values`: the slider's, one for each."""

    pictures: np.ndarray
    values: list[float]
    milliseconds: set[int]
    loop: int | None

    @property
    def canvases(self) -> np.ndarray:
        """What the explorer shows in each frame."""
        left, top, width, height = CANVAS
        return self.pictures[:, top : top + height, left : left + width]


def with_pointer(picture: np.ndarray, place: tuple[float, float]) -> np.ndarray:
    """The picture with a mouse pointer, its tip at (x, y): screenshots have none."""
    height, width, _ = picture.shape
    x, y = place
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(f"place must lie within {(width, height)}, got {place}")
    column, row = int(x), int(y)
    side = 24 * _FINE
    arrow = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    origin = 2 + x - column, 2 + y - row
    points = [
        tuple(_FINE * (o + p) for o, p in zip(origin, point, strict=True)) for point in _OUTLINE
    ]
    draw = ImageDraw.Draw(arrow)
    draw.polygon(points, fill="black")
    draw.line([*points, *points[:2]], fill="white", width=_FINE, joint="curve")
    drawn = Image.fromarray(picture).convert("RGBA")
    small = arrow.resize((24, 24), Image.Resampling.BOX)
    drawn.paste(small, (column - 2, row - 2), small)
    return np.asarray(drawn.convert("RGB"))


def as_gif(pictures: list[np.ndarray], values: list[float]) -> bytes:
    """An endless loop with one table of colours, the slider's values as its comment.

    Raises:
        ValueError: if the numbers of pictures and of values differ.
    """
    if len(pictures) != len(values):
        raise ValueError(f"values must have length {len(pictures)}, got {len(values)}")
    frames = _few_colours(np.stack(pictures))
    file = io.BytesIO()
    frames[0].save(
        file,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=MILLISECONDS,
        loop=0,
        comment=json.dumps(values).encode(),
    )
    return file.getvalue()


def read_gif(file: Path | bytes) -> Animation:
    """What `as_gif` made."""
    with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as gif:
        values = json.loads(gif.info["comment"])
        loop = gif.info.get("loop")
        pictures, milliseconds = [], set()
        for number in range(gif.n_frames):
            gif.seek(number)
            milliseconds.add(gif.info["duration"])
            pictures.append(np.asarray(gif.convert("RGB")))
    return Animation(np.stack(pictures), values, milliseconds, loop)


def _few_colours(pictures: np.ndarray) -> list[Image.Image]:
    """Pictures with one table: of each part of the colours the commonest, unchanged."""
    codes = pictures.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    found, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    colours = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=-1).astype(int)
    cut = Image.fromarray(np.concatenate(pictures)).quantize(COLOURS, Image.Quantize.MEDIANCUT)
    table = np.array(cut.getpalette(), int).reshape(-1, 3)[:COLOURS]
    parts = _nearest(colours, table)
    for part in np.unique(parts):
        members = np.flatnonzero(parts == part)
        table[part] = colours[members[counts[members].argmax()]]
    numbers = _nearest(colours, table).astype(np.uint8)[places].reshape(codes.shape)
    frames = [Image.fromarray(picture).convert("P") for picture in numbers]
    for frame in frames:
        frame.putpalette(table.astype(np.uint8).tobytes())
    return frames


def _nearest(colours: np.ndarray, table: np.ndarray) -> np.ndarray:
    """For each colour [n, 3] the number of the nearest in the table [m, 3]."""
    return ((colours[:, None] - table) ** 2).sum(axis=-1).argmin(axis=-1)
