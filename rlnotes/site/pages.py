"""A chapter as one HTML page, made from its stored outputs by nbconvert."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbconvert import HTMLExporter
from PIL import Image

from rlnotes.site.markdown import PageRenderer
from rlnotes.site.shown import Shown, shown_by

TEMPLATES = Path(__file__).parent / "templates"
RUN = "Install the book once, then open it in JupyterLab: there every slider has all its values."
COMMAND = "make lab"


class Chapter(NamedTuple):
    """Where a chapter stands in the book."""

    path: Path
    title: str

    @property
    def address(self) -> str:
        """Of its page."""
        return f"{self.path.stem}.html"

    @property
    def short(self) -> str:
        """Its number."""
        return self.title.partition(".")[0]


class Page(NamedTuple):
    """The text of a page, and the pictures that it shows: address -> bytes."""

    html: str
    pictures: dict[str, bytes]


def chapters_of(folder: Path) -> list[Chapter]:
    """All chapters in their order, with the titles of their first headings."""
    found = []
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        first = nbformat.read(path, as_version=4).cells[0].source.partition("\n")[0]
        found.append(Chapter(path, first.lstrip("# ")))
    return found


def page_of(chapter: Chapter, book: list[Chapter], live: Callable[[Shown], Mapping]) -> Page:
    """The page of a chapter.

    Args:
        chapter: whose page.
        book: all chapters, for the ways between them.
        live: gives the data attributes of the figure of an explorer.
    """
    renderer, pictures = PageRenderer(), {}
    exporter = HTMLExporter(
        template_name="rlnotes",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )

    def picture(output: Mapping, cell: Mapping, **attributes: str) -> str:
        png = _smaller(base64.b64decode(output["data"]["image/png"]))
        address = f"pictures/{chapter.path.stem}-{cell['id']}-{len(pictures)}.png"
        pictures[address] = png
        width, height = Image.open(io.BytesIO(png)).size
        alt = output["metadata"].get("image/png", {}).get("alt") or output["data"]["text/plain"]
        return (
            f'<img src="{address}" width="{width}" height="{height}" loading="lazy"'
            f' decoding="async" alt="{escape(alt)}">'
        )

    def explorer_figure(cell: Mapping) -> str:
        shown = shown_by(cell["source"])
        (output,) = (o for o in cell["outputs"] if "image/png" in o.get("data", {}))
        data = " ".join(f"data-{k}='{escape(json.dumps(v))}'" for k, v in live(shown).items())
        twin = escape(output["data"]["text/plain"])
        image = picture(output, cell)
        return f'<figure class="explorer" {data}>{image}<figcaption>{twin}</figcaption></figure>'

    filters = {
        "page_markdown": renderer.to_html,
        "shown_explorer": shown_by,
        "picture": picture,
        "explorer_figure": explorer_figure,
        "is_answer": lambda cell: "answer" in cell["metadata"].get("tags", []),
        "is_hidden": lambda cell: cell["metadata"].get("jupyter", {}).get("source_hidden", False),
    }
    for name, function in filters.items():
        exporter.register_filter(name, function)
    place = book.index(chapter)
    page = {
        "title": chapter.title,
        "address": chapter.address,
        "chapters": book,
        "before": book[place - 1] if place else None,
        "after": book[place + 1] if place + 1 < len(book) else None,
        "run": RUN,
        "command": COMMAND,
    }
    notebook = nbformat.read(chapter.path, as_version=4)
    html, _ = exporter.from_notebook_node(notebook, resources={"page": page})
    return Page(html.replace("CONTENTS-OF-THE-PAGE", _contents(renderer.headings)), pictures)


def _contents(headings: list[tuple[int, str, str]]) -> str:
    lines = [f'<li><a href="#{place}">{text}</a></li>' for level, text, place in headings if level == 2]
    return "\n".join(lines)


def _smaller(png: bytes) -> bytes:
    """The picture with at most 256 colours, if that takes fewer bytes."""
    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    image.save(buffer, "png", optimize=True)
    return min(buffer.getvalue(), png, key=len)
