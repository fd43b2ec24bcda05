import csv
import io
import json
from types import SimpleNamespace

import pytest

from rlnotes.bridges.run_files import (
    CHECKPOINTS,
    Metrics,
    Progress,
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

OURS = '{"versions": {"trl": "1.16.0"}}'


def checkpoint(folder, step, *, whole=True):
    path = folder / CHECKPOINTS / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "adapter_config.json").write_text("{}")
    if whole:
        (path / "trainer_state.json").write_text("{}")
    return path


def state(log, *, main=True):
    return SimpleNamespace(is_world_process_zero=main, log_history=log)


def test_rows_are_the_steps_with_the_same_columns_each():
    rows = logged_steps(LOG)
    assert rows == [
        {"step": 1, "kl": None, "loss": 0.5, "reward": 0.1},
        {"step": 2, "kl": 0.0, "loss": 0.25, "reward": None},
    ]
    assert {tuple(row) for row in rows} == {("step", "kl", "loss", "reward")}


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
    for foreign in ("{}", "{", "[1]", '{"versions": 3}', '{"versions": {"mine": 1}}'):
        (tmp_path / "run.json").write_text(foreign)
        with pytest.raises(RunFolderError, match="holds model: name a new folder"):
            require_new(tmp_path)
    (tmp_path / "run.json").write_text(OURS)
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
    (tmp_path / "run.json").write_text(OURS)
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
    del settings["seed"]
    with pytest.raises(RunFolderError, match=r"seed must be that of the run, 0, got None"):
        require_same_run(tmp_path, settings)


def test_steps_saving_and_versions_may_change_on_the_way(tmp_path):
    write_settings({"steps": 4, "save_every": 2, "versions": {"trl": "1.16.0"}}, tmp_path)
    newest = checkpoint(tmp_path, 4)
    changed = {"steps": 8, "save_every": 1, "versions": {"trl": "1.16.1"}}
    assert require_same_run(tmp_path, changed) == newest


def test_a_folder_without_a_run_is_no_run(tmp_path):
    with pytest.raises(RunFolderError, match="holds no run to go on with"):
        require_same_run(tmp_path, {})
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(RunFolderError, match="holds no run to go on with"):
        require_same_run(tmp_path, {})
    with pytest.raises(OSError, match="is no folder"):
        require_same_run(tmp_path / "run.json", {})


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown_by_a_bar(monkeypatch, stream, *, main=True):
    """What a run from step 2 to step 4 of 4 shows on stderr."""
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr("tqdm.tqdm.monitor_interval", 0)
    bar, run = Progress(), SimpleNamespace(is_world_process_zero=main, max_steps=4, global_step=2)
    bar.on_train_begin(None, run, None)
    for run.global_step, logs in ((3, {"loss": 0.5, "reward": 0.25, "lr": 1}), (4, {"time": 3.0})):
        bar.on_step_end(None, run, None)
        bar.on_log(None, run, None, logs=logs)
    bar.on_log(None, run, None)
    bar.on_train_end(None, run, None)
    return stream.getvalue()


def test_a_bar_begins_where_the_run_does_and_ends_with_it(monkeypatch, capsys):
    shown = shown_by_a_bar(monkeypatch, Terminal())
    assert "| 2/4 [" in shown
    assert "| 4/4 [" in shown
    assert "| 1/4 [" not in shown
    assert shown.endswith("\n")  # closed: the prompt of the shell has a line of its own
    assert capsys.readouterr().out == "step 3 of 4: reward 0.2500, loss 0.5000\n"


def test_no_bar_is_drawn_into_a_file_but_the_lines_are(monkeypatch, capsys):
    assert shown_by_a_bar(monkeypatch, io.StringIO()) == ""
    assert capsys.readouterr().out == "step 3 of 4: reward 0.2500, loss 0.5000\n"


def test_other_processes_show_nothing(monkeypatch, capsys):
    assert shown_by_a_bar(monkeypatch, Terminal(), main=False) == ""
    assert capsys.readouterr().out == ""


def test_settings_are_plain_json(tmp_path):
    write_settings({"beta": 0.04, "labels": True}, tmp_path)
    assert json.loads((tmp_path / "run.json").read_text()) == {"beta": 0.04, "labels": True}
