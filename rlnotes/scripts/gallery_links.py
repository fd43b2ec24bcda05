"""Links of the gallery to the chapters: beside docs/, and in the reader's copy."""

from pathlib import Path

NAME = "gallery.ipynb"
TO_CHAPTERS = "../notebooks/"  # from docs/


def for_copy(root: Path) -> dict[str, bytes]:
    """Name and content of the gallery for the folder of the reader's copies.

    There the chapters lie beside it. Empty if the clone has no gallery.

    Raises:
        OSError: if it cannot be read.
    """
    path = root / "docs" / NAME
    if not path.exists():
        return {}
    return {NAME: path.read_bytes().replace(f"]({TO_CHAPTERS}".encode(), b"](")}
