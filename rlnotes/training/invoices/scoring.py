"""Rewards of answers that a policy gave by pointing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from rlnotes._checks import require_option
from rlnotes.data.documents.pointing import written_answer
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.fields import document_f1
from rlnotes.functional.extraction.reward import REWARD_WEIGHTS, invoice_reward
from rlnotes.functional.extraction.structure import MISSING_ROWS
from rlnotes.models.pointer_actions import Actions
from rlnotes.training.invoices.examples import Example

Score = Callable[[Sequence[Example], Actions], Tensor]


def write_answers(examples: Sequence[Example], actions: Actions) -> list[list[dict]]:
    """What the actions say, as dicts: K answers for each of B documents."""
    segments, formats, line_formats = (
        tensor.tolist() for tensor in (actions.segments, actions.formats, actions.line_format)
    )
    lines = [[each.nonzero()[0].tolist() for each in row] for row in actions.lines.numpy()]
    return [
        [
            written_answer(example.spelled, *choices)
            for choices in zip(
                segments[row], formats[row], lines[row], line_formats[row], strict=True
            )
        ]
        for row, example in enumerate(examples)
    ]


@dataclass(frozen=True)
class RewardScore:
    """Scores actions by `invoice_reward`: what the trainers here take as `score`.

    Attributes:
        labels: whether the label is looked at; without it only the rules are left.
        weights: of the four parts.
        missing_rows: what a missing row counts without labels.
        patch: an extra rule, (answer) to whether it is kept; one that breaks it has
            structure 0. None: no such rule.

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
        """[B, K] rewards."""
        answers = write_answers(examples, actions)
        return torch.tensor(
            [
                [self.of_answer(answer, example) for answer in row]
                for example, row in zip(examples, answers, strict=True)
            ]
        )

    def of_answer(self, answer: dict, example: Example) -> float:
        """The reward of one answer to one document."""
        if self.labels and example.prepared is None:
            raise ValueError(f"example must have a label, got none for {example.document.name!r}")
        target = example.prepared if self.labels else None
        breakdown = invoice_reward(
            answer, target, weights=self.weights, missing_rows=self.missing_rows
        )
        if self.patch is None or self.patch(answer):
            return breakdown.total
        return breakdown.total - self.weights["structure"] * breakdown.structure


def all_or_nothing(examples: Sequence[Example], actions: Actions) -> Tensor:
    """[B, K] 1 for an answer that is right in every field, else 0: a sparse reward."""
    rows = zip(examples, write_answers(examples, actions), strict=True)
    return torch.tensor(
        [[float(is_right(answer, example)) for answer in answers] for example, answers in rows]
    )


def is_right(answer: dict, example: Example) -> bool:
    """Whether every field is that of the label, none is missing and none invented."""
    return document_f1(read_answer(answer), example.prepared.answer) == 1
