"""Scores from counted wins: the Bradley-Terry model fitted by maximum likelihood."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from rlnotes._checks import require_finite, require_not_negative
from rlnotes.functional.inputs import require_real, require_tensors

_MOST_STEPS = 2_000  # Newton needs about ten, and one a nat for scores far apart


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
    ridge = float(ridge)
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
    here = objective(scores)
    for _ in range(_MOST_STEPS):
        margins = scores[:, None] - scores
        surprises = wins * torch.sigmoid(-margins)  # of each win, in the eyes of the fit
        slopes = surprises.sum(dim=1) - surprises.sum(dim=0) - ridge * scores
        weights = (wins + wins.T) * torch.sigmoid(margins) * torch.sigmoid(-margins)
        curvature = torch.diag(weights.sum(dim=1)) - weights + ridge * identity
        # A constant added to all scores changes nothing: the mean excludes it.
        step, failed = torch.linalg.solve_ex(curvature + curvature.diagonal().mean(), slopes)
        if failed:
            break  # too flat for float64: the maximum lies hundreds of nats away
        while (there := objective(scores + step)) < here - 1e-12 * abs(here):
            step = step / 2
        scores, here = scores + step, there
        scores = scores - scores.mean()
        if step.abs().max() <= 1e-8:  # what is left is its square
            return scores
    raise ValueError(f"wins must have a maximum within reach, got scores up to {scores.max():g}")
