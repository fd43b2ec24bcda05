"""Finds the cell behind every link of the review's data, and what it really shows.

A table of a data file with a key `link` also has `label` and `shows`. A link that
stands elsewhere (a list of pointers, say) must only lead to a cell.
"""

import functools
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rlnotes.review.links import CHAPTER_FILES, Link, parse_link, read_link

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
DATA = sorted((ROOT / "rlnotes" / "review").glob("*.toml"))
LOOKS_LIKE_A_LINK = re.compile(r"\d+#\S+")
SECTION = re.compile(r"^## (\d+\.\d+)?\s*(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    section: str
    text: str


@functools.cache
def cells(chapter: str) -> dict[str, Cell]:
    """The cells of a chapter by id: the section they stand in, source and output."""
    notebook = json.loads((NOTEBOOKS / CHAPTER_FILES[chapter]).read_text("utf-8"))
    return read_cells(notebook, first=str(int(chapter)))


def read_cells(notebook: dict, *, first: str) -> dict[str, Cell]:
    found, section = {}, first
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        headings = SECTION.findall(source) if cell["cell_type"] == "markdown" else []
        if headings:
            number, title = headings[-1]
            section = number or title
        assert cell["id"] not in found, f"two cells {cell['id']}"
        found[cell["id"]] = Cell(section, "\n".join([source, *stored_texts(cell)]))
    return found


def stored_texts(cell: dict) -> Iterator[str]:
    for output in cell.get("outputs", []):
        yield "".join(output.get("text", ""))
        for mime, content in output.get("data", {}).items():
            if mime.startswith("text/"):
                yield "".join(content)


def problems(link: Link) -> list[str]:
    """What is wrong with a link: empty if it proves its claim."""
    name = f"{link.chapter}#{link.cell}"
    cell = cells(link.chapter).get(link.cell)
    if cell is None:
        return [f"{name}: no such cell"]
    wrong = []
    if link.shows not in cell.text:
        wrong.append(f"{name}: does not show {link.shows!r}")
    if link.label and link.label.partition(",")[0] != cell.section:
        wrong.append(f"{name}: stands in {cell.section}, labelled {link.label}")
    return wrong


def links_in(data, where: str) -> Iterator[Link]:
    """Every link in nested tables and lists, read by the package."""
    if isinstance(data, dict):
        rest = data
        if "link" in data:
            yield read_link(data, where=where)
            rest = {key: value for key, value in data.items() if key != "link"}
        for key, value in rest.items():
            yield from links_in(value, f"{where}.{key}")
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from links_in(value, f"{where}[{index}]")
    elif isinstance(data, str) and LOOKS_LIKE_A_LINK.fullmatch(data):
        yield parse_link(data)


def links_of_file(path: Path) -> list[Link]:
    return list(links_in(tomllib.loads(path.read_text("utf-8")), path.name))


def problems_of_file(path: Path) -> list[str]:
    """What is wrong with the links of a data file; asserted empty by the tests."""
    return [problem for link in links_of_file(path) for problem in problems(link)]
