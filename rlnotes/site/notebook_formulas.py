"""The formulas of a notebook, found as nbconvert finds them for a page."""

import json
from pathlib import Path
from typing import NamedTuple

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath


class Formula(NamedTuple):
    """A formula without its dollar signs, and whether it has a line of its own."""

    tex: str
    display: bool


def in_notebook(path: Path) -> list[Formula]:
    """All formulas in text cells and in Markdown that cells have printed, in order."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [formula for cell in cells for text in _texts(cell) for formula in in_markdown(text)]


def in_markdown(text: str) -> list[Formula]:
    """All formulas of a text, in order.

    Example:
        >>> in_markdown("Costs 5 `$`, with $x$")
        [Formula(tex='x', display=False)]
    """
    finder = Finder()
    MarkdownWithMath(renderer=finder).render(text)
    return finder.found


def _texts(cell: dict) -> list[str]:
    if cell["cell_type"] == "markdown":
        return ["".join(cell["source"])]
    shown = (output.get("data", {}) for output in cell.get("outputs", []))
    return ["".join(data["text/markdown"]) for data in shown if "text/markdown" in data]


class Finder(IPythonRenderer):
    """Keeps the formulas and leaves them out of the page.

    A pattern would find some in code, and lose some in tables.
    """

    def __init__(self):
        super().__init__(escape=False)
        self.found: list[Formula] = []

    def inline_math(self, body: str) -> str:
        return self._keep(body, display=False)

    def block_math(self, body: str) -> str:
        return self._keep(body, display=True)

    def multiline_math(self, text: str) -> str:
        return self._keep(text, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        return self._keep(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)

    def _keep(self, tex: str, *, display: bool) -> str:
        self.found.append(Formula(tex, display))
        return ""
