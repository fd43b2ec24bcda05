"""Small PDFs of our own making, by pypdf, which comes with the extra `documents`."""

from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("pypdf", reason="needs the extra documents")

from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    RectangleObject,
)

FONT = DictionaryObject(
    {
        NameObject("/Type"): NameObject("/Font"),
        NameObject("/Subtype"): NameObject("/Type1"),
        NameObject("/BaseFont"): NameObject("/Helvetica"),
    }
)


# A font of numbered shapes that does not say which letters they are.
NAMELESS = DictionaryObject(
    {
        NameObject("/Type"): NameObject("/Font"),
        NameObject("/Subtype"): NameObject("/Type0"),
        NameObject("/BaseFont"): NameObject("/Nameless"),
        NameObject("/Encoding"): NameObject("/Identity-H"),
        NameObject("/DescendantFonts"): ArrayObject(
            [
                DictionaryObject(
                    {
                        NameObject("/Type"): NameObject("/Font"),
                        NameObject("/Subtype"): NameObject("/CIDFontType2"),
                        NameObject("/BaseFont"): NameObject("/Nameless"),
                    }
                )
            ]
        ),
    }
)


def add_page(
    writer: PdfWriter,
    texts: Sequence[tuple[float, float, str]],
    size=(200, 300),
    font: DictionaryObject = FONT,
):
    """A page with texts of 10 points, each at a place counted from the bottom left."""
    page = writer.add_blank_page(*size)
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})}
    )
    shown = (f"BT /F1 10 Tf {x} {y} Td ({text}) Tj ET\n" for x, y, text in texts)
    content = DecodedStreamObject()
    content.set_data("".join(shown).encode("latin-1"))
    page[NameObject("/Contents")] = writer._add_object(content)
    return page


def write_pdf(
    path: Path,
    *pages: Sequence[tuple[float, float, str]],
    crop: Sequence[float] | None = None,
    media: Sequence[float] | None = None,
    turned: int = 0,
    password: str = "",
    files: Sequence[tuple[str, bytes]] = (),
    font: DictionaryObject = FONT,
) -> Path:
    """A PDF with a page for each sequence of texts."""
    writer = PdfWriter()
    for texts in pages:
        page = add_page(writer, texts, font=font)
        if media is not None:
            page.mediabox = RectangleObject(tuple(media))
        if crop is not None:
            page.cropbox = RectangleObject(tuple(crop))
        page.rotate(turned)
    for name, content in files:
        writer.add_attachment(name, content)
    if password:
        writer.encrypt(password)
    with path.open("wb") as file:
        writer.write(file)
    return path
