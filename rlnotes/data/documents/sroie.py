"""Receipts in the folders of the SROIE collection (ICDAR 2019).

    box/001.csv or box/001.txt        x1,y1,x2,y2,x3,y3,x4,y4,text in each line
    key/001.json or entities/001.txt  {"company", "date", "address", "total"}
    img/001.jpg                       optional: only its size is used

They may stand in the folder itself or in train/ and test/ below it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.reading import Problem, Reading, failed, joined, parsed, read_text
from rlnotes.data.documents.targets import as_sroie_target, require_code

_NUMBER = r"\s*(-?[0-9]{1,7}(?:\.[0-9]{1,6})?)\s*,"
_LINE = re.compile(_NUMBER * 8 + "(.*)")
_BOX_ENDINGS = (".csv", ".txt")
_LABELS = (("key", ".json"), ("entities", ".txt"), ("key", ".txt"), ("entities", ".json"))
_PICTURE_ENDINGS = (".jpg", ".jpeg", ".png")


def read_sroie(folder: Path | str, *, currency: str = "MYR") -> Reading:
    """All receipts of a folder, by the names of their files.

    A receipt whose boxes cannot all be read is left out: without one line its label
    may be wrong. One whose label is missing or unreadable is there without a target.
    Both are reported.

    Args:
        folder: with box/ in it, or in train/ or test/ below it.
        currency: code for receipts that name no currency, or only a bare dollar sign.
            The receipts of SROIE are Malaysian.

    Raises:
        ValueError: if there is no box/ with files in it, or currency is no code.
    """
    require_code(currency=currency)
    folder = Path(folder)
    sets = [place for place in (folder, folder / "train", folder / "test") if is_set(place)]
    if not sets:
        raise ValueError(f"folder must hold box/ with .csv or .txt files, got {folder}")
    return joined(
        reading
        for place in sets
        for reading in (
            *(
                read_receipt_files(path, root=folder, currency=currency)
                for path in box_files(place)
            ),
            labels_without_boxes(place, root=folder),
        )
    )


def is_set(folder: Path) -> bool:
    """Whether a folder has box/ with files of boxes in it."""
    try:
        return any(True for _ in box_files(folder))
    except OSError:  # no such folder, or one that nobody may list
        return False


def box_files(folder: Path) -> Iterator[Path]:
    """The files of boxes of one set, sorted."""
    paths = (folder / "box").iterdir()
    yield from sorted(path for path in paths if path.suffix.lower() in _BOX_ENDINGS)


def labels_without_boxes(folder: Path, *, root: Path) -> Reading:
    """A problem for each label of a set that has no file of boxes."""
    known = {path.stem for path in box_files(folder)}
    labels = {path for part, ending in _LABELS for path in (folder / part).glob(f"*{ending}")}
    return Reading(
        problems=tuple(
            Problem(_name(path, root), _shown(path, root), "the label has no file in box/")
            for path in sorted(labels)
            if path.stem not in known
        )
    )


def read_receipt_files(path: Path, *, root: Path, currency: str = "MYR") -> Reading:
    """One receipt from its file of boxes and, beside that folder, label and picture.

    Args:
        path: the file of boxes.
        root: the folder in relation to which files are named.
        currency: as for `read_sroie`.
    """
    name, where = _name(path, root), _shown(path, root)
    if path.suffix != ".csv" and path.with_suffix(".csv").exists():
        return failed(name, where, f"there is {name} already, from {path.stem}.csv")
    try:
        texts, boxes = _parse_boxes(read_text(path))
        size, size_problems = _page_size(path, boxes, root)
        printed, target, label_problems = _read_label(path, texts, root, currency)
        pages = np.zeros(len(texts), dtype=np.int64)
        document = Document(name, texts, boxes, pages, [size], target, printed=printed)
    except (ValueError, OSError) as error:
        return failed(name, where, error)
    return Reading((document,), (*size_problems, *label_problems))


def _parse_boxes(text: str) -> tuple[list[str], np.ndarray]:
    texts, corners = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"line {number} must hold eight numbers and a text, got {line[:80]!r}")
        if not match[9].strip():
            raise ValueError(f"line {number} has a box and no text")
        corners.append([float(number) for number in match.groups()[:8]])
        texts.append(match[9].strip())
    xs, ys = np.array(corners)[:, 0::2], np.array(corners)[:, 1::2]
    return texts, np.stack([xs.min(1), ys.min(1), xs.max(1), ys.max(1)], axis=1)


def _page_size(path: Path, boxes: np.ndarray, root: Path):
    """Width and height of the picture, or else of what the boxes cover."""
    covered = boxes[:, 2:].max(axis=0).tolist()
    folder = path.parent.parent / "img"
    endings = (folder / f"{path.stem}{ending}" for ending in _PICTURE_ENDINGS)
    picture = next((place for place in endings if place.is_file()), None)
    if picture is None:
        return covered, ()
    try:
        with Image.open(picture) as image:
            return image.size, ()
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        message = f"the picture cannot be read ({error}): page size from the boxes"
        return covered, (Problem(_name(path, root), _shown(picture, root), message),)


def _read_label(path: Path, texts: list[str], root: Path, currency: str):
    """The label as printed, the target, and problems; None for what there is not."""
    places = (path.parent.parent / part / f"{path.stem}{ending}" for part, ending in _LABELS)
    label = next((place for place in places if place.is_file()), None)
    if label is None:
        message = "no label in key/ or entities/: read without a target"
        return None, None, (Problem(_name(path, root), _shown(path, root), message),)
    printed = None
    try:
        printed = parsed(read_text(label))
        return printed, as_sroie_target(printed, texts, currency=currency), ()
    except (ValueError, OSError) as error:
        printed = printed if isinstance(printed, dict) else None
        message = f"{error}: read without a target"
        return printed, None, (Problem(_name(path, root), _shown(label, root), message),)


def _name(path: Path, root: Path) -> str:
    """Folder of the set, if there is one, and stem: train/001."""
    return (path.parent.parent.relative_to(root) / path.stem).as_posix()


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
