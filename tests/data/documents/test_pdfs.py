"""PDFs: words where a viewer shows them, and clear words for what cannot be read."""

import numpy as np
import pytest

pytest.importorskip("pdfplumber", reason="needs the extra documents")
pytest.importorskip("facturx", reason="needs the extra documents")

from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from rlnotes.data.documents.pdfs import read_pdf
from tests.data.documents.invoice_files import TARGET, cii
from tests.data.documents.pdf_files import NAMELESS, write_pdf

# From the bottom left of 200 x 300; text of 10 points.
PAGE = [(20, 250, "Invoice 7"), (20, 200, "Total"), (120, 200, "1.234,50")]


def places(document) -> dict:
    """Left and middle of each segment, to whole points."""
    middles = (document.boxes[:, 1] + document.boxes[:, 3]) / 2
    return {
        text: (round(left), round(middle))
        for text, left, middle in zip(document.segments, document.boxes[:, 0], middles, strict=True)
    }


def test_words_are_joined_and_count_from_the_top_left(tmp_path):
    (document,), problems = read_pdf(write_pdf(tmp_path / "a.pdf", PAGE, [(5, 5, "end")]))
    assert not problems
    assert document.name == "a.pdf"
    assert document.segments == ("Invoice 7", "Total", "1.234,50", "end")
    assert document.pages.tolist() == [0, 0, 0, 1]
    assert document.page_sizes.tolist() == [[200, 300]] * 2
    assert document.target is None
    # a baseline at 250 of 300 lies 50 below the top; the middle is above it
    assert places(document) == {
        "Invoice 7": (20, 47),
        "Total": (20, 97),
        "1.234,50": (120, 97),
        "end": (5, 292),
    }
    # the widths of Helvetica: 278 + 556 + 500 + 556 + 222 + 500 + 556 + 278 + 556
    assert document.boxes[0, 2] - document.boxes[0, 0] == pytest.approx(40.02)


def test_lines_that_overlap_are_not_mixed(tmp_path):
    page = [(20, 200, "1.234,50"), (30, 198, "99,00")]
    (document,), _ = read_pdf(write_pdf(tmp_path / "a.pdf", page))
    assert set(document.segments) == {"1.234,50", "99,00"}


@pytest.mark.parametrize(("left", "segments"), [(26.5, ("50",)), (28, ("5 0",))])
def test_a_gap_of_more_than_15_percent_of_the_size_parts_words(tmp_path, left, segments):
    # A 5 of 10 points is 5.56 wide, so it ends at 25.56.
    path = write_pdf(tmp_path / "a.pdf", [(20, 200, "5"), (left, 200, "0")])
    (document,), _ = read_pdf(path)
    assert document.segments == segments


def test_a_font_that_does_not_say_its_letters_is_reported(tmp_path):
    page = [(20, 200, "\0\1\0\2"), (20, 100, "\0\3")]
    _, (problem,) = read_pdf(write_pdf(tmp_path / "a.pdf", page, font=NAMELESS))
    assert problem[1:] == ("a.pdf, page 1", "2 words in a font that does not say its letters")


def test_text_and_pictures_inside_a_form_are_seen(tmp_path):
    inner = PdfReader(write_pdf(tmp_path / "a.pdf", PAGE)).pages[0]
    picture = PdfReader(scanned(tmp_path / "b.pdf")).pages[0]
    for name, page in (("c.pdf", inner), ("d.pdf", picture)):
        writer = PdfWriter()
        writer.append(write_pdf(tmp_path / "first.pdf", [(5, 5, "end")]))
        outer = writer.add_blank_page(200, 300)
        form = DecodedStreamObject()
        form.set_data(page.get_contents().get_data())
        form.update(
            {
                NameObject("/Type"): NameObject("/XObject"),
                NameObject("/Subtype"): NameObject("/Form"),
                NameObject("/BBox"): page.mediabox,
                NameObject("/Resources"): page["/Resources"].clone(writer),
            }
        )
        shown = DecodedStreamObject()
        shown.set_data(b"/Fm0 Do")
        outer[NameObject("/Resources")] = DictionaryObject(
            {
                NameObject("/XObject"): DictionaryObject(
                    {NameObject("/Fm0"): writer._add_object(form)}
                )
            }
        )
        outer[NameObject("/Contents")] = writer._add_object(shown)
        writer.write(tmp_path / name)
    (document,), _ = read_pdf(tmp_path / "c.pdf")
    assert document.segments == ("end", "Invoice 7", "Total", "1.234,50")
    _, (problem,) = read_pdf(tmp_path / "d.pdf")
    assert problem.message == "pictures and no text: scanned?"


def test_a_frame_that_does_not_begin_at_zero_moves_nothing(tmp_path):
    moved = [(x + 30, y - 40, text) for x, y, text in PAGE]
    path = write_pdf(tmp_path / "a.pdf", moved, media=(30, -40, 230, 260))
    (document,), _ = read_pdf(path)
    (plain,), _ = read_pdf(write_pdf(tmp_path / "b.pdf", PAGE))
    np.testing.assert_allclose(document.boxes, plain.boxes, atol=1e-6)
    assert document.page_sizes.tolist() == [[200, 300]]


def test_a_cropped_page_shows_less_and_says_so(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", PAGE, crop=(30, 190, 210, 240))
    (document,), (problem,) = read_pdf(path)
    assert document.segments == ("Total", "1.234,50")
    assert document.page_sizes.tolist() == [[170, 50]]  # no wider than the paper
    assert places(document) == {"Total": (0, 37), "1.234,50": (90, 37)}  # Total is cut
    assert problem == ("a.pdf", "a.pdf, page 1", "2 words outside the visible page are left out")


def test_a_crop_box_without_an_area_is_ignored(tmp_path):
    (document,), problems = read_pdf(write_pdf(tmp_path / "a.pdf", PAGE, crop=(300, 0, 400, 9)))
    assert len(document.segments) == 3
    assert not problems


@pytest.mark.parametrize(
    ("turned", "size", "place"),
    [(90, [50, 120], (8, 95)), (180, [120, 50], (5, 8)), (270, [50, 120], (35, 25))],
)
def test_a_turned_page_is_turned_with_its_crop_box(tmp_path, turned, size, place):
    # Seen upright, the crop box of 120 x 50 begins 70 from the left, 60 from the top.
    path = write_pdf(tmp_path / "a.pdf", [(95, 195, "I")], crop=(70, 190, 190, 240), turned=turned)
    (document,), problems = read_pdf(path)
    sideways = ["1 words run up or down and may be cut into letters"] if turned != 180 else []
    assert [problem.message for problem in problems] == sideways
    assert document.page_sizes.tolist() == [size]
    left, top, right, bottom = document.boxes[0]
    upright = (25, 36.5, 27.8, 46.5)  # left, top, right, bottom in the crop box
    width, height = 120, 50
    expected = {
        90: (height - upright[3], upright[0], height - upright[1], upright[2]),
        180: (width - upright[2], height - upright[3], width - upright[0], height - upright[1]),
        270: (upright[1], width - upright[2], upright[3], width - upright[0]),
    }[turned]
    np.testing.assert_allclose((left, top, right, bottom), expected, atol=1.5)


def test_an_embedded_invoice_is_the_target(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", PAGE, files=[("factur-x.xml", cii().encode())])
    (document,), problems = read_pdf(path, name="b/a.pdf")
    assert document.name == "b/a.pdf"
    assert document.target == TARGET
    assert not problems


def test_an_embedded_invoice_that_cannot_be_read_leaves_the_words(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", PAGE, files=[("factur-x.xml", b"<a")])
    (document,), (problem,) = read_pdf(path)
    assert document.target is None
    assert len(document.segments) == 3
    assert problem.message.startswith("factur-x.xml: broken XML")
    assert problem.message.endswith("read without a target")


def scanned(path):
    Image.new("L", (80, 100), 255).save(path)
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (scanned, "no text in this PDF: scanned?"),
        (lambda path: write_pdf(path, []), "no text in this PDF"),
        (lambda path: write_pdf(path, PAGE, password="x"), "encrypted"),
        (lambda path: write_pdf(path), "no pages"),
        (lambda path: path.write_bytes(b"no PDF at all"), "broken PDF"),
        (lambda path: path.write_bytes(b""), "broken PDF"),
        (lambda path: None, "No such file"),
    ],
)
def test_a_pdf_that_cannot_be_read_says_why(tmp_path, make, message):
    path = tmp_path / "a.pdf"
    make(path)
    documents, (problem,) = read_pdf(path)
    assert not documents
    assert problem[:2] == ("a.pdf", "a.pdf")
    assert message in problem.message


def test_half_a_pdf_is_read_or_refused_but_never_raises(tmp_path):
    whole = write_pdf(tmp_path / "a.pdf", PAGE).read_bytes()
    for length in range(0, len(whole), 97):
        path = tmp_path / "half.pdf"
        path.write_bytes(whole[:length])
        documents, problems = read_pdf(path)
        assert documents or problems


def test_a_scanned_page_among_others_is_reported(tmp_path):
    writer = PdfWriter()
    writer.append(write_pdf(tmp_path / "a.pdf", PAGE))
    writer.append(scanned(tmp_path / "b.pdf"))
    writer.write(tmp_path / "c.pdf")
    (document,), (problem,) = read_pdf(tmp_path / "c.pdf")
    assert len(document.page_sizes) == 2
    assert problem[1:] == ("c.pdf, page 2", "pictures and no text: scanned?")
