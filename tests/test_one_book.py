"""What makes the chapters one book: links that arrive, order, letters, spelling."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHAPTERS = {int(path.name[:2]): path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
LINK = re.compile(r"\]\(([^()\s]+(?:\([^()]*\)[^()\s]*)*)\)")


def cells(chapter: int) -> list[dict]:
    return json.loads(CHAPTERS[chapter].read_text(encoding="utf-8"))["cells"]


def texts(chapter: int) -> dict[str, str]:
    """Cell id -> source, of the cells of text."""
    return {c["id"]: "".join(c["source"]) for c in cells(chapter) if c["cell_type"] == "markdown"}


def sections(chapter: int) -> dict[str, str]:
    """Section number -> id of the cell that holds its heading."""
    heading = re.compile(r"^## (\d+\.\d+) ", flags=re.MULTILINE)
    return {
        number: name for name, text in texts(chapter).items() for number in heading.findall(text)
    }


def problem(link: str, chapter: int) -> str:
    """Why a link of a chapter does not arrive; empty if it does."""
    path, _, fragment = link.partition("#")
    target = (
        chapter
        if not path
        else next((number for number, file in CHAPTERS.items() if file.name == path), None)
    )
    if target is None:
        return "no such chapter"
    if fragment.startswith("cell-id="):
        names = {cell["id"] for cell in cells(target)}
        return "" if fragment.removeprefix("cell-id=") in names else "no such cell"
    anchors = re.findall(r'<a id="([\w-]+)">', "\n".join(texts(target).values()))
    return "" if not fragment or fragment in anchors else "no such anchor"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_link_inside_the_book_arrives(chapter):
    for name, text in texts(chapter).items():
        for link in LINK.findall(text):
            if not re.match(r"https?:|attachment:", link):
                assert not problem(link, chapter), (name, link)


@pytest.mark.parametrize(
    "link", ["12_more.ipynb", "01_mdp_and_maze.ipynb#cell-id=none", "#no-anchor", "x/README.md"]
)
def test_a_link_to_nowhere_is_found(link):
    assert problem(link, 1)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_section_of_another_chapter_is_named_by_a_link_to_its_heading(chapter):
    linked = re.compile(r"\[[Ss]ection (\d+\.\d+)\]\(([\w.]+)#cell-id=([\w-]+)\)")
    for text in texts(chapter).values():
        for number, file, name in linked.findall(text):
            target = int(number.split(".")[0])
            assert (file, name) == (CHAPTERS[target].name, sections(target)[number]), number


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_section_that_is_named_without_a_link_is_of_this_chapter(chapter):
    # Not one of a paper, whose number stands before it.
    plain = re.compile(r"(?<!\[)(?<!\d, )\b[Ss]ection (\d+\.\d+)\b(?!\])")
    for name, text in texts(chapter).items():
        for number in plain.findall(text):
            assert number in sections(chapter) or "Sutton and Barto" in text, (name, number)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_chapter_after_this_one_is_next_and_what_is_needed_comes_before(chapter):
    text = "\n".join(texts(chapter).values())
    (following,) = re.findall(r"^\*\*Next\.\*\* (.+)", text, flags=re.MULTILINE)
    if chapter + 1 in CHAPTERS:
        assert re.match(rf"Chapter {chapter + 1}\b", following), following
    (needed,) = re.findall(r"^\*\*You need\*\* (.+?)(?:\*\*Time|$)", text, flags=re.MULTILINE)
    assert all(
        int(number) < chapter for number in re.findall(r"(?<!\.)\b(\d+)\b(?!\.\d)", needed)
    ), needed
