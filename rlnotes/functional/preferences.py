"""Preferences between two answers: the Bradley-Terry model, as a loss and as a fit."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from rlnotes._checks import require_finite, require_not_negative
from rlnotes.functional.inputs import (
    counted,
    finite_result,
    require_counted_finite,
    require_real,
    require_tensors,
)

_MOST_STEPS = 2_000  # Newton needs about ten, and one a nat for scores far apart


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


def bradley_terry_scores(wins: Tensor, *, ridge: float = 0.0) -> Tensor:
    """Scores under which the counted wins are most likely.

        maximize sum over i, j of wins[i, j] log sigmoid(s_i - s_j) - ridge / 2 |s|^2

    Found by Newton's method in float64. Without a ridge the maximum is finite only if
    every way of cutting the items in two has wins in both directions: else the scores
    of one side would grow for ever.

    Args:
        wins: [K, K] how often i was preferred to j, not negative, 0 on the diagonal;
            half a win each is the usual count of a tie.
        ridge: precision of a Gaussian prior around 0; 0 for maximum likelihood.

    Returns:
        [K] scores that sum to 0, nats; float64 for float64, else float32. No gradient.

    Raises:
        ValueError: for what is no torch tensor of real numbers, if it is not square, a
            count is negative or not finite, an item has played against itself, ridge is
            negative or not finite, or without a ridge there is no finite maximum.

    References:
        Bradley & Terry (1952); Ford (1957), "Solution of a ranking problem from binary
        comparisons", for the condition.

    Example:
        >>> bradley_terry_scores(torch.tensor([[0, 3], [1, 0]])).diff().exp()  # 1 : 3
        tensor([0.3333])
    """
    require_tensors(wins=wins)
    require_real(wins=wins)
    if wins.ndim != 2 or wins.shape[0] != wins.shape[1] or len(wins) < 2:
        raise ValueError(
            f"wins must have shape [K, K] with two items or more, got {tuple(wins.shape)}"
        )
    require_not_negative(ridge=ridge)
    counts = wins.detach().double()
    _require_counts(counts)
    if ridge == 0:
        _require_finite_maximum(counts)
    dtype = torch.float64 if wins.dtype == torch.float64 else torch.float32
    return _most_likely(counts, ridge).to(dtype)


def _require_counts(wins: Tensor) -> None:
    require_finite(wins=wins)
    for bad, rule in (
        (wins < 0, "not be negative"),
        ((wins != 0) & torch.eye(len(wins), device=wins.device).bool(), "be 0 on the diagonal"),
    ):
        if bad.any():
            where = tuple(bad.nonzero()[0].tolist())
            raise ValueError(f"wins must {rule}, got {wins[where].item():g} at {where}")


def _require_finite_maximum(wins: Tensor) -> None:
    """Raise unless each item reaches each other one along a chain of wins."""
    reaches = (wins > 0) | torch.eye(len(wins), device=wins.device).bool()
    for _ in range(len(wins).bit_length()):
        reaches = (reaches.double() @ reaches.double()) > 0
    if reaches.all():
        return
    cycles = reaches & reaches.T  # rows: the items that an item both beats and loses to
    unbeaten = (cycles == reaches.T).all(dim=1)  # who reaches it is in its own cycle
    winless = (cycles == reaches).all(dim=1)
    item = min((unbeaten | winless).nonzero().flatten().tolist(), key=lambda i: cycles[i].sum())
    group = cycles[item].nonzero().flatten().tolist()
    if unbeaten[item] and winless[item]:
        fault, end = "were never compared with", "are not determined"
    elif unbeaten[item]:
        fault, end = "never lost to", "grow without end"
    else:
        fault, end = "never won against", "fall without end"
    raise ValueError(
        f"wins must connect all items in both directions, got items {group} that {fault} any of "
        f"the others: their scores {end}. A ridge > 0 holds them"
    )


def _most_likely(wins: Tensor, ridge: float) -> Tensor:
    """Newton's method; the likelihood is concave, and halved steps do not lower it."""

    def objective(scores: Tensor) -> float:
        margins = scores[:, None] - scores
        return ((wins * logsigmoid(margins)).sum() - ridge / 2 * scores @ scores).item()

    scores = torch.zeros_like(wins[0])
    identity = torch.eye(len(wins), dtype=wins.dtype, device=wins.device)
    for _ in range(_MOST_STEPS):
        margins = scores[:, None] - scores
        surprises = wins * torch.sigmoid(-margins)  # of each win, in the eyes of the fit
        slopes = surprises.sum(dim=1) - surprises.sum(dim=0) - ridge * scores
        weights = (wins + wins.T) * torch.sigmoid(margins) * torch.sigmoid(-margins)
        curvature = torch.diag(weights.sum(dim=1)) - weights + ridge * identity
        # A constant added to all scores changes nothing: the mean excludes it.
        step = torch.linalg.solve(curvature + curvature.diagonal().mean(), slopes)
        here = objective(scores)
        while objective(scores + step) < here - 1e-12 * abs(here):
            step = step / 2
        scores = scores + step
        scores = scores - scores.mean()
        if step.abs().max() <= 1e-8:  # what is left is its square
            return scores
    raise ValueError(f"wins must have a maximum within reach, got scores up to {scores.max():g}")
