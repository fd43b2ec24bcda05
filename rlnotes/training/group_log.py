"""What a log shows of one update on groups of answers."""

from typing import NamedTuple

from rlnotes.training.answer_groups import Groups


class Diagnostics(NamedTuple):
    """One update as a log shows it; of a whole run, arrays over its U updates."""

    score: float  # mean over all answers that have one
    batch_std: float  # standard deviation of the scores over the whole batch
    group_std: float  # the same within a group, mean over the groups
    dead_groups: float  # share of the groups without an advantage
    loss: float  # of the first epoch
    last_loss: float  # of the last one
    clip_fraction: float  # tokens outside the band, of groups with a gradient, all epochs
    gradient_norm: float  # of the first epoch, before it is cut
    kl: float  # mean log pi(y) - log pi_ref(y), nats per answer; NaN without a price
    length: float  # mean number of counted tokens
    num_tokens: float  # generated for this update, counted ones of all draws


def logged(drawn: Groups, step: tuple[float, float, float, float], *, priced: bool) -> Diagnostics:
    """The row of a log, of the groups as they were drawn.

    Args:
        drawn: by all draws of the update.
        step: first and last loss, share outside the band, first norm of the gradient.
        priced: whether a reference was read.
    """
    scores = drawn.scores[drawn.counted]
    numbers = drawn.counted.sum(dim=1, keepdim=True)
    means = drawn.scores.sum(dim=1, keepdim=True) / numbers.clamp(min=1)
    squares = ((drawn.scores - means) ** 2 * drawn.counted).sum(dim=1, keepdim=True)
    spreads = (squares / (numbers - 1).clamp(min=1)).sqrt()
    first, last, outside, norm = step
    return Diagnostics(
        score=scores.mean().item() if len(scores) else float("nan"),
        batch_std=scores.std().item() if len(scores) > 1 else 0.0,
        group_std=spreads.mean().item(),
        dead_groups=1 - drawn.live().double().mean().item(),
        loss=first,
        last_loss=last,
        clip_fraction=outside,
        gradient_norm=norm,
        kl=drawn.log_ratios().mean().item() if priced else float("nan"),
        length=drawn.mask.sum(dim=1).double().mean().item(),
        num_tokens=float(drawn.mask.sum()),
    )
