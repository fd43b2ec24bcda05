"""The GAE visualizer: its table, its files, and what it says to bad input."""

import csv

import pytest

from rlnotes.scripts import gae_visualizer

NAMES = [
    f"{name}.{kind}"
    for name in ("td_errors", "lambdas", "bias_variance")
    for kind in ("csv", "png")
]


def run(*arguments) -> int:
    return gae_visualizer.main(list(map(str, arguments)))


def rows(path) -> list[dict[str, float]]:
    with path.open(newline="") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


def test_it_prints_the_table_and_writes_every_file(tmp_path, capsys):
    folder = tmp_path / "new" / "folder"
    assert run("--output", folder) == 0
    printed = capsys.readouterr().out
    assert "  0.95  0.4705  0.3900  0.2000" in printed
    assert "  1.00  0.5000  0.4000  0.2000" in printed
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)
    for name in NAMES:
        assert str(folder / name) in printed
    assert (folder / "lambdas.png").read_bytes().startswith(b"\x89PNG")


def test_the_tables_hold_gae(tmp_path):
    run("--output", tmp_path, "--gamma", 0.9, "--gae-lambda", 0.5, "--steps", 6)
    steps = rows(tmp_path / "td_errors.csv")
    assert [row["terminated"] for row in steps] == [0, 0, 1, 0, 0, 0]
    assert [row["truncated"] for row in steps] == [0, 0, 0, 0, 0, 1]
    running = 0.0
    for row in reversed(steps):
        delta = row["rewards"] - row["values"]
        delta += 0.9 * row["next_values"] * (1 - row["terminated"])
        running = delta + 0.45 * running * (1 - max(row["terminated"], row["truncated"]))
        assert row["td_error"] == pytest.approx(delta)
        assert row["advantage"] == pytest.approx(running)
    for row, compared in zip(steps, rows(tmp_path / "lambdas.csv"), strict=True):
        assert compared["lambda_0"] == pytest.approx(row["td_error"])
        assert compared["lambda_0.5"] == pytest.approx(row["advantage"])
    moments = rows(tmp_path / "bias_variance.csv")
    assert [row["gae_lambda"] for row in moments] == pytest.approx([k / 20 for k in range(21)])
    assert moments[-1]["gradient_squared_bias"] == pytest.approx(0, abs=1e-12)
    assert moments[-1]["advantage_squared_bias"] > 0.1


def test_the_seed_decides_the_record_and_nothing_else_does(tmp_path):
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert run("--output", tmp_path / folder, "--seed", seed) == 0
    first, again, other = ({n: (tmp_path / f / n).read_bytes() for n in NAMES} for f in "abc")
    assert first == again
    assert first["td_errors.csv"] != other["td_errors.csv"]
    assert first["bias_variance.csv"] == other["bias_variance.csv"]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--gamma", "1.5", "gamma must lie in [0, 1], got 1.5"),
        ("--gamma", "nan", "gamma must lie in [0, 1], got nan"),
        ("--gae-lambda", "-1", "gae_lambda must lie in [0, 1], got -1.0"),
        ("--steps", "1", "steps must be at least 2, got 1"),
        ("--critic-error", "inf", "critic_error must not be negative or infinite, got inf"),
        ("--seed", "-1", "seed must not be negative, got -1"),
        ("--gamma", "high", "invalid float value: 'high'"),
    ],
)
def test_a_bad_option_gets_a_sentence_and_exit_code_2(tmp_path, capsys, option, value, message):
    with pytest.raises(SystemExit) as stopped:
        run("--output", tmp_path / "none", f"{option}={value}")
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_folder_that_cannot_be_made_gets_a_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert run("--output", tmp_path / "file" / "folder") == 1
    assert "cannot write to" in capsys.readouterr().err


def test_a_failure_while_writing_leaves_no_half_of_the_files(tmp_path, monkeypatch, capsys):
    contents = {"a.csv": b"1", "b.csv": None}  # None cannot be written
    with pytest.raises(TypeError):
        gae_visualizer.write(contents, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as stopped:
        run("--help")
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    for option in ("--output", "--gamma", "--gae-lambda", "--critic-error", "--steps", "--seed"):
        assert option in shown
