"""Faults planted into the bytes of a frame, as a wrong recorder would write them."""

import struct

from rlnotes.plotting import frames


def without_clips(frame: bytes) -> bytes:
    """Nothing is cut off at the edge of its axes."""
    return _edited(frame, frames.CLIP, lambda parts: parts.pop("clip"))


def with_longer_dashes(frame: bytes) -> bytes:
    """Dashes and gaps a quarter longer."""

    def stretch(parts: dict) -> None:
        count, *lengths = struct.unpack(f"<H{len(parts['dashes']) // 4}f", parts["dashes"])
        longer = [1.25 * length for length in lengths]
        parts["dashes"] = struct.pack(f"<H{len(longer)}f", count, *longer)

    return _edited(frame, frames.DASHES, stretch)


def with_a_marker_shifted(frame: bytes) -> bytes:
    """The last marker of each kind stands two pixels to the right."""
    unit = struct.unpack_from("<H", frame, 6)[0]

    def shift(parts: dict) -> None:
        body = parts["body"]
        x = struct.unpack_from("<h", body, len(body) - 4)[0]
        parts["body"] = body[:-4] + struct.pack("<h", x + 2 * unit) + body[-2:]

    return _edited(frame, frames.MARKERS, shift, of_kind=True)


def without_a_label(frame: bytes) -> bytes:
    """The first text is missing."""
    head, operations = frame[:8], _operations(frame)
    first = next(i for i, one in enumerate(operations) if _kind(one) == frames.GLYPHS)
    return head + b"".join(operations[:first] + operations[first + 1 :])


def _edited(frame: bytes, wanted: int, edit, *, of_kind: bool = False) -> bytes:
    edited = []
    for one in _operations(frame):
        head = struct.unpack_from("<H", one)[0]
        if (_kind(one) == wanted) if of_kind else (head & wanted):
            parts = _parts(one)
            edit(parts)
            if "clip" not in parts:
                head &= ~frames.CLIP
            tail = b"".join(parts.values())
            length = 7 + len(tail) // 2
            one = struct.pack("<3H", head, length & 0xFFFF, length >> 16) + one[6:14] + tail
        edited.append(one)
    return frame[:8] + b"".join(edited)


def _operations(frame: bytes) -> list[bytes]:
    place, found = 8, []
    while place < len(frame):
        low, high = struct.unpack_from("<2H", frame, place + 2)
        end = place + 2 * (low + (high << 16))
        found.append(frame[place:end])
        place = end
    return found


def _kind(one: bytes) -> int:
    return one[0] & 15


def _parts(one: bytes) -> dict[str, bytes]:
    """Pen, dashes, clip, and the rest as the body; each only if it is there."""
    head = struct.unpack_from("<H", one)[0]
    parts, place = {}, 14
    sizes = {"pen": (frames.STROKE, 4), "dashes": (frames.DASHES, None), "clip": (frames.CLIP, 8)}
    for name, (flag, size) in sizes.items():
        if head & flag:
            end = place + (size or 6 + 4 * struct.unpack_from("<H", one, place)[0])
            parts[name], place = one[place:end], end
    return {**parts, "body": one[place:]}
