"""Tables as Markdown and as plain text."""

import pytest

from rlnotes.review.tables import Table, plain

SMALL = Table(("method", "critic"), (("GRPO", "no, [9.1](x.ipynb#cell-id=a)"), ("PPO", "usual")))


def test_markdown_has_a_header_named_rows_and_links():
    assert SMALL._repr_markdown_().splitlines() == [
        "| method | critic |",
        "| --- | --- |",
        "| **GRPO** | no, [9.1](x.ipynb#cell-id=a) |",
        "| **PPO** | usual |",
    ]


def test_a_bar_in_a_cell_does_not_end_the_cell():
    table = Table(("a", "b"), (("x", "P(y | x)"),))
    assert table._repr_markdown_().splitlines()[2] == "| **x** | P(y \\| x) |"


def test_plain_text_is_aligned_and_keeps_the_label_of_a_link():
    assert SMALL.text().splitlines() == ["method  critic", "GRPO    no, 9.1", "PPO     usual"]
    assert repr(SMALL) == SMALL.text()


def test_a_wide_table_is_written_row_by_row():
    wide = Table(("method", "a", "b"), (("X", "u" * 60, "v" * 60), ("Y", "w", "z")))
    assert wide.text() == f"X\n  a: {'u' * 60}\n  b: {'v' * 60}\n\nY\n  a: w\n  b: z"


@pytest.mark.parametrize(("length", "lines"), [(92, 2), (93, 1)])
def test_a_line_of_a_hundred_characters_still_fits(length, lines):
    table = Table(("method", "a"), (("X", "u" * length),))
    assert table.text().startswith("method") == (lines == 2)


def test_signs_of_markdown_go():
    assert plain("**bold**, [7.5](a.ipynb#cell-id=b) and [8](c)") == "bold, 7.5 and 8"


@pytest.mark.parametrize("row", [("x",), ("x", "y", "z")])
def test_a_row_of_another_length_is_refused(row):
    with pytest.raises(ValueError, match="rows must have 2 cells") as error:
        Table(("a", "b"), (row,))
    assert repr(row) in str(error.value)
