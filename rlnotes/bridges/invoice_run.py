"""One run of TRL on documents, from the checks before it to the adapter after it."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from textwrap import shorten

from datasets import Dataset, disable_progress_bars
from transformers import PrinterCallback, Trainer
from transformers.utils import logging

from rlnotes._checks import require_positive_integer
from rlnotes.bridges.model_loading import Loaded, load
from rlnotes.bridges.processes import agreed, agreed_on_main, is_main, require_processes, the_state
from rlnotes.bridges.prompt_checks import require_plain_prompts, require_short_prompts
from rlnotes.bridges.prompt_data import acme_pair, corrupted_text_pairs, pair_rows, prompt_rows
from rlnotes.bridges.resuming import keep_order
from rlnotes.bridges.rewards import InvoiceReward
from rlnotes.bridges.run_files import (
    ADAPTER,
    CHECKPOINTS,
    METRICS,
    MODEL,
    RUN,
    Metrics,
    Progress,
    require_new,
    require_same_run,
    write_settings,
)
from rlnotes.bridges.run_settings import Refusal, Settings, require_whole_groups
from rlnotes.bridges.run_watch import FiniteWeights
from rlnotes.bridges.tiny_model import save_tiny_model
from rlnotes.bridges.trainers import make_trainer
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
        pairs: how many, for DPO.
        acme: whether the first pair is that of `acme_pair`.
        resume: whether to go on with the run in the folder.
        processes: how many there must be; None for any number.
    """

    model: str
    folder: Path
    settings: Settings
    source: str
    labels: bool = True
    pairs: int = 64
    acme: bool = True
    resume: bool = False
    processes: int | None = None

    def described(self) -> dict:
        """All that is kept in run.json."""
        return {
            "model": self.model,
            "documents": self.source,
            "labels": self.labels,
            "pairs": self.pairs,
            "processes": the_state().num_processes,
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
        Refusal: if the run cannot begin, or its weights are no longer numbers.
        RewardError: if an answer cannot be scored.
        OSError: if a file cannot be written; so may errors of torch and safetensors.
    """
    _quiet()
    agreed(lambda: _require_possible(run, len(documents)))
    checkpoint = agreed_on_main(lambda: _opened(run))
    loaded, data = agreed(lambda: _loaded_and_rows(run, documents))
    agreed_on_main(lambda: _write_settings(run, run.folder))
    trainer = make_trainer(
        loaded,
        data,
        run.settings,
        run.folder / CHECKPOINTS,
        reward=reward or InvoiceReward(end_ids=loaded.end_ids, labels=run.labels),
        callbacks=[FiniteWeights(), Metrics(run.folder / METRICS), Progress()],
    )
    trainer.remove_callback(PrinterCallback)  # its lines come with `Progress`
    if checkpoint is not None:
        keep_order(trainer, checkpoint)
    agreed(lambda: before_training(trainer))
    if checkpoint is not None and _steps_of(checkpoint) == run.settings.steps:
        trainer._load_from_checkpoint(checkpoint)  # `train` would make one step more
    else:
        trainer.train(resume_from_checkpoint=checkpoint)
    trainer.save_model(str(run.folder / ADAPTER))
    if is_main():
        _write_settings(run, run.folder / ADAPTER)
    return trainer


def _quiet() -> None:
    """Bars of loading and mapping are not shown: they come once for each process."""
    disable_progress_bars()
    logging.disable_progress_bar()
    # TRL calls what is new in transformers by its old names.
    warnings.filterwarnings("ignore", "`(is_)?gradient_checkpointing", FutureWarning)
    # PEFT does of itself what this one is about, for models such as GPT-2.
    warnings.filterwarnings("ignore", "fan_in_fan_out", UserWarning)


def _require_possible(run: Run, num_documents: int) -> None:
    require_processes(run.processes)
    require_positive_integer(pairs=run.pairs)
    if run.settings.method == "dpo" and not run.labels:
        raise ValueError("labels must be read for dpo: the chosen answers are labels")
    require_whole_groups(run.settings, num_documents, the_state().num_processes)


@contextmanager
def _writing(run: Run) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refusal(f"cannot write to {run.folder}: {error.strerror or error}") from error


def _opened(run: Run) -> str | None:
    """Check the folder, build the tiny model; the checkpoint to go on from, if any."""
    with _writing(run):
        if run.resume:
            return str(_checkpoint(run))
        require_new(run.folder)
        run.folder.mkdir(parents=True, exist_ok=True)
        if run.model == TINY:
            _write_settings(run, run.folder)  # before it, so that the folder is known again
            save_tiny_model(run.folder / MODEL, seed=run.settings.seed)
    return None


def _checkpoint(run: Run) -> Path:
    checkpoint = require_same_run(run.folder, run.described())
    done = _steps_of(checkpoint)
    saved = (run.folder / ADAPTER / RUN).exists()  # written last
    if done > run.settings.steps or (saved and done == run.settings.steps):
        raise ValueError(
            f"steps must be more than the {done} that are done, got {run.settings.steps}"
        )
    return checkpoint


def _steps_of(checkpoint: Path | str) -> int:
    return int(Path(checkpoint).name.rpartition("-")[2])


def _write_settings(run: Run, folder: Path) -> None:
    with _writing(run):
        write_settings(run.described(), folder)


def _loaded_and_rows(run: Run, documents: Sequence[Document]) -> tuple[Loaded, Dataset]:
    loaded = _load(run)
    if run.settings.method == "dpo":
        others = corrupted_text_pairs(documents, count=run.pairs, seed=run.settings.seed)
        first = [acme_pair()] if run.acme else []
        data = pair_rows([*first, *others][: run.pairs], chat=loaded.chat)
    else:
        data = prompt_rows(documents, chat=loaded.chat)
    require_plain_prompts(loaded, data)
    require_short_prompts(loaded, data, max_answer=run.settings.max_answer)
    return loaded, data


def _load(run: Run) -> Loaded:
    name = run.folder / MODEL if run.model == TINY else run.model
    try:
        return load(name, precision=run.settings.precision)
    except Exception as error:  # a broken file raises whatever its reader stumbles over
        reason = shorten(str(error) or type(error).__name__, 240, placeholder=" ...")
        raise Refusal(f"there is no model {run.model!r} that can be loaded: {reason}") from error
