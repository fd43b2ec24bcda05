"""The PPO script: a tiny run, its files, and refusals without a traceback."""

import csv
import subprocess
import sys

import numpy as np
import pytest

from rlnotes.scripts import ppo_cartpole
from rlnotes.scripts.output_folder import LIST

FILES = ["ppo_cartpole.csv", "ppo_cartpole.png"]


def run(folder, *options):
    return ppo_cartpole.main(["--output", str(folder), "--max-steps", "2000", *options])


def test_a_tiny_run_writes_a_table_and_a_picture(tmp_path, capsys):
    folder = tmp_path / "new"
    assert run(folder, "--seed", "3") == 0
    assert sorted(path.name for path in folder.iterdir()) == [LIST, *FILES]
    assert (folder / FILES[1]).read_bytes().startswith(b"\x89PNG")
    output = capsys.readouterr()
    assert "not solved after 2048 steps: greedy return" in output.out
    assert "PPO on CartPole-v1" in output.err  # the progress bar
    rows = list(csv.DictReader((folder / FILES[0]).read_text().splitlines()))
    assert [row["step"] for row in rows] == ["512", "1024", "1536", "2048"]
    assert [row["greedy_return"] != "" for row in rows] == [False, True, False, True]
    for row in rows:
        assert 0 <= float(row["clip_fraction"]) <= 1
        assert 0 <= float(row["kl"]) < 1
        assert 0 < float(row["entropy"]) <= 0.6932  # log 2


def test_the_same_seed_writes_the_same_files_and_another_seed_others(tmp_path):
    for name, seed in (("first", "1"), ("again", "1"), ("other", "2")):
        run(tmp_path / name, "--seed", seed)
    first, again, other = (
        [(tmp_path / name / file).read_bytes() for file in FILES]
        for name in ("first", "again", "other")
    )
    assert first == again
    assert first[0] != other[0]


def test_it_stops_when_two_evaluations_in_a_row_are_good(tmp_path, capsys, monkeypatch):
    means = iter([475.0, 474.9, 475.0, 475.0, 0.0])

    monkeypatch.setattr(ppo_cartpole, "greedy_returns", lambda *_, **__: np.full(100, next(means)))
    assert ppo_cartpole.main(["--output", str(tmp_path)]) == 0
    assert "solved after 4096 steps: greedy return 475.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "-1"], "seed must not be negative, got -1"),
        (["--seed", "one"], "invalid int value: 'one'"),
        (["--max-steps", "0"], "max_steps must be a positive integer, got 0"),
        (["--num-epochs", "0"], "num_epochs must be a positive integer, got 0"),
        (["--clip-epsilon", "nan"], "clip_epsilon must be positive and finite, got nan"),
        (["--learning-rate", "-1"], "learning_rate must be positive and finite, got -1"),
        (["--output", ""], "--output: must name a folder, got ''"),
        (["--epochs", "3"], "unrecognized arguments"),
    ],
)
def test_a_bad_value_is_refused_before_any_work(tmp_path, capsys, options, message):
    with pytest.raises(SystemExit) as error:
        ppo_cartpole.main(["--output", str(tmp_path / "new"), *options])
    assert error.value.code == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_refused_before_training(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ppo_cartpole, "train_ppo", lambda *_, **__: pytest.fail("trained"))
    (tmp_path / "file").write_text("mine")
    assert run(tmp_path / "file" / "below") == 1
    assert "cannot write to" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["notes.txt", "ppo_cartpole.csv"])
def test_a_folder_with_files_of_others_is_refused_before_training(
    tmp_path, capsys, monkeypatch, name
):
    monkeypatch.setattr(ppo_cartpole, "train_ppo", lambda *_, **__: pytest.fail("trained"))
    (tmp_path / name).write_text("mine")
    assert run(tmp_path) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"{tmp_path} holds {name}, which was not written by ppo_cartpole")
    assert err.count("\n") == 1
    assert (tmp_path / name).read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_interrupted_run_writes_nothing(tmp_path, capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(ppo_cartpole, "train_ppo", interrupt)
    assert run(tmp_path / "new") == 130
    assert "nothing written" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_help_names_every_option():
    command = [sys.executable, "-m", "rlnotes.scripts.ppo_cartpole", "--help"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for option in ("--output", "--seed", "--max-steps", "--num-epochs", "--clip-epsilon"):
        assert option in text
