"""The moving target: w chases 2w, with and without a lagged copy of itself."""

import ipywidgets
import numpy as np

from rlnotes.exact.semi_gradient import (
    LAGS,
    growth_per_copy,
    growth_per_update,
    stable_share,
    weight_path,
)
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.style import (
    CURRENT,
    EXACT,
    FURTHER,
    GREY,
    INK,
    REFERENCE,
    SHADE,
    label,
    new_figure,
    title,
)

NUM_UPDATES = 300
UPDATES = np.arange(NUM_UPDATES + 1)
UNLAGGED = "dashed: w without lag"
FEWEST_UPDATES_MARKED = 3  # shorter periods would merge into one block
FLOOR = 1e-9  # weights of zero are drawn here, far below the axis
GAMMAS = np.linspace(0, 1, 41)


class MovingTarget(Explorer):
    """Two states with values w and 2w; all true values are 0."""

    title = "A moving target: values w and 2w, both truly 0"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "gamma": slider(value=0.9, min=0, max=1, step=0.01, description="gamma"),
            "period": ipywidgets.IntSlider(
                value=30, min=1, max=100, description="period C (1: no lag)"
            ),
            "learning_rate": slider(value=0.1, min=0.01, max=0.25, step=0.01, description="alpha"),
            "second_state_share": slider(
                value=0, min=0, max=1, step=0.01, description="share of updates at state 2"
            ),
            "lag": ipywidgets.Dropdown(options=LAGS, description="lagged weights"),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        label(left, heading="w grows", x="updates", y="weight w (log scale)")
        left.set(yscale="log", xlim=(0, NUM_UPDATES), ylim=(1e-3, 1e7))
        left.axhline(1, color=GREY, linewidth=0.8)
        (self.copies,) = left.plot([], [], color=INK, transform=left.get_xaxis_transform())
        self.copies.set(linewidth=1.2, zorder=10)
        (self.no_lag,) = left.plot([], [], **{**REFERENCE, "linewidth": 2, "zorder": 11})
        (self.targets,) = left.plot([], [], color=FURTHER[0], drawstyle="steps-post", zorder=12)
        (self.weights,) = left.plot([], [], **{**CURRENT, "marker": "", "zorder": 13})
        notes = {
            "thick: w, chasing lagged weights": CURRENT["color"],
            "thin: its targets, 2 gamma w_lag": FURTHER[0],
            UNLAGGED: GREY,
        }
        white = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        place = {"va": "top", "fontsize": 9, "bbox": white, "zorder": 15}
        self.notes = [
            left.text(0.02, 0, note, color=color, transform=left.transAxes, **place)
            for note, color in notes.items()
        ]
        self.verdict = title(left, "w grows")
        self.verdict.set_zorder(14)

        label(right, heading="Growth of w over C updates", x="gamma", y="factor on w")
        right.set(xlim=(0, 1), ylim=(0, 2.6))
        right.axhspan(1, 2.6, color=SHADE, zorder=0)
        explained = "shaded: diverges\nsolid: with lag; dashed: without"
        legend = right.text(0.02, 0.98, explained, transform=right.transAxes, **place)
        (self.unlagged_growth,) = right.plot([], [], **{**REFERENCE, "linewidth": 2, "zorder": 11})
        (self.growth,) = right.plot([], [], **{**EXACT, "zorder": 12})
        (self.now,) = right.plot([], [], **{**CURRENT, "zorder": 13})
        changing = [self.copies, self.no_lag, self.targets, self.weights, self.verdict]
        growths = [self.unlagged_growth, self.growth, self.now]
        return figure, [*changing, *growths, *self.notes, legend]

    def update(self, gamma, period, learning_rate, second_state_share, lag):
        step = {"learning_rate": learning_rate, "second_state_share": second_state_share}
        weights, lagged = weight_path(NUM_UPDATES, gamma=gamma, period=period, lag=lag, **step)
        no_lag, _ = weight_path(NUM_UPDATES, gamma=gamma, period=1, **step)
        growth = growth_over_period(gamma, period, lag, step)
        unlagged = growth_per_copy(gamma=gamma, period=1, **step) ** period
        verdict = "grows" if growth > 1 else "shrinks"
        if np.isclose(growth, 1, rtol=1e-9):
            verdict = "stays"
        share, duration = stable_share(gamma=gamma), f"{period} update{'s' * (period > 1)}"
        marked = lag == "periodic copy" and period >= FEWEST_UPDATES_MARKED
        every = range(0, NUM_UPDATES + 1, period) if marked else []
        marks = np.array([(update, update, np.nan) for update in every]).ravel()

        for row, note in enumerate(self.notes):  # where no curve runs
            note.set_y((0.97 if verdict == "shrinks" else 0.255) - 0.065 * row)
        self.notes[-1].set_text(f"{UNLAGGED}; marks below: copies" if marked else UNLAGGED)
        self.copies.set_data(marks, np.resize([0, 0.04, np.nan], marks.size))
        self.no_lag.set_data(UPDATES, np.maximum(no_lag, FLOOR))
        self.targets.set_data(UPDATES, np.maximum(2 * gamma * lagged, FLOOR))
        self.weights.set_data(UPDATES, np.maximum(weights, FLOOR))
        self.verdict.set_text(f"w {verdict}: factor {growth:.3g} in {duration}")
        self.unlagged_growth.set_data(
            GAMMAS, [growth_per_copy(gamma=g, period=1, **step) ** period for g in GAMMAS]
        )
        self.growth.set_data(GAMMAS, [growth_over_period(g, period, lag, step) for g in GAMMAS])
        self.now.set_data([gamma], [growth])
        return (
            f"Over {duration} w {verdict}: factor {growth:.4g} with the lag, "
            f"{unlagged:.4g} without. After {NUM_UPDATES} updates w = {weights[-1]:.4g}, "
            f"without lag {no_lag[-1]:.4g}. At this gamma w shrinks, whatever the period, "
            + (f"if the share at state 2 exceeds {share:.4f}." if gamma >= 0.5 else "at any share.")
        )


def growth_over_period(gamma: float, period: int, lag: str, step: dict) -> float:
    """Long-run factor on w over `period` updates, for either kind of lag."""
    if lag == "periodic copy":
        return growth_per_copy(gamma=gamma, period=period, **step)
    return growth_per_update(gamma=gamma, averaging_rate=1 / period, **step) ** period
