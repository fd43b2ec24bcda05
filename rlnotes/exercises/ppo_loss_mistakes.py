"""PPO's clipped loss, and the mistakes that people make in it.

The mistakes are written without a detach. `MISTAKES` has each with the old policy
detached, and where that matters also without: then it is two mistakes at once.
"""

from rlnotes.exercises.normalized import standardized


def loss(log_probs, old_log_probs, advantages, clip_epsilon):
    """Minus the mean of the smaller objective; nothing flows into the old policy."""
    ratios = (log_probs - old_log_probs.detach()).exp()
    clipped = ratios.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    return -(ratios * advantages).minimum(clipped * advantages).mean()


def _from(objectives_of):
    """A wrong answer: other objectives per sample, made of ratios, A and eps."""

    def wrong(log_probs, old_log_probs, advantages, clip_epsilon):
        ratios = (log_probs - old_log_probs).exp()
        return -objectives_of(ratios, advantages, clip_epsilon).mean()

    return wrong


def _clamped(clipped_of):
    """A wrong answer: the minimum, with another clipped ratio."""
    return _from(lambda ratios, a, eps: (ratios * a).minimum(clipped_of(ratios, eps) * a))


def _with_ratios(ratios_of):
    """A wrong answer: other ratios, made of new and old log-probabilities."""

    def wrong(log_probs, old_log_probs, advantages, clip_epsilon):
        ratios = ratios_of(log_probs, old_log_probs)
        return -_smaller(ratios, advantages, clip_epsilon).mean()

    return wrong


def _with_advantages(change):
    """A wrong answer: the right loss of changed advantages."""

    def wrong(log_probs, old_log_probs, advantages, clip_epsilon):
        return _undetached(log_probs, old_log_probs, change(advantages), clip_epsilon)

    return wrong


def _result(change):
    """A wrong answer: the right loss, changed with the number of samples."""

    def wrong(log_probs, old_log_probs, advantages, clip_epsilon):
        right = _undetached(log_probs, old_log_probs, advantages, clip_epsilon)
        return change(right, len(log_probs))

    return wrong


def _old_detached(mistake):
    """A wrong answer in which no gradient reaches the old policy."""

    def wrong(log_probs, old_log_probs, advantages, clip_epsilon):
        return mistake(log_probs, old_log_probs.detach(), advantages, clip_epsilon)

    return wrong


def _held(ratios, eps):
    return ratios.clamp(1 - eps, 1 + eps)


def _smaller(ratios, a, eps):
    return (ratios * a).minimum(_held(ratios, eps) * a)


def _larger(ratios, a, eps):
    return (ratios * a).maximum(_held(ratios, eps) * a)


def _flows(ratios, a, eps):
    return ~(((a > 0) & (ratios > 1 + eps)) | ((a < 0) & (ratios < 1 - eps)))


def _inside(ratios, eps):
    return (ratios - 1).abs() <= eps


def _half_bands(ratios, a, eps):
    return ratios.clamp(1, 1 + eps).where(a > 0, ratios.clamp(1 - eps, 1)) * a


def _clips_the_product(ratios, a, eps):
    return (ratios * a).minimum((ratios * a).clamp(1 - eps, 1 + eps))


def _floor(times):
    def objectives(ratios, a, eps):
        kept = _smaller(ratios, a, eps)
        return kept.maximum(times * a).where(a < 0, kept)

    return objectives


def _gradient_inside_alone(ratios, a, eps):
    kept = _smaller(ratios, a, eps)
    return kept.where(_inside(ratios, eps), kept.detach())


def _straight_through(ratios, eps):
    return ratios + (_held(ratios, eps) - ratios).detach()


def _log_ratio_clamped(ratios, eps):
    return ratios.log().clamp(-eps, eps).exp()


def _unstopped_alone(ratios, a, eps):
    flows = _flows(ratios, a, eps)
    return (ratios * a)[flows]


def _log_probs_times_weights(log_probs, old_log_probs, advantages, clip_epsilon):
    ratios = (log_probs - old_log_probs).exp().detach()
    return -(log_probs * _smaller(ratios, advantages, clip_epsilon)).mean()


def _smaller_mean(log_probs, old_log_probs, advantages, clip_epsilon):
    ratios = (log_probs - old_log_probs).exp()
    held = _held(ratios, clip_epsilon)
    return -(ratios * advantages).mean().minimum((held * advantages).mean())


def _no_ratio(log_probs, old_log_probs, advantages, clip_epsilon):
    return -(log_probs * advantages).mean()


def _new_detached(log_probs, old_log_probs, advantages, clip_epsilon):
    return _undetached(log_probs.detach(), old_log_probs, advantages, clip_epsilon)


def _log_edges(log_probs, old_log_probs, advantages, clip_epsilon):
    log_ratios = log_probs - old_log_probs
    held = log_ratios.clamp(-clip_epsilon, clip_epsilon)
    return -(log_ratios * advantages).minimum(held * advantages).mean()


def _sample_normalized(advantages):
    return advantages.new_tensor(standardized(advantages.numpy(), ddof=1))


_FLOORS = (1.5, 2, 3, 4, 5, 10)

_undetached = _from(_smaller)

# Mistakes in which a gradient would reach the old policy, if it were not detached.
_OF_RATIOS = {
    "max for min": _from(_larger),
    "clip alone": _from(lambda ratios, a, eps: _held(ratios, eps) * a),
    "no clip": _from(lambda ratios, a, eps: ratios * a),
    "half bands": _from(_half_bands),
    "clips the product": _from(_clips_the_product),
    "clipped ratio without A": _from(
        lambda ratios, a, eps: (ratios * a).minimum(_held(ratios, eps))
    ),
    **{f"floor at {times} A": _from(_floor(times)) for times in _FLOORS},
    "mask": _from(lambda ratios, a, eps: _flows(ratios, a, eps) * ratios * a),
    "band as mask": _from(lambda ratios, a, eps: _inside(ratios, eps) * ratios * a),
    "gradient inside the band alone": _from(_gradient_inside_alone),
    "mean over the flowing": _from(_unstopped_alone),
    "mean of both": _from(lambda ratios, a, eps: (ratios + _held(ratios, eps)) * a / 2),
    "smaller ratio": _from(lambda ratios, a, eps: ratios.minimum(_held(ratios, eps)) * a),
    "smaller mean": _smaller_mean,
    "eps fixed at 0.2": _from(lambda ratios, a, eps: _smaller(ratios, a, 0.2)),
    "band around zero": _clamped(lambda ratios, eps: ratios.clamp(-eps, eps)),
    "clamp above alone": _clamped(lambda ratios, eps: ratios.clamp(max=1 + eps)),
    "clamp below alone": _clamped(lambda ratios, eps: ratios.clamp(min=1 - eps)),
    "lower edge 1 / (1 + eps)": _clamped(lambda ratios, eps: ratios.clamp(1 / (1 + eps), 1 + eps)),
    "log-ratio clamped": _clamped(_log_ratio_clamped),
    "clipped detached": _clamped(lambda ratios, eps: _held(ratios, eps).detach()),
    "gradient through the clip": _clamped(_straight_through),
    "ratio inverted": _with_ratios(lambda new, old: (old - new).exp()),
    "no exp": _with_ratios(lambda new, old: new - old),
    "no exp, band of the logarithm": _log_edges,
    "quotient of logs": _with_ratios(lambda new, old: new / old),
    "one ratio for the batch": _with_ratios(lambda new, old: (new.sum() - old.sum()).exp()),
    "new detached": _new_detached,
    "ratio minus 1": _from(
        lambda ratios, a, eps: ((ratios - 1) * a).minimum((ratios - 1).clamp(-eps, eps) * a)
    ),
    "centred inside": _with_advantages(lambda a: a - a.mean()),
    "normalized inside": _with_advantages(_sample_normalized),
    "normalized inside, dividing by n": _with_advantages(
        lambda a: a.new_tensor(standardized(a.numpy()))
    ),
    "size of A": _with_advantages(lambda a: a.abs()),
    "good actions alone": _with_advantages(lambda a: a.clamp(min=0)),
    "sign of the loss": _result(lambda right, n: -right),
    "sum": _result(lambda right, n: n * right),
    "sum of the objectives": _result(lambda right, n: -n * right),
}

# Mistakes in which nothing reaches it anyway.
_WITHOUT_OLD = {
    "probabilities for ratios": _with_ratios(lambda new, old: new.exp()),
    "ratio to itself": _with_ratios(lambda new, old: (new - new.detach()).exp()),
    "log_probs times weights": _log_probs_times_weights,
    "no ratio": _no_ratio,
}

MISTAKES = {
    **{name: _old_detached(mistake) for name, mistake in _OF_RATIOS.items()},
    **_WITHOUT_OLD,
    "old not detached": _undetached,
    **{f"{name}, old not detached": mistake for name, mistake in _OF_RATIOS.items()},
}

_SINGLE_HINTS = {
    "max for min": "take the smaller of the two objectives, not the larger.",
    "clip alone": "without the minimum, a good action that lost probability gets no "
    "gradient, and neither does a bad one that gained it.",
    "no clip": "this is the surrogate, ratio times A, without any clip.",
    "half bands": "the ratio is held on both sides. The minimum of the two objectives leaves "
    "one side free for each sign of A.",
    "clips the product": "clip the ratio, then multiply by the advantage.",
    "clipped ratio without A": "the clipped ratio needs its advantage, too, before the minimum.",
    **{
        f"floor at {times} A": f"the objective stops at {times} A. That is the dual clip, an "
        "addition; the plain minimum has no floor."
        for times in _FLOORS
    },
    "mask": "a stopped sample counts as 0 here. Its gradient is zero, its value is not: it is "
    "(1 + eps) A or (1 - eps) A.",
    "band as mask": "every sample outside the band counts as 0. The minimum keeps a good action "
    "below the band, and a bad one above it.",
    "gradient inside the band alone": "the value is right, but gradients flow inside the band "
    "only. A good action below it, and a bad one above it, must be moved back.",
    "mean over the flowing": "stopped samples are left out of the mean. They count with their "
    "clipped value, and in n.",
    "mean of both": "this is the mean of both objectives. Take the smaller one of each sample.",
    "smaller ratio": "the minimum is that of the two ratios. Multiply by A first: with A < 0 "
    "the smaller ratio makes the larger objective.",
    "smaller mean": "the minimum is that of the two means. Take it sample by sample, then the "
    "mean.",
    "eps fixed at 0.2": "the band has a half width of 0.2 here, whatever clip_epsilon says.",
    "band around zero": "the ratio is held between -eps and eps. The band lies around 1: from "
    "1 - eps to 1 + eps.",
    "clamp above alone": "the ratio is held from above only. A bad action must stop below 1 - eps.",
    "clamp below alone": "the ratio is held from below only. A good action must stop above "
    "1 + eps.",
    "lower edge 1 / (1 + eps)": "the lower edge of the band is 1 - eps, not 1 / (1 + eps).",
    "log-ratio clamped": "the logarithm of the ratio is held between -eps and eps. The band "
    "is that of the ratio: exp first, then clamp to 1 - eps and 1 + eps.",
    "clipped detached": "the clipped ratio has no gradient here. Inside the band both "
    "objectives are equal, and half of the gradient is lost.",
    "gradient through the clip": "the value is clipped, but the gradient flows through the clip. "
    "Beyond the band it must stop: clamp does that by itself.",
    "ratio inverted": "this ratio is old / new. The policy being changed stands on top.",
    "no exp": "a difference of log-probabilities is the logarithm of the ratio: exp is missing.",
    "no exp, band of the logarithm": "the logarithm of the ratio stands for the ratio, in the "
    "objective and in the band: take exp of the difference first.",
    "quotient of logs": "the ratio of two probabilities is exp(log_probs - old_log_probs), not "
    "the quotient of the logarithms.",
    "one ratio for the batch": "the logarithms are summed over the batch, so all samples "
    "share one ratio. Each sample has its own.",
    "probabilities for ratios": "the probability of the old policy is missing: the ratio is "
    "exp(log_probs - old_log_probs).",
    "ratio to itself": "the ratio compares the policy with itself, so it is always 1 and nothing "
    "is ever clipped. Use old_log_probs.",
    "log_probs times weights": "the ratio is detached and log_probs gets the clipped product "
    "as a weight, so no sample's gradient ever stops. Let the ratio carry the gradient.",
    "no ratio": "this is the loss of REINFORCE, log_probs times A. PPO's has the ratio to the old "
    "policy, and the clip.",
    "new detached": "nothing is left to learn from: log_probs must keep its gradient.",
    "ratio minus 1": "1 is subtracted from the ratio, which changes the loss and no gradient. The "
    "objective is ratio times A.",
    "centred inside": "the mean of the advantages is subtracted inside. The loss takes them as "
    "they are.",
    "normalized inside": "the advantages are normalized inside. The loss takes them as they "
    "are; who wants them normalized does so once per batch, before.",
    "normalized inside, dividing by n": "mean and standard deviation of the advantages are taken "
    "out inside. Leave them as they come.",
    "size of A": "the sign of the advantage is lost.",
    "good actions alone": "negative advantages are cut off. Bad actions must become less likely.",
    "sign of the loss": "optimizers go downhill: the loss is minus the objective.",
    "sum": "take the mean over the samples, not the sum.",
    "sum of the objectives": "this is the sum of the objectives. The loss is minus their mean.",
    "old not detached": "the gradient reaches old_log_probs, too. They are numbers, stored "
    "when the actions were drawn: detach them.",
}

HINTS = {
    **_SINGLE_HINTS,
    **{
        f"{name}, old not detached": f"two things: {_SINGLE_HINTS[name]} And old_log_probs must be "
        "detached."
        for name in _OF_RATIOS
    },
}
