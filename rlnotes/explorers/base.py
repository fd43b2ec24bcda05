"""The explorer: labelled controls, one figure updated in place, and a text twin.

A subclass declares its controls, builds its artists once, and sets plain numbers on
them in `update`. Speed comes from drawing only the artists that change over a cached
background; text is the expensive artist, so a fast figure has few changing texts.
"""

import base64
import html
import io
from contextlib import contextmanager

import ipywidgets
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from rlnotes._checks import require_option
from rlnotes.plotting.style import VERMILION, house_style


class BadSetting(Exception):
    """A combination of settings that has no picture; the message says why."""


class Explorer(ipywidgets.VBox):
    """Base class of all explorers.

    Subclasses set `title` and define `make_controls`, `build` and `update`.

    Args:
        **settings: start values of controls by name; the others keep their default.

    Raises:
        ValueError: for an unknown control or a value that the control cannot take.
    """

    title = ""

    def __init__(self, **settings):
        self.controls = self.make_controls()
        self.defaults = self.settings
        self._paused = False
        self._background = None
        self._numbers = ""
        with house_style():
            self._figure, artists = self.build()
            self._notice = self._add_notice()
            self._freeze_layout()
        self._artists = sorted([*artists, self._notice], key=Artist.get_zorder)

        width, _ = self._figure.canvas.get_width_height()
        self._image = ipywidgets.Image(
            format="png", layout=ipywidgets.Layout(width=f"{width}px", max_width="100%")
        )
        self._text = ipywidgets.HTML(
            layout=ipywidgets.Layout(width=f"{width}px", max_width="100%", min_height="5.6em")
        )
        reset = ipywidgets.Button(description="Reset", tooltip="Back to the default setting")
        reset.on_click(lambda _: self.set(**self.defaults))
        for control in self.controls.values():
            control.observe(self._on_change, names="value")
            if isinstance(control, ipywidgets.Checkbox):
                continue
            control.style.description_width = "initial"
            slides = hasattr(control, "min") or isinstance(control, ipywidgets.SelectionSlider)
            control.layout.width = "310px" if slides else "max-content"
        row = ipywidgets.Layout(flex_flow="row wrap", max_width=f"{width}px")
        controls = ipywidgets.Box([*self.controls.values(), reset], layout=row)
        super().__init__([controls, self._image, self._text])
        self.set(**settings)

    def make_controls(self) -> dict[str, ipywidgets.ValueWidget]:
        """Controls by their glossary name, in the order in which they are shown."""
        raise NotImplementedError

    def build(self) -> tuple[Figure, list[Artist]]:
        """The figure, and those of its artists that `update` changes (zorder >= 10)."""
        raise NotImplementedError

    def update(self, **settings) -> str:
        """Set the artists for these settings; return the main numbers as a sentence.

        Raises:
            BadSetting: before any artist changed, if the settings have no picture.
        """
        raise NotImplementedError

    @property
    def settings(self) -> dict:
        """Current value of each control, without the browser's rounding noise."""
        return {
            name: round(control.value, 10) if isinstance(control.value, float) else control.value
            for name, control in self.controls.items()
        }

    def set(self, **settings) -> "Explorer":
        """Set several controls, draw once, and return the explorer.

        Raises:
            ValueError: for an unknown control or a value that the control cannot take;
                nothing changes then.
        """
        for name, value in settings.items():
            require_option(self.controls, control=name)
            _require_possible(name, value, self.controls[name])
        with self._one_update():
            for name, value in settings.items():
                self.controls[name].value = value
        return self

    def figure(self) -> Figure:
        """The figure as it stands, for saving or for a test."""
        return self._figure

    @property
    def description(self) -> str:
        """Text twin: every setting and the main numbers of the picture."""
        listed = ", ".join(f"{name} = {_plain(value)}" for name, value in self.settings.items())
        return f"{self.title}. Setting: {listed}. {self._numbers}"

    @property
    def code(self) -> str:
        """A line of Python that rebuilds this explorer as it stands."""
        kind = type(self)
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"from {kind.__module__} import {kind.__name__}; {kind.__name__}({arguments})"

    def png(self) -> bytes:
        """The picture that the page shows."""
        return bytes(self._image.value)

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        bundle = super()._repr_mimebundle_(**kwargs)
        bundle["text/plain"] = self.description
        bundle["image/png"] = base64.b64encode(self.png()).decode("ascii")
        return bundle, {"image/png": {"alt": self.description}}

    def _add_notice(self) -> Text:
        box = {"facecolor": "white", "edgecolor": VERMILION, "boxstyle": "round"}
        place = {"ha": "center", "va": "center", "zorder": 100}
        return self._figure.text(0.5, 0.5, "", visible=False, bbox=box, **place)

    def _on_change(self, _change) -> None:
        if not self._paused:
            self._refresh()

    @contextmanager
    def _one_update(self):
        self._paused = True
        try:
            yield
        finally:
            self._paused = False
        self._refresh()

    def _refresh(self) -> None:
        with house_style():
            self._update_artists()
            self._image.value = self._draw()
        self._text.value = (
            f"<p style='margin:0;line-height:1.5'>{html.escape(self.description)}<br>"
            f"<span>Copy this setting:</span> <code style='user-select:all'>"
            f"{html.escape(self.code)}</code></p>"
        )

    def _update_artists(self) -> None:
        try:
            self._numbers = self.update(**self.settings)
            self._notice.set_visible(False)
        except BadSetting as problem:
            self._numbers = f"Not shown: {problem} The picture is the one before."
            self._notice.set(text=f"Not shown: {problem}\nThe picture is the one before.")
            self._notice.set_visible(True)

    def _freeze_layout(self) -> None:
        # Lay out once; afterwards axes must neither move nor cost time.
        self._figure.canvas.draw()
        self._figure.set_layout_engine("none")

    def _draw(self) -> bytes:
        canvas = self._figure.canvas
        if self._background is None:
            visible = [artist.get_visible() for artist in self._artists]
            for artist in self._artists:
                artist.set_visible(False)
            canvas.draw()
            self._background = canvas.copy_from_bbox(self._figure.bbox)
            for artist, was_visible in zip(self._artists, visible, strict=True):
                artist.set_visible(was_visible)
        canvas.restore_region(self._background)
        for artist in self._artists:
            self._figure.draw_artist(artist)
        buffer = io.BytesIO()
        size = canvas.get_width_height()
        Image.frombuffer("RGBA", size, canvas.buffer_rgba()).convert("RGB").save(
            buffer, "png", compress_level=1
        )
        return buffer.getvalue()


def _require_possible(name: str, value, control: ipywidgets.ValueWidget) -> None:
    if isinstance(control, ipywidgets.Checkbox):
        require_option((True, False), **{name: value})
    elif hasattr(control, "options"):
        require_option(control.options, **{name: value})
    elif hasattr(control, "min"):
        whole = isinstance(control, ipywidgets.IntSlider)
        if not control.min <= value <= control.max or (whole and value != int(value)):
            kind = "an integer " if whole else ""
            raise ValueError(
                f"{name} must be {kind}between {control.min} and {control.max}, got {value!r}"
            )


def _plain(value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
