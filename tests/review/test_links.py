"""Links: their form, and that every one in the data shows what it says."""

import pytest

from rlnotes.review.links import CHAPTER_FILES, Link, parse_link, read_link
from tests.review.evidence import DATA, NOTEBOOKS, links_in, problems, problems_of_file, read_cells


def test_a_link_becomes_markdown_that_jupyterlab_opens_at_the_cell():
    link = parse_link("07#dfff4cca", label="7.5", shows="optimum")
    assert link == Link("07", "dfff4cca", label="7.5", shows="optimum")
    assert link.markdown() == "[7.5](07_rlhf.ipynb#cell-id=dfff4cca)"
    assert parse_link("07#dfff4cca").markdown() == "[chapter 7](07_rlhf.ipynb#cell-id=dfff4cca)"
    titled = parse_link("07#a", label="Key takeaways")
    assert titled.markdown() == "[chapter 7, Key takeaways](07_rlhf.ipynb#cell-id=a)"


def test_the_chapters_are_the_files_of_the_folder():
    files = {path.name for path in NOTEBOOKS.glob("*.ipynb")} | {"11_review.ipynb"}
    assert set(CHAPTER_FILES.values()) == files
    assert all(name.startswith(f"{number}_") for number, name in CHAPTER_FILES.items())


@pytest.mark.parametrize("link", ["7#a", "12#a", "07", "07#", "07#a b", "07#a#b", "", 7, None])
def test_another_form_is_refused_and_named(link):
    with pytest.raises(ValueError, match="link") as error:
        parse_link(link)
    assert repr(link) in str(error.value) or str(link) in str(error.value)


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"chapter": "7"}, "chapter .*'7'"),
        ({"cell": "a b"}, "cell .*'a b'"),
        ({"label": "8.5"}, "label .*chapter 7.*'8.5'"),
        ({"shows": 3}, "shows .*3"),
    ],
)
def test_a_link_checks_its_parts(parts, named):
    with pytest.raises(ValueError, match=named):
        Link(**{"chapter": "07", "cell": "a", **parts})


@pytest.mark.parametrize("missing", ["link", "label", "shows"])
def test_evidence_needs_all_three_keys(missing):
    entry = {"link": "07#a", "label": "7.5", "shows": "x"}
    assert read_link({**entry, "value": "no"}, where="cell") == parse_link(
        "07#a", label="7.5", shows="x"
    )
    del entry[missing]
    with pytest.raises(ValueError, match=f"the place.*{missing} is missing"):
        read_link(entry, where="the place")


def test_a_wrong_link_in_a_file_is_named_with_its_place():
    with pytest.raises(ValueError, match=r"the place.*'7#a'"):
        read_link({"link": "7#a", "label": "7.5", "shows": "x"}, where="the place")


def test_the_resolver_finds_a_missing_cell_a_lost_text_and_a_wrong_section():
    good = parse_link("07#dfff4cca", label="7.5", shows="The objective, and its optimum")
    assert problems(good) == []
    assert problems(Link("07", "nowhere")) == ["07#nowhere: no such cell"]
    assert "does not show" in problems(Link("07", "dfff4cca", shows="no such words"))[0]
    assert "stands in 7.5" in problems(Link("07", "dfff4cca", label="7.4"))[0]


def test_a_cell_belongs_to_the_section_above_it_and_shows_its_output():
    output = {"output_type": "stream", "text": ["the number ", "0.25"]}
    notebook = {
        "cells": [
            {"id": "top", "cell_type": "markdown", "source": ["# 7. Title"]},
            {"id": "one", "cell_type": "markdown", "source": ["## 7.1 First\n", "text"]},
            {"id": "two", "cell_type": "code", "source": ["## 7.9 x"], "outputs": [output]},
            {"id": "sub", "cell_type": "markdown", "source": ["### Exercise 1"]},
            {"id": "end", "cell_type": "markdown", "source": ["## Key takeaways"]},
        ]
    }
    found = read_cells(notebook, first="7")
    assert [found[name].section for name in ("top", "one", "two", "sub", "end")] == [
        *("7", "7.1", "7.1", "7.1", "Key takeaways")
    ]
    assert "number 0.25" in found["two"].text


def test_links_are_found_at_every_depth():
    entry = {"link": "07#b", "label": "7.5", "shows": "x"}
    data = {"a": [{"cells": {"c": entry}}], "see": ["08#d"], "text": "09 # no link"}
    assert [link.cell for link in links_in(data, "file")] == ["b", "d"]
    with pytest.raises(ValueError, match=r"file.a\[0\].*shows is missing"):
        list(links_in({"a": [{"link": "07#b", "label": "7.5"}]}, "file"))


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.stem)
def test_every_link_shows_what_it_says(path):
    assert problems_of_file(path) == []
