"""The pages of the chapters: whole, linked, readable without a script, from here."""

import json
import re
from html import unescape
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from rlnotes.explorers import class_names
from rlnotes.site.book import chapters_of, shown_by_cell, shown_in
from rlnotes.site.document import figure_of
from rlnotes.site.made import Live
from rlnotes.site.markdown import PageRenderer, page_address
from rlnotes.site.notebook_formulas import in_notebook
from rlnotes.site.pages import job_of, page_of
from tests.site.html_parts import Parts

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
BOOK = chapters_of(NOTEBOOKS)
CODE = ("code", "pre", "span")


def live(shown):
    return {"name": shown.name, "files": [f"frames/{shown.name}-0.js"], "setting": [0]}


@pytest.fixture(scope="module")
def pages():
    return {chapter.address: page_of(chapter, BOOK, live) for chapter in BOOK}


@pytest.fixture(scope="module")
def parts(pages):
    return {address: Parts(page.html) for address, page in pages.items()}


def cells_of(address: str) -> list:
    (chapter,) = (chapter for chapter in BOOK if chapter.address == address)
    return nbformat.read(chapter.path, as_version=4).cells


def is_asked(cell) -> bool:
    """Whether the cell shows a quiz, or waits for a text of the reader."""
    shown = [output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", [])]
    ends = cell.source.rstrip().endswith
    is_quiz = (ends('"]') and "quizzes()" in cell.source) or "quiz_of_column(" in cell.source
    return is_quiz or any(text.startswith("Write your answer first") for text in shown)


ADDRESSES = [chapter.address for chapter in BOOK]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_well_formed_and_names_each_place_once(parts, address):
    page = parts[address]
    assert page.faults == []
    assert page.open == []
    assert sorted(page.ids) == sorted(set(page.ids))
    assert {cell.id for cell in cells_of(address)} <= set(page.ids)


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_link_leads_to_a_place(parts, address):
    for attributes in parts[address].all("a"):
        target, _, place = attributes.get("href", "").partition("#")
        if target.startswith("https://") or "id" in attributes:
            continue
        assert target in ("", "index.html", *ADDRESSES), attributes
        if place:
            assert unquote(place) in parts[target or address].ids, attributes


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_is_loaded_from_elsewhere(parts, pages, address):
    loaded = [a["src"] for a in parts[address].all("img", "script", "iframe", "source")]
    loaded += [a["href"] for a in parts[address].all("link") if a["href"] != "data:,"]
    assert {"assets/explorers.js", "assets/book.css"} <= set(loaded)
    pictures = [name for name in loaded if not name.startswith("assets/")]
    assert sorted(pictures) == sorted(pages[address].pictures)
    assert "url(" not in pages[address].html


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_picture_is_described_and_has_its_place_before_it_is_there(parts, address):
    for attributes in parts[address].all("img"):
        assert len(attributes["alt"]) > 10
        assert attributes["alt"] != "No description has been provided for this image"
        assert attributes["loading"] == "lazy"
        assert int(attributes["width"]) > 100
        assert int(attributes["height"]) > 100


@pytest.mark.parametrize("chapter", BOOK, ids=ADDRESSES)
def test_every_formula_is_mathml(pages, parts, chapter):
    contents = pages[chapter.address].html.partition("<main")[0].count("<math")
    found = len(parts[chapter.address].all("math"))
    assert found - contents == len(in_notebook(chapter.path))
    for element, text in parts[chapter.address].text:
        if element not in CODE:
            assert not re.search(r"\$[^$]+\$|\\[a-z]", text), text


@pytest.mark.parametrize("address", ADDRESSES)
def test_answers_stand_folded(pages, address):
    answers = [
        cell.id
        for cell in cells_of(address)
        if cell.cell_type == "code" and "answer" in cell.metadata.get("tags", [])
    ]
    for name in answers:
        begin = rf'<section class="code" id="{name}">\s*<details class="answer"><summary>'
        assert re.search(begin, pages[address].html)
    asked = [cell.id for cell in cells_of(address) if is_asked(cell)]
    assert bool(asked) == (address == "11_review.html")
    sections = re.findall(
        r'<section id="([^"]+)" class="text">|<section class="code" id="([^"]+)">'
        r"(.*?)</section>",
        pages[address].html,
        re.DOTALL,
    )
    folded = [name for _, name, text in sections if '<details class="answer">' in text]
    assert sorted(folded) == sorted([*answers, *asked])
    assert "Write your answer first: at least" not in pages[address].html
    assert "<details open" in pages[address].html  # the contents, and nothing else
    assert pages[address].html.count("<details open") == 1


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_takes_its_name_from_a_formula_has_it_in_words(pages, address):
    named = re.findall(
        r"<(h[1-6]|th|a|summary|button)\b([^>]*)>((?:(?!</\1>).)*<math.*?)</\1>",
        pages[address].html,
        re.DOTALL,
    )
    for _, attributes, text in named:
        (label,) = re.findall(r'aria-label="([^"]+)"', attributes)
        leaves = "".join(unescape(re.sub(r"<[^>]*>", "", text)).split())
        assert "".join(unescape(label).split()) == leaves
    assert len(named) == {"03": 12, "04": 1, "05": 5, "06": 2, "08": 1}.get(address[:2], 0)


@pytest.mark.parametrize("address", ADDRESSES)
def test_headings_come_in_order(parts, address):
    levels = [int(tag[1]) for tag, _ in parts[address].elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_explorer_that_a_chapter_shows_is_a_figure_with_its_text(parts, pages):
    shown = []
    for address in ADDRESSES:
        cells = [cell for cell in cells_of(address) if shown_by_cell(cell)]
        names = [shown_by_cell(cell).name for cell in cells]
        figures = parts[address].all("figure")
        assert [json.loads(figure["data-name"]) for figure in figures] == names
        captions = re.findall("<figcaption>(.*?)</figcaption>", pages[address].html, re.DOTALL)
        assert len(captions) == len(names)
        for cell, caption in zip(cells, captions, strict=True):
            assert unescape(caption) == cell.outputs[0]["data"]["text/plain"]
        shown += names
    assert set(shown) == set(class_names())


def test_each_page_leads_to_its_neighbours(parts):
    for place, address in enumerate(ADDRESSES):
        ways = {a["rel"]: a["href"] for a in parts[address].all("a") if "rel" in a}
        expected = {"prev": ADDRESSES[place - 1]} if place else {}
        if place + 1 < len(ADDRESSES):
            expected["next"] = ADDRESSES[place + 1]
        assert ways == expected


def test_a_page_is_the_same_bytes_each_time(pages):
    assert page_of(BOOK[1], BOOK, live) == pages[ADDRESSES[1]]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("06_ppo.ipynb#cell-id=b30ca2f0", "06_ppo.html#b30ca2f0"),
        ("06_ppo.ipynb", "06_ppo.html"),
        ("06_ppo.ipynb#the-clip", "06_ppo.html#the-clip"),
        ("#question-1", "#question-1"),
        ("https://example.org/a.ipynb#cell-id=1", "https://example.org/a.ipynb#cell-id=1"),
    ],
)
def test_links_to_notebooks_become_links_to_pages(address, expected):
    assert page_address(address) == expected


def test_headings_have_places_from_their_words():
    renderer = PageRenderer()
    html = renderer.to_html(r"## The weight $\gamma$: *why?*" + "\n\n## The weight\n\n### &amp;\n")
    assert [place for *_, place in renderer.headings] == ["s-the-weight-why", "s-the-weight", "s"]
    assert '<h2 id="s-the-weight-why" aria-label="The weight γ: why?">' in html
    renderer.to_html("## The weight\n")
    assert renderer.headings[-1][2] == "s-the-weight-2"


def test_a_figure_carries_its_data_through_quotes():
    (figure,) = Parts(figure_of({"name": "a'b\"<"}, "", "x < y")).all("figure")
    assert json.loads(figure["data-name"]) == "a'b\"<"


def test_a_page_is_made_again_when_what_it_shows_has_changed(tmp_path):
    chapter = BOOK[0]
    (name,) = {shown.name for shown in shown_in(chapter)}
    live = {name: Live(name, ["frames/a-0.js"], {"x": [1, 2]}, {"x": 1})}
    asked = job_of(chapter, BOOK, live).asked
    assert job_of(chapter, BOOK, live).asked == asked
    path = tmp_path / chapter.path.name
    path.write_text(chapter.path.read_text("utf-8") + " ", encoding="utf-8")
    others = [
        job_of(chapter._replace(path=path), BOOK, live),
        job_of(chapter, [*BOOK[:-1], BOOK[-1]._replace(title="11. Another")], live),
        job_of(chapter, BOOK, {name: live[name]._replace(files=["frames/b-0.js"])}),
        job_of(chapter, BOOK, {name: live[name]._replace(values={"x": [1, 3]})}),
    ]
    assert all(job.asked != asked for job in others)
