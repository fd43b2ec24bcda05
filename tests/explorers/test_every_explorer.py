"""Every explorer of the catalogue: every control, at corners and random settings."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from rlnotes import explorers
from rlnotes.explorers import catalog
from rlnotes.plotting.style import house_style
from tests.explorers.settings import choices, ends, settings_to_try

NAMES = list(catalog())


@pytest.fixture(scope="module", params=NAMES)
def explorer(request):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return catalog()[request.param]()


@pytest.fixture(autouse=True)
def at_default(explorer):
    explorer.set(**explorer.defaults)


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.png())))


def fully_drawn(explorer) -> np.ndarray:
    canvas = explorer.figure().canvas
    with house_style():
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def test_no_setting_raises_or_warns(explorer):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for setting in settings_to_try(explorer):
            explorer.set(**setting)
            assert np.ptp(pixels(explorer)) > 0, setting
            assert "nan" not in explorer.description, setting


def test_each_control_changes_the_picture_at_once(explorer):
    for name, control in explorer.controls.items():
        before = pixels(explorer)
        for value in {ends(control)[0], ends(control)[1]} - {control.value}:
            control.value = value
            changed = (pixels(explorer) != before).any(axis=-1).sum()
            assert changed > 20, f"{name} = {value} changes {changed} pixels"
            explorer.set(**explorer.defaults)


def test_every_step_of_a_control_is_taken(explorer):
    # A slider that rounds or refuses a step would show a value that is not its own.
    for name, control in explorer.controls.items():
        for value in choices(control)[:: max(1, len(choices(control)) // 12)]:
            control.value = value
            expected = pytest.approx(value, abs=1e-9) if isinstance(value, float) else value
            assert control.value == expected
            assert explorer.settings[name] == expected
        explorer.set(**explorer.defaults)


def test_the_shown_picture_is_the_figure_fully_drawn(explorer):
    # Catches an artist that changes but is not redrawn: the cached background is stale.
    for setting in settings_to_try(explorer)[::8]:
        explorer.set(**setting)
        np.testing.assert_array_equal(pixels(explorer), fully_drawn(explorer), str(setting))


def test_the_picture_depends_on_the_setting_only(explorer):
    default = pixels(explorer)
    for setting in settings_to_try(explorer)[::16]:
        explorer.set(**setting)
    explorer.set(**explorer.defaults)
    np.testing.assert_array_equal(pixels(explorer), default)


def test_the_text_twin_contains_every_setting(explorer):
    for setting in settings_to_try(explorer)[::8]:
        explorer.set(**setting)
        for name, value in explorer.settings.items():
            shown = f"{value:g}" if isinstance(value, float) else value
            assert f"{name} = {shown}" in explorer.description
        assert len(explorer.description) > 80


def test_the_line_of_code_rebuilds_the_explorer(explorer):
    setting = settings_to_try(explorer)[-1]
    explorer.set(**setting)
    statement, expression = explorer.code.split("; ")
    names: dict = {}
    exec(statement, names)
    twin = eval(expression, names)
    assert twin.settings == explorer.settings
    assert twin.description == explorer.description


def test_every_control_has_a_visible_label_and_one_value(explorer):
    for control in explorer.controls.values():
        assert control.description
        assert not isinstance(control.value, tuple | list)


def test_the_stored_output_holds_picture_and_text(explorer):
    bundle, metadata = explorer._repr_mimebundle_()
    assert metadata == {"image/png": {"alt": explorer.description}}
    assert set(bundle) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"] == explorer.description


def test_bad_settings_are_refused_and_change_nothing(explorer):
    before = explorer.settings
    with pytest.raises(ValueError, match="control must be one of"):
        explorer.set(no_such_control=1)
    for name, control in explorer.controls.items():
        bad = control.max + 1 if hasattr(control, "max") else "no such option"
        with pytest.raises(ValueError, match=f"{name} must .*got"):
            explorer.set(**{name: bad})
    assert explorer.settings == before


def test_each_class_is_an_attribute_of_the_package():
    for factory in catalog().values():
        assert getattr(explorers, factory.__name__) is factory
        assert factory.__name__ in dir(explorers)
    with pytest.raises(AttributeError, match="MazeValue'"):
        _ = explorers.MazeValue
