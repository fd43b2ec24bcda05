"""Where formulas are found, and where a dollar sign is none."""

import json
import re

import pytest
from nbconvert.filters.markdown_mistune import MarkdownWithMath

from rlnotes.scripts.checkout import ROOT, notebooks_of
from rlnotes.site.notebook_formulas import Finder, _texts, in_markdown, in_notebook


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("with $x$ and $y_1$", [("x", False), ("y_1", False)]),
        ("$$\nx\n$$", [("\nx\n", True)]),
        (
            "| a | b |\n| --- | --- |\n| $x$ | $p \\,\\|\\, q$ |",
            [("x", False), (r"p \,\|\, q", False)],
        ),
        ("# A heading with $\\gamma$", [(r"\gamma", False)]),
        ("- an item\n\n  $$x$$", [("x", True)]),
        ("`$x$` and ```$y$```\n\n    $z$\n", []),
        (r"costs \$5 or \$6", []),
        (r"\begin{align}a &= b\end{align}", [(r"\begin{align}a &= b\end{align}", True)]),
    ],
)
def test_formulas_are_found_where_a_page_shows_them(text, found):
    assert in_markdown(text) == found


def test_markdown_that_a_cell_has_printed_counts_and_plain_text_does_not(tmp_path):
    outputs = [
        {"output_type": "display_data", "data": {"text/markdown": ["$a$ ", "$b$"]}},
        {"output_type": "execute_result", "data": {"text/plain": "$c$"}},
        {"output_type": "stream", "text": "$d$"},
    ]
    cells = [
        {"cell_type": "markdown", "source": ["$e$\n", "and $f$"]},
        {"cell_type": "code", "source": "$g$", "outputs": outputs},
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    assert [one.tex for one in in_notebook(path)] == ["e", "f", "a", "b"]


@pytest.mark.parametrize("path", notebooks_of(ROOT), ids=lambda path: path.stem)
def test_no_dollar_sign_is_left_in_the_text_of_a_chapter(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        for text in _texts(cell):
            page = MarkdownWithMath(renderer=Finder()).render(text)
            assert "$" not in re.sub(r"\$\d+\.\d\d", "", page), text  # an amount is none
