#!/usr/bin/env bash
# anywidget 0.11.0: a class whose _esm or _css is a path keeps every widget ever made of
# it, also those that are closed. With the file's text in its place they are freed.
#
# Guess: a path and its text differ in that edits of the file reach the page while one
# develops, and only if ANYWIDGET_HMR is set. A widget that is closed and no longer
# referred to is collected either way.
# Seen: the class turns a path into an object with a signal, and every new widget connects
# to it whether or not anything watches the file. The connection refers to the widget, and
# close() leaves it. In a notebook whose cells run again and again, memory grows by each
# widget's state.
#
# Output seen (ten widgets made and closed, alive after a collection):
#   _esm = Path(...): 10
#   _esm = Path(...).read_text(): 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet anywidget==0.11.0 ipywidgets==8.1.9 psygnal==0.16.1
"$folder/venv/bin/python" - "$folder" <<'PY'
import gc
import sys
import weakref
from pathlib import Path

import anywidget

module = Path(sys.argv[1]) / "widget.js"
module.write_text("export default {render({el}) { el.append('here'); }};")


class ByPath(anywidget.AnyWidget):
    _esm = module


class ByText(anywidget.AnyWidget):
    _esm = module.read_text()


def alive(kind):
    widgets = [kind() for _ in range(10)]
    references = [weakref.ref(widget) for widget in widgets]
    for widget in widgets:
        widget.layout.close()
        widget.close()
    del widget, widgets
    gc.collect()
    return sum(reference() is not None for reference in references)


by_path, by_text = alive(ByPath), alive(ByText)
print("_esm = Path(...):", by_path)
print("_esm = Path(...).read_text():", by_text)
assert (by_path, by_text) == (10, 0), "the behaviour has changed"
PY
