"""All documents of a folder, whatever their kind.

    a folder with box/ in it     receipts, see `sroie`
    *.jsonl                      words and boxes, see `word_boxes`
    *.pdf, *.xml                 invoices; they need the extra `documents`

Folders and files with a leading dot, and links to folders, are not looked into.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.e_invoices import read_e_invoice
from rlnotes.data.documents.pdfs import read_pdf
from rlnotes.data.documents.reading import INSTALL, Reading, failed, joined
from rlnotes.data.documents.sroie import box_files, is_set, labels_without_boxes, read_receipt_files
from rlnotes.data.documents.targets import require_code
from rlnotes.data.documents.word_boxes import read_word_boxes

_ENDINGS = {".jsonl": "words", ".pdf": "pdf", ".xml": "xml"}
_SET_FOLDERS = {"box", "key", "entities", "img"}


class Source(NamedTuple):
    """Something to read: a file of one of the kinds receipt, words, pdf, xml.

    `labels` is the folder of a set of receipts, for its labels without boxes, and
    `unlisted` a folder that could not be looked into.
    """

    path: Path
    kind: str


def read_folder(
    folder: Path | str,
    *,
    currency: str = "MYR",
    progress: Callable[[int, int], object] | None = None,
) -> Reading:
    """All documents of a folder and the folders below it, in the order of their names.

    Args:
        folder: where to look.
        currency: as for `rlnotes.data.documents.sroie.read_sroie`.
        progress: is called with the number of sources read and of all of them, first
            with 0.

    Raises:
        ValueError: if there is no such folder, or currency is no code.
    """
    require_code(currency=currency)
    folder = Path(folder)
    sources = find_sources(folder)
    readings = []
    for source in sources:
        if progress is not None:
            progress(len(readings), len(sources))
        readings.append(read_source(source, root=folder, currency=currency))
    if progress is not None:
        progress(len(sources), len(sources))
    return joined(readings)


def find_sources(folder: Path | str) -> list[Source]:
    """Everything in a folder that a reader is made for, sorted by path.

    Raises:
        ValueError: if there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"folder must be a folder, got {folder}")
    sources = []
    unlisted: list[OSError] = []
    for place, below, names in os.walk(folder, onerror=unlisted.append):
        place = Path(place)
        receipts = is_set(place)
        if receipts:
            sources += [Source(path, "receipt") for path in box_files(place)]
            sources.append(Source(place, "labels"))
        skipped = _SET_FOLDERS if receipts else set()
        below[:] = sorted(name for name in set(below) - skipped if not name.startswith("."))
        kinds = ((name, _ENDINGS.get(Path(name).suffix.lower())) for name in names)
        sources += [Source(place / n, kind) for n, kind in kinds if kind and n[0] != "."]
    sources += [Source(Path(error.filename), "unlisted") for error in unlisted]
    return sorted(sources)


def read_source(source: Source, *, root: Path, currency: str = "MYR") -> Reading:
    """What one source holds. Whatever is wrong with it becomes a problem.

    Args:
        source: one that `find_sources` found.
        root: the folder in relation to which documents and files are named.
        currency: as for `read_folder`.
    """
    path, kind = source
    name = path.relative_to(root).as_posix()
    if kind == "unlisted":
        return failed(name, name, "nobody may list what is in this folder")
    if kind != "labels" and not path.is_file():  # a pipe would never end
        return failed(name, name, "not a file")
    try:
        if kind == "receipt":
            return read_receipt_files(path, root=root, currency=currency)
        if kind == "labels":
            return labels_without_boxes(path, root=root)
        if kind == "words":
            return read_word_boxes(path, name=name, currency=currency)
        return read_pdf(path, name=name) if kind == "pdf" else _read_xml(path, name)
    except ImportError as error:
        needs = f"{error.name or 'a library'} is not installed"
        return failed(name, name, f"{needs}; in the project's folder: {INSTALL}")
    except (ValueError, OSError) as error:
        return failed(name, name, error)


def _read_xml(path: Path, name: str) -> Reading:
    """A label without a page."""
    nothing = np.zeros(0, dtype=np.int64)
    return Reading((Document(name, (), nothing, nothing, nothing, read_e_invoice(path)),))
