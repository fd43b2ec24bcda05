"""Run notebooks from a fresh kernel and store their outputs: same source, same bytes.

    python -m rlnotes.scripts.render_notebooks [--check] [NOTEBOOK ...]

Without names: all of notebooks/. All are run before one is written; if a cell fails,
none is. A notebook that changed while it ran is left as it is: exit status 1.
`--check` writes nothing and fails if a stored notebook differs from a fresh run.
"""

import argparse
import difflib
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from rlnotes.scripts.checkout import ROOT, notebooks_of
from rlnotes.scripts.output_files import replace_file
from rlnotes.scripts.save_hook import WIDGET_VIEW, has_stand_in

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    # What exporters read, and no version of one machine.
    "language_info": {
        "name": "python",
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}


def render(path: Path) -> str:
    """The text of the notebook file after a run of all cells.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell raises.
    """
    return executed(nbformat.read(path, as_version=4), path.parent)


def executed(notebook: nbformat.NotebookNode, folder: Path) -> str:
    """The text of a notebook after a run of all cells, in a folder.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell raises.
    """
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,  # pieces of printed text depend on timing
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env={**os.environ, "OMP_NUM_THREADS": "1"})
    return nbformat.writes(cleaned(notebook)) + "\n"


def cleaned(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without what changes between runs: widget views, progress bars, times."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(
        (cell for cell in notebook.cells if cell.cell_type == "code"), start=1
    ):
        cell.execution_count = number
        cell.metadata.pop("execution", None)
        cell.metadata.pop("collapsed", None)
        cell.outputs = [output for output in cell.outputs if not _is_transient(output)]
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET_VIEW, None)
            if "execution_count" in output:
                output.execution_count = number
    return notebook


def _is_transient(output: nbformat.NotebookNode) -> bool:
    """Whether it is standard error, or a widget and nothing else: a progress bar."""
    data = output.get("data", {})
    bar = WIDGET_VIEW in data and not has_stand_in(data)
    return bar or (output.output_type == "stream" and output.name == "stderr")


def compare(stored: str, fresh: str) -> str:
    """The first lines that differ; empty if none do."""
    lines = difflib.unified_diff(stored.splitlines(), fresh.splitlines(), lineterm="", n=0)
    return "\n".join(line[:200] for line in list(lines)[:40])


def store(rendered: dict[Path, tuple[str, str]]) -> int:
    """Write the notebooks that differ; exit status 1 if one had changed meanwhile.

    Args:
        rendered: path -> its text when it was read, and after the run.
    """
    status = 0
    for path, (stored, fresh) in rendered.items():
        if path.read_text(encoding="utf-8") != stored:
            print(f"{path} changed while it ran: left as it is", file=sys.stderr)
            status = 1
        elif stored != fresh:
            replace_file(fresh.encode(), path)
    return status


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Render the named notebooks; exit status 1 if --check finds a difference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    chosen = parser.parse_args(arguments)
    try:
        paths = [path.resolve() for path in chosen.notebooks or notebooks_of(root)]
        texts = {path: path.read_text(encoding="utf-8") for path in paths}
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    rendered, status = {}, 0
    for path, stored in texts.items():
        fresh = render(path)
        print(f"{path.name}: {'unchanged' if stored == fresh else 'changed'}")
        rendered[path] = (stored, fresh)
        if chosen.check and stored != fresh:
            print(compare(stored, fresh))
            status = 1
    return status if chosen.check else store(rendered)


if __name__ == "__main__":
    sys.exit(main())
