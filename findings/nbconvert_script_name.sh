#!/usr/bin/env bash
# nbconvert 7.17.2: "--to script" names the file .txt if the notebook does not say its
# extension, although it says its language.
#
# Guess: a notebook whose language is python, with a python3 kernel, becomes a .py file.
# Seen: the extension is read from metadata.language_info.file_extension alone, which
# the notebook format does not require; without it the file is .txt.
#
# Output seen:
#   {'name': 'python'} -> .txt
#   {'name': 'python', 'file_extension': '.py'} -> .py
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet nbconvert==7.17.2 nbformat==5.11.1
"$folder/venv/bin/python" - <<'PY'
from nbconvert.exporters import get_exporter
from nbformat import validate
from nbformat.v4 import new_code_cell, new_notebook

kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
for language, expected in (
    ({"name": "python"}, ".txt"),
    ({"name": "python", "file_extension": ".py"}, ".py"),
):
    metadata = {"kernelspec": kernel, "language_info": language}
    notebook = new_notebook(cells=[new_code_cell("1 + 1")], metadata=metadata)
    validate(notebook)
    _, resources = get_exporter("script")().from_notebook_node(notebook)
    print(language, "->", resources["output_extension"])
    assert resources["output_extension"] == expected
PY
