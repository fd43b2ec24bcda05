"""The process in which one notebook's exercises are checked; started by `grade`.

It reads a plan from its input, and writes a line for each step. Checkers are loaded and
copied before a pupil's cell runs, and never looked up by a name that a cell can bind.
"""

import copy
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace

from IPython.display import display

from rlnotes.exercises import catalog
from rlnotes.exercises.base import Exercise, Verdict
from rlnotes.scripts.grade_guard import Guard

PASSED, NOT_YET, ERROR = "passed", "not yet", "error"


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
    try:
        shared = run(plan["imports"], {"__name__": "__main__", "display": display})
    except BaseException as error:  # of the pupil's, SystemExit among them
        say(step="imports failed", hint=f"the cell of imports failed: {in_short(error)}")
    else:
        for number, task in enumerate(plan["tasks"]):
            say(step="start", task=number)
            verdict, hint = judge(task, shared, checkers[task["exercise"]], guard)
            say(step="done", task=number, verdict=verdict, hint=hint)
    say(step="end")
    os._exit(0)


def own_copy(name: str) -> Exercise:
    """An exercise whose inputs no other name reaches."""
    exercise = catalog()[name]
    return replace(exercise, cases=copy.deepcopy(list(exercise.cases)))


def run(sources: list[str], namespace: dict) -> dict:
    """Run cells one after the other; return their namespace."""
    for source in sources:
        exec(compile(source, "<cell>", "exec"), namespace)
    return namespace


def judge(task: dict, shared: dict, checker: Exercise, guard: Guard) -> tuple[str, str]:
    """Verdict and hint on one exercise."""
    try:
        namespace = run([*task["needs"], task["code"]], dict(shared))
        candidate = eval(task["candidate"], namespace)
    except BaseException as error:  # of the pupil's, SystemExit among them
        return ERROR, f"the cell failed: {in_short(error)}"
    guard.restore()
    return verdict_on(candidate, checker, guard)


def verdict_on(candidate: Callable, checker: Exercise, guard: Guard) -> tuple[str, str]:
    """What the checker says, if it was not changed while it ran."""
    verdict = checker.check(candidate)
    if changed := guard.restore():
        return NOT_YET, f"the function changed {changed[0]} while it was checked"
    return (PASSED, "") if verdict.passed else (NOT_YET, hint_of(verdict))


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
