"""Read a folder of your own invoices and receipts into one file of words and boxes.

    python -m rlnotes.scripts.read_invoices FOLDER --output NEW_FOLDER

FOLDER may hold, also in folders below it: receipts as the SROIE collection has them
(box/ with key/ or entities/), JSON lines with words and boxes (*.jsonl), and invoices
in *.pdf and *.xml. A table says what was found. NEW_FOLDER gets

    documents.jsonl   text, boxes and label of each document
    labels.csv        the labels as a table, and whether each adds up
    problems.csv      what could not be read, and why
    extracted.csv     with --policy: what a trained policy reads, and how sure it is

The policy was trained on invented documents only; what it was trained on is printed,
and how often it agrees with labels. Check what it says before you rely on it.

In the tables a text that a spreadsheet would take for a formula, such as a name
that begins with "=", has an apostrophe before it; documents.jsonl holds it as it is.

NEW_FOLDER must be new, empty, or hold nothing but what this command wrote and nobody
has changed, and neither lie in FOLDER nor contain it. All files appear at once, or
none.

Problems alone are no failure. The exit code is 0 if any document was read, 1 if none
was or the files could not be written, 2 if a folder is refused.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.folders import find_sources, read_source
from rlnotes.data.documents.reading import Reading
from rlnotes.data.documents.targets import require_code
from rlnotes.scripts.invoice_tables import contents, summary, table
from rlnotes.scripts.output_files import folder_name
from rlnotes.scripts.output_folder import check_or_explain, write_or_explain

NAME = "read_invoices"


def read_all(folder: Path, *, currency: str) -> list[tuple[str, Reading]]:
    """Kind and reading of every source in a folder; a bar on stderr.

    Raises:
        ValueError: if there is no such folder.
    """
    sources = tqdm(find_sources(folder), unit="file", file=sys.stderr, disable=None)
    return [(s.kind, read_source(s, root=folder, currency=currency)) for s in sources]


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
    parser.add_argument("--policy", action="store_true", help="let a trained policy read them too")
    chosen = parser.parse_args(arguments)
    if not chosen.folder.is_dir():
        print(f"there is no folder {chosen.folder}", file=sys.stderr)
        return 2
    if check_or_explain(chosen.output, NAME, sources=chosen.folder):
        return 2
    try:
        return _read_and_write(chosen)
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130


def _read_and_write(chosen: argparse.Namespace) -> int:
    readings = read_all(chosen.folder, currency=chosen.currency)
    kinds = [kind for kind, reading in readings for _ in reading.documents]
    documents = [document for _, reading in readings for document in reading.documents]
    problems = [problem for _, reading in readings for problem in reading.problems]
    if not documents:
        print(summary(documents, problems))
        print(f"nothing in {chosen.folder} could be read, so nothing was written", file=sys.stderr)
        return 1
    files, opinion = _by_policy(documents) if chosen.policy else ({}, "")
    print(table(kinds, documents))
    print(summary(documents, problems))
    if opinion:
        print(opinion)
    files = contents(documents, problems) | files
    if status := write_or_explain(files, chosen.output, NAME):
        return status
    print(f"written to {chosen.output}")
    return 0


def _by_policy(documents: Sequence[Document]) -> tuple[dict[str, bytes], str]:
    """The file of what the stored policy reads, and what is printed about it."""
    from rlnotes.scripts import invoice_extraction  # PyTorch, which is slow to load
    from rlnotes.training.invoices.stored_policy import stored_policy

    stored = stored_policy()
    extraction = invoice_extraction.extract(documents, stored)
    table_of_values = invoice_extraction.as_table(extraction)
    return {"extracted.csv": table_of_values}, invoice_extraction.summary(
        extraction, stored.settings
    )


if __name__ == "__main__":
    sys.exit(main())
