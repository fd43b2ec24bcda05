"""The reward of an extraction: fields, structure and format, less what was invented.

    R = w1 * fields + w2 * structure + w3 * format - w4 * hallucination

Only `structure` and `format` can be judged without a label. With the usual weights R
lies in [-0.1, 0.9]: a true answer earns 0.9, not 1.
"""

import marshal
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rlnotes._checks import (
    require_in_unit_interval,
    require_not_negative,
    require_option,
    shown,
)
from rlnotes.functional.extraction.answers import REQUIRED, Answer, read_answer
from rlnotes.functional.extraction.fields import document_f1
from rlnotes.functional.extraction.formats import format_score
from rlnotes.functional.extraction.structure import (
    MISSING_ROWS,
    Rules,
    free_score,
    rules_of,
    share_kept,
)
from rlnotes.functional.extraction.targets import read_target

REWARD_WEIGHTS = {"fields": 0.4, "structure": 0.3, "format": 0.2, "hallucination": 0.1}


@dataclass(frozen=True)
class RewardBreakdown:
    """A reward and what it is made of.

    Attributes:
        total: the weighted sum, reward.
        fields: micro F1 of the fields; 0 without a target. Like all parts in [0, 1] and
            not weighted.
        structure: share of the rules of arithmetic that hold.
        format: share of the fields that are written as agreed.
        hallucination: share of the fields given that the document does not have.
        missing: share of the fields of the document that are not given. Not in the
            total: F1 counts them already.
        readable: whether the answer could be read at all.
    """

    total: float
    fields: float
    structure: float
    format: float
    hallucination: float
    missing: float
    readable: bool


class PreparedTarget(NamedTuple):
    """A document's label, read once for many answers: see `prepare_target`."""

    answer: Answer
    rules: Rules


def prepare_target(target: Mapping) -> PreparedTarget:
    """A label for `invoice_reward` that is read and checked only once.

    Later changes of the dict do not reach it.

    Raises:
        ValueError: if the target is no dict or says nothing, or a value in it cannot be
            read.
    """
    answer = read_target(target)
    return PreparedTarget(answer, rules_of(answer))


def _prepared(target: Mapping) -> PreparedTarget:
    """`prepare_target`, remembered by value: a changed dict is another target."""
    try:
        return _prepared_from(marshal.dumps(target, 2))
    except (ValueError, TypeError):  # not plain data, or no good target
        return prepare_target(target)


@lru_cache(maxsize=1024)
def _prepared_from(data: bytes) -> PreparedTarget:
    return prepare_target(marshal.loads(data))


def composite_reward(
    fields: float,
    structure: float,
    format: float,
    hallucination: float,
    *,
    weights: Mapping[str, float],
) -> float:
    """The reward that four parts add up to.

        R = w1 * fields + w2 * structure + w3 * format - w4 * hallucination

    Args:
        fields: F1 of the fields, in [0, 1].
        structure: share of the rules of arithmetic that hold, in [0, 1].
        format: share of the fields that are well written, in [0, 1].
        hallucination: share of the fields that are invented, in [0, 1].
        weights: of the four parts, by their names; finite and not negative, and they
            need not sum to one. `REWARD_WEIGHTS` are the usual ones.

    Returns:
        Reward, a float; the sum of the four products is rounded once.

    Raises:
        ValueError: if a part lies outside [0, 1], a weight is missing or no such
            number, or there is another key.

    Example:
        >>> round(composite_reward(0.9, 1, 0.8, 0, weights=REWARD_WEIGHTS), 12)
        0.82
    """
    require_in_unit_interval(
        fields=fields, structure=structure, format=format, hallucination=hallucination
    )
    _require_weights(weights)
    return _weighted(fields, structure, format, hallucination, weights)


def invoice_reward(
    prediction,
    target: Mapping | PreparedTarget | None,
    *,
    weights: Mapping[str, float],
    missing_rows: str = "pass",
) -> RewardBreakdown:
    """The reward of one answer, and its parts.

    An answer that cannot be read, whatever it is, earns the least there is: 0 for
    fields, structure and format, 1 for hallucination.

    Args:
        prediction: the answer, a JSON string or a dict; it never raises.
        target: what the document says, a dict or what `prepare_target` made of it; None
            for a reward without labels. Then fields and hallucination are 0, and the
            fields that every document has stand for those of the target.
        weights: of the four parts, by their names, as in `composite_reward`.
        missing_rows: what a row counts in the structure that the answer may lack,
            "pass", "half" or "fail"; without a target only, see `structure_score`.

    Raises:
        ValueError: if target, weights or missing_rows is no good one.

    Example:
        >>> target = {"vendor": "Acme Corp", "total": "500.00"}
        >>> answer = '{"vendor": "ACME CORP", "total": "$500.00"}'
        >>> breakdown = invoice_reward(answer, target, weights=REWARD_WEIGHTS)
        >>> breakdown.fields, breakdown.format
        (1.0, 0.5)
    """
    _require_weights(weights)
    require_option(MISSING_ROWS, missing_rows=missing_rows)
    if target is not None and not isinstance(target, PreparedTarget):
        target = _prepared(target)
    answer = read_answer(prediction)
    if answer is None:
        parts, missing = (0.0, 0.0, 0.0, 1.0), 1.0
    elif target is None:
        parts = (0.0, free_score(answer, missing_rows), format_score(answer), 0.0)
        missing = _absent_share(REQUIRED, answer.values)
    else:
        truth = target.answer.values
        parts = (
            document_f1(answer, target.answer),
            share_kept(answer, target.rules),
            format_score(answer, truth),
            _absent_share(answer.values, truth),
        )
        missing = _absent_share(truth, answer.values)
    total = _weighted(*parts, weights)
    return RewardBreakdown(total, *parts, missing, answer is not None)


def _absent_share(keys, held) -> float:
    """Share of keys that are not held; 0 of none."""
    return sum([key not in held for key in keys]) / len(keys) if keys else 0.0


def _weighted(fields, structure, format, hallucination, weights) -> float:
    return math.fsum(
        (
            weights["fields"] * fields,
            weights["structure"] * structure,
            weights["format"] * format,
            -weights["hallucination"] * hallucination,
        )
    )


def _require_weights(weights) -> None:
    if not isinstance(weights, Mapping) or weights.keys() != REWARD_WEIGHTS.keys():
        raise ValueError(f"weights must have the keys {list(REWARD_WEIGHTS)}, got {shown(weights)}")
    for name, weight in weights.items():
        if not (type(weight) is float and 0 <= weight < math.inf):  # the usual case, fast
            require_not_negative(**{f"weights[{name!r}]": weight})
