"""The parts that all pages of the site have."""

import json
from collections.abc import Iterable, Mapping
from html import escape

from rlnotes.site.book import Chapter
from rlnotes.site.pictures import size_of

RUN = (
    "Here the sliders have some of their values. In JupyterLab they have all of them, and the "
    "code is yours to change."
)

STILL = "<noscript><p>Without scripts this picture has one setting.</p></noscript>"
NOTE = (
    '<p class="note">A page of a notebook: the sliders move here. Cells, menus and exercises run '
    '<a href="#run">in the notebook</a>.</p>'
)
CURRENT = ' aria-current="page"'


def document(
    title: str, body: str, *, ways: str = "", contents: Iterable[str] = (), up: str = ""
) -> str:
    """A whole page; `up` leads from its folder to that of the assets."""
    listed = "".join(f"<li>{link}</li>\n" for link in contents)
    aside = (
        '<nav class="contents" aria-label="This chapter"><details open><summary>Contents'
        f"</summary>\n<ol>\n{listed}</ol></details></nav>\n"
        if listed
        else ""
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} | rlnotes</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{up}assets/book.css">
<script src="{up}assets/explorers.js" defer></script>
</head>
<body>
<a class="skip" href="#text">Skip to the text</a>
{ways}
<div class="columns">
{aside}{body}
</div>
</body>
</html>
"""


def ways(book: list[Chapter], here: Chapter | None = None) -> str:
    """The row of all chapters."""
    links = [
        f'<a href="{chapter.address}" title="{escape(chapter.title)}"'
        f"{CURRENT if chapter is here else ''}>{chapter.number}</a>"
        for chapter in book
    ]
    listed = "\n".join(['<a href="index.html">rlnotes</a>', *links])
    return f'<header><nav aria-label="Chapters">{listed}</nav></header>'


def neighbours(chapter: Chapter, book: list[Chapter]) -> str:
    """Ways to the chapter before and to the next one."""
    place = book.index(chapter)
    before, after = book[max(place - 1, 0) : place], book[place + 1 : place + 2]
    links = [f'<a rel="prev" href="{c.address}">Before: {escape(c.title)}</a>' for c in before]
    links += [f'<a rel="next" href="{c.address}">Next: {escape(c.title)}</a>' for c in after]
    return f'<nav class="neighbours" aria-label="Neighbouring chapters">{"".join(links)}</nav>'


def run_box(chapter: Chapter) -> str:
    """How to run a chapter."""
    return (
        f'<aside class="run" id="run"><p><strong>Run this chapter yourself.</strong> {RUN} In a '
        f"clone of the repository:</p>\n<pre><code>make lab</code></pre>\n"
        f"<p>Then open <code>{chapter.path.name}</code>.</p></aside>"
    )


def image(address: str, png: bytes, alt: str) -> str:
    """A picture that is loaded when it comes near the window."""
    width, height = size_of(png)
    size = f'width="{width}" height="{height}"'
    shown = f'<img src="{address}" {size} loading="lazy" decoding="async" alt="{escape(alt)}">'
    return f'<div class="view">{shown}</div>'


def figure_of(told: Mapping, picture: str, text: str) -> str:
    """An explorer: its picture and its text, until the frames are there.

    Args:
        told: `name`, `files` with the frames, and places of its values: `setting`.
        picture: the image.
        text: twin of the picture.
    """
    data = " ".join(f'data-{key}="{escape(json.dumps(value))}"' for key, value in told.items())
    caption = f"<figcaption>{escape(text)}</figcaption>"
    return f'<figure class="explorer" {data}>\n{STILL}\n{picture}\n{caption}\n</figure>'
