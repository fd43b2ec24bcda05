"""Draw and tabulate GAE: TD errors, a comparison of lambdas, bias and variance.

    python -m rlnotes.scripts.gae_visualizer --output gae --gamma 0.95

Prints the advantages of a record of three steps, and writes three tables (CSV) with a
picture (PNG) of each. The first two show sampled episodes of the slippery maze: see
`--seed`. The folder must be new, empty, or hold nothing but what an earlier call wrote:
that is replaced.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from rlnotes._checks import require_in_unit_interval, require_positive_integer
from rlnotes.envs.rollouts import sample_rollouts
from rlnotes.explorers.gae_bias_variance import LAMBDAS as ALL_LAMBDAS
from rlnotes.explorers.gae_bias_variance import (
    PATTERNS,
    relative_errors,
    slippery_maze,
    wrong_critic,
)
from rlnotes.functional.advantages import generalized_advantage_estimation, td_errors
from rlnotes.plotting.style import BLUE, FURTHER, GREY, VERMILION, house_style, label, new_figure
from rlnotes.scripts.output_files import as_csv, as_png, folder_name
from rlnotes.scripts.output_folder import check_or_explain, write_or_explain

NAME = "gae_visualizer"
Row = dict[str, float]
THREE_STEPS = ([0.0, 0.0, 1.0], [0.5, 0.6, 0.8], [0.6, 0.8, 0.0])
LARGEST_CRITIC_ERROR = 1e6  # its square must leave digits for the rest
LAMBDAS = (0.0, 0.5, 0.9, 0.95, 1.0)
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


def three_steps_table() -> str:
    """Advantages of r = (0, 0, 1), V = (.5, .6, .8), gamma 1, an end after the last."""
    end, no = torch.tensor([False, False, True]), torch.zeros(3, dtype=torch.bool)
    arrays = [torch.tensor(numbers, dtype=torch.float64) for numbers in THREE_STEPS]
    lines = ["r = (0, 0, 1), V = (0.5, 0.6, 0.8), gamma = 1", "lambda     A_0     A_1     A_2"]
    for gae_lambda in (0.0, 0.5, 0.95, 1.0):
        advantages = generalized_advantage_estimation(
            *arrays, end, no, gamma=1.0, gae_lambda=gae_lambda
        )
        lines.append(f"{gae_lambda:6.2f}" + "".join(f"{a:8.4f}" for a in advantages.tolist()))
    return "\n".join(lines)


def sampled_record(
    *, num_steps: int, seed: int, gamma: float, critic_error: float
) -> dict[str, torch.Tensor]:
    """Episodes of the slippery maze, one after the other; the last may be cut short."""
    mdp, policy = slippery_maze()
    critic = wrong_critic(mdp, policy, gamma=gamma, critic_error=critic_error, pattern=PATTERNS[0])
    rng, pieces, missing = np.random.default_rng(seed), [], num_steps
    while missing > 0:
        episode = sample_rollouts(mdp, policy, num_episodes=1, max_steps=missing, rng=rng)
        pieces.append(episode)
        missing -= episode.rewards.shape[1]

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(piece, name)[0] for piece in pieces])

    arrays = {"state": joined("states"), "rewards": joined("rewards")}
    arrays |= {"values": critic[joined("states")], "next_values": critic[joined("next_states")]}
    arrays |= {"terminated": joined("terminated"), "truncated": joined("truncated")}
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def td_error_rows(record: dict[str, torch.Tensor], *, gamma: float, gae_lambda: float) -> list[Row]:
    """One row per step: what was recorded, the TD error, the advantage."""
    arrays = {name: array for name, array in record.items() if name != "state"}
    advantages = generalized_advantage_estimation(**arrays, gamma=gamma, gae_lambda=gae_lambda)
    del arrays["truncated"]
    errors = td_errors(**arrays, gamma=gamma)
    columns = {"td_error": errors, "advantage": advantages}
    listed = {name: array.tolist() for name, array in (record | columns).items()}
    return [
        {"step": t, **{name: float(numbers[t]) for name, numbers in listed.items()}}
        for t in range(len(errors))
    ]


def lambda_rows(record: dict[str, torch.Tensor], *, gamma: float) -> list[Row]:
    """One row per step, one column of advantages per lambda."""
    arrays = {name: array for name, array in record.items() if name != "state"}
    columns = {
        f"lambda_{x:g}": generalized_advantage_estimation(
            **arrays, gamma=gamma, gae_lambda=x
        ).tolist()
        for x in LAMBDAS
    }
    return [
        {
            "step": t,
            "state": float(record["state"][t]),
            **{name: column[t] for name, column in columns.items()},
            "end": float(record["terminated"][t] | record["truncated"][t]),
        }
        for t in range(record["rewards"].shape[0])
    ]


def bias_variance_rows(*, gamma: float, critic_error: float) -> list[Row]:
    """One row per lambda: exact moments in the slippery maze, as in the explorer."""
    errors = relative_errors(gamma=gamma, critic_error=critic_error, pattern=PATTERNS[0])
    rows = []
    for index in range(0, len(ALL_LAMBDAS), 5):
        row = {"gae_lambda": float(ALL_LAMBDAS[index])}
        for name, (bias, variance) in errors.items():
            row[f"{name}_squared_bias"] = float(bias[index])
            row[f"{name}_variance"] = float(variance[index])
        rows.append(row)
    return rows


def draw_td_errors(rows: list[Row], setting: str) -> Figure:
    """TD errors as bars, and the advantages that sum them."""
    figure, (axes,) = new_figure(1)
    heading = f"TD errors and advantages; dotted: an episode ends or is cut\n{setting}"
    label(axes, heading=heading, x="step", y="reward")
    steps, errors = _column(rows, "step"), _column(rows, "td_error")
    axes.bar(steps, errors, color="none", edgecolor=GREY, label="TD error")
    ends = _column(rows, "terminated") + _column(rows, "truncated")
    axes.plot(
        *_broken(steps, _column(rows, "advantage"), ends), "s-", color=BLUE, label="advantage"
    )
    for t in np.flatnonzero(ends):
        axes.axvline(t + 0.5, color=VERMILION, linestyle=":")
    axes.xaxis.get_major_locator().set_params(integer=True)
    with house_style():
        axes.legend()
    return figure


def draw_lambdas(rows: list[Row], setting: str) -> Figure:
    """One line of advantages per lambda."""
    figure, (axes,) = new_figure(1)
    heading = f"The same record, other lambdas\n{setting}"
    label(axes, heading=heading, x="step", y="advantage (reward)")
    colors = (GREY, *FURTHER, BLUE)
    steps, ends = _column(rows, "step"), _column(rows, "end")
    names = [name for name in rows[0] if name.startswith("lambda_")]
    for name, style, color in zip(names, STYLES, colors, strict=True):
        xs, ys = _broken(steps, _column(rows, name), ends)
        axes.plot(xs, ys, ls=style, marker=".", color=color, label=name.replace("_", " "))
    axes.xaxis.get_major_locator().set_params(integer=True)
    with house_style():
        axes.legend()
    return figure


def draw_bias_variance(rows: list[Row], setting: str) -> Figure:
    """Squared bias and variance against lambda: of the advantage, of the gradient."""
    figure, panels = new_figure(2)
    for axes, name in zip(panels, ("advantage", "gradient"), strict=True):
        heading = f"One estimate of the {name}, exactly\n{setting}"
        label(axes, heading=heading, x="gae_lambda", y="share of the exact square")
        xs = _column(rows, "gae_lambda")
        axes.plot(xs, _column(rows, f"{name}_squared_bias"), "s:", color=VERMILION, label="bias^2")
        axes.plot(xs, _column(rows, f"{name}_variance"), "o-", color=BLUE, label="variance")
        axes.set_yscale("symlog", linthresh=0.01)
        axes.set_ylim(bottom=-0.002)
        with house_style():
            axes.legend()
    return figure


def _broken(xs: np.ndarray, ys: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points with a gap behind each end: no line from one episode to the next."""
    behind = np.flatnonzero(ends) + 1
    return np.insert(xs, behind, np.nan), np.insert(ys, behind, np.nan)


def _column(rows: list[Row], name: str) -> np.ndarray:
    return np.array([row[name] for row in rows], dtype=np.float64)


def files(
    *, gamma: float, gae_lambda: float, critic_error: float, steps: int, seed: int
) -> dict[str, bytes]:
    """Name -> content of every file, so that all are made before one is written.

    Raises:
        ValueError: if gamma or gae_lambda lies outside [0, 1], there are fewer than
            two steps, critic_error lies outside [0, 1e6], or seed is negative.
    """
    require_in_unit_interval(gamma=gamma, gae_lambda=gae_lambda)
    require_positive_integer(steps=steps)
    if steps < 2:
        raise ValueError(f"steps must be at least 2, got {steps}")
    if not 0 <= critic_error <= LARGEST_CRITIC_ERROR:
        raise ValueError(
            f"critic_error must lie in [0, {LARGEST_CRITIC_ERROR:g}], got {critic_error}"
        )
    if seed < 0:
        raise ValueError(f"seed must not be negative, got {seed}")
    record = sampled_record(num_steps=steps, seed=seed, gamma=gamma, critic_error=critic_error)
    maze = f"gamma {gamma:g}, critic error {critic_error:g}"
    steps_table = td_error_rows(record, gamma=gamma, gae_lambda=gae_lambda)
    lambdas_table = lambda_rows(record, gamma=gamma)
    moments_table = bias_variance_rows(gamma=gamma, critic_error=critic_error)
    return {
        "td_errors.csv": as_csv(steps_table),
        "td_errors.png": as_png(draw_td_errors(steps_table, f"lambda {gae_lambda:g}, {maze}")),
        "lambdas.csv": as_csv(lambdas_table),
        "lambdas.png": as_png(draw_lambdas(lambdas_table, maze)),
        "bias_variance.csv": as_csv(moments_table),
        "bias_variance.png": as_png(draw_bias_variance(moments_table, maze)),
    }


def main(arguments: list[str] | None = None) -> int:
    """Command-line entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--output", type=folder_name, default=Path("gae"), help="folder: new, or its own"
    )
    parser.add_argument("--gamma", type=float, default=0.99, help="discount in [0, 1]")
    parser.add_argument("--gae-lambda", type=float, default=0.95, help="lambda in [0, 1]")
    parser.add_argument(
        "--critic-error", type=float, default=0.4, help="error of the critic, as a share of V"
    )
    parser.add_argument("--steps", type=int, default=20, help="length of the sampled record")
    parser.add_argument("--seed", type=int, default=0, help="of the sampled record")
    chosen = parser.parse_args(arguments)
    if status := check_or_explain(chosen.output, NAME):
        return status
    try:
        contents = files(
            gamma=chosen.gamma,
            gae_lambda=chosen.gae_lambda,
            critic_error=chosen.critic_error,
            steps=chosen.steps,
            seed=chosen.seed,
        )
    except ValueError as error:
        parser.error(str(error))  # exits with code 2
    print(three_steps_table())
    status = write_or_explain(contents, chosen.output, NAME)
    if not status:
        print("\n".join(str(chosen.output / name) for name in contents))
    return status


if __name__ == "__main__":
    sys.exit(main())
