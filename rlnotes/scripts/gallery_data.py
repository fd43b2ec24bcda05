"""The data of the gallery: which explorers, what to ask, and numbers read from them."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rlnotes.explorers import catalog
from rlnotes.explorers.base import Explorer

_MINUS = "\N{MINUS SIGN}"
_NUMBER = rf"([{_MINUS}-]?\d+(?:,\d{{3}})*(?:\.\d+)?(?:e[+-]?\d+)?)"
_PLACE = re.compile(r"\{(\d+): ([^{}]*#)\}")
_TITLE = re.compile(r"^# (\d+\. .+)$", re.MULTILINE)
_SECTION = re.compile(r"^## (\d+\.\d+) ", re.MULTILINE)
_COMPARED = {"<": float.__lt__, ">": float.__gt__, "=": float.__eq__}


@dataclass(frozen=True)
class Entry:
    """One explorer of the gallery, with where it is explained and what to ask."""

    name: str
    cell: str
    shows: str
    question: str
    settings: Sequence[Mapping[str, object]]
    answer: str
    holds: Sequence[str] = ()
    says: Sequence[str] = ()

    @property
    def kind(self) -> type[Explorer]:
        """The class of the explorer."""
        return catalog()[self.name]

    @cached_property
    def texts(self) -> list[str]:
        """The explorer's text at the default and at each setting."""
        explorer = self.kind()
        chosen = [{**explorer.defaults, **settings} for settings in ({}, *self.settings)]
        texts = [explorer.set(**settings).description for settings in chosen]
        explorer.close()
        return texts

    def filled(self, text: str) -> str:
        """A text with its numbers read from the explorer.

        Raises:
            ValueError: if a number is not found.
        """
        return _PLACE.sub(lambda found: self.number(int(found[1]), found[2]), text)

    def number(self, setting: int, words: str) -> str:
        """The number that follows some words in the explorer's text.

        Args:
            setting: 0 for the default, k for the k-th setting.
            words: what comes before it, with # for the number itself and " ... " for
                any text between.

        Raises:
            ValueError: if there is none.
        """
        parts = [re.escape(part) for part in words.removesuffix("#").split(" ... ")]
        start = r"\b" if words[0].isalnum() else ""
        if setting < len(self.texts):
            found = re.search(start + ".*?".join(parts) + _NUMBER, self.texts[setting])
            if found:
                return found[1]
        raise ValueError(f"{self.name}: no number for {words!r} at setting {setting}")

    def broken(self) -> list[str]:
        """What does not hold: comparisons, with their numbers, and quoted words."""
        told = [(words, *words.split(": ", 1)) for words in self.says]
        wrong = [words for words, setting, said in told if said not in self.texts[int(setting)]]
        for comparison in self.holds:
            left, sign, right = self.filled(comparison).split()
            if not _COMPARED[sign](as_float(left), as_float(right)):
                wrong.append(f"{comparison}: {left} {sign} {right}")
        return wrong


def as_float(text: str) -> float:
    """A number of an explorer's text, which has commas and a minus sign."""
    return float(text.replace(_MINUS, "-").replace(",", ""))


def read_entries(path: Path) -> list[Entry]:
    """The entries of the gallery, in the order of the file.

    Raises:
        TypeError: if a key is missing or unknown.
    """
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return [Entry(settings=row.pop("try"), **row) for row in data["explorer"]]


@dataclass(frozen=True)
class Place:
    """Where a chapter shows an explorer."""

    chapter: str  # "5. Generalized advantage estimation"
    section: str  # "5.1"
    file: str
    cell_id: str
    position: int  # of the cell in the chapter


def place_of(entry: Entry, root: Path) -> Place:
    """Look up the cell of an entry in its chapter.

    Raises:
        ValueError: if the chapter has no such cell, or it shows another explorer.
    """
    number, cell_id = entry.cell.split("#")
    (path,) = sorted((root / "notebooks").glob(f"{number}_*.ipynb"))
    chapter = section = ""
    for position, cell in enumerate(_cells(path)):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            chapter = chapter or "".join(_TITLE.findall(source))
            section = (_SECTION.findall(source) or [section])[-1]
        elif cell["id"] == cell_id and f"{entry.kind.__name__}(" in source:
            return Place(chapter, section, path.name, cell_id, position)
    raise ValueError(f"{entry.name}: {path.name} has no cell {cell_id} that shows it")


def _cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]
