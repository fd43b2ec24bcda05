"""A control as the browser sees it: how it looks, what it shows, what it may send."""

from collections.abc import Mapping
from contextlib import contextmanager
from math import inf
from numbers import Real

import ipywidgets

from rlnotes._checks import require_option
from rlnotes.plotting.numbers import number


@contextmanager
def unannounced():
    """Widgets that are made within this context hold values; no page hears of them.

    A channel for each, opened and closed at once, would cost messages. In JupyterLab
    4.6.6 it could also cut other panels off from the kernel, whose log then said
    "Unknown subshell_id".
    """
    announce = ipywidgets.Widget.open
    ipywidgets.Widget.open = lambda _widget: None
    try:
        yield
    finally:
        ipywidgets.Widget.open = announce


def specification(name: str, control: ipywidgets.ValueWidget) -> dict:
    """What a panel needs to build the control; `texts` has one entry for each value."""
    spec = {"name": name, "label": control.description, "value": to_browser(control)}
    if isinstance(control, ipywidgets.Checkbox):
        return {**spec, "kind": "checkbox"}
    if isinstance(control, ipywidgets.Dropdown):
        return {**spec, "kind": "select", "texts": [str(option) for option in control.options]}
    if isinstance(control, ipywidgets.SelectionSlider):
        texts = [str(option) for option in control.options]
        return {**spec, "kind": "range", "min": 0, "max": len(texts) - 1, "step": 1, "texts": texts}
    low, high, step = control.min, control.max, control.step
    count = round((high - low) / step)
    digits = max(_decimals(low), _decimals(step))
    texts = [number(low + k * step, digits) for k in range(count + 1)]
    return {**spec, "kind": "range", "min": low, "max": high, "step": step, "texts": texts}


def every_value(control: ipywidgets.ValueWidget) -> list:
    """Every value that a reader can choose, in order."""
    if isinstance(control, ipywidgets.Checkbox):
        return [False, True]
    if hasattr(control, "options"):
        return list(control.options)
    count = round((control.max - control.min) / control.step)
    kind = int if isinstance(control, ipywidgets.IntSlider) else lambda x: round(x, 10)
    return [kind(control.min + k * control.step) for k in range(count)] + [kind(control.max)]


def to_browser(control: ipywidgets.ValueWidget) -> float | int | bool:
    """The value as the browser counts it: a number, or the place among the options."""
    return control.index if hasattr(control, "options") else control.value


def sender(request: object) -> list:
    """The panel that has sent this request, and its number there.

    Raises:
        ValueError: if the request does not say so.
    """
    view, number = (_part(request, key) for key in ("view", "number"))
    if not isinstance(view, str) or type(number) is not int:
        raise ValueError(f"request must have a view and a number, got {_short(request)}")
    return [view, number]


def changes_from_browser(request: object, controls: Mapping[str, ipywidgets.ValueWidget]) -> dict:
    """The values that a request sets, by the name of the control.

    Raises:
        ValueError: for an unknown control or a value that the control cannot take.
    """
    sent = _part(request, "changes")
    if not isinstance(sent, dict):
        raise ValueError(f"changes must have a value for each control, got {_short(sent)}")
    for name in sent:
        require_option(controls, control=name)
    return {name: from_browser(name, value, controls[name]) for name, value in sent.items()}


def from_browser(name: str, sent: object, control: ipywidgets.ValueWidget):
    """The value that a browser has sent for this control.

    Raises:
        ValueError: if it is none that the control can take.
    """
    if isinstance(control, ipywidgets.Checkbox):
        value = sent
    elif not _is_number(sent):
        raise ValueError(f"{name} must be a number, got {_short(sent)}")
    elif hasattr(control, "options"):
        if sent not in range(len(control.options)):
            last = len(control.options) - 1
            raise ValueError(f"{name} must be the place of an option, 0 to {last}, got {sent}")
        value = control.options[int(sent)]
    else:
        value = sent
    require_possible(name, value, control)
    return value


def require_possible(name: str, value, control: ipywidgets.ValueWidget) -> None:
    """Raise a ValueError if the control cannot take this value."""
    if isinstance(control, ipywidgets.Checkbox):
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be True or False, got {_short(value)}")
    elif hasattr(control, "options"):
        require_option(control.options, **{name: value})
    elif hasattr(control, "min"):
        if not _is_number(value):
            raise ValueError(f"{name} must be a number, got {_short(value)}")
        whole = isinstance(control, ipywidgets.IntSlider)
        if not control.min <= value <= control.max or (whole and value != int(value)):
            kind = "an integer " if whole else ""
            raise ValueError(
                f"{name} must be {kind}between {control.min} and {control.max}, got {value!r}"
            )


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and -inf < value < inf


def _decimals(value: float) -> int:
    return len(f"{value:.10f}".rstrip("0").partition(".")[2])


def _part(request: object, key: str) -> object:
    return request.get(key) if isinstance(request, dict) else None


def _short(value: object) -> str:
    return repr(value)[:40]
