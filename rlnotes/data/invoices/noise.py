"""Mistakes of a text reader, put on a document after it has been set."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from rlnotes._checks import require_in_unit_interval
from rlnotes.data.documents.document import Document
from rlnotes.data.invoices.draws import chance, pick

_LOOK_ALIKES = dict(zip("0O1I5S8B", "O0I1S5B8", strict=True))
# A character of the table in a word that has a digit in it.
_MISREAD = re.compile(r"(?<!\S)(?=\S*\d)\S+")
# The decimal mark of an amount, not a mark of a date.
_MARK = re.compile(r"(?<=\d)(?<!\.\d)(?<!\.\d\d)[.,](?=\d\d(?![\d.,]))")
_STRAYS = ".:,'-*|~"


def _positions(text: str) -> list[int]:
    return [
        match.start() + i
        for match in _MISREAD.finditer(text)
        for i, character in enumerate(match[0])
        if character in _LOOK_ALIKES
    ]


def _look_alike(text: str, generator: np.random.Generator) -> str:
    at = pick(generator, _positions(text))
    return text[:at] + _LOOK_ALIKES[text[at]] + text[at + 1 :]


def _broken_decimal(text: str, generator: np.random.Generator) -> str:
    at = pick(generator, [match.start() for match in _MARK.finditer(text)])
    if chance(generator, 0.3):
        return f"{text[:at]} {text[at:]}"
    return f"{text[: at + 1]} {text[at + 1 :]}"


def _lost_point(text: str, generator: np.random.Generator) -> str:
    at = pick(generator, [match.start() for match in _MARK.finditer(text)])
    return text[:at] + text[at + 1 :]


def _stray_character(text: str, generator: np.random.Generator) -> str:
    stray = pick(generator, _STRAYS)
    return f"{stray} {text}" if chance(generator, 0.5) else f"{text} {stray}"


# Kind: whether it can happen to a text, and what it makes of it.
_KINDS: dict[str, tuple[Callable[[str], object], Callable[[str, np.random.Generator], str]]] = {
    "look_alikes": (_positions, _look_alike),
    "broken_decimals": (_MARK.search, _broken_decimal),
    "lost_points": (_MARK.search, _lost_point),
    "stray_characters": (bool, _stray_character),
}
NOISE_KINDS = tuple(_KINDS)


def add_noise(
    document: Document,
    generator: np.random.Generator,
    *,
    share: float,
    noise_kinds: Sequence[str] = NOISE_KINDS,
) -> Document:
    """The document with some segments misread; boxes and target stay.

    A segment is hit with probability `share`, by one of the kinds that can happen to
    it: "look_alikes" (0-O, 1-I, 5-S, 8-B, both ways, in a word with a digit),
    "broken_decimals" ("9. 99"), "lost_points" ("999") and "stray_characters".

    Args:
        document: any document.
        generator: decides which segments are hit, and how.
        share: of segments hit, in [0, 1]; at 0 nothing is drawn.
        noise_kinds: those that may happen.

    Returns:
        A new document; the same one if `share` is 0.

    Raises:
        ValueError: if `share` lies outside [0, 1], or a kind is unknown.
    """
    require_noise(share, noise_kinds)
    if share == 0:
        return document
    segments = [_misread(text, generator, share, noise_kinds) for text in document.segments]
    return replace(document, segments=segments)


def require_noise(share: float, noise_kinds: Sequence[str]) -> None:
    """Raise unless the share lies in [0, 1] and there are kinds, all of them known."""
    require_in_unit_interval(noise=share)
    if isinstance(noise_kinds, str) or not noise_kinds:
        raise ValueError(f"noise_kinds must be one or more names, got {noise_kinds!r}")
    for kind in noise_kinds:
        if kind not in _KINDS:
            raise ValueError(f"noise_kinds must be among {NOISE_KINDS}, got {kind!r}")


def _misread(
    text: str, generator: np.random.Generator, share: float, noise_kinds: Sequence[str]
) -> str:
    if not chance(generator, share):
        return text
    possible = [_KINDS[kind][1] for kind in noise_kinds if _KINDS[kind][0](text)]
    return pick(generator, possible)(text, generator) if possible else text
