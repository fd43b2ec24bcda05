"""Losses whose negative gradient is a policy gradient, at least where it starts.

Every loss is a mean over all elements, or over those that a mask counts.
"""

import math

import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_positive
from rlnotes.functional.inputs import (
    counted,
    finite_result,
    largest_size,
    require_counted_finite,
)
from rlnotes.functional.log_probs import counted_logits, entropy


def reinforce_loss(log_probs: Tensor, weights: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """Loss whose gradient is minus the score times the weight, averaged.

        loss = -mean of log pi(a_t | s_t) * weight_t

    The number itself means nothing: only its gradient does. The weight says how good
    the action was (a return, a reward-to-go minus a baseline, an advantage). A positive
    weight always makes the action taken more likely. Weights get no gradient, even if
    they were computed by a network.

    The mean runs over all elements that count. The gradient of J is a sum over the
    steps of an episode and a mean over episodes: multiply by steps per episode if that
    factor matters; a learning rate absorbs it.

    Args:
        log_probs: [...] log pi(a_t | s_t) of actions that this policy sampled, nats.
        weights: [...] Psi_t, discounted reward; positive raises, negative lowers.
        mask: [...] bool, True where an element counts, such as the tokens of a
            completion; None counts all. The others reach neither value nor gradient and
            may be anything, NaN included.

    Returns:
        Scalar, to be minimized, float32 for half precision; differentiable in log_probs
        only.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a counted number is not finite, there is none, the mask is not bool
            or counts nothing, or the result overflows.

    References:
        Williams (1992), "Simple statistical gradient-following algorithms for
        connectionist reinforcement learning".

    Example:
        >>> log_probs = torch.tensor([-1.0, -2.0], requires_grad=True)
        >>> reinforce_loss(log_probs, torch.tensor([3.0, -1.0])).backward()
        >>> log_probs.grad
        tensor([-1.5000,  0.5000])
    """
    given = {"log_probs": log_probs, "weights": weights}
    log_probs, weights = counted(mask, **given)
    return finite_result(-(log_probs * weights.detach()).mean(), mask, **given)


def value_loss(values: Tensor, value_targets: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """Half the mean squared error of a value function.

        loss = mean of (V(s_t) - target_t)^2 / 2

    Targets get no gradient: with r + gamma V(s') as the target, a gradient through
    V(s') would pull the next value towards the present one.

    Args:
        values: [...] V(s_t), discounted reward.
        value_targets: [...] returns or TD targets, discounted reward.
        mask: [...] as for `reinforce_loss`.

    Returns:
        Scalar, float32 for half precision; differentiable in values only.

    Raises:
        ValueError: as for `reinforce_loss`.

    References:
        Sutton & Barto (2018), section 9.3 (semi-gradient methods).

    Example:
        >>> value_loss(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 2.0]))
        tensor(1.)
    """
    given = {"values": values, "value_targets": value_targets}
    values, value_targets = counted(mask, **given)
    loss = torch.nn.functional.mse_loss(values, value_targets.detach()) / 2
    return finite_result(loss, mask, **given)


def entropy_bonus(logits: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """Mean entropy of the policy over states: added to an objective.

        bonus = mean of H(pi(. | s_t)),    loss = reinforce_loss - coefficient * bonus

    Args:
        logits: [..., A] of the policy in the states visited.
        mask: [...] bool, True where a state counts; None counts all. The rows of the
            others reach neither value nor gradient and may be anything.

    Returns:
        Scalar, nats, from 0 to log A, float32 for half precision; differentiable in
        logits.

    Raises:
        ValueError: as for `rlnotes.functional.log_probs.entropy`, without any row, or
            if the mask does not fit or counts nothing.

    References:
        Williams & Peng (1991), "Function optimization using connectionist reinforcement
        learning algorithms"; Mnih et al. (2016), arXiv:1602.01783.

    Example:
        >>> entropy_bonus(torch.zeros(5, 4)).exp()
        tensor(4.)
    """
    return entropy(*counted_logits(mask, logits=logits)).mean()


def probability_ratios(log_probs: Tensor, old_log_probs: Tensor) -> Tensor:
    """How many times as likely the policy makes each action as the one that drew it.

        ratio_t = pi(a_t | s_t) / pi_old(a_t | s_t)

    Args:
        log_probs: [...] log pi(a_t | s_t) of the policy that is being changed, nats.
        old_log_probs: [...] the same of the policy that sampled, stored then.

    Returns:
        [...] positive; 1 where nothing changed; float32 for half precision.
        Differentiable in log_probs only.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a number is not finite, there is none, or a ratio is too large for
            its dtype.

    References:
        Schulman et al. (2017), arXiv:1707.06347, section 3.

    Example:
        >>> old_probs = torch.tensor([0.5, 0.01])
        >>> probability_ratios(torch.tensor([0.6, 0.012]).log(), old_probs.log())
        tensor([1.2000, 1.2000])
    """
    given = {"log_probs": log_probs, "old_log_probs": old_log_probs}
    return counted_ratios(*counted(None, **given), mask=None, given=given)


def clipped_surrogate(ratios: Tensor, advantages: Tensor, *, clip_epsilon: float) -> Tensor:
    """What PPO maximizes, one number for each sample.

        min(ratio A, clip(ratio, 1 - eps, 1 + eps) A)

    For A > 0 this is min(ratio, 1 + eps) A, for A < 0 it is max(ratio, 1 - eps) A: the
    minimum leaves one end of the band for either sign.

    Args:
        ratios: [...] positive, see `probability_ratios`.
        advantages: [...] of the same samples.
        clip_epsilon: positive.

    Returns:
        [...] float32 for half precision; differentiable in ratios only.

    Raises:
        ValueError: as for `ppo_gradient_mask`, or if a product overflows.

    References:
        Schulman et al. (2017), arXiv:1707.06347, Eq. 7.

    Example:
        >>> ratios = torch.tensor([0.5, 1.0, 1.5])
        >>> clipped_surrogate(ratios, torch.full((3,), -4.0), clip_epsilon=0.25)
        tensor([-3., -4., -6.])
    """
    ratios, advantages = _checked_pair(ratios, advantages, clip_epsilon)
    surrogates = _clipped_surrogate(ratios, advantages, clip_epsilon)
    largest = surrogates.detach().abs().max()
    finite_result(largest, None, ratios=ratios, advantages=advantages)
    return surrogates


def ppo_clip_loss(
    log_probs: Tensor,
    old_log_probs: Tensor,
    advantages: Tensor,
    *,
    clip_epsilon: float,
    mask: Tensor | None = None,
) -> Tensor:
    """Clipped surrogate of PPO, as a loss.

        loss = -mean of min(ratio_t A_t, clip(ratio_t, 1 - eps, 1 + eps) A_t)

    This is `clipped_surrogate`. A sample's gradient stops where `ppo_gradient_mask` is
    False. Nothing holds the ratio inside the band: other samples may still move it.

    Args:
        log_probs: [...] log pi(a_t | s_t), nats; may be positive (densities).
        old_log_probs: [...] of the policy that sampled, nats.
        advantages: [...] how much better the action was than the policy's average.
        clip_epsilon: positive; half the width of the band, often 0.2.
        mask: [...] as for `reinforce_loss`.

    Returns:
        Scalar, to be minimized, float32 for half precision; differentiable in log_probs
        only.

    Raises:
        ValueError: as for `reinforce_loss`, if a ratio is too large for its dtype, or
            clip_epsilon is not positive.

    References:
        Schulman et al. (2017), arXiv:1707.06347, Eq. 7 (there an objective).

    Example:
        >>> old, advantages = torch.tensor([0.5]).log(), torch.tensor([5.0])
        >>> ppo_clip_loss(torch.tensor([0.75]).log(), old, advantages, clip_epsilon=0.2)
        tensor(-6.)
    """
    require_positive(clip_epsilon=clip_epsilon)
    given = {"log_probs": log_probs, "old_log_probs": old_log_probs}
    log_probs, old_log_probs, selected = counted(mask, **given, advantages=advantages)
    ratios = counted_ratios(log_probs, old_log_probs, mask=mask, given=given)
    loss = -_clipped_surrogate(ratios, selected, clip_epsilon).mean()
    if not math.isfinite(loss.item()):
        require_counted_finite(mask, advantages=advantages)
        raise ValueError(
            "advantages must not be so large that their product with a ratio overflows, got "
            f"{largest_size(selected):g} at ratios up to {ratios.max().item():g}"
        )
    return loss


def ppo_gradient_mask(ratios: Tensor, advantages: Tensor, *, clip_epsilon: float) -> Tensor:
    """Where the clipped surrogate lets a sample's gradient through.

        False where A > 0 and ratio > 1 + eps,  or  A < 0 and ratio < 1 - eps

    Off the kinks, the slope of min(ratio A, clip(ratio) A) in the ratio is this mask
    times A. So a good action that lost probability, and a bad one that gained it, keep
    the full gradient, however far the ratio lies outside the band. On a kink
    (ratio = 1 + eps with A > 0, 1 - eps with A < 0) the left and right slopes are A and
    0, and any number between is as good; this function and autograd let A through, up
    to the rounding of the ratio.

    Args:
        ratios: [...] positive, see `probability_ratios`.
        advantages: [...] of the same samples.
        clip_epsilon: positive.

    Returns:
        [...] bool, True where the gradient flows; also where A = 0, which gives none.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a number is not finite, there is none, a ratio is negative, or
            clip_epsilon is not positive.

    Example:
        >>> ratios, good = torch.tensor([0.5, 1.0, 1.5]), torch.ones(3)
        >>> ppo_gradient_mask(ratios, good, clip_epsilon=0.2)
        tensor([ True,  True, False])
        >>> ppo_gradient_mask(ratios, -good, clip_epsilon=0.2)
        tensor([False,  True,  True])
    """
    ratios, advantages = _checked_pair(ratios, advantages, clip_epsilon)
    too_high = (advantages > 0) & (ratios > 1 + clip_epsilon)
    too_low = (advantages < 0) & (ratios < 1 - clip_epsilon)
    return ~(too_high | too_low)


def clip_fraction(
    log_probs: Tensor,
    old_log_probs: Tensor,
    *,
    clip_epsilon: float,
    mask: Tensor | None = None,
) -> Tensor:
    """Share of samples whose ratio lies outside the band, the number usually logged.

        fraction = mean of 1[|ratio_t - 1| > eps]

    It is not the share of samples without a gradient, which is at most as large: on
    either side of the band one sign of the advantage keeps its gradient, see
    `ppo_gradient_mask`.

    Args:
        log_probs: [...] as for `ppo_clip_loss`.
        old_log_probs: [...] as for `ppo_clip_loss`.
        clip_epsilon: positive.
        mask: [...] as for `reinforce_loss`.

    Returns:
        Scalar in [0, 1], float32 for half precision; no gradient.

    Raises:
        ValueError: as for `ppo_clip_loss`.

    Example:
        >>> log_probs = torch.tensor([0.1, 0.5, 0.7, 0.55]).log()
        >>> clip_fraction(log_probs, torch.full((4,), 0.5).log(), clip_epsilon=0.2)
        tensor(0.5000)
    """
    require_positive(clip_epsilon=clip_epsilon)
    given = {"log_probs": log_probs, "old_log_probs": old_log_probs}
    log_probs, old_log_probs = counted(mask, **given)
    ratios = counted_ratios(log_probs, old_log_probs, mask=mask, given=given)
    return ((ratios - 1).abs() > clip_epsilon).to(ratios.dtype).mean()


def counted_ratios(
    log_probs: Tensor, old_log_probs: Tensor, *, mask: Tensor | None, given: dict[str, Tensor]
) -> Tensor:
    """Ratios of what a mask has left; the tensors as given are for the error message.

    Args:
        log_probs: [N] as `counted` returns them.
        old_log_probs: [N] likewise.
        mask: [...] what selected them, or None.
        given: both as they were before, [...], by name.

    Raises:
        ValueError: if a counted number is not finite, or a ratio overflows.
    """
    log_ratios = log_probs - old_log_probs.detach()
    ratios = log_ratios.exp()
    # A finite sum has finite terms only: one number to look at instead of two tensors.
    if not math.isfinite(log_ratios.detach().sum().item()):
        require_counted_finite(mask, **given)
    if ratios.detach().max() == torch.inf:
        raise ValueError(
            "log_probs must not lie so far above old_log_probs that a ratio overflows, got a "
            f"difference of {log_ratios.max().item():g}"
        )
    return ratios


def _checked_pair(ratios: Tensor, advantages: Tensor, clip_epsilon: float) -> list[Tensor]:
    require_positive(clip_epsilon=clip_epsilon)
    ratios, advantages = counted(None, ratios=ratios, advantages=advantages)
    require_finite(ratios=ratios, advantages=advantages)
    if (ratios < 0).any():
        raise ValueError(f"ratios must not be negative, got {ratios.min().item():g}")
    return [ratios, advantages]


def _clipped_surrogate(ratios: Tensor, advantages: Tensor, clip_epsilon: float) -> Tensor:
    advantages = advantages.detach()
    clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return torch.minimum(ratios * advantages, clipped * advantages)
