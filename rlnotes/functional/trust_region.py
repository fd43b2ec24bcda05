"""A step as far as a bound on the KL divergence allows (TRPO).

Here a policy is a vector of parameters, and what it is worth and how far it has moved
are functions of that vector. So the same code serves a table of two logits and a
network.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import (
    require_finite,
    require_floating_point,
    require_positive,
    require_positive_integer,
    require_same_shape,
)
from rlnotes.functional.inputs import (
    at_least_float32,
    counted,
    finite_result,
    require_tensors,
)
from rlnotes.functional.kl import kl_divergence
from rlnotes.functional.log_probs import counted_logits
from rlnotes.functional.ratios import counted_ratios

Measure = Callable[[Tensor], Tensor]  # parameters [P] to a scalar
_ROUNDING_STEPS = 100  # roundings within which a curvature counts as zero


class TrustRegionStep(NamedTuple):
    """What a line search accepted."""

    parameters: Tensor  # [P] after the step; the old ones if nothing was accepted
    fraction: float  # of the step proposed; 0 if nothing was accepted
    kl: float  # KL(old || new), nats, at most max_kl
    gain: float  # by which the surrogate grew, 0 if nothing was accepted


def surrogate_objective(
    log_probs: Tensor,
    old_log_probs: Tensor,
    advantages: Tensor,
    *,
    mask: Tensor | None = None,
) -> Tensor:
    """Expected advantage of a new policy, estimated on the old one's samples.

        L = mean of ratio_t * A_t,    ratio_t = pi(a_t | s_t) / pi_old(a_t | s_t)

    The ratio corrects the choice of each action. The states stay those that the old
    policy visits, so L agrees with the true improvement to first order only: value and
    gradient at the old policy. `clipped_surrogate` is what PPO makes of one sample.

    Args:
        log_probs: [...] log pi(a_t | s_t), nats.
        old_log_probs: [...] the same of the policy that sampled.
        advantages: [...] of the actions taken.
        mask: [...] bool, True where a sample counts; None counts all. The others reach
            neither value nor gradient and may be anything, NaN included.

    Returns:
        Scalar, to be maximized, float32 for half precision; differentiable in log_probs
        only.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a counted number is not finite, there is none, the mask is not bool
            or counts nothing, or a ratio or the result overflows.

    References:
        Schulman et al. (2015), arXiv:1502.05477, section 5.

    Example:
        >>> log_probs, old = torch.tensor([[0.8, 0.2], [0.5, 0.5]]).log()
        >>> surrogate_objective(log_probs, old, torch.tensor([1.0, -1.0]))
        tensor(0.6000)

    By hand: (1.6 - 0.4) / 2.
    """
    given = {"log_probs": log_probs, "old_log_probs": old_log_probs}
    log_probs, old_log_probs, selected = counted(mask, **given, advantages=advantages)
    ratios = counted_ratios(log_probs, old_log_probs, mask=mask, given=given)
    return finite_result((ratios * selected.detach()).mean(), mask, advantages=advantages)


def mean_kl(old_logits: Tensor, logits: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """KL(old || new) of two softmax policies, averaged over the states.

        mean over s of the sum over a of pi_old(a|s) (log pi_old(a|s) - log pi(a|s))

    The old policy comes first: it is the one that chose the states.

    Args:
        old_logits: [..., A] of the policy that sampled.
        logits: [..., A] of the new one in the same states.
        mask: [...] bool, True where a state counts; None counts all. The rows of the
            others reach neither value nor gradient and may be anything.

    Returns:
        Scalar, nats, float32 for half precision; differentiable in both arguments.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a counted logit is NaN or plus infinity, a counted row is all masked
            out, there is none, or the mask does not fit or counts nothing.

    References:
        Schulman et al. (2015), arXiv:1502.05477, section 4.

    Example:
        >>> mean_kl(torch.zeros(3, 2), torch.zeros(3, 2))
        tensor(0.)
    """
    rows = counted_logits(mask, old_logits=old_logits, logits=logits)
    old_log_probs, log_probs = (each.log_softmax(dim=-1) for each in rows)
    return kl_divergence(old_log_probs, log_probs).mean()


def fisher_operator(kl_of: Measure, parameters: Tensor, *, damping: float = 0.0) -> Measure:
    """The map v -> F v, with F the second derivative of the KL at the old policy.

        F v = gradient of (gradient of KL . v) + damping * v

    F is the Fisher information. Around the old policy KL(old || new) is zero and flat,
    so KL = d^T F d / 2 for a small change d. F itself has P^2 entries and is never
    built: a product costs two backward passes. The first of them is done once.

    Args:
        kl_of: parameters [P] to KL(old || new); old means the `parameters` below.
        parameters: [P] of the old policy.
        damping: not negative; keeps directions apart that change no probability.

    Returns:
        Function from [P] to [P], float32 for half precision.

    Raises:
        ValueError: if parameters is not a vector or not finite, or damping is negative
            or not finite.

    References:
        Pearlmutter (1994), "Fast exact multiplication by the Hessian"; Schulman et al.
        (2015), arXiv:1502.05477, appendix C.

    Example:
        >>> def kl_of(logits):
        ...     return mean_kl(torch.zeros(2), logits)
        >>> fisher_operator(kl_of, torch.zeros(2))(torch.tensor([1.0, 0.0]))
        tensor([ 0.2500, -0.2500])
    """
    (parameters,) = _vectors(parameters=parameters)
    if not 0 <= damping < float("inf"):
        raise ValueError(f"damping must not be negative and must be finite, got {damping}")
    parameters = parameters.detach().requires_grad_()
    (slope,) = torch.autograd.grad(kl_of(parameters), parameters, create_graph=True)

    def product(vector: Tensor) -> Tensor:
        require_same_shape(parameters=parameters, vector=vector)
        vector = vector.to(slope.dtype)
        (curvature,) = torch.autograd.grad(slope @ vector, parameters, retain_graph=True)
        return curvature + damping * vector

    return product


def conjugate_gradient(
    product: Measure, target: Tensor, *, max_iterations: int = 10, tolerance: float = 1e-10
) -> Tensor:
    """Solution x of F x = target, from products with F alone.

    Each iteration makes the error smallest, in the norm of F, over one more direction.
    In exact arithmetic P iterations suffice, and fewer do if F has few distinct
    eigenvalues.

    Args:
        product: v -> F v, with F symmetric and not negative.
        target: [P] right-hand side.
        max_iterations: at most this many products.
        tolerance: stops once |target - F x| is below this share of |target|, or below
            the eps of the dtype, where only rounding is left.

    Returns:
        [P] x, float32 for half precision; zeros if the target is zero. If F is
        singular, the target must lie in its range, as a policy's gradient does;
        otherwise the result is meaningless. A direction that F hardly sees is left
        out: one whose v^T F v / v^T v is only rounding beside the largest so far.

    Raises:
        ValueError: if target is not a finite vector, a product is not finite, or a
            number is not positive.

    References:
        Hestenes & Stiefel (1952), "Methods of conjugate gradients for solving linear
        systems".

    Example:
        >>> halve = torch.tensor([2.0, 4.0])
        >>> conjugate_gradient(lambda v: halve * v, torch.tensor([2.0, 2.0]))
        tensor([1.0000, 0.5000])
    """
    (target,) = _vectors(target=target)
    require_positive_integer(max_iterations=max_iterations)
    require_positive(tolerance=tolerance)
    eps = torch.finfo(target.dtype).eps
    tolerance = max(tolerance, eps)
    solution, residual, direction = torch.zeros_like(target), target, target
    square, steepest = residual @ residual, 0.0
    smallest = tolerance**2 * square
    for _ in range(max_iterations):
        if square <= smallest:
            break
        image = product(direction)
        require_finite(product=image)
        curvature, length = direction @ image, direction @ direction
        steepest = max(steepest, curvature / length)
        if curvature <= _ROUNDING_STEPS * eps * steepest * length:
            break
        size = square / curvature
        solution = solution + size * direction
        residual = residual - size * image
        square, previous = residual @ residual, square
        direction = residual + (square / previous) * direction
    return solution


def natural_step(
    product: Measure, gradient: Tensor, *, max_kl: float, max_iterations: int = 10
) -> Tensor:
    """Step that raises the linear model most where the quadratic KL allows max_kl.

        x = F^{-1} gradient,    step = sqrt(2 max_kl / x^T F x) * x

    so that step^T F step / 2 = max_kl. The true KL differs: `line_search` checks it.

    Args:
        product: v -> F v, see `fisher_operator`.
        gradient: [P] of the surrogate.
        max_kl: bound on the KL, nats, positive.
        max_iterations: of the conjugate gradient.

    Returns:
        [P] step, float32 for half precision; zeros if the gradient is zero.

    Raises:
        ValueError: if gradient is no finite vector, or max_kl is not positive.

    References:
        Kakade (2001), "A natural policy gradient"; Schulman et al. (2015),
        arXiv:1502.05477, appendix C.

    Example:
        >>> natural_step(lambda v: 4 * v, torch.tensor([3.0, 4.0]), max_kl=0.02)
        tensor([0.0600, 0.0800])
    """
    require_positive(max_kl=max_kl)
    (gradient,) = _vectors(gradient=gradient)
    solution = conjugate_gradient(product, gradient, max_iterations=max_iterations)
    curvature = solution @ product(solution)
    if not curvature > 0:
        return torch.zeros_like(gradient)
    return (2 * max_kl / curvature).sqrt() * solution


@torch.no_grad()
def line_search(
    surrogate_of: Measure,
    kl_of: Measure,
    parameters: Tensor,
    step: Tensor,
    *,
    max_kl: float,
    shrink: float = 0.5,
    max_tries: int = 10,
) -> TrustRegionStep:
    """The largest of step, shrink * step, shrink^2 * step, ... that is good enough.

        accept if KL(old || new) <= max_kl and the surrogate is larger than before

    If none of them is, the parameters stay. So the KL of what is returned never exceeds
    max_kl, whatever the step proposed was.

    Args:
        surrogate_of: parameters [P] to the objective.
        kl_of: parameters [P] to KL(old || new), nats.
        parameters: [P] before the step.
        step: [P] proposed, see `natural_step`.
        max_kl: bound on the KL, nats, positive.
        shrink: in (0, 1).
        max_tries: how many fractions to try, the whole step included.

    Returns:
        `TrustRegionStep`.

    Raises:
        ValueError: if shapes differ, parameters or step are not finite, a number lies
            out of its range, or as a measure does, such as for a ratio that overflows.

    References:
        Schulman et al. (2015), arXiv:1502.05477, appendix C.
    """
    parameters, step = _vectors(parameters=parameters, step=step)
    require_same_shape(parameters=parameters, step=step)
    require_positive(max_kl=max_kl)
    require_positive_integer(max_tries=max_tries)
    if not 0 < shrink < 1:
        raise ValueError(f"shrink must lie in (0, 1), got {shrink}")
    start = float(surrogate_of(parameters))
    for attempt in range(max_tries):
        fraction = shrink**attempt
        candidate = parameters + fraction * step
        kl = float(kl_of(candidate))
        if not kl <= max_kl:  # NaN is not
            continue
        gain = float(surrogate_of(candidate)) - start
        if 0 < gain < float("inf"):
            return TrustRegionStep(candidate, fraction, kl, gain)
    return TrustRegionStep(parameters.clone(), 0.0, float(kl_of(parameters)), 0.0)


def trust_region_step(
    surrogate_of: Measure,
    kl_of: Measure,
    parameters: Tensor,
    *,
    max_kl: float,
    damping: float = 0.0,
    max_iterations: int = 10,
    shrink: float = 0.5,
    max_tries: int = 10,
) -> TrustRegionStep:
    """One step of TRPO: the natural gradient, cut back until it keeps to the bound.

        maximize surrogate(new)    subject to KL(old || new) <= max_kl

    Args:
        surrogate_of: parameters [P] to the objective, see `surrogate_objective`.
        kl_of: parameters [P] to KL(old || new), see `mean_kl`.
        parameters: [P] of the old policy.
        max_kl: bound on the KL, nats, positive.
        damping: see `fisher_operator`.
        max_iterations: of `conjugate_gradient`.
        shrink: see `line_search`.
        max_tries: see `line_search`.

    Returns:
        `TrustRegionStep`.

    Raises:
        ValueError: as for the functions it is made of.

    References:
        Schulman et al. (2015), arXiv:1502.05477, sections 4 to 6 and appendix C.
    """
    (parameters,) = _vectors(parameters=parameters)
    product = fisher_operator(kl_of, parameters, damping=damping)
    start = parameters.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(surrogate_of(start), start)
    step = natural_step(product, gradient, max_kl=max_kl, max_iterations=max_iterations)
    return line_search(
        surrogate_of,
        kl_of,
        parameters.detach(),
        step,
        max_kl=max_kl,
        shrink=shrink,
        max_tries=max_tries,
    )


def _vectors(**tensors: Tensor) -> list[Tensor]:
    require_tensors(**tensors)
    require_floating_point(**tensors)
    for name, tensor in tensors.items():
        if tensor.ndim != 1 or tensor.numel() == 0:
            raise ValueError(f"{name} must be a vector, got shape {tuple(tensor.shape)}")
    require_finite(**tensors)
    return at_least_float32(**tensors)
