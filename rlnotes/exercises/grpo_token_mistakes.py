"""The loss of GRPO per token, and the mistakes that people make in it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np


def loss(log_probs, old_log_probs, ref_log_probs, advantages, mask, clip_epsilon, beta):
    """Mean over answers of the mean over tokens of beta k3 - clipped objective."""
    ratios = np.exp(log_probs - old_log_probs)
    clipped = np.clip(ratios, 1 - clip_epsilon, 1 + clip_epsilon)
    advantages = advantages[:, None]
    gains = np.minimum(ratios * advantages, clipped * advantages)
    gaps = ref_log_probs - log_probs
    losses = beta * (np.exp(gaps) - 1 - gaps) - gains
    return np.mean(np.where(mask, losses, 0.0).sum(axis=1) / mask.sum(axis=1))


@dataclass(frozen=True)
class _Tokens:
    """What the mistakes are made of: [B, T] per token, [B, 1] advantages."""

    own: np.ndarray
    old: np.ndarray
    ref: np.ndarray
    advantages: np.ndarray
    mask: np.ndarray
    clip_epsilon: float
    beta: float

    @property
    def ratios(self):
        return np.exp(self.own - self.old)

    @property
    def gains(self):
        return _gains(self, self.ratios)

    @property
    def prices(self):
        return self.beta * _k3(self.ref - self.own)

    @property
    def losses(self):
        return self.prices - self.gains


def _clipped(tokens, ratios):
    return np.clip(ratios, 1 - tokens.clip_epsilon, 1 + tokens.clip_epsilon)


def _gains(tokens, ratios):
    """The clipped objective of other ratios."""
    return np.minimum(ratios * tokens.advantages, _clipped(tokens, ratios) * tokens.advantages)


def _k3(gaps):
    return np.exp(gaps) - 1 - gaps


def _sums(tokens, numbers):
    """[B, 1] sums over the tokens that count."""
    return np.where(tokens.mask, numbers, 0.0).sum(axis=1, keepdims=True)


def _lengths(tokens):
    return tokens.mask.sum(axis=1, keepdims=True)


def _means(tokens, numbers):
    return _sums(tokens, numbers) / _lengths(tokens)


def _answers(number_of: Callable) -> Callable:
    """A wrong answer: one number, made of the tokens in another way."""

    @np.errstate(all="ignore")  # nan in padding, and the reader shall see no warning of ours
    def wrong(log_probs, old_log_probs, ref_log_probs, advantages, mask, clip_epsilon, beta):
        given = log_probs, old_log_probs, ref_log_probs, advantages[:, None], mask
        return number_of(_Tokens(*given, clip_epsilon, beta))

    return wrong


def _losses(losses_of: Callable) -> Callable:
    """A wrong answer: other losses per token, averaged as they should be."""
    return _answers(lambda tokens: _means(tokens, losses_of(tokens)).mean())


def _ratios(ratios_of: Callable) -> Callable:
    """A wrong answer: other ratios in the objective."""
    return _losses(lambda k: k.prices - _gains(k, ratios_of(k)))


def _policies(gains_of: Callable) -> Callable:
    """A wrong answer: another objective: of tokens, ratios, clipped ratios."""
    return _losses(lambda k: k.prices - gains_of(k, k.ratios, _clipped(k, k.ratios)))


def _prices(prices_of: Callable) -> Callable:
    """A wrong answer: another price, of the tokens and log(reference / policy)."""
    return _losses(lambda k: prices_of(k, k.ref - k.own) - k.gains)


def _averages(average: Callable) -> Callable:
    """A wrong answer: the right losses, put together in another way."""
    return _answers(lambda k: average(k, k.losses))


def _advantages(change: Callable) -> Callable:
    """A wrong answer: other advantages, [B, 1] of [B, 1]."""
    return _losses(lambda k: replace(k, advantages=change(k.advantages)).losses)


def _masks(change: Callable) -> Callable:
    """A wrong answer: the right loss of other tokens."""

    def number(tokens):
        changed = replace(tokens, mask=change(tokens.mask))
        return _means(changed, changed.losses).mean()

    return _answers(number)


def _within(ratios, low, high):
    return np.clip(ratios, low, high)


def _flat(tokens):
    """The objective 0, not the clipped one, where the ratio is outside."""
    inside = _clipped(tokens, tokens.ratios) == tokens.ratios
    return np.where(inside, tokens.ratios * tokens.advantages, 0.0)


def _means_first(tokens):
    """The minimum taken of whole answers: mean ratio, mean clipped ratio."""
    ratios = tokens.ratios
    means = [_means(tokens, numbers) for numbers in (ratios, _clipped(tokens, ratios))]
    gains = np.minimum(*(mean * tokens.advantages for mean in means))
    return (_means(tokens, tokens.prices) - gains).mean()


def _mean_ratio_first(tokens):
    """One ratio for each answer: the mean of its tokens' ratios, then clipped."""
    gains = _gains(tokens, _means(tokens, tokens.ratios))
    return (_means(tokens, tokens.prices) - gains).mean()


def _last_only(tokens):
    """The advantage at the last token that counts, as if it were a reward."""
    behind = np.cumsum(tokens.mask[:, ::-1], axis=1)[:, ::-1]
    return tokens.prices - np.where(behind == 1, tokens.gains, 0.0)


def _priced_advantages(tokens):
    """The price subtracted from the advantage, as from a reward."""
    return -_gains(replace(tokens, advantages=tokens.advantages - tokens.prices), tokens.ratios)


def _first_ones(mask):
    return np.arange(mask.shape[1]) < mask.sum(axis=1, keepdims=True)


def _without_last(mask):
    """Every token but the last of each answer; an only token stays."""
    behind = np.cumsum(mask[:, ::-1], axis=1)[:, ::-1]
    return mask & ((behind > 1) | (mask.sum(axis=1, keepdims=True) == 1))


def _whitened(advantages):
    return (advantages - advantages.mean()) / (advantages.std() + 1e-8)


MISTAKES = {
    "mean over all tokens": _averages(lambda k, losses: losses[k.mask].mean()),
    "divided by T": _averages(lambda k, losses: (_sums(k, losses) / losses.shape[1]).mean()),
    "divided by the longest": _averages(
        lambda k, losses: (_sums(k, losses) / _lengths(k).max()).mean()
    ),
    "sum over the tokens": _averages(lambda k, losses: _sums(k, losses).mean()),
    "sum over the answers": _averages(lambda k, losses: _means(k, losses).sum()),
    "sum over all": _averages(lambda k, losses: losses[k.mask].sum()),
    "one row for each answer": _averages(lambda k, losses: _means(k, losses)[0, 0]),
    "padding counted": _averages(lambda k, losses: losses.mean()),
    "nan times zero": _averages(
        lambda k, losses: ((losses * k.mask).sum(axis=1) / k.mask.sum(axis=1)).mean()
    ),
    "nan times zero, all tokens": _averages(
        lambda k, losses: (losses * k.mask).sum() / k.mask.sum()
    ),
    "nan times zero, divided by T": _averages(lambda k, losses: (losses * k.mask).mean()),
    "nan set to zero": _averages(lambda k, losses: np.nan_to_num(losses).mean()),
    "nan left out": _averages(lambda k, losses: np.nanmean(losses, axis=1).mean()),
    "first places": _masks(_first_ones),
    "last token left out": _masks(_without_last),
    "mask inverted": _averages(lambda k, losses: losses[~k.mask].mean()),
    "maximum": _policies(
        lambda k, r, clipped: np.maximum(r * k.advantages, clipped * k.advantages)
    ),
    "always clipped": _policies(lambda k, r, clipped: clipped * k.advantages),
    "never clipped": _policies(lambda k, r, clipped: r * k.advantages),
    "minimum of the ratios": _policies(lambda k, r, clipped: np.minimum(r, clipped) * k.advantages),
    "zero where clipped": _losses(lambda k: k.prices - _flat(k)),
    "clip without one": _policies(
        lambda k, r, clipped: np.minimum(
            r * k.advantages, _within(r, -k.clip_epsilon, k.clip_epsilon) * k.advantages
        )
    ),
    "clip at 0 and 1 + epsilon": _policies(
        lambda k, r, clipped: np.minimum(
            r * k.advantages, _within(r, 0, 1 + k.clip_epsilon) * k.advantages
        )
    ),
    "clip of the objective": _policies(
        lambda k, r, clipped: np.minimum(r * k.advantages, _clipped(k, r * k.advantages))
    ),
    "clip at the inverse": _policies(
        lambda k, r, clipped: np.minimum(
            r * k.advantages,
            _within(r, 1 / (1 + k.clip_epsilon), 1 + k.clip_epsilon) * k.advantages,
        )
    ),
    "clip of the logarithm": _policies(
        lambda k, r, clipped: np.minimum(
            r * k.advantages,
            _within(r, np.exp(-k.clip_epsilon), np.exp(k.clip_epsilon)) * k.advantages,
        )
    ),
    "bad tokens bounded": _policies(
        lambda k, r, clipped: np.maximum(
            np.minimum(r * k.advantages, clipped * k.advantages), -3 * abs(k.advantages)
        )
    ),
    "advantage once": _policies(lambda k, r, clipped: np.minimum(r, clipped * k.advantages)),
    "ratio inverted": _ratios(lambda k: 1 / k.ratios),
    "ratio to the reference": _ratios(lambda k: np.exp(k.own - k.ref)),
    "log-ratio": _ratios(lambda k: k.own - k.old),
    "probabilities": _ratios(lambda k: np.exp(k.own)),
    "quotient of logarithms": _ratios(lambda k: k.own / k.old),
    "ratio of the whole answer": _ratios(lambda k: np.exp(_sums(k, k.own - k.old))),
    "ratio of the answer, per token": _ratios(lambda k: np.exp(_means(k, k.own - k.old))),
    "ratio until the token": _ratios(
        lambda k: np.exp(np.where(k.mask, k.own - k.old, 0.0).cumsum(axis=1))
    ),
    "means first": _answers(_means_first),
    "mean ratio first": _answers(_mean_ratio_first),
    "last token rewarded": _losses(_last_only),
    "advantages whitened": _advantages(_whitened),
    "advantages' sizes": _advantages(abs),
    "advantages centred": _advantages(lambda a: a - a.mean()),
    "advantages shared out": _losses(
        lambda k: replace(k, advantages=k.advantages / _lengths(k)).losses
    ),
    "no advantages": _advantages(np.ones_like),
    "KL with the wrong sign": _prices(lambda k, gaps: -k.prices),
    "KL left out": _prices(lambda k, gaps: 0.0),
    "KL alone": _losses(lambda k: k.prices),
    "beta missing": _prices(lambda k, gaps: _k3(gaps)),
    "one minus beta": _losses(lambda k: k.prices - (1 - k.beta) * k.gains),
    "k1": _prices(lambda k, gaps: -k.beta * gaps),
    "k1 turned round": _prices(lambda k, gaps: k.beta * gaps),
    "k1's size": _prices(lambda k, gaps: k.beta * abs(gaps)),
    "k2": _prices(lambda k, gaps: k.beta * gaps**2 / 2),
    "square of the log-ratio": _prices(lambda k, gaps: k.beta * gaps**2),
    "k3 inverted": _prices(lambda k, gaps: k.beta * _k3(-gaps)),
    "k3 half inverted": _prices(lambda k, gaps: k.beta * (np.exp(-gaps) - 1 - gaps)),
    "k3, logarithm added": _prices(lambda k, gaps: k.beta * (np.exp(gaps) - 1 + gaps)),
    "k3 without minus one": _prices(lambda k, gaps: k.beta * (np.exp(gaps) - gaps)),
    "k3 without the logarithm": _prices(lambda k, gaps: k.beta * (np.exp(gaps) - 1)),
    "k3 to the old policy": _prices(lambda k, gaps: k.beta * _k3(k.old - k.own)),
    "k3 of old policy and reference": _prices(lambda k, gaps: k.beta * _k3(k.ref - k.old)),
    "k3 of a clipped ratio": _prices(
        lambda k, gaps: k.beta * _k3(np.log(_clipped(k, np.exp(gaps))))
    ),
    "k3 times the ratio": _prices(lambda k, gaps: k.prices * k.ratios),
    "k3 times the probability": _prices(lambda k, gaps: k.prices * np.exp(k.own)),
    "k3 times the advantage": _prices(lambda k, gaps: k.prices * k.advantages),
    "k3 of the whole answer": _prices(lambda k, gaps: k.beta * _k3(_sums(k, gaps))),
    "KL summed": _prices(lambda k, gaps: _sums(k, k.prices)),
    "KL averaged over all tokens": _prices(lambda k, gaps: k.prices[k.mask].mean()),
    "KL in the advantage": _losses(_priced_advantages),
    "nothing subtracted": _losses(lambda k: k.prices + k.gains),
    "to be maximized": _averages(lambda k, losses: -_means(k, losses).mean()),
}
