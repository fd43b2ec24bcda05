#!/usr/bin/env bash
# nbclient 0.11.0: with store_widget_state=False, a notebook that prints inside an
# ipywidgets.Output cannot be run.
#
# Guess: store_widget_state decides on what is written into the notebook's metadata, and
# not on which notebooks run.
# Seen: nbclient fills the Output itself, in the state that it keeps of all widgets.
# With the option off it keeps none, looks the Output up all the same, and stops with a
# KeyError, which names the model and nothing else. Output.append_stdout works.
# To keep states out of a file, run with the option on and delete metadata["widgets"].
#
# Output seen:
#   with output: print, store_widget_state=True: ran, metadata has widgets True
#   with output: print, store_widget_state=False: KeyError
#   append_stdout, store_widget_state=True: ran, metadata has widgets True
#   append_stdout, store_widget_state=False: ran, metadata has widgets False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet nbclient==0.11.0 nbformat==5.11.1 ipykernel==7.4.0 \
  ipywidgets==8.1.9
"$folder/venv/bin/python" - 2>"$folder/log" <<'PY'
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

sources = {
    "with output: print": "with output:\n    print(1)",
    "append_stdout": "output.append_stdout('1')",
}
for name, source in sources.items():
    for store in (True, False):
        cell = new_code_cell(f"import ipywidgets\noutput = ipywidgets.Output()\n{source}")
        notebook = new_notebook(cells=[cell])
        try:
            NotebookClient(notebook, store_widget_state=store).execute()
            seen = f"ran, metadata has widgets {'widgets' in notebook.metadata}"
        except KeyError:
            seen = "KeyError"
        print(f"{name}, store_widget_state={store}: {seen}")
        fails = name.startswith("with") and not store
        assert seen == ("KeyError" if fails else f"ran, metadata has widgets {store}")
PY
