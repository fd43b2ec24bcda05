"""Write the index of topics into chapter 0, from docs/topics.csv.

    python -m rlnotes.scripts.topic_index

The index is text of the chapter, not output of a cell: it needs no file, and its links
lead to the chapters that lie beside it.
"""

import csv
import re
import sys
from functools import cache
from pathlib import Path

import nbformat

from rlnotes.scripts.checkout import ROOT
from rlnotes.scripts.output_files import replace_file

NOTEBOOKS = ROOT / "notebooks"
CHAPTER = NOTEBOOKS / "00_start_here.ipynb"
TOPICS = ROOT / "docs" / "topics.csv"
HEADING = "## 0.8 Where is it explained?"
INTRODUCTION = (
    "This is an index: search it when you need it, and go on to 0.9. Numbers are sections; "
    "a name with slashes is a file of the package or of its tests."
)


def index(topics: Path = TOPICS) -> str:
    """The section as Markdown: each topic with its place, in alphabetical order."""
    with topics.open(newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["topic"].lower())
    lines = [HEADING, "", INTRODUCTION, "", "| topic | place |", "| :--- | :--- |"]
    lines += [f"| {row['topic'].replace('|', chr(92) + '|')} | {_place(row)} |" for row in rows]
    return "\n".join(lines)


@cache
def section_cells(notebook: Path) -> dict[str, str]:
    """Section number -> id of the cell that holds its heading, such as 4.7."""
    cells = nbformat.read(notebook, as_version=4).cells
    heading = re.compile(r"^## (\d+\.\d+) ", flags=re.MULTILINE)
    texts = (cell for cell in cells if cell.cell_type == "markdown")
    return {number: cell.id for cell in texts for number in heading.findall(cell.source)}


def _place(row: dict[str, str]) -> str:
    path, _, section = row["where"].partition("#")
    if section:
        return link(section, section)
    if path:
        return f"`{path}`"
    return re.sub(r"section (\d+\.\d+)", lambda m: link(m[0], m[1]), row["note"])


def link(text: str, section: str) -> str:
    (notebook,) = NOTEBOOKS.glob(f"{int(section.partition('.')[0]):02}_*.ipynb")
    return f"[{text}]({notebook.name}#cell-id={section_cells(notebook)[section]})"


def main() -> int:
    """Replace the section in chapter 0, if it is another one."""
    notebook = nbformat.read(CHAPTER, as_version=4)
    (cell,) = (cell for cell in notebook.cells if cell.source.startswith(HEADING))
    if cell.source != index():
        cell.source = index()
        replace_file((nbformat.writes(notebook) + "\n").encode(), CHAPTER)
        print(f"{CHAPTER.name}: index written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
