"""Rewards of answers that a policy gave by pointing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import torch
from torch import Tensor

from rlnotes._checks import require_option
from rlnotes.data.documents.pointing import written_answer
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.fields import document_f1
from rlnotes.functional.extraction.reward import REWARD_WEIGHTS, PreparedTarget, invoice_reward
from rlnotes.functional.extraction.structure import MISSING_ROWS
from rlnotes.models.pointer_actions import Actions
from rlnotes.training.invoices.examples import Example

Score = Callable[[Sequence[Example], Actions], Tensor]


def write_answers(examples: Sequence[Example], actions: Actions) -> list[list[dict]]:
    """What actions say, as dicts.

    Args:
        examples: B documents.
        actions: K answers to each of them.

    Returns:
        B lists of K answers.

    Raises:
        ValueError: if the actions are not those of as many documents.
    """
    if len(examples) != len(actions.segments):
        raise ValueError(
            f"examples must be one for each of the {len(actions.segments)} documents answered, "
            f"got {len(examples)}"
        )
    lines = [[taken.nonzero()[0].tolist() for taken in row] for row in actions.lines.numpy()]
    plain = actions.segments.tolist(), actions.formats.tolist(), lines, actions.line_format.tolist()
    answers = []
    for example, *of_document in zip(examples, *plain, strict=True):
        choices = zip(*of_document, strict=True)
        answers.append([written_answer(example.spelled, *choice) for choice in choices])
    return answers


def require_rewards(rewards: Tensor, shape: tuple[int, int]) -> None:
    """Raise unless a score function returned finite numbers of this shape."""
    if not isinstance(rewards, Tensor):
        shown = type(rewards).__name__
    elif rewards.shape != shape:
        shown = f"shape {tuple(rewards.shape)}"
    elif not rewards.is_floating_point():
        shown = str(rewards.dtype)
    elif not rewards.isfinite().all():
        shown = rewards[~rewards.isfinite()][0].item()
    else:
        return
    raise ValueError(f"score must return finite floats in a tensor of shape {shape}, got {shown}")


@dataclass(frozen=True)
class RewardScore:
    """Scores actions by `invoice_reward`: what the trainers here take as `score`.

    Attributes:
        labels: whether the label is looked at; without it only the rules are left.
        weights: of the four parts, see `invoice_reward`.
        missing_rows: what a missing row counts without labels: "pass", "half" or
            "fail".
        patch: an extra rule, (answer) to whether it is kept; an answer that breaks it
            has structure 0. None: no such rule.

    Raises:
        ValueError: for an unknown way to count missing rows; when called, for documents
            without the labels that are asked for.
    """

    labels: bool = True
    weights: Mapping[str, float] = field(default_factory=lambda: dict(REWARD_WEIGHTS))
    missing_rows: str = "pass"
    patch: Callable[[dict], bool] | None = None

    def __post_init__(self):
        require_option(MISSING_ROWS, missing_rows=self.missing_rows)

    def __call__(self, examples: Sequence[Example], actions: Actions) -> Tensor:
        """[B, K] rewards of K answers to each of B documents, float32."""
        answers = write_answers(examples, actions)
        return torch.tensor(
            [
                [self.of_answer(answer, example) for answer in row]
                for example, row in zip(examples, answers, strict=True)
            ]
        )

    def of_answer(self, answer: dict, example: Example) -> float:
        """The reward of one answer to one document."""
        target = _label(example) if self.labels else None
        breakdown = invoice_reward(
            answer, target, weights=self.weights, missing_rows=self.missing_rows
        )
        if self.patch is None or self.patch(answer):
            return breakdown.total
        return breakdown.total - self.weights["structure"] * breakdown.structure


def has_tax(answer: dict) -> bool:
    """A patch: the tax is there and above zero."""
    tax = read_answer(answer).numbers.get("tax")
    return isinstance(tax, Decimal) and tax > 0


def all_or_nothing(examples: Sequence[Example], actions: Actions) -> Tensor:
    """A sparse reward: 1 for an answer that is right in every field, else 0.

    Args:
        examples: B documents with labels.
        actions: K answers to each of them.

    Returns:
        [B, K] rewards, float32.

    Raises:
        ValueError: for a document without a label.
    """
    rows = zip(examples, write_answers(examples, actions), strict=True)
    return torch.tensor(
        [[float(is_right(answer, example)) for answer in answers] for example, answers in rows]
    )


def is_right(answer: dict, example: Example) -> bool:
    """Whether every field is that of the label, none is missing and none invented.

    Forms are forgiven: "RM 9.60" is 9.60.

    Raises:
        ValueError: if the document has no label.
    """
    return document_f1(read_answer(answer), _label(example).answer) == 1


def _label(example: Example) -> PreparedTarget:
    if example.prepared is None:
        raise ValueError(f"example must have a label, got none for {example.document.name!r}")
    return example.prepared
