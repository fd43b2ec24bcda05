"""A chapter as one HTML page, made from its stored outputs by nbconvert."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbconvert import HTMLExporter

from rlnotes.site.book import Chapter
from rlnotes.site.document import document, figure_of, image, neighbours, run_box, ways
from rlnotes.site.markdown import PageRenderer
from rlnotes.site.pictures import with_fewer_colours
from rlnotes.site.shown import Shown, shown_by

TEMPLATES = Path(__file__).parent / "templates"


class Page(NamedTuple):
    """The text of a page, and the pictures that it shows: address -> bytes."""

    html: str
    pictures: dict[str, bytes]


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
        "is_answer": lambda cell: "answer" in cell["metadata"].get("tags", []),
        "is_hidden": lambda cell: cell["metadata"].get("jupyter", {}).get("source_hidden", False),
    }
    for name, function in filters.items():
        exporter.register_filter(name, function)
    cells, _ = exporter.from_notebook_node(nbformat.read(chapter.path, as_version=4))
    sections = [(text, place) for level, text, place in renderer.headings if level == 2]
    text = document(
        chapter.title,
        f'<main id="text">\n{cells}\n{run_box(chapter)}\n{neighbours(chapter, book)}</main>',
        ways=ways(book, chapter),
        contents=[f'<a href="#{place}">{text}</a>' for text, place in sections],
    )
    return Page(text, pictures)
