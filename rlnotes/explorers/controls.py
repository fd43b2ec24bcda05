"""A control as the browser sees it: how it looks, what it shows, what it may send."""

from math import isfinite
from numbers import Real

import ipywidgets

from rlnotes._checks import require_option


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
    values = [round(low + k * step, digits) + 0.0 for k in range(count + 1)]  # no -0.0
    texts = [f"{value:.{digits}f}" for value in values]
    return {**spec, "kind": "range", "min": low, "max": high, "step": step, "texts": texts}


def to_browser(control: ipywidgets.ValueWidget) -> float | int | bool:
    """The value as the browser counts it: a number, or the place among the options."""
    return control.index if hasattr(control, "options") else control.value


def from_browser(name: str, sent: object, control: ipywidgets.ValueWidget):
    """The value that a browser has sent for this control.

    Raises:
        ValueError: if it is none that the control can take.
    """
    if isinstance(control, ipywidgets.Checkbox):
        value = sent
    elif not _is_number(sent) or (isinstance(sent, float) and not isfinite(sent)):
        raise ValueError(f"{name} must be a number, got {str(sent)[:40]!r}")
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
            raise ValueError(f"{name} must be True or False, got {value!r}")
    elif hasattr(control, "options"):
        require_option(control.options, **{name: value})
    elif hasattr(control, "min"):
        if not _is_number(value):
            raise ValueError(f"{name} must be a number, got {value!r}")
        whole = isinstance(control, ipywidgets.IntSlider)
        if not control.min <= value <= control.max or (whole and value != int(value)):
            kind = "an integer " if whole else ""
            raise ValueError(
                f"{name} must be {kind}between {control.min} and {control.max}, got {value!r}"
            )


def _is_number(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _decimals(value: float) -> int:
    return len(f"{value:.10f}".rstrip("0").partition(".")[2])
