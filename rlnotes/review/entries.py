"""Reading of data files: a text or a list that must be there."""

from collections.abc import Mapping, Sequence

from rlnotes._checks import require_text, shown


def text_of(entry: Mapping, key: str, *, where: str) -> str:
    """The text under a key of a table.

    Raises:
        ValueError: if it is missing, empty or no text; `where` names the table.
    """
    if not entry.get(key):
        raise ValueError(f"{where}: {key} is missing, got {shown(dict(entry))}")
    require_text(**{f"{key} of {where}": entry[key]})
    return entry[key]


def entries_of(data: Mapping, key: str) -> Sequence[Mapping]:
    """The tables under a key of a data file.

    Raises:
        ValueError: if there is none.
    """
    if not data.get(key):
        raise ValueError(f"data must have {key}, got {sorted(data)}")
    return data[key]
