"""What a text asks a reader to try in an explorer stands as data beside the text.

The metadata `rlnotes.try` of a text cell lists settings: an explorer by its name in the
catalogue, and values of its controls. A control that is left out stays as in the
explorer of that name that is shown nearest to the text, before it or after it.
"""

import ast
import json
import re
from pathlib import Path

import ipywidgets
import nbformat
import pytest

from rlnotes.explorers import catalog
from rlnotes.scripts.render_notebooks import cleaned

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
KINDS = {kind.__name__: name for name, kind in catalog().items()}
CALL = re.compile(r"(explorers\.)?(?P<kind>[A-Z]\w+)\(.*\)")
ASKS = re.compile(r"\b[Dd]rag\b|\b[Tt]hen choose\b|\bPredict\b|\bTry this\b|\*Try\*|\*Move\*")
NO_EXPLORER = {
    "00-140e59fb": "how mouse and keys move the controls of any explorer",
    "09-9-4-live-learning-to-carry-now-the": "a live run answers",
    "09-9-5-which-objective-does-it-climb-r": "a table answers",
    "09-read-across-the-filter-one-success": "a table answers",
    "11-defences-text": "a table answers",
    "11-orders-text": "a table answers",
    "11-log-text": "a table answers",
    "11-two-adapters": "a live run answers",
}
# A cell and the controls that it changes.
SAYS_THE_SAME = {
    ("11-which-method", "has_pairs"): "a question that the path does not come to changes nothing",
}


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture(scope="module")
def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@pytest.fixture(scope="module")
def shown(cells):
    """Place among the cells, name and first settings of each explorer of a chapter."""
    return [(place, *explorer) for place, cell in enumerate(cells) for explorer in shown_by(cell)]


@pytest.fixture(scope="module")
def tries(cells, shown):
    """Of each try: the cell's id, the explorer, its first settings, those to try."""
    return [
        (cell["id"], entry["explorer"], *start_and_changes(entry, place, shown))
        for place, cell in enumerate(cells)
        for entry in tried(cell)
    ]


@pytest.fixture(scope="module")
def explorers(shown):
    """One explorer of each name."""
    kinds = catalog()
    opened = {name: kinds[name]() for _, name, _ in shown}
    yield opened
    for explorer in opened.values():
        explorer.close()


def source(cell) -> str:
    return "".join(cell["source"])


def tried(cell) -> list[dict]:
    is_text = cell["cell_type"] == "markdown"
    return cell["metadata"].get("rlnotes", {}).get("try", []) if is_text else []


def shown_by(cell) -> list[tuple[str, dict]]:
    """Name and settings of the explorer in the last line of a cell, if it is one."""
    line = source(cell).rstrip().rpartition("\n")[2]
    call = CALL.fullmatch(line)
    if cell["cell_type"] != "code" or call is None or call["kind"] not in KINDS:
        return []
    keywords = ast.parse(line, mode="eval").body.keywords
    settings = {keyword.arg: ast.literal_eval(keyword.value) for keyword in keywords}
    return [(KINDS[call["kind"]], settings)]


def start_and_changes(entry, place, shown) -> tuple[dict, dict]:
    same = [(abs(at - place), start) for at, name, start in shown if name == entry["explorer"]]
    assert same, f"this chapter shows no explorer {entry['explorer']!r}"
    _, start = min(same, key=lambda pair: pair[0])
    return start, {name: value for name, value in entry.items() if name != "explorer"}


def is_possible(value, control) -> bool:
    """Whether it is exactly one of the values that a reader can choose."""
    if isinstance(control, ipywidgets.Checkbox):
        return isinstance(value, bool)
    if hasattr(control, "options"):
        return any(value == option and type(value) is type(option) for option in control.options)
    if type(value) is not type(control.value) or not control.min <= value <= control.max:
        return False
    steps = round((value - control.min) / control.step)
    return value == round(control.min + steps * control.step, 10)


def told(explorer) -> str:
    """The text below the picture, after the list of settings."""
    name, value = list(explorer.settings.items())[-1]
    shown = f"{value:g}" if isinstance(value, float) else value
    _, found, numbers = explorer.description.partition(f" {name} = {shown}. ")
    assert found
    return numbers


def test_a_text_that_asks_for_a_move_says_in_data_for_which(cells):
    for cell in cells:
        if cell["cell_type"] == "markdown" and ASKS.search(source(cell)):
            assert bool(tried(cell)) != (cell["id"] in NO_EXPLORER), cell["id"]


def test_every_exception_stands_in_a_chapter():
    texts = [json.loads(path.read_text(encoding="utf-8"))["cells"] for path in NOTEBOOKS]
    asking = {cell["id"] for cells in texts for cell in cells if ASKS.search(source(cell))}
    assert set(NO_EXPLORER) <= asking


def test_only_texts_and_only_this_key_use_the_metadata(cells):
    for cell in cells:
        kept = cell["metadata"].get("rlnotes")
        assert kept is None or (set(kept) == {"try"} and tried(cell)), cell["id"]


def test_every_value_is_one_that_the_control_has(tries, explorers):
    for cell_id, name, start, changes in tries:
        controls = explorers[name].controls
        assert changes, f"{cell_id}: no change of {name}"
        for control, value in {**start, **changes}.items():
            assert control in controls, f"{cell_id}: {name} has no control {control!r}"
            possible = is_possible(value, controls[control])
            assert possible, f"{cell_id}: {control} of {name} cannot be {value!r}"


def test_a_cell_asks_for_no_setting_twice(cells):
    for cell in cells:
        entries = [json.dumps(entry, sort_keys=True) for entry in tried(cell)]
        assert len(set(entries)) == len(entries), cell["id"]


def test_every_setting_is_shown_and_tells_something_else_than_the_first(tries, explorers):
    for cell_id, name, start, changes in tries:
        explorer = explorers[name]
        before = told(explorer.set(**{**explorer.defaults, **start}))
        after = told(explorer.set(**changes))
        assert "this setting failed" not in after, f"{cell_id}: {name}, {changes}"
        expected = (cell_id, *changes) in SAYS_THE_SAME
        assert (after == before) is expected, f"{cell_id}: {name} at {changes}"


def test_rendering_keeps_the_metadata_to_the_byte(path, cells):
    stored = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(stored, as_version=4)
    assert nbformat.writes(notebook) + "\n" == stored  # the order of keys, too
    assert [cell.metadata for cell in cleaned(notebook).cells] == [c["metadata"] for c in cells]


@pytest.mark.parametrize(
    ("name", "value", "possible"),
    [
        ("ratio", 0.8, True),
        ("ratio", 0.82, False),  # between two steps of 0.05
        ("ratio", 2.25, False),  # above the largest
        ("ratio", 1, False),  # a whole number where the slider gives 1.0
        ("beside", "clip alone, no min", True),
        ("beside", "clip", False),
    ],
)
def test_a_value_between_the_steps_is_found(name, value, possible):
    controls = catalog()["ppo_clip"]().controls
    assert is_possible(value, controls[name]) is possible


def test_the_nearest_explorer_counts():
    shown = [(1, "a", {"x": 1}), (9, "a", {"x": 2}), (4, "b", {})]
    assert start_and_changes({"explorer": "a", "y": 0}, 2, shown) == ({"x": 1}, {"y": 0})
    assert start_and_changes({"explorer": "a"}, 8, shown) == ({"x": 2}, {})
    with pytest.raises(AssertionError, match="shows no explorer 'c'"):
        start_and_changes({"explorer": "c"}, 8, shown)
