"""Pairs of answers to one document, for DPO: sampled and scored, or from a label."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from rlnotes._checks import require_positive_integer, require_seed
from rlnotes.data.documents.pointing import FIELDS, FORMATS, kind_of, written_answer
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.formats import format_score
from rlnotes.functional.extraction.readings import MALFORMED
from rlnotes.functional.preference_pairs import best_and_worst
from rlnotes.models.pointer_actions import Actions, sample_actions
from rlnotes.models.pointer_policy import PointerPolicy
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.demonstrations import demonstrate
from rlnotes.training.invoices.examples import Example
from rlnotes.training.invoices.scoring import Score, require_rewards
from rlnotes.training.optimizing import torch_rng

_BATCH = 8  # documents that are answered together
_MISTAKES = ("another segment", "left out", "another format")


class Choice(NamedTuple):
    """One answer to one document by numbers, see `written_answer`."""

    segments: tuple[int, ...]  # [F] counted from 1; 0 is absent
    formats: tuple[int, ...]  # [F] of `FORMATS`; 0 where absent
    lines: tuple[int, ...]  # segments with the amount of a line, counted from 0
    line_format: int  # of `FORMATS`

    def written(self, example: Example) -> dict:
        """The answer that it writes from the document of an example."""
        return written_answer(example.spelled, *self)


class Pair(NamedTuple):
    """Two answers to the document of an example, one better than the other."""

    example: Example
    chosen: Choice
    rejected: Choice


def as_actions(choices: Sequence[Sequence[Choice]], length: int) -> Actions:
    """Answers by numbers as tensors, the opposite of `as_choices`.

    Args:
        choices: K answers to each of B documents.
        length: N, segments of the longest of these documents.

    Raises:
        ValueError: if there is no answer, not as many to each document, or a segment
            beyond the length.
    """
    require_positive_integer(length=length)
    counts = sorted({len(answers) for answers in choices})
    if len(counts) != 1 or not counts[0]:
        raise ValueError(f"choices must hold as many answers to each document, got {counts}")
    lines = torch.zeros(len(choices), counts[0], length, dtype=torch.bool)
    for row, answers in enumerate(choices):
        for column, answer in enumerate(answers):
            _require_segments(answer, length)
            lines[row, column, list(answer.lines)] = True
    return Actions(
        torch.tensor([[answer.segments for answer in answers] for answers in choices]),
        torch.tensor([[answer.formats for answer in answers] for answers in choices]),
        lines,
        torch.tensor([[answer.line_format for answer in answers] for answers in choices]),
    )


def _require_segments(answer: Choice, length: int) -> None:
    furthest = max([*answer.segments, *(1 + place for place in answer.lines)])
    if furthest > length:
        raise ValueError(f"choices must point at one of {length} segments, got number {furthest}")


def as_choices(actions: Actions) -> list[list[Choice]]:
    """Answers by numbers, K to each of B documents, from tensors."""
    batch, num_answers = actions.line_format.shape
    return [
        [_choice(actions, row, column) for column in range(num_answers)] for row in range(batch)
    ]


def _choice(actions: Actions, row: int, column: int) -> Choice:
    segments, formats, lines, line_format = (part[row, column] for part in actions)
    return Choice(
        tuple(segments.tolist()),
        tuple(formats.tolist()),
        tuple(lines.nonzero()[:, 0].tolist()),
        int(line_format),
    )


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

    A document whose answers all score alike gives no pair, see `best_and_worst`, and
    neither does one whose best and worst say the same.

    Args:
        policy: writes the answers.
        examples: documents, each as often as it shall be answered.
        score: (examples, actions) to rewards [B, K], such as `RewardScore`.
        num_answers: K, at least 2.
        seed: of the draws.

    Returns:
        At most one pair for each document, in the order of the documents.

    Raises:
        ValueError: for a number that is too small, or scores that are no such tensor.
    """
    require_positive_integer(num_answers=num_answers)
    if num_answers < 2:
        raise ValueError(f"num_answers must be at least 2, got {num_answers}")
    require_seed(seed=seed)
    generator, pairs = torch_rng(np.random.SeedSequence(seed)), []
    for start in range(0, len(examples), _BATCH):
        part = list(examples[start : start + _BATCH])
        actions = sample_actions(policy(draw_pages(part, None)), num_answers, generator=generator)
        rewards = score(part, actions)
        require_rewards(rewards, (len(part), num_answers))
        chosen, rejected, kept = best_and_worst(rewards)
        for row in kept.nonzero()[:, 0].tolist():
            best, worst = (_choice(actions, row, int(place[row])) for place in (chosen, rejected))
            pairs.append(Pair(part[row], best, worst))
    return [pair for pair in pairs if _differs(pair)]


def _differs(pair: Pair) -> bool:
    """Whether the answers say different things, or one is better written."""
    first, second = (read_answer(choice.written(pair.example)) for choice in pair[1:])
    return first.values != second.values or format_score(first) != format_score(second)


def true_choice(example: Example) -> Choice:
    """One answer that says what the label says, as far as pointing can.

    Of several segments with the value it points at the first. A field that cannot be
    written is left out.

    Args:
        example: with a label.

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
    lines = sorted(place for same in demonstration.amounts for place in same.places[: same.count])
    return Choice(tuple(segments), tuple(formats), tuple(lines), demonstration.line_format)


def corrupted_pairs(examples: Sequence[Example], *, count: int, seed: int) -> list[Pair]:
    """Labels against labels with one mistake: another segment, none, or a bad format.

    The mistakes are those of a reader: another segment of the same kind, a field left
    out, a value copied with its signs or misread, lines left out. No mistake says the
    same as the label and is as well written: -0.00 for 0.00 would be one.

    The answer with a mistake earns less than the other by `invoice_reward`, except
    where the label cannot be written: a required field that is left out earns nothing
    for its format, and a wrong one does.

    Args:
        examples: documents with labels, drawn again and again.
        count: of pairs.
        seed: of the draws.

    Returns:
        Pairs of `true_choice` and the same with a mistake.

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
        pair = Pair(example, truth, _corrupted(example, truth, generator))
        if _differs(pair):
            pairs.append(pair)
    return pairs


def _corrupted(example: Example, truth: Choice, generator: np.random.Generator) -> Choice:
    """The truth with a mistake in one field, or without some of its lines."""
    field = int(generator.integers(len(FIELDS) + 1))
    if field == len(FIELDS):
        kept = [place for place in truth.lines if generator.random() > 0.5]
        return truth._replace(lines=tuple(kept))
    segments, formats = list(truth.segments), list(truth.formats)
    mistake = _MISTAKES[generator.integers(len(_MISTAKES))]
    if mistake == "another segment":
        segments[field] = _of_the_same_kind(example, field, generator)
    elif mistake == "left out":
        segments[field] = 0
    else:
        step = int(generator.integers(1, len(FORMATS)))
        formats[field] = (formats[field] + step) % len(FORMATS)
    if not segments[field]:
        formats[field] = 0
    return truth._replace(segments=tuple(segments), formats=tuple(formats))


def _of_the_same_kind(example: Example, field: int, generator: np.random.Generator) -> int:
    """A segment, from 1, that can be read as a value of the field; 0 for none."""
    name = FIELDS[field]
    readable = [
        number
        for number, row in enumerate(example.spelled[kind_of(name)], start=1)
        if read_answer({name: row.usual}).values.get(name) not in (None, MALFORMED)
    ]
    return int(generator.choice(readable)) if readable else 0
