"""Settings of an explorer that a test can try: all corners, and a few at random."""

import itertools

import ipywidgets
import numpy as np

NUM_CORNERS, NUM_RANDOM = 64, 24


def choices(control) -> list:
    """Every value that a reader can choose, for sliders in steps of the slider."""
    if hasattr(control, "options"):
        return list(control.options)
    if isinstance(control, ipywidgets.Checkbox):
        return [False, True]
    steps = round((control.max - control.min) / control.step)
    values = [control.min + k * control.step for k in range(steps)] + [control.max]
    return [type(control.value)(value) for value in values]


def ends(control) -> list:
    values = choices(control)
    return [values[0], values[-1]]


def settings_to_try(explorer) -> list[dict]:
    controls = explorer.controls
    corners = [
        dict(zip(controls, c, strict=True))
        for c in itertools.product(*map(ends, controls.values()))
    ]
    rng = np.random.default_rng(0)
    if len(corners) > NUM_CORNERS:
        picked = rng.choice(len(corners), NUM_CORNERS, replace=False)
        corners = [corners[index] for index in picked]
    random = [
        {
            name: values[rng.integers(len(values))]
            for name, values in ((n, choices(c)) for n, c in controls.items())
        }
        for _ in range(NUM_RANDOM)
    ]
    return corners + random
