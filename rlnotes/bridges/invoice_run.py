"""One run of TRL on documents, from the checks before it to the adapter after it."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from datasets import Dataset, disable_progress_bars
from transformers import PrinterCallback, Trainer
from transformers.utils import logging

from rlnotes.bridges.prompt_data import acme_pair, corrupted_text_pairs, pair_rows, prompt_rows
from rlnotes.bridges.prompt_lengths import require_short_prompts
from rlnotes.bridges.rewards import InvoiceReward
from rlnotes.bridges.run_files import (
    ADAPTER,
    CHECKPOINTS,
    METRICS,
    MODEL,
    Metrics,
    Progress,
    require_new,
    require_same_run,
    write_settings,
)
from rlnotes.bridges.run_settings import Refusal, Settings, require_whole_groups
from rlnotes.bridges.tiny_model import save_tiny_model
from rlnotes.bridges.trainers import Loaded, load, make_trainer
from rlnotes.data.documents.document import Document

TINY = "tiny"
_LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets")


@dataclass(frozen=True)
class Run:
    """What a run is made of.

    Attributes:
        model: "tiny", a folder, or a name on the hub.
        folder: where everything is written, see `run_files`.
        settings: of the training.
        source: where the documents come from, in words.
        labels: whether the reward looks at labels.
        pairs: how many, for DPO; the first is that of `acme_pair`.
        resume: whether to go on with the run in the folder.
        processes: how many there must be; None for any number.
    """

    model: str
    folder: Path
    settings: Settings
    source: str
    labels: bool = True
    pairs: int = 64
    resume: bool = False
    processes: int | None = None

    def described(self, num_processes: int) -> dict:
        """All that is kept in run.json."""
        return {
            "model": self.model,
            "documents": self.source,
            "labels": self.labels,
            "pairs": self.pairs,
            "processes": num_processes,
            **asdict(self.settings),
            "beta": self.settings.price,
            "versions": {name: version(name) for name in _LIBRARIES},
        }


def train(
    run: Run,
    documents: Sequence[Document],
    *,
    before_training: Callable[[Trainer], None] = lambda trainer: None,
    reward: InvoiceReward | None = None,
) -> Trainer:
    """Check, train, save the adapter; on every process of the run.

    Args:
        run: what is trained and where it is written.
        documents: to train on.
        before_training: is called with the trainer before its first step; a check that
            raises a ValueError there ends the run.
        reward: instead of `InvoiceReward` with the usual weights.

    Returns:
        The trainer, after its last step.

    Raises:
        Refusal: if the run cannot begin, with the reason.
        RewardError: if an answer cannot be scored.
        OSError: if a file cannot be written; so may errors of torch and safetensors.
    """
    state = PartialState(cpu=not torch.cuda.is_available())
    _quiet()
    try:
        _require_processes(run, state)
        require_whole_groups(run.settings, len(documents), state.num_processes)
    except ValueError as error:
        raise Refusal(error) from error
    checkpoint = _on_main(state, lambda: _opened(run, state.num_processes))
    loaded = _load(run)
    trainer = _trainer(run, loaded, documents, reward)
    _checked(before_training, trainer)
    trainer.train(resume_from_checkpoint=checkpoint)
    trainer.save_model(str(run.folder / ADAPTER))
    if state.is_main_process:
        write_settings(run.described(state.num_processes), run.folder / ADAPTER)
    return trainer


def _checked(before_training: Callable[[Trainer], None], trainer: Trainer) -> None:
    try:
        before_training(trainer)
    except ValueError as error:
        raise Refusal(error) from error


def _quiet() -> None:
    """Bars of loading and mapping are not shown: they come once for each process."""
    disable_progress_bars()
    logging.disable_progress_bar()
    # TRL reads a name that is new in transformers by its old one.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)


def _require_processes(run: Run, state: PartialState) -> None:
    if run.processes not in (None, state.num_processes):
        raise ValueError(
            f"processes must be {run.processes}, got {state.num_processes}: start them by "
            f"python -m torch.distributed.run --standalone --nproc_per_node {run.processes} "
            "-m rlnotes.bridges.trl_invoices ... (accelerate launch --cpu starts one)"
        )


def _opened(run: Run, num_processes: int) -> str | None:
    """Check the folder, write settings and tiny model; the checkpoint, if any."""
    settings, checkpoint = run.described(num_processes), None
    if run.resume:
        checkpoint = require_same_run(run.folder, settings)
        done = int(checkpoint.name.rpartition("-")[2])
        if done >= run.settings.steps:
            raise ValueError(
                f"steps must be more than the {done} that are done, got {run.settings.steps}"
            )
    else:
        require_new(run.folder)
        run.folder.mkdir(parents=True, exist_ok=True)
    write_settings(settings, run.folder)
    if run.model == TINY and not run.resume:
        save_tiny_model(run.folder / MODEL, seed=run.settings.seed)
    return None if checkpoint is None else str(checkpoint)


def _on_main(state: PartialState, action: Callable[[], str | None]) -> str | None:
    """The result of an action of the main process, or its error, on every process."""
    told: list = [None, None]
    if state.is_main_process:
        try:
            told[0] = action()
        except (ValueError, OSError) as error:
            told[1] = str(error)
    broadcast_object_list(told)
    if told[1] is not None:
        raise Refusal(told[1])
    return told[0]


def _load(run: Run) -> Loaded:
    name = run.folder / MODEL if run.model == TINY else run.model
    try:
        return load(name, precision=run.settings.precision)
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise Refusal(f"there is no model {run.model!r} that can be loaded: {reason}") from error


def _trainer(
    run: Run, loaded: Loaded, documents: Sequence[Document], reward: InvoiceReward | None
) -> Trainer:
    data = _rows(run, loaded, documents)
    trainer = make_trainer(
        loaded,
        data,
        run.settings,
        run.folder / CHECKPOINTS,
        reward=reward or InvoiceReward(end_ids=loaded.end_ids, labels=run.labels),
        callbacks=[Metrics(run.folder / METRICS), Progress()],
    )
    trainer.remove_callback(PrinterCallback)  # its lines come with `Progress`
    return trainer


def _rows(run: Run, loaded: Loaded, documents: Sequence[Document]) -> Dataset:
    try:
        if run.settings.method == "dpo":
            first = [acme_pair()]
            others = corrupted_text_pairs(
                documents, count=max(run.pairs - 1, 1), seed=run.settings.seed
            )
            data = pair_rows([*first, *others][: run.pairs], chat=loaded.chat)
        else:
            data = prompt_rows(documents, chat=loaded.chat)
        require_short_prompts(loaded, data, max_answer=run.settings.max_answer)
    except ValueError as error:
        raise Refusal(error) from error
    return data
