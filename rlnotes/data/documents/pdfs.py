"""Words and boxes of a PDF, and the label from an invoice in XML inside it.

Needs the extra `documents`. Boxes count from the top left of what a viewer shows: the
crop box, turned as the page says, in points.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.e_invoices import read_e_invoice
from rlnotes.data.documents.reading import Problem, Reading, failed, without_messages
from rlnotes.data.documents.segments import join_words

if TYPE_CHECKING:
    import pdfminer.layout
    import pdfplumber


class _Page(NamedTuple):
    words: list[str]
    boxes: np.ndarray
    size: tuple[float, float]
    messages: list[str]


def read_pdf(path: Path | str, *, name: str | None = None) -> Reading:
    """The document in a PDF, with a target if an electronic invoice is embedded.

    Words outside the visible page are left out, those across its edge are cut at the
    edge. A page with pictures but no text was scanned: it needs text recognition first.
    Both are reported, as is an embedded invoice that cannot be read.

    Args:
        path: the file.
        name: the document's name; by default that of the file.

    Returns:
        One document, or none if the file is broken, encrypted, or has no text at all.

    Raises:
        ImportError: without the extra `documents`.
    """
    path = Path(path)
    name = path.name if name is None else name
    try:
        pages = _read_pages(path)
    except (ValueError, OSError) as error:
        return failed(name, name, error)
    problems = [
        Problem(name, f"{name}, page {number}", message)
        for number, page in enumerate(pages, start=1)
        for message in page.messages
    ]
    if not any(page.words for page in pages):
        message = "no text in this PDF: scanned? It needs text recognition first"
        return failed(name, name, message)
    target = None
    try:
        target = read_e_invoice(path)
    except ValueError as error:
        problems.append(Problem(name, name, f"{error}: read without a target"))
    return Reading((_as_document(name, pages, target),), tuple(problems))


def _as_document(name: str, pages: Sequence[_Page], target) -> Document:
    words = [word for page in pages for word in page.words]
    boxes = np.concatenate([page.boxes for page in pages])
    numbers = np.repeat(np.arange(len(pages)), [len(page.words) for page in pages])
    sizes = [page.size for page in pages]
    return Document(name, *join_words(words, boxes, numbers), sizes, target)


def _read_pages(path: Path) -> list[_Page]:
    import pdfplumber  # here, as only these readers need the extra

    with path.open("rb") as file:
        try:
            with without_messages("pdfminer", "pdfplumber"), pdfplumber.open(file) as pdf:
                pages = [_read_page(page) for page in pdf.pages]
        except Exception as error:  # whatever a broken file makes the library raise
            raise ValueError(_explained(error)) from error
    if not pages:
        raise ValueError("this PDF has no pages")
    return pages


def _explained(error: Exception) -> str:
    if "PasswordIncorrect" in repr(error):
        return "this PDF is encrypted: save it without a password first"
    return f"broken PDF: {error or type(error).__name__}"


def _read_page(page: "pdfplumber.page.Page") -> _Page:
    from pdfminer.layout import LTChar, LTImage
    from pdfplumber.utils import extract_words

    items = list(_leaves(page.layout))
    letters = [_letter(item, page) for item in items if isinstance(item, LTChar)]
    found = extract_words(letters, use_text_flow=True, x_tolerance_ratio=0.15)
    boxes = np.array([[w["x0"], w["top"], w["x1"], w["bottom"]] for w in found]).reshape(-1, 4)
    left, top, right, bottom = _visible(page)
    size = (right - left, bottom - top)
    inside = boxes - [left, top, left, top]
    cut = np.clip(inside, 0, [*size, *size])
    kept = (cut[:, 0] < cut[:, 2]) & (cut[:, 1] < cut[:, 3])
    words = [word["text"] for word, is_kept in zip(found, kept, strict=True) if is_kept]
    messages = []
    pictures = any(isinstance(item, LTImage) for item in items)
    page.close()  # else all pages of a long file stay in memory
    if hidden := int((~kept).sum()):
        messages.append(f"{hidden} words outside the visible page are left out")
    if not found and pictures:
        messages.append("pictures and no text: scanned?")
    if sideways := sum(not word["upright"] for word in found):
        messages.append(f"{sideways} words run up or down and may be cut into letters")
    if unknown := sum("(cid:" in word for word in words):
        messages.append(f"{unknown} words in a font that does not say its letters")
    return _Page(words, cut[kept], size, messages)


def _leaves(items: Iterable["pdfminer.layout.LTItem"]) -> Iterator["pdfminer.layout.LTItem"]:
    """What is drawn on a page, also inside its figures, in the order of drawing."""
    from pdfminer.layout import LTContainer

    for item in items:
        if isinstance(item, LTContainer):
            yield from _leaves(item)
        else:
            yield item


def _letter(item: "pdfminer.layout.LTChar", page: "pdfplumber.page.Page") -> dict:
    """What words need of an item of `page.chars`; making all of it takes far longer."""
    left, top = page.mediabox[:2]
    return {
        "text": item.get_text(),
        "x0": item.x0 + left,
        "x1": item.x1 + left,
        "top": (page.height - item.y1) + top,
        "bottom": (page.height - item.y0) + top,
        "doctop": 0,
        "upright": item.upright,
        "size": item.size,
    }


def _visible(page: "pdfplumber.page.Page") -> tuple[float, float, float, float]:
    """The crop box in the coordinates of the words, whatever the rotation."""
    # From the raw boxes, as pdfplumber exchanges the axes of a turned crop box without
    # mirroring it. A quarter turn moves each margin to the next side, clockwise.
    media, crop = page.page_obj.mediabox, page.page_obj.cropbox
    margins = [crop[0] - media[0], media[3] - crop[3], media[2] - crop[2], crop[1] - media[1]]
    margins = np.roll(np.maximum(margins, 0), page.rotation // 90)
    visible = page.bbox + margins * [1, 1, -1, -1]
    left, top, right, bottom = visible.tolist()
    return (left, top, right, bottom) if left < right and top < bottom else page.bbox
