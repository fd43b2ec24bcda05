#!/usr/bin/env bash
# pdfplumber 0.11.10: in print below some 11 points, words that are only placed apart are
# one word: "Total" and "12.50" are "Total12.50".
#
# Guess: extract_words puts a border where a space's width lies between two letters, as the
# readers of PyMuPDF and pypdfium2 do, whatever the size of the print.
# Seen: letters belong together if less than 3 points lie between them. A space of
# Helvetica is 0.278 of the size, so 3 points in print of 10.8. Below, words that no
# written space parts run together, as many invoices have them, and amounts hang on their
# labels. x_tolerance_ratio=0.15 goes by the size of the print, and parts them.
#
# Output seen:
#    6 points: Total12.50    by ratio Total | 12.50, PyMuPDF Total | 12.50, pypdfium2 Total | 12.50
#    8 points: Total12.50    by ratio Total | 12.50, PyMuPDF Total | 12.50, pypdfium2 Total | 12.50
#   10 points: Total12.50    by ratio Total | 12.50, PyMuPDF Total | 12.50, pypdfium2 Total | 12.50
#   11 points: Total | 12.50 by ratio Total | 12.50, PyMuPDF Total | 12.50, pypdfium2 Total | 12.50
#   12 points: Total | 12.50 by ratio Total | 12.50, PyMuPDF Total | 12.50, pypdfium2 Total | 12.50
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pdfplumber==0.11.10 reportlab==5.1.0 pymupdf==2.0 \
  pypdfium2==5.15.2
"$folder/venv/bin/python" - <<'PY'
import io

import pdfplumber
import pymupdf
import pypdfium2
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen import canvas

SPACE = 0.278  # of Helvetica, as a share of its size


def page_with(size):
    """A page with two words, each placed by itself, a space's width apart."""
    file = io.BytesIO()
    page = canvas.Canvas(file)
    page.setFont("Helvetica", size)
    page.drawString(50, 700, "Total")
    page.drawString(50 + stringWidth("Total", "Helvetica", size) + SPACE * size, 700, "12.50")
    page.save()
    return file.getvalue()


def plumbed(data, **options):
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        return [word["text"] for word in pdf.pages[0].extract_words(**options)]


TWO = ["Total", "12.50"]
for size in (6, 8, 10, 11, 12):
    data = page_with(size)
    found = plumbed(data), plumbed(data, x_tolerance_ratio=0.15)
    others = (
        [word[4] for word in pymupdf.open(stream=data)[0].get_text("words")],
        pypdfium2.PdfDocument(data)[0].get_textpage().get_text_range().split(),
    )
    print(
        f"{size:>2} points: {' | '.join(found[0]):<14}by ratio {' | '.join(found[1])}, "
        f"PyMuPDF {' | '.join(others[0])}, pypdfium2 {' | '.join(others[1])}"
    )
    assert found[0] == (["Total12.50"] if size < 10.8 else TWO), (size, found)
    assert found[1] == TWO and others == (TWO, TWO), (size, found, others)
PY
