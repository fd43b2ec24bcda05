"""Several steps of GRPO on one group of answers, for a policy with a logit for each."""

import numpy as np
import torch

from rlnotes._checks import (
    float64_array,
    require_distributions,
    require_positive,
    require_positive_integer,
)
from rlnotes.functional.policy_gradients import grpo_loss


def group_path(
    start_probs: np.ndarray,
    advantages: np.ndarray,
    *,
    clip_epsilon: float,
    beta: float,
    learning_rate: float,
    num_steps: int,
) -> np.ndarray:
    """Gradient descent on GRPO's loss of a group in which each answer was drawn once.

        loss = mean over i of -min(ratio_i A_i, clip(ratio_i) A_i) + beta k3_i

    The start is the policy that sampled, and the reference too. So clip and KL are
    without effect on the first step: z_i moves by learning_rate / K (A_i - pi_i sum A).

    Args:
        start_probs: [K] positive probabilities of the answers.
        advantages: [K] of the same answers.
        clip_epsilon: as for `grpo_loss`.
        beta: price of the KL in the loss, k3, not negative.
        learning_rate: positive, of a step in the logits.
        num_steps: N, positive.

    Returns:
        [N + 1, K] probabilities, the start first.

    Raises:
        ValueError: if start_probs is no distribution or holds a 0, a setting is out of
            its range, or as for `grpo_loss`.

    References:
        Shao et al. (2024), arXiv:2402.03300, Eq. 3, with one token per answer.

    Example:
        >>> setting = {"clip_epsilon": 0.2, "beta": 0.0, "learning_rate": 2.0}
        >>> path = group_path([0.5, 0.5], [0.5, -0.5], **setting, num_steps=1)
        >>> np.diff(np.log(path)).round(12) + 0.0  # difference of the logits
        array([[ 0.],
               [-1.]])
    """
    start_probs = float64_array("start_probs", start_probs)
    advantages = torch.from_numpy(float64_array("advantages", advantages))
    require_distributions(start_probs=start_probs)
    require_positive(learning_rate=learning_rate)
    require_positive_integer(num_steps=num_steps)
    if not (start_probs > 0).all():
        raise ValueError(f"start_probs must be positive, got {start_probs.min().item()}")
    logits = torch.from_numpy(start_probs).log()
    old = logits.log_softmax(0)[:, None]  # one token per answer
    mask, path = torch.ones_like(old, dtype=torch.bool), [old[:, 0].exp()]
    for _ in range(num_steps):
        free = logits.requires_grad_()
        log_probs = free.log_softmax(0)[:, None]
        loss = grpo_loss(
            log_probs, old, old, advantages, mask, clip_epsilon=clip_epsilon, beta=beta
        )
        (slopes,) = torch.autograd.grad(loss, free)
        logits = (free - learning_rate * slopes).detach()
        path.append(logits.softmax(0))
    return torch.stack(path).numpy()
