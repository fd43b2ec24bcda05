#!/usr/bin/env bash
# nbconvert 7.17.2: the default page drops the alternative text that a picture's output
# carries; two older templates keep it.
#
# Guess: metadata {"image/png": {"alt": ...}} of an output becomes the alt attribute in
# every HTML page, as the warning about missing alternative text suggests.
# Seen: templates "classic" and "basic" write it; "lab", the default, writes "No
# description has been provided for this image" in its place.
#
# Output seen:
#   lab: own text False, placeholder True
#   classic: own text True, placeholder False
#   basic: own text True, placeholder False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet nbconvert==7.17.2 nbformat==5.11.1
"$folder/venv/bin/python" - <<'PY'
import logging

from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output

logging.disable(logging.WARNING)
# A picture of one white pixel.
png = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTt2FwAAAABJRU5E"
    "rkJggg=="
)
picture = new_output(
    "display_data",
    data={"image/png": png},
    metadata={"image/png": {"alt": "one white pixel"}},
)
notebook = new_notebook(cells=[new_code_cell("picture", outputs=[picture])])
for template, kept in (("lab", False), ("classic", True), ("basic", True)):
    page, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
    own = 'alt="one white pixel"' in page
    placeholder = "No description has been provided for this image" in page
    print(f"{template}: own text {own}, placeholder {placeholder}")
    assert (own, placeholder) == (kept, not kept)
PY
