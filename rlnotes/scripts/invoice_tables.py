"""What `read_invoices` prints and writes: tables of documents, labels and problems."""

import json
from collections.abc import Mapping, Sequence

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.reading import Problem
from rlnotes.data.documents.word_boxes import as_record
from rlnotes.functional.extraction.answers import AMOUNTS, REQUIRED, read_answer
from rlnotes.functional.extraction.structure import full_checks
from rlnotes.scripts.output_files import as_csv, as_texts

_ROWS = ("tax_breakdown", "line_items")
_COLUMNS = ("name", *dict.fromkeys((*REQUIRED, *AMOUNTS)), *_ROWS, "arithmetic")
_WIDTH = 36
_ADDS_UP, _NO_SUMS, _TOO_LONG = "adds up", "no sums", "too long"


def arithmetic(target: Mapping | None) -> str:
    """Whether a label adds up, or the names of the rules that fail.

    It is "no sums" if there is no rule to judge, as in labels with a total only, and
    "too long" for more lines than an answer may have.

    Example:
        >>> arithmetic({"subtotal": "5.00", "tax": "1.00", "total": "7.00"})
        'total'
    """
    if target is None:
        return "-"
    answer = read_answer(target)
    if answer is None:
        return _TOO_LONG
    judged = [check for check in full_checks(answer) if check.passed is not None]
    failed = [check.name for check in judged if not check.passed]
    return ", ".join(failed) or (_ADDS_UP if judged else _NO_SUMS)


def table(kinds: Sequence[str], documents: Sequence[Document]) -> str:
    """One line for each document: what it is, and what its label holds."""
    head = f"{'name':{_WIDTH}} {'kind':8} {'pages':>5} {'segments':>8}  {'arithmetic':14}  label"
    lines = [
        f"{_cut(document.name):{_WIDTH}} {kind:8} {len(document.page_sizes):5} "
        f"{len(document.segments):8}  {arithmetic(document.target):14}  "
        f"{_printable(', '.join(document.target or ['-']))}"
        for kind, document in zip(kinds, documents, strict=True)
    ]
    return "\n".join([head, *lines])


def summary(documents: Sequence[Document], problems: Sequence[Problem]) -> str:
    """How much was read, how many labels add up, and each problem in a line."""
    labelled = sum(document.target is not None for document in documents)
    lines = [f"{len(documents)} documents, {labelled} with a label, {len(problems)} problems"]
    verdicts = [arithmetic(document.target) for document in documents]
    checked = [word for word in verdicts if word not in ("-", _NO_SUMS, _TOO_LONG)]
    lines.append(f"{checked.count(_ADDS_UP)} of {len(checked)} labels with sums add up")
    lines += [_printable(f"  {problem.where}: {problem.message}") for problem in problems]
    return "\n".join(lines)


def contents(documents: Sequence[Document], problems: Sequence[Problem]) -> dict[str, bytes]:
    """Name and content of each file that is written."""
    records = [json.dumps(as_record(document), ensure_ascii=False) for document in documents]
    labels = [_label_row(d.name, d.target) for d in documents if d.target is not None]
    return {
        "documents.jsonl": "".join(f"{record}\n" for record in records).encode(),
        "labels.csv": _as_table(labels, _COLUMNS),
        "problems.csv": _as_table([problem._asdict() for problem in problems], Problem._fields),
    }


def _label_row(name: str, target: Mapping) -> dict:
    row = {"name": name} | {key: target.get(key) for key in _COLUMNS[1:]}
    rows = {key: json.dumps(row[key], ensure_ascii=False) for key in _ROWS if row[key]}
    return row | rows | {"arithmetic": arithmetic(target)}


def _as_table(rows: list[dict], columns: Sequence[str]) -> bytes:
    return as_csv(as_texts(rows)) if rows else f"{','.join(columns)}\n".encode()


def _printable(text: str) -> str:
    """Without what could move the cursor: names and messages come from files."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _cut(text: str) -> str:
    text = _printable(text)
    return text if len(text) <= _WIDTH else f"...{text[3 - _WIDTH :]}"
