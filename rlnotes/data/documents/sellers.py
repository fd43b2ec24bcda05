"""Which receipts are of one seller, and a part of the sellers held out.

Receipts of one seller look alike. Who learns from some of them knows the others, so a
test has to be on sellers that were never seen.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np

from rlnotes._checks import require_in_unit_interval, require_seed

ALIKE = 0.85  # of two names, by `SequenceMatcher`: more than slips of the pen
_BRACKETS = re.compile(r"[(\[][^()\[\]]*[0-9]{3}[^()\[\]]*[)\]]?")
_FORMS = re.compile(
    r"\b(?:sdn|sendirian|bhd|berhad|s/b|plt|ltd|limited|inc|llc|gmbh|enterprise|trading|co|m)\b"
)
_SIGNS = re.compile(r"[\W_]+")


def seller_numbers(names: Sequence[str]) -> np.ndarray:
    """[N] int64: equal for names of one seller, counted from 0 as they first come.

    Capitals, blanks, signs, registration numbers and legal forms are no matter, and
    neither are a few letters: names that are alike to `ALIKE` are one.

    Example:
        >>> seller_numbers(["BLUE INK LTD", "Red Pen", "BLEU INK (1234-X)"]).tolist()
        [0, 1, 0]
    """
    known: list[str] = []
    numbers: dict[str, int] = {}
    for name in names:
        if name not in numbers:
            core = _core(name)
            number = next((i for i, other in enumerate(known) if _alike(core, other)), len(known))
            if number == len(known):
                known.append(core)
            numbers[name] = number
    return np.array([numbers[name] for name in names], dtype=np.int64)


def held_out(sellers: np.ndarray, *, share: float, seed: int) -> np.ndarray:
    """[N] bool: receipts of sellers that are held out, all of a seller or none.

    Sellers are taken in random order; one with more receipts than are left to take is
    passed over.

    Args:
        sellers: [N] number of the seller of each receipt.
        share: of the receipts to hold out, at most.
        seed: of the order.

    Raises:
        ValueError: if share lies outside [0, 1], or no seller or all of them would be
            held out.
    """
    require_in_unit_interval(share=share)
    require_seed(seed=seed)
    numbers, places, counts = np.unique(sellers, return_inverse=True, return_counts=True)
    left, held = share * len(sellers), np.zeros(len(numbers), dtype=bool)
    for seller in np.random.default_rng(seed).permutation(len(numbers)).tolist():
        if counts[seller] <= left:
            held[seller] = True
            left -= counts[seller]
    if held.all() or not held.any():
        raise ValueError(
            f"sellers must leave some to hold out and some to keep, got {len(numbers)} "
            f"with {counts.tolist()[:10]} receipts and share={share}"
        )
    return held[places]


def _core(name: str) -> str:
    folded = name.casefold()
    core = _SIGNS.sub("", _FORMS.sub(" ", _BRACKETS.sub(" ", folded)))
    return core or _SIGNS.sub("", folded) or folded


def _alike(core: str, other: str) -> bool:
    matcher = SequenceMatcher(None, core, other, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE
