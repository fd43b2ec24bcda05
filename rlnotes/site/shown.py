"""Which explorers a notebook shows, with which setting, and what it asks to try."""

import ast
from collections.abc import Mapping
from typing import NamedTuple

from rlnotes.explorers import class_names


class Shown(NamedTuple):
    """An explorer by its name in the catalogue, and the values that a cell gives it."""

    name: str
    setting: dict


def shown_by(source: str) -> Shown | None:
    """The explorer that a code cell shows: its last line calls one by its class.

    Raises:
        ValueError: if an argument of the call is no plain value.

    Example:
        >>> shown_by("explorers.PPOClip(ratio=1.2)")
        Shown(name='ppo_clip', setting={'ratio': 1.2})
    """
    call = shown_expression(source)
    if not isinstance(call, ast.Call):
        return None
    called = getattr(call.func, "attr", getattr(call.func, "id", ""))
    names = {class_name: name for name, class_name in class_names().items()}
    if called not in names:
        return None
    try:
        setting = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
    except ValueError as error:
        raise ValueError(f"source must call {called} with plain values, got {source!r}") from error
    return Shown(names[called], setting)


def shown_expression(source: str) -> ast.expr | None:
    """What a code cell shows: the expression in its last line, if there is one."""
    try:
        lines = ast.parse(source).body
    except SyntaxError:  # a magic command
        return None
    return lines[-1].value if lines and isinstance(lines[-1], ast.Expr) else None


def tasks_of(cell: Mapping) -> list[Shown]:
    """What a text cell asks to try: `rlnotes.try` of its metadata.

    It is a list of tables with the name of an explorer and values of its controls:
    `[{"explorer": "ppo_clip", "ratio": 0.5}]`. The values start from the setting in
    which the notebook shows the explorer.
    """
    tasks = cell["metadata"].get("rlnotes", {}).get("try", [])
    return [
        Shown(task["explorer"], {name: value for name, value in task.items() if name != "explorer"})
        for task in tasks
    ]
