"""Write student copies of the notebooks, without the answers.

    python -m rlnotes.scripts.handout [FOLDER]

The copies go to FOLDER (default: handout/). Cells tagged `answer` are left out; all
other cells keep their outputs. FOLDER must be new, empty, or hold nothing but copies
that this command wrote and nobody has changed: these are replaced, all at once.
"""

import argparse
import sys
from pathlib import Path

import nbformat

from rlnotes.scripts.checkout import ROOT, notebooks_of
from rlnotes.scripts.output_files import folder_name
from rlnotes.scripts.output_folder import check_or_explain, write_or_explain

NAME = "handout"


def without_answers(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The same notebook without the cells tagged `answer`."""
    notebook.cells = [
        cell for cell in notebook.cells if "answer" not in cell.metadata.get("tags", [])
    ]
    code = (cell for cell in notebook.cells if cell.cell_type == "code")
    for number, cell in enumerate(code, start=1):
        cell.execution_count = number
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
    return notebook


def copies(root: Path) -> dict[str, bytes]:
    """Name -> content of the copy of every notebook of a checkout.

    Raises:
        ValueError: if there are no notebooks, or one is damaged.
        OSError: if one cannot be read.
    """
    contents = {}
    for path in notebooks_of(root):
        copy = without_answers(nbformat.read(path, as_version=4))
        contents[path.name] = (nbformat.writes(copy) + "\n").encode()
    return contents


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write the copies and say where; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", default=str(root / "handout"))
    chosen = parser.parse_args(arguments)
    try:
        folder = folder_name(chosen.folder)
        contents = copies(root)
    except (argparse.ArgumentTypeError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if check_or_explain(folder, NAME, sources=root / "notebooks"):
        return 2
    if status := write_or_explain(contents, folder, NAME):
        return status
    print(f"{len(contents)} notebooks without answers in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
