"""Right answers pass in whatever form pupils write them around the checker."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from rlnotes.scripts.checkout import ROOT
from rlnotes.scripts.grade_book import book_in
from rlnotes.scripts.grade_cells import code_cells
from rlnotes.scripts.grade_folder import RawCell, Submission
from rlnotes.scripts.grade_names import altered, names_of
from rlnotes.scripts.grade_plan import plan_of
from rlnotes.scripts.grade_process import outcomes
from rlnotes.scripts.grade_rows import rows_of
from tests.scripts.handed_in import BODY, EMPTY, IMPORTS, RIGHT, hand_in, stub

SOLVED = RIGHT.format(body=BODY)
CHECK = 'exercises()["advantages"].check(advantages_of)'
STUB = SOLVED.rpartition("\n")[0] + '\n    """Return it."""\n    raise NotImplementedError'
WRONG = RIGHT.format(body="q_values")
STARRED = "np.subtract(q_values, expand_dims(einsum('sa,sa->s', policy, q_values), 1))"


def tagged(source: str):
    cell = new_code_cell(source)
    cell.metadata.tags = ["exercise"]
    return cell


def graded(path, *cells, imports=IMPORTS) -> list[tuple[str, str, str]]:
    """Exercise, verdict and hint for a notebook with these cells."""
    hand_in(path, *cells, imports=imports)
    rows = rows_of(Submission(path, "anna", path.name), seconds=30)
    return [(row["exercise"], row["verdict"], row["hint"]) for row in rows]


ENDS = {
    "bound": f"verdict = {CHECK}\nassert verdict.passed",
    "its message": f"v = {CHECK}\nprint(v.message)\nv",
    "printed": f"print({CHECK})",
    "in a loop": f"for f in [advantages_of]:\n    v = {CHECK.replace('advantages_of', 'f')}",
    "in a function": f"def test():\n    assert {CHECK}.passed",
    "in a try": f"try:\n    print({CHECK})\nfinally:\n    pass",
    "then an error": f"{CHECK}\nprint(1 / 0)",
    "then an import": f"{CHECK}\nimport no_such_module",
    "then an end": f"{CHECK}\nraise SystemExit",
    "an error around": f"v = [{CHECK}][3]",
    "then the name is another's": f"{CHECK}\nadvantages_of = None",
}


@pytest.fixture(scope="module")
def by_form():
    """Verdict and hint for each form, of a right function and of a wrong one.

    All cells stand in one notebook; here the better of two verdicts does not count.
    """
    stubs = [f"{STUB}\n{CHECK}"]
    right, wrong = ([f"{code}\n{end}" for end in ENDS.values()] for code in (SOLVED, WRONG))
    cells = [RawCell("code", source, frozenset()) for source in [IMPORTS, *stubs, *right, *wrong]]
    plan = plan_of(code_cells(cells, book_in(ROOT)))
    first, *others = outcomes(plan, seconds=30)
    assert first == ("not answered", "")
    assert len(others) == 2 * len(ENDS)
    return dict(zip(ENDS, zip(others[: len(ENDS)], others[len(ENDS) :], strict=True), strict=True))


@pytest.mark.parametrize("end", ENDS)
def test_what_is_done_with_the_call_does_not_count(by_form, end):
    right, wrong = by_form[end]
    assert right == ("passed", "")
    assert wrong[0] == "not yet"


def test_a_new_cell_without_a_tag_counts_beside_the_stub(tmp_path):
    cells = tagged(f"{STUB}\n{CHECK}"), new_code_cell(f"{SOLVED}\nprint({CHECK})")
    assert graded(tmp_path / "a.ipynb", *cells) == [("advantages", "passed", "")]


def test_two_checks_in_one_cell_are_graded_each(tmp_path):
    second = ENDS["bound"].replace("advantages", "q_from_v", 1)
    cell = tagged(f"{WRONG}\n{ENDS['bound']}\n{SOLVED}\n{second}\n{ENDS['bound']}")
    found = dict(row[:2] for row in graded(tmp_path / "a.ipynb", cell))
    assert found == {"advantages": "passed", "q_from_v": "not yet"}


def test_cells_after_the_answers_of_the_book_count(tmp_path):
    helper = new_code_cell("def total(x):\n    return x.sum(axis=1, keepdims=True)")
    code = RIGHT.format(body="q_values - total(policy * q_values)")
    heading = new_markdown_cell("## Answers by Anna")
    for place, cells in enumerate(
        ([tagged(f"{code}\n{CHECK}"), heading, helper], [heading, helper, stub("advantages", code)])
    ):
        found = graded(tmp_path / f"{place}.ipynb", *cells)
        assert found == [("advantages", "passed", "")]


@pytest.mark.parametrize("lost", ["tags", "tags and ids"])
def test_answers_of_the_book_do_not_count_even_without_their_tags(tmp_path, lost):
    notebook = nbformat.read(ROOT / "notebooks" / "01_mdp_and_maze.ipynb", 4)
    for cell in notebook.cells:
        cell.metadata.pop("tags", None)
    if lost == "tags and ids":
        notebook.nbformat_minor = 4
        for cell in notebook.cells:
            del cell["id"]
    path = tmp_path / "01_mdp_and_maze.ipynb"
    nbformat.write(notebook, path)
    rows = rows_of(Submission(path, "anna", path.name), seconds=30)
    assert [row["verdict"] for row in rows] == ["not answered"] * 4


def test_the_books_answer_pasted_into_a_stub_passes(tmp_path):
    notebook = nbformat.read(ROOT / "notebooks" / "01_mdp_and_maze.ipynb", 4)
    sources = {c.id: c.source for c in notebook.cells}
    (place,) = [c for c in notebook.cells if c.id == "01-42d5e4d6"]
    place.source = sources["01-24807ac3"]
    path = tmp_path / "01_mdp_and_maze.ipynb"
    nbformat.write(notebook, path)
    rows = rows_of(Submission(path, "anna", path.name), seconds=30)
    verdicts = {row["exercise"]: row["verdict"] for row in rows}
    assert verdicts.pop("advantages") == "passed"
    assert set(verdicts.values()) == {"not answered"}


@pytest.mark.parametrize(
    ("cells", "body"),
    [
        (["from numpy import *\nprint(pi)"], STARRED),
        (
            ["H = {}", "H['f'] = np.sum"],
            "q_values - H['f'](policy * q_values, axis=1, keepdims=True)",
        ),
        (
            ["H = []", "H += [np.sum]", "H.append(3)"],
            "q_values - H[0](policy * q_values, axis=H[1] - 2, keepdims=True)",
        ),
        (
            ["T = np.sum\nprint(1 / 0)\nU = 3", "import os\nos.chdir('/no/such/folder')"],
            "q_values - T(policy * q_values, axis=1, keepdims=True)",
        ),
    ],
)
def test_cells_that_make_what_is_needed_are_run(tmp_path, cells, body):
    cells = [*map(new_code_cell, cells), stub("advantages", RIGHT.format(body=body))]
    (row,) = graded(tmp_path / "a.ipynb", *cells)
    assert row[:2] == ("advantages", "passed"), row


def test_a_first_cell_that_fails_stops_nothing(tmp_path):
    path = tmp_path / "a.ipynb"
    cells = new_code_cell(IMPORTS), stub("advantages", SOLVED)
    (row,) = graded(path, *cells, imports="import os; os.chdir('/no/such/folder')")
    assert row[:2] == ("advantages", "passed")
    assert row[2].startswith("`os.chdir('/no/such/folder')` failed and was left out: FileNotFound")


@pytest.mark.parametrize("reason", ["", "('later')"])
def test_a_stub_is_one_in_two_cells_and_with_a_reason(tmp_path, reason):
    cells = new_code_cell(STUB + reason), tagged(CHECK)
    assert graded(tmp_path / "a.ipynb", *cells) == [("advantages", "not answered", "")]
    cells = new_code_cell(SOLVED), tagged(CHECK)
    assert graded(tmp_path / "a.ipynb", *cells) == [("advantages", "passed", "")]
    (row,) = graded(tmp_path / "a.ipynb", tagged(f"{STUB}{reason}\n{CHECK}"))
    assert row[1] == "not answered"


def test_a_function_that_never_ends_is_timed_out(tmp_path):
    code = "def advantages_of(q_values, policy):\n    while True:\n        pass"
    (row,) = graded(tmp_path / "a.ipynb", stub("advantages", code))
    assert row[1] == "timed out"
    assert row[2].startswith("no answer after 5 seconds")


@pytest.mark.parametrize(
    "check",
    ["", "# " + CHECK, "ex = exercises()['advantages']\nex.check(advantages_of)", EMPTY],
)
def test_a_cell_without_the_call_does_not_answer_and_the_hint_names_the_call(tmp_path, check):
    others = [stub(n, EMPTY) for n in ("returns_to_go", "q_from_v", "completion_log_prob")]
    rows = graded(tmp_path / "01_mdp_and_maze.ipynb", tagged(f"{SOLVED}\n{check}"), *others)
    hint = 'no cell calls exercises()["advantages"].check(...)'
    assert ("advantages", "not answered", hint) in rows


def test_names_that_code_reads_binds_and_changes():
    reads, binds = names_of("def f(x):\n    return g(x)\nh = f(k)\nm[0] = 1\nn += 1\no = 1\no += 1")
    assert (reads, binds) == ({"g", "k", "m", "n"}, {"f", "h", "o"})
    assert altered("a.b[0].c()\nd = e.f()\ng[1] = h\ni().j()") == {"a", "g"}
