"""Text cells as HTML: formulas as MathML, headings with places, links between pages."""

import re
from collections import Counter
from html import escape, unescape

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from rlnotes.site.formulas import mathml

_CELL = re.compile(r"^([\w-]+)\.ipynb(?:#cell-id=([\w-]+)|#([\w-]+))?$")

_PAPER = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


def page_address(address: str) -> str:
    """Where a link of a notebook leads on the site.

    Example:
        >>> page_address("06_ppo.ipynb#cell-id=b30ca2f0")
        '06_ppo.html#b30ca2f0'
    """
    found = _CELL.match(address)
    if not found:
        return address
    page, cell, place = found.groups()
    target = cell or place
    return f"{page}.html" + (f"#{target}" if target else "")


def named(html: str) -> str:
    """An attribute with the text of an element, if it has a formula; else nothing.

    Chromium 156 finds no name in MathML: a heading, a link or the head of a column has
    none where its formula stands.

    Example:
        >>> named("<math><mi>x</mi><mo>=</mo><mn>1</mn></math> and more")
        ' aria-label="x = 1 and more"'
    """
    if "<math" not in html:
        return ""
    spaced = re.sub(r"<(?:m[inos]|mtext)\b", r" \g<0>", html)
    words = unescape(re.sub(r"<[^>]*>", "", spaced)).split()
    return f' aria-label="{escape(" ".join(words))}"'


class PageRenderer(IPythonRenderer):
    """Writes the HTML of one page; `headings` are those so far: level, HTML, place."""

    def __init__(self):
        super().__init__(escape=False, exclude_anchor_links=True)
        self.headings: list[tuple[int, str, str]] = []
        self._places: Counter = Counter()

    def to_html(self, text: str) -> str:
        """The HTML of one text."""
        return MarkdownWithMath(renderer=self).render(text)

    def heading(self, text: str, level: int, **attrs) -> str:
        place = self._place(text)
        self.headings.append((level, text, place))
        return f'<h{level} id="{place}"{named(text)}>{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return super().link(text, page_address(url), title)

    def text(self, text: str) -> str:
        return _PAPER.sub(r'<a href="https://arxiv.org/abs/\1">\g<0></a>', super().text(text))

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        """A cell of a table; an empty one in the head is no heading of anything."""
        tag = "th" if head and text.strip() else "td"
        style = f' style="text-align:{align}"' if align else ""
        name = named(text) if tag == "th" else ""
        return f"  <{tag}{name}{style}>{text}</{tag}>\n"

    def inline_math(self, body: str) -> str:
        return mathml(body, display=False)

    def block_math(self, body: str) -> str:
        return mathml(body, display=True)

    def multiline_math(self, text: str) -> str:
        return mathml(text, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)

    def _place(self, html: str) -> str:
        words = re.sub(r"<math.*?</math>|<[^>]*>", "", html, flags=re.DOTALL)
        letters = re.sub(r"[^a-z0-9]+", "-", unescape(words).lower())
        place = f"s-{letters.strip('-')}".rstrip("-")  # no cell and no anchor begins so
        self._places[place] += 1
        return place if self._places[place] == 1 else f"{place}-{self._places[place]}"
