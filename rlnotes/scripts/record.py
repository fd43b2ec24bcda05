"""Make a recording again: `python -m rlnotes.scripts.record NAME`.

A recipe is a function that returns rows; its name is the name of the recording. The
rows are written only when all of them are there.
"""

import argparse
import csv
import io
import sys
from collections.abc import Callable
from multiprocessing import Pool
from pathlib import Path

import torch

from rlnotes.training.recordings import FOLDER

Row = dict[str, str | float]


def recipes() -> dict[str, Callable[[Pool], list[Row]]]:
    """Name -> recipe, which maps its runs over a pool of processes."""
    from rlnotes.scripts import (
        record_dqn,
        record_gae_lambda,
        record_inner_epochs,
        record_policy_gradients,
        record_ppo,
    )

    return {
        "dqn_maze": record_dqn.maze,
        "dqn_cartpole": record_dqn.cartpole,
        "dqn_cartpole_default": record_dqn.cartpole_default,
        "reinforce_cartpole": record_policy_gradients.curves,
        "reinforce_noise": record_policy_gradients.gradient_noise,
        "ppo_cartpole": record_ppo.ppo_cartpole,
        "trpo_cartpole": record_ppo.trpo_cartpole,
        "ppo_switches": record_ppo.ppo_switches,
        "gae_lambda_cartpole": record_gae_lambda.cartpole,
        "inner_epochs": record_inner_epochs.epochs,
        "inner_epochs_batch": record_inner_epochs.samples,
        "ppo_ingredients": record_inner_epochs.ingredients,
    }


def write(name: str, rows: list[Row], folder: Path = FOLDER) -> Path:
    """Write the rows as CSV, with the command that makes them in the first line.

    Raises:
        ValueError: if there are no rows, or one has other columns than the first.
    """
    if not rows or any(row.keys() != rows[0].keys() for row in rows):
        raise ValueError(f"rows must be some, all with the same columns, got {len(rows)}")
    text = io.StringIO(newline="")
    text.write(f"# made by: python -m rlnotes.scripts.record {name}\n")
    table = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    path = folder / f"{name}.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def _one_thread() -> None:
    torch.set_num_threads(1)


def main(arguments: list[str] | None = None) -> int:
    """Command-line entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(recipes()), help="which recording")
    parser.add_argument("--processes", type=int, default=2, help="runs at the same time")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write")
    chosen = parser.parse_args(arguments)
    if chosen.processes < 1:
        parser.error(f"--processes must be at least 1, got {chosen.processes}")
    if not chosen.folder.is_dir():
        parser.error(f"--folder must exist, got {chosen.folder}")
    with Pool(chosen.processes, initializer=_one_thread) as pool:
        rows = recipes()[chosen.name](pool)
    print(write(chosen.name, rows, chosen.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
