r"""Train a language model on documents with the reward of chapter 10, under TRL.

    python -m rlnotes.bridges.trl_invoices --model tiny --method grpo --output run
    python -m rlnotes.bridges.trl_invoices --model FOLDER --documents MINE --output run

The model gets a LoRA adapter by PEFT; documents become texts with positions, answers
are JSON. "tiny" is a model that is built here in seconds and needs no network. The
documents are invented, or those of a folder with labels.

On two processes:

    python -m torch.distributed.run --standalone --nproc_per_node 2 \
        -m rlnotes.bridges.trl_invoices --processes 2 ...

TRL has had a PPO trainer, and has none any more: the one to read is
rlnotes.training.ppo, and rlnotes.training.invoices.on_policy for these documents.

A run that was broken off goes on from its newest checkpoint with the same options and
--resume, bit for bit; with more --steps it goes on beyond its end.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from rlnotes.bridges.run_settings import (
    BETAS,
    LOSS_TYPES,
    METHODS,
    PRECISIONS,
    SCALES,
    Settings,
)
from rlnotes.data.documents.document import Document
from rlnotes.scripts.output_files import folder_name

if TYPE_CHECKING:  # the libraries of the extra are slow to load, or missing
    from transformers import Trainer

INSTALL = 'pip install -c constraints.txt -e ".[trl]"'
_EXTRA = {"trl", "transformers", "peft", "accelerate", "datasets", "tokenizers", "safetensors"}
_OPTIONS = {
    "method": METHODS,
    "loss_type": LOSS_TYPES,
    "scale_rewards": SCALES,
    "precision": PRECISIONS,
}
_HELP = {
    "method": "how to train",
    "steps": "steps of the optimizer, in all",
    "save_every": "steps from one checkpoint to the next; 0: only at the end",
    "batch_size": "answers (dpo: pairs) of one process in one pass",
    "accumulate": "passes per step",
    "num_answers": "answers to each prompt, the group",
    "passes_per_batch": "passes that share one drawing of answers; 0: those of a step",
    "num_iterations": "how often drawn answers are used; once: no ratio is clipped",
    "clip_epsilon": "clip range of the ratios",
    "beta": f"price of the KL to the start (default: {BETAS})",
    "loss_type": "how GRPO averages over tokens",
    "scale_rewards": "what GRPO divides the advantages by",
    "temperature": "of sampling",
    "max_answer": "tokens; an answer that does not end there counts as unreadable",
    "learning_rate": "of Adam, constant after the warm-up",
    "warmup_steps": "steps in which the learning rate rises to it",
    "lora_rank": "rank of the adapter",
    "lora_alpha": "the adapter is scaled by alpha / rank",
    "precision": "of the frozen weights",
    "gradient_checkpointing": "less memory, slower",
    "seed": "of adapter, order and draws",
}


def before_training(trainer: "Trainer") -> None:
    """Called before the first step: the place of checks that may end the run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, train, save; returns the exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        from rlnotes.bridges import invoice_run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        print(f"{error.name} is not installed; in the project's folder: {INSTALL}", file=sys.stderr)
        return 2
    from rlnotes.bridges.processes import agreed, is_main
    from rlnotes.bridges.run_errors import explained

    with explained(chosen.output) as outcome:
        settings = agreed(lambda: _settings(chosen))
        with contextlib.nullcontext() if is_main() else _silence():
            documents = agreed(lambda: _documents(chosen))
        run = invoice_run.Run(
            model=chosen.model,
            folder=chosen.output,
            settings=settings,
            source=_source(chosen),
            labels=not chosen.without_labels,
            pairs=chosen.pairs,
            resume=chosen.resume,
            processes=chosen.processes,
        )
        invoice_run.train(run, documents, before_training=before_training)
        if is_main():
            print(f"the adapter is in {chosen.output / 'adapter'}")
    return outcome.code


def _settings(chosen: argparse.Namespace) -> Settings:
    return Settings(**{field.name: getattr(chosen, field.name) for field in fields(Settings)})


@contextlib.contextmanager
def _silence():
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
        yield


def _documents(chosen: argparse.Namespace) -> list[Document]:
    from rlnotes.bridges.run_documents import invented, of_folder

    most = chosen.most_segments
    if chosen.documents is None:
        return invented(chosen.count, seed=chosen.data_seed, most_segments=most)
    return of_folder(chosen.documents, most_segments=most, labels=not chosen.without_labels)


def _source(chosen: argparse.Namespace) -> str:
    if chosen.documents is not None:
        return f"{chosen.documents}, at most {chosen.most_segments} segments"
    return (
        f"{chosen.count} invented, seed {chosen.data_seed}, at most {chosen.most_segments} segments"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rlnotes.bridges.trl_invoices",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", required=True, help="tiny, a folder, or a name on the hub")
    parser.add_argument("--output", type=folder_name, required=True, metavar="FOLDER")
    parser.add_argument("--resume", action="store_true", help="go on with the run in FOLDER")
    parser.add_argument("--processes", type=int, metavar="N", help="refuse unless there are N")
    parser.add_argument("--documents", type=folder_name, metavar="FOLDER", help="with labels")
    parser.add_argument("--count", type=int, default=64, help="invented documents (64)")
    parser.add_argument("--data-seed", type=int, default=0, help="of invented documents (0)")
    parser.add_argument(
        "--most-segments", type=int, default=100, help="leave longer documents out (100)"
    )
    parser.add_argument("--without-labels", action="store_true", help="reward by rules alone")
    parser.add_argument("--pairs", type=int, default=64, help="for dpo (64)")
    for field in fields(Settings):
        _add_setting(parser, field.name, field.default)
    return parser


def _add_setting(parser: argparse.ArgumentParser, name: str, default: object) -> None:
    option, text = f"--{name.replace('_', '-')}", _HELP[name]
    if isinstance(default, bool):
        parser.add_argument(option, action="store_true", help=text)
        return
    kind = float if default is None else type(default)
    shown = text if default is None else f"{text} (default: {default})"
    parser.add_argument(
        option, type=kind, default=default, choices=_OPTIONS.get(name), metavar=None, help=shown
    )


if __name__ == "__main__":
    sys.exit(main())
