"""One line of the pre-flight report, and the report as text."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

_MARKS = {True: "ok", False: "RED", None: "-"}
_WIDTH = 88


class Check(NamedTuple):
    """What was looked at, and what it means.

    Attributes:
        name: of the check.
        seen: the numbers it rests on, by name.
        wanted: what they should be.
        passed: False is a red line; None does not apply or could not be looked at.
        sentence: what follows from it, in full sentences.
    """

    name: str
    seen: dict[str, object]
    wanted: str
    passed: bool | None
    sentence: str


def not_looked_at(name: str, sentence: str) -> Check:
    """A line that is neither red nor passed, with the reason."""
    return Check(name, {}, "", None, sentence)


def is_red(checks: Sequence[Check]) -> bool:
    """Whether a check failed; one that was not looked at did not."""
    return any(check.passed is False for check in checks)


def report(checks: Sequence[Check]) -> str:
    """The checks as text: mark, name, numbers, what is wanted; below it what it means.

    Example:
        >>> check = Check("groups", {"left over": 1}, "0", False, "One is lost.")
        >>> print(report([check]))
        RED  groups  left over 1  (wanted: 0)
             One is lost.
    """
    width = max((len(check.name) for check in checks), default=0)
    return "\n".join(_lines(check, width) for check in checks)


def _lines(check: Check, width: int) -> str:
    numbers = ", ".join(f"{name} {_shown(value)}" for name, value in check.seen.items())
    wanted = f"(wanted: {check.wanted})" if check.wanted else ""
    parts = (f"{_MARKS[check.passed]:<3}", f"{check.name:<{width}}", numbers, wanted)
    first = "  ".join(part for part in parts if part).rstrip()
    rest = textwrap.wrap(check.sentence, _WIDTH, initial_indent=" " * 5, subsequent_indent=" " * 5)
    return "\n".join([first, *rest])


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
