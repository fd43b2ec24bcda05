"""Groups of answers to the same prompt: drawn, scored and compared with each other."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes.exact.group_weights import ADVANTAGES
from rlnotes.functional.sequences import token_log_probs
from rlnotes.models.sampling import sample_replies
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training.verifying import scores_of

Score = Callable[[Tensor, Tensor], Tensor | Sequence[float | None]]


class Groups(NamedTuple):
    """P groups of G answers, B = P G; nothing has a gradient."""

    prompts: Tensor  # [P, M] tokens
    answers: Tensor  # [B, T] tokens, those to the first prompt first
    mask: Tensor  # [B, T] bool: the symbols and the end that was drawn
    old_log_probs: Tensor  # [B, T] of the policy that sampled, nats
    ref_log_probs: Tensor  # [B, T] of the reference, nats; zeros without one
    scores: Tensor  # [P, G], without the KL; 0 where missing
    counted: Tensor  # [P, G] bool, False where the score is missing
    advantages: Tensor  # [P, G]; 0 where the score is missing

    def part(self, chosen: Tensor) -> "Groups":
        """Some of the groups, by a [P] bool."""
        if chosen.all():
            return self
        rows = chosen.repeat_interleave(self.scores.shape[1])
        per_answer = ("answers", "mask", "old_log_probs", "ref_log_probs")
        return Groups(
            **{
                name: tensor[rows if name in per_answer else chosen]
                for name, tensor in self._asdict().items()
            }
        )

    def live(self) -> Tensor:
        """[P] bool, True for a group in which any answer has an advantage."""
        return self.advantages.any(dim=1)

    def token_mask(self) -> Tensor:
        """[B, T] bool: the counted tokens of answers that have a score."""
        return self.mask & self.counted.flatten()[:, None]

    def log_ratios(self) -> Tensor:
        """[P, G] log pi(y | x) - log pi_ref(y | x) of the policy that sampled, nats."""
        per_token = (self.old_log_probs - self.ref_log_probs) * self.mask
        return per_token.sum(dim=1).view(self.scores.shape)


@torch.no_grad()
def draw_groups(
    policy: TinyLM,
    reference: TinyLM | None,
    prompts: Tensor,
    score: Score,
    *,
    group_size: int,
    advantage: str,
    beta: float,
    generator: torch.Generator,
    end: int,
) -> Groups:
    """Answers of the policy to some prompts, with their advantages.

    Args:
        policy: writes the answers, which fill what it can read beyond the prompt.
        reference: None leaves it unread.
        prompts: [P, M] tokens.
        score: (rows of prompts [B], answers [B, T]) to scores, see `scores_of`.
        group_size: G.
        advantage: a key of `ADVANTAGES`.
        beta: price of the KL that is taken off each score, reward per nat.
        generator: source of the draws.
        end: the symbol that ends an answer.

    Raises:
        ValueError: if the scores are not as `scores_of` asks.
    """
    answers, mask, old_log_probs, _ = sample_replies(
        policy,
        prompts,
        generator=generator,
        group_size=group_size,
        length=policy.length - prompts.shape[1],
        end=end,
    )
    ref_log_probs = torch.zeros_like(old_log_probs)
    if reference is not None:
        ref_log_probs = answer_log_probs(reference, prompts, answers, mask)
    rows = torch.arange(len(prompts)).repeat_interleave(group_size)
    shape = len(prompts), group_size
    scores, counted = (t.view(shape) for t in scores_of(score, rows, answers))
    kept = prompts, answers, mask, old_log_probs, ref_log_probs, scores, counted
    groups = Groups(*kept, advantages=scores)
    rewards = scores - beta * groups.log_ratios() if beta else scores
    present = None if counted.all() else counted
    return groups._replace(advantages=ADVANTAGES[advantage](rewards, mask=present))


def answer_log_probs(model: TinyLM, prompts: Tensor, answers: Tensor, mask: Tensor) -> Tensor:
    """[B, T] log pi(y_t | x, y_<t) of groups of answers; differentiable.

    Answers that are equal are read once. In a group that is most of them, once the
    model has learned something; their gradients add up, as they do row by row.

    Args:
        model: with a head of words.
        prompts: [P, M] tokens.
        answers: [B, T] tokens, as many to each prompt.
        mask: [B, T] bool, the same for equal answers.
    """
    owners = torch.arange(len(prompts)).repeat_interleave(len(answers) // len(prompts))
    rows = torch.cat([owners[:, None], answers], dim=1)
    distinct, places = rows.unique(dim=0, return_inverse=True)
    counted = mask.new_zeros(len(distinct), mask.shape[1])
    counted[places] = mask
    owners, answers = distinct[:, 0], distinct[:, 1:]
    logits = model.groups(prompts, answers[:, :-1], owners=owners)
    return token_log_probs(logits, answers, counted)[places]
