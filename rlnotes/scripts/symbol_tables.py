"""Write the tables of symbols into the chapters that hold them, from docs/symbols.csv.

    python -m rlnotes.scripts.symbol_tables

A table stands in a text cell of its own, which its heading names.
"""

import csv
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import nbformat

from rlnotes.scripts.checkout import ROOT
from rlnotes.scripts.output_files import replace_file
from rlnotes.scripts.topic_index import NOTEBOOKS, link

SYMBOLS = ROOT / "docs" / "symbols.csv"
TWICE = "### Letters that serve twice"
ALL = "### Symbols of the book"
_MARKS = re.compile(r"\\(?:hat|bar|lvert|nabla|log)\b\s*")
_LETTER = re.compile(r"\\mathcal [A-Z]|\\mathrm\{KL\}|\\[a-zA-Z]+|[A-Z]{2}|[a-zA-Z]")


def rows(symbols: Path = SYMBOLS) -> list[dict[str, str]]:
    """The rows of the file, one for each symbol in one meaning."""
    with symbols.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def letter(symbol: str) -> str:
    r"""The letter of a symbol without marks, indices and arguments.

    Args:
        symbol: LaTeX without dollar signs.

    Returns:
        The letter in LaTeX; the whole symbol if it is a sum or a quotient.

    Raises:
        ValueError: if the symbol has no letter.

    Example:
        >>> letter(r"\hat A_t"), letter("V^*"), letter(r"\mathcal L_\text{RM}")
        ('A', 'V', '\\mathcal L')
    """
    if re.search(" [-+/] ", symbol):
        return symbol
    found = _LETTER.match(_MARKS.sub("", symbol))
    if found is None:
        raise ValueError(f"symbol must hold a letter, got {symbol!r}")
    return found[0]


def letters_that_serve_twice(symbols: Path = SYMBOLS) -> str:
    """The letters with more than one idea, as Markdown: each idea with its chapters."""
    ideas: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for row in rows(symbols):
        ideas[letter(row["symbol"])][row["idea"]] |= set(map(int, row["chapters"].split()))
    lines = [TWICE, "", "In brackets the chapters.", ""]
    lines += ["| letter | mostly | also |", "| :--- | :--- | :--- |"]
    for name, found in sorted(ideas.items(), key=lambda item: _order(item[0])):
        if len(found) > 1:
            mostly, *others = sorted(found.items(), key=lambda item: -len(item[1]))
            also = "; ".join(_with_chapters(*other) for other in others)
            lines += [f"| ${name}$ | {_with_chapters(*mostly)} | {also} |"]
    return "\n".join(lines)


def all_symbols(symbols: Path = SYMBOLS) -> str:
    """Every symbol of the book as Markdown, folded, with its section."""
    held = sorted(rows(symbols), key=lambda row: _order(letter(row["symbol"])))
    lines = [ALL, "", "Where a letter has several meanings, the chapters tell which one holds.", ""]
    lines += [f"<details><summary>All {len(held)} rows</summary>", ""]
    lines += ["| symbol | identifier | meaning | chapters | section |"]
    lines += ["| :--- | :--- | :--- | :--- | :--- |"]
    for row in held:
        names = ", ".join(f"`{name}`" for name in row["identifiers"].split()) or "\N{EN DASH}"
        meaning = f"{row['idea']}: {row['meaning']}" if row["meaning"] else row["idea"]
        section = row["where"].partition("#")[2]
        chapters = _ranges(sorted(map(int, row["chapters"].split())))
        cells = [f"${row['symbol']}$", names, meaning, chapters, link(section, section)]
        lines += [f"| {' | '.join(cells)} |"]
    return "\n".join([*lines, "", "</details>"])


TABLES = {TWICE: letters_that_serve_twice, ALL: all_symbols}


def _with_chapters(idea: str, chapters: set[int]) -> str:
    return f"{idea} ({_ranges(sorted(chapters))})"


def _ranges(numbers: list[int]) -> str:
    """1, 2, 3, 5 as "1 to 3, 5"."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(
        f"{part[0]} to {part[-1]}" if len(part) > 2 else ", ".join(map(str, part)) for part in parts
    )


def _order(name: str) -> tuple[bool, str, str]:
    """Latin letters before Greek ones, by the alphabet."""
    bare = name.removeprefix("\\mathcal ").removeprefix("\\mathrm{").rstrip("}")
    return bare.startswith("\\"), bare.lower(), name


def tables_to_write(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Put the tables into their cells; yield the headings of those that changed."""
    for cell in notebook.cells:
        heading = cell.source.partition("\n")[0]
        if cell.cell_type == "markdown" and heading in TABLES:
            table = TABLES[heading]()
            if cell.source != table:
                cell.source = table
                yield heading


def main() -> int:
    """Replace the tables in all chapters, if they are other ones."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        changed = list(tables_to_write(notebook))
        if changed:
            replace_file((nbformat.writes(notebook) + "\n").encode(), path)
            print(f"{path.name}: {', '.join(changed)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
