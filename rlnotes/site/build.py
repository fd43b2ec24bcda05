"""The whole site as files: pages, explorers alone, and what they share."""

import base64
from collections.abc import Iterable
from html import escape
from pathlib import Path

from rlnotes.site.assets import assets
from rlnotes.site.book import Chapter, chapters_of, wanted_settings
from rlnotes.site.document import document, figure_of, image, ways
from rlnotes.site.made import Made, make_all
from rlnotes.site.pages import page_of
from rlnotes.site.shown import Shown

PART = 120_000  # characters in a file of frames, so that a page can tell how far it is
WELCOME = (
    "How language models are trained with reinforcement learning, from a maze of six cells to "
    "RLHF, DPO and GRPO. Drag a slider: most worlds here are small enough for the exact answer, "
    "which stands beside every estimate. Nothing is installed, and no request leaves this site."
)


def build(
    notebooks: Path, kept: Path, *, only: Iterable[str] = (), processes: int | None = None
) -> tuple[dict[str, bytes], list[str]]:
    """All files of the site, by their addresses.

    Args:
        notebooks: folder of the chapters.
        kept: folder in which explorers are kept from one call to the next.
        only: names of explorers; their pages alone are made, and those of no chapter.
        processes: how many explorers are made at once.

    Returns:
        The files, and the names of the explorers that were made anew.

    Raises:
        ValueError: if `only` names an explorer that no chapter shows.
    """
    book = chapters_of(notebooks)
    wanted = wanted_settings(book)
    for name in (only := list(only)):
        if name not in wanted:
            raise ValueError(f"only must name explorers of {sorted(wanted)}, got {name!r}")
    if only:
        wanted = {name: wanted[name] for name in only}
    made, anew = make_all(wanted, kept, processes=processes)
    files = {f"assets/{name}": content for name, content in assets().items()}
    for explorer in made.values():
        files |= frame_files(explorer) | embedded(explorer)
    if only:
        return files, anew
    for chapter in book:
        page = page_of(chapter, book, lambda shown: _told(made[shown.name], shown))
        files |= {chapter.address: page.html.encode(), **page.pictures}
    files["index.html"] = front_page(book, made.values()).encode()
    return files, anew


def frame_files(made: Made) -> dict[str, bytes]:
    """The frames of an explorer as scripts, which a page may load from a disk, too."""
    text = base64.b64encode(made.packed).decode("ascii")
    return {
        address: f'rlnotesFrames("{made.name}",{number},"{text[start : start + PART]}");\n'.encode()
        for (number, start), address in zip(
            enumerate(range(0, len(text), PART)), _frame_addresses(made), strict=True
        )
    }


def embedded(made: Made) -> dict[str, bytes]:
    """A page with one explorer alone, for an iframe, and its picture."""
    address = f"pictures/{made.name}.png"
    told = _told(made, Shown(made.name, {}), up="../")
    figure = figure_of(told, image(f"../{address}", made.picture, made.title), made.text)
    body = f'<main id="text" class="alone">\n<h1>{escape(made.title)}</h1>\n{figure}\n</main>'
    page = document(made.title, body, up="../")
    return {f"embed/{made.name}.html": page.encode(), address: made.picture}


def front_page(book: list[Chapter], made: Iterable[Made]) -> str:
    """The table of contents of the whole site."""
    rows = "\n".join(
        f'<tr><td>{c.number}</td><td><a href="{c.address}">{escape(c.title.partition(". ")[2])}</a>'
        f"</td><td>{escape(c.question)}</td></tr>"
        for c in book
    )
    alone = "\n".join(
        f'<li><a href="embed/{m.name}.html">{escape(m.title)}</a></li>'
        for m in sorted(made, key=lambda m: m.title)
    )
    body = f"""<main id="text">
<h1>rlnotes</h1>
<p>{WELCOME}</p>
<h2>Chapters</h2>
<table><thead><tr><td></td><th>chapter</th><th>question</th></tr></thead>
<tbody>
{rows}
</tbody></table>
<h2>Each explorer alone</h2>
<ul>
{alone}
</ul>
</main>"""
    return document("Reinforcement learning of language models", body, ways=ways(book))


def _told(made: Made, shown: Shown, *, up: str = "") -> dict:
    start = {**made.defaults, **shown.setting}
    return {
        "name": made.name,
        "files": [up + address for address in _frame_addresses(made)],
        "setting": [values.index(start[name]) for name, values in made.values.items()],
    }


def _frame_addresses(made: Made) -> list[str]:
    characters = 4 * -(-len(made.packed) // 3)
    return [f"frames/{made.name}-{k}.js" for k in range(-(-characters // PART))]
