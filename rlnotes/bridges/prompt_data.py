"""Labelled documents as the data sets of TRL: prompts with labels, or pairs of answers.

A model that was trained to chat gets its prompts as messages, any other one as text.
"""

from collections.abc import Sequence
from typing import NamedTuple

from datasets import Dataset

from rlnotes.bridges.page_prompts import answer_text, as_json, prompt_of
from rlnotes.data.documents.document import Document
from rlnotes.training.invoices.answer_pairs import corrupted_pairs
from rlnotes.training.invoices.examples import make_example


class TextPair(NamedTuple):
    """Two answers to a document, one better than the other, as JSON."""

    document: Document
    chosen: str
    rejected: str


def acme_pair() -> TextPair:
    """The page with which chapter 10 begins its section on DPO, and its two answers."""
    texts = ("Acme", "Acme Corp", "Invoice", "03 May 2026", "Deposit", "$50.00", "Total", "$500.00")
    boxes = [[60, 40, 110, 52], [60, 60, 150, 72], [60, 90, 120, 102], [400, 90, 480, 102]]
    boxes += [[60, 140, 110, 152], [400, 140, 450, 152]]
    boxes += [[60, 160, 100, 172], [400, 160, 460, 172]]
    target = {"vendor": "Acme Corp", "date": "2026-05-03", "currency": "USD", "total": "500.00"}
    page = Document("acme", texts, boxes, [0] * len(texts), [[595, 842]], target=target)
    wrong = target | {"vendor": "Acme", "total": "50.00"}
    return TextPair(page, answer_text(target), answer_text(wrong))


def corrupted_text_pairs(documents: Sequence[Document], *, count: int, seed: int) -> list[TextPair]:
    """Labels against labels with one mistake, see `corrupted_pairs`.

    The chosen answer is the label as it is. The rejected one is the label as far as
    pointing can write it, with a mistake; it earns less by `invoice_reward`.

    Args:
        documents: with labels, drawn again and again.
        count: of pairs.
        seed: of the draws.

    Raises:
        ValueError: if there is no document, one has no segment or no label, or a number
            is no good one.
    """
    examples = [make_example(document) for document in documents]
    return [
        TextPair(
            example.document,
            answer_text(example.document.target),
            as_json(rejected.written(example)),
        )
        for example, _, rejected in corrupted_pairs(examples, count=count, seed=seed)
    ]


def prompt_rows(documents: Sequence[Document], *, chat: bool = False) -> Dataset:
    """What GRPO and RLOO read: prompt, target and name, a row for each document.

    Args:
        documents: with a segment each; one without a label gets None as its target.
        chat: whether a prompt is a list of one message instead of a text.

    Returns:
        A data set; target is the label as JSON, see `answer_text`.

    Raises:
        ValueError: if there is no document, one has no segment, or the label of one
            says nothing that is asked for.
    """
    if not documents:
        raise ValueError("documents must hold at least one, got none")
    return Dataset.from_list(
        [
            {
                "prompt": _said("user", prompt_of(document), chat),
                "target": None if document.target is None else answer_text(document.target),
                "name": document.name,
            }
            for document in documents
        ]
    )


def pair_rows(pairs: Sequence[TextPair], *, chat: bool = False) -> Dataset:
    """What DPO reads: prompt, chosen and rejected, a row for each pair.

    Args:
        pairs: see `corrupted_text_pairs`.
        chat: whether prompts and answers are lists of one message.

    Raises:
        ValueError: if there is no pair.
    """
    if not pairs:
        raise ValueError("pairs must hold at least one, got none")
    return Dataset.from_list(
        [
            {
                "prompt": _said("user", prompt_of(pair.document), chat),
                "chosen": _said("assistant", pair.chosen, chat),
                "rejected": _said("assistant", pair.rejected, chat),
            }
            for pair in pairs
        ]
    )


def _said(role: str, text: str, chat: bool) -> str | list[dict[str, str]]:
    return [{"role": role, "content": text}] if chat else text
