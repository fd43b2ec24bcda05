#!/usr/bin/env bash
# pdfplumber 0.11.10, PyMuPDF 2.0, pypdfium2 5.15.2: on a page that is cropped or turned,
# each has words in another frame, two of them in one that is not the page's.
#
# Guess: the place of a word and the size of its page are in one frame, that of the page as
# one sees it; the readers differ in whether they count from the top or from the bottom.
# Seen: pypdfium2 gives the size of what is seen, and words from the corner of the whole
# page, unturned: a word divided by the size lies elsewhere, or outside. PyMuPDF takes the
# crop off the words, and turns the page, but not them. pdfplumber turns both, and forgets
# the crop in both: the page is the whole one. UserUnit 2 doubles both for PyMuPDF, and
# nothing for the others. So shares of the page, as LayoutLM wants them, are right on plain
# pages with all three, and elsewhere by chance.
#
# Output seen (size of the page; left and top of one word, pypdfium2 from the bottom):
#   plain:
#     pdfplumber 400 x 600   100, 90
#     PyMuPDF    400 x 600   100, 87
#     pypdfium2  400 x 600   100, 509
#   cropped:
#     pdfplumber 400 x 600   100, 90
#     PyMuPDF    300 x 250   50, 37
#     pypdfium2  300 x 250   100, 509
#   turned:
#     pdfplumber 600 x 400   498, 100
#     PyMuPDF    600 x 400   100, 87
#     pypdfium2  600 x 400   100, 509
#   unit 2:
#     pdfplumber 400 x 600   100, 90
#     PyMuPDF    800 x 1200   200, 174
#     pypdfium2  400 x 600   100, 509
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pdfplumber==0.11.10 reportlab==5.1.0 pymupdf==2.0 \
  pypdfium2==5.15.2 pypdf==7.1.1
"$folder/venv/bin/python" - <<'PY'
import io

import pdfplumber
import pymupdf
import pypdf
import pypdfium2
from pypdf.generic import NameObject, NumberObject, RectangleObject
from reportlab.pdfgen import canvas


def page_with(*, crop=None, turn=0, unit=None):
    """A page of 400 x 600 with one word, 100 from the left and 100 from the top."""
    file = io.BytesIO()
    drawn = canvas.Canvas(file, pagesize=(400, 600))
    drawn.setFont("Helvetica", 12)
    drawn.drawString(100, 500, "Total")
    drawn.save()
    page = pypdf.PdfReader(file).pages[0]
    if crop:
        page.cropbox = RectangleObject(crop)
    if turn:
        page.rotate(turn)
    if unit:
        page[NameObject("/UserUnit")] = NumberObject(unit)
    writer, changed = pypdf.PdfWriter(), io.BytesIO()
    writer.add_page(page)
    writer.write(changed)
    return changed.getvalue()


def plumber(data):
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        page = pdf.pages[0]
        (word,) = page.extract_words()
        return page.width, page.height, word["x0"], word["top"]


def mupdf(data):
    page = pymupdf.open(stream=data)[0]
    (word,) = page.get_text("words")
    return page.rect.width, page.rect.height, word[0], word[1]


def pdfium(data):
    page = pypdfium2.PdfDocument(data)[0]
    text = page.get_textpage()
    assert text.count_rects() == 1
    left, _, _, top = text.get_rect(0)
    return *page.get_size(), left, top


CROP = (50, 300, 350, 550)
for said, options, wanted in (
    ("plain", {}, [(400, 600, 100, 90), (400, 600, 100, 87), (400, 600, 100, 509)]),
    ("cropped", {"crop": CROP}, [(400, 600, 100, 90), (300, 250, 50, 37), (300, 250, 100, 509)]),
    ("turned", {"turn": 90}, [(600, 400, 498, 100), (600, 400, 100, 87), (600, 400, 100, 509)]),
    ("unit 2", {"unit": 2}, [(400, 600, 100, 90), (800, 1200, 200, 174), (400, 600, 100, 509)]),
):
    data = page_with(**options)
    print(f"{said}:")
    for name, reader, expected in zip(
        ("pdfplumber", "PyMuPDF", "pypdfium2"), (plumber, mupdf, pdfium), wanted, strict=True
    ):
        found = list(map(round, reader(data)))
        print(f"  {name:<11}{found[0]} x {found[1]}   {found[2]}, {found[3]}")
        assert all(abs(a - b) <= 1 for a, b in zip(found, expected, strict=True)), (name, found)
PY
