"""Quizzes as data: what is asked, what is right, and why the rest is not."""

import random
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rlnotes._checks import require_option, require_text
from rlnotes.review.links import Link, read_link

FOLDER = Path(__file__).parent
FILES = ("quizzes.toml", "self_test.toml", "recall.toml")
KINDS = ("matching", "sorting", "cloze", "choice", "hidden cells")
ITEM_KEYS = {"id", "prompt", "right", "wrong", "reason", "link", "label", "shows"}
QUIZ_KEYS = {"kind", "title", "instruction", "text", "seed", "options", "items"}


@dataclass(frozen=True)
class Item:
    """One thing that is asked.

    Args:
        id: its name in Python.
        prompt: what the reader sees beside the options.
        options: in the order in which they are shown.
        right: those that are accepted, at least one.
        reasons: option -> why it is not right, for each of the others.
        link: the cell that shows it.
    """

    id: str
    prompt: str
    options: tuple[str, ...]
    right: tuple[str, ...]
    reasons: Mapping[str, str]
    link: Link | None = None

    def __post_init__(self):
        require_text(id=self.id, prompt=self.prompt)
        where = f"item {self.id!r}"
        if not self.id.isidentifier():
            raise ValueError(f"id must be a Python name, got {self.id!r}")
        if len(set(self.options)) != len(self.options) or len(self.options) < 2:
            raise ValueError(f"options of {where} must differ, two or more, got {self.options}")
        if "" in self.options:
            raise ValueError(f"options of {where} must not be empty, got {self.options}")
        for option in self.right:
            require_option(self.options, **{f"right of {where}": option})
        if not self.right:
            raise ValueError(f"right of {where} must name an option, got {self.right!r}")
        unexplained = set(self.options) - set(self.right) - set(self.reasons)
        if unexplained or "" in self.reasons.values():
            raise ValueError(f"{where} gives no reason for {sorted(unexplained)}")
        for option in self.reasons:
            require_option(set(self.options) - set(self.right), **{f"wrong of {where}": option})


@dataclass(frozen=True)
class QuizData:
    """All of a quiz but the answers.

    Args:
        kind: one of KINDS; only the text differs.
        title: in one line.
        instruction: what the reader shall do.
        items: what is asked, in order.
        text: a paragraph with gaps [1], [2], ...; one for each item, or no text.
    """

    kind: str
    title: str
    instruction: str
    items: Sequence[Item] = field(default_factory=tuple)
    text: str = ""

    def __post_init__(self):
        require_option(KINDS, kind=self.kind)
        require_text(title=self.title, instruction=self.instruction, text=self.text)
        ids = [item.id for item in self.items]
        if not ids or len(set(ids)) != len(ids):
            raise ValueError(f"items must be one or more whose ids differ, got {ids}")
        gaps = [int(number) for number in re.findall(r"\[(\d+)\]", self.text)]
        if (self.text or self.kind == "cloze") and gaps != list(range(1, len(ids) + 1)):
            raise ValueError(f"text must have one gap per item, in order, got {gaps}")


def shuffled(options: Iterable[str], seed: int) -> tuple[str, ...]:
    """The options in an order that depends on them and the seed alone."""
    mixed = sorted(options)
    random.Random(seed).shuffle(mixed)
    return tuple(mixed)


def quiz_data(entry: Mapping) -> QuizData:
    """A quiz from one table of a data file.

    `options` of the quiz, a table option -> what it speaks of, are shared by its items;
    an item's `reason` says what to look for, and both together answer a wrong choice.
    An item without shared options lists its own `wrong` ones, each with its reason.
    Each item has the keys of a link to evidence: `link`, `label` and `shows`.

    Args:
        entry: the table, as TOML gives it.

    Raises:
        ValueError: for unknown or missing keys, or what Item and QuizData refuse.
    """
    _require_keys("quiz", entry, QUIZ_KEYS, {"kind", "title", "instruction", "seed", "items"})
    shared = entry.get("options", {})
    items = [_item(one, shared, entry["seed"], n) for n, one in enumerate(entry["items"])]
    parts = {key: " ".join(entry.get(key, "").split()) for key in ("instruction", "text")}
    return QuizData(entry["kind"], entry["title"], items=tuple(items), **parts)


def read_quizzes(folder: Path = FOLDER) -> dict[str, QuizData]:
    """All quizzes of the data files, by name.

    Raises:
        ValueError: for a name that stands in two files, or a quiz that is refused.
    """
    quizzes: dict[str, QuizData] = {}
    for file in FILES:
        with (folder / file).open("rb") as stream:
            entries = tomllib.load(stream)
        if twice := sorted(set(entries) & set(quizzes)):
            raise ValueError(f"{file} must not repeat the names {twice}")
        quizzes |= {name: quiz_data(entry) for name, entry in entries.items()}
    return quizzes


def _item(entry: Mapping, shared: Mapping[str, str], seed: int, place: int) -> Item:
    _require_keys("item", entry, ITEM_KEYS, {"id", "prompt", "right"})
    right = entry["right"]
    right = (right,) if isinstance(right, str) else tuple(right)
    reasons = dict(entry.get("wrong", {}))
    if shared:
        reasons = _reasons(entry, shared, right) | reasons
        options = shuffled(shared, seed)  # in one order for all items of the quiz
    else:
        options = shuffled([*right, *reasons], seed + place)
    link = read_link(entry, where=f"item {entry['id']!r}")
    return Item(entry["id"], " ".join(entry["prompt"].split()), options, right, reasons, link)


def _reasons(entry: Mapping, shared: Mapping[str, str], right: Sequence[str]) -> dict:
    about = entry.get("reason", "")
    return {key: f"{text} {about}".strip() for key, text in shared.items() if key not in right}


def _require_keys(what: str, entry: Mapping, known: set[str], needed: set[str]) -> None:
    if unknown := sorted(set(entry) - known):
        raise ValueError(f"{what} must have no key but {sorted(known)}, got {unknown}")
    if missing := sorted(needed - set(entry)):
        raise ValueError(f"{what} must have the keys {sorted(needed)}, lacks {missing}")
