"""The files of the site, and the command that writes them."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rlnotes.explorers import class_names
from rlnotes.scripts import site as command
from rlnotes.site import build
from rlnotes.site.assets import as_classic, assets
from rlnotes.site.book import chapters_of, wanted_settings
from rlnotes.site.grids import NUM_FRAMES
from rlnotes.site.made import LARGEST, PART, Made
from tests.site.html_parts import Parts

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAME = "decision_helper"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTt2FwAAAABJRU5ErkJggg=="
)


def contents(folder: Path) -> dict[Path, bytes]:
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def toy(size: int) -> Made:
    packed = bytes(k % 251 for k in range(size))
    return Made("toy", "A toy & more", "A toy", {"x": [1, 3]}, {"x": 3}, packed, PNG)


@pytest.mark.parametrize("size", [1, 89_998, 90_000, 90_001, 200_000])
def test_frames_are_parts_of_one_text(size):
    files = toy(size).frame_files
    parts = [
        re.fullmatch(r'rlnotesFrames\("toy",(\d+),"([\w+/=]*)"\);\n', content.decode()).groups()
        for content in files.values()
    ]
    assert [int(number) for number, _ in parts] == list(range(len(parts)))
    assert base64.b64decode("".join(text for _, text in parts)) == toy(size).packed
    assert all(len(text) <= PART for _, text in parts)
    digest = hashlib.sha256(toy(size).packed).hexdigest()[:8]
    assert list(files) == [f"frames/toy-{digest}-{k}.js" for k in range(len(parts))]


def test_an_explorer_begins_at_the_setting_that_is_shown():
    live = toy(1).live
    assert live.at({})["setting"] == [1]
    assert live.at({"x": 1}, up="../") == {
        "name": "toy",
        "files": [f"../{address}" for address in toy(1).frame_files],
        "setting": [0],
    }


def test_an_explorer_alone_leads_to_its_frames_and_its_picture():
    files = build.embedded(toy(100_000))
    page = Parts(files["embed/toy.html"].decode())
    (figure,), (image,) = page.all("figure"), page.all("img")
    frames = [f"../{address}" for address in toy(100_000).frame_files]
    assert len(frames) == 2
    assert json.loads(figure["data-files"]) == frames
    assert json.loads(figure["data-setting"]) == [1]
    assert image["src"] == "../pictures/toy.png"
    assert files["pictures/toy.png"] == PNG
    assert {a["src"] for a in page.all("script")} == {"../assets/explorers.js"}
    assert page.faults == []


def test_the_front_page_leads_to_every_chapter_and_explorer():
    book = chapters_of(NOTEBOOKS)
    explorers = {name: toy(1)._replace(name=name) for name in class_names()}
    page = Parts(build.front_page(book, explorers))
    links = [a["href"] for a in page.all("a")]
    assert {chapter.address for chapter in book} <= set(links)
    alone = [link for link in links if link.startswith("embed/")]
    assert sorted(alone) == sorted(f"embed/{name}.html" for name in class_names())
    (figure,) = page.all("figure")
    assert json.loads(figure["data-files"]) == list(explorers[build.FIRST].frame_files)
    assert not any("$" in text for _, text in page.text)
    assert page.faults == []


def test_what_a_text_asks_to_try_is_wanted():
    wanted = wanted_settings(chapters_of(NOTEBOOKS))
    assert {} in wanted["ppo_clip"]
    assert any(setting.get("beside") for setting in wanted["ppo_clip"])


def test_a_folder_without_chapters_is_refused(tmp_path):
    with pytest.raises(ValueError, match="folder must have chapters, got "):
        chapters_of(tmp_path)


def test_the_script_is_the_panel_of_the_notebook_without_its_export():
    script = assets()["explorers.js"].decode()
    assert "export " not in script
    assert "import(" not in script
    assert "fetch(" not in script
    with pytest.raises(ValueError, match="module must end with its export, got"):
        as_classic("const x = 1;")


def test_the_font_comes_with_its_licence():
    assert b"SIL OPEN FONT LICENSE" in assets()["stix-two-math-OFL.txt"].upper()
    assert assets()["stix-two-math.woff2"].startswith(b"wOF2")


def test_one_explorer_is_written_alone_and_again(tmp_path, capsys):
    arguments = [
        "--only",
        NAME,
        "--output",
        str(tmp_path / "out"),
        "--kept",
        str(tmp_path / "kept"),
    ]
    assert command.main(arguments) == 0
    first = contents(tmp_path)
    assert "1 explorers and chapters made anew" in capsys.readouterr().out
    assert (tmp_path / "out" / "embed" / f"{NAME}.html").is_file()
    assert not (tmp_path / "out" / "index.html").exists()
    assert command.main(arguments) == 0
    assert "0 explorers and chapters made anew" in capsys.readouterr().out
    assert contents(tmp_path) == first


def test_another_order_of_sets_gives_the_same_bytes(tmp_path):
    for seed in ("1", "2"):
        arguments = ["--only", NAME, "--output", f"out{seed}", "--kept", f"kept{seed}"]
        subprocess.run(
            [sys.executable, "-m", "rlnotes.scripts.site", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
        )
    for folder in ("out", "kept"):
        first, second = (contents(tmp_path / f"{folder}{seed}") for seed in "12")
        assert first == second


def test_one_explorer_does_not_take_the_place_of_the_whole_site(capsys):
    with pytest.raises(SystemExit):
        command.main(["--only", NAME])
    assert "--only needs --output" in capsys.readouterr().err


def test_the_page_on_the_site_names_its_limits():
    text = (NOTEBOOKS.parent / "docs" / "site.md").read_text(encoding="utf-8")
    assert f"at most {NUM_FRAMES:,} settings" in text
    assert f"{LARGEST // 1000} kB" in text


def test_an_unknown_explorer_is_refused_before_anything_is_made(tmp_path, capsys):
    arguments = [
        "--only",
        "maze",
        "--output",
        str(tmp_path / "out"),
        "--kept",
        str(tmp_path / "kept"),
    ]
    assert command.main(arguments) == 2
    assert re.search(
        r"only must name explorers of .*'maze_values'.*, got 'maze'", capsys.readouterr().err
    )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_things_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert command.main(["--only", NAME, "--output", str(tmp_path)]) == 2
    assert "mine.txt, which was not written by site" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
