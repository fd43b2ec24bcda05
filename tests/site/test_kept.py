"""What pages are made of is made once, and again when what it rests on has changed."""

import hashlib
import json
import time
from functools import partial

import pytest

from rlnotes.explorers.decision_helper import DecisionHelper
from rlnotes.site import kept as keeping
from rlnotes.site import made
from rlnotes.site.kept import Job, Result, is_fresh, make_all, result_of
from tests.site.read_frames import FrameFile

NAME = "decision_helper"  # 32 settings
JOB = made.job_of(NAME, [{}, {"has_pairs": "no"}])
OTHER_WISH = made.job_of(NAME, [{}])


def echo(text: str, *names: str) -> Result:
    return Result({"text": text}, {name: text.encode() for name in names})


def toy(text: str = "a", names=("x.txt", "deep/y.txt")) -> Job:
    return Job("toy", {"text": text}, partial(echo, text, *names))


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    kept = tmp_path_factory.mktemp("site") / "kept"
    anew = make_all([JOB], kept, processes=1)
    return kept, anew


@pytest.fixture
def note(first):
    """What is noted of the explorer, put back after the test."""
    path = first[0] / NAME / keeping.NOTE
    before = path.read_text()
    yield json.loads(before)
    path.write_text(before)


def write(kept, note):
    (kept / NAME / keeping.NOTE).write_text(json.dumps(note))


def contents(folder) -> dict:
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_is_made_is_the_explorer(first):
    kept, anew = first
    it, live = made.made_of(kept, NAME), DecisionHelper()
    assert anew == [NAME]
    assert (it.name, it.title, it.text) == (NAME, live.title, live.description)
    assert it.defaults == live.defaults
    assert FrameFile(it.packed).text([0] * 5).startswith(live.title)
    assert it.picture.startswith(b"\x89PNG")


def test_what_is_kept_is_not_made_again(first):
    kept, _ = first
    before = contents(kept)
    assert make_all([JOB], kept, processes=1) == []
    assert contents(kept) == before


def test_it_rests_on_its_module_its_data_and_the_modules_below(note):
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
    assert expected <= set(note["rests_on"])
    others = {"explorers/ppo_clip.py", "site/pages.py", "explorers/panel.js"}
    assert not others & set(note["rests_on"])


@pytest.mark.parametrize(
    ("part", "key"),
    [
        ("rests_on", "explorers/base.py"),
        ("rests_on", "review/decisions.toml"),
        ("libraries", "matplotlib"),
        ("made", made.FRAMES),
        ("made", made.PICTURE),
    ],
)
def test_a_change_makes_it_stale(first, note, part, key):
    kept, _ = first
    assert is_fresh(kept, JOB)
    note[part][key] = "another"
    write(kept, note)
    assert not is_fresh(kept, JOB)


def test_another_wish_a_missing_module_and_a_broken_note_make_it_stale(first, note):
    kept, _ = first
    assert not is_fresh(kept, OTHER_WISH)
    note["rests_on"]["explorers/gone.py"] = "1"
    write(kept, note)
    assert not is_fresh(kept, JOB)
    for broken in ("{", "{}", "[]", "null"):
        (kept / NAME / keeping.NOTE).write_text(broken)
        assert not is_fresh(kept, JOB)
    assert not is_fresh(kept, made.job_of("ppo_clip", [{}]))


def test_made_again_it_has_the_same_bytes(first, tmp_path):
    make_all([JOB], tmp_path / "kept", processes=1)
    assert contents(tmp_path / "kept") == contents(first[0])


def test_files_lie_at_their_addresses_and_old_ones_go(tmp_path):
    assert make_all([toy()], tmp_path / "kept", processes=1) == ["toy"]
    assert result_of(tmp_path / "kept", "toy") == echo("a", "x.txt", "deep/y.txt")
    (tmp_path / "kept" / "toy" / "mine.txt").write_text("mine")
    assert make_all([toy("b", ["z.txt"])], tmp_path / "kept", processes=1) == ["toy"]
    assert result_of(tmp_path / "kept", "toy") == echo("b", "z.txt")
    files = contents(tmp_path / "kept" / "toy")
    assert {path.name for path in files} == {"z.txt", keeping.NOTE, "mine.txt"}


def test_a_result_may_have_no_file(tmp_path):
    assert make_all([toy("a", [])], tmp_path / "kept", processes=1) == ["toy"]
    assert result_of(tmp_path / "kept", "toy") == Result({"text": "a"}, {})
    assert make_all([toy("a", [])], tmp_path / "kept", processes=1) == []


def test_what_changes_while_it_is_read_makes_it_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "PACKAGE", tmp_path)
    (tmp_path / "data.toml").write_text("old")
    path = tmp_path / "data.toml"
    monkeypatch.setattr(keeping, "_started", path.stat().st_mtime_ns + 1)
    assert keeping._digest_as_read("data.toml") == hashlib.sha256(b"old").hexdigest()
    time.sleep(0.02)
    path.write_text("new")
    assert keeping._digest_as_read("data.toml") == keeping.CHANGED


def fail() -> Result:
    raise ValueError("num_frames must be less")


def test_a_job_that_fails_ends_the_others(tmp_path):
    bad = Job("bad", {}, fail)
    many = [bad, *(toy()._replace(name=f"toy_{k}") for k in range(8))]
    with pytest.raises(ValueError, match="num_frames must be less"):
        make_all(many, tmp_path / "kept", processes=1)
    ready = [job for job in many if is_fresh(tmp_path / "kept", job)]
    assert bad not in ready
    assert len(ready) < 6


@pytest.mark.parametrize("is_file", [False, True])
def test_a_folder_of_others_is_left_alone(tmp_path, is_file):
    kept = tmp_path / "kept"
    mine = kept if is_file else kept / "mine.png"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(ValueError, match="kept must be new, empty, or made by this, got "):
        make_all([toy()], kept)
    assert mine.read_text() == "mine"
    assert len(list(tmp_path.rglob("*"))) == (1 if is_file else 2)


def test_frames_over_their_limit_name_the_explorer_and_its_counts(monkeypatch):
    monkeypatch.setattr(made, "LARGEST", 1000)
    with pytest.raises(
        ValueError, match=r"frames of decision_helper must take at most 1000 .*has_score 2"
    ):
        made.recorded_explorer(NAME, [{}])
