"""Which explorer a notebook shows where, so that one that is replaced can be freed."""

from weakref import WeakKeyDictionary

from IPython import get_ipython

# Where each explorer is shown, and what each cell shows: the run, and its explorers.
# A cell's entry keeps them alive: the page needs them as long as they are on it.
_cells_of: WeakKeyDictionary = WeakKeyDictionary()
_shown_in: dict[str, tuple[str, list]] = {}


def remember(explorer) -> None:
    """Note that the running cell shows this explorer.

    A cell that runs again loses its former output. What it showed then is closed,
    unless another cell still shows it. Without a notebook nothing is noted.
    """
    cell, run = _running()
    if not run:
        return
    former_run, shown = _shown_in.get(cell, ("", []))
    if cell and run != former_run:
        for former in shown:
            _cells_of[former].discard(cell)
            if former is not explorer and not _cells_of[former]:
                former.close()
        shown = []
    _shown_in[cell] = run, [*shown, explorer]
    _cells_of.setdefault(explorer, set()).add(cell)


def _running() -> tuple[str, str]:
    """The cell that runs, if the notebook names it, and a name of this run of it."""
    shell = get_ipython()
    if not hasattr(shell, "parent_header"):
        return "", ""
    request = shell.parent_header  # empty while no cell runs
    cell = request.get("metadata", {}).get("cellId", "")
    return cell, request.get("header", {}).get("msg_id", "")
