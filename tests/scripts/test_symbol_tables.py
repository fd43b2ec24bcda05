"""The tables of symbols: letters, ideas, and what is written when."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from rlnotes.scripts import symbol_tables

ROWS = r"""symbol,identifiers,idea,meaning,chapters,where
\beta,beta,price of KL,per nat,6 7 8,notebooks/01_mdp_and_maze.ipynb#1.5
\beta,priority_beta,exponent,,3,notebooks/02_bellman_q_learning.ipynb#2.3
G_t,returns,return,of step $t$,0 1 3 4,notebooks/01_mdp_and_maze.ipynb#1.5
"G^\lambda_t",,return,,5,notebooks/01_mdp_and_maze.ipynb#1.5
"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    (tmp_path / "symbols.csv").write_text(ROWS)
    cells = [
        new_markdown_cell("# 0."),
        new_markdown_cell(f"{symbol_tables.ALL}\n\nold"),
        new_markdown_cell(symbol_tables.TWICE),
        new_markdown_cell(f"{symbol_tables.TWICE} and more"),
        new_code_cell(f"{symbol_tables.ALL}\n# code"),
    ]
    (tmp_path / "00.ipynb").write_text(nbformat.writes(new_notebook(cells=cells)))
    (tmp_path / "01.ipynb").write_text(nbformat.writes(new_notebook(cells=cells[:1])))
    monkeypatch.setattr(symbol_tables, "NOTEBOOKS", tmp_path)
    for table in symbol_tables.TABLES.values():
        monkeypatch.setattr(table, "__defaults__", (tmp_path / "symbols.csv",))
    return tmp_path


@pytest.mark.parametrize(
    ("symbol", "letter"),
    [
        ("V_\\phi", "V"),
        ("\\hat A^{(n)}", "A"),
        ("\\lvert y_i \\rvert", "y"),
        ("\\nabla \\log \\pi", "\\pi"),
        ("\\mathcal L_\\text{DPO}", "\\mathcal L"),
        ("L^\\text{CLIP}", "L"),
        ("\\mathrm{KL}_\\text{max}", "\\mathrm{KL}"),
        ("TP", "TP"),
        ("\\epsilon'", "\\epsilon"),
        ("r + \\gamma V", "r + \\gamma V"),
    ],
)
def test_the_letter_of_a_symbol_has_no_marks_indices_or_arguments(symbol, letter):
    assert symbol_tables.letter(symbol) == letter


def test_a_symbol_without_a_letter_is_refused():
    with pytest.raises(ValueError, match=r"symbol must hold a letter, got '\(2\)'"):
        symbol_tables.letter("(2)")


def test_only_a_letter_with_two_ideas_serves_twice_and_the_commoner_idea_is_first(book):
    assert symbol_tables.letters_that_serve_twice().splitlines()[4:] == [
        "| letter | mostly | also |",
        "| :--- | :--- | :--- |",
        "| $\\beta$ | price of KL (6 to 8) | exponent (3) |",
    ]


def test_every_symbol_has_a_row_latin_letters_first(book):
    link = "[1.5](01_mdp_and_maze.ipynb#cell-id=01-b1f32337)"
    assert symbol_tables.all_symbols().splitlines()[8:-2] == [
        f"| $G_t$ | `returns` | return: of step $t$ | 0, 1, 3, 4 | {link} |",
        f"| $G^\\lambda_t$ | \N{EN DASH} | return | 5 | {link} |",
        f"| $\\beta$ | `beta` | price of KL: per nat | 6 to 8 | {link} |",
        "| $\\beta$ | `priority_beta` | exponent | 3 "
        "| [2.3](02_bellman_q_learning.ipynb#cell-id=02-a9c7f366) |",
    ]


def test_the_table_is_folded_between_blank_lines_without_which_it_is_no_markdown(book):
    lines = symbol_tables.all_symbols().splitlines()
    opened = lines.index("<details><summary>All 4 rows</summary>")
    assert (lines[opened + 1], lines[opened + 2][:8], lines[-2:]) == (
        "",
        "| symbol",
        ["", "</details>"],
    )


def test_only_the_tables_are_replaced_and_the_second_call_writes_nothing(book, capsys):
    other = (book / "01.ipynb").read_bytes()
    assert symbol_tables.main() == 0
    said = capsys.readouterr().out
    assert said == f"00.ipynb: {symbol_tables.ALL}, {symbol_tables.TWICE} written\n"
    sources = [cell.source for cell in nbformat.read(book / "00.ipynb", as_version=4).cells]
    assert sources[:3] == [
        "# 0.",
        symbol_tables.all_symbols(),
        symbol_tables.letters_that_serve_twice(),
    ]
    assert sources[3:] == [f"{symbol_tables.TWICE} and more", f"{symbol_tables.ALL}\n# code"]
    before = (book / "00.ipynb").stat().st_mtime_ns
    assert symbol_tables.main() == 0
    assert (book / "00.ipynb").stat().st_mtime_ns == before
    assert (book / "01.ipynb").read_bytes() == other
    assert capsys.readouterr().out == ""
