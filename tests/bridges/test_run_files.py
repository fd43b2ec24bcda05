import csv
import json
from types import SimpleNamespace

import pytest

from rlnotes.bridges.run_files import (
    CHECKPOINTS,
    Metrics,
    RunFolderError,
    logged_steps,
    newest_checkpoint,
    require_new,
    require_same_run,
    write_settings,
)

LOG = [
    {"loss": 0.5, "reward": 0.1, "step": 1},
    {"loss": 0.25, "kl": 0.0, "step": 2},
    {"train_runtime": 3.0, "train_loss": 0.4, "step": 2},
]


def checkpoint(folder, step, *, whole=True):
    path = folder / CHECKPOINTS / f"checkpoint-{step}"
    path.mkdir(parents=True)
    if whole:
        (path / "trainer_state.json").write_text("{}")
    return path


def state(log, *, main=True):
    return SimpleNamespace(is_world_process_zero=main, log_history=log)


def test_rows_are_the_steps_with_the_same_columns_each():
    assert logged_steps(LOG) == [
        {"step": 1, "kl": None, "loss": 0.5, "reward": 0.1},
        {"step": 2, "kl": 0.0, "loss": 0.25, "reward": None},
    ]


def test_the_table_follows_the_log_also_back(tmp_path):
    metrics = Metrics(tmp_path / "metrics.csv")
    for log in (LOG[:1], LOG, LOG[:1]):  # a run that goes on from its first step
        metrics.on_log(None, state(log), None)
        rows = list(csv.DictReader((tmp_path / "metrics.csv").open()))
        assert [int(row["step"]) for row in rows] == [row["step"] for row in log if "loss" in row]
        assert float(rows[0]["loss"]) == 0.5
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.csv"]


def test_only_the_main_process_writes_and_nothing_without_a_step(tmp_path):
    metrics = Metrics(tmp_path / "metrics.csv")
    metrics.on_log(None, state(LOG, main=False), None)
    metrics.on_log(None, state(LOG[2:]), None)
    assert not list(tmp_path.iterdir())


def test_a_new_run_needs_an_empty_place(tmp_path):
    require_new(tmp_path)
    require_new(tmp_path / "below" / "missing")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunFolderError, match=r"holds notes.txt: name a new folder"):
        require_new(tmp_path)
    with pytest.raises(OSError, match="is no folder"):
        require_new(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_run_that_ended_before_its_first_step_leaves_the_place_free(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(RunFolderError, match="holds model: name a new folder"):
        require_new(tmp_path)  # of somebody else
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "checkpoints").mkdir()
    require_new(tmp_path)
    (tmp_path / "checkpoints" / "checkpoint-2").mkdir()
    with pytest.raises(RunFolderError, match="go on with --resume"):
        require_new(tmp_path)
    (tmp_path / "checkpoints" / "checkpoint-2").rmdir()
    (tmp_path / "metrics.csv").write_text("step\n1\n")
    with pytest.raises(RunFolderError, match="go on with --resume"):
        require_new(tmp_path)


def test_a_run_that_was_killed_while_it_wrote_its_settings_leaves_the_place_free(tmp_path):
    (tmp_path / ".run.json-x1").mkdir()
    require_new(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    require_new(tmp_path)
    (tmp_path / ".hidden").mkdir()
    with pytest.raises(RunFolderError, match=r"holds \.hidden"):
        require_new(tmp_path)


def test_the_newest_whole_checkpoint_is_taken(tmp_path):
    assert newest_checkpoint(tmp_path / CHECKPOINTS) is None
    checkpoint(tmp_path, 8)
    newest = checkpoint(tmp_path, 12)  # by number, not by name
    checkpoint(tmp_path, 16, whole=False)
    assert newest_checkpoint(tmp_path / CHECKPOINTS) == newest


def test_a_run_goes_on_with_its_own_settings(tmp_path):
    settings = {"model": "tiny", "steps": 4, "seed": 0}
    write_settings(settings, tmp_path)
    with pytest.raises(RunFolderError, match="holds no whole checkpoint yet"):
        require_same_run(tmp_path, settings)
    newest = checkpoint(tmp_path, 4)
    assert require_same_run(tmp_path, settings | {"steps": 8}) == newest
    with pytest.raises(RunFolderError, match="seed must be that of the run, 0, got 1"):
        require_same_run(tmp_path, settings | {"seed": 1})
    with pytest.raises(RunFolderError, match=r"beta must be that of the run, None, got 0.1"):
        require_same_run(tmp_path, settings | {"beta": 0.1})


def test_a_folder_without_a_run_is_no_run(tmp_path):
    with pytest.raises(RunFolderError, match="holds no run to go on with"):
        require_same_run(tmp_path, {})
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(RunFolderError, match="holds no run to go on with"):
        require_same_run(tmp_path, {})


def test_settings_are_plain_json(tmp_path):
    write_settings({"beta": 0.04, "labels": True}, tmp_path)
    assert json.loads((tmp_path / "run.json").read_text()) == {"beta": 0.04, "labels": True}
