"""Cells in which two tables of methods cannot both be right."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Contradiction:
    """A cell in which two tables cannot both be right.

    Attributes:
        method, column: the cell.
        first, second: the places of the two tables among those given, from 0.
        values: what each of the two allows there.
    """

    method: str
    column: str
    first: int
    second: int
    values: tuple[frozenset[str], frozenset[str]]


def contradictions(*tables: Mapping) -> list[Contradiction]:
    """The cells in which two tables say different things, in the tables' order.

    Args:
        tables: method -> column -> a value, or several values of which the table
            leaves open which one is right. A cell that one table lacks is none.

    Raises:
        ValueError: for a cell that is there and allows no value.

    Example:
        >>> usual, needed = {"ppo": {"critic": "usual"}}, {"ppo": {"critic": "needed"}}
        >>> len(contradictions(usual, needed))
        1
        >>> contradictions(usual, {"ppo": {"critic": ["no", "usual"]}})
        []
    """
    found = []
    for (i, first), (j, second) in itertools.combinations(enumerate(tables), 2):
        for method, row in first.items():
            for column, said in row.items():
                if column not in second.get(method, {}):
                    continue
                where = f"{column} of {method}"
                values = _allowed(said, where), _allowed(second[method][column], where)
                if not values[0] & values[1]:
                    found.append(Contradiction(method, column, i, j, values))
    return found


def _allowed(said: str | Iterable[str], where: str) -> frozenset[str]:
    allowed = frozenset([said] if isinstance(said, str) else said)
    if not allowed:
        raise ValueError(f"{where} must allow at least one value, got {said!r}")
    return allowed
