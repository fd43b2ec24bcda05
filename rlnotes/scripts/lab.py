"""Open JupyterLab on the reader's own copy of the notebooks.

    python -m rlnotes.scripts.lab [--copy-only] [JUPYTERLAB ARGUMENTS ...]

The copy lies in work/, which git ignores; the gallery of explorers comes along. A
notebook that you have not changed follows the original; running it is no change, but
its outputs go with the old version. A file that you have changed is never touched: when
the original moves on, its new version is put beside it as NAME.new.ipynb, and if you
change that as well, the next one as NAME.new2.ipynb.
"""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from rlnotes.scripts import save_hook
from rlnotes.scripts.checkout import ROOT, notebooks_of, require_kernels_import
from rlnotes.scripts.front_end import require_extensions, where_jupyterlab_looks
from rlnotes.scripts.gallery_links import for_copy
from rlnotes.scripts.output_files import replace_file
from rlnotes.scripts.working_copy import update_copy

FIRST = "00_start_here.ipynb"
CONFIG = ".jupyter"  # a hidden folder of the copy
# JupyterLab would ask to fetch news, look for newer versions and list extensions to
# install. Nothing here uses a network, so these parts are off.
QUIET = [
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]
PAGE_CONFIG = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


def write_config(folder: Path) -> None:
    """Write JupyterLab's configuration, but not over what the reader has changed."""
    page = folder / "labconfig" / "page_config.json"
    if not page.exists():  # else it is ours, or has the reader's settings
        page.parent.mkdir(parents=True, exist_ok=True)
        replace_file(json.dumps(PAGE_CONFIG).encode(), page)
    server = folder / "jupyter_server_config.d" / "rlnotes.json"
    server.parent.mkdir(parents=True, exist_ok=True)
    if not server.exists():
        replace_file(json.dumps(save_hook.CONFIG).encode(), server)


def prepare(root: Path) -> int:
    """Check clone and JupyterLab, update the copy, say what was done; the exit code."""
    work = root / "work"
    try:
        notebooks_of(root)
        kernels_start_in = work if work.is_dir() else root / "notebooks"
        require_kernels_import(
            root, python=sys.executable, cwd=kernels_start_in, environment=os.environ
        )
        require_extensions(root, *where_jupyterlab_looks(work / CONFIG))
        for message in update_copy(root / "notebooks", work, for_copy(root)):
            print(message)
        write_config(work / CONFIG)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cannot update {work}: {error}", file=sys.stderr)
        return 1
    return 0


def main() -> int:
    """Update the copy, then become JupyterLab."""
    arguments = sys.argv[1:]
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    status = prepare(ROOT)
    if status or "--copy-only" in arguments:
        return status
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    command = [sys.executable, "-m", "jupyterlab", *QUIET, *(["--allow-root"] if as_root else [])]
    # One thread: the chapters' networks are too small to share out.
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
        filter(None, [str(ROOT / "work" / CONFIG), os.environ.get("JUPYTER_CONFIG_PATH")])
    )
    return become([*command, str(ROOT / "work" / FIRST), *arguments], environment)


def become(command: list[str], environment: dict[str, str]) -> int:
    """Run the command in place of this process, so that each signal reaches it.

    Control-C must not kill the server: it asks first, and finishes what it saves.
    """
    if os.name == "posix":
        os.chdir(ROOT)
        os.execve(command[0], command, environment)
    with subprocess.Popen(command, cwd=ROOT, env=environment) as server:
        while True:
            with suppress(KeyboardInterrupt):  # it has reached the server, too
                return server.wait()


if __name__ == "__main__":
    sys.exit(main())
