"""The rows of the table of grades for one notebook."""

from functools import lru_cache
from pathlib import Path

from rlnotes.scripts.checkout import ROOT
from rlnotes.scripts.grade_book import book_in, chapters
from rlnotes.scripts.grade_cells import code_cells
from rlnotes.scripts.grade_folder import NoNotebook, Submission, Unusable, printable, read_cells
from rlnotes.scripts.grade_plan import ERROR, NOT_ANSWERED, TIMED_OUT, plan_of
from rlnotes.scripts.grade_process import outcomes

LONGEST = 500  # characters of a hint
BROKEN, NO_EXERCISES, NO_NOTEBOOK = "broken notebook", "no exercises", "no notebook"
_BEST_FIRST = ("passed", "not yet", TIMED_OUT, ERROR, NOT_ANSWERED)


def rows_of(submission: Submission, *, seconds: float, root: Path = ROOT) -> list[dict]:
    """One row for each exercise of a notebook, or one that says why there is none.

    Args:
        submission: the notebook.
        seconds: time limit of one step, see `outcomes`.
        root: the checkout whose chapters say which exercises a notebook should have.
    """
    try:
        plan = plan_of(code_cells(read_cells(submission.path), book_in(root)))
    except NoNotebook as problem:
        return [_row(submission, "", NO_NOTEBOOK, str(problem))]
    except Unusable as problem:
        return [_row(submission, "", BROKEN, str(problem))]
    except RecursionError:
        return [_row(submission, "", BROKEN, "its code is nested too deeply")]
    if not plan.tasks:
        return [_row(submission, "", NO_EXERCISES, "")]
    results = outcomes(plan, seconds=seconds)
    best: dict[str, tuple[str, str]] = {}
    for task, result in zip(plan.tasks, results, strict=True):
        former = best.get(task.exercise)
        if former is None or _rank(result) < _rank(former):
            best[task.exercise] = result
    for name in expected(submission.path.stem, root):
        best.setdefault(name, (NOT_ANSWERED, f'no cell calls exercises()["{name}"].check(...)'))
    return [_row(submission, name, *result) for name, result in best.items()]


def expected(stem: str, root: Path) -> tuple[str, ...]:
    """Exercises of the chapter whose name a file name begins with; none without it."""
    for path in chapters(root):
        if stem.startswith(path.stem):
            return _exercises(path, root)
    return ()


@lru_cache
def _exercises(path: Path, root: Path) -> tuple[str, ...]:
    plan = plan_of(code_cells(read_cells(path), book_in(root)))
    return tuple(task.exercise for task in plan.tasks)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."


def _rank(result: tuple[str, str]) -> int:
    """Place of a verdict, best first; one that is not ours comes last."""
    return _BEST_FIRST.index(result[0]) if result[0] in _BEST_FIRST else len(_BEST_FIRST)


def _row(submission: Submission, exercise: str, verdict: str, hint: str) -> dict:
    return {
        "pupil": submission.pupil,
        "notebook": submission.notebook,
        "exercise": exercise,
        "verdict": verdict,
        "hint": _cut(printable(hint)),
    }
