"""Explorers are made once, and again when what they rest on has changed."""

import json

import pytest

from rlnotes.explorers.decision_helper import DecisionHelper
from rlnotes.site import made
from tests.site.read_frames import FrameFile

NAME = "decision_helper"  # 32 settings
WANTED = {NAME: [{}, {"has_pairs": "no"}]}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    kept = tmp_path_factory.mktemp("site") / "kept"
    explorers, anew = made.make_all(WANTED, kept, processes=1)
    return kept, explorers, anew


@pytest.fixture
def told(first):
    """What is noted of the explorer, put back after the test."""
    path = first[0] / f"{NAME}.json"
    before = path.read_text()
    yield json.loads(before)
    path.write_text(before)


def write(kept, told):
    (kept / f"{NAME}.json").write_text(json.dumps(told))


def test_what_is_made_is_the_explorer(first):
    _, explorers, anew = first
    (it,) = explorers.values()
    live = DecisionHelper()
    assert anew == [NAME]
    assert (it.name, it.title, it.text) == (NAME, live.title, live.description)
    assert it.defaults == live.defaults
    assert FrameFile(it.packed).text([0] * 5).startswith(live.title)
    assert it.picture.startswith(b"\x89PNG")


def test_what_is_kept_is_not_made_again(first):
    kept, explorers, _ = first
    assert made.make_all(WANTED, kept, processes=1) == (explorers, [])


def test_it_rests_on_its_module_its_data_and_the_modules_below(first, told):
    expected = {
        "explorers/decision_helper.py",
        "explorers/base.py",
        "plotting/recorder.py",
        "review/decisions.py",
        "review/decisions.toml",
        "site/frame_file.py",
        "site/grids.py",
        "site/recorded.py",
    }
    assert expected <= set(told["rests_on"])
    others = {"explorers/ppo_clip.py", "site/pages.py", "explorers/panel.js"}
    assert not others & set(told["rests_on"])


@pytest.mark.parametrize(
    ("part", "key"),
    [
        ("rests_on", "explorers/base.py"),
        ("rests_on", "review/decisions.toml"),
        ("libraries", "matplotlib"),
        ("made", f"{NAME}.frames"),
        ("made", f"{NAME}.png"),
    ],
)
def test_a_change_makes_it_stale(first, told, part, key):
    kept = first[0]
    assert made.is_fresh(kept, NAME, WANTED[NAME])
    told[part][key] = "another"
    write(kept, told)
    assert not made.is_fresh(kept, NAME, WANTED[NAME])


def test_another_wish_a_missing_module_and_a_broken_note_make_it_stale(first, told):
    kept = first[0]
    assert not made.is_fresh(kept, NAME, [{}])
    told["rests_on"]["explorers/gone.py"] = "1"
    write(kept, told)
    assert not made.is_fresh(kept, NAME, WANTED[NAME])
    (kept / f"{NAME}.json").write_text("{")
    assert not made.is_fresh(kept, NAME, WANTED[NAME])
    assert not made.is_fresh(kept, "ppo_clip", [{}])


def test_made_again_it_has_the_same_bytes(first, tmp_path):
    made.make_all(WANTED, tmp_path / "kept", processes=1)
    for path in first[0].iterdir():
        assert (tmp_path / "kept" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("is_file", [False, True])
def test_a_folder_of_others_is_left_alone(tmp_path, is_file):
    kept = tmp_path / "kept"
    mine = kept if is_file else kept / f"{NAME}.png"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(ValueError, match="kept must be new, empty, or made by this, got "):
        made.make_all(WANTED, kept)
    assert mine.read_text() == "mine"
    assert len(list(tmp_path.rglob("*"))) == (1 if is_file else 2)


def test_frames_over_their_limit_name_the_explorer_and_its_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(made, "LARGEST", 1000)
    with pytest.raises(
        ValueError, match=r"frames of decision_helper must take at most 1000 .*has_score 2"
    ):
        made.make(NAME, [{}], tmp_path)
    assert list(tmp_path.iterdir()) == []
