"""What a document says, checked: a label that cannot be read is a mistake of ours."""

from collections.abc import Mapping

from rlnotes._checks import shown
from rlnotes.functional.extraction.answers import ROWS, Answer, read_answer
from rlnotes.functional.extraction.plain import MAX_KEYS, MAX_ROWS
from rlnotes.functional.extraction.readings import MALFORMED


def read_target(target: Mapping) -> Answer:
    """The values of a document's label.

    Raises:
        ValueError: if it is no dict, says nothing, has a key that is no text, more than
            64 keys or 500 rows, or a value that cannot be read as what its key says.

    Example:
        >>> read_target({"total": "nine"})
        Traceback (most recent call last):
        ValueError: target['total'] must be readable, got 'nine'
    """
    if not isinstance(target, Mapping):
        raise ValueError(f"target must be a dict or None, got {shown(target)}")
    for key in target:
        if not isinstance(key, str):
            raise ValueError(f"target must have texts as keys, got {shown(key)}")
    answer = read_answer(target)
    if answer is None:
        raise ValueError(
            f"target must have at most {MAX_KEYS} keys and {MAX_ROWS} rows, got {shown(target)}"
        )
    if not answer.values:
        raise ValueError(f"target must have at least one field, got {shown(target)}")
    _require_values(answer, target)
    return answer


def _require_values(answer: Answer, target: Mapping) -> None:
    for key, value in answer.values.items():
        if value is MALFORMED:
            raise ValueError(f"target[{key!r}] must be readable, got {shown(target[key])}")
        if key in ROWS:
            _require_rows(key, value, target[key])


def _require_rows(key: str, rows: tuple, raw_rows) -> None:
    for row, raw_row in zip(rows, raw_rows, strict=True):
        no_amount = key == "line_items" and row[-1] is None
        unread = any(value is MALFORMED for value in row)
        if unread or no_amount or all(value is None for value in row):
            raise ValueError(
                f"target[{key!r}] must have readable rows of {', '.join(ROWS[key])} (a line needs "
                f"an amount), got {shown(raw_row)}"
            )
