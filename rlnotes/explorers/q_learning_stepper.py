"""Q-learning on the maze, one transition at a time, with the arithmetic of each."""

import ipywidgets
import numpy as np

from rlnotes.envs.maze import PICTURE_2X3, maze_2x3
from rlnotes.explorers.base import Explorer
from rlnotes.explorers.q_learning_steps import (
    MAX_STEPS,
    NUM_LEARNERS,
    Lesson,
    learn,
    staircase,
)
from rlnotes.plotting.maze import ActionValues, MazeGrid
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    EXACT,
    INK,
    SHADE,
    label,
    new_figure,
    title,
)

STEP_0 = "Step 0: nothing is learned yet."
KEY = (
    "dot: the cell left in this step    ring: the cell reached\n"
    "thick: the entry updated    dashed: what its target reads"
)


class QLearningStepper(Explorer):
    """One learner on the maze; a slider walks through its steps.

    The default seed is one of few in which the goal is found early and its reward then
    goes back cell by cell within some steps.
    """

    title = f"Q-learning on the 2x3 maze, step by step, and a band of {NUM_LEARNERS - 1} others"

    def make_controls(self):
        slider, whole = ipywidgets.FloatSlider, ipywidgets.IntSlider
        return {
            "num_steps": whole(value=7, min=0, max=MAX_STEPS, description="steps"),
            "learning_rate": slider(value=0.5, min=0, max=1, step=0.01, description="alpha"),
            "epsilon": slider(value=0.5, min=0, max=1, step=0.01, description="epsilon"),
            "gamma": slider(value=0.9, min=0, max=1, step=0.01, description="gamma"),
            "step_noise": slider(value=0, min=0, max=1, step=0.05, description="step noise"),
            "initial_value": whole(value=0, min=0, max=12, description="first Q"),
            "seed": whole(value=19, min=0, max=20, description="seed"),
        }

    def build(self):
        figure, (left, right) = new_figure(2, size=(9.0, 4.6))
        figure.get_layout_engine().set(rect=(0, 0, 1, 0.83))
        begins = {"size": 11, "zorder": 14, "shift": 0}
        self.step_text = Labels(left, [(-0.5, -1.22)], weight="bold", **begins)
        self.sum_text = Labels(left, [(-0.5, -1.03), (-0.5, -0.85)], **begins)
        self.q_panel = ActionValues(MazeGrid(left, PICTURE_2X3), limit=18)
        title(left, "Q table after this step")
        left.set_anchor("N")
        figure.text(0.045, 0.03, KEY, ha="left", va="bottom", fontsize=9)
        outline = {"color": INK, "marker": "", "zorder": 11}
        (self.moved,) = left.plot([], [], linewidth=3.5, **outline)
        (self.read,) = left.plot([], [], "--", linewidth=2, **outline)
        (self.place,) = left.plot([], [], **{**CURRENT, "linestyle": "", "zorder": 13})
        ring = {"markersize": 15, "markeredgewidth": 2, "markerfacecolor": "none"}
        (self.landing,) = left.plot([], [], "o", color=BLUE, zorder=13, **ring)
        self._build_curve(right)
        on_maze = [self.moved, self.read, self.place, self.landing]
        on_curve = [self.band, self.optimum, self.value, self.now]
        texts = [self.step_text, self.sum_text]
        return figure, [*self.q_panel.artists, *on_maze, *on_curve, *texts]

    def _build_curve(self, axes):
        label(axes, heading="Exact value of its greedy policy", x="steps", y="discounted reward")
        axes.set(xlim=(0, MAX_STEPS), ylim=(-14, 11.5), yticks=range(-10, 11, 5))
        (self.band,) = axes.fill([0], [0], color=SHADE, zorder=10)
        (self.optimum,) = axes.plot([0, MAX_STEPS], [0, 0], **{**EXACT, "zorder": 11})
        blue = {"color": BLUE, "linewidth": 1.6, "zorder": 12}
        (self.value,) = axes.plot([], [], **blue)
        (self.now,) = axes.plot([], [], **{**CURRENT, "zorder": 13})
        note = f"dark line: the optimum    grey: range of {NUM_LEARNERS - 1} others"
        axes.text(0.99, 0.02, note, transform=axes.transAxes, ha="right", va="bottom", fontsize=9)

    def update(self, num_steps, learning_rate, epsilon, gamma, step_noise, initial_value, seed):
        lesson = learn(learning_rate, epsilon, gamma, step_noise, initial_value, seed)
        step, *arithmetic = STEP_0, "", ""
        if num_steps:
            step, *arithmetic = words(lesson, num_steps, alpha=learning_rate, gamma=gamma)
        self.step_text.set_texts([step])
        self.sum_text.set_texts(arithmetic)
        self._show_step(lesson, num_steps)

        now, optimum = lesson.greedy_values[:, num_steps], lesson.best_values[0]
        self.band.set_xy(lesson.band)
        # Its own curve goes no further than this step: the rest is to be predicted.
        self.value.set_data(*staircase(lesson.greedy_values[0, : num_steps + 1]).T)
        self.now.set_data([num_steps], [now[0]])
        self.optimum.set_ydata([optimum, optimum])
        ends = "" if lesson.ends[0, num_steps] else " (it never ends)"
        return (
            f"{' '.join([step, *arithmetic])} "
            f"Greedy policy, ties at random: exact value of the start "
            f"{now[0]:.4f}{ends}, among {NUM_LEARNERS} learners from {now.min():.4f} to "
            f"{now.max():.4f}, optimum {optimum:.4f}. Largest distance to Q* "
            f"{lesson.distances[num_steps]:.4f}."
        )

    def _show_step(self, lesson: Lesson, num_steps: int) -> None:
        """The table, and the marks of the step that led to it; none at step 0."""
        self.q_panel.update(lesson.tables[num_steps])
        marks = [self.moved, self.read, self.place, self.landing]
        for mark in marks:
            mark.set_visible(num_steps > 0)
        if not num_steps:
            return
        steps, index, grid = lesson.transitions, num_steps - 1, self.q_panel.grid
        state, after = steps.states[index], steps.next_states[index]
        wedges = self.q_panel.wedges
        self.moved.set_data(*_around([wedges[state, steps.actions[index]]]))
        row = lesson.tables[index, after]
        read = [] if steps.terminated[index] else np.flatnonzero(row == row.max())
        self.read.set_data(*_around([wedges[after, action] for action in read]))
        (y, x), (to_y, to_x) = grid.cells[state], grid.cells[after]
        self.place.set_data([x], [y])
        # The name of an end stands in its centre.
        self.landing.set_data([to_x], [to_y + 0.3 * steps.terminated[index]])


def words(lesson: Lesson, num_steps: int, *, alpha: float, gamma: float) -> tuple[str, str, str]:
    """What this step was, its error, and how its entry moves."""
    index, steps, names = num_steps - 1, lesson.transitions, maze_2x3().state_names
    state, action, after = steps.states[index], steps.actions[index], steps.next_states[index]
    reward, target = steps.rewards[index], lesson.targets[index]
    old, new = lesson.tables[[index, num_steps], state, action]
    end = ", the end" if steps.terminated[index] else ""
    step = (
        f"Step {num_steps}: {names[state]}, {maze_2x3().action_names[action]}, "
        f"r = {plain(reward)}, s' = {names[after]}{end}."
    )
    sources = f"target {plain(reward)}, nothing comes after the end"
    if not steps.terminated[index]:
        best = lesson.tables[index, after].max()
        sources = f"target {plain(reward)} + {gamma:g} * {plain(best)}"
        sources += f" = {plain(target)}"
    error = plain(target - old)
    signed = error if error[0] in "0\N{MINUS SIGN}" else f"+{error}"
    moves = f"Q moves by {alpha:g} * ({signed}) from {plain(old)} to {plain(new)}"
    if old == new:
        moves = f"Q stays at {plain(old)}{_next_move(lesson, num_steps)}"
    difference = f"{plain(target)} \N{MINUS SIGN} {_bracketed(old)}"
    return step, f"{sources}; error {difference} = {signed};", f"{moves}."


def _next_move(lesson: Lesson, num_steps: int) -> str:
    moves = (np.diff(lesson.tables[num_steps:], axis=0) != 0).any(axis=(1, 2))
    return f" (next change: step {num_steps + 1 + moves.argmax()})" if moves.any() else ""


def plain(value: float) -> str:
    """At most four decimals, none that is an idle zero, and a true minus sign.

    Example:
        >>> plain(4.5), plain(2.0), plain(1.01250), plain(-0.00001)
        ('4.5', '2', '1.0125', '0')
    """
    return number(value, 4).rstrip("0").rstrip(".")


def _bracketed(value: float) -> str:
    return plain(value) if plain(value)[0] != "\N{MINUS SIGN}" else f"({plain(value)})"


def _around(wedges: list[np.ndarray]) -> np.ndarray:
    """[2, M] lines around triangles, with gaps between."""
    gap = np.full((1, 2), np.nan)
    return np.concatenate([gap, *(part for w in wedges for part in (w, w[:2], gap))]).T
