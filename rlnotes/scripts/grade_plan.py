"""What has to be run of a notebook to check its exercises, found without running it."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from rlnotes.scripts.grade_cells import GIVEN, Cell

NOT_ANSWERED, ERROR = "not answered", "error"


@dataclass(frozen=True)
class Task:
    """One exercise of a notebook: settled by reading it, or to be run.

    Args:
        exercise: its name in the catalogue.
        needs: code of other cells that bind names which this one reads, in order.
        code: of the pupil's cell, without the call of the checker.
        candidate: the expression that the checker is given.
        verdict: "not answered" or "error" if there is nothing to run, else empty.
        hint: what the table says beside that verdict.
    """

    exercise: str
    needs: list[str] = field(default_factory=list)
    code: str = ""
    candidate: str = ""
    verdict: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Plan:
    """The cells of imports, and the exercises in the order of the notebook."""

    imports: list[str]
    tasks: list[Task]


def plan_of(cells: Sequence[Cell]) -> Plan:
    """The plan for the cells of one notebook."""
    first = next((cell for cell in cells if cell.has_imports() and not cell.checks), None)
    imports = [cell for cell in cells if cell is first or (cell.only_imports and not cell.tagged)]
    have = GIVEN.union(*(cell.names[1] for cell in imports))
    others = [cell for cell in cells if cell not in imports]
    tasks = []
    for place, cell in enumerate(others):
        tasks += _tasks(cell, place, others, have)
    return Plan([cell.code for cell in imports], tasks)


def _tasks(cell: Cell, place: int, cells: Sequence[Cell], have: set[str]) -> list[Task]:
    if cell.problem:
        return [Task(name, verdict=ERROR, hint=cell.problem) for name in cell.checked_in_text]
    tasks = []
    for check in cell.checks:
        if check.candidate is None:
            tasks.append(Task(check.exercise, verdict=ERROR, hint="`check` is given no function"))
        elif cell.is_stub(check.candidate):
            tasks.append(Task(check.exercise, verdict=NOT_ANSWERED))
        else:
            needs = [cells[k].code for k in _providers(check.candidate, place, cells, have)]
            candidate = ast.unparse(check.candidate)
            tasks.append(Task(check.exercise, needs, cell.code, candidate))
    return tasks


def _providers(candidate: ast.expr, place: int, cells: Sequence[Cell], have: set[str]) -> list[int]:
    """Places of the cells that bind what a cell reads, what those read, and so on."""
    own_reads, own_binds = cells[place].names
    reads = own_reads | {n.id for n in ast.walk(candidate) if isinstance(n, ast.Name)} - own_binds
    waiting, known, chosen = sorted(reads - have), set(have | own_binds), set()
    while waiting:
        name = waiting.pop()
        provider = None if name in known else _binder(name, place, cells)
        known.add(name)
        if provider is not None and provider not in chosen:
            chosen.add(provider)
            needed, bound = cells[provider].names
            known |= bound
            waiting += sorted(needed - known)
    return sorted(chosen)


def _binder(name: str, place: int, cells: Sequence[Cell]) -> int | None:
    """The last cell before a place that binds a name, or else the first after it."""
    binds = [k for k, cell in enumerate(cells) if name in cell.names[1] and k != place]
    before = [k for k in binds if k < place]
    return before[-1] if before else next(iter(binds), None)
