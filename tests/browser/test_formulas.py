"""All formulas of the book in a browser, from files, with their font."""

import io
import shutil
from itertools import pairwise

import pytest
from PIL import Image

from rlnotes.site.font import FONT, STYLE
from rlnotes.site.formulas import mathml
from tests.site.book import book

HEAD = f'<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="{STYLE.name}">'
# Element -> its box, for each element that a selector finds.
BOXES = """selector => [...document.querySelectorAll(selector)].map(element => {
    const {width, height, left, right, top, bottom} = element.getBoundingClientRect();
    return {width, height, left, right, top, bottom, text: element.textContent};
})"""


@pytest.fixture
def shown(browser, tmp_path):
    """Opens formulas as a file beside style and font, and measures their elements."""
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    messages = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("requestfailed", lambda request: messages.append(request.url))
    for path in (FONT, STYLE):
        shutil.copy(path, tmp_path)

    def show(*maths: str):
        body = "".join(f"<p>{math}</p>" for math in maths)
        (tmp_path / "page.html").write_text(f"{HEAD}<body>{body}", encoding="utf-8")
        page.goto((tmp_path / "page.html").as_uri())
        fonts = "document.fonts.ready.then(fonts => [...fonts].map(font => font.status))"
        assert page.evaluate(fonts) == ["loaded"]
        return lambda selector: page.evaluate(BOXES, selector)

    show.page = page
    yield show
    assert messages == []
    page.close()


def test_every_formula_has_a_size_that_fits_its_length(shown):
    boxes = shown(*book().values())("math")
    assert len(boxes) == len(book())
    for (tex, display), box in zip(book(), boxes, strict=True):
        assert 6 < box["height"] < 200, tex
        assert 3 < box["width"] <= 1000, tex
        assert box["width"] < 12 * len(tex) + 12 or display, tex


def test_no_part_of_a_formula_leaves_a_page_of_usual_width(shown):
    displays = [math for formula, math in book().items() if formula.display]
    parts = shown(*displays)("math *")
    assert max(part["right"] for part in parts) < 1000
    assert min(part["left"] for part in parts) > 0


def both(tex: str) -> list[str]:
    return [mathml(tex, display=display) for display in (False, True)]


def test_sums_are_larger_in_a_display_and_have_their_limits_below(shown):
    boxes = shown(*both(r"\sum_a \max_b Q"))
    small, large = (box for box in boxes("mo") if box["text"] == "∑")
    assert large["height"] > 1.2 * small["height"]
    for name in ("a", "b"):
        at_side, below = (box for box in boxes("mi") if box["text"] == name)
        assert at_side["top"] < small["bottom"]
        assert below["left"] < large["right"] or name == "b"
    (name,) = (box for box in boxes("munder > mo") if box["text"] == "max")
    assert below["top"] > name["bottom"] - 3
    assert name["left"] < below["left"] < below["right"] < name["right"]


def test_braces_under_a_sum_roots_and_brackets_grow(shown):
    formulas = (r"\binom{n}{k}", "(n)", r"\sqrt{\frac{a}{b}}", r"\sqrt a")
    boxes = shown(*(mathml(tex, display=True) for tex in formulas))
    grown, plain = (box for box in boxes("mo") if box["text"] == "(")
    assert grown["height"] > 1.5 * plain["height"]
    deep, flat = boxes("msqrt")
    assert deep["height"] > 1.5 * flat["height"]


def test_a_brace_is_drawn_below_all_that_it_joins(shown):
    boxes = shown(mathml(r"\underbrace{a + b + c + d}_x", display=True))
    (sum_,) = boxes("munder mrow")
    (label,) = (box for box in boxes("mi") if box["text"] == "x")
    height = label["top"] - sum_["bottom"]
    below = {"x": sum_["left"], "y": sum_["bottom"], "width": sum_["width"], "height": height}
    picture = Image.open(io.BytesIO(shown.page.screenshot(clip=below))).convert("L")
    left, _, right, _ = picture.point(lambda grey: 255 * (grey < 220)).getbbox()
    assert right - left > 0.9 * sum_["width"]


def test_no_room_is_left_beside_roots_and_large_brackets(shown):
    boxes = shown(*(mathml(tex, display=False) for tex in (r"\sqrt m", r"\big(n\big)", "(n)")))
    (root,), (letter,) = boxes("msqrt"), boxes("msqrt mi")
    assert root["right"] - letter["right"] < 2
    large, _, small, _ = boxes("mo")
    assert large["height"] > small["height"]
    assert large["width"] < 1.25 * small["width"]


def test_names_and_signs_are_spaced(shown):
    formulas = (r"\log p", "a = -b", r"\text{a b} + \text{c d}", "a + b", "x_{a+b}")
    boxes = shown(*(mathml(tex, display=False) for tex in formulas))

    def gaps(number: int) -> list[float]:
        parts = boxes(f"p:nth-of-type({number}) :is(mi, mo, mn, mtext)")
        return [b["left"] - a["right"] for a, b in pairwise(parts)]

    assert min(gaps(1)) > 2
    assert gaps(2)[2] < 1 < 3 < min(gaps(2)[:2])
    assert min(gaps(3)) > 3
    assert min(gaps(4)) > 3
    assert max(gaps(5)[1:]) < 1


def test_the_pairs_of_an_aligned_formula_meet_at_their_relation(shown):
    tex = r"\begin{aligned} a &= b + c \\ a + a + a &= b \end{aligned}"
    boxes = shown(mathml(tex, display=True))
    ends = [box["right"] for box in boxes("mtd:first-child > :last-child")]
    signs = [box["left"] for box in boxes("mtd:last-child > :first-child")]
    assert abs(ends[0] - ends[1]) < 1
    assert abs(signs[0] - signs[1]) < 1
    assert 2 < signs[0] - ends[0] < 8
