"""What has to be run of a notebook to check its exercises, found without running it."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from rlnotes.scripts.grade_cells import GIVEN, Cell
from rlnotes.scripts.grade_checks import Check
from rlnotes.scripts.grade_names import names_of

NOT_ANSWERED, TIMED_OUT, ERROR = "not answered", "timed out", "error"


@dataclass(frozen=True)
class Task:
    """One exercise of a notebook: settled by reading it, or to be run.

    Args:
        exercise: its name in the catalogue.
        needs: code of other cells that bind names which this one reads, in order.
        code: of the pupil's cell up to the check.
        candidate: the expression that the checker is given.
        reads: names that `needs` and `code` read.
        verdict: "not answered" or "error" if there is nothing to run, else empty.
        hint: what the table says beside that verdict.
    """

    exercise: str
    needs: list[str] = field(default_factory=list)
    code: str = ""
    candidate: str = ""
    reads: list[str] = field(default_factory=list)
    verdict: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Plan:
    """The cells of imports, and the exercises in the order of the notebook."""

    imports: list[str]
    tasks: list[Task]


def plan_of(cells: Sequence[Cell]) -> Plan:
    """The plan for the cells of one notebook."""
    quiet = [cell for cell in cells if not cell.checks]
    first = next((cell for cell in quiet if cell.has_imports()), None)
    imports = [cell for cell in quiet if cell is first or cell.only_imports or cell.imports_all()]
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
        elif _is_stub(check.candidate, place, cells):
            tasks.append(Task(check.exercise, verdict=NOT_ANSWERED))
        else:
            tasks.append(_to_run(check, place, cells, have))
    return tasks


def _is_stub(candidate: ast.expr, place: int, cells: Sequence[Cell]) -> bool:
    """Whether nobody has written the function, here or in the cell that binds it."""
    if isinstance(candidate, ast.Name) and candidate.id not in cells[place].names[1]:
        binder = _binder(candidate.id, place, cells)
        return binder is not None and cells[binder].is_stub(candidate)
    return cells[place].is_stub(candidate)


def _to_run(check: Check, place: int, cells: Sequence[Cell], have: set[str]) -> Task:
    code, candidate = cells[place].code_until(check), ast.unparse(check.candidate)
    own_reads, own_binds = names_of(code)
    own_reads |= names_of(candidate)[0] - own_binds
    chosen = _providers(own_reads, own_binds, place, cells, have)
    reads = own_reads.union(*(cells[k].names[0] for k in chosen))
    needs = [cells[k].code for k in chosen]
    return Task(check.exercise, needs, code, candidate, sorted(reads - GIVEN))


def _providers(
    reads: frozenset[str],
    binds: frozenset[str],
    place: int,
    cells: Sequence[Cell],
    have: set[str],
) -> list[int]:
    """Places of the cells that bind what a cell reads, what those read, and so on."""
    waiting, known, chosen = sorted(reads - have), {*have, *binds}, set()
    while waiting:
        name = waiting.pop()
        if name in known:
            continue
        known.add(name)
        for provider in {*_makers(name, place, cells)} - chosen:
            chosen.add(provider)
            needed, _ = cells[provider].names
            waiting += sorted(needed - known)
    return sorted(chosen)


def _makers(name: str, place: int, cells: Sequence[Cell]) -> list[int]:
    """The cell that binds a name, and those that change its object before its use."""
    binder = _binder(name, place, cells)
    if binder is None:
        return []
    end = place if binder < place else len(cells)
    return [binder, *(k for k in range(binder + 1, end) if name in cells[k].alters)]


def _binder(name: str, place: int, cells: Sequence[Cell]) -> int | None:
    """The last cell before a place that binds a name, or else the first after it."""
    binds = [k for k, cell in enumerate(cells) if name in cell.names[1] and k != place]
    before = [k for k in binds if k < place]
    return before[-1] if before else next(iter(binds), None)
