"""The learning rate of each step, and how far it can move the weights."""

import torch
from transformers import Trainer, get_scheduler

from rlnotes.bridges.checks.report import Check, not_looked_at
from rlnotes.bridges.checks.weights import has_adapter, typical_size

# Rules of thumb, not theorems: how far all steps together should be able to move a
# weight, as a share of its size. Adapters start at 0 and are few.
REACH = 0.005
REACH_OF_ADAPTERS = 0.05
MOST_PER_STEP = 1.0  # of a weight's size: one step would undo what is there
_NAME = "learning rate"


def rates_of(trainer: Trainer, steps: int) -> list[float] | None:
    """The rate of each step, as the trainer's own scheduler gives it.

    Args:
        trainer: not trained yet.
        steps: of the run, see `Plan.steps`.

    Returns:
        One rate per step; None if it depends on what training measures, or on an
        optimizer or scheduler that was handed to the trainer.
    """
    if trainer.optimizer is not None or trainer.lr_scheduler is not None:
        return None
    args = trainer.args
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=args.learning_rate)
    scheduler = get_scheduler(
        args.lr_scheduler_type,
        optimizer=optimizer,
        num_warmup_steps=args.get_warmup_steps(steps),
        num_training_steps=steps,
        scheduler_specific_kwargs=args.lr_scheduler_kwargs,
    )
    if not isinstance(scheduler, torch.optim.lr_scheduler.LambdaLR):
        return None
    (share,) = scheduler.lr_lambdas
    return [args.learning_rate * share(step) for step in range(steps)]


def check_schedule(trainer: Trainer, rates: list[float] | None) -> Check:
    """The rate at first, middle and last, and the sum of all against the weights' size.

    Adam moves a weight by about the rate in each step, so the sum bounds how far one
    can come if all gradients agree.
    """
    size = typical_size(trainer.model)
    if not (rates and size):
        reason = "the schedule is not known ahead" if rates is None else "nothing is trained"
        return not_looked_at(_NAME, f"Not looked at: {reason}.")
    total = sum(rates)
    least = REACH_OF_ADAPTERS if has_adapter(trainer.model) else REACH
    reach, jump = total / size, max(rates) / size
    seen = {
        "first": rates[0],
        "middle": rates[len(rates) // 2],
        "last": rates[-1],
        "sum": total,
        "sum / size of a weight": reach,
        "largest / size": jump,
    }
    warmed_up = max(rates) >= trainer.args.learning_rate / 2
    return Check(
        _NAME,
        seen,
        f"sum at least {least:.1%} of a weight's size, a step at most {MOST_PER_STEP:.0%}",
        reach >= least and jump <= MOST_PER_STEP and warmed_up,
        _sentence(trainer, rates, (reach, jump), warmed_up),
    )


def _sentence(
    trainer: Trainer, rates: list[float], shares: tuple[float, float], warmed_up: bool
) -> str:
    reach, jump = shares
    falls = rates[-1] <= 2 * max(rates) / len(rates) and len(rates) > 2
    parts = [
        f"If all steps agree, a weight moves by {reach:.2%} of its usual size.",
        "The rate falls to 0 at the end: a run that is stopped early is no shorter run."
        if falls
        else "The rate does not fall to 0.",
    ]
    if jump > MOST_PER_STEP:
        parts.append(f"One step alone moves it by {jump:.2%}: what the model knew is gone.")
    if not warmed_up:
        parts.append(
            f"The warm-up is longer than half of the run: {trainer.args.learning_rate:.4g} is "
            f"never reached, {max(rates):.4g} at most."
        )
    return " ".join(parts)
