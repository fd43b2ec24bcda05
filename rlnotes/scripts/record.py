"""Make a recording again: `python -m rlnotes.scripts.record NAME`.

A recipe is a function that returns rows; its name is the name of the recording. The
rows are written only when all of them are there, in place of the former recording. A
file of that name which is no recording is left alone.
"""

import argparse
import csv
import io
import os
import sys
from collections.abc import Callable
from multiprocessing import Pool
from pathlib import Path

import torch

from rlnotes.scripts.output_files import replace_file, require_writable
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
        record_rlhf,
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
        "rlhf_policies": record_rlhf.policies,
    }


def write(name: str, rows: list[Row], folder: Path = FOLDER) -> Path:
    """Write the rows as CSV, with the command that makes them in the first line.

    Raises:
        ValueError: if there are no rows, or one has other columns than the first, or
            the file there was not made by this command.
        OSError: if it cannot be written; the former recording stays.
    """
    if not rows or any(row.keys() != rows[0].keys() for row in rows):
        raise ValueError(f"rows must be some, all with the same columns, got {len(rows)}")
    path = replaceable(name, folder)
    text = io.StringIO(newline="")
    text.write(first_line(name))
    table = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    replace_file(text.getvalue().encode(), path)
    return path


def replaceable(name: str, folder: Path) -> Path:
    """The file of a recording, which must be missing or made by this command.

    Raises:
        ValueError: if something else has its name.
        OSError: if the folder or the file cannot be used.
    """
    require_writable(folder)
    path = folder / f"{name}.csv"
    if os.path.lexists(path) and not _is_ours(path, name):
        raise ValueError(f"{path} was not made by this command: move it away")
    return path


def _is_ours(path: Path, name: str) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.readline().strip() == first_line(name).strip().encode()


def first_line(name: str) -> str:
    """The command that makes a recording, as the file's first line."""
    return f"# made by: python -m rlnotes.scripts.record {name}\n"


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
    return _record(chosen.name, chosen.folder, chosen.processes)


def _record(name: str, folder: Path, processes: int) -> int:
    try:
        replaceable(name, folder)  # before the long run
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    try:
        with Pool(processes, initializer=_one_thread) as pool:
            rows = recipes()[name](pool)
    except KeyboardInterrupt:
        print("interrupted, nothing written", file=sys.stderr)
        return 130
    try:
        print(write(name, rows, folder))
    except (OSError, ValueError) as error:
        print(f"cannot write to {folder}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
