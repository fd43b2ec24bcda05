#!/usr/bin/env bash
# choix 0.4.1: `alpha` means another thing in each function that fits pairwise
# comparisons, and an item that never lost gives an error or a finite number, by function.
#
# Guess: alpha is one prior with one meaning, the precision of a Gaussian prior as the
# docstring of opt_pairwise says (variance 1 / alpha), so that all functions agree; and
# with the default alpha all of them refuse data without a finite maximum.
# Seen: with alpha=1 six functions give six numbers for the unbeaten item 0.
# opt_pairwise has the precision 2 alpha (variance 1 / (2 alpha)); ep_pairwise has the
# precision alpha, but returns a mean and no maximum; mm_pairwise adds alpha above and
# below the line of its iteration; ilsr, lsr and rank_centrality add it to the rates of a
# Markov chain, and the last two are one step of a method and no maximum at all.
# With the default alpha three raise ValueError (of a chain, not of an item), one stops
# after 10,000 iterations, and opt_pairwise returns 8.61: its default is 1e-6, not 0.
#
# Output seen:
#   ilsr_pairwise default ValueError, alpha=1 0.6121 -0.1346 -0.4775
#   lsr_pairwise default ValueError, alpha=1 0.6726 -0.1924 -0.4801
#   rank_centrality default ValueError, alpha=1 1.0024 -0.3398 -0.6626
#   opt_pairwise default 8.6054 -4.0473 -4.5581, alpha=1 0.7999 -0.2304 -0.5695
#   mm_pairwise default RuntimeError, alpha=1 1.0832 -0.3178 -0.7654
#   ep_pairwise default TypeError, alpha=1 1.1922 -0.3818 -0.8104
#   maximum with a Gaussian prior of precision 1: 1.1056 -0.3533 -0.7523
#   maximum with a Gaussian prior of precision 2: 0.7999 -0.2304 -0.5695
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet choix==0.4.1 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" - <<'PY'
import choix
import numpy as np
from scipy.optimize import minimize

# Winner first: item 0 won 7 of 7; item 1 beat item 2 five times and lost three times.
games = [(0, 1)] * 3 + [(0, 2)] * 4 + [(1, 2)] * 5 + [(2, 1)] * 3
expected = {
    "ilsr_pairwise": ("ValueError", [0.6121, -0.1346, -0.4775]),
    "lsr_pairwise": ("ValueError", [0.6726, -0.1924, -0.4801]),
    "rank_centrality": ("ValueError", [1.0024, -0.3398, -0.6626]),
    "opt_pairwise": ([8.6054, -4.0473, -4.5581], [0.7999, -0.2304, -0.5695]),
    "mm_pairwise": ("RuntimeError", [1.0832, -0.3178, -0.7654]),
    "ep_pairwise": ("TypeError", [1.1922, -0.3818, -0.8104]),
}


def shown(result):
    return result if isinstance(result, str) else " ".join(f"{score:.4f}" for score in result)


def fitted(name, **kwargs):
    try:
        scores = getattr(choix, name)(3, games, **kwargs)
    except (RuntimeError, TypeError, ValueError) as error:
        return type(error).__name__
    return scores[0] if isinstance(scores, tuple) else scores  # ep: mean and covariance


def same(result, other):
    if isinstance(other, str) or isinstance(result, str):
        return isinstance(result, str) and result == other
    return np.allclose(result, other, atol=2e-3 if max(other) > 5 else 2e-4)


def maximum(precision):
    winners, losers = np.array(games).T

    def loss(scores):
        margins = scores[winners] - scores[losers]
        return np.logaddexp(0, -margins).sum() + precision / 2 * scores @ scores

    return minimize(loss, np.zeros(3), tol=1e-10).x


for name, (default, with_one) in expected.items():
    seen = fitted(name), fitted(name, alpha=1.0)
    print(f"{name} default {shown(seen[0])}, alpha=1 {shown(seen[1])}")
    assert same(seen[0], default) and same(seen[1], with_one), name
for precision in (1, 2):
    print(f"maximum with a Gaussian prior of precision {precision}: {shown(maximum(precision))}")
assert same(fitted("opt_pairwise", alpha=1.0), maximum(2))
assert not same(fitted("opt_pairwise", alpha=1.0), maximum(1))
assert "variance ``1 / alpha``" in choix.opt_pairwise.__doc__
PY
