"""Write student copies of the notebooks, without the answers.

    python -m rlnotes.scripts.handout [FOLDER]

The copies go to FOLDER (default: handout/). Cells tagged `answer` are left out; all
other cells keep their outputs.
"""

import argparse
import shutil
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]


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


def main() -> None:
    """Write the copies and say where."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "handout")
    folder = parser.parse_args().folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        copy = without_answers(nbformat.read(path, as_version=4))
        (folder / path.name).write_text(nbformat.writes(copy) + "\n", encoding="utf-8")
    print(f"{len(list(folder.iterdir()))} notebooks without answers in {folder}")


if __name__ == "__main__":
    main()
