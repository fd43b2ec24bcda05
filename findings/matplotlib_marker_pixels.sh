#!/usr/bin/env bash
# matplotlib 3.11.2: the Agg backend draws each marker at whole pixels, round ones
# included, while a slanted line or a round patch moves by fractions of one.
#
# Guess: the picture is antialiased, so a marker that moves by a tenth of a pixel gives
# another picture; a round marker at least, as it is not snapped to pixels, or any marker
# after Line2D.set_snap(False).
# Seen: on its way through one pixel, in ten steps, a marker moves at one of them, by plot
# and by scatter, round or square, after set_snap(False) as well. The end of a line and a
# patch move at each. So a point that is moved slowly jerks, and it lies up to half a pixel
# beside the line on which it is drawn.
#
# Output seen (pictures in which eleven positions within one pixel differ):
#   plot, "o": 2
#   plot, "s": 2
#   plot, "s", set_snap(False): 2
#   scatter: 2
#   a line's end: 11
#   a circle as a patch: 11
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet matplotlib==3.11.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle


def unsnapped(axes, x):
    axes.plot([x], [50], "s")[0].set_snap(False)


draw = {
    'plot, "o"': lambda axes, x: axes.plot([x], [50], "o"),
    'plot, "s"': lambda axes, x: axes.plot([x], [50], "s"),
    'plot, "s", set_snap(False)': unsnapped,
    "scatter": lambda axes, x: axes.scatter([x], [50]),
    "a line's end": lambda axes, x: axes.plot([10, x], [20, 50]),
    "a circle as a patch": lambda axes, x: axes.add_patch(Circle((x, 50), 4)),
}
expected = dict.fromkeys(draw, 2) | {"a line's end": 11, "a circle as a patch": 11}


def picture(artist, x):
    figure = Figure(figsize=(1, 1), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 100), ylim=(0, 100))  # a unit is a pixel
    axes.set_axis_off()
    artist(axes, x)
    canvas.draw()
    return bytes(canvas.buffer_rgba())


for name, artist in draw.items():
    different = len({picture(artist, 50 + step / 10) for step in range(11)})
    print(f"{name}: {different}")
    assert different == expected[name]
PY
