"""The error of a reader's function, as a text without the checker's own frames."""

import traceback
from pathlib import Path

_LONGEST = 2_000  # characters of an error


def describe(error: BaseException) -> str:
    """The error and what led to it, and what to do if the call itself went wrong.

    Args:
        error: what the reader's function raised, or the call of it.

    Returns:
        A traceback without the checker's own frames, not too long.
    """
    shown = traceback.TracebackException.from_exception(error)
    _forget_own_frames(shown)
    text = "".join(shown.format()).rstrip()
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
    # No frame of the reader's: the function was never entered.
    refused = isinstance(error, TypeError) and not shown.stack
    if refused and "keyword argument" in text:
        text += "\nKeep the argument names of the exercise."
    return text


def _forget_own_frames(shown: traceback.TracebackException | None) -> None:
    if shown is None:
        return
    own = str(Path(__file__).parent)
    shown.stack[:] = [frame for frame in shown.stack if own not in frame.filename]
    for part in (shown.__cause__, shown.__context__, *(shown.exceptions or ())):
        _forget_own_frames(part)
