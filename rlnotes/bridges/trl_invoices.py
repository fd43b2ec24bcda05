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

Before the first step the pre-flight of rlnotes.bridges.preflight prints a line for each
check, and a red one ends the run.

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

from rlnotes._checks import require_seed
from rlnotes.bridges.extra import missing_extra
from rlnotes.bridges.run_options import make_parser
from rlnotes.bridges.run_settings import Settings
from rlnotes.data.documents.document import Document

if TYPE_CHECKING:  # the libraries of the extra are slow to load, or missing
    from transformers import Trainer


def before_training(trainer: "Trainer", ignore_red: bool) -> None:
    """Print the pre-flight report; a red line ends the run.

    Args:
        trainer: before its first step.
        ignore_red: whether to train all the same.

    Raises:
        ValueError: for a red line, on each process that has one.
    """
    from rlnotes.bridges.checks.report import is_red, report
    from rlnotes.bridges.preflight import preflight
    from rlnotes.bridges.processes import is_main

    checks = preflight(trainer)
    if is_main():
        print(report(checks), flush=True)
    if is_red(checks) and not ignore_red:
        names = ", ".join(check.name for check in checks if check.passed is False)
        raise ValueError(f"the pre-flight is red: {names}; --ignore-red trains all the same")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, train, save; returns the exit code."""
    chosen = make_parser(__doc__).parse_args(arguments)
    if sentence := missing_extra():
        print(sentence, file=sys.stderr)
        return 2
    from rlnotes.bridges import invoice_run
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
            acme=chosen.documents is None,
            resume=chosen.resume,
            processes=chosen.processes,
        )
        invoice_run.train(
            run, documents, before_training=lambda it: before_training(it, chosen.ignore_red)
        )
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
        require_seed(data_seed=chosen.data_seed)
        return invented(chosen.count, seed=chosen.data_seed, most_segments=most)
    return of_folder(chosen.documents, most_segments=most, labels=not chosen.without_labels)


def _source(chosen: argparse.Namespace) -> str:
    if chosen.documents is not None:
        return f"{chosen.documents}, at most {chosen.most_segments} segments"
    return (
        f"{chosen.count} invented, seed {chosen.data_seed}, at most {chosen.most_segments} segments"
    )


if __name__ == "__main__":
    sys.exit(main())
