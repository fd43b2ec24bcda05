"""DPO with endless data: the exact mean of its loss over all pairs and their labels.

A pair is two answers of the reference to one prompt; its label follows Bradley-Terry.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from rlnotes._checks import (
    require_below_half,
    require_finite,
    require_option,
    require_same_shape,
)
from rlnotes.exact.bradley_terry import flipped_probs
from rlnotes.exact.language import require_all_completions
from rlnotes.functional.inputs import finite_result, require_real, require_tensors
from rlnotes.functional.preference_variants import LOSSES
from rlnotes.functional.preferences import implicit_rewards


def population_dpo_loss(
    log_probs: Tensor,
    ref_log_probs: Tensor,
    rewards: Tensor,
    *,
    beta: float,
    flip_rate: float = 0.0,
) -> Tensor:
    """Exact mean of `dpo_loss` over the pairs of one prompt and over their labels.

        loss = 2 * sum over i != j of w_ij P_ij (-log sigmoid(m_ij))
        w_ij = pi_ref(i) pi_ref(j) / (1 - sum over k of pi_ref(k)^2)
        P_ij = sigmoid(r_i - r_j), the label, after flips
        m_ij = difference of the implicit rewards of i and j

    Two answers of the reference, drawn again while they are equal, as
    `training.comparisons.draw_comparisons` does: an equal pair would add the constant
    log 2 and no gradient. Without flips the least loss is at `gibbs_optimum`, and is
    the mean entropy of the labels.

    Args:
        log_probs: [N] of all answers, nats; a common constant changes nothing, so
            logits will do.
        ref_log_probs: [N] of the reference, nats; answers with -inf never occur.
        rewards: [N] that the labels follow.
        beta: positive, reward per nat.
        flip_rate: share of labels that are turned round, in [0, 0.5).

    Returns:
        Scalar, nats, float64, differentiable in log_probs. Time and memory grow with
        N^2: fit for N up to some 1,500.

    Raises:
        ValueError: for what is no torch tensor [N] of real numbers, if the shapes
            differ, the reference does not sum to one or has but one answer, a number
            that counts is not finite, beta or flip_rate is out of its range, or the
            result overflows.

    References:
        Rafailov et al. (2023), arXiv:2305.18290, Eq. 7, with the mean written out.

    Example:
        >>> half = torch.tensor([0.5, 0.5]).log()
        >>> population_dpo_loss(half, half, torch.tensor([1.0, 0.0]), beta=1.0)
        tensor(0.6931, dtype=torch.float64)
    """
    require_below_half(flip_rate=flip_rate)
    table = _table(log_probs, ref_log_probs, rewards)
    if table.probs.ndim != 1:
        raise ValueError(f"log_probs must have shape [N], got {tuple(table.probs.shape)}")
    margins = _differences(implicit_rewards(table.log_probs, table.ref_log_probs, beta=beta))
    labels = flipped_probs(torch.sigmoid(_differences(table.rewards)), flip_rate=flip_rate)
    pairs = torch.outer(table.probs, table.probs).fill_diagonal_(0)
    _require_choice(pairs.sum())
    losses = binary_cross_entropy_with_logits(margins, labels, weight=pairs, reduction="sum")
    return finite_result(losses / pairs.sum(), None, log_probs=table.log_probs)


def _differences(scores: Tensor) -> Tensor:
    """[N, N] score of the row less that of the column."""
    return scores[:, None] - scores


class LogRatios(NamedTuple):
    """Mean log(pi / pi_ref) of the two answers of a labelled pair, nats."""

    chosen: Tensor  # [...]
    rejected: Tensor  # [...]


def mean_log_ratios(log_probs: Tensor, ref_log_probs: Tensor, rewards: Tensor) -> LogRatios:
    """Exact means of log(pi / pi_ref) of chosen and rejected answers, equal pairs kept.

        chosen   = 2 sum over y of pi_ref(y) P(y wins) log(pi(y) / pi_ref(y))
        rejected = 2 sum over y of pi_ref(y) (1 - P(y wins)) log(pi(y) / pi_ref(y))
        P(y wins) = sum over z of pi_ref(z) sigmoid(r(y) - r(z))

    Both answers are independent draws of the reference; of two equal ones a coin says
    which is preferred. Then each is, label aside, a draw of the reference, and

        (chosen + rejected) / 2 = -KL(pi_ref || pi)
        chosen                  = -KL(pi_ref || pi) + (chosen - rejected) / 2

    So the two together can only fall, whatever is trained, and the chosen answers lose
    probability as soon as half the gap is less than that KL.

    Args:
        log_probs: [..., N] of all answers, nats.
        ref_log_probs: [..., N] of the reference, nats; answers with -inf never occur.
        rewards: [..., N] that the labels follow. What it costs grows with the square of
            how many different ones there are, not with N^2.

    Returns:
        `LogRatios`, float64, differentiable in log_probs.

    Raises:
        ValueError: for what is no torch tensor, if the shapes differ, probabilities do
            not sum to one, a reward is not finite, or an answer of the reference is
            impossible for the policy.

    Example:
        >>> half = torch.tensor([0.5, 0.5]).log()
        >>> chosen, rejected = mean_log_ratios(half, half, torch.tensor([1.0, 0.0]))
        >>> chosen.item(), rejected.item()
        (0.0, 0.0)
    """
    ratios, probs, wins = _ratios_and_wins(log_probs, ref_log_probs, rewards)
    chosen, rejected = ((probs * part * ratios).sum(dim=-1) for part in (wins, 1 - wins))
    return LogRatios(2 * chosen, 2 * rejected)


def distinct_log_ratios(log_probs: Tensor, ref_log_probs: Tensor, rewards: Tensor) -> LogRatios:
    """`mean_log_ratios` where equal pairs are drawn again, as the data of DPO are.

        of distinct pairs = (of all pairs - T * of equal pairs) / (1 - T)

    with T = sum of pi_ref(y)^2, the share of equal pairs. A reply now occurs with
    pi_ref(y) (1 - pi_ref(y)) / (1 - T): likely ones less often than the reference says
    them, so the mean of both is no KL, and may rise.

    Args:
        log_probs: [..., N] as for `mean_log_ratios`, like the others.
        ref_log_probs: [..., N] of the reference; at least two answers are possible.
        rewards: [..., N] that the labels follow.

    Returns:
        `LogRatios`, float64, differentiable in log_probs.

    Raises:
        ValueError: as for `mean_log_ratios`, or if only one answer is possible.

    Example:
        >>> ref = torch.tensor([0.5, 0.5]).log()
        >>> pi = torch.tensor([0.8, 0.2]).log()
        >>> distinct_log_ratios(pi, ref, torch.tensor([50.0, 0.0])).chosen.exp()
        tensor(1.6000, dtype=torch.float64)
    """
    ratios, probs, wins = _ratios_and_wins(log_probs, ref_log_probs, rewards)
    share = (probs * (1 - probs)).sum(dim=-1)
    _require_choice(share)
    weights = (probs * (part - probs / 2) for part in (wins, 1 - wins))
    return LogRatios(*(2 * (weight * ratios).sum(dim=-1) / share for weight in weights))


def best_margins(
    probs: Tensor, *, loss: str, flip_rate: float = 0.0, assumed_flip_rate: float = 0.0
) -> Tensor:
    """Margin of a pair at which a loss is least in the mean over its labels.

        q             = (1 - f) p + f (1 - p), the probability of the label
        dpo           logit(q)
        conservative  logit((1 - s) q + s (1 - q))
        robust        logit((q - s) / (1 - 2 s)), infinite where that is no probability
        ipo           q - 1/2
        hinge         1 or -1, whatever most labels say; 0 stands for all of [-1, 1]

    With s = f the robust margin is that of the true labels; the conservative one is
    shrunk twice. If margins of all pairs fit together, a policy can have them.

    Args:
        probs: [...] that the first answer is preferred, before flips.
        loss: one of `functional.preference_variants.LOSSES`.
        flip_rate: f in [0, 0.5), share of labels that are turned round.
        assumed_flip_rate: s in [0, 0.5) that the loss is told; conservative and robust.

    Returns:
        [...] margins, with beta, in the unit of the implicit rewards; float32 for half
        precision.

    Raises:
        ValueError: for what is no torch tensor, a number out of its range, an unknown
            loss, or an assumed_flip_rate for a loss that has none.

    References:
        Azar et al. (2024), arXiv:2310.12036; Chowdhury et al. (2024), arXiv:2403.00409.

    Example:
        >>> p = torch.tensor([0.9])
        >>> best_margins(p, loss="dpo"), best_margins(p, loss="ipo")
        (tensor([2.1972]), tensor([0.4000]))
    """
    require_option(LOSSES, loss=loss)
    require_below_half(flip_rate=flip_rate, assumed_flip_rate=assumed_flip_rate)
    if assumed_flip_rate and loss not in ("conservative", "robust"):
        raise ValueError(
            "assumed_flip_rate must be 0 unless loss is conservative or robust, got "
            f"{assumed_flip_rate}"
        )
    labels = flipped_probs(probs, flip_rate=flip_rate)
    if loss == "ipo":
        return labels - 0.5
    if loss == "hinge":
        return torch.sign(labels - 0.5)
    if loss == "conservative":
        labels = flipped_probs(labels, flip_rate=assumed_flip_rate)
    if loss == "robust":
        rate = float(assumed_flip_rate)
        labels = ((labels - rate) / (1 - 2 * rate)).clamp(0, 1)
    return torch.logit(labels)


class _Table(NamedTuple):
    """Checked and in float64; what the reference never says has probability 0."""

    log_probs: Tensor  # [..., N] 0 where it is never said, like the next two
    ref_log_probs: Tensor  # [..., N]
    probs: Tensor  # [..., N] of the reference
    rewards: Tensor  # [..., N]


def _table(log_probs: Tensor, ref_log_probs: Tensor, rewards: Tensor) -> _Table:
    given = {"log_probs": log_probs, "ref_log_probs": ref_log_probs, "rewards": rewards}
    require_tensors(**given)
    require_real(**given)
    require_same_shape(**given)
    require_all_completions(ref_log_probs=ref_log_probs)
    never = ref_log_probs == -torch.inf
    own, ref, wide = (part.double().masked_fill(never, 0.0) for part in given.values())
    require_finite(log_probs=own, rewards=wide)
    return _Table(own, ref, ref_log_probs.double().exp(), wide)


def _ratios_and_wins(*given: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """[..., N] log-ratios, probabilities of the reference, P(wins against a draw)."""
    require_all_completions(log_probs=given[0])
    table = _table(*given)
    levels, places = table.rewards.detach().unique(return_inverse=True)
    masses = table.probs.new_zeros(*places.shape[:-1], len(levels))
    masses = masses.scatter_add(-1, places, table.probs)
    wins = masses @ torch.sigmoid(levels - levels[:, None])
    return table.log_probs - table.ref_log_probs, table.probs, wins.gather(-1, places)


def _require_choice(share: Tensor) -> None:
    """Raise unless two draws of the reference differ now and then: in this share."""
    if not (share > 1e-12).all():
        raise ValueError("ref_log_probs must leave a choice of answers, got one that is certain")
