"""Rules for committed notebooks that can be read from the file, without running it."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import get_exporter

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
FORBIDDEN = {
    r"^\s*[!%]\s*pip": "installs packages",
    r"import \*": "star import",
    r"(torch|np\.random)\.(manual_)?seed\(": "seeds a global generator",
    r"https?://": "links to the network from code",
    r"\bopen\(|\bPath\(|\.\./": "depends on where it lies",
}
TAGS = {
    "parity",
    "exercise",
    "answer",
    "nbval-check-output",
    "nbval-ignore-output",
    "raises-exception",
}
EXPLORER = re.compile(r"(explorers\.)?[A-Z]\w+\(.*\)")
MAX_IMPORT_LINES = 15


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture(scope="module")
def notebook(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def text(notebook):
    return "\n".join(source(c) for c in notebook["cells"] if c["cell_type"] == "markdown")


def source(cell) -> str:
    return "".join(cell["source"])


def tags(cell) -> set[str]:
    return set(cell["metadata"].get("tags", []))


def outputs(cells):
    return [output for cell in cells for output in cell["outputs"]]


def test_file_is_small_and_carries_no_state(path, notebook, code_cells):
    halves = 2 if path.stem in ("10_invoices", "11_review") else 1  # in two sittings
    assert path.stat().st_size < 750_000 * halves + 250_000, "figures too large"
    assert "widgets" not in notebook["metadata"], "stored widget state"
    assert "version" not in notebook["metadata"]["language_info"], "version of one machine"
    for cell in code_cells:
        assert "execution" not in cell["metadata"], "stored timestamps"
    for output in outputs(code_cells):
        assert not any("widget" in kind for kind in output.get("data", {})), "stored widget view"
        assert output.get("name") != "stderr", "stored standard error"


def test_stored_outputs_come_from_one_run_and_show_no_address(code_cells):
    assert [c["execution_count"] for c in code_cells] == list(range(1, len(code_cells) + 1))
    for output in outputs(code_cells):
        assert not re.search(r"0x[0-9a-f]{6,}|/home/|/root/|/tmp/", json.dumps(output)[:20_000])


def test_cell_ids_are_unique(notebook):
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)


def test_tags_are_known(notebook):
    for cell in notebook["cells"]:
        assert tags(cell) <= TAGS, tags(cell) - TAGS


def test_title_question_and_numbered_headings(path, notebook, text):
    number = int(path.stem[:2])
    first = source(notebook["cells"][0])
    assert first.startswith(f"# {number}. "), "title must carry the number"
    assert "\n> " in first, "the question is missing"
    headings = re.findall(r"^## (\d+)\.(\d+) ", text, flags=re.MULTILINE)
    assert [int(chapter) for chapter, _ in headings] == [number] * len(headings)
    assert [int(section) for _, section in headings] == list(range(1, len(headings) + 1))


def test_the_fixed_sections_are_there(path, text):
    assert "**After this chapter you can**" in text
    if int(path.stem[:2]) == 0:
        return
    for part in (
        "Where popular notes go wrong",
        "Does the maths hold?",
        "Key takeaways",
        "References",
        "**Next.**",
    ):
        assert part in text, part


def test_imports_stand_in_the_first_code_cell_only(code_cells):
    assert "%matplotlib inline" in source(code_cells[0])
    for cell in code_cells[1:]:
        assert not re.search(r"^\s*(import|from \S+ import)\s", source(cell), flags=re.MULTILINE)


def test_code_is_short_and_clean(code_cells):
    for cell in code_cells:
        code = source(cell)
        assert cell is code_cells[0] or code.count("\n") < 25, f"long cell: {code[:40]!r}"
        for pattern, reason in FORBIDDEN.items():
            assert not re.search(pattern, code, flags=re.MULTILINE), f"{reason}: {code[:40]!r}"
        assert "parity" not in tags(cell) or "assert" in code, "parity cell without assertion"


def test_cells_fail_only_where_they_say_so(code_cells):
    for cell in code_cells:
        failed = any(output["output_type"] == "error" for output in cell["outputs"])
        assert failed == ("raises-exception" in tags(cell)), source(cell)[:40]


def test_loops_that_stand_beside_a_package_function_are_short(code_cells):
    for cell in code_cells:
        if "parity" in tags(cell):
            loop = source(cell).split("\n\n")[0]
            assert loop.count("\n") < 15, f"loop over 15 lines: {loop[:40]!r}"


def test_every_exercise_says_what_to_do_and_checks_it(code_cells):
    for cell in code_cells:
        if "exercise" in tags(cell):
            assert "TODO" in source(cell)
            assert "raise NotImplementedError" in source(cell)
            assert ".check(" in source(cell)


def test_answers_stand_in_the_last_section_in_order_linked_from_their_stubs_and_back(notebook):
    cells = notebook["cells"]
    stubs = [place for place, cell in enumerate(cells) if "exercise" in tags(cell)]
    if not stubs:
        return
    last = [source(cell).startswith("## Answers") for cell in cells].index(True)
    for number, stub in enumerate(stubs, start=1):
        link = cells[stub + 1]
        assert f"(#answer-{number})" in source(link)
        assert "answer" in tags(link), "a handout must not link to what it lacks"
        before = "\n".join(source(cell) for cell in cells[:stub])
        name = re.findall(r'<a id="exercise-(\d+)"></a>\n### Exercise \1: (.+)', before)[-1]
        assert name[0] == str(number)
        heading, answer = cells[last + 2 * number - 1 : last + 2 * number + 1]
        assert source(heading).startswith(f'<a id="answer-{number}"></a>\n### Answer {number}: ')
        assert name[1] in source(heading)
        assert f"(#exercise-{number})" in source(heading)
        key = re.search(r'exercises\(\)\["(\w+)"\]', source(cells[stub]))[0]
        assert key in source(answer)
        assert "assert verdict.passed" in source(answer)
    assert len(cells) == last + 1 + 2 * len(stubs)
    assert all("answer" in tags(cell) for cell in cells[last:])
    assert not any("answer" in tags(c) for c in cells[:last] if c["cell_type"] == "code")


def test_the_cell_of_imports_is_short(code_cells):
    lines = len(source(code_cells[0]).splitlines())
    assert lines <= MAX_IMPORT_LINES, lines


def test_explorers_show_a_picture_and_are_not_compared(path, code_cells):
    pictures = [
        c for c in code_cells if any("image/png" in o.get("data", {}) for o in c["outputs"])
    ]
    assert pictures, "every notebook stores at least one picture"
    for cell in pictures:
        for output in cell["outputs"]:
            data = output.get("data", {})
            if "Setting: " in "".join(data.get("text/plain", "")):
                assert "nbval-ignore-output" in tags(cell), source(cell)
    explorers = [c for c in code_cells if EXPLORER.fullmatch(source(c).strip())]
    assert explorers
    assert all("image/png" in cell["outputs"][0]["data"] for cell in explorers)


def test_every_picture_says_in_words_what_it_shows(code_cells):
    for cell in code_cells:
        for output in cell["outputs"]:
            if "image/png" in output.get("data", {}):
                alt = output["metadata"]["image/png"]["alt"]
                assert len(alt) > 60, source(cell)
                assert alt == "".join(output["data"]["text/plain"]), "two texts for one picture"


def test_figures_are_drawn_in_the_house_style(code_cells):
    for cell in code_cells:
        if "new_figure(" in source(cell):
            assert re.search(r"with (style\.)?house_style\(\):", source(cell)), source(cell)
            assert re.search(r"^figure\.alt = ", source(cell), flags=re.MULTILINE), source(cell)


def test_a_chapter_can_be_exported(path):
    notebook = nbformat.read(path, as_version=4)
    script, resources = get_exporter("script")().from_notebook_node(notebook)
    assert resources["output_extension"] == ".py"
    compile(script, path.stem, "exec")
    page, _ = get_exporter("html")(template_name="basic").from_notebook_node(notebook)
    assert "No description has been provided" not in page
    assert page.count("<img") >= 1


def test_equations_stand_on_lines_of_their_own(text):
    for line in text.splitlines():
        if "$$" in line:
            assert line.startswith("$$") or line.rstrip().endswith("$$"), line
