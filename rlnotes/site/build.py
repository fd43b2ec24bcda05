"""The whole site as files: pages, explorers alone, and what they share."""

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

from rlnotes.site import made, pages
from rlnotes.site.assets import assets
from rlnotes.site.book import Chapter, chapters_of, shown_in, wanted_settings
from rlnotes.site.document import document, figure_of, image, ways
from rlnotes.site.kept import make_all, result_of
from rlnotes.site.made import Made
from rlnotes.site.markdown import PageRenderer

HOME = '<p>From <a href="../index.html" target="_top">rlnotes</a>.</p>\n'
FIRST = "reward_kl_plane"  # stands on the front page
WELCOME = (
    "How language models are trained with reinforcement learning, from a maze of six cells to "
    "RLHF, DPO and GRPO. Drag a slider: most worlds here are small enough for the exact answer, "
    "which stands beside every estimate. Nothing has to be installed for that, and no request "
    "leaves this site."
)


def build(
    notebooks: Path, kept: Path, *, only: Iterable[str] = (), processes: int | None = None
) -> tuple[dict[str, bytes], list[str]]:
    """All files of the site, by their addresses.

    Args:
        notebooks: folder of the chapters.
        kept: folder in which explorers and pages are kept from one call to the next.
        only: names of explorers; their pages alone are made, and those of no chapter.
        processes: how many of them are made at once.

    Returns:
        The files, and the names of the explorers and chapters that were made anew.

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
    jobs = [made.job_of(name, settings) for name, settings in wanted.items()]
    anew = make_all(jobs, kept, processes=processes)
    explorers = {name: made.made_of(kept, name) for name in wanted}
    files = {f"assets/{name}": content for name, content in assets().items()}
    for explorer in explorers.values():
        files |= explorer.frame_files | embedded(explorer, "" if only else HOME)
    if only:
        return files, anew
    live = {name: explorer.live for name, explorer in explorers.items()}
    jobs = [pages.job_of(chapter, book, live) for chapter in book]
    anew += make_all(jobs, kept, processes=processes)
    for job in jobs:
        files |= result_of(kept, job.name).files
    files["index.html"] = front_page(book, explorers).encode()
    return files, anew


def embedded(explorer: Made, home: str = "") -> dict[str, bytes]:
    """A page with one explorer alone, for an iframe; `home` is the end of its text."""
    address = f"pictures/{explorer.name}.png"
    told = explorer.live.at({}, up="../")
    figure = figure_of(
        told, image(f"../{address}", explorer.picture, explorer.title), explorer.text
    )
    text = f"<h1>{escape(explorer.title)}</h1>\n{figure}\n{home}"
    body = f'<main id="text" class="alone">\n{text}</main>'
    page = document(explorer.title, body, up="../")
    return {f"embed/{explorer.name}.html": page.encode(), address: explorer.picture}


def front_page(book: list[Chapter], explorers: Mapping[str, Made]) -> str:
    """One explorer at once, the table of contents, and each explorer alone."""
    first = explorers[FIRST]
    picture = image(f"pictures/{FIRST}.png", first.picture, first.title)
    rows = "\n".join(map(_row, book))
    body = f"""<main id="text">
<h1>rlnotes</h1>
<p>{WELCOME}</p>
{figure_of(first.live.at({}), picture, first.text)}
<h2>Chapters</h2>
<table><thead><tr><td></td><th>chapter</th><th>question</th></tr></thead>
<tbody>
{rows}
</tbody></table>
<h2>Each explorer alone</h2>
{_alone(book, explorers)}
</main>"""
    return document("Reinforcement learning of language models", body, ways=ways(book))


def _row(chapter: Chapter) -> str:
    name = escape(chapter.title.partition(". ")[2])
    question = PageRenderer().to_html(chapter.question)
    link = f'<a href="{chapter.address}">{name}</a>'
    return f"<tr><td>{chapter.number}</td><td>{link}</td><td>{question}</td></tr>"


def _alone(book: list[Chapter], explorers: Mapping[str, Made]) -> str:
    """The explorers of each chapter that shows them first."""
    left, parts = dict(explorers), []
    for chapter in book:
        links = [
            f'<li><a href="embed/{name}.html">{escape(left.pop(name).title)}</a></li>'
            for name, _ in shown_in(chapter)
            if name in left
        ]
        if links:
            parts += [f"<h3>{escape(chapter.title)}</h3>", "<ul>", *links, "</ul>"]
    return "\n".join(parts)
