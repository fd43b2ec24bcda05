"""Claims that are often read: what speaks for each, what against it, and since when."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rlnotes.review.statements import Statement, one_line, read_statement

FILE = Path(__file__).parent / "evidence.toml"
TEXT_KEYS = ("claim", "dated", "verdict")
SIDES = {"supports": "Speaks for it", "opposes": "Speaks against it"}


@dataclass(frozen=True, repr=False)
class Evidence:
    """A claim with evidence on both sides; shows itself as two lists."""

    claim: str
    dated: str  # as of when
    verdict: str  # what can be said
    supports: tuple[Statement, ...]
    opposes: tuple[Statement, ...]

    def _repr_markdown_(self) -> str:
        lines = [f'**"{self.claim}"**', "", self.dated]
        for side, heading in SIDES.items():
            points = [f"- {point.markdown()}" for point in getattr(self, side)]
            lines += ["", f"**{heading}**", "", *points]
        return "\n".join([*lines, "", f"**What can be said.** {self.verdict}"])

    def __repr__(self) -> str:
        lines = [f'"{self.claim}"', self.dated]
        for side, heading in SIDES.items():
            lines += [f"{heading}:", *(f"- {point.plain()}" for point in getattr(self, side))]
        return "\n".join([*lines, f"What can be said: {self.verdict}"])


def load_evidence(path: Path = FILE) -> dict[str, Evidence]:
    """The claims of a data file by key.

    Raises:
        ValueError: for missing or unknown keys, or a claim with evidence on one side
            only.
    """
    with path.open("rb") as stream:
        return {key: _evidence(key, entry) for key, entry in tomllib.load(stream).items()}


def _evidence(key: str, entry: Mapping) -> Evidence:
    expected = {*TEXT_KEYS, *SIDES}
    if set(entry) != expected:
        raise ValueError(
            f"evidence {key!r} must have the keys {sorted(expected)}, got {sorted(entry)}"
        )
    sides = {}
    for side in SIDES:
        if not entry[side]:
            raise ValueError(f"evidence {key!r} must have points in {side!r}, got none")
        sides[side] = tuple(
            read_statement(one, where=f"evidence {key!r}, {side} {n}")
            for n, one in enumerate(entry[side], start=1)
        )
    return Evidence(**{name: one_line(entry[name]) for name in TEXT_KEYS}, **sides)
