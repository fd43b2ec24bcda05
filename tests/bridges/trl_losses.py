"""TRL's own loss methods on log-probabilities that a test chooses."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import datasets
import torch
from torch import Tensor
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

from rlnotes.functional.group_advantages import group_relative_advantages
from tests.bridges.word_model import quiet_settings

GROUP, LONGEST, LIMIT = 4, 5, 7  # answers to a prompt, tokens written, tokens allowed
GROUP_TRAINERS = {"grpo": (GRPOTrainer, GRPOConfig), "rloo": (RLOOTrainer, RLOOConfig)}


class Answers(NamedTuple):
    """What both sides of a group loss get; float64, nats."""

    own: Tensor  # [B, T]
    old: Tensor  # [B, T]
    ref: Tensor  # [B, T]
    advantages: Tensor  # [B]
    mask: Tensor  # [B, T] bool


def drawn_answers() -> Answers:
    """Two groups of four answers of unequal lengths, far from the policy that drew."""
    rng = torch.Generator().manual_seed(0)
    own = -3 * torch.rand(2 * GROUP, LONGEST, generator=rng, dtype=torch.float64)
    old, ref = (
        own + 0.4 * torch.randn(own.shape, generator=rng, dtype=torch.float64) for _ in range(2)
    )
    rewards = torch.rand(2, GROUP, generator=rng, dtype=torch.float64)
    lengths = torch.tensor([1, 5, 2, 4, 3, 5, 1, 2])
    mask = torch.arange(LONGEST) < lengths[:, None]
    return Answers(own, old, ref, group_relative_advantages(rewards).flatten(), mask)


class Fixed:
    """In a model's place: answers with given log-probabilities, as TRL's head would.

    That head has one number for each token but the first, and 0 where a label is -100.
    """

    def __init__(self, log_probs: Tensor):
        self.log_probs = log_probs  # [B, T] of the last T tokens

    def __call__(self, *, labels: Tensor, fused_lm_head: bool, **_) -> SimpleNamespace:
        """The fields that the trainers read; what they only log is 0."""
        assert fused_lm_head
        before = labels.shape[1] - 1 - self.log_probs.shape[1]
        given = torch.nn.functional.pad(self.log_probs, (before, 0))
        given = given.masked_fill(labels[:, 1:] == -100, 0)
        zeros = torch.zeros_like(given)
        return SimpleNamespace(
            log_probs=given, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool(), aux_loss=None
        )


def group_trainer(kind: str, folder: str, reward=None, **settings):
    """A `GRPOTrainer` or `RLOOTrainer` that is ready to compute losses of training."""
    trainer_class, config_class = GROUP_TRAINERS[kind]
    settings = {"num_generations": GROUP, "max_completion_length": LIMIT} | settings
    trainer = trainer_class(
        model=folder,
        reward_funcs=reward or (lambda completions, **_: [0.0] * len(completions)),
        args=config_class(**quiet_settings(folder), **settings),
        train_dataset=datasets.Dataset.from_dict({"prompt": ["a b"] * 8}),
    )
    return _in_training(trainer)


def dpo_trainer(folder: str, **settings) -> DPOTrainer:
    """A `DPOTrainer`, likewise."""
    rows = {"prompt": ["a "], "chosen": ["b"], "rejected": ["c"]}
    trainer = DPOTrainer(
        model=folder,
        args=DPOConfig(**quiet_settings(folder), **settings),
        train_dataset=datasets.Dataset.from_dict(rows),
    )
    return _in_training(trainer)


def _in_training(trainer):
    """As `train()` sets it, before its first step."""
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = trainer.args.gradient_accumulation_steps
    return trainer


def group_inputs(answers: Answers) -> dict[str, Tensor]:
    """What the trainers' `_compute_loss` reads of a batch, behind prompts of two."""
    prompt = torch.ones(len(answers.mask), 2, dtype=torch.int64)
    return {
        "prompt_ids": prompt,
        "prompt_mask": prompt,
        "completion_ids": torch.ones_like(answers.mask, dtype=torch.int64),
        "completion_mask": answers.mask.long(),
        "advantages": answers.advantages,
        "old_per_token_logps": answers.old,
        "old_logps": (answers.old * answers.mask).sum(dim=1),
        "ref_per_token_logps": answers.ref,
        "num_items_in_batch": answers.mask.sum(),  # of all steps on what was generated
    }


def group_loss(trainer, answers: Answers) -> Callable[[Tensor], Tensor]:
    """The trainer's loss as a function of the policy's log-probabilities [B, T].

    With gradient accumulation the batch is cut in as many parts, and their losses add
    up, as their gradients do in training.
    """
    inputs = group_inputs(answers)
    total = inputs.pop("num_items_in_batch")

    def loss(own: Tensor) -> Tensor:
        size = len(own) // trainer.args.gradient_accumulation_steps
        parts = (slice(start, start + size) for start in range(0, len(own), size))
        return sum(
            trainer._compute_loss(
                Fixed(own[part]),
                {"num_items_in_batch": total} | {name: t[part] for name, t in inputs.items()},
            )
            for part in parts
        )

    return loss


def pair_inputs(tokens: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """What DPO's `_compute_loss` reads of a batch.

    Args:
        tokens: [2 N, M + T] prompt and answer: those of the preferred ones, then those
            of the others.
        mask: [2 N, T] bool, the tokens of the answers.
    """
    prompt = torch.ones(len(mask), tokens.shape[1] - mask.shape[1], dtype=torch.bool)
    return {
        "input_ids": tokens,
        "attention_mask": torch.cat([prompt, mask], dim=1).long(),
        "completion_mask": torch.cat([~prompt, mask], dim=1).long(),
    }


def value_and_gradient(loss: Callable[[Tensor], Tensor], numbers: Tensor) -> tuple[Tensor, Tensor]:
    """A loss at some numbers, and its gradient in them."""
    numbers = numbers.clone().requires_grad_(True)
    value = loss(numbers)
    value.backward()
    return value.detach(), numbers.grad
