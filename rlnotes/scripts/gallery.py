"""Write docs/gallery.ipynb: every explorer alone, with a question for a class.

    python -m rlnotes.scripts.gallery [--check]

The questions come from docs/gallery.toml. Each number in an answer is read from the
explorer at the setting that the answer speaks of. The notebook is run, its pictures
are stored in few colours, and it is written in one step. `--check` writes nothing and
fails if the stored gallery differs.
"""

import argparse
import base64
import io
import json
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

from rlnotes.scripts.checkout import ROOT
from rlnotes.scripts.gallery_data import Entry, Place, place_of, read_entries
from rlnotes.scripts.gallery_links import NAME, TO_CHAPTERS
from rlnotes.scripts.output_files import replace_file
from rlnotes.scripts.render_notebooks import compare, executed

COLOURS = 64  # of a stored picture: what a house style needs, in a third of the bytes
TITLE = """\
# Gallery

> Which picture do you want to show?

Every explorer of the book, alone, for a lesson. Run the cell of imports, then any other cell: none
needs another. Put the question first, let the class guess, then move the controls. What one should
see is folded under the picture. The number of the section leads to the cell that explains it."""
IMPORTS = "%matplotlib inline\nfrom rlnotes import explorers"


def gallery(entries: Sequence[Entry], root: Path) -> nbformat.NotebookNode:
    """The notebook, not yet run: explorers in the order of the chapters.

    Raises:
        ValueError: if a cell or a number that an entry names does not exist.
    """
    cells = [
        new_markdown_cell(TITLE, id="gallery"),
        new_code_cell(IMPORTS, id="gallery-imports"),
    ]
    placed = [(place_of(entry, root), entry) for entry in entries]
    placed.sort(key=lambda pair: (pair[0].file, pair[0].position))
    for file, group in groupby(placed, key=lambda pair: pair[0].file):
        pairs = list(group)
        heading = f"## Chapter {pairs[0][0].chapter}"
        cells.append(new_markdown_cell(heading, id=f"gallery-chapter-{file[:2]}"))
        for place, entry in pairs:
            cells += _cells(entry, place)
    return new_notebook(cells=cells)


def _cells(entry: Entry, place: Place) -> list[nbformat.NotebookNode]:
    link = f"{TO_CHAPTERS}{place.file}#cell-id={place.cell_id}"
    steps = "; then ".join(f"`{_arguments(settings)}`" for settings in entry.settings)
    before = (
        f"### {entry.kind.title}\n\n{entry.shows} Section [{place.section}]({link}).\n\n"
        f"*Predict, then drag:* {entry.question}\n\nFrom the first setting: {steps}."
    )
    after = (
        "<details><summary>What you should see</summary>\n\n"
        f"{entry.filled(entry.answer)}\n\n</details>"
    )
    metadata = {
        "tags": ["nbval-ignore-output"],
        "rlnotes": {"try": [dict(settings) for settings in entry.settings]},
    }
    name = entry.name.replace("_", "-")
    return [
        new_markdown_cell(before, id=f"{name}-question"),
        new_code_cell(f"explorers.{entry.kind.__name__}()", id=name, metadata=metadata),
        new_markdown_cell(after, id=f"{name}-answer"),
    ]


def _arguments(settings: dict) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in settings.items())


def in_few_colours(text: str) -> str:
    """The notebook with its stored pictures in few colours."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = _smaller(data["image/png"])
    return nbformat.writes(nbformat.from_dict(notebook)) + "\n"


def _smaller(encoded: str) -> str:
    picture = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")
    few = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    target = io.BytesIO()
    few.save(target, "PNG", optimize=True)
    return base64.b64encode(target.getvalue()).decode("ascii")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write the gallery, or compare it; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    chosen = parser.parse_args(arguments)
    path = root / "docs" / NAME
    try:
        notebook = gallery(read_entries(path.with_suffix(".toml")), root)
    except (OSError, TypeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    fresh = in_few_colours(executed(notebook, path.parent))
    stored = path.read_text(encoding="utf-8") if path.exists() else ""
    print(f"{NAME}: {'unchanged' if stored == fresh else 'changed'}")
    if chosen.check:
        print(compare(stored, fresh), end="")
        return int(stored != fresh)
    if stored != fresh:
        replace_file(fresh.encode(), path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
