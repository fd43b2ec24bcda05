"""Options of the command, those of training from `Settings`."""

import argparse
from dataclasses import fields

from rlnotes.bridges.run_settings import (
    BETAS,
    LOSS_TYPES,
    METHODS,
    PRECISIONS,
    SCALES,
    Settings,
)
from rlnotes.scripts.output_files import folder_name

_OPTIONS = {
    "method": METHODS,
    "loss_type": LOSS_TYPES,
    "scale_rewards": SCALES,
    "precision": PRECISIONS,
}
_HELP = {
    "method": "how to train",
    "steps": "steps of the optimizer, in all",
    "save_every": "steps from one checkpoint to the next; 0: ten checkpoints in a run",
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


def make_parser(description: str) -> argparse.ArgumentParser:
    """The parser of `trl_invoices`.

    Args:
        description: what the command does.
    """
    parser = argparse.ArgumentParser(
        prog="python -m rlnotes.bridges.trl_invoices",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", required=True, help="tiny, a folder, or a name on the hub")
    parser.add_argument("--output", type=folder_name, required=True, metavar="FOLDER")
    parser.add_argument("--resume", action="store_true", help="go on with the run in FOLDER")
    parser.add_argument("--processes", type=int, metavar="N", help="refuse unless there are N")
    parser.add_argument("--ignore-red", action="store_true", help="train in spite of red lines")
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
