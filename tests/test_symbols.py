"""docs/symbols.csv, the tables of symbols and the formulas of the chapters agree."""

import re
from collections import defaultdict

import pytest

from rlnotes.scripts import symbol_tables
from rlnotes.scripts.checkout import ROOT
from tests.test_one_book import CHAPTERS, cells, texts

ROWS = symbol_tables.rows()
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$]+?)\$", flags=re.DOTALL)
# No letters of their own: words, and the indices of the preferred and the other answer.
WORDS = re.compile(r"\\(?:text|mathrm)\s*\{[^}]*\}|_[wl]\b")
LETTERS = re.compile(
    r"\\(?:[a-zA-Z]*(?:alpha|beta|gamma|delta|epsilon|theta|kappa|lambda|sigma|omega)|eta"
    r"|mu|nu|xi|pi|rho|tau|phi|psi)\b|\\mathcal [A-Z]|(?<![\\a-z])[a-z](?![a-z])",
    flags=re.IGNORECASE,
)
# Counters, and the number e: explained where they stand, or known.
COUNTERS = set("ijle")
# Where one name computes more than one quantity.
SHARED = {"gae_moments", "target", "n_step_returns", "occupancy", "PointerPolicy", "Choices"}
SHARED |= {"field_counts", "LowRankLinear"}


def formulas(text: str) -> list[str]:
    plain = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    return ["".join(found).strip() for found in FORMULA.findall(plain)]


def is_used(symbol: str, formula: str) -> bool:
    bars = re.compile(r"\\[lr]vert ?| \\rvert")
    symbol, formula = bars.sub("|", symbol), bars.sub("|", formula)
    body = re.escape(symbol).replace(r"\ ", r"\s*")
    end = "(?![a-zA-Z])" if symbol[-1].isalpha() else ""
    return re.search(rf"(?<![\\a-zA-Z]){body}{end}", formula) is not None


def tables(chapter: int) -> list[tuple[list[str], set[str]]]:
    """Symbols and identifiers of each row of a chapter's table of symbols."""
    rows = []
    for text in texts(chapter).values():
        for table in re.findall(
            r"^\| symbol \| identifier .+\n\|[-| ]+\n((?:\|.+\n?)+)", text, re.M
        ):
            for line in table.splitlines():
                left, middle = re.split(r"(?<!\\) ?\| ?", line.strip("| "))[:2]
                symbols = [
                    symbol
                    for part in re.findall(r"\$(.+?)\$", left)
                    for symbol in re.split(r", (?![^()]*\))", part)
                ]
                rows.append((symbols, set(re.findall(r"`([\w.]+)", middle))))
    return rows


def rows_of(symbol: str, chapter: int) -> list[dict[str, str]]:
    """The rows of the file for a symbol: as it stands, or without its arguments."""
    for key in (symbol, re.sub(r"\(.*\)$", "", symbol)):
        found = [
            row
            for row in ROWS
            if row["symbol"].replace(" ", "") == key.replace(" ", "")
            and str(chapter) in row["chapters"].split()
        ]
        if found:
            return found
    return []


def section_text(chapter: int, section: str) -> tuple[str, str]:
    """The text and the code of the cells from one heading to the next."""
    found, inside = {"markdown": "", "code": ""}, False
    for cell in cells(chapter):
        source = "".join(cell["source"])
        if heading := re.search(r"^## (\d+\.\d+)?", source, flags=re.MULTILINE):
            inside = heading[1] == section
        if inside:
            found[cell["cell_type"]] += source + "\n\n"
    return found["markdown"], found["code"]


def test_every_chapter_has_a_table_of_symbols():
    assert {chapter for chapter in CHAPTERS if tables(chapter)} >= CHAPTERS.keys() - {11}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_table_of_a_chapter_agrees_with_the_file(chapter):
    for symbols, names in tables(chapter):
        found = [rows_of(symbol, chapter) for symbol in symbols]
        assert all(found), (symbols, "not in docs/symbols.csv with this chapter")
        known = {name for rows in found for row in rows for name in row["identifiers"].split()}
        assert not symbols or names <= known, (symbols, names - known)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['symbol']}-{row['idea']}")
def test_a_symbol_is_used_in_its_chapters_and_in_the_section_that_defines_it(row):
    numbers = [int(number) for number in row["chapters"].split()]
    assert numbers == sorted(set(numbers))
    for chapter in numbers:
        text = "\n\n".join(texts(chapter).values())
        assert any(is_used(row["symbol"], f) for f in formulas(text)), chapter
    path, section = row["where"].split("#")
    chapter = int(section.split(".")[0])
    assert (ROOT / path, chapter in numbers) == (CHAPTERS[chapter], True)
    text, code = section_text(chapter, section)
    names = row["identifiers"].split()
    named = any(re.search(rf"\b{re.escape(name)}\b", text + code) for name in names)
    assert named or any(is_used(row["symbol"], f) for f in formulas(text)), section


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_letter_of_two_cells_has_a_row(chapter):
    places = defaultdict(set)
    tables = (symbol_tables.TWICE, symbol_tables.ALL)
    for name, text in texts(chapter).items():
        for formula in [] if text.startswith(tables) else formulas(text):
            for letter in LETTERS.findall(WORDS.sub(" ", formula)):
                places[letter].add(name)
    known = {
        symbol_tables.letter(row["symbol"])
        for row in ROWS
        if str(chapter) in row["chapters"].split()
    }
    missing = {letter for letter, names in places.items() if len(names) > 1} - known - COUNTERS
    assert not missing, "add them to docs/symbols.csv"


def test_no_row_stands_twice_and_no_chapter_gives_a_symbol_the_same_idea_twice():
    keys = [(r["symbol"], r["idea"], n) for r in ROWS for n in r["chapters"].split()]
    assert len(keys) == len(set(keys))


def test_a_name_belongs_to_one_letter():
    letters = defaultdict(set)
    for row in ROWS:
        for name in row["identifiers"].split():
            letters[name].add(symbol_tables.letter(row["symbol"]))
    assert {name for name, found in letters.items() if len(found) > 1} == SHARED


def test_every_identifier_is_a_word_of_the_code():
    code = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("rlnotes/**/*.py"))
    for chapter in CHAPTERS:
        code += "\n".join("".join(c["source"]) for c in cells(chapter) if c["cell_type"] == "code")
    words = set(re.findall(r"\w+", code))
    for row in ROWS:
        for name in row["identifiers"].split():
            assert name.split(".")[-1] in words, name


def test_the_book_holds_the_tables_as_they_are_and_the_second_one_once():
    held = defaultdict(list)
    for chapter in CHAPTERS:
        for text in texts(chapter).values():
            held[text.partition("\n")[0]].append((chapter, text))
    wanted = symbol_tables.letters_that_serve_twice()
    assert held[symbol_tables.TWICE] == [(0, wanted)], "run python -m rlnotes.scripts.symbol_tables"
    for _, text in held[symbol_tables.ALL]:
        assert text == symbol_tables.all_symbols(), "run python -m rlnotes.scripts.symbol_tables"


def test_every_section_of_the_table_of_all_symbols_is_a_link_that_arrives():
    table = symbol_tables.all_symbols()
    links = re.findall(r"\| \[[\d.]+\]\(([\w.]+)#cell-id=([\w-]+)\) \|$", table, flags=re.MULTILINE)
    assert len(links) == len(ROWS)
    files = {path.name: {cell["id"] for cell in cells(n)} for n, path in CHAPTERS.items()}
    assert all(cell in files[file] for file, cell in links)
