"""Exercise: PPO's clipped loss, judged by its value and its gradient."""

from collections.abc import Callable

import numpy as np

from rlnotes.exercises.answers import Unreadable
from rlnotes.exercises.base import Case, Exercise


def _loss(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = (log_probs - old_log_probs.detach()).exp()
    clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return -torch.minimum(ratios * advantages, clipped * advantages).mean()


def _loss_by_loop(log_probs, old_log_probs, advantages, clip_epsilon):
    total = 0.0
    for new, old, advantage in zip(log_probs, old_log_probs.detach(), advantages, strict=True):
        ratio = (new - old).exp()
        if advantage > 0:
            total = total + min(ratio, 1 + clip_epsilon) * advantage
        else:
            total = total + max(ratio, 1 - clip_epsilon) * advantage
    return -total / len(log_probs)


def _loss_max(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = (log_probs - old_log_probs.detach()).exp()
    clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return -torch.maximum(ratios * advantages, clipped * advantages).mean()


def _loss_sign(log_probs, old_log_probs, advantages, clip_epsilon):
    return -_loss(log_probs, old_log_probs, advantages, clip_epsilon)


def _loss_inverted(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = (old_log_probs.detach() - log_probs).exp()
    clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return -torch.minimum(ratios * advantages, clipped * advantages).mean()


def _loss_clip_alone(log_probs, old_log_probs, advantages, clip_epsilon):
    ratios = (log_probs - old_log_probs.detach()).exp()
    return -(ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon) * advantages).mean()


def _loss_half_bands(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = (log_probs - old_log_probs.detach()).exp()
    raised, lowered = ratios.clamp(1, 1 + clip_epsilon), ratios.clamp(1 - clip_epsilon, 1)
    return -(torch.where(advantages > 0, raised, lowered) * advantages).mean()


def _loss_product_clipped(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    plain = (log_probs - old_log_probs.detach()).exp() * advantages
    return -torch.minimum(plain, plain.clamp(1 - clip_epsilon, 1 + clip_epsilon)).mean()


def _loss_no_exp(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = log_probs - old_log_probs.detach()
    clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return -torch.minimum(ratios * advantages, clipped * advantages).mean()


def _loss_quotient_of_logs(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = log_probs / old_log_probs.detach()
    clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return -torch.minimum(ratios * advantages, clipped * advantages).mean()


def _loss_old_moves(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = (log_probs - old_log_probs).exp()
    clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return -torch.minimum(ratios * advantages, clipped * advantages).mean()


def _loss_new_detached(log_probs, old_log_probs, advantages, clip_epsilon):
    return _loss(log_probs.detach(), old_log_probs, advantages, clip_epsilon)


def _loss_summed(log_probs, old_log_probs, advantages, clip_epsilon):
    return len(log_probs) * _loss(log_probs, old_log_probs, advantages, clip_epsilon)


def _loss_log_probs_for_ratios(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = (log_probs - old_log_probs).exp().detach()
    clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    weights = torch.minimum(ratios * advantages, clipped * advantages)
    return -(log_probs * weights).mean()


def _loss_plain(log_probs, old_log_probs, advantages, clip_epsilon):
    return -((log_probs - old_log_probs.detach()).exp() * advantages).mean()


def _loss_band_around_zero(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = (log_probs - old_log_probs.detach()).exp()
    clipped = ratios.clamp(-clip_epsilon, clip_epsilon)
    return -torch.minimum(ratios * advantages, clipped * advantages).mean()


def _loss_clipped_detached(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = (log_probs - old_log_probs.detach()).exp()
    clipped = ratios.detach().clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return -torch.minimum(ratios * advantages, clipped * advantages).mean()


def _loss_mask(log_probs, old_log_probs, advantages, clip_epsilon):
    ratios = (log_probs - old_log_probs.detach()).exp()
    stopped = ((advantages > 0) & (ratios > 1 + clip_epsilon)) | (
        (advantages < 0) & (ratios < 1 - clip_epsilon)
    )
    return -(~stopped * ratios * advantages).mean()


def _loss_normalized(log_probs, old_log_probs, advantages, clip_epsilon):
    scaled = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    return _loss(log_probs, old_log_probs, scaled, clip_epsilon)


def _loss_smaller_ratio(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = (log_probs - old_log_probs.detach()).exp()
    clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return -(torch.minimum(ratios, clipped) * advantages).mean()


def _loss_smaller_mean(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = (log_probs - old_log_probs.detach()).exp()
    clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return -torch.minimum((ratios * advantages).mean(), (clipped * advantages).mean())


def _loss_log_ratio_clamped(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    log_ratios = log_probs - old_log_probs.detach()
    clipped = log_ratios.clamp(-clip_epsilon, clip_epsilon).exp()
    return -torch.minimum(log_ratios.exp() * advantages, clipped * advantages).mean()


def _loss_clamp_above_alone(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratios = (log_probs - old_log_probs.detach()).exp()
    clipped = ratios.clamp(max=1 + clip_epsilon)
    return -torch.minimum(ratios * advantages, clipped * advantages).mean()


def _loss_ratio_of_the_batch(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    ratio = (log_probs.sum() - old_log_probs.detach().sum()).exp()
    clipped = ratio.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return -torch.minimum(ratio * advantages, clipped * advantages).mean()


def _loss_probs_for_ratios(log_probs, old_log_probs, advantages, clip_epsilon):
    import torch

    probs = log_probs.exp()
    clipped = probs.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return -torch.minimum(probs * advantages, clipped * advantages).mean()


def _value_and_gradients(candidate: Callable) -> Callable:
    """The candidate as a function from arrays to its loss and two gradients."""

    def numbers(log_probs, old_log_probs, advantages, clip_epsilon):
        import torch

        new = torch.tensor(log_probs, requires_grad=True)
        old = torch.tensor(old_log_probs, requires_grad=True)
        loss = candidate(
            log_probs=new,
            old_log_probs=old,
            advantages=torch.tensor(advantages),
            clip_epsilon=clip_epsilon,
        )
        if loss is None:
            return None
        if not torch.is_tensor(loss) or loss.ndim:
            raise Unreadable("it wants a tensor of one number (.mean() gives one).")
        gradients = [torch.zeros_like(new), torch.zeros_like(old)]
        if loss.requires_grad:
            found = torch.autograd.grad(loss, (new, old), allow_unused=True)
            gradients = [zero if g is None else g for zero, g in zip(gradients, found, strict=True)]
        return np.concatenate([[loss.item()], *(gradient.numpy() for gradient in gradients)])

    return numbers


_ROW = " In the row: the loss, its gradient in log_probs, its gradient in old_log_probs."

EXERCISE = Exercise(
    name="ppo_loss",
    cases=[
        Case(
            {
                "log_probs": np.log([0.75, 0.2, 0.8, 0.1]),
                "old_log_probs": np.log([0.5, 0.4, 0.4, 0.2]),
                "advantages": np.array([5.0, 5.0, -5.0, -5.0]),
                "clip_epsilon": 0.2,
            },
            [1.375, 0, -0.625, 2.5, 0, 0, 0, 0, 0],
            "ratios 1.5, 0.5, 2, 0.5; objectives 6, 2.5, -10, -4, mean -1.375. A sample whose "
            "gradient flows has -ratio * A / 4." + _ROW,
        ),
        Case(
            {
                "log_probs": np.log([0.5, 0.25]),
                "old_log_probs": np.log([0.5, 0.25]),
                "advantages": np.array([2.0, -6.0]),
                "clip_epsilon": 0.1,
            },
            [2.0, -1.0, 3.0, 0, 0],
            "at ratio 1 nothing is clipped: objectives 2 and -6, gradient -A / 2." + _ROW,
        ),
        Case(
            {
                "log_probs": np.log([0.6, 0.2]),
                "old_log_probs": np.log([0.4, 0.4]),
                "advantages": np.array([4.0, 1.0]),
                "clip_epsilon": 0.2,
            },
            [-2.65, 0, -0.25, 0, 0],
            "ratios 1.5 and 0.5, both good: objectives 4.8 and 0.5." + _ROW,
        ),
    ],
    solutions=[_loss, _loss_by_loop],
    wrong_answers={
        "max for min": _loss_max,
        "sign of the loss": _loss_sign,
        "ratio inverted": _loss_inverted,
        "clip alone": _loss_clip_alone,
        "half bands": _loss_half_bands,
        "clips the product": _loss_product_clipped,
        "no exp": _loss_no_exp,
        "quotient of logs": _loss_quotient_of_logs,
        "old not detached": _loss_old_moves,
        "new detached": _loss_new_detached,
        "sum": _loss_summed,
        "log_probs times weights": _loss_log_probs_for_ratios,
        "no clip": _loss_plain,
        "band around zero": _loss_band_around_zero,
        "clipped detached": _loss_clipped_detached,
        "mask": _loss_mask,
        "normalized inside": _loss_normalized,
        "smaller ratio": _loss_smaller_ratio,
        "smaller mean": _loss_smaller_mean,
        "log-ratio clamped": _loss_log_ratio_clamped,
        "clamp above alone": _loss_clamp_above_alone,
        "one ratio for the batch": _loss_ratio_of_the_batch,
        "probabilities for ratios": _loss_probs_for_ratios,
    },
    hints={
        "max for min": "take the smaller of the two objectives, not the larger.",
        "sign of the loss": "optimizers go downhill: the loss is minus the objective.",
        "ratio inverted": "this ratio is old / new. The policy being changed stands on top.",
        "clip alone": "without the minimum, a good action that lost probability gets no "
        "gradient, and neither does a bad one that gained it.",
        "half bands": "the ratio is held on both sides. The minimum of the two objectives leaves "
        "one side free for each sign of A.",
        "clips the product": "clip the ratio, then multiply by the advantage.",
        "no exp": "a difference of log-probabilities is the logarithm of the ratio: exp is "
        "missing.",
        "quotient of logs": "the ratio of two probabilities is exp(log_probs - old_log_probs), "
        "not the quotient of the logarithms.",
        "old not detached": "the gradient reaches old_log_probs, too. They are numbers, stored "
        "when the actions were drawn: detach them.",
        "new detached": "nothing is left to learn from: log_probs must keep its gradient.",
        "sum": "take the mean over the samples, not the sum.",
        "log_probs times weights": "the ratio is detached and log_probs gets the clipped product "
        "as a weight, so no sample's gradient ever stops. Let the ratio carry the gradient.",
        "no clip": "this is the surrogate, ratio times A, without any clip.",
        "band around zero": "the ratio is held between -eps and eps. The band lies around 1: from "
        "1 - eps to 1 + eps.",
        "clipped detached": "the clipped ratio has no gradient here. Inside the band both "
        "objectives are equal, and half of the gradient is lost.",
        "mask": "a stopped sample counts as 0 here. Its gradient is zero, its value is not: it is "
        "(1 + eps) A or (1 - eps) A.",
        "normalized inside": "the advantages are normalized inside. The loss takes them as they "
        "are; who wants them normalized does so once per batch, before.",
        "smaller ratio": "the minimum is that of the two ratios. Multiply by A first: with A < 0 "
        "the smaller ratio makes the larger objective.",
        "smaller mean": "the minimum is that of the two means. Take it sample by sample, then the "
        "mean.",
        "log-ratio clamped": "the logarithm of the ratio is held between -eps and eps. The band "
        "is that of the ratio: exp first, then clamp to 1 - eps and 1 + eps.",
        "clamp above alone": "the ratio is held from above only. A bad action must stop below "
        "1 - eps.",
        "one ratio for the batch": "the logarithms are summed over the batch, so all samples "
        "share one ratio. Each sample has its own.",
        "probabilities for ratios": "the probability of the old policy is missing: the ratio is "
        "exp(log_probs - old_log_probs).",
    },
    measure=_value_and_gradients,
)
