"""Verdicts come from the package's checker, whatever pupils write or overwrite."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from rlnotes.exercises import catalog
from rlnotes.scripts import grade
from rlnotes.scripts.grade_child import hint_of
from tests.scripts.handed_in import BODY, EMPTY, IMPORTS, RIGHT, hand_in, right, stub, table

WRONG = "def f(*args, **kwargs):\n    return 1.0"
FAKE = """
class Fake:
    passed, message = True, ""
    def check(self, candidate): return self
def exercises(): return {"advantages": Fake(), "q_from_v": Fake()}
"""
PATCHED = """
from rlnotes.exercises import base, answers, advantages
base.Exercise.check = lambda self, candidate: base.Verdict(True, "")
base.Exercise.problem = lambda self, candidate, case: ""
base._problem = lambda candidate, case: ""
answers.Outcome.equals = lambda self, numbers: True
answers.read.__code__ = (lambda answer: Outcome(np.zeros(1))).__code__
np.allclose = lambda *a, **k: True
advantages.EXERCISE.cases.clear()
object.__setattr__(advantages.EXERCISE, "cases", [])
import rlnotes.exercises
rlnotes.exercises.catalog = lambda: {}
"""
LATE = """
from rlnotes.exercises import base
def f(*args, **kwargs):
    base.Exercise.problem = lambda self, candidate, case: ""
    return q_from_v(*args, **kwargs)
def q_from_v(transition_probs, expected_rewards, values, gamma):
    return expected_rewards + gamma * transition_probs @ values
def g(*args, **kwargs):
    return f(*args, **kwargs)
"""
SOLVED = """
def f(transition_probs, expected_rewards, values, gamma):
    return (expected_rewards + gamma * transition_probs @ values).max(axis=1)
"""
# Exercise -> cell, verdict, and what the hint holds. All stand in one notebook.
CELLS = {
    "advantages": (RIGHT.format(body=BODY), "passed", ""),
    "returns_to_go": (EMPTY, "not answered", ""),
    "q_from_v": (LATE, "not yet", "changed rlnotes.exercises.base.Exercise.problem"),
    "completion_log_prob": ("def f(**k):\n    import os; os._exit(0)", "error", "ended the pro"),
    "optimality_backup": ("def f(**k):\n    exit()", "not yet", "SystemExit"),
    "guaranteed_values": ("raise SystemExit\ndef f(): return 1", "error", "SystemExit"),
    "q_learning_update": (WRONG, "not yet", "expected"),
    "q_learning_loop": ("def f(:\n    pass", "error", "SyntaxError"),
    "epsilon_greedy_probs": (
        "def f(q_values, epsilon):\n    q_values *= 0\n    return q_values",
        "not yet",
        "changes its argument 'q_values'",
    ),
    "dqn_targets": ("1 / 0\ndef f(): return 1", "error", "ZeroDivisionError: division by zero"),
    "gae": ("def f(**k):\n    print('Passed' * 10**6)\n    return Passed()", "not yet", "Passed"),
}


def answer(code: str):
    """A cell of the answers in the book."""
    cell = stub("returns_to_go", code)
    cell.metadata.tags = ["answer"]
    return cell


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Rows of a class, graded once: notebook -> exercise -> row."""
    root = tmp_path_factory.mktemp("class")
    hand_in(root / "in" / "many.ipynb", *(stub(name, c[0]) for name, c in CELLS.items()))
    hand_in(
        root / "in" / "tricks.ipynb",
        stub("advantages", FAKE + PATCHED + WRONG),
        stub("q_from_v", WRONG),
        stub("optimality_backup", SOLVED),
        stub("returns_to_go", EMPTY.replace("raise", "return 'Passed'; raise")),
        imports=IMPORTS + FAKE + PATCHED,
    )
    hand_in(
        root / "in" / "imports.ipynb",
        right(),
        stub("gae", "def f(**k):\n    return no_such_module.gae(**k)"),
        stub("q_from_v", WRONG),
        imports="import no_such_module\nget_ipython().magic()\n" + IMPORTS,
    )
    hand_in(
        root / "in" / "helpers.ipynb",
        new_code_cell("def total(x):\n    return x.sum(axis=AXIS, keepdims=True)"),
        new_code_cell("raise RuntimeError('nobody needs this cell')"),
        new_code_cell("AXIS = 1\n!ls\n%time\n?np"),
        stub("advantages", RIGHT.format(body="q_values - total(policy * q_values)"), tagged=False),
        stub("q_from_v", "def f(**k):\n    return nowhere", tagged=False),
        stub("q_from_v", EMPTY),
        new_markdown_cell("## Answers"),
        answer(WRONG),
    )
    hand_in(root / "in" / "loop.ipynb", stub("gae", "while True: pass\ndef f(): return 1"), right())
    status = grade.main([str(root / "in"), "--output", str(root / "out"), "--seconds", "25"])
    assert status == 0
    rows = table(root / "out")
    return {
        name: {row["exercise"]: row for row in rows if row["pupil"] == name}
        for name in dict.fromkeys(row["pupil"] for row in rows)
    }


@pytest.mark.parametrize("exercise", CELLS)
def test_each_exercise_gets_its_verdict_whatever_its_neighbours_do(graded, exercise):
    row = graded["many"][exercise]
    _, verdict, hint = CELLS[exercise]
    assert row["verdict"] == verdict, row
    assert hint in row["hint"], row
    assert bool(hint) == bool(row["hint"])


def test_rows_stand_in_the_order_of_the_notebook(graded):
    assert list(graded["many"]) == list(CELLS)
    assert list(graded) == ["helpers", "imports", "loop", "many", "tricks"]


def test_neither_fakes_nor_patches_of_the_checker_pass(graded):
    verdicts = {name: row["verdict"] for name, row in graded["tricks"].items()}
    assert verdicts.pop("optimality_backup") == "passed"  # it is right, whatever was patched
    assert verdicts == dict.fromkeys(("advantages", "q_from_v", "returns_to_go"), "not yet")


def test_imports_that_fail_are_skipped_and_named_and_who_needs_them_has_an_error(graded):
    rows = graded["imports"]
    verdicts = {name: row["verdict"] for name, row in rows.items()}
    assert verdicts == {"advantages": "passed", "gae": "error", "q_from_v": "not yet"}
    note = "`import no_such_module` failed and was left out: ModuleNotFoundError"
    assert all(note in row["hint"] for row in rows.values())
    assert "NameError" in rows["gae"]["hint"]


def test_cells_that_bind_what_is_needed_are_run_and_no_others(graded):
    assert graded["helpers"]["advantages"]["verdict"] == "passed"


def test_of_two_cells_the_better_counts_and_answers_of_the_book_do_not(graded):
    row = graded["helpers"]["q_from_v"]
    assert row["verdict"] == "not yet"
    assert "NameError: name 'nowhere' is not defined" in row["hint"]
    assert "returns_to_go" not in graded["helpers"]


def test_an_endless_cell_is_timed_out_and_the_next_is_graded(graded):
    loop = graded["loop"]
    assert loop["gae"]["verdict"] == "timed out"
    assert loop["gae"]["hint"] == "no answer after 25 seconds"
    assert loop["advantages"]["verdict"] == "passed"


def test_a_known_mistake_gets_its_own_hint():
    exercise = catalog()["advantages"]
    name, wrong = next(iter(exercise.wrong_answers.items()))
    assert hint_of(exercise.check(wrong)) == exercise.hints[name]
