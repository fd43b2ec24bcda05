"""Wrong answers to `merged_weights`, each with its hint."""

import numpy as np


def merged(weights, down, up, alpha):
    """A right answer."""
    return weights + alpha / len(down) * (up @ down)


def _scaled(scale_of):
    """A wrong answer: another factor, made of rank, alpha and the shape of the map."""

    def answer(weights, down, up, alpha):
        return weights + scale_of(len(down), alpha, *weights.shape) * (up @ down)

    return answer


def _of(change):
    """A wrong answer: W and the scaled update put together in another way."""

    def answer(weights, down, up, alpha):
        return change(weights, alpha / len(down) * (up @ down))

    return answer


def _other_product(product):
    """A wrong answer: another product of A and B, where its shape happens to fit."""

    def answer(weights, down, up, alpha):
        return weights + alpha / len(down) * product(down, up)

    return answer


def _scale_on_all(weights, down, up, alpha):
    return alpha / len(down) * (weights + up @ down)


def _scaled_base(base, update):
    """A wrong answer: W gets a factor, too."""

    def answer(weights, down, up, alpha):
        scale = alpha / len(down)
        return base(scale) * weights + update(scale) * (up @ down)

    return answer


def _ranks(some):
    """A wrong answer: the sum over the ranks has some of its terms only."""

    def answer(weights, down, up, alpha):
        return weights + alpha / len(down) * (up[:, some] @ down[some])

    return answer


def _number_of_numbers(weights, down, up, alpha):
    return weights + alpha / down.size * (up @ down)


def _rounded(weights, down, up, alpha):
    return np.round(merged(weights, down, up, alpha), 2)


MISTAKES = {
    "no scale": _scaled(lambda rank, alpha, outputs, inputs: 1.0),
    "alpha alone": _scaled(lambda rank, alpha, outputs, inputs: alpha),
    "scale upside down": _scaled(lambda rank, alpha, outputs, inputs: rank / alpha),
    "rank alone": _scaled(lambda rank, alpha, outputs, inputs: 1 / rank),
    "alpha times rank": _scaled(lambda rank, alpha, outputs, inputs: alpha * rank),
    "root of the rank": _scaled(lambda rank, alpha, outputs, inputs: alpha / rank**0.5),
    "scale on both": _scaled(lambda rank, alpha, outputs, inputs: (alpha / rank) ** 2),
    "inputs for rank": _scaled(lambda rank, alpha, outputs, inputs: alpha / inputs),
    "outputs for rank": _scaled(lambda rank, alpha, outputs, inputs: alpha / outputs),
    "whole scale": _scaled(lambda rank, alpha, outputs, inputs: alpha // rank),
    "sign of alpha": _scaled(lambda rank, alpha, outputs, inputs: abs(alpha) / rank),
    "A times B": _other_product(lambda down, up: down @ up),
    "transposed": _other_product(lambda down, up: (up @ down).T),
    "A transposed": _other_product(lambda down, up: up @ down.T),
    "element by element": _other_product(lambda down, up: up * down),
    "update alone": _of(lambda weights, update: update),
    "base alone": _of(lambda weights, update: weights.copy()),
    "subtracted": _of(lambda weights, update: weights - update),
    "merged twice": _of(lambda weights, update: weights + 2 * update),
    "chained": _of(lambda weights, update: weights * update),
    "mean": _of(lambda weights, update: (weights + update) / 2),
    "scale on all": _scale_on_all,
    "scale on W alone": _scaled_base(lambda scale: scale, lambda scale: 1.0),
    "mixture": _scaled_base(lambda scale: 1 - scale, lambda scale: scale),
    "last rank alone": _ranks(slice(-1, None)),
    "first rank alone": _ranks(slice(0, 1)),
    "first rank left out": _ranks(slice(1, None)),
    "all numbers for rank": _number_of_numbers,
    "rank of two": _scaled(lambda rank, alpha, outputs, inputs: alpha / 2),
    "largest rank": _scaled(lambda rank, alpha, outputs, inputs: alpha / min(outputs, inputs)),
    "alpha 0 not used": _scaled(lambda rank, alpha, outputs, inputs: (alpha or rank) / rank),
    "rounded": _rounded,
}

HINTS = {
    "no scale": "this is W + B A. The literature's factor alpha / n is missing.",
    "alpha alone": "the factor is alpha / n: alpha is not yet divided by the rank, the number "
    "of rows of A.",
    "scale upside down": "the factor is upside down: alpha stands on top, the rank below.",
    "rank alone": "alpha is not used: the factor is alpha / n.",
    "alpha times rank": "divide alpha by the rank. B A is a sum over n numbers, and grows with it.",
    "root of the rank": "alpha / sqrt(n) is another rule, that of rank-stabilized adapters. "
    "The factor here is alpha / n.",
    "scale on both": "the factor counts twice, as if A and B each had it. It belongs to their "
    "product, once.",
    "inputs for rank": "you divide by the number of inputs. The rank is the number of rows of A.",
    "outputs for rank": "you divide by the number of outputs. The rank is the number of "
    "columns of B.",
    "whole scale": "`//` drops what is behind the point; divide with `/`.",
    "sign of alpha": "the sign of alpha is lost, and with it the way back: -alpha takes an "
    "adapter out.",
    "A times B": "A B is [n, n]; it fits only where the map is as wide as the rank. B A has "
    "the shape of W.",
    "transposed": "the update is transposed. A row of W belongs to an output, and so does a "
    "row of B A.",
    "A transposed": "A is [n, inputs] already: B A needs no transpose.",
    "element by element": "`*` multiplies element by element. The product of matrices is `@`.",
    "update alone": "this is the update alone; W is missing.",
    "base alone": "this is W as it was: nothing is merged.",
    "subtracted": "the update is subtracted. That is the way back.",
    "merged twice": "the update is in there twice. Merge once, and keep count: a layer that is "
    "merged and still adds its adapter is off by as much.",
    "chained": "W and the update are multiplied. They stand side by side, so they add up.",
    "mean": "this is the mean of W and the update; the sum is wanted.",
    "scale on all": "W is scaled as well. The factor belongs to B A alone.",
    "scale on W alone": "the factor stands at W. It belongs to B A.",
    "mixture": "W keeps the factor 1: a merge adds to W, it mixes nothing.",
    "last rank alone": "only the last of the n ranks is in it. Does a loop begin with W anew each "
    "time?",
    "first rank alone": "only the first of the n ranks is in it. Is the return inside the loop?",
    "first rank left out": "the first of the n ranks is left out: count from 0.",
    "all numbers for rank": "you divide by all numbers of A. The rank is the number of its rows, "
    "`len(down)`.",
    "rank of two": "the rank is not always 2: it is the number of rows of A.",
    "largest rank": "you divide by the smaller side of W. That is the largest rank a map can have; "
    "n is the number of rows of A.",
    "alpha 0 not used": "an alpha of 0 counts, too: then nothing is added. `or` takes 0 for "
    "missing.",
    "rounded": "the numbers are rounded. Give them as they are.",
}
