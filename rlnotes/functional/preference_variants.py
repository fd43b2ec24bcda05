"""Relatives of DPO: other losses of the same margin, one line each.

All take what `dpo_loss` takes, and raise as it does. They differ in what the margin of
a pair grows to, and in what a label that is the wrong way round does to it.
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from rlnotes._checks import require_below_half
from rlnotes.functional.inputs import finite_result, largest_size
from rlnotes.functional.preferences import pair_margins

LOSSES = ("dpo", "conservative", "robust", "ipo", "hinge")  # of the margin, with `dpo_loss`


def conservative_dpo_loss(
    chosen_log_probs: Tensor,
    rejected_log_probs: Tensor,
    ref_chosen_log_probs: Tensor,
    ref_rejected_log_probs: Tensor,
    *,
    beta: float,
    label_smoothing: float,
    mask: Tensor | None = None,
) -> Tensor:
    """DPO with smoothed labels: each is taken to be wrong with a small probability.

        loss = -mean of (1 - s) log sigmoid(margin) + s log sigmoid(-margin)

    Least at the margin log((1 - s) / s), finite even for a pair that is always ranked
    one way. If labels really are flipped, it adds its own doubt to theirs; what takes
    theirs away is `robust_dpo_loss`.

    Args:
        chosen_log_probs: [...] as for `dpo_loss`, like the three that follow.
        rejected_log_probs: [...] of the other answers.
        ref_chosen_log_probs: [...] of the preferred answers under the reference.
        ref_rejected_log_probs: [...] of the others.
        beta: positive, reward per nat.
        label_smoothing: s in [0, 0.5); 0 is DPO.
        mask: [...] bool, True where a pair counts; None counts all.

    Returns:
        Scalar, nats, float32 for half precision; differentiable in all four.

    Raises:
        ValueError: as for `dpo_loss`, or if label_smoothing lies outside [0, 0.5).

    References:
        Mitchell (2023), "A note on DPO with noisy preferences & relationship to IPO".

    Example:
        >>> zero = torch.zeros(1)
        >>> conservative_dpo_loss(zero, zero, zero, zero, beta=1.0, label_smoothing=0.1)
        tensor(0.6931)
    """
    require_below_half(label_smoothing=label_smoothing)
    label_smoothing = float(label_smoothing)
    logs = chosen_log_probs, rejected_log_probs, ref_chosen_log_probs, ref_rejected_log_probs
    margins = pair_margins(*logs, beta=beta, mask=mask)
    right, wrong = logsigmoid(margins), logsigmoid(-margins)
    return -((1 - label_smoothing) * right + label_smoothing * wrong).mean()


def robust_dpo_loss(
    chosen_log_probs: Tensor,
    rejected_log_probs: Tensor,
    ref_chosen_log_probs: Tensor,
    ref_rejected_log_probs: Tensor,
    *,
    beta: float,
    flip_rate: float,
    mask: Tensor | None = None,
) -> Tensor:
    """DPO corrected for labels that are flipped with a known probability.

        loss = -mean of ((1 - e) log sigmoid(m) - e log sigmoid(-m)) / (1 - 2 e)

    Averaged over the flips it is the `dpo_loss` of the true labels. The price is noise,
    and a loss of a single pair that has no lower bound: it falls for ever as the margin
    grows.

    Args:
        chosen_log_probs: [...] as for `dpo_loss`, like the three that follow.
        rejected_log_probs: [...] of the other answers.
        ref_chosen_log_probs: [...] of the preferred answers under the reference.
        ref_rejected_log_probs: [...] of the others.
        beta: positive, reward per nat.
        flip_rate: e in [0, 0.5), the same for all pairs; 0 is DPO.
        mask: [...] bool, True where a pair counts; None counts all.

    Returns:
        Scalar, nats, float32 for half precision; differentiable in all four.

    Raises:
        ValueError: as for `dpo_loss`, or if flip_rate lies outside [0, 0.5).

    References:
        Chowdhury et al. (2024), arXiv:2403.00409.

    Example:
        >>> zero = torch.zeros(1)
        >>> robust_dpo_loss(zero, zero, zero, zero, beta=1.0, flip_rate=0.1)
        tensor(0.6931)
    """
    require_below_half(flip_rate=flip_rate)
    flip_rate = float(flip_rate)
    logs = chosen_log_probs, rejected_log_probs, ref_chosen_log_probs, ref_rejected_log_probs
    margins = pair_margins(*logs, beta=beta, mask=mask)
    right, wrong = logsigmoid(margins), logsigmoid(-margins)
    loss = -((1 - flip_rate) * right - flip_rate * wrong).mean() / (1 - 2 * flip_rate)
    return finite_result(loss, None, margins=margins)


def ipo_loss(
    chosen_log_probs: Tensor,
    rejected_log_probs: Tensor,
    ref_chosen_log_probs: Tensor,
    ref_rejected_log_probs: Tensor,
    *,
    beta: float,
    mask: Tensor | None = None,
) -> Tensor:
    """Identity preference optimization: the margin is regressed on a number.

        loss = mean of ((margin - 1/2) / beta)^2

    In log-ratios h = margin / beta it is (h - 1 / (2 beta))^2: a pair pulls until its
    margin is 1/2, and back beyond. In the mean over labels the margin becomes
    P(chosen) - 1/2, the probability itself in place of its log-odds.

    Args:
        chosen_log_probs: [...] as for `dpo_loss`, like the three that follow.
        rejected_log_probs: [...] of the other answers.
        ref_chosen_log_probs: [...] of the preferred answers under the reference.
        ref_rejected_log_probs: [...] of the others.
        beta: positive, the tau of the paper.
        mask: [...] bool, True where a pair counts; None counts all.

    Returns:
        Scalar, nats squared, float32 for half precision; differentiable in all four.

    Raises:
        ValueError: as for `dpo_loss`.

    References:
        Azar et al. (2024), arXiv:2310.12036, Eq. 17.

    Example:
        >>> zero = torch.zeros(1)
        >>> ipo_loss(zero, zero, zero, zero, beta=0.5)
        tensor(1.)
    """
    logs = chosen_log_probs, rejected_log_probs, ref_chosen_log_probs, ref_rejected_log_probs
    margins = pair_margins(*logs, beta=beta, mask=mask)
    loss = (((margins - 0.5) / float(beta)) ** 2).mean()
    if not torch.isfinite(loss):
        raise ValueError(
            f"beta must not be so small that the squares overflow, got {float(beta):g} for "
            f"margins up to {largest_size(margins):g}"
        )
    return loss


def hinge_dpo_loss(
    chosen_log_probs: Tensor,
    rejected_log_probs: Tensor,
    ref_chosen_log_probs: Tensor,
    ref_rejected_log_probs: Tensor,
    *,
    beta: float,
    mask: Tensor | None = None,
) -> Tensor:
    """Hinge loss of the margin: a pair pulls fully below 1, and not at all above.

        loss = mean of max(0, 1 - margin)

    In the mean over labels a pair goes to the margin 1 for whatever most raters say, by
    however little: the strength of a preference is lost.

    Args:
        chosen_log_probs: [...] as for `dpo_loss`, like the three that follow.
        rejected_log_probs: [...] of the other answers.
        ref_chosen_log_probs: [...] of the preferred answers under the reference.
        ref_rejected_log_probs: [...] of the others.
        beta: positive, reward per nat.
        mask: [...] bool, True where a pair counts; None counts all.

    Returns:
        Scalar, reward, float32 for half precision; differentiable in all four.

    Raises:
        ValueError: as for `dpo_loss`.

    References:
        Zhao et al. (2023), arXiv:2305.10425, with log-ratios in place of
        log-probabilities, as Liu et al. (2024), arXiv:2309.06657, write it.

    Example:
        >>> zero = torch.zeros(1)
        >>> hinge_dpo_loss(zero, zero, zero, zero, beta=1.0)
        tensor(1.)
    """
    logs = chosen_log_probs, rejected_log_probs, ref_chosen_log_probs, ref_rejected_log_probs
    return torch.relu(1 - pair_margins(*logs, beta=beta, mask=mask)).mean()
