"""How good a policy is: fields, whole documents, rules; and whether it is better."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from rlnotes._checks import (
    float64_array,
    require_finite,
    require_positive_integer,
    require_same_shape,
    require_seed,
)
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.fields import F1Scores, f1_scores
from rlnotes.functional.extraction.formats import format_verdicts
from rlnotes.functional.extraction.reward import REWARD_WEIGHTS, invoice_reward
from rlnotes.models.pointer_actions import action_log_probs, best_actions
from rlnotes.models.pointer_policy import PointerPolicy
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.examples import Example
from rlnotes.training.invoices.scoring import is_right, write_answers

_BATCH = 16
_MOST_PAIRS = 2_000_000  # of segments in a batch
_UNREADABLE = "not as agreed"


class GivenAnswer(NamedTuple):
    """The likeliest answer to one document, and how likely each part of it is."""

    answer: dict
    confidences: np.ndarray  # [F + 1] probability of each field's choice, and of the lines


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The likeliest answers to D documents, compared with their labels.

    Attributes:
        fields: counts and F1 by field. Forms are forgiven: "RM 9.60" is 9.60.
        as_agreed: the same with what is not written as agreed counted as wrong.
        right: [D] bool, every field right, none missing, none invented.
        keeps_rules: [D] bool, the required fields are there, all is written as agreed,
            and no sum is wrong; the label is not looked at.
        rewards: [D] with the label and the usual weights.
    """

    fields: F1Scores
    as_agreed: F1Scores
    right: np.ndarray
    keeps_rules: np.ndarray
    rewards: np.ndarray

    @property
    def macro_f1(self) -> float:
        """Mean over fields of their F1."""
        return self.fields.macro


@torch.no_grad()
def answer_all(policy: PointerPolicy, examples: Sequence[Example]) -> list[GivenAnswer]:
    """The likeliest answer to each document, in the order of the documents."""
    given: list[GivenAnswer | None] = [None] * len(examples)
    for numbers in _batches([len(example.features) for example in examples]):
        part = [examples[number] for number in numbers]
        choices = policy(draw_pages(part, None))
        actions = best_actions(choices)
        confidences = action_log_probs(choices, actions)[:, 0].exp().numpy()
        answers = write_answers(part, actions)
        for number, (answer,), confidence in zip(numbers, answers, confidences, strict=True):
            given[number] = GivenAnswer(answer, confidence)
    return given


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of documents of about one length, so that little is padding.

    Long ones come in few or alone: memory grows with the square of the length.
    """
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        too_large = (len(batch) + 1) * lengths[number] ** 2 > _MOST_PAIRS
        if batch and (len(batch) == _BATCH or too_large):
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def evaluate(policy: PointerPolicy, examples: Sequence[Example]) -> Evaluation:
    """Answer documents that have a label, and compare.

    Args:
        policy: writes the answers.
        examples: D documents with labels.

    Raises:
        ValueError: if there is no document, or one without a label.
    """
    return compare([each.answer for each in answer_all(policy, examples)], examples)


def compare(answers: Sequence[Mapping], examples: Sequence[Example]) -> Evaluation:
    """Answers from anywhere against the labels of their documents.

    Args:
        answers: D dicts, see `read_answer`.
        examples: their documents, in the same order.

    Raises:
        ValueError: if there is no document, not one answer for each, or a document
            without a label.
    """
    if not 0 < len(answers) == len(examples):
        raise ValueError(
            "answers and examples must be as many, and at least one, got "
            f"{len(answers)} and {len(examples)}"
        )
    pairs = list(zip(answers, examples, strict=True))
    for example in examples:
        if example.target is None:
            raise ValueError(f"examples must have labels, got none for {example.document.name!r}")
    return Evaluation(
        f1_scores((answer, example.target) for answer, example in pairs),
        f1_scores((_well_written(answer), example.target) for answer, example in pairs),
        np.array([is_right(answer, example) for answer, example in pairs]),
        np.array([keeps_rules(answer) for answer in answers]),
        np.array(
            [
                invoice_reward(answer, example.prepared, weights=REWARD_WEIGHTS).total
                for answer, example in pairs
            ]
        ),
    )


def _well_written(answer: Mapping) -> dict:
    """The answer, with what is not written as agreed made unreadable."""
    read = read_answer(dict(answer))
    if read is None:
        return dict(answer)
    badly = {key: _UNREADABLE for key, share in format_verdicts(read, ()) if share < 1}
    return {**answer, **badly}


def keeps_rules(answer: Mapping) -> bool:
    """Whether an answer has what each document has, is well written and adds up.

    The label is not looked at, and a row that could be missing is not missed.

    Args:
        answer: a dict, see `read_answer`.

    Example:
        >>> keeps_rules({"vendor": "Acme", "total": "9.60"})
        False
    """
    breakdown = invoice_reward(dict(answer), None, weights=REWARD_WEIGHTS)
    # A required field that is absent earns nothing for its format.
    return breakdown.structure == 1 and breakdown.format == 1


class Gain(NamedTuple):
    """A mean difference and its 95% interval, in the unit of what is compared."""

    mean: float
    low: float
    high: float


def paired_gain(
    before: np.ndarray,
    after: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    num_resamples: int = 2000,
    seed: int = 0,
) -> Gain:
    """Mean of after - before over the same documents, with a bootstrap interval.

    What both have in common, such as hard documents, cancels out.

    Args:
        before: [D] one number per document, such as `Evaluation.right`.
        after: [D] the same of what it is compared with.
        groups: [D] what documents belong together, such as their sellers: those of a
            group are drawn together. None: each is on its own.
        num_resamples: documents are drawn again so many times.
        seed: of these draws.

    Raises:
        ValueError: if the shapes differ, they are no vectors, there is no document, a
            number is not finite, or num_resamples or seed is no such integer.

    Example:
        >>> paired_gain([0.0, 1.0, 0.5], [0.5, 1.5, 1.0])
        Gain(mean=0.5, low=0.5, high=0.5)
    """
    before, after = float64_array("before", before), float64_array("after", after)
    require_same_shape(before=before, after=after)
    require_finite(before=before, after=after)
    require_positive_integer(num_resamples=num_resamples)
    require_seed(seed=seed)
    if before.ndim != 1 or not len(before):
        raise ValueError(f"before and after must be vectors, got shape {before.shape}")
    differences = after - before
    groups = np.arange(len(differences)) if groups is None else np.asarray(groups)
    if groups.shape != differences.shape:
        raise ValueError(f"groups must have shape {differences.shape}, got {groups.shape}")
    places = np.unique(groups, return_inverse=True)[1]
    sums, sizes = np.bincount(places, weights=differences), np.bincount(places)
    generator = np.random.default_rng(seed)
    drawn = (generator.integers(len(sums), size=len(sums)) for _ in range(num_resamples))
    means = [sums[rows].sum() / sizes[rows].sum() for rows in drawn]
    low, high = np.quantile(means, [0.025, 0.975])
    return Gain(float(differences.mean()), float(low), float(high))
