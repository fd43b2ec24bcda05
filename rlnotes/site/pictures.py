"""Pictures for the pages."""

import io

from PIL import Image


def with_fewer_colours(png: bytes) -> bytes:
    """The picture with at most 256 colours, if that takes fewer bytes."""
    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    image.save(buffer, "png", optimize=True)
    return min(buffer.getvalue(), png, key=len)


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height in pixels."""
    return Image.open(io.BytesIO(png)).size
