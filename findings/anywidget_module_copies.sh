#!/usr/bin/env bash
# anywidget 0.11.0: every widget imports a copy of its own of the class's ES module, so
# what stands at the top of the module is not shared; two views of one widget share it.
#
# Guess: a module is loaded once in a page, as ES modules are. So a counter at its top
# numbers all widgets of a class, and ids made from it are different.
# Seen: each of three widgets of one class counts from 1. A second view of the first one
# goes on to 2. Ids made from such a counter are there several times, so the label of one
# widget finds the input of another. A counter on globalThis is shared.
#
# Needs Chromium, here 156, as the command chromium.
#
# Output seen (three widgets, the first one shown twice):
#   counted in the module: 1 1 1 2
#   counted on globalThis: 1 2 3 4
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet anywidget==0.11.0 ipywidgets==8.1.9 jupyterlab==4.6.6 \
  ipykernel==7.4.0 playwright==1.65.2
export JUPYTER_CONFIG_DIR="$folder/config" JUPYTER_DATA_DIR="$folder/data"
"$folder/venv/bin/python" - "$folder" <<'PY'
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import sync_playwright

SOURCE = '''
import anywidget
from IPython.display import display

class Counted(anywidget.AnyWidget):
    _esm = """
    let here = 0;
    globalThis.everywhere ??= 0;
    export default {
        render({ el }) {
            el.className = "counted";
            el.textContent = `${++here} ${++globalThis.everywhere}`;
        }
    };
    """

first, second, third = Counted(), Counted(), Counted()
'''
folder = Path(sys.argv[1])
cells = [SOURCE, *(f"display({name})" for name in ("first", "second", "third", "first"))]
(folder / "root").mkdir()
kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
notebook = new_notebook(
    cells=[new_code_cell(source) for source in cells], metadata={"kernelspec": kernel}
)
nbformat.write(notebook, folder / "root" / "widgets.ipynb")
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{probe.getsockname()[1]}"
command = [
    *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
    *(f"--port={address.rpartition(':')[2]}", "--expose-app-in-browser"),
    *(f"--ServerApp.root_dir={folder / 'root'}", "--IdentityProvider.token=secret"),
]
log = (folder / "log").open("w")
server = subprocess.Popen(command, stdout=log, stderr=log)
try:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/api/status?token=secret")
            break
        except OSError:
            time.sleep(0.2)
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{address}/lab/tree/widgets.ipynb?token=secret")
        page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.context"
            "?.sessionContext.session?.kernel?.status === 'idle'"
        )
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function("document.querySelectorAll('.counted').length === 4")
        counts = [text.split() for text in page.locator(".counted").all_inner_texts()]
finally:
    server.terminate()
    server.wait()
here, everywhere = map(sorted, zip(*counts, strict=True))
print("counted in the module:", *here)
print("counted on globalThis:", *everywhere)
assert here == ["1", "1", "1", "2"]
assert everywhere == ["1", "2", "3", "4"]
PY
