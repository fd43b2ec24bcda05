"""Settings of a run under TRL, each on purpose: its own defaults are other ones."""

from dataclasses import dataclass
from math import ceil, lcm

from rlnotes._checks import (
    require_not_negative,
    require_option,
    require_positive,
    require_positive_integer,
    require_seed,
)

METHODS = ("grpo", "rloo", "dpo")
# Of the KL to the reference. GRPO: its paper. RLOO: in the reward, as TRL has it.
BETAS = {"grpo": 0.04, "rloo": 0.05, "dpo": 0.1}
LOSS_TYPES = ("grpo", "dapo", "dr_grpo", "bnpo")
SCALES = ("group", "batch", "none")
PRECISIONS = ("float32", "bfloat16")


class Refusal(ValueError):
    """A run that cannot begin, or not go on, with the reason in one sentence."""


@dataclass(frozen=True)
class Settings:
    """What is trained, and how.

    TRL counts answers, not prompts: `batch_size` 8 with `num_answers` 8 is one prompt
    for each process and step. DPO counts pairs.

    Raises:
        ValueError: for a number out of its range or an unknown option.
    """

    method: str = "grpo"  # of `METHODS`
    steps: int = 100  # of the optimizer, in all
    save_every: int = 0  # steps from one checkpoint to the next; 0: ten in a run
    batch_size: int = 8  # answers, or pairs, of one process in one pass
    accumulate: int = 1  # passes per step
    num_answers: int = 8  # to each prompt: the group
    passes_per_batch: int = 0  # that share one drawing of answers; 0: those of a step
    num_iterations: int = 1  # times that drawn answers are used
    clip_epsilon: float = 0.2  # without effect while what is drawn serves one step
    beta: float | None = None  # None: that of the method, see `BETAS`
    loss_type: str = "grpo"  # mean of each answer, then over answers; TRL has "dapo"
    scale_rewards: str = "group"  # GRPO divides by the spread of the group
    temperature: float = 1.0  # of sampling, and of all logged log-probabilities
    max_answer: int = 256  # tokens; one that does not end there counts as unreadable
    learning_rate: float = 1e-4  # an adapter, drawn at random, needs more than TRL's 1e-6
    warmup_steps: int = 0  # then constant: a longer run begins like a shorter one
    lora_rank: int = 16
    lora_alpha: int = 32  # the adapter is scaled by alpha / rank
    precision: str = "float32"  # of the frozen weights and passes; adapters: float32
    gradient_checkpointing: bool = False  # less memory, slower; TRL has True
    seed: int = 0

    def __post_init__(self):
        require_option(METHODS, method=self.method)
        require_option(LOSS_TYPES, loss_type=self.loss_type)
        require_option(SCALES, scale_rewards=self.scale_rewards)
        require_option(PRECISIONS, precision=self.precision)
        names = ("steps", "batch_size", "accumulate", "num_answers", "num_iterations")
        names += ("max_answer", "lora_rank", "lora_alpha")
        require_positive_integer(**{name: getattr(self, name) for name in names})
        names = ("save_every", "passes_per_batch", "warmup_steps", "seed")
        require_seed(**{name: getattr(self, name) for name in names})
        if self.seed >= 2**31:  # NumPy's old generator takes 32 bits, with the rank added
            raise ValueError(f"seed must be below 2**31, got {self.seed}")
        require_positive(
            clip_epsilon=self.clip_epsilon,
            temperature=self.temperature,
            learning_rate=self.learning_rate,
        )
        require_not_negative(beta=self.price)
        if self.method == "dpo":  # its loss would be ln 2 whatever the answers are
            require_positive(beta=self.price)
        if self.num_answers < 2:
            raise ValueError(f"num_answers must be at least 2, got {self.num_answers}")
        self._require_whole_blocks()

    @property
    def price(self) -> float:
        """Beta, the method's own if none was given."""
        return BETAS[self.method] if self.beta is None else self.beta

    @property
    def passes(self) -> int:
        """Passes that share one drawing of answers: `steps_per_generation`."""
        return self.passes_per_batch or self.accumulate

    @property
    def block(self) -> int:
        """Steps until drawn answers are used up and a step ends: there one may stop.

        In between a checkpoint lacks the answers that are still in use.
        """
        if self.method == "dpo":
            return 1
        used = self.passes * self.num_iterations
        return lcm(used, self.accumulate) // self.accumulate

    @property
    def steps_per_save(self) -> int:
        """Steps from one checkpoint to the next."""
        return self.save_every or self.block * ceil(self.steps / (10 * self.block))

    def generation_batch(self, num_processes: int) -> int:
        """Answers that are drawn together, on all processes."""
        return self.batch_size * num_processes * self.passes

    def _require_whole_blocks(self) -> None:
        for name in ("steps", "save_every"):
            if getattr(self, name) % self.block:
                raise ValueError(
                    f"{name} must be a multiple of {self.block}, the steps that use one "
                    f"drawing of answers, got {getattr(self, name)}"
                )


def require_whole_groups(settings: Settings, num_prompts: int, num_processes: int) -> None:
    """Raise if answers cannot be drawn in whole groups, or not once.

    TRL itself trains no step, and says nothing, if there are too few prompts.

    Args:
        settings: of the run.
        num_prompts: rows of the data set.
        num_processes: that train together.

    Raises:
        ValueError: with the numbers.
    """
    if settings.method == "dpo":
        return
    together = settings.generation_batch(num_processes)
    groups, rest = divmod(together, settings.num_answers)
    if rest:
        raise ValueError(
            f"num_answers must divide the {together} answers drawn together ({num_processes} "
            f"processes x batch_size {settings.batch_size} x {settings.passes} passes), "
            f"got {settings.num_answers}"
        )
    if num_prompts < groups:
        raise ValueError(
            f"prompts must be at least {groups}, those of one drawing, got {num_prompts}: "
            "the trainer would end without a step"
        )
