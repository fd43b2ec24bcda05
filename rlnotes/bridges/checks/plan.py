"""How data and settings become steps: groups, steps that are made, what is clipped."""

import math
from typing import NamedTuple

from rlnotes.bridges.checks.report import Check


class Plan(NamedTuple):
    """The numbers that decide what a run consists of.

    Attributes:
        rows: of the data; None if it is a stream.
        batch: answers (or pairs) in one backward pass, of one process.
        processes: that train together.
        accumulation: backward passes per step of the optimizer.
        group: answers per prompt; None where the data holds the answers.
        blocks: backward passes that share one generation batch.
        num_iterations: times that each answer is used.
        epochs: passes over the data.
        max_steps: steps of the optimizer that replace epochs, if positive.
        drop_last: whether a batch that is not full is left out (pairs only).
    """

    rows: int | None
    batch: int
    processes: int
    accumulation: int
    group: int | None
    blocks: int
    num_iterations: int
    epochs: float
    max_steps: int
    drop_last: bool

    @property
    def generation_batch(self) -> int:
        """Answers that are sampled at once, over all processes."""
        return self.batch * self.processes * self.blocks

    @property
    def rows_per_batch(self) -> int:
        """Rows of the data that one batch (for answers: of generation) takes."""
        return self.generation_batch // (self.group or 1)

    @property
    def passes_per_epoch(self) -> int:
        """Backward passes; what does not fill a generation batch is left out."""
        full, rest = divmod(self.rows, self.rows_per_batch)
        if self.group is None:
            return full + (rest > 0 and not self.drop_last)
        return full * self.blocks * self.num_iterations

    @property
    def steps(self) -> int:
        """Steps of the optimizer in the whole run."""
        if self.rows is None:
            return max(self.max_steps, 0)
        if not self.passes_per_epoch:
            return 0
        if self.max_steps > 0:
            return self.max_steps
        return math.ceil(self.epochs * math.ceil(self.passes_per_epoch / self.accumulation))


def plan_of(args, rows: int | None, *, processes: int) -> Plan:
    """The plan behind a configuration of TRL, finished or not.

    Args:
        args: with the fields of `GRPOConfig`, `RLOOConfig`, `DPOConfig` or
            `RewardConfig`; `steps_per_generation` may be None still.
        rows: of the training data, None if it is a stream.
        processes: that train together.
    """
    group = getattr(args, "num_generations", None)
    per_pass = args.per_device_train_batch_size * processes
    blocks = 1
    if group is not None:
        from_size = (getattr(args, "generation_batch_size", None) or 0) // per_pass
        blocks = args.steps_per_generation or from_size or args.gradient_accumulation_steps
    return Plan(
        rows=rows,
        batch=args.per_device_train_batch_size,
        processes=processes,
        accumulation=args.gradient_accumulation_steps,
        group=group,
        blocks=blocks,
        num_iterations=getattr(args, "num_iterations", 1),
        epochs=args.num_train_epochs,
        max_steps=args.max_steps,
        drop_last=args.dataloader_drop_last,
    )


def check_groups(plan: Plan) -> Check:
    """Whether each generation batch holds whole groups."""
    left_over = plan.generation_batch % plan.group
    seen = {
        "answers per generation": plan.generation_batch,
        "per prompt": plan.group,
        "left over": left_over,
    }
    product = f"{plan.batch} a batch x {plan.processes} processes x {plan.blocks} batches"
    sentence = f"{product}: {plan.rows_per_batch} prompts at once, as sizes count answers."
    if left_over:
        sentence = (
            f"{product} of answers are no whole groups of {plan.group}. Sizes count answers, "
            "not prompts: change the batch or steps_per_generation."
        )
    return Check("groups are whole", seen, "left over 0", not left_over, sentence)


def check_steps(plan: Plan) -> Check:
    """How many steps of the optimizer the data give."""
    rows = "unknown" if plan.rows is None else plan.rows
    seen = {"rows": rows, "rows per batch": plan.rows_per_batch, "steps": plan.steps}
    if plan.steps:
        sentence = f"The run makes {plan.steps} steps of the optimizer."
        if plan.group is not None and plan.rows is not None and plan.rows % plan.rows_per_batch:
            sentence += (
                f" {plan.rows % plan.rows_per_batch} rows fill no generation batch and are left "
                "out of each epoch."
            )
    elif plan.rows is None:
        sentence = "A stream has no length, so max_steps must be set."
    else:
        sentence = (
            f"{plan.rows} rows fill no batch of {plan.rows_per_batch}: training makes no step "
            "and returns, or stops with an error about max_steps."
        )
    return Check("steps", seen, "at least 1 step", plan.steps > 0, sentence)


def stale_share(plan: Plan) -> float:
    """Share of backward passes on answers that an older policy sampled.

    Counted over a full cycle of generation and accumulation: a pass is stale if the
    optimizer has stepped since its answers were sampled. On all others each ratio is 1.
    """
    length = plan.blocks * plan.num_iterations
    cycle = math.lcm(length, plan.accumulation)
    stale = sum(
        number // plan.accumulation > number // length * length // plan.accumulation
        for number in range(cycle)
    )
    return stale / cycle
