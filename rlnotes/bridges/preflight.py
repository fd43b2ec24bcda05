"""Look at a run before it costs anything: `python -m rlnotes.bridges.preflight`.

Of a trainer of TRL, or of a model folder and a data file, it says what goes wrong
without a message: a reference that is not the policy, weights that no step changes,
groups that have nothing to compare. It trains nothing and changes nothing.
"""

import argparse
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten

from rlnotes._checks import require_positive_integer
from rlnotes.bridges.checks.loading import (
    COLUMNS,
    read_rows,
    reward_functions,
    settings_from,
    with_defaults,
)
from rlnotes.bridges.checks.plan import check_groups, plan_of
from rlnotes.bridges.checks.report import Check, is_red, not_looked_at, report
from rlnotes.bridges.extra import missing_extra


def preflight(
    trainer,
    *,
    num_prompts: int = 4,
    num_rows: int | None = None,
    with_rewards: bool = True,
) -> list[Check]:
    """What the numbers before the first step say about a run.

    Weights, random states and what the trainer noted are afterwards as before, so it
    trains bit for bit as it would have without. The reward functions are called once,
    on sampled answers.

    Args:
        trainer: a `GRPOTrainer`, `RLOOTrainer`, `DPOTrainer` or `RewardTrainer`.
        num_prompts: groups (or pairs) that are put through the model.
        num_rows: rows that a `DPOTrainer` or `RewardTrainer` was given, if known.
        with_rewards: whether to call the reward functions.

    Returns:
        One check per line of the report, see `report`.

    Raises:
        ValueError: if the trainer is none of these, or num_prompts is not positive.
    """
    from rlnotes.bridges.checks.run import run_checks  # takes seconds to import

    return run_checks(
        trainer, num_prompts=num_prompts, num_rows=num_rows, with_rewards=with_rewards
    )


def arguments_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(
        prog="python -m rlnotes.bridges.preflight",
        description="Checks of a run with TRL before its first step. Exit code 1: a line is RED.",
    )
    add = parser.add_argument
    add("--model", required=True, metavar="FOLDER", help="model and tokenizer")
    add("--data", required=True, metavar="FILE", help=".jsonl or .csv with the columns of TRL")
    add("--method", required=True, choices=list(COLUMNS))
    add("--reward", nargs="+", default=[], metavar="MODULE:FUNCTION", help="for grpo and rloo")
    add("--set", nargs="+", default=[], metavar="NAME=VALUE", help="of TRL's configuration")
    add("--lora", nargs="*", metavar="NAME=VALUE", help="train an adapter; of LoraConfig")
    add("--dtype", help="load an object in this precision, as from_pretrained(dtype=...)")
    add("--processes", type=int, default=1, help="of the run that is planned")
    add("--prompts", type=int, default=4, help="prompts or pairs to put through the model")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; 0 if nothing is red, 1 if something is, 2 for a wrong call."""
    options = arguments_of(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            prepared = _prepared(options, folder)
            checks = prepared if isinstance(prepared, list) else _checks_of(prepared, options)
        except Exception as error:  # of the libraries, for what a reader hands them
            print(f"preflight: {_in_a_sentence(error)}", file=sys.stderr)
            return 2
    print(report(checks))
    return int(is_red(checks))


def _in_a_sentence(error: Exception) -> str:
    """What was raised, and by its kind and place if it is not about a value."""
    if isinstance(error, ValueError | OSError) and str(error):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    said = shorten(str(error), 300, placeholder=" ...")
    return f"{type(error).__name__}: {said} ({Path(place.filename).name}, line {place.lineno})"


def _prepared(options: argparse.Namespace, folder: str):
    """A trainer; or, for settings that TRL refuses, the lines that say why."""
    for name in ("processes", "prompts"):
        require_positive_integer(**{name: getattr(options, name)})
    if sentence := missing_extra():
        raise ValueError(sentence)
    rows = read_rows(options.data, method=options.method)
    options.num_rows = len(rows)

    from peft import LoraConfig

    from rlnotes.bridges.checks.building import CONFIGS, build_trainer

    config = CONFIGS[options.method]
    settings = settings_from(options.set, config)
    _require_sizes(settings)
    plan = plan_of(with_defaults(config, settings), len(rows), processes=options.processes)
    if plan.group is not None and not (groups := check_groups(plan)).passed:
        return [groups, not_looked_at("the rest", "TRL refuses settings with broken groups.")]
    # All processes together see what one process with all their answers would see.
    settings["per_device_train_batch_size"] = plan.batch * plan.processes
    return build_trainer(
        options.method,
        options.model,
        rows,
        output_dir=folder,
        settings=settings,
        rewards=reward_functions(options.reward) or [no_reward],
        lora=None if options.lora is None else settings_from(options.lora, LoraConfig),
        dtype=options.dtype,
    )


def _require_sizes(settings: dict) -> None:
    names = ("per_device_train_batch_size", "gradient_accumulation_steps", "num_generations")
    require_positive_integer(**{name: settings[name] for name in names if name in settings})


def _checks_of(trainer, options: argparse.Namespace) -> list[Check]:
    return preflight(
        trainer,
        num_prompts=options.prompts,
        num_rows=options.num_rows,
        with_rewards=bool(options.reward),
    )


def no_reward(completions: list, **_) -> list[float]:
    """In the place of a reward that was not named; it is not called."""
    return [0.0] * len(completions)


if __name__ == "__main__":
    sys.exit(main())
