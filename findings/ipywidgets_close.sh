#!/usr/bin/env bash
# ipywidgets 8.1.9: close() takes one model out of the registry and leaves its parts, and
# a closed widget is shown without its picture and text.
#
# Guess: close() frees a widget with all that was made for it, such as layout, style and
# children; a closed widget that is shown leaves out its view and keeps the rest; and a
# widget that nobody refers to any more is collected.
# Seen: a slider has three models, and close() removes one of them: its layout and style
# stay, and of a box with two widgets the other seven. The registry holds strong
# references, so neither these nor a widget without a reference are ever collected. After
# close(), _repr_mimebundle_ of the object is None, so a class that adds a picture to the
# view of its widget shows no more than repr(); to set a trait raises nothing.
# To free a widget, close its children, layouts and styles as well; close_all() frees all.
#
# Output seen:
#   slider: 3 models, after close 2: Layout SliderStyle
#   box: 8 models, after close 7
#   without a reference: collected False
#   picture before True, after False; value set to 4
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ipywidgets==8.1.9 ipython==9.18.1
"$folder/venv/bin/python" - <<'PY'
import gc
import weakref

import ipywidgets
from IPython.core.formatters import DisplayFormatter
from ipywidgets.widgets.widget import _instances as registry


class Pictured(ipywidgets.IntSlider):
    """A slider that brings a picture for places without widgets."""

    def _repr_mimebundle_(self, **kwargs):
        return {**super()._repr_mimebundle_(**kwargs), "image/png": b"a picture"}


slider = ipywidgets.IntSlider()
before = len(registry)
slider.close()
left = sorted(type(widget).__name__ for widget in registry.values())
print(f"slider: {before} models, after close {len(registry)}:", *left)
assert (before, left) == (3, ["Layout", "SliderStyle"])
ipywidgets.Widget.close_all()
assert not registry

box = ipywidgets.VBox([ipywidgets.IntSlider(), ipywidgets.Label()])
before = len(registry)
box.close()
print(f"box: {before} models, after close {len(registry)}")
assert (before, len(registry)) == (8, 7)
ipywidgets.Widget.close_all()

reference = weakref.ref(ipywidgets.IntSlider())
gc.collect()
print("without a reference: collected", reference() is None)
assert reference() is not None

slider = Pictured(value=3)
show = DisplayFormatter().format
before = "image/png" in show(slider)[0]
slider.close()
after = "image/png" in show(slider)[0]
slider.value = 4
print(f"picture before {before}, after {after}; value set to {slider.value}")
assert (before, after, slider.value) == (True, False, 4)
PY
