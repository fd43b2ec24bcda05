"""Controls as the browser builds them, and what it may send back."""

import ipywidgets
import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from rlnotes.explorers import catalog
from rlnotes.explorers.controls import (
    every_value,
    from_browser,
    require_possible,
    specification,
    to_browser,
)
from tests.explorers.settings import choices

NAMES = list(catalog())
MINUS = "\N{MINUS SIGN}"
QUARTERS = ["0.00", "0.25", "0.50", "0.75", "1.00"]
SLIDER = ipywidgets.FloatSlider(value=0.5, min=-1, max=1, step=0.25, description="a slider")
WHOLE = ipywidgets.IntSlider(value=4, min=2, max=10, step=2, description="steps")
STEPS = ipywidgets.SelectionSlider(options=[0.01, 0.1, 1], value=0.1, description="beta")
SELECT = ipywidgets.Dropdown(options=["one", "two"], value="two", description="which")
BOX = ipywidgets.Checkbox(value=True, description="on")


@pytest.fixture(scope="module")
def explorers():
    return {name: make() for name, make in catalog().items()}


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        (
            SLIDER,
            {
                "label": "a slider",
                "value": 0.5,
                "kind": "range",
                "min": -1,
                "max": 1,
                "step": 0.25,
                "texts": [f"{MINUS}{text}" for text in QUARTERS[:0:-1]] + QUARTERS,
            },
        ),
        (
            WHOLE,
            {
                "label": "steps",
                "value": 4,
                "kind": "range",
                "min": 2,
                "max": 10,
                "step": 2,
                "texts": ["2", "4", "6", "8", "10"],
            },
        ),
        (
            STEPS,
            {
                "label": "beta",
                "value": 1,
                "kind": "range",
                "min": 0,
                "max": 2,
                "step": 1,
                "texts": ["0.01", "0.1", "1"],
            },
        ),
        (SELECT, {"label": "which", "value": 1, "kind": "select", "texts": ["one", "two"]}),
        (BOX, {"label": "on", "value": True, "kind": "checkbox"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_control_is_built_from(control, expected):
    assert specification("x", control) == {"name": "x", **expected}


@pytest.mark.parametrize(
    ("low", "step", "texts"),
    [
        (0, 0.1, ["0.0", "0.1", "0.2", "0.3"]),
        (0.05, 0.1, ["0.05", "0.15", "0.25", "0.35"]),
        (0, 0.001, ["0.000", "0.001", "0.002", "0.003"]),
        (1, 1.0, ["1", "2", "3", "4"]),
        (-0.3, 0.1, [f"{MINUS}0.3", f"{MINUS}0.2", f"{MINUS}0.1", "0.0"]),
    ],
)
def test_a_readout_has_the_decimals_of_a_step(low, step, texts):
    slider = ipywidgets.FloatSlider(value=low, min=low, max=low + 3 * step, step=step)
    shown = specification("x", slider)["texts"]
    assert shown == texts


def test_a_readout_has_no_minus_before_zero():
    assert -0.33 + 11 * 0.03 < 0  # by rounding
    slider = ipywidgets.FloatSlider(value=0, min=-0.33, max=0.33, step=0.03)
    assert specification("x", slider)["texts"][11] == "0.00"


@pytest.mark.parametrize("name", NAMES)
def test_each_step_of_each_control_has_its_text(explorers, name):
    for key, control in explorers[name].controls.items():
        spec, values = specification(key, control), choices(control)
        if spec["kind"] == "checkbox":
            continue
        assert len(spec["texts"]) == len(values)
        for value, text in zip(values, spec["texts"], strict=True):
            if isinstance(value, str):
                assert text == value
            else:
                assert float(text.replace(MINUS, "-")) == pytest.approx(value, abs=1e-9)
                assert text.startswith(MINUS) == (value < -1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_comes_back_from_the_browser(explorers, name):
    for key, control in explorers[name].controls.items():
        before, values = control.value, choices(control)
        for value in values[:: max(1, len(values) // 7)]:
            control.value = value
            assert from_browser(key, to_browser(control), control) == control.value
        control.value = before


def test_an_option_is_sent_as_its_place():
    assert to_browser(SELECT) == 1
    assert from_browser("which", 0, SELECT) == "one"
    assert from_browser("beta", 2, STEPS) == 1
    assert from_browser("beta", 0.0, STEPS) == 0.01  # a browser has one kind of number


@pytest.mark.parametrize("control", [SLIDER, WHOLE, STEPS, SELECT], ids=lambda c: c.description)
@pytest.mark.parametrize(
    "sent",
    ["1", None, True, False, [1], {}, float("nan"), float("inf"), -float("inf"), 11, -2, 10**400],
    ids=lambda sent: str(sent)[:5],
)
def test_what_a_control_cannot_take_is_refused(control, sent):
    with pytest.raises(ValueError, match=r"^x must be"):
        from_browser("x", sent, control)


@pytest.mark.parametrize(
    ("control", "sent", "message"),
    [
        (SELECT, 0.5, "x must be the place of an option, 0 to 1, got 0.5"),
        (STEPS, 3, "x must be the place of an option, 0 to 2, got 3"),
        (WHOLE, 2.5, "x must be an integer between 2 and 10, got 2.5"),
        (SLIDER, 1.01, r"x must be between -1.0 and 1.0, got 1.01"),
        (SLIDER, "a" * 99, f"x must be a number, got '{'a' * 39}"),
        (BOX, 1, "x must be True or False, got 1"),
        (BOX, "true", "x must be True or False, got 'true'"),
        (BOX, None, "x must be True or False, got None"),
    ],
)
def test_the_message_names_the_control_and_the_value(control, sent, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        from_browser("x", sent, control)


@pytest.mark.parametrize(("control", "value"), [(SLIDER, "a"), (SLIDER, None), (WHOLE, True)])
def test_python_gets_the_same_messages(control, value):
    with pytest.raises(ValueError, match="x must be a number, got"):
        require_possible("x", value, control)


@pytest.mark.parametrize("value", [0, 0.5, np.float64(0.25), np.int64(1), -1])
def test_numbers_of_any_kind_are_numbers(value):
    require_possible("x", value, SLIDER)


@pytest.mark.parametrize("name", NAMES)
def test_the_widgets_behind_are_closed(explorers, name):
    for control in explorers[name].controls.values():
        for widget in (control, control.layout, control.style):
            assert widget.comm is None
            assert widget not in _instances.values()


@pytest.mark.parametrize("name", NAMES)
def test_every_value_is_a_choice_without_the_noise_of_the_steps(explorers, name):
    for control in explorers[name].controls.values():
        values = every_value(control)
        assert [type(value) for value in values] == [type(value) for value in choices(control)]
        if isinstance(values[0], float):
            np.testing.assert_allclose(values, choices(control), atol=1e-9)
            assert all(value == round(value, 10) for value in values)
        else:
            assert values == choices(control)
