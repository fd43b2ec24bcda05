"""What the stored policy reads on documents, and how far it agrees with labels."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tqdm import tqdm

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.pointing import FIELDS
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.scripts.output_files import as_csv, as_texts
from rlnotes.training.invoices.evaluation import GivenAnswer, answer_all
from rlnotes.training.invoices.examples import make_example
from rlnotes.training.invoices.stored_policy import StoredPolicy

CONFIDENT = 0.9
MOST_SEGMENTS = 1000  # memory grows with the square
COLUMNS = ("document", "field", "value", "confidence")
_LINES = "line_items"
_PART = 32


class Value(NamedTuple):
    """One value that the policy reads on a document.

    Attributes:
        document: its name.
        field: of an answer; the amounts of lines are "line_items 1" and so on.
        value: as the policy writes it.
        confidence: probability that the policy gives to its choice; to that of all
            lines together, for each of them.
        agrees: whether the label says the same; None if it does not name the field.
    """

    document: str
    field: str
    value: str
    confidence: float
    agrees: bool | None


class Extraction(NamedTuple):
    """All values, the numbers of documents read, and of those that were not."""

    values: tuple[Value, ...]
    num_read: int
    num_without_text: int
    num_too_long: int


def extract(documents: Sequence[Document], stored: StoredPolicy) -> Extraction:
    """What a policy reads on documents; a bar on stderr.

    Documents without text, and those with more than 1000 segments, are passed over.
    """
    with_text = [document for document in documents if len(document.segments)]
    short = [document for document in with_text if len(document.segments) <= MOST_SEGMENTS]
    values: list[Value] = []
    with tqdm(total=len(short), unit="document", file=sys.stderr, disable=None) as bar:
        for start in range(0, len(short), _PART):
            # Without labels: one that no answer can be scored by is no hindrance.
            part = short[start : start + _PART]
            given = answer_all(stored.policy, [make_example(_unlabelled(d)) for d in part])
            for document, answer in zip(part, given, strict=True):
                values += _values(document, answer)
            bar.update(len(part))
    no_text, too_long = len(documents) - len(with_text), len(with_text) - len(short)
    return Extraction(tuple(values), len(short), no_text, too_long)


def _unlabelled(document: Document) -> Document:
    return Document(
        document.name, document.segments, document.boxes, document.pages, document.page_sizes
    )


def _values(document: Document, given: GivenAnswer) -> Iterator[Value]:
    label = read_answer(dict(document.target)) if document.target is not None else None
    known = label.values if label is not None else {}
    for field, confidence in zip(FIELDS, given.confidences[:-1], strict=True):
        if (text := given.answer.get(field)) is not None:
            agrees = _read(field, text) == known[field] if field in known else None
            yield Value(document.name, field, text, float(confidence), agrees)
    asked = document.target[_LINES] if known.get(_LINES) else None
    amounts = None if asked is None else Counter(_read("total", row.get("amount")) for row in asked)
    for number, row in enumerate(given.answer.get(_LINES, ()), start=1):
        agrees = None if amounts is None else _taken(amounts, _read("total", row["amount"]))
        confidence = float(given.confidences[-1])
        yield Value(document.name, f"{_LINES} {number}", row["amount"], confidence, agrees)


def _read(field: str, text: str) -> object:
    return read_answer({field: text}).values.get(field)


def _taken(amounts: Counter, amount: object) -> bool:
    """Whether one more of an amount is there; it is counted off."""
    amounts[amount] -= 1
    return amounts[amount] >= 0


def as_table(extraction: Extraction) -> bytes:
    """A CSV file of the values."""
    rows = [
        dict(zip(COLUMNS, (*value[:3], f"{value.confidence:.3f}"), strict=True))
        for value in extraction.values
    ]
    return as_csv(as_texts(rows)) if rows else f"{','.join(COLUMNS)}\n".encode()


def summary(extraction: Extraction, settings: str) -> str:
    """What the policy was trained on, how much it read, how often labels agree."""
    values = extraction.values
    confident = [value for value in values if value.confidence >= CONFIDENT]
    others = [value for value in values if value.confidence < CONFIDENT]
    lines = [
        f"policy: {settings}",
        f"policy: {len(values)} values in {extraction.num_read} documents, "
        f"{len(confident)} with a confidence of {CONFIDENT} or more",
    ]
    if extraction.num_without_text:
        lines.append(f"policy: {extraction.num_without_text} documents have no text to read")
    if extraction.num_too_long:
        lines.append(
            f"policy: {extraction.num_too_long} documents have more than {MOST_SEGMENTS} "
            "segments and were not read"
        )
    if any(value.agrees is not None for value in values):
        lines.append(
            f"policy: of the values that a label names, {_agreeing(confident)} confident "
            f"ones agree with it, and {_agreeing(others)} others"
        )
    else:
        lines.append("policy: there is no label to compare its values with")
    lines.append("policy: a confidence is its own opinion, no substitute for a check")
    return "\n".join(lines)


def _agreeing(values: Sequence[Value]) -> str:
    verdicts = [value.agrees for value in values if value.agrees is not None]
    return f"{sum(verdicts)} of {len(verdicts)}"
