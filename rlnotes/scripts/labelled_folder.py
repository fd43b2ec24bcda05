"""What commands share that measure something on a folder of labelled documents."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.reading import Reading
from rlnotes.scripts.output_files import require_replaceable

MOST_PROBLEMS = 10


def folder_parser(name: str, description: str, *, folder: str) -> argparse.ArgumentParser:
    """A parser for a folder and a recording.

    Args:
        name: of the script.
        description: what it does.
        folder: what the folder holds.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m rlnotes.scripts.{name}", description=description
    )
    parser.add_argument("folder", type=Path, help=folder)
    parser.add_argument("--output", type=Path, metavar="FILE.csv", help="keep a recording here")
    return parser


def first_line(name: str) -> str:
    """The first line of a recording, which names the command and no folder."""
    return f"# made by: python -m rlnotes.scripts.{name} FOLDER --output FILE.csv\n"


def read_labelled(
    parser: argparse.ArgumentParser,
    chosen: argparse.Namespace,
    read: Callable[[Path], Reading],
    *,
    made_by: str,
    wanted: str = "label",
) -> list[Document]:
    """The labelled documents of a folder; what could not be read goes to stderr.

    Exits with code 2, and a sentence, if the folder cannot be read or the recording
    could not be written.

    Args:
        parser: see `folder_parser`.
        chosen: what it has parsed.
        read: reads the folder.
        made_by: first line of the recording.
        wanted: what the folder should hold; named if it holds none.
    """
    try:
        if chosen.output:
            require_replaceable(chosen.output, made_by)
        documents, problems = read(chosen.folder)
    except (ValueError, OSError) as error:
        parser.error(str(error))  # exits with code 2
    for problem in problems[:MOST_PROBLEMS]:
        print(f"{problem.where}: {problem.message}", file=sys.stderr)
    if len(problems) > MOST_PROBLEMS:
        print(f"and {len(problems) - MOST_PROBLEMS} more problems", file=sys.stderr)
    labelled = [document for document in documents if document.target is not None]
    if not labelled:
        print(f"{chosen.folder} holds no {wanted} that can be read", file=sys.stderr)
    return labelled
