"""The explorer: labelled controls, one figure updated in place, and a text twin.

A subclass declares its controls, builds its artists once, and sets plain numbers on
them in `update`. How the picture reaches the reader is no concern of it: a notebook
shows a panel that replays recorded frames, a file holds a PNG.
"""

import base64
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar

import ipywidgets
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.text import Text

from rlnotes._checks import require_option
from rlnotes.explorers import shown
from rlnotes.explorers.controls import (
    changes_from_browser,
    require_possible,
    sender,
    specification,
    to_browser,
    unannounced,
)
from rlnotes.explorers.panel import Panel
from rlnotes.explorers.scene import Scene
from rlnotes.plotting.style import VERMILION, house_style


class BadSetting(Exception):
    """A combination of settings that has no picture; the message says why."""


class Explorer:
    """Base class of all explorers.

    Subclasses set `title` and define `make_controls`, `build` and `update`. A page
    without a kernel holds the values that `in_page` names for some controls; None lets
    `rlnotes.site.grids` choose.

    Args:
        **settings: start values of controls by name; the others keep their default.

    Raises:
        ValueError: for an unknown control or a value that the control cannot take.
    """

    title = ""
    in_page: ClassVar[Mapping[str, Sequence] | None] = None

    def __init__(self, **settings):
        with unannounced():  # the controls hold the values; the panel shows them
            self.controls = self.make_controls()
            for control in self.controls.values():
                _ = control.layout, control.style  # made when first asked for
        self.defaults = self.settings
        self._specifications = [specification(*item) for item in self.controls.items()]
        self._paused = False
        self._numbers = ""
        self._answered = ["", 0]
        self._panel: Panel | None = None
        self._scene: Scene | None = None
        self._made_by_build: set[str] = set()
        for control in self.controls.values():
            control.observe(self._on_change, names="value")
        self.set(**settings)

    def make_controls(self) -> dict[str, ipywidgets.ValueWidget]:
        """Controls by their glossary name, in the order in which they are shown."""
        raise NotImplementedError

    def build(self) -> tuple[Figure, list[Artist]]:
        """The figure, and those of its artists that `update` changes."""
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
            require_possible(name, value, self.controls[name])
        with self._one_update():
            for name, value in settings.items():
                self.controls[name].value = value
        return self

    def figure(self) -> Figure:
        """The figure as it stands, for saving or for a test."""
        return self.scene.figure

    @property
    def scene(self) -> Scene:
        """The figure, ready to be recorded; built again if it was freed."""
        if self._scene is None:
            before = set(vars(self))
            with house_style():
                figure, artists = self.build()
                self.notice = _notice(figure)
                self._made_by_build = set(vars(self)) - before
                self._scene = Scene(figure, [*artists, self.notice])
                self._update_artists()
        return self._scene

    @property
    def main_numbers(self) -> str:
        """The main numbers of the picture."""
        _ = self.scene
        return self._numbers

    @property
    def panel(self) -> Panel:
        """The widget that a notebook shows, for a layout of your own."""
        if self._panel is None:
            scene = self.scene
            self._panel = Panel(
                self._take,
                title=self.title,
                size=list(scene.size),
                controls=self._specifications,
                **self._state(),
            )
        return self._panel

    @property
    def description(self) -> str:
        """Text twin: every setting and the main numbers of the picture."""
        listed = ", ".join(f"{name} = {plain(value)}" for name, value in self.settings.items())
        return f"{self.title}. Setting: {listed}. {self._numbers}"

    @property
    def code(self) -> str:
        """A line of Python that rebuilds this explorer as it stands."""
        kind = type(self)
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"from {kind.__module__} import {kind.__name__}; {kind.__name__}({arguments})"

    def png(self) -> bytes:
        """The picture, drawn by Agg."""
        with house_style():
            return self.scene.png()

    def close(self) -> None:
        """Free the figure and the panel. The setting stays; both come back on use."""
        if self._panel is not None:
            self._panel.close()
        self._panel = self._scene = None
        for name in self._made_by_build:
            delattr(self, name)
        self._made_by_build = set()

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        shown.remember(self)
        bundle, metadata = self.panel._repr_mimebundle_(**kwargs)
        bundle["text/plain"] = self.description
        bundle["image/png"] = base64.b64encode(self.png()).decode("ascii")
        return bundle, {**metadata, "image/png": {"alt": self.description}}

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
        try:
            with house_style():
                if self._scene is None:
                    _ = self.scene
                else:
                    self._update_artists()
                if self._panel is not None:
                    self._panel.show(**self._state())
        except Exception as error:
            self._numbers = "No numbers: this setting failed."
            failed = f"This setting failed ({type(error).__name__}: {error})."
            self._say(f"{failed} The picture is the one before.")
            raise

    def _say(self, problem: str) -> None:
        """Show a sentence, the setting as it stands and the picture as it was."""
        if self._panel is not None:
            self._panel.show(state=self._words(problem))

    def _state(self) -> dict:
        """What the panel shows of the setting as it stands."""
        scene = self.scene
        with house_style():
            background = scene.background
            frame, unrecorded = scene.frame()
        return {
            "background": background,
            "frame": frame,
            "sheet": scene.sheet,
            "state": self._words(unrecorded),
        }

    def _words(self, problem: str) -> dict:
        return {
            "values": {name: to_browser(c) for name, c in self.controls.items()},
            "text": self.description,
            "line": self.code,
            "problem": problem,
            "answers": self._answered,
        }

    def _take(self, request: object) -> None:
        """Do what a panel in the browser asks for, and answer in any case."""
        try:
            self._answered = sender(request)
            changes = changes_from_browser(request, self.controls)
        except ValueError as refused:
            self._say(f"Ignored: {str(refused)[:300]}.")
        else:
            self.set(**changes)

    def _update_artists(self) -> None:
        try:
            self._numbers = self.update(**self.settings)
            self.notice.set_visible(False)
        except BadSetting as problem:
            self._numbers = f"Not shown: {problem} The picture is the one before."
            self.notice.set(text=f"Not shown: {problem}\nThe picture is the one before.")
            self.notice.set_visible(True)


def _notice(figure: Figure) -> Text:
    box = {"facecolor": "white", "edgecolor": VERMILION, "boxstyle": "round"}
    place = {"ha": "center", "va": "center", "zorder": 100}
    return figure.text(0.5, 0.5, "", visible=False, bbox=box, **place)


def plain(value) -> str:
    """A value of a control as the text says it."""
    return f"{value:g}" if isinstance(value, float) else str(value)
