"""What a sampler really draws from: a policy with temperature and nucleus applied."""

import torch
from torch import Tensor

from rlnotes._checks import require_positive
from rlnotes.functional.log_probs import checked_logits


def truncated_log_probs(log_probs: Tensor, *, temperature: float, top_p: float) -> Tensor:
    """Log-probabilities of the sampler: first the temperature, then the nucleus.

        tempered(a) = p(a)^(1 / temperature) / sum
        kept        = smallest set of most probable a with total tempered >= top_p
        sampler(a)  = tempered(a) / total of the kept,  0 for the others

    Of equally probable actions the one with the lower index is kept first. A total that
    misses top_p by less than 16 rounding errors counts as reaching it: 0.5 + 0.4 does
    reach 0.9. The log-probabilities of another policy than this sampler are not those
    of the samples: what is averaged over the samples is then an average under the
    sampler.

    Args:
        log_probs: [..., A] nats; minus infinity for probability 0. Only differences
            count, so logits will do.
        temperature: positive; 1 leaves the policy, less makes it sharper.
        top_p: in (0, 1]; 1 keeps every action.

    Returns:
        [..., A] nats, -inf for what is never drawn; float32 for half precision.
        Differentiable in the log_probs of what is kept.

    Raises:
        ValueError: if temperature is not positive and finite, top_p lies outside
            (0, 1], or log_probs is no torch tensor of floating-point numbers, holds NaN
            or plus infinity, or leaves no action in a row.

    References:
        Holtzman et al. (2020), arXiv:1904.09751, section 3.1.

    Example:
        >>> policy = torch.tensor([0.1, 0.5, 0.4]).log()
        >>> truncated_log_probs(policy, temperature=1.0, top_p=0.6).exp()
        tensor([0.0000, 0.5556, 0.4444])
    """
    require_positive(temperature=temperature, top_p=top_p)
    if top_p > 1:
        raise ValueError(f"top_p must lie in (0, 1], got {top_p}")
    log_probs = checked_logits(log_probs, "log_probs")
    numbers = torch.finfo(log_probs.dtype)
    # The largest becomes 0, and the divisor neither 0 nor infinite, so that neither
    # 0 / 0 nor -inf / inf comes up at any temperature.
    temperature = min(max(temperature, numbers.tiny), numbers.max)
    largest = log_probs.amax(dim=-1, keepdim=True)
    tempered = torch.log_softmax((log_probs - largest) / temperature, dim=-1)
    if top_p < 1:  # at 1 nothing is left out: a rare share may be less than the rounding
        probs, order = tempered.detach().exp().sort(dim=-1, descending=True, stable=True)
        before = probs.cumsum(dim=-1) - probs
        left_out = (before >= top_p - 16 * numbers.eps) & (before > 0)
        left_out = torch.zeros_like(left_out).scatter(-1, order, left_out)
        tempered = tempered.masked_fill(left_out, -torch.inf)
    return torch.log_softmax(tempered, dim=-1)
