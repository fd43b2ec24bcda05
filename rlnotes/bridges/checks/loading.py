"""A trainer from a model folder, a data file and settings given as text."""

import ast
import csv
import importlib
import json
import typing
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from types import SimpleNamespace

from rlnotes._checks import require_option

COLUMNS = {
    "grpo": ("prompt",),
    "rloo": ("prompt",),
    "dpo": ("chosen", "rejected"),
    "reward": ("chosen", "rejected"),
}
_WORDS = {"true": True, "false": False, "none": None}


def read_rows(path: Path | str, *, method: str) -> list[dict]:
    """The rows of a data file.

    Args:
        path: .jsonl with an object per line, or .csv with a line of names first.
        method: a key of `COLUMNS`; its columns must be there.

    Returns:
        One dict per row. Of a .csv all values are texts.

    Raises:
        ValueError: if the file is missing, of another kind, empty, a line is no
            object, or a column is missing.
    """
    path = Path(path)
    require_option(COLUMNS, method=method)
    require_option((".jsonl", ".csv"), **{"ending of data": path.suffix})
    if not path.is_file():
        raise ValueError(f"data must be a file, got {str(path)!r}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = (
            csv.DictReader(file) if path.suffix == ".csv" else map(_object, filter(str.strip, file))
        )
        rows = list(table)
    if not rows:
        raise ValueError(f"data must have a row, got none in {str(path)!r}")
    for number, row in enumerate(rows, start=1):
        if None in row:
            raise ValueError(
                f"data must have a name for each cell, got {row[None]} in row {number}"
            )
        missing = [name for name in COLUMNS[method] if row.get(name) is None]
        if missing:
            raise ValueError(f"data must have {missing} in each row, got none in row {number}")
    return rows


def _object(line: str) -> dict:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"data must hold JSON in each line, got {line[:60]!r}") from error
    if not isinstance(row, dict):
        raise ValueError(f"data must hold an object in each line, got {line[:60]!r}")
    return row


def settings_from(pairs: Sequence[str], config: type) -> dict:
    """Settings of a configuration class from texts such as "learning_rate=1e-5".

    Args:
        pairs: each a name, "=" and a value; true, false and none are understood.
        config: a dataclass, such as `GRPOConfig` or `LoraConfig`.

    Raises:
        ValueError: if a text has no "=", the class has no such field, or the field
            takes no such value.

    Example:
        >>> from trl import GRPOConfig
        >>> settings_from(["beta=0.1", "bf16=false"], GRPOConfig)
        {'beta': 0.1, 'bf16': False}
    """
    known = {field.name for field in fields(config) if field.init}
    kinds = typing.get_type_hints(config)
    settings = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign:
            raise ValueError(f"settings must look like name=value, got {pair!r}")
        if name not in known:
            raise ValueError(f"{config.__name__} has no setting {name!r}")
        settings[name] = _value(name, text, kinds[name])
    return settings


def _value(name: str, text: str, kind: object) -> object:
    """What the text stands for, if that is of the kind; else the text itself."""
    kinds = typing.get_args(kind) if typing.get_origin(kind) is not None else (kind,)
    if typing.get_origin(kind) is typing.Literal:
        kinds = (kind,)
    try:
        value = _WORDS[text.lower()] if text.lower() in _WORDS else ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text
    for candidate in (value, text):
        if any(_is_a(candidate, one) for one in kinds):
            return candidate
    named = " or ".join(getattr(one, "__name__", str(one)) for one in kinds)
    raise ValueError(f"{name} must be {named}, got {text!r}")


def _is_a(value: object, kind: object) -> bool:
    origin = typing.get_origin(kind) or kind
    if origin is typing.Literal:
        return value in typing.get_args(kind)
    if isinstance(value, bool) or origin is bool:
        return isinstance(value, bool) and origin is bool
    if origin is float:
        return isinstance(value, int | float)
    return isinstance(origin, type) and isinstance(value, origin)


def with_defaults(config: type, settings: dict) -> SimpleNamespace:
    """The settings over the defaults of a class that is not built (it might refuse)."""
    known = {f.name: f.default for f in fields(config) if f.default is not MISSING}
    return SimpleNamespace(**known | settings)


def reward_functions(names: Sequence[str]) -> list[Callable]:
    """Functions by module and name, such as "my_rewards:length".

    Raises:
        ValueError: if a name has no colon, or there is no such module or function
            there.
    """
    functions = []
    for name in names:
        module, sign, attribute = name.partition(":")
        if not sign:
            raise ValueError(f"reward must look like module:function, got {name!r}")
        try:
            functions.append(getattr(importlib.import_module(module), attribute))
        except (ModuleNotFoundError, AttributeError) as error:
            raise ValueError(f"reward must be importable, got {name!r}: {error}") from error
        if not callable(functions[-1]):
            raise ValueError(f"reward must be a function, got {functions[-1]!r:.60} at {name!r}")
    return functions
