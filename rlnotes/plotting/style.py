"""The house style: what a colour means, and how a figure is made.

Colour is never the only code: each series also has its own line style or marker.
"""

import base64
import io
from contextlib import contextmanager

from matplotlib import rcParams, rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.text import Text

from rlnotes._checks import require_positive_integer

INK = "#22262b"  # the exact answer
BLUE = "#0072B2"  # an estimate, or the object of the page
VERMILION = "#D55E00"  # the wrong version, the failure, the proxy
GREY = "#8a9099"  # before, a reference
GREEN = "#009E73"  # gold reward, success
FURTHER = ("#E69F00", "#CC79A7", "#56B4E9")  # orange, purple, sky: further series
SHADE = "#e9ebee"  # a region

EXACT = {"color": INK, "linestyle": "-", "linewidth": 2.2, "zorder": 5}
ESTIMATE = {"color": BLUE, "linestyle": "-", "marker": "s", "markersize": 5, "linewidth": 1.2}
CURRENT = {
    "color": BLUE,
    "linestyle": "-",
    "marker": "o",
    "markersize": 9,
    "markeredgecolor": "white",
    "linewidth": 2.8,
}
WRONG = {"color": VERMILION, "linestyle": ":", "linewidth": 2.2}
REFERENCE = {"color": GREY, "linestyle": "--", "linewidth": 1.2}

SIGNED = LinearSegmentedColormap.from_list("rlnotes_signed", [VERMILION, "white", BLUE])
UNSIGNED = LinearSegmentedColormap.from_list("rlnotes_unsigned", ["white", BLUE])

_RC = {
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": True,
    "grid.color": SHADE,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "hatch.color": GREY,
    "hatch.linewidth": 0.6,
}


# All parameters but the window system: nothing of a user's own style is left.
_HOUSE = {name: rcParamsDefault[name] for name in rcParamsDefault if "backend" not in name} | _RC


@contextmanager
def house_style():
    """Within this context artists take the house style, whatever style the user has.

    It costs a fraction of what Matplotlib's own context does, since only what differs
    is set, and nothing if the style is there already: explorers enter it at every move.
    """
    users = {name: value for name in _HOUSE if (value := rcParams[name]) != _HOUSE[name]}
    rcParams.update({name: _HOUSE[name] for name in users})
    try:
        yield
    finally:
        rcParams.update(users)


class DescribedFigure(Figure):
    """A figure that carries its text twin wherever a notebook shows it.

    `alt` is that text: by default the titles and axes of the panels. Set it to a
    sentence that holds the main numbers.
    """

    _alt = ""

    @property
    def alt(self) -> str:
        """The text for readers who do not see the picture."""
        return self._alt or " ".join(_panel(axes) for axes in self.axes if axes.axison)

    @alt.setter
    def alt(self, text: str) -> None:
        self._alt = text

    def _repr_mimebundle_(self, **_kwargs) -> tuple[dict, dict]:
        picture = io.BytesIO()
        with house_style():
            self.savefig(picture, format="png", metadata={"Software": None})
        png = base64.b64encode(picture.getvalue()).decode("ascii")
        return {"image/png": png, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}


def _panel(axes: Axes) -> str:
    names = (axes.get_title(loc="left") or axes.get_title(), axes.get_ylabel(), axes.get_xlabel())
    heading, y, x = (name.replace("\n", " ") for name in names)
    return f"{heading or 'A panel'}: {y or 'values'} against {x or 'position'}."


def new_figure(
    num_panels: int = 2,
    *,
    size: tuple[float, float] = (9.0, 3.8),
    width_ratios: list[float] | None = None,
) -> tuple[DescribedFigure, list[Axes]]:
    """An empty figure in the house style, and its panels from left to right.

    Args:
        num_panels: number of Axes.
        size: width and height in inches, at 110 dots per inch.
        width_ratios: relative widths of the panels; equal if None.

    Returns:
        The figure, known to no global state, and a list of its Axes.

    Raises:
        ValueError: if num_panels is not a positive integer.

    Example:
        >>> figure, (left, right) = new_figure(2)
        >>> figure.get_size_inches().tolist()
        [9.0, 3.8]
    """
    require_positive_integer(num_panels=num_panels)
    with house_style():
        figure = DescribedFigure(figsize=size, dpi=110, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(1, num_panels, squeeze=False, width_ratios=width_ratios)[0]
    return figure, list(axes)


def title(axes: Axes, text: str) -> Text:
    """A bold title at the left that says what to see, at a fixed place."""
    with house_style():
        return axes.set_title(text, y=1.01)


def label(axes: Axes, *, heading: str, x: str, y: str) -> None:
    """Title and axis labels, with units."""
    with house_style():
        title(axes, heading)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
