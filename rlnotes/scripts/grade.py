"""Grade the exercises of notebooks that were handed in.

    python -m rlnotes.scripts.grade FOLDER --output NEW_FOLDER [--seconds N]

THIS RUNS OTHER PEOPLE'S CODE, with your rights and your network. Do it in a container
or in an account that you can throw away.

FOLDER holds notebooks (*.ipynb), also in folders below it: copies from `make handout`,
from work/, or the chapters themselves. A pupil is the folder that holds a file, by its
path below FOLDER ("class_a/anna"); for a file that lies flat, its name. Links are not
followed, hidden files left out; any other file that is no notebook has a row, too.

Of each notebook the cells of imports are run, and each exercise for itself, in an empty
folder: the pupil's cell up to the call `exercises()["name"].check(function)`, and the
cells, wherever they stand, that bind or change what it needs. What comes after the call
does not count, nor does what the call returns. The cells that answer in the book are
left out, by their tag or their id. Statements of other cells that fail are skipped; the
hint names the first. An exercise that ends the process or takes longer than N seconds
does not stop the others.

Two cells for one exercise in one notebook: the better verdict counts. Two notebooks of
one pupil have their rows each.

NEW_FOLDER gets grades.csv, with the columns pupil, notebook, exercise, verdict, hint.
The verdicts:

    passed            the package's own checker has passed it
    not yet           it has not, and the hint says why
    not answered      the stub is as it was, or no cell holds the call above, with the
                      name of the exercise in quotes: deleted, commented out, rewritten
    error             the cell cannot be run, or needs a statement that has failed
    timed out         the cell takes longer than N seconds; or the function takes longer
                      than the checker waits, 5 seconds for most exercises
    no exercises      a notebook without any exercise of this book
    broken notebook   a file *.ipynb that cannot be read, or holds no notebook
    no notebook       a file with another ending

NEW_FOLDER must be new or empty, and lie outside FOLDER. Interrupted, nothing is
written. A text that a spreadsheet would take for a formula has an apostrophe before it.

The checker comes from the package, not from the pupil's names: to overwrite
`exercises`, to print "Passed" or to replace the checker changes no verdict. But pupil's
code runs in the same process, and who is out for it can still cheat; solutions lie in
the package, too. Read what you grade.
"""

import argparse
import sys
from codecs import BOM_UTF8
from collections import Counter
from math import isfinite
from pathlib import Path

from rlnotes.scripts import grade_rows
from rlnotes.scripts.grade_folder import is_notebook, submissions
from rlnotes.scripts.output_files import as_csv, as_texts, folder_name
from rlnotes.scripts.output_folder import check_or_explain, write_or_explain

NAME = "grade"
WARNING = (
    "This runs the code of {} with your rights and your network.\n"
    "Do it in a container or a throw-away account. Control-C stops it."
)


def main(arguments: list[str] | None = None) -> int:
    """Grade, print one line for each notebook, write; returns the exit code."""
    chosen = _parser().parse_args(arguments)
    if not chosen.folder.is_dir():
        print(f"there is no folder {chosen.folder}", file=sys.stderr)
        return 2
    if _refused(chosen.output, chosen.folder):
        return 2
    try:
        return _grade_and_write(chosen.folder, chosen.output, chosen.seconds)
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130


def _grade_and_write(folder: Path, output: Path, seconds: float) -> int:
    found = submissions(folder)
    if not found:
        print(f"no files in {folder}, so nothing was written", file=sys.stderr)
        return 1
    number = sum(is_notebook(submission.path) for submission in found)
    print(WARNING.format(f"{number} notebook{'s' if number != 1 else ''}"), flush=True)
    rows = []
    for submission in found:
        new = grade_rows.rows_of(submission, seconds=seconds)
        counted = Counter(row["verdict"] for row in new)
        summary = ", ".join(f"{number} {verdict}" for verdict, number in counted.items())
        print(f"{submission.notebook}: {summary}", flush=True)
        rows += new
    if _refused(output, folder):
        return 2
    content = BOM_UTF8 + as_csv(as_texts(rows))  # Excel takes it for UTF-8 by the mark
    if status := write_or_explain({"grades.csv": content}, output, NAME):
        return status
    print(f"written to {output / 'grades.csv'}")
    return 0


def _refused(output: Path, folder: Path) -> int:
    """Say in one line why the table cannot go there; 0 if it can."""
    if output.is_dir() and any(output.iterdir()):
        print(f"{output} is not empty: name a new folder", file=sys.stderr)
        return 2
    return check_or_explain(output, NAME, sources=folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=folder_name, metavar="FOLDER")
    parser.add_argument("--output", type=folder_name, required=True, metavar="NEW_FOLDER")
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=120.0,
        metavar="N",
        help="time for the imports of a notebook, and for each exercise (default: 120)",
    )
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not (isfinite(seconds) and seconds > 0):
        raise argparse.ArgumentTypeError(f"must be a positive number, got {text!r}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
