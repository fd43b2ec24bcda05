"""The file that holds the frames of an explorer for a page.

    file   = deflated( size of the header:4 bytes  header (JSON)  sections )
    header = what the panel needs; `slots`, `said` and `sentences` as below
    numbers = all low bytes, then all high bytes

The sections follow one another, little-endian:

    background, sheet          as a panel takes them; the header has their sizes
    of each slot: sizes        numbers: words of each piece
                  words        numbers: all pieces, one after the other
                  table        numbers: the piece at each combination of the controls
                               on which the slot depends, the last one's fastest;
                               65535 stands for the piece that was shown before
    said                       a table of the same kind: the row of the sentence
    sentences                  of each pattern, of each of its words that changes, the
                               number of the variant in each row

A slot with `steps` has its words as differences to the last piece of the same size
before it (zero for the first), folded: 0, -1, 1, -2 ... are 0, 1, 2, 3. Neighbours in
a grid are alike, so these are small. A pattern is a list of words; one that changes is
a list of its variants.
"""

import json
import struct
import zlib
from collections.abc import Iterable

import numpy as np

from rlnotes.site.recorded import Recorded

VERSION = 1


def pack(recorded: Recorded) -> bytes:
    """The file of a recorded explorer; the same bytes for the same recording."""
    counts = [len(control["code"]) for control in recorded.controls]
    sections = [recorded.background, recorded.sheet]
    slots = []
    for number, pieces in enumerate(recorded.slots):
        sizes = [len(piece) // 2 for piece in pieces]
        plain, steps = numbers(np.frombuffer(b"".join(pieces), "<u2")), numbers(in_steps(pieces))
        use_steps = len(zlib.compress(steps)) < len(zlib.compress(plain))
        depends, table = lookup_table(recorded.pieces[:, number].reshape(counts))
        sections += [numbers(sizes), steps if use_steps else plain, numbers(table)]
        slots.append({"count": len(pieces), "steps": use_steps, "depends": depends})
    patterns, rows, columns = by_pattern(recorded.sentences)
    depends, table = lookup_table(rows[recorded.said].reshape(counts))
    sections += [numbers(table), *map(numbers, columns)]
    header = {
        "version": VERSION,
        "title": recorded.title,
        "size": recorded.size,
        "controls": recorded.controls,
        "line": recorded.line,
        "background": len(recorded.background),
        "sheet": len(recorded.sheet),
        "head": list(recorded.head),
        "slots": slots,
        "said": depends,
        "sentences": patterns,
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    body = struct.pack("<I", len(text)) + text + b"".join(sections)
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezer.compress(body) + squeezer.flush()


def numbers(values) -> bytes:
    """Numbers below 65,536: all low bytes, then all high bytes."""
    words = np.asarray(values, dtype=np.int64)
    if words.size and (words.min() < 0 or words.max() > 0xFFFF):
        raise ValueError(f"values must be between 0 and 65535, got {words.min()} to {words.max()}")
    return (words & 0xFF).astype("u1").tobytes() + (words >> 8).astype("u1").tobytes()


def in_steps(pieces: Iterable[bytes]) -> np.ndarray:
    """All words, each as the folded difference to the last piece of that size."""
    last: dict[int, np.ndarray] = {}
    found = [np.zeros(0, dtype=np.int64)]
    for piece in pieces:
        words = np.frombuffer(piece, "<u2").astype(np.int64)
        step = (words - last.get(len(words), 0) + 0x8000) % 0x10000 - 0x8000
        last[len(words)] = words
        found.append(np.where(step >= 0, 2 * step, -2 * step - 1))
    return np.concatenate(found)


def lookup_table(full: np.ndarray) -> tuple[list[int], np.ndarray]:
    """The axes along which the numbers change, and the numbers over those alone."""
    depends = [axis for axis in range(full.ndim) if (full != full.take([0], axis)).any()]
    return depends, full[tuple(slice(None) if a in depends else 0 for a in range(full.ndim))]


def by_pattern(sentences: list[str]) -> tuple[list[dict], np.ndarray, list[list[int]]]:
    """Sentences of equally many words together: patterns, row of each, columns."""
    groups: dict[int, list[int]] = {}
    for index, sentence in enumerate(sentences):
        groups.setdefault(len(sentence.split(" ")), []).append(index)
    patterns, columns = [], []
    rows = np.empty(len(sentences), dtype=int)
    first = 0
    for members in groups.values():
        rows[members] = range(first, first + len(members))
        first += len(members)
        pattern = []
        for words in zip(*(sentences[index].split(" ") for index in members), strict=True):
            variants = {word: k for k, word in enumerate(dict.fromkeys(words))}
            if len(variants) == 1:
                pattern.append(words[0])
            else:
                pattern.append(list(variants))
                columns.append([variants[word] for word in words])
        patterns.append({"rows": len(members), "words": pattern})
    return patterns, rows, columns
