"""What GRPO's normalizers do to the length of right and of wrong answers, exactly.

For one prompt whose answers can all be listed, in the limit of a batch of many groups,
at ratio 1 and without a KL term. All tokens of an answer then get the same push, so the
log-probability of the whole answer is all that is needed.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_option, require_same_shape
from rlnotes.exact.group_weights import mean_advantages
from rlnotes.exact.language import require_all_completions
from rlnotes.functional.inputs import require_flags, require_tensors
from rlnotes.functional.policy_gradients import NORMALIZERS


def expected_grpo_loss(
    log_probs: Tensor,
    lengths: Tensor,
    is_right: Tensor,
    *,
    group_size: int,
    estimator: str,
    normalizer: str,
) -> Tensor:
    """Loss with the gradient that `grpo_loss` has on average, many groups in a batch.

        gradient = -sum over y of pi(y) A(y) w(y) d log pi(y)

    A(y) is the mean advantage of a right or of a wrong answer; w(y) is the weight of a
    token: 1 / length for "answer", 1 / mean length for "batch_tokens", 1 / longest for
    "longest".

    Args:
        log_probs: [N] of all answers, sums over their tokens, nats.
        lengths: [N] tokens.
        is_right: [N] bool; one at least is right, and one is wrong.
        group_size: as for `rlnotes.exact.group_weights.group_weights`.
        estimator: likewise.
        normalizer: as for `rlnotes.functional.policy_gradients.grpo_loss`.

    Returns:
        Scalar, minus the mean of A(y) w(y) length(y); only its gradient in log_probs
        has a meaning.

    Raises:
        ValueError: for what is no torch tensor, if shapes differ, the probabilities do
            not sum to one or one is 0, a length is not positive, all answers are right
            or all are wrong, or a setting is unknown.

    Example:
        >>> log_probs = torch.tensor([0.5, 0.25, 0.25]).log().requires_grad_()
        >>> right = torch.tensor([True, False, False])
        >>> answers = log_probs, torch.tensor([1, 2, 4]), right
        >>> expected_grpo_loss(  # .5 * .5 / 1, .25 * -.5 / 2, .25 * -.5 / 4
        ...     *answers, group_size=8, estimator="leave_one_out", normalizer="answer"
        ... ).backward()
        >>> -log_probs.grad
        tensor([ 0.2500, -0.0625, -0.0312])
    """
    settings = {"group_size": group_size, "estimator": estimator, "normalizer": normalizer}
    pushes = _pushes(log_probs, lengths, is_right, **settings)
    # The value is that of a batch, the gradient that of log pi, once for each token.
    score = log_probs - log_probs.detach()
    return -(log_probs.detach().exp() * pushes * (lengths + score)).sum()


def mean_length(log_probs: Tensor, lengths: Tensor, selected: Tensor) -> Tensor:
    """Mean length of some answers, given that one of them was written.

    Args:
        log_probs: [N] of all answers, nats.
        lengths: [N] tokens.
        selected: [N] bool, such as the wrong ones.

    Returns:
        Scalar, tokens, differentiable in log_probs.

    Raises:
        ValueError: as for `expected_grpo_loss`, or if none is selected.

    Example:
        >>> log_probs = torch.tensor([0.5, 0.25, 0.25]).log()
        >>> mean_length(log_probs, torch.tensor([1, 2, 4]), log_probs < -1)
        tensor(3.)
    """
    _require_answers(log_probs, lengths, selected=selected)
    if not selected.any():
        raise ValueError(f"selected must hold an answer, got none of {len(selected)}")
    shares = torch.softmax(log_probs[selected], dim=0)
    return (shares * lengths[selected].to(shares)).sum()


def length_slopes(
    log_probs: Tensor,
    lengths: Tensor,
    is_right: Tensor,
    parameters: Sequence[Tensor],
    *,
    group_size: int,
    estimator: str,
    normalizer: str,
) -> tuple[float, float]:
    """How fast the mean length of right and of wrong answers grows along the update.

        d E[length | right], d E[length | wrong]    per unit step down the expected loss

    A unit step changes the parameters by a vector of length 1, so that normalizers of
    different scale compare: "batch_tokens" and "longest" give the same. What they give
    is not 0 either: answers share parameters, and likely ones move more.

    Args:
        log_probs: [N] as for `expected_grpo_loss`, with the graph of the parameters.
        lengths: [N] tokens.
        is_right: [N] bool.
        parameters: of the policy, each requires a gradient.
        group_size: as for `expected_grpo_loss`.
        estimator: as for `expected_grpo_loss`.
        normalizer: as for `expected_grpo_loss`.

    Returns:
        Tokens per unit step, of right answers and of wrong ones.

    Raises:
        ValueError: as for `expected_grpo_loss`, or if the expected update is 0.
    """
    settings = {"group_size": group_size, "estimator": estimator, "normalizer": normalizer}
    loss = expected_grpo_loss(log_probs, lengths, is_right, **settings)
    update = -_flat_gradient(loss, parameters)
    norm = update.norm()
    if not norm > 0:
        raise ValueError(f"parameters must change log_probs, got an update of {norm.item()}")
    right, wrong = (
        torch.dot(_flat_gradient(mean_length(log_probs, lengths, part), parameters), update) / norm
        for part in (is_right, ~is_right)
    )
    return right.item(), wrong.item()


def natural_length_slopes(
    log_probs: Tensor,
    lengths: Tensor,
    is_right: Tensor,
    *,
    group_size: int,
    estimator: str,
    normalizer: str,
) -> tuple[float, float]:
    """The same slopes along the natural gradient: the bias of the normalizer alone.

        d log pi(y) = A(y) w(y) + constant
        d E[length | right] = A(right) Cov(length, w | right),    wrong likewise

    Without a preference among equally good answers, only w can change their length. For
    "answer" w falls with the length: right answers get shorter, since A > 0, and wrong
    ones longer, since A < 0. For the other two w is the same for all: 0.

    Args:
        log_probs: [N] as for `expected_grpo_loss`.
        lengths: [N] tokens.
        is_right: [N] bool.
        group_size: as for `expected_grpo_loss`.
        estimator: as for `expected_grpo_loss`.
        normalizer: as for `expected_grpo_loss`.

    Returns:
        Tokens per unit of the natural gradient, of right answers and of wrong ones.

    Raises:
        ValueError: as for `expected_grpo_loss`.

    Example:
        >>> log_probs = torch.tensor([0.5, 0.25, 0.25]).log()
        >>> right = torch.tensor([True, False, False])
        >>> answers = log_probs, torch.tensor([1, 2, 4]), right
        >>> natural_length_slopes(  # -0.5 * Cov((2, 4), (1/2, 1/4)) = -0.5 * -0.125
        ...     *answers, group_size=8, estimator="leave_one_out", normalizer="answer")
        (0.0, 0.0625)
    """
    settings = {"group_size": group_size, "estimator": estimator, "normalizer": normalizer}
    own = log_probs.detach().requires_grad_()
    pushes = _pushes(own, lengths, is_right, **settings)
    right, wrong = (
        torch.dot(_flat_gradient(mean_length(own, lengths, part), [own]), pushes).item()
        for part in (is_right, ~is_right)
    )
    return right, wrong


def _pushes(
    log_probs: Tensor,
    lengths: Tensor,
    is_right: Tensor,
    *,
    group_size: int,
    estimator: str,
    normalizer: str,
) -> Tensor:
    """[N] A(y) w(y), without a gradient."""
    require_option(NORMALIZERS, normalizer=normalizer)
    _require_answers(log_probs, lengths, is_right=is_right)
    if is_right.all() or not is_right.any():
        raise ValueError(
            f"is_right must hold a right and a wrong answer, got {int(is_right.sum())} right of "
            f"{len(is_right)}"
        )
    probs = log_probs.detach().exp()
    pass_rate = min(probs[is_right].sum().item(), 1.0)
    right, wrong = mean_advantages(pass_rate, group_size=group_size, estimator=estimator)
    lengths = lengths.to(probs)
    divisors = {
        "answer": lengths,
        "batch_tokens": (probs * lengths).sum(),
        "longest": lengths.max(),
    }[normalizer]
    return torch.where(is_right, float(right), float(wrong)).to(probs) / divisors


def _flat_gradient(scalar: Tensor, parameters: Sequence[Tensor]) -> Tensor:
    gradients = torch.autograd.grad(scalar, parameters, retain_graph=True, materialize_grads=True)
    return torch.cat([gradient.flatten() for gradient in gradients])


def _require_answers(log_probs: Tensor, lengths: Tensor, **flags: Tensor) -> None:
    require_tensors(log_probs=log_probs, lengths=lengths)
    require_flags(**flags)
    require_same_shape(log_probs=log_probs, lengths=lengths, **flags)
    require_all_completions(log_probs=log_probs)
    require_finite(log_probs=log_probs)
    if log_probs.ndim != 1:
        raise ValueError(f"log_probs must have shape [N], got {tuple(log_probs.shape)}")
    if not (lengths > 0).all():
        raise ValueError(f"lengths must be positive, got {lengths.min().item()}")
