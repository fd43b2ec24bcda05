"""Settings of training on scored answers, and what it logs."""

from dataclasses import dataclass
from typing import NamedTuple

from rlnotes._checks import (
    require_not_negative,
    require_option,
    require_positive,
    require_positive_integer,
    require_seed,
)
from rlnotes.exact.group_weights import ADVANTAGES

CRITIC = "critic"
CRITICS = ("shared", "own", "answers")


@dataclass(frozen=True)
class Config:
    """Hyperparameters: GRPO on eight answers to each of eight documents.

    Raises:
        ValueError: for a number out of its range or an unknown option.
    """

    advantage: str = "sample_std_plus"  # of `group_weights.ADVANTAGES`; "critic" is PPO
    critic: str = "shared"  # whose V: a head of the policy's, see `train_on_policy`
    num_updates: int = 125
    num_documents: int = 8  # per update; all come once before one comes again
    num_answers: int = 8  # to each of them
    num_epochs: int = 3  # steps of Adam on the answers of an update
    clip_epsilon: float = 0.2
    value_coefficient: float = 0.5  # of the critic's loss; without a critic 0
    entropy_coefficient: float = 0.0  # advantage per nat of an answer's entropy
    beta: float = 0.0  # price of the exact KL to the start, advantage per nat
    learning_rate: float = 1e-3  # Adam's, falling linearly to a twentieth
    max_gradient_norm: float = 0.5
    vary: bool = False  # whether pages are varied, see `batches.vary`
    seed: int = 0

    def __post_init__(self):
        require_option([CRITIC, *ADVANTAGES], advantage=self.advantage)
        require_option(CRITICS, critic=self.critic)
        require_positive_integer(
            num_updates=self.num_updates,
            num_documents=self.num_documents,
            num_answers=self.num_answers,
            num_epochs=self.num_epochs,
        )
        require_positive(
            clip_epsilon=self.clip_epsilon,
            learning_rate=self.learning_rate,
            max_gradient_norm=self.max_gradient_norm,
        )
        require_not_negative(
            value_coefficient=self.value_coefficient,
            entropy_coefficient=self.entropy_coefficient,
            beta=self.beta,
        )
        require_seed(seed=self.seed)
        if self.advantage not in (CRITIC, "reward") and self.num_answers < 2:
            raise ValueError(f"num_answers must be at least 2, got {self.num_answers}")
        if self.advantage != CRITIC and self.critic != "shared":
            raise ValueError(f"critic is for advantage {CRITIC!r} only, got {self.critic!r}")


class Diagnostics(NamedTuple):
    """One update as a log shows it; of a whole run, arrays over its U updates."""

    reward: float  # mean of all answers
    group_std: float  # of the rewards of one document, mean over documents; NaN for one
    policy_loss: float  # minus the clipped surrogate, per answer, first epoch
    value_loss: float  # of what learns V, first epoch; NaN without it
    entropy: float  # of an answer, nats, first epoch
    kl: float  # exact, of an answer to the start, nats, first epoch; NaN without a price
    clip_fraction: float  # share of the fields' ratios outside the band, last epoch
