"""A file of frames, read after its description, as the page reads it."""

import json
import struct
import zlib
from itertools import accumulate, pairwise

import numpy as np


class FrameFile:
    """What a page can show of an explorer, from the bytes of its file."""

    def __init__(self, packed: bytes):
        self._bytes = zlib.decompress(packed, -15)
        (size,) = struct.unpack("<I", self._take(4))
        self.header = json.loads(self._take(size))
        self.counts = [len(control["code"]) for control in self.header["controls"]]
        self.background = self._take(self.header["background"])
        self.sheet = self._take(self.header["sheet"])
        self.slots = [(self._pieces(slot), self._table(slot)) for slot in self.header["slots"]]
        self.said = self._table({"depends": self.header["said"]})
        self.sentences = [text for group in self.header["sentences"] for text in self._texts(group)]
        assert self._bytes == b""
        self.shown = [b""] * len(self.slots)

    def frame(self, places: list[int]) -> bytes:
        numbers = [table[self._at(table, places)] for _, table in self.slots]
        self.shown = [
            self.shown[slot] if number == 0xFFFF else self.slots[slot][0][number]
            for slot, number in enumerate(numbers)
        ]
        return bytes(self.header["head"]) + b"".join(self.shown)

    def text(self, places: list[int]) -> str:
        sentence = self.sentences[self.said[self._at(self.said, places)]]
        listed = ", ".join(f"{name} = {value}" for name, value in self._chosen("plain", places))
        return f"{self.header['title']}. Setting: {listed}. {sentence}"

    def code(self, places: list[int]) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self._chosen("code", places))
        return f"{self.header['line']}({given})"

    def _chosen(self, kind: str, places: list[int]) -> list[tuple[str, str]]:
        controls = self.header["controls"]
        return [(c["name"], c[kind][place]) for c, place in zip(controls, places, strict=True)]

    def _at(self, table: np.ndarray, places: list[int]) -> tuple[int, ...]:
        # An axis of one place stands for a control that changes nothing.
        return tuple(p if n > 1 else 0 for p, n in zip(places, table.shape, strict=True))

    def _take(self, size: int) -> bytes:
        taken, self._bytes = self._bytes[:size], self._bytes[size:]
        assert len(taken) == size
        return taken

    def _numbers(self, count: int) -> np.ndarray:
        low, high = (np.frombuffer(self._take(count), "u1").astype(int) for _ in range(2))
        return low + 256 * high

    def _table(self, slot: dict) -> np.ndarray:
        shape = [n if axis in slot["depends"] else 1 for axis, n in enumerate(self.counts)]
        return self._numbers(int(np.prod(shape))).reshape(shape)

    def _pieces(self, slot: dict) -> list[bytes]:
        sizes = self._numbers(slot["count"])
        ends = list(accumulate(sizes.tolist(), initial=0))
        words = self._numbers(ends[-1])
        pieces, last = [], {}
        for begin, end in pairwise(ends):
            piece = words[begin:end]
            if slot["steps"]:
                step = np.where(piece % 2, -(piece + 1) // 2, piece // 2)
                piece = last[end - begin] = (step + last.get(end - begin, 0)) % 65536
            pieces.append(piece.astype("<u2").tobytes())
        return pieces

    def _texts(self, group: dict) -> list[str]:
        rows = range(group["rows"])
        columns = [
            [word] * len(rows)
            if isinstance(word, str)
            else [word[k] for k in self._numbers(len(rows))]
            for word in group["words"]
        ]
        return [" ".join(column[row] for column in columns) for row in rows]
