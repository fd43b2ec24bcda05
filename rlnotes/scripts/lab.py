"""Open JupyterLab on the reader's own copy of the notebooks.

    python -m rlnotes.scripts.lab [--copy-only] [JUPYTERLAB ARGUMENTS ...]

The copy lies in work/, which git ignores. A notebook that you have not changed follows
the original. One that you have changed is never touched: when the original moves on,
its new version is put beside it as NAME.new.ipynb.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from rlnotes.scripts import save_hook

ROOT = Path(__file__).parents[2]
FIRST = "00_start_here.ipynb"
# JupyterLab would ask to fetch news, look for newer versions and list extensions to
# install. Nothing here uses a network, so these parts are off.
QUIET = [
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]
PAGE_CONFIG = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


def update_copy(originals: Path, work: Path) -> list[str]:
    """Bring the working copy up to date; return a line for each notebook that moved.

    Args:
        originals: folder of the notebooks as published.
        work: folder of the reader's copies; made if missing. Its hidden folder
            .published holds each notebook as it was when last copied.

    Returns:
        What was done, one sentence each; empty if nothing.
    """
    published = work / ".published"
    published.mkdir(parents=True, exist_ok=True)
    messages = []
    for original in sorted(originals.glob("*.ipynb")):
        mine, last = work / original.name, published / original.name
        if last.exists() and last.read_bytes() == original.read_bytes() and mine.exists():
            continue
        if not mine.exists() or (last.exists() and mine.read_bytes() == last.read_bytes()):
            target, sentence = mine, f"{original.name}: copied"
        else:
            target = mine.with_suffix(".new.ipynb")
            sentence = f"{original.name}: yours is kept, the new version is {target.name}"
        _copy(original, target)
        _copy(original, last)
        messages.append(sentence)
    return messages


def jupyter_config(work: Path) -> Path:
    """Write the configuration into a hidden folder of the copy; return the folder."""
    folder = work / ".jupyter"
    files = {
        "labconfig/page_config.json": PAGE_CONFIG,
        "jupyter_server_config.d/rlnotes.json": save_hook.CONFIG,
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def _copy(source: Path, target: Path) -> None:
    partial = target.with_suffix(".partial")
    shutil.copyfile(source, partial)
    partial.replace(target)  # in one step: an interruption leaves the old file


def main() -> int:
    """Update the copy, then become JupyterLab."""
    arguments = sys.argv[1:]
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    for message in update_copy(ROOT / "notebooks", ROOT / "work"):
        print(message)
    if "--copy-only" in arguments:
        return 0
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    command = [sys.executable, "-m", "jupyterlab", *QUIET, *(["--allow-root"] if as_root else [])]
    # One thread: the chapters' networks are too small to share out.
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
        filter(None, [str(jupyter_config(ROOT / "work")), os.environ.get("JUPYTER_CONFIG_PATH")])
    )
    try:
        first = str(ROOT / "work" / FIRST)
        return subprocess.call([*command, first, *arguments], cwd=ROOT, env=environment)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
