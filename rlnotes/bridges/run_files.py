"""What a run leaves in its folder, and where it can go on.

run.json        all settings; written first
model/          the tiny model, if that is trained
checkpoints/    the newest two states from which a run can go on
metrics.csv     a row for each step
adapter/        the trained adapter, its tokenizer and run.json; written last
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tqdm import tqdm
from transformers import TrainerCallback

from rlnotes.scripts.output_files import as_csv, replace_file, require_writable

RUN, METRICS = "run.json", "metrics.csv"
MODEL, CHECKPOINTS, ADAPTER = "model", "checkpoints", "adapter"
_HALF_WRITTEN = f".{RUN}-"  # see `replace_file`
_STATE = "trainer_state.json"  # written last, so a checkpoint that has it is whole
_MAY_DIFFER = ("steps", "save_every", "versions")


class RunFolderError(ValueError):
    """A folder that a run cannot write, or not go on in."""


def require_new(folder: Path) -> None:
    """Raise unless a folder is missing or empty, and can be written.

    What a run left that ended before its first step is no reason: nothing is lost.

    Raises:
        RunFolderError: if it holds anything else.
        OSError: if it is no folder or cannot be written.
    """
    require_writable(folder)
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    held = [name for name in names if not name.startswith(_HALF_WRITTEN)]
    if held and not _never_began(folder, held):
        raise RunFolderError(f"{folder} holds {held[0]}: name a new folder, or go on with --resume")


def _never_began(folder: Path, held: Sequence[str]) -> bool:
    saved = (folder / CHECKPOINTS).glob("*")
    return {*held} <= {RUN, MODEL, CHECKPOINTS} and not any(saved) and _is_ours(folder / RUN)


def _is_ours(path: Path) -> bool:
    """Whether a run wrote the file: somebody else's may have the same name."""
    try:
        return "trl" in json.loads(path.read_text(encoding="utf-8"))["versions"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def require_same_run(folder: Path, settings: Mapping) -> Path:
    """The newest checkpoint of a run with the same settings, to go on from.

    Args:
        folder: of the run.
        settings: as `write_settings` was given them; the number of steps may differ.

    Raises:
        RunFolderError: if there is no such run, one with other settings, or no
            checkpoint.
        OSError: if the folder cannot be written.
    """
    require_writable(folder)
    try:
        before = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{folder} holds no run to go on with: {error}") from error
    for name in settings.keys() | before.keys():
        old, new = before.get(name), settings.get(name)
        if name not in _MAY_DIFFER and old != new:
            raise RunFolderError(f"{name} must be that of the run, {old!r}, got {new!r}")
    checkpoint = newest_checkpoint(folder / CHECKPOINTS)
    if checkpoint is None:
        raise RunFolderError(f"{folder} holds no whole checkpoint yet: begin in a new folder")
    return checkpoint


def newest_checkpoint(folder: Path) -> Path | None:
    """The whole checkpoint of the latest step; None if there is none."""
    whole = (path.parent for path in folder.glob(f"checkpoint-*/{_STATE}"))
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def write_settings(settings: Mapping, folder: Path) -> None:
    """All settings of a run as JSON."""
    replace_file((json.dumps(settings, indent=1) + "\n").encode(), folder / RUN)


class Metrics(TrainerCallback):
    """Writes what the trainer logs, on the main process.

    The file is written anew at each row, in one step. The trainer's own log is in its
    checkpoints, so that rows after the checkpoint a run goes on from are not kept.
    """

    def __init__(self, path: Path):
        """Settle where the rows go."""
        self._path = path

    def on_log(self, args, state, control, **kwargs):
        """A row for each step that was logged."""
        if state.is_world_process_zero and (rows := logged_steps(state.log_history)):
            replace_file(as_csv(rows), self._path)


def logged_steps(log: Sequence[Mapping]) -> list[dict]:
    """The rows of a trainer's log that belong to a step, with the same columns each.

    The last one, of the whole run, is not among them. The step comes first, the other
    columns by name: a checkpoint does not keep their order.
    """
    steps = [row for row in log if "loss" in row]
    columns = ["step", *sorted({key for row in steps for key in row} - {"step"})]
    return [{column: row.get(column) for column in columns} for row in steps]


class Progress(TrainerCallback):
    """A bar on stderr and a line for each logged step, on the main process."""

    def on_train_begin(self, args, state, control, **kwargs):
        """The bar begins where the run does."""
        if state.is_world_process_zero:
            self._bar = tqdm(
                total=state.max_steps,
                initial=state.global_step,
                unit="step",
                file=sys.stderr,
                disable=None,
            )

    def on_step_end(self, args, state, control, **kwargs):
        """One step more."""
        if state.is_world_process_zero:
            self._bar.update()

    def on_log(self, args, state, control, logs=None, **kwargs):
        """What one looks at first: rewards, or how much the chosen answers lead."""
        if state.is_world_process_zero and logs and "loss" in logs:
            names = [name for name in _SHOWN if name in logs]
            shown = ", ".join(f"{name} {float(logs[name]):.4f}" for name in names)
            tqdm.write(f"step {state.global_step} of {state.max_steps}: {shown}", file=sys.stdout)

    def on_train_end(self, args, state, control, **kwargs):
        """The bar ends."""
        if state.is_world_process_zero:
            self._bar.close()


_SHOWN = ("reward", "completions/clipped_ratio", "kl", "loss", "rewards/margins", "grad_norm")
