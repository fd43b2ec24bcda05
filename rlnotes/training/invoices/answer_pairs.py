"""Pairs of answers to one document, for DPO: sampled and scored, or from a label."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from rlnotes._checks import require_positive_integer, require_seed
from rlnotes.data.documents.pointing import FIELDS, kind_of, written_answer
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.readings import MALFORMED
from rlnotes.functional.preference_pairs import best_and_worst
from rlnotes.models.pointer_actions import Actions, sample_actions
from rlnotes.models.pointer_policy import PointerPolicy
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.demonstrations import demonstrate
from rlnotes.training.invoices.examples import Example
from rlnotes.training.invoices.scoring import Score
from rlnotes.training.optimizing import torch_rng


class Choice(NamedTuple):
    """One answer to one document by numbers, see `written_answer`."""

    segments: tuple[int, ...]  # [F]
    formats: tuple[int, ...]  # [F]
    lines: tuple[int, ...]  # segments, counted from 0
    line_format: int

    def written(self, example: Example) -> dict:
        """The answer."""
        return written_answer(example.spelled, *self)


class Pair(NamedTuple):
    """Two answers to the document of an example."""

    example: Example
    chosen: Choice
    rejected: Choice


def as_actions(choices: Sequence[Sequence[Choice]], length: int) -> Actions:
    """Actions of B documents of at most so many segments, with K answers each."""
    lines = torch.zeros(len(choices), len(choices[0]), length, dtype=torch.bool)
    for row, answers in enumerate(choices):
        for column, answer in enumerate(answers):
            lines[row, column, list(answer.lines)] = True
    segments, formats, line_format = (
        torch.tensor([[getattr(answer, name) for answer in answers] for answers in choices])
        for name in ("segments", "formats", "line_format")
    )
    return Actions(segments, formats, lines, line_format)


def as_choices(actions: Actions) -> list[list[Choice]]:
    """The opposite of `as_actions`."""
    rows = []
    for row in range(len(actions.segments)):
        answers = []
        for column in range(actions.segments.shape[1]):
            segments, formats, lines, line_format = (each[row, column] for each in actions)
            places = lines.nonzero()[:, 0].tolist()
            numbers = tuple(segments.tolist()), tuple(formats.tolist())
            answers.append(Choice(*numbers, tuple(places), int(line_format)))
        rows.append(answers)
    return rows


@torch.no_grad()
def sampled_pairs(
    policy: PointerPolicy,
    examples: Sequence[Example],
    score: Score,
    *,
    num_answers: int = 4,
    seed: int,
) -> list[Pair]:
    """The best and the worst of K answers of a policy to each document.

    A document whose answers all score alike gives no pair, and neither does one whose
    best and worst say the same.

    Args:
        policy: writes the answers.
        examples: documents, each as often as it shall be answered.
        score: (examples, actions) to rewards [B, K].
        num_answers: K, at least 2.
        seed: of the draws.

    Raises:
        ValueError: for a number that is too small, or scores that are no such tensor.
    """
    require_positive_integer(num_answers=num_answers)
    require_seed(seed=seed)
    generator, pairs = torch_rng(np.random.SeedSequence(seed)), []
    for start in range(0, len(examples), 8):
        part = list(examples[start : start + 8])
        actions = sample_actions(policy(draw_pages(part, None)), num_answers, generator=generator)
        found = best_and_worst(score(part, actions))
        for row, example in enumerate(part):
            if found.kept[row]:
                (answers,) = as_choices(actions.part(torch.tensor([row])))
                pair = answers[found.chosen[row]], answers[found.rejected[row]]
                pairs += _different(Pair(example, *pair))
    return pairs


def _different(pair: Pair) -> list[Pair]:
    same = pair.chosen.written(pair.example) == pair.rejected.written(pair.example)
    return [] if same else [pair]


def true_choice(example: Example) -> Choice:
    """One answer that says what the label says, as far as pointing can.

    Raises:
        ValueError: if the example has no label.
    """
    demonstration = demonstrate(example)
    segments, formats = [], []
    for right in demonstration.right:
        places = np.argwhere(right)
        segment, form = places[0].tolist() if len(places) else (0, 0)
        segments.append(segment)
        formats.append(form)
    lines = sorted(i for places, count in demonstration.amounts for i in places[:count])
    return Choice(tuple(segments), tuple(formats), tuple(lines), demonstration.line_format)


def corrupted_pairs(examples: Sequence[Example], *, count: int, seed: int) -> list[Pair]:
    """Labels against labels with one mistake: another segment, none, or a bad format.

    The mistakes are those of a reader: a neighbouring segment of the same kind, a field
    left out, a value copied with its signs, a line left out.

    Args:
        examples: documents with labels, drawn again and again.
        count: of pairs.
        seed: of the draws.

    Raises:
        ValueError: if there is no example, or one without a label.
    """
    require_positive_integer(count=count)
    require_seed(seed=seed)
    if not examples:
        raise ValueError("examples must hold at least one document, got none")
    generator, pairs = np.random.default_rng(seed), []
    truths = {}
    while len(pairs) < count:
        number = int(generator.integers(len(examples)))
        example = examples[number]
        if number not in truths:
            truths[number] = true_choice(example)
        truth = truths[number]
        pairs += _different(Pair(example, truth, _corrupted(example, truth, generator)))
    return pairs


def _corrupted(example: Example, truth: Choice, generator: np.random.Generator) -> Choice:
    field = int(generator.integers(len(FIELDS) + 1))
    if field == len(FIELDS):
        kept = [i for i in truth.lines if generator.random() > 0.5]
        return truth._replace(lines=tuple(kept))
    segment, form = truth.segments[field], truth.formats[field]
    mistake = generator.integers(3)
    if mistake == 0:
        segment = _of_the_same_kind(example, field, generator)
    elif mistake == 1:
        segment, form = 0, 0
    else:
        form = (form + int(generator.integers(1, 3))) % 3
    return truth._replace(
        segments=(*truth.segments[:field], segment, *truth.segments[field + 1 :]),
        formats=(*truth.formats[:field], form if segment else 0, *truth.formats[field + 1 :]),
    )


def _of_the_same_kind(example: Example, field: int, generator: np.random.Generator) -> int:
    """A segment, from 1, that can be read as a value of the field; 0 for none."""
    name = FIELDS[field]
    readable = [
        number
        for number, row in enumerate(example.spelled[kind_of(name)], start=1)
        if read_answer({name: row.usual}).values.get(name) not in (None, MALFORMED)
    ]
    return int(generator.choice(readable)) if readable else 0
