"""Preferences between two answers: the Bradley-Terry model, its loss, and DPO."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from rlnotes._checks import require_positive
from rlnotes.functional.inputs import (
    counted,
    finite_result,
    require_counted_finite,
)


def preference_probs(chosen_scores: Tensor, rejected_scores: Tensor) -> Tensor:
    """Probability that the first answer is preferred: the model of Bradley and Terry.

        P(chosen > rejected) = sigmoid(chosen_score - rejected_score)

    Only the difference counts: a constant added to all scores of a prompt changes
    nothing. Each score stands for one answer on one scale, so preferences cannot go
    round in a circle.

    Args:
        chosen_scores: [...] of a reward model, nats.
        rejected_scores: [...] of the other answers to the same prompts, nats.

    Returns:
        [...] probabilities, float32 for half precision; differentiable in both.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a score is not finite, or there is none.

    References:
        Bradley & Terry (1952), "Rank analysis of incomplete block designs".

    Example:
        >>> scores = torch.tensor([9.0, 3.0, 1.0]).log()
        >>> preference_probs(scores, torch.tensor([1.0, 1.0, 1.0]).log())
        tensor([0.9000, 0.7500, 0.5000])
    """
    given = {"chosen_scores": chosen_scores, "rejected_scores": rejected_scores}
    chosen, rejected = counted(None, **given)
    require_counted_finite(None, **given)
    return torch.sigmoid(chosen - rejected)


def reward_model_loss(
    chosen_scores: Tensor, rejected_scores: Tensor, *, mask: Tensor | None = None
) -> Tensor:
    """Loss of a reward model on pairs of answers, of which people chose one.

        loss = -mean of log sigmoid(chosen_score - rejected_score)

    The negative log-likelihood of `preference_probs`. For one pair it is log 2 at equal
    scores, and log(1 + exp(-margin)) at a margin: near 0 for a large one, near -margin
    for a pair that is ranked far the wrong way.

    Args:
        chosen_scores: [...] one for each answer, such as `last_counted` reads them off.
        rejected_scores: [...] of the other answers to the same prompts.
        mask: [...] bool, True where a pair counts; None counts all. The others reach
            neither value nor gradient and may be anything, NaN included.

    Returns:
        Scalar, nats, to be minimized, float32 for half precision; differentiable in
        both.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a counted score is not finite, there is none, the mask is not bool
            or counts nothing, or the result overflows.

    References:
        Ouyang et al. (2022), arXiv:2203.02155, Eq. 1.

    Example:
        >>> scores = torch.tensor([1.0, 2.0])
        >>> reward_model_loss(scores, scores)  # log 2
        tensor(0.6931)
    """
    given = {"chosen_scores": chosen_scores, "rejected_scores": rejected_scores}
    chosen, rejected = counted(mask, **given)
    require_counted_finite(mask, **given)
    return finite_result(-logsigmoid(chosen - rejected).mean(), mask, **given)


def implicit_rewards(log_probs: Tensor, ref_log_probs: Tensor, *, beta: float) -> Tensor:
    """Reward for which a policy is the best one at a price of KL to its reference.

        reward = beta * (log pi(y | x) - log pi_ref(y | x))

    This is the reward up to beta log Z(x), see `exact.language.gibbs_optimum`: only
    differences between answers to the same prompt mean something. It contains beta.

    Args:
        log_probs: [...] of whole answers under the policy, sums over their tokens, see
            `sequence_log_probs`, nats.
        ref_log_probs: [...] of the same answers under the reference.
        beta: positive, reward per nat.

    Returns:
        [...] reward, float32 for half precision; differentiable in both.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a number is not finite, there is none, beta is not positive, or the
            result overflows.

    References:
        Rafailov et al. (2023), arXiv:2305.18290, Eq. 5 without its last term.

    Example:
        >>> half, quarter = torch.tensor([0.5]).log(), torch.tensor([0.25]).log()
        >>> implicit_rewards(half, quarter, beta=2.0)  # 2 log 2
        tensor([1.3863])
    """
    require_positive(beta=beta)
    given = {"log_probs": log_probs, "ref_log_probs": ref_log_probs}
    own, reference = counted(None, **given)
    require_counted_finite(None, **given)
    rewards = float(beta) * (own - reference)
    require_counted_finite(None, rewards=rewards)
    return rewards


def dpo_loss(
    chosen_log_probs: Tensor,
    rejected_log_probs: Tensor,
    ref_chosen_log_probs: Tensor,
    ref_rejected_log_probs: Tensor,
    *,
    beta: float,
    mask: Tensor | None = None,
) -> Tensor:
    """Loss of direct preference optimization on pairs of answers to the same prompts.

        loss   = -mean of log sigmoid(margin)
        margin = beta * ((chosen - ref_chosen) - (rejected - ref_rejected))

    `reward_model_loss` of the `implicit_rewards`. A pair pulls with the weight
    beta sigmoid(-margin) on log pi(chosen) - log pi(rejected): most where it is ranked
    the wrong way. Two equal answers have margin 0, loss log 2 and no pull at all.

    Args:
        chosen_log_probs: [...] of the preferred answers under the policy: sums over
            their tokens, not means, nats.
        rejected_log_probs: [...] of the other answers to the same prompts.
        ref_chosen_log_probs: [...] of the preferred answers under the frozen reference.
        ref_rejected_log_probs: [...] of the others.
        beta: positive, reward per nat.
        mask: [...] bool, True where a pair counts; None counts all. The others reach
            neither value nor gradient and may be anything, NaN included.

    Returns:
        Scalar, nats, to be minimized, float32 for half precision. Differentiable in all
        four: the reference is the caller's to freeze.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a counted number is not finite, there is none, the mask is not bool
            or counts nothing, beta is not positive, or the result overflows.

    References:
        Rafailov et al. (2023), arXiv:2305.18290, Eq. 7.

    Example:
        >>> log_probs = torch.tensor([-5.0])
        >>> dpo_loss(log_probs, log_probs, log_probs - 1, log_probs + 0.5, beta=0.1)
        tensor(0.6210)
    """
    margins = pair_margins(
        chosen_log_probs,
        rejected_log_probs,
        ref_chosen_log_probs,
        ref_rejected_log_probs,
        beta=beta,
        mask=mask,
    )
    return -logsigmoid(margins).mean()


def pair_margins(
    chosen_log_probs: Tensor,
    rejected_log_probs: Tensor,
    ref_chosen_log_probs: Tensor,
    ref_rejected_log_probs: Tensor,
    *,
    beta: float,
    mask: Tensor | None = None,
) -> Tensor:
    """Differences of the implicit rewards: all that DPO and its relatives look at.

        margin = beta * ((chosen - ref_chosen) - (rejected - ref_rejected))

    Args:
        chosen_log_probs: [...] as for `dpo_loss`, like all others.
        rejected_log_probs: [...] of the other answers.
        ref_chosen_log_probs: [...] of the preferred answers under the reference.
        ref_rejected_log_probs: [...] of the others.
        beta: positive, reward per nat.
        mask: [...] bool, True where a pair counts; None counts all.

    Returns:
        [...] reward, [N] of the counted pairs with a mask; positive where the preferred
        answer is ahead. float32 for half precision, differentiable in all four.

    Raises:
        ValueError: as for `dpo_loss`.

    Example:
        >>> log_probs = torch.tensor([-5.0])
        >>> pair_margins(log_probs, log_probs, log_probs - 1, log_probs + 0.5, beta=0.1)
        tensor([0.1500])
    """
    require_positive(beta=beta)
    given = {
        "chosen_log_probs": chosen_log_probs,
        "rejected_log_probs": rejected_log_probs,
        "ref_chosen_log_probs": ref_chosen_log_probs,
        "ref_rejected_log_probs": ref_rejected_log_probs,
    }
    chosen, rejected, ref_chosen, ref_rejected = counted(mask, **given)
    # torch multiplies by no fraction, and by no integer beyond 64 bits.
    margins = float(beta) * ((chosen - ref_chosen) - (rejected - ref_rejected))
    finite_result(margins.detach().abs().sum(), mask, **given)  # an infinite one has loss 0
    return margins
