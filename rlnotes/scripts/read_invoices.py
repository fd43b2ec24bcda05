"""Read a folder of your own invoices and receipts into one file of words and boxes.

    python -m rlnotes.scripts.read_invoices FOLDER --output NEW_FOLDER

FOLDER may hold, also in folders below it: receipts as the SROIE collection has them
(box/ with key/ or entities/), JSON lines with words and boxes (*.jsonl), and invoices
in *.pdf and *.xml. A table says what was found. NEW_FOLDER gets

    documents.jsonl   text, boxes and label of each document
    labels.csv        the labels as a table
    problems.csv      what could not be read, and why

NEW_FOLDER must be new, empty, or hold nothing but what this command wrote and nobody
has changed, and neither lie in FOLDER nor contain it. All files appear at once, or
none.

Problems alone are no failure. The exit code is 0 if any document was read, 1 if none
was or the files could not be written, 2 if a folder is refused.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.folders import find_sources, read_source
from rlnotes.data.documents.reading import Problem, Reading
from rlnotes.data.documents.targets import require_code
from rlnotes.data.documents.word_boxes import as_record
from rlnotes.functional.extraction.answers import AMOUNTS, REQUIRED
from rlnotes.scripts.output_files import as_csv, folder_name
from rlnotes.scripts.output_folder import check_or_explain, write_or_explain

NAME = "read_invoices"
_ROWS = ("tax_breakdown", "line_items")
_COLUMNS = ("name", *dict.fromkeys((*REQUIRED, *AMOUNTS)), *_ROWS)
_WIDTH = 36


def read_all(folder: Path, *, currency: str) -> list[tuple[str, Reading]]:
    """Kind and reading of every source in a folder; a bar on stderr.

    Raises:
        ValueError: if there is no such folder.
    """
    sources = tqdm(find_sources(folder), unit="file", file=sys.stderr, disable=None)
    return [(s.kind, read_source(s, root=folder, currency=currency)) for s in sources]


def table(kinds: Sequence[str], documents: Sequence[Document]) -> str:
    """One line for each document: what it is, and what its label holds."""
    head = f"{'name':{_WIDTH}} {'kind':8} {'pages':>5} {'segments':>8}  label"
    lines = [
        f"{_cut(document.name):{_WIDTH}} {kind:8} {len(document.page_sizes):5} "
        f"{len(document.segments):8}  {_printable(', '.join(document.target or ['-']))}"
        for kind, document in zip(kinds, documents, strict=True)
    ]
    return "\n".join([head, *lines])


def summary(documents: Sequence[Document], problems: Sequence[Problem]) -> str:
    """How much was read, and each problem in a line."""
    labelled = sum(document.target is not None for document in documents)
    lines = [f"{len(documents)} documents, {labelled} with a label, {len(problems)} problems"]
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
    return row | rows


def _as_table(rows: list[dict], columns: Sequence[str]) -> bytes:
    return as_csv(rows) if rows else f"{','.join(columns)}\n".encode()


def _printable(text: str) -> str:
    """Without what could move the cursor: names and messages come from files."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _cut(text: str) -> str:
    text = _printable(text)
    return text if len(text) <= _WIDTH else f"...{text[3 - _WIDTH :]}"


def _code(text: str) -> str:
    try:
        require_code(currency=text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def main(arguments: list[str] | None = None) -> int:
    """Read, print, write; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=folder_name)
    parser.add_argument("--output", type=folder_name, required=True, metavar="NEW_FOLDER")
    parser.add_argument(
        "--currency",
        type=_code,
        default="MYR",
        help="code for receipts that name none, or only a bare dollar sign (default: MYR)",
    )
    chosen = parser.parse_args(arguments)
    if not chosen.folder.is_dir():
        print(f"there is no folder {chosen.folder}", file=sys.stderr)
        return 2
    if check_or_explain(chosen.output, NAME, sources=chosen.folder):
        return 2
    try:
        readings = read_all(chosen.folder, currency=chosen.currency)
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130
    return _finish(readings, chosen.folder, chosen.output)


def _finish(readings: Sequence[tuple[str, Reading]], folder: Path, output: Path) -> int:
    kinds = [kind for kind, reading in readings for _ in reading.documents]
    documents = [document for _, reading in readings for document in reading.documents]
    problems = [problem for _, reading in readings for problem in reading.problems]
    if not documents:
        print(summary(documents, problems))
        print(f"nothing in {folder} could be read, so nothing was written", file=sys.stderr)
        return 1
    print(table(kinds, documents))
    print(summary(documents, problems))
    if status := write_or_explain(contents(documents, problems), output, NAME):
        return status
    print(f"written to {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
