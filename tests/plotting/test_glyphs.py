"""Text as outlines: laid out as Matplotlib does, hinted, and counted once."""

import string

import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg, get_hinting_flag
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.path import Path

from rlnotes.plotting import frames
from rlnotes.plotting.glyphs import Sheet, Typesetter
from rlnotes.plotting.style import house_style, new_figure
from tests.plotting import replay

DPI = 110
MINUS = "\N{MINUS SIGN}"
PLAIN = [
    "0",
    "3.25",
    f"{MINUS}0.5",
    f"1e{MINUS}3",
    "AVATAR",
    "To",
    "WAVE. Yo, LT",
    "a b",
    " ",
    "  x ",
]
JOINED = ["fi", "ffi office", "flow", "fj", "e\N{COMBINING ACUTE ACCENT}"]
FOREIGN = ["ε = 0.2", "λ π θ", "Äpfel naïve", "≤ →"]
MATHS = [r"$x$", r"$\frac{1}{2}$", r"$\hat A_t = \sum_i x_i^2$", r"$\pi_\theta(a \mid s)$ of it"]
SENTENCES = ["All 95: " + string.printable[:95], "The quick brown fox (jumps) over 13 dogs."]
FONTS = [
    FontProperties(size=size, weight=weight, family=family)
    for size, weight, family in [
        (11, "normal", "sans-serif"),
        (9.5, "bold", "sans-serif"),
        (14, "normal", "serif"),
        (8, "normal", "monospace"),
        (30.3, "normal", "sans-serif"),
    ]
]


@pytest.fixture(autouse=True)
def style():
    with house_style():
        yield


@pytest.fixture
def typesetter():
    return Typesetter(Sheet(), DPI)


def agg(size=(1, 1)) -> RendererAgg:
    return RendererAgg(*size, DPI)


def random_texts() -> list[str]:
    rng = np.random.default_rng(0)
    letters = list(string.ascii_letters + string.digits + f".,+({MINUS} ")
    return ["".join(rng.choice(letters, rng.integers(1, 9))) for _ in range(60)]


TEXTS = PLAIN + JOINED + FOREIGN + MATHS + SENTENCES + random_texts()


@pytest.mark.parametrize("font", FONTS, ids=str)
def test_texts_are_measured_as_agg_does(typesetter, font):
    for text in [*TEXTS, ""]:
        is_maths = text in MATHS
        ours = typesetter.measure(text, font, is_maths)
        theirs = agg().get_text_width_height_descent(text, font, is_maths)
        assert ours == pytest.approx(theirs, abs=1e-9), text


@pytest.mark.parametrize("font", FONTS, ids=str)
def test_letters_stand_where_matplotlib_puts_them(typesetter, font):
    for text in (text for text in TEXTS if text not in MATHS):
        glyphs, boxes = typesetter.line(text, font, 0, False)
        laid_out = agg()._prepare_font(font)._layout(text, flags=get_hinting_flag())
        inked = [item for item in laid_out if has_ink(item, font)]
        np.testing.assert_allclose(glyphs[:, 1], [item.x for item in inked], atol=1e-9)
        np.testing.assert_allclose(glyphs[:, 2], [-item.y for item in inked], atol=1e-9)
        assert len(boxes) == 0


def has_ink(item, font) -> bool:
    item.ft_object.set_size(font.get_size_in_points(), DPI)
    item.ft_object.load_glyph(item.glyph_index)
    return len(item.ft_object.get_path()[0]) > 0


def test_a_formula_is_laid_out_as_agg_does(typesetter):
    font = FontProperties(size=20)
    for text in MATHS:
        glyphs, boxes = typesetter.line(text, font, 0, True)
        parsed = agg().mathtext_parser.parse(text, DPI, font)
        np.testing.assert_array_equal(boxes, np.reshape(parsed.rects, (-1, 4)))
        assert len(glyphs) <= len(parsed.glyphs)
        places = {(round(x, 6), round(-y, 6)) for *_, x, y in parsed.glyphs}
        assert {(round(x, 6), round(y, 6)) for _, x, y in glyphs.tolist()} <= places
    assert [len(typesetter.line(text, font, 0, True)[1]) for text in MATHS] == [0, 1, 0, 0]


@pytest.mark.parametrize("angle", [90, 30, -45, 180])
def test_text_at_an_angle_is_the_same_text_turned(typesetter, angle):
    level, _ = typesetter.line("To 12", FONTS[0], 0, False)
    turned, _ = typesetter.line("To 12", FONTS[0], angle, False)
    back = np.exp(1j * np.radians(angle)) * (turned[:, 1] + 1j * turned[:, 2])
    np.testing.assert_allclose(np.column_stack([back.real, back.imag]), level[:, 1:], atol=1e-9)
    np.testing.assert_array_equal(turned[:, 0], level[:, 0])


def test_an_empty_text_has_no_glyphs(typesetter):
    for text in ("", " "):
        glyphs, boxes = typesetter.line(text, FONTS[0], 0, False)
        assert (glyphs.shape, boxes.shape) == ((0, 3), (0, 4))


def test_features_of_a_font_are_obeyed(typesetter):
    joined, _ = typesetter.line("ffi", FONTS[0], 0, False)
    apart, _ = typesetter.line("ffi", FONTS[0], 0, False, ("-liga",), None)
    assert len(joined) < len(apart) == 3


# Ink.


def drawn_by_agg(text, font, angle) -> np.ndarray:
    renderer = agg((300, 300))
    renderer.draw_text(renderer.new_gc(), 150, 150, text, font, angle, text in MATHS)
    return np.asarray(renderer.buffer_rgba())[..., 3].astype(float)


def drawn_from_outlines(typesetter, text, font, angle) -> np.ndarray:
    glyphs, _ = typesetter.line(text, font, angle, text in MATHS)
    outlines = replay.read_sheet(typesetter.sheet.data)
    renderer, pen = agg((300, 300)), replay._pen()
    for number, x, y in glyphs.tolist():
        turned = replay.Affine2D().rotate_deg(angle)
        upwards = Path(outlines[int(number)].vertices * (1, -1), outlines[int(number)].codes)
        renderer.draw_path(pen, upwards, turned.translate(150 + x, 150 - y), (0, 0, 0, 1))
    return np.asarray(renderer.buffer_rgba())[..., 3].astype(float)


@pytest.mark.parametrize("angle", [0, 90, 30, 200])
@pytest.mark.parametrize("text", ["AVATAR 3.1", "office", "ε gy", MATHS[2]])
@pytest.mark.parametrize("font", FONTS[:4], ids=str)
def test_outlines_fill_the_pixels_that_agg_fills(typesetter, text, font, angle):
    ours = drawn_from_outlines(typesetter, text, font, angle)
    theirs = drawn_by_agg(text, font, angle)
    assert theirs.max() > 200
    assert np.abs(ours - theirs).max() <= 32
    assert ours.sum() == pytest.approx(theirs.sum(), rel=0.02)


def test_without_hints_the_ink_would_differ(typesetter):
    typesetter._hinting = typesetter._hinting.NO_HINTING
    ours = drawn_from_outlines(typesetter, "AVATAR", FONTS[0], 0)
    assert np.abs(ours - drawn_by_agg("AVATAR", FONTS[0], 0)).max() > 64


# The state of fonts.


def disturb():
    font = get_font(findfont(FONTS[0]))
    font.set_size(40, 200)
    font._set_transform(np.array([[30_000, -50_000], [50_000, 30_000]]), [640, 64])
    font.set_text("something else", 33)


def test_what_others_did_to_a_font_does_not_matter():
    clean, disturbed = (Typesetter(Sheet(), DPI) for _ in range(2))
    for text in [*PLAIN, *JOINED, *MATHS[:2]]:
        options = text, FONTS[0], 30, text in MATHS
        expected, boxes = clean.line(*options)
        measured = clean.measure(text, FONTS[0], text in MATHS)
        disturb()
        glyphs, other_boxes = disturbed.line(*options)
        disturb()
        assert disturbed.measure(text, FONTS[0], text in MATHS) == measured
        np.testing.assert_array_equal(glyphs, expected)
        np.testing.assert_array_equal(other_boxes, boxes)
    assert clean.sheet.data == disturbed.sheet.data


def test_recording_text_leaves_no_trace_in_agg(typesetter):
    figure, (axes,) = new_figure(1, size=(4, 3))
    figure.set_layout_engine("none")
    axes.text(0.2, 0.5, r"level $\frac{a}{b}$", size=20)
    axes.text(0.5, 0.1, "turned", rotation=33)

    def pixels():
        figure.canvas.draw()
        return np.array(figure.canvas.buffer_rgba())

    before = pixels()
    for angle in (0, 33, 90):
        typesetter.line("level turned 0.2468", FontProperties(size=20), angle, False)
        typesetter.line(r"$\frac{a}{b}$", FontProperties(size=40), angle, True)
        np.testing.assert_array_equal(pixels(), before)


def test_a_font_that_changes_later_changes_no_text(typesetter):
    font = FontProperties(size=10)
    first, _ = typesetter.line("ab", font, 0, False)
    narrow = typesetter.measure("ab", font, False)[0]
    font.set_size(20)
    second, _ = typesetter.line("ab", font, 0, False)
    assert second[1, 1] > 1.8 * first[1, 1]
    np.testing.assert_array_equal(
        typesetter.line("ab", FontProperties(size=10), 0, False)[0], first
    )
    assert typesetter.measure("ab", FontProperties(size=10), False)[0] == narrow


# The sheet.


def test_an_outline_is_counted_once_and_never_renumbered():
    sheet = Sheet()
    square = np.array([[0, 0], [1, 0], [1, 1]])
    assert sheet.data == frames.words([1])
    assert sheet.number(square, None) == 0
    before = sheet.data
    assert sheet.number(square + 1, [1, 2, 2]) == 1
    assert sheet.number(square, None) == 0
    assert sheet.number(square + 1 / 1000, None) == 0  # the same 64ths of a pixel
    assert len(sheet) == 2
    assert sheet.data.startswith(before)
    first, second = replay.read_sheet(sheet.data)
    np.testing.assert_array_equal(first.vertices, square)
    np.testing.assert_array_equal(second.vertices, square + 1)
    assert second.codes.tolist() == [1, 2, 2]


def test_the_bytes_of_a_sheet_by_hand():
    sheet = Sheet()
    sheet.number(np.array([[0.5, -1], [2, 0]]), None)
    # version | length | points, codes | 64ths of a pixel
    assert np.frombuffer(sheet.data, "<i2").tolist() == [1, 6, 2, 0, 32, -64, 128, 0]


def test_equal_letters_share_an_outline_at_each_size_and_in_each_font(typesetter):
    for font, expected in [(FONTS[0], 2), (FONTS[1], 4), (FONTS[2], 6), (FONTS[0], 6)]:
        typesetter.line("a ba ab", font, 0, False)
        assert len(typesetter.sheet) == expected


def test_the_resolution_is_that_of_the_figure():
    small, large = Typesetter(Sheet(), 72), Typesetter(Sheet(), 144)
    assert large.measure("M", FONTS[0], False)[0] == pytest.approx(
        2 * small.measure("M", FONTS[0], False)[0], rel=0.1
    )
