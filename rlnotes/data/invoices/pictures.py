"""A page as a picture: grey text on white, each segment inside its box."""

import math
import unicodedata
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rlnotes._checks import require_index, require_positive
from rlnotes.data.documents.document import Document
from rlnotes.data.invoices.sheets import BOX_HEIGHT

_INK = 60
# The font has ASCII only: what it lacks is printed from what it has, one over another.
_OVERPRINT = {"€": "C=", "£": "L-", "ß": "B"}
# Farthest from the line, up and down, in sizes of the font.
_ASCENT, _DESCENT = 0.82, 0.22


@lru_cache(maxsize=64)
def _font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def render_page(document: Document, page: int = 0, *, scale: float = 1.0) -> Image.Image:
    """The page as a grey picture; the same document gives the same pixels.

    Text is drawn in the font that comes with Pillow, as large as its box is high, and
    made narrower where it is wider than its box. Only pixels that a box touches
    have ink.

    Args:
        document: any document with boxes.
        page: number of the page, from 0.
        scale: pixels for one unit of the page.

    Returns:
        A picture of mode "L", page size times scale, rounded up.

    Raises:
        ValueError: if there is no such page, or the scale is not positive.
    """
    require_index(len(document.page_sizes), page=page)
    require_positive(scale=scale)
    width, height = (max(1, math.ceil(side * scale)) for side in document.page_sizes[page])
    ink = np.zeros((height, width), dtype=np.uint8)
    for text, box, where in zip(document.segments, document.boxes, document.pages, strict=True):
        if where == page:
            _draw(ink, text, box * scale)
    shades = 255 - (ink.astype(np.uint16) * (255 - _INK) // 255).astype(np.uint8)
    return Image.fromarray(shades)


def _draw(ink: np.ndarray, text: str, box: np.ndarray) -> None:
    """Put the text's ink into the pixels that its box touches."""
    left, top = math.floor(box[0]), math.floor(box[1])
    width, height = math.ceil(box[2]) - left, math.ceil(box[3]) - top
    if width < 1 or height < 1:
        return
    size = max(1.0, round((box[3] - box[1]) / BOX_HEIGHT, 1))
    mask = _text_mask(text, height, size)
    if mask.width > width:
        mask = mask.resize((width, height), Image.Resampling.BILINEAR)
    part = ink[top : top + height, left : left + mask.width]
    np.maximum(part, np.asarray(mask), out=part)


def _text_mask(text: str, height: int, size: float) -> Image.Image:
    """Ink of one line of text, as high as its box and as wide as it comes out."""
    font = _font(size)
    shown = [_printable(character) for character in unicodedata.normalize("NFD", text)]
    advances = [font.getlength(character[:1]) for character in shown]
    mask = Image.new("L", (max(1, math.ceil(sum(advances)) + 1), height))
    pen = ImageDraw.Draw(mask)
    baseline = min(round(_ASCENT * size), height - math.ceil(_DESCENT * size))
    x = last = 0.0
    for character, advance in zip(shown, advances, strict=True):
        if character == "\u0308":
            _draw_dots(pen, last, x, height)
            continue
        last = x
        for layer in character:
            pen.text((x, baseline), layer, fill=255, font=font, anchor="ls")
        x += advance
    return mask


def _printable(character: str) -> str:
    return _OVERPRINT.get(character, character)


def _draw_dots(pen: ImageDraw.ImageDraw, left: float, right: float, height: int) -> None:
    """Two dots over the letter between left and right."""
    size = max(1, height // 12)
    for share in (0.3, 0.6):
        x = left + share * (right - left)
        pen.rectangle((x, 1, x + size - 1, size), fill=255)
