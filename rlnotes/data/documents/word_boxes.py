"""Words and boxes in JSON lines: one document a line.

    {"id": "a", "segments": ["TOTAL", "9.60"], "size": [200, 300],
     "boxes": [[0, 0, 50, 10], [90, 0, 120, 10]], "target": {...}}

`words` in place of `segments` are joined, with `line_key` if it is there. Several pages
have `page_sizes` and `page`. The label is `target`, or `entities` as in SROIE, or there
is none.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.reading import (
    UTF_16_MARKS,
    Problem,
    Reading,
    decoded,
    failed,
    joined,
    parsed,
)
from rlnotes.data.documents.segments import join_words
from rlnotes.data.documents.targets import as_sroie_target, as_target, require_code


def read_word_boxes(path: Path | str, *, name: str | None = None, currency: str = "MYR") -> Reading:
    """All documents of a file.

    A line that is no document is left out, one whose label cannot be read is there
    without a target; both are reported.

    Args:
        path: the file, in UTF-8.
        name: what the file is called in problems and in the names of documents without
            an `id`; by default as it is.
        currency: as for `rlnotes.data.documents.sroie.read_sroie`, for `entities`.

    Raises:
        ValueError: if the file is empty or in UTF-16, or currency is no code.
        OSError: if it cannot be read.
    """
    require_code(currency=currency)
    path = Path(path)
    stem, name = (path.stem, path.name) if name is None else (name, name)
    with path.open("rb") as file:
        if file.read(2) in UTF_16_MARKS:
            raise ValueError("not UTF-8 but probably UTF-16: save it as UTF-8")
        file.seek(0)
        lines = [
            _read_line(line, f"{stem}:{number}", f"{name}, line {number}", currency)
            for number, line in enumerate(file, start=1)
            if line.strip()
        ]
    if not lines:
        raise ValueError(f"path must be a file with a document in each line, got {path}: empty")
    return joined(lines)


def as_record(document: Document) -> dict:
    """What `read_word_boxes` reads back as an equal document, ready for JSON."""
    record = {
        "id": document.name,
        "segments": list(document.segments),
        "boxes": document.boxes.tolist(),
        "page": document.pages.tolist(),
        "page_sizes": document.page_sizes.tolist(),
    }
    extras = {name: getattr(document, name) for name in ("target", "layout", "printed")}
    return record | {name: value for name, value in extras.items() if value is not None}


def _read_line(line: bytes, name: str, where: str, currency: str) -> Reading:
    try:
        record = parsed(decoded(line))
        if not isinstance(record, dict):
            raise ValueError(f"a document must be an object, got {type(record).__name__}")
        name = str(record.get("id") or name)
        texts, boxes, pages = _segments(record)
        sizes = _matrix(record, "page_sizes" if "page_sizes" in record else "size", 2)
        target, printed, problems = _label(record, texts, name, where, currency)
        layout = _optional(record, "layout", str)
        document = Document(name, texts, boxes, pages, sizes, target, layout, printed)
    except ValueError as error:
        return failed(name, where, error)
    return Reading((document,), problems)


def _segments(record: Mapping):
    boxes = _matrix(record, "boxes", 4)
    if "segments" in record and "words" in record:
        raise ValueError("a document must have segments or words, got both")
    texts = record.get("segments", record.get("words"))
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("segments or words must be a list of texts")
    pages = _whole_numbers(record, len(texts))
    if len(boxes) != len(texts) or len(pages) != len(texts):
        raise ValueError(
            f"boxes and page must have one entry for each of the {len(texts)} texts, "
            f"got {len(boxes)} and {len(pages)}"
        )
    if "segments" in record:
        return texts, boxes, pages
    if turned := np.flatnonzero((boxes[:, :2] > boxes[:, 2:]).any(axis=1)).tolist():
        raise ValueError(
            "boxes must be left, top, right, bottom, "
            f"got {boxes[turned[0]].tolist()} as number {turned[0]}"
        )
    keys = record.get("line_key")
    if keys is not None and not isinstance(keys, list):
        raise ValueError(f"line_key must be a list, got {keys!r}")
    return join_words(texts, boxes, pages, keys)


def _matrix(record: Mapping, key: str, columns: int) -> np.ndarray:
    rows = record.get(key)
    if key == "size":
        rows = [rows]
    try:
        array = np.array(rows)
        if array.size and array.dtype.kind not in "iuf":
            raise ValueError("not numbers")
        return array.astype(np.float64).reshape(len(rows), columns)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(
            f"{key} must hold {columns} numbers in each row, got {str(rows)[:80]}"
        ) from error


def _whole_numbers(record: Mapping, count: int) -> np.ndarray:
    pages = record.get("page", [0] * count)
    if not isinstance(pages, list) or any(type(page) is not int for page in pages):
        raise ValueError(f"page must be a list of whole numbers, got {str(pages)[:80]}")
    if any(not 0 <= page < 10**6 for page in pages):
        raise ValueError(f"page must lie in [0, 1000000), got {str(pages)[:80]}")
    return np.array(pages, dtype=np.int64)


def _optional(record: Mapping, key: str, kind: type):
    value = record.get(key)
    if value is not None and not isinstance(value, kind):
        raise ValueError(f"{key} must be of type {kind.__name__}, got {str(value)[:80]}")
    return value


def _label(record: Mapping, texts, name: str, where: str, currency: str):
    printed = _optional(record, "printed", dict)
    try:
        if record.get("target") is not None:
            return as_target(record["target"]), printed, ()
        if record.get("entities") is not None:
            entities = record["entities"]
            printed = entities if isinstance(entities, dict) else None
            return as_sroie_target(entities, texts, currency=currency), printed, ()
        return None, printed, ()
    except ValueError as error:
        message = f"{error}: read without a target"
        return None, printed, (Problem(name, where, message),)
