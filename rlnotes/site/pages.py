"""A chapter as one HTML page, made from its stored outputs by nbconvert."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbconvert import HTMLExporter

from rlnotes.review.cards import WRITE_FIRST
from rlnotes.site.book import Chapter, shown_in
from rlnotes.site.document import NOTE, document, figure_of, image, neighbours, run_box, ways
from rlnotes.site.kept import Job, Result
from rlnotes.site.made import Live
from rlnotes.site.markdown import PageRenderer, named
from rlnotes.site.pictures import with_fewer_colours
from rlnotes.site.revealed import revealed_by
from rlnotes.site.shown import Shown, shown_by

TEMPLATES = Path(__file__).parent / "templates"


class Page(NamedTuple):
    """The text of a page, and the pictures that it shows: address -> bytes."""

    html: str
    pictures: dict[str, bytes]


def job_of(chapter: Chapter, book: list[Chapter], explorers: Mapping[str, Live]) -> Job:
    """How to make the page of a chapter, with its pictures."""
    needed = [explorers[name] for name in sorted({shown.name for shown in shown_in(chapter)})]
    asked = {
        "notebook": hashlib.sha256(chapter.path.read_bytes()).hexdigest(),
        "book": [[each.path.name, each.title] for each in book],
        "explorers": [live._asdict() for live in needed],
    }
    return Job(chapter.path.stem, asked, partial(page_files, chapter, book, needed))


def page_files(chapter: Chapter, book: list[Chapter], explorers: Iterable[Live]) -> Result:
    """The page of a chapter and its pictures, by their addresses."""
    by_name = {live.name: live for live in explorers}
    page = page_of(chapter, book, lambda shown: by_name[shown.name].at(shown.setting))
    return Result({}, {chapter.address: page.html.encode(), **page.pictures})


def is_unanswered(cell: Mapping) -> bool:
    """Whether a cell waits for a text of the reader, which no page can take."""
    shown = [output.get("data", {}).get("text/plain", "") for output in cell["outputs"]]
    return WRITE_FIRST in shown


def page_of(chapter: Chapter, book: list[Chapter], live: Callable[[Shown], Mapping]) -> Page:
    """The page of a chapter.

    Args:
        chapter: whose page.
        book: all chapters, for the ways between them.
        live: gives what the page must know of an explorer, for `figure_of`.
    """
    renderer, pictures = PageRenderer(), {}

    def picture(output: Mapping, cell: Mapping, alt: str = "") -> str:
        png = with_fewer_colours(base64.b64decode(output["data"]["image/png"]))
        address = f"pictures/{chapter.path.stem}-{cell['id']}-{len(pictures)}.png"
        pictures[address] = png
        told = output["metadata"].get("image/png", {}).get("alt") or output["data"]["text/plain"]
        return image(address, png, alt or told)

    def explorer(cell: Mapping) -> str:
        (output,) = (o for o in cell["outputs"] if "image/png" in o.get("data", {}))
        twin = output["data"]["text/plain"]  # visible, so it is not said twice
        title = twin.partition(" Setting: ")[0]
        return figure_of(live(shown_by(cell["source"])), picture(output, cell, title), twin)

    exporter = HTMLExporter(
        template_name="rlnotes",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    filters = {
        "page_markdown": renderer.to_html,
        "shown_explorer": shown_by,
        "picture": picture,
        "explorer_figure": explorer,
        "revealed": revealed_by,
        "is_answer": lambda cell: "answer" in cell["metadata"].get("tags", []),
        "is_unanswered": is_unanswered,
        "is_hidden": lambda cell: cell["metadata"].get("jupyter", {}).get("source_hidden", False),
    }
    for name, function in filters.items():
        exporter.register_filter(name, function)
    cells, _ = exporter.from_notebook_node(nbformat.read(chapter.path, as_version=4))
    sections = [(text, place) for level, text, place in renderer.headings if level == 2]
    ends = f"{run_box(chapter)}\n{neighbours(chapter, book)}"
    text = document(
        chapter.title,
        f'<main id="text">\n{NOTE}\n{cells}\n{ends}</main>',
        ways=ways(book, chapter),
        contents=[f'<a href="#{place}"{named(text)}>{text}</a>' for text, place in sections],
    )
    return Page(text, pictures)
