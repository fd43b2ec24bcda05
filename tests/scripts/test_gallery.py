"""The gallery: each explorer once, and answers that its numbers bear out."""

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import get_exporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

from rlnotes.explorers import catalog
from rlnotes.scripts import gallery, lab
from rlnotes.scripts.checkout import ROOT, notebooks_of
from rlnotes.scripts.gallery_data import Entry, as_float, place_of, read_entries
from rlnotes.scripts.gallery_links import NAME, for_copy
from tests.test_notebooks import FORBIDDEN, TAGS

STORED = ROOT / "docs" / NAME
ENTRIES = read_entries(STORED.with_suffix(".toml"))
LINK = re.compile(r"\]\(([^)#]+)#cell-id=([^)]+)\)")


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(STORED, as_version=4)


def picture_of(text) -> Image.Image:
    (cell,) = json.loads(text)["cells"]
    return Image.open(io.BytesIO(base64.b64decode(cell["outputs"][0]["data"]["image/png"])))


def sources(notebook, kind="code"):
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_settings_change_the_picture_and_the_answer_holds(entry):
    explorer = entry.kind()
    pictures = [explorer.png()]
    for settings in entry.settings:
        explorer.set(**{**explorer.defaults, **settings})
        assert "Not shown" not in explorer.description
        pictures.append(explorer.png())
    explorer.close()
    assert len(entry.settings) >= 2
    assert all(picture != pictures[0] for picture in pictures[1:])
    assert entry.holds or entry.says
    assert entry.broken() == []
    assert "{" not in entry.filled(entry.answer)


def test_numbers_in_answers_are_read_and_never_typed():
    for entry in ENTRIES:
        typed = re.sub(r"\{[^}]*\}", "", entry.answer)
        assert not re.search(r"(?<![A-Za-z])\d", typed), typed
        checked = [entry.answer, *entry.holds, *(f"{{{words}" for words in entry.says)]
        assert re.search(r"\{[1-9]", "".join(checked)), entry.name
        assert entry.question.rstrip().endswith("?") or "?" in entry.question


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("lineage", {"rung": "+ reward-to-go"}, "rung below #"),
        ("lineage", {"rung": "+ baseline V"}, "rung below #"),
        ("lineage", {}, "rung below #"),
        ("lineage", {}, "over the run, #"),
        ("lineage", {}, "+ epochs: share #"),
        ("lineage", {}, "+ clip (PPO): share #"),
        ("lineage", {"passes": 8}, "+ clip (PPO): share #"),
        ("layout_shift", {"families": 1}, "invoice_letter, not seen, #"),
        ("layout_shift", {"families": 2}, "invoice_letter, not seen, #"),
        ("layout_shift", {}, "invoice_letter, not seen, #"),
        ("label_share", {}, "rules only #"),
        ("label_share", {}, "of these: all #"),
        ("rollout_timeline", {"length_spread": 0.0}, "min: #"),
        ("memory_calculator", {}, ", critic #"),
    ],
)
def test_an_answer_names_what_its_question_asks_for(name, settings, words):
    (entry,) = (entry for entry in ENTRIES if entry.name == name)
    place = [{}, *entry.settings].index(settings)
    assert f"{{{place}: {words}}}" in entry.answer
    assert entry.number(place, words) in entry.filled(entry.answer)


def test_the_critic_is_what_grpo_saves():
    (entry,) = (entry for entry in ENTRIES if entry.name == "memory_calculator")
    of = [entry.number(*at) for at in ((0, "PPO-RLHF: #"), (2, "GRPO: #"), (0, ", critic #"))]
    ppo, grpo, critic = map(as_float, of)
    assert ppo - grpo == pytest.approx(critic, abs=2e-3)


def test_every_explorer_of_the_catalogue_stands_there_once(notebook):
    assert sorted(entry.name for entry in ENTRIES) == sorted(catalog())
    kinds = [kind.__name__ for kind in catalog().values()]
    shown = re.findall(r"^explorers\.(\w+)\(\)$", "\n".join(sources(notebook)), re.MULTILINE)
    assert sorted(shown) == sorted(kinds)
    assert len(sources(notebook)) == len(kinds) + 1


def test_the_stored_gallery_is_that_of_the_data(notebook):
    fresh = gallery.gallery(ENTRIES, ROOT)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in fresh.cells]
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in fresh.cells]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    tried = [cell.metadata.get("rlnotes", {}).get("try") for cell in code]
    expected = [cell.metadata.get("rlnotes", {}).get("try") for cell in fresh.cells]
    assert tried[1:] == [settings for settings in expected if settings]


def test_each_link_leads_to_the_cell_that_shows_the_explorer(notebook):
    cells = notebook.cells
    for place, cell in enumerate(cells):
        if not cell.source.startswith("### "):
            continue
        ((file, cell_id),) = LINK.findall(cell.source)
        chapter = json.loads((STORED.parent / file).read_text(encoding="utf-8"))["cells"]
        (linked,) = [c for c in chapter if c["id"] == cell_id]
        name = cells[place + 1].source.removeprefix("explorers.").removesuffix("()")
        assert f"{name}(" in "".join(linked["source"])
        number = re.search(r"Section \[(\d+\.\d+)\]", cell.source)[1]
        assert number.split(".")[0] == str(int(Path(file).name[:2]))
    assert sum(cell.source.startswith("### ") for cell in cells) == len(catalog())


def test_the_rules_for_notebooks_hold_here_too(notebook):
    assert STORED.stat().st_size < 2_500_000
    text = STORED.read_text(encoding="utf-8")
    assert "widget-view" not in text
    assert not re.search(r"/home/|/root/|/tmp/", text)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        assert set(cell.metadata.get("tags", [])) <= TAGS
        assert not any(re.search(pattern, cell.source, re.M) for pattern in FORBIDDEN)
        assert "import" not in cell.source or cell is code[0]
    for cell in code[1:]:
        (output,) = cell.outputs
        assert output.metadata["image/png"]["alt"] == output.data["text/plain"]
    for line in "\n".join(sources(notebook, "markdown")).splitlines():
        assert line.count("$") % 2 == 0
    page, _ = get_exporter("html")(template_name="basic").from_notebook_node(notebook)
    assert page.count("<img") == len(catalog())


def test_pictures_in_few_colours_keep_their_size_and_are_the_same_bytes_each_time():
    explorer = catalog()["discounting"]()
    bundle, metadata = explorer._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data=bundle, metadata=metadata)
    cell = new_code_cell("x", outputs=[output], execution_count=1, id="x")
    text = nbformat.writes(new_notebook(cells=[cell]))
    first = gallery.in_few_colours(text)
    assert first == gallery.in_few_colours(text)
    assert len(first) < 0.5 * len(text)
    before, after = (picture_of(t) for t in (text, first))
    assert after.size == before.size
    assert len(after.getcolors()) <= gallery.COLOURS < len(before.convert("RGB").getcolors(10**6))


ENTRY = Entry("gae_weights", "", "", "", [{"gae_lambda": 1.0}], "", ["{0: A = #} < {1: A = #}"])


def test_numbers_are_read_at_their_setting():
    # Three TD errors 0.1, 0.2, 0.2: their sum at lambda 1; 0.1 + 0.19 + 0.1805 at 0.95.
    assert ENTRY.filled("from {0: A = #} to {1: A = #}") == "from 0.4705 to 0.5000"
    assert ENTRY.number(0, "lambda 0 gives ... gives #") == "0.5000"
    assert ENTRY.broken() == []
    assert replace(ENTRY, says=["0: A = 0.4705"]).broken() == []
    assert replace(ENTRY, says=["1: A = 0.4705"]).broken() == ["1: A = 0.4705"]
    assert replace(ENTRY, holds=["{0: A = #} > {1: A = #}"]).broken()
    for setting, words in ((0, "no such words #"), (2, "A = #")):
        with pytest.raises(ValueError, match="gae_weights: no number for"):
            ENTRY.number(setting, words)


@pytest.mark.parametrize(
    ("text", "number"),
    [("\N{MINUS SIGN}0.25", -0.25), ("19,608", 19608.0), ("1.064e+10", 1.064e10)],
)
def test_numbers_have_a_minus_sign_and_commas(text, number):
    assert as_float(text) == number


def test_an_entry_whose_cell_is_gone_is_named():
    entry = replace(ENTRY, cell="05#gone")
    with pytest.raises(ValueError, match=r"gae_weights: 05_gae\.ipynb has no cell gone"):
        place_of(entry, ROOT)
    wrong = replace(ENTRY, cell="05#868962c3")  # shows another explorer
    with pytest.raises(ValueError, match="has no cell 868962c3 that shows it"):
        place_of(wrong, ROOT)


def test_in_the_readers_copy_the_links_lead_to_the_chapters_beside_it(tmp_path):
    ((name, content),) = for_copy(ROOT).items()
    (tmp_path / name).write_bytes(content)
    for path in notebooks_of(ROOT):
        (tmp_path / path.name).touch()
    links = LINK.findall(content.decode())
    assert len(links) == len(catalog())
    assert all((tmp_path / file).is_file() for file, _ in links)
    assert b"../" not in content
    assert for_copy(tmp_path) == {}


def test_make_lab_brings_the_gallery_along_and_keeps_what_a_teacher_writes(
    tmp_path, monkeypatch, capsys
):
    for name, function in (("require_kernels_import", None), ("require_extensions", None)):
        monkeypatch.setattr(lab, name, lambda *_, _result=function, **__: _result)
    chapter = new_notebook(cells=[new_code_cell("one")])
    cell = new_markdown_cell("[5.1](../notebooks/05_gae.ipynb#cell-id=x)")
    for folder, written in (("notebooks/00_a", chapter), ("docs/gallery", None)):
        path = tmp_path / f"{folder}.ipynb"
        path.parent.mkdir()
        nbformat.write(written or new_notebook(cells=[cell]), path)
    assert lab.prepare(tmp_path) == 0
    assert capsys.readouterr().out == "00_a.ipynb: copied\ngallery.ipynb: copied\n"
    copy = tmp_path / "work" / NAME
    assert sources(nbformat.read(copy, 4), "markdown") == ["[5.1](05_gae.ipynb#cell-id=x)"]
    mine = copy.read_text().replace("[5.1]", "[mine]")
    copy.write_text(mine)
    cell.source += " new"
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "docs" / NAME)
    assert lab.prepare(tmp_path) == 0
    assert "yours is kept, the new version is gallery.new.ipynb" in capsys.readouterr().out
    assert copy.read_text() == mine


def test_a_wrong_file_of_data_is_told_in_one_line_and_nothing_is_written(tmp_path, capsys):
    (tmp_path / "docs").mkdir()
    for content in ("[[explorer]]\nname = 'x'\ntry = []\n", "nonsense", None):
        if content is not None:
            (tmp_path / "docs" / "gallery.toml").write_text(content)
        else:
            (tmp_path / "docs" / "gallery.toml").unlink()
        assert gallery.main([], root=tmp_path) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert not list((tmp_path / "docs").iterdir())
