"""Make a recording again: `python -m rlnotes.scripts.record NAME`.

A recipe is a function that returns rows, for a CSV file, or arrays by name, for an NPZ
file; its name is the name of the recording. They are written only when all of them are
there, in place of the former recording. A file of that name which is no recording is
left alone.
"""

import argparse
import io
import os
import sys
import zipfile
from collections.abc import Callable
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch

from rlnotes.scripts.output_files import as_csv, begins_with, replace_file, require_writable
from rlnotes.training.recordings import FOLDER

Row = dict[str, str | float]
Arrays = dict[str, np.ndarray | str]  # texts hold settings


def recipes() -> dict[str, Callable[[Pool], list[Row] | Arrays]]:
    """Name -> recipe, which maps its runs over a pool of processes."""
    from rlnotes.scripts import (
        record_adapters,
        record_carry,
        record_carry_grpo,
        record_defences,
        record_dpo,
        record_dqn,
        record_gae_lambda,
        record_grpo,
        record_grpo_plane,
        record_inner_epochs,
        record_invoice_critics,
        record_invoice_policy,
        record_invoice_runs,
        record_invoice_shift,
        record_invoices,
        record_lineage,
        record_policy_gradients,
        record_ppo,
        record_ppo_changes,
        record_ppo_ingredients,
        record_reward_models,
        record_rlhf,
    )

    return {
        "dqn_parts": record_dqn.parts,
        "dqn_long": record_dqn.long,
        "dqn_cartpole_default": record_dqn.cartpole_default,
        "dqn_maze_bias": record_dqn.maze_bias,
        "reinforce_cartpole": record_policy_gradients.curves,
        "reinforce_played": record_policy_gradients.played,
        "reinforce_noise": record_policy_gradients.gradient_noise,
        "ppo_cartpole": record_ppo.ppo_cartpole,
        "trpo_cartpole": record_ppo.trpo_cartpole,
        "ppo_switches": record_ppo.ppo_switches,
        "gae_lambda_cartpole": record_gae_lambda.cartpole,
        "gae_lambda_apart": record_gae_lambda.cartpole_apart,
        "inner_epochs": record_inner_epochs.epochs,
        "inner_epochs_batches": record_inner_epochs.batches,
        "inner_epochs_batch": record_inner_epochs.samples,
        "ppo_changes": record_ppo_changes.compared,
        "ppo_ingredients": record_ppo_ingredients.ingredients,
        "lineage_cartpole": record_lineage.cartpole,
        "help_desk_reference": record_reward_models.reference,
        "reward_model_scores": record_reward_models.scores,
        "rlhf_policies": record_rlhf.policies,
        "rlhf_forgetting": record_rlhf.forgetting,
        "rlhf_pipeline": record_rlhf.pipeline,
        "reward_model_starts": record_rlhf.starts,
        "carry_models": record_carry.models,
        "length_slopes": record_grpo.length_slopes,
        "carry_kinds": record_carry_grpo.kinds,
        "carry_group_sizes": record_carry_grpo.sizes,
        "carry_verifiers": record_carry_grpo.verifiers,
        "carry_cold_starts": record_carry_grpo.cold_starts,
        "carry_pass_rates": record_carry_grpo.pass_rates,
        "grpo_plane": record_grpo_plane.plane,
        "grpo_judged": record_grpo_plane.judged,
        "reward_defences": record_defences.reward_defences,
        "dpo_sources": record_dpo.sources,
        "dpo_losses": record_dpo.losses,
        "dpo_supervised": record_dpo.supervised,
        "dpo_race": record_dpo.race,
        "dpo_coverage": record_dpo.coverage,
        "dpo_learning_rates": record_dpo.learning_rates,
        "invoice_policy": record_invoice_policy.weights,
        "invoice_methods": record_invoices.methods,
        "invoice_critics": record_invoice_critics.critics,
        "invoice_betas": record_invoices.dpo_betas,
        "invoice_ranks": record_invoices.low_rank,
        "invoice_rules": record_invoice_runs.rules,
        "invoice_rules_elsewhere": record_invoice_runs.rules_elsewhere,
        "invoice_prices": record_invoice_runs.prices,
        "invoice_sparse": record_invoice_runs.sparse,
        "invoice_shift": record_invoice_shift.shift,
        "invoice_labels": record_invoice_shift.labels,
        "invoice_cold_starts": record_invoice_shift.cold_starts,
        "adapter_rates": record_adapters.rates,
        "adapter_speed": record_adapters.speed,
        "adapter_together": record_adapters.together,
        "adapter_runs": record_adapters.runs,
    }


def write(name: str, recorded: list[Row] | Arrays, folder: Path = FOLDER) -> Path:
    """Write rows as CSV or arrays as NPZ, with the command that makes them inside.

    Raises:
        ValueError: if there is nothing, a row has other columns than the first, an
            array is of Python objects or has the command's name, or the file there was
            not made by this command.
        OSError: if it cannot be written; the former recording stays.
    """
    if isinstance(recorded, dict):
        content, path = _npz(name, recorded), replaceable(name, folder, "npz")
    else:
        content, path = _csv(name, recorded), replaceable(name, folder, "csv")
    replace_file(content, path)
    return path


def _csv(name: str, rows: list[Row]) -> bytes:
    if not rows or any(row.keys() != rows[0].keys() for row in rows):
        raise ValueError(f"rows must be some, all with the same columns, got {len(rows)}")
    return first_line(name).encode() + as_csv(rows)


def _npz(name: str, arrays: Arrays) -> bytes:
    arrays = {key: np.asarray(array) for key, array in arrays.items()}
    objects = [key for key, array in arrays.items() if array.dtype == object]
    if not arrays or "made_by" in arrays or objects:
        raise ValueError(f"arrays must be some, of numbers or text, got {sorted(arrays)}")
    file = io.BytesIO()
    np.savez_compressed(file, made_by=np.array(command(name)), **arrays)
    return file.getvalue()


def replaceable(name: str, folder: Path, ending: str) -> Path:
    """The file of a recording, which must be missing or made by this command.

    Raises:
        ValueError: if something else has its name.
        OSError: if the folder or the file cannot be used.
    """
    require_writable(folder)
    path = folder / f"{name}.{ending}"
    if os.path.lexists(path) and not _is_ours(path, name):
        raise ValueError(f"{path} was not made by this command: move it away")
    return path


def _is_ours(path: Path, name: str) -> bool:
    if path.suffix != ".npz":
        return begins_with(path, first_line(name))
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return arrays["made_by"].item() == command(name)
    except (KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile):
        return False


def command(name: str) -> str:
    """The command that makes a recording."""
    return f"python -m rlnotes.scripts.record {name}"


def first_line(name: str) -> str:
    """The command that makes a recording, as the file's first line."""
    return f"# made by: {command(name)}\n"


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
        for ending in ("csv", "npz"):  # before the long run
            replaceable(name, folder, ending)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    try:
        with Pool(processes, initializer=_one_thread) as pool:
            recorded = recipes()[name](pool)
    except KeyboardInterrupt:
        print("interrupted, nothing written", file=sys.stderr)
        return 130
    try:
        print(write(name, recorded, folder))
    except (OSError, ValueError) as error:
        print(f"cannot write to {folder}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
