"""The process in which one notebook's exercises are checked; started by `grade`.

It reads a plan from its input, and writes a line for each step. Checkers are loaded and
copied before a pupil's cell runs, and never looked up by a name that a cell can bind.
"""

import ast
import copy
import json
import os
import sys
from codeop import Compile
from collections.abc import Callable
from dataclasses import dataclass, replace

from IPython.display import display

from rlnotes.exercises import catalog
from rlnotes.exercises.base import Exercise, Verdict
from rlnotes.scripts.grade_checks import NOTE
from rlnotes.scripts.grade_guard import Guard
from rlnotes.scripts.grade_names import names_of
from rlnotes.scripts.grade_plan import ERROR, TIMED_OUT

PASSED, NOT_YET = "passed", "not yet"
LONGEST = 300  # characters of a hint, if it is followed by what failed before


def main() -> None:
    """Check what the plan asks for, then end at once, whatever threads still run."""
    plan = json.load(sys.stdin)
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # pupils' input and output
        os.dup2(nowhere, descriptor)

    def say(**words) -> None:
        print(json.dumps({"token": plan["token"], **words}), file=channel, flush=True)

    checkers = {task["exercise"]: own_copy(task["exercise"]) for task in plan["tasks"]}
    guard = Guard()
    say(step="ready")
    shared = {"__name__": "__main__", "display": display}
    failures = attempt(plan["imports"], shared)
    for number, task in enumerate(plan["tasks"]):
        say(step="start", task=number)
        verdict, hint = judge(task, shared, failures, checkers[task["exercise"]], guard)
        say(step="done", task=number, verdict=verdict, hint=hint)
    say(step="end")
    os._exit(0)


def own_copy(name: str) -> Exercise:
    """An exercise whose inputs no other name reaches."""
    exercise = catalog()[name]
    return replace(exercise, cases=copy.deepcopy(list(exercise.cases)))


@dataclass(frozen=True)
class Failure:
    """A statement outside the pupil's own cell that could not be run."""

    message: str
    lost: frozenset[str]  # names that it would have bound


def attempt(sources: list[str], namespace: dict) -> list[Failure]:
    """Run cells statement by statement; those that fail are skipped, and returned."""
    failures, compiled = [], Compile()  # remembers imports from __future__
    for statement in (s for source in sources for s in ast.parse(source).body):
        text = ast.unparse(statement)
        try:
            exec(compiled(text, "<cell>", "exec"), namespace)
        except BaseException as error:  # of the pupil's, SystemExit among them
            first = text.partition("\n")[0][:80]
            message = f"`{first}` failed and was left out: {in_short(error)}"
            failures.append(Failure(message, names_of(text)[1]))
    return failures


def judge(
    task: dict, shared: dict, failures: list[Failure], checker: Exercise, guard: Guard
) -> tuple[str, str]:
    """Verdict and hint on one exercise, with what failed before it."""
    namespace = dict(shared)
    noted = namespace[NOTE] = Noted()
    failures = failures + attempt(task["needs"], namespace)
    noted.candidates.clear()  # those of other cells
    verdict, hint = _judge(task, namespace, noted, checker, guard)
    lost = frozenset().union(*(f.lost for f in failures)) - namespace.keys()
    if verdict == NOT_YET and lost.intersection(task["reads"]):
        verdict = ERROR
    if failures:
        hint = "; ".join(filter(None, [hint[:LONGEST], failures[0].message]))
    return verdict, hint


class Noted:
    """Stands in for the checkers while a cell runs: notes what they are given."""

    def __init__(self):
        self.candidates = {}

    def __call__(self, exercise: str, candidate: Callable) -> Verdict:
        """Note a candidate; a verdict comes later, and not to the cell."""
        self.candidates[exercise] = candidate
        return Verdict(True, "")


def _judge(
    task: dict, namespace: dict, noted: Noted, checker: Exercise, guard: Guard
) -> tuple[str, str]:
    name = task["exercise"]
    try:
        exec(compile(task["code"], "<cell>", "exec"), namespace)
        if name not in noted.candidates:  # the call stands in a function, say
            noted(name, eval(task["candidate"], namespace))
    except BaseException as error:  # of the pupil's, SystemExit among them
        if name not in noted.candidates:
            return ERROR, f"the cell failed: {in_short(error)}"
    guard.restore()
    return verdict_on(noted.candidates[name], checker, guard)


def verdict_on(candidate: Callable, checker: Exercise, guard: Guard) -> tuple[str, str]:
    """What the checker says, if it was not changed while it ran."""
    verdict = checker.check(candidate)
    if changed := guard.restore():
        return NOT_YET, f"the function changed {changed[0]} while it was checked"
    if verdict.passed:
        return PASSED, ""
    late = verdict.message.startswith(f"no answer after {checker.seconds:g} seconds")
    return TIMED_OUT if late else NOT_YET, hint_of(verdict)


def hint_of(verdict: Verdict) -> str:
    """The hint of a verdict, or all that it says if it has none."""
    _, found, hint = verdict.message.partition("\nHint")
    return hint.lstrip(":, ") if found else verdict.message


def in_short(error: BaseException) -> str:
    """Kind and text of an error, even of one that cannot say its text."""
    try:
        text = str(error)
    except Exception:  # a broken __str__ of the pupil's
        text = ""
    return f"{type(error).__name__}: {text}"[:500].rstrip(": ")


if __name__ == "__main__":
    main()
