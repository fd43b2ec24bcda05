"""The GAE visualizer: its table, its files, and what it says to bad input."""

import csv
from itertools import pairwise

import numpy as np
import pytest

from rlnotes.exact.mdp import occupancy, policy_values, q_values
from rlnotes.explorers.gae_bias_variance import slippery_maze
from rlnotes.scripts import gae_visualizer
from rlnotes.scripts.output_folder import LIST

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
    assert sorted(path.name for path in folder.iterdir()) == sorted([LIST, *NAMES])
    for name in NAMES:
        assert str(folder / name) in printed
    assert (folder / "lambdas.png").read_bytes().startswith(b"\x89PNG")


def test_the_tables_hold_gae(tmp_path):
    options = ("--critic-error", 0, "--steps", 40)
    run("--output", tmp_path, "--gamma", 0.9, "--gae-lambda", 0.5, *options)
    steps = rows(tmp_path / "td_errors.csv")
    assert len(steps) == 40
    mdp, policy = slippery_maze()
    exact = policy_values(mdp, policy, gamma=0.9)
    assert sum(row["terminated"] for row in steps) >= 2
    assert all(row["truncated"] == 0 for row in steps[:-1])
    assert steps[-1]["truncated"] + steps[-1]["terminated"] == 1
    for row, after in pairwise(steps):
        assert row["values"] == pytest.approx(exact[int(row["state"])])
        going_on = exact[int(after["state"])]
        assert row["next_values"] == pytest.approx(0 if row["terminated"] else going_on)
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
    assert moments[-1]["advantage_squared_bias"] == pytest.approx(0, abs=1e-12)


def test_the_critic_of_every_table_errs_up_and_down(tmp_path):
    run("--output", tmp_path, "--gamma", 0.9, "--critic-error", 0.5)
    mdp, policy = slippery_maze()
    exact = policy_values(mdp, policy, gamma=0.9)
    size = np.sqrt((exact[~mdp.terminal] ** 2).mean())
    signs = np.where(np.arange(6) % 2 == 0, 1, -1)
    for row in rows(tmp_path / "td_errors.csv"):
        state = int(row["state"])
        assert row["values"] == pytest.approx(exact[state] + 0.5 * size * signs[state])
    # At lambda 0, a pair's mean estimate misses by E[gamma e(s')] - e(s), e the error.
    error = np.where(mdp.terminal, 0.0, 0.5 * size * signs)
    miss = 0.9 * mdp.transition_probs @ error - error[:, None]
    pairs = occupancy(mdp, policy, gamma=0.9)[:, None] * policy
    advantages = q_values(mdp, exact, gamma=0.9) - exact[:, None]
    share = (pairs * miss**2).sum() / (pairs * advantages**2).sum()
    row = rows(tmp_path / "bias_variance.csv")[0]
    assert row["advantage_squared_bias"] == pytest.approx(share)


def test_curves_stand_inside_the_picture_and_break_where_an_episode_ends():
    moments = gae_visualizer.bias_variance_rows(gamma=0.99, critic_error=100)
    figure = gae_visualizer.draw_bias_variance(moments, "a setting")
    for axes in figure.axes:
        assert axes.get_title(loc="left").endswith("a setting") or "a setting" in axes.get_title()
        assert max(line.get_ydata().max() for line in axes.lines) < axes.get_ylim()[1]
    options = {"num_steps": 40, "seed": 0, "gamma": 0.9, "critic_error": 0.4}
    record = gae_visualizer.sampled_record(**options)
    table = gae_visualizer.td_error_rows(record, gamma=0.9, gae_lambda=0.5)
    heights = gae_visualizer.draw_td_errors(table, "").axes[0].lines[0].get_ydata()
    ends = int((record["terminated"] | record["truncated"]).sum())
    assert np.isnan(heights).sum() == ends
    first = int(record["terminated"].int().argmax())
    assert np.isnan(heights[first + 1])
    assert np.isfinite(heights[: first + 1]).all()


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
        ("--critic-error", "inf", "critic_error must lie in [0, 1e+06], got inf"),
        ("--critic-error", "-0.1", "critic_error must lie in [0, 1e+06], got -0.1"),
        ("--critic-error", "1e300", "critic_error must lie in [0, 1e+06], got 1e+300"),
        ("--seed", "-1", "seed must not be negative, got -1"),
        ("--output", "", "--output: must name a folder, got ''"),
        ("--gamma", "high", "invalid float value: 'high'"),
    ],
)
def test_a_bad_option_gets_a_sentence_and_exit_code_2(tmp_path, capsys, option, value, message):
    with pytest.raises(SystemExit) as stopped:
        run("--output", tmp_path / "none", f"{option}={value}")
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("gamma", [0.0, 0.99, 1.0])
def test_the_largest_critic_error_still_gives_finite_tables(tmp_path, gamma):
    assert run("--output", tmp_path, "--critic-error", "1e6", "--gamma", gamma) == 0
    for name in ("td_errors", "lambdas", "bias_variance"):
        for row in rows(tmp_path / f"{name}.csv"):
            assert np.isfinite(list(row.values())).all()


def test_a_folder_that_cannot_be_made_gets_a_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert run("--output", tmp_path / "file" / "folder") == 1
    assert "cannot write to" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["notes.txt", "lambdas.png", "gae.partial"])
def test_a_folder_with_files_of_others_is_refused_before_the_work(
    tmp_path, capsys, monkeypatch, name
):
    monkeypatch.setattr(gae_visualizer, "files", lambda **_: pytest.fail("worked"))
    (tmp_path / name).write_text("mine")
    assert run("--output", tmp_path) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f"{tmp_path} holds {name}, which was not written by gae_visualizer")
    assert (out, err.count("\n")) == ("", 1)
    assert (tmp_path / name).read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_its_own_files_are_replaced_unless_one_was_changed(tmp_path, capsys):
    folder = tmp_path / "gae"
    assert run("--output", folder, "--seed", 1) == 0
    before = (folder / "td_errors.csv").read_bytes()
    assert run("--output", folder, "--seed", 2) == 0
    assert (folder / "td_errors.csv").read_bytes() != before
    (folder / "td_errors.csv").write_text("mine")
    assert run("--output", folder, "--seed", 3) == 2
    assert "holds td_errors.csv" in capsys.readouterr().err
    assert (folder / "td_errors.csv").read_text() == "mine"


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as stopped:
        run("--help")
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    for option in ("--output", "--gamma", "--gae-lambda", "--critic-error", "--steps", "--seed"):
        assert option in shown
