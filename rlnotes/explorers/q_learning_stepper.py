"""Q-learning on the maze, trained anew at every move: Q table and distance to Q*."""

from dataclasses import replace
from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.envs.maze import PICTURE_2X3, maze_2x3
from rlnotes.exact.mdp import greedy_value, optimal_values, q_values
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.maze import ActionValues, MazeGrid
from rlnotes.plotting.numbers import number
from rlnotes.plotting.style import CURRENT, ESTIMATE, REFERENCE, SHADE, label, new_figure, title
from rlnotes.training.q_learning import Config
from rlnotes.training.q_learning_tables import train_q_learning_on_tables

MAX_STEPS = 2000
NUM_SNAPSHOTS = 40
NUM_OTHERS = 4  # further learners, for the band
SPACING = MAX_STEPS // NUM_SNAPSHOTS


class QLearningStepper(Explorer):
    """One learner on the maze: every setting trains it from the beginning."""

    title = f"Q-learning on the 2x3 maze, one learner and a band with {NUM_OTHERS} more"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "num_steps": ipywidgets.IntSlider(
                value=600, min=SPACING, max=MAX_STEPS, step=SPACING, description="steps"
            ),
            "learning_rate": slider(value=0.2, min=0, max=1, step=0.01, description="alpha"),
            "epsilon": slider(value=0.3, min=0, max=1, step=0.01, description="epsilon"),
            "gamma": slider(value=0.9, min=0, max=1, step=0.01, description="gamma"),
            "step_noise": slider(value=0, min=0, max=1, step=0.05, description="step noise"),
            "seed": ipywidgets.IntSlider(value=0, min=0, max=20, description="seed"),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        self.q_panel = ActionValues(MazeGrid(left, PICTURE_2X3), limit=18)
        title(left, "Learned action values")
        label(right, heading="Largest distance to the exact Q*", x="steps", y="discounted reward")
        right.set(xlim=(0, MAX_STEPS), ylim=(-0.3, 21))
        right.axhline(0, **REFERENCE)
        self.band = right.fill_between([0, 1], [0, 0], [1, 1], color=SHADE, zorder=10)
        note = f"grey: the range of {NUM_OTHERS + 1} learners"
        right.text(0.98, 0.96, note, transform=right.transAxes, ha="right", va="top")
        (self.distances,) = right.plot([], [], **{**ESTIMATE, "zorder": 12, "markevery": 5})
        (self.now,) = right.plot([], [], **{**CURRENT, "zorder": 13})
        return figure, [*self.q_panel.artists, self.band, self.distances, self.now]

    def update(self, num_steps, learning_rate, epsilon, gamma, step_noise, seed):
        mdp, best_values = maze_2x3(step_noise=step_noise), best_values_of(step_noise, gamma)
        exact = q_values(mdp, best_values, gamma=gamma)
        runs = learn(learning_rate, epsilon, gamma, step_noise, seed)
        all_distances = np.abs(runs - exact)[:, :, ~mdp.terminal].max(axis=(2, 3))
        distances, steps = all_distances[0], SPACING * np.arange(1, NUM_SNAPSHOTS + 1)
        index = num_steps // SPACING - 1
        learned = runs[0][index]

        self.q_panel.update(learned)
        self.band.set_data(steps, all_distances.min(axis=0), all_distances.max(axis=0))
        self.distances.set_data(steps, distances)
        self.now.set_data([num_steps], [distances[index]])
        actions = ", ".join(
            f"{name} {number(value)}"
            for name, value in zip(mdp.action_names, learned[0], strict=True)
        )
        value, ends = greedy_value(mdp, learned, gamma=gamma)
        return (
            f"After {num_steps} steps: largest distance to Q* {distances[index]:.4f}, among "
            f"{NUM_OTHERS + 1} learners from {all_distances[:, index].min():.4f} to "
            f"{all_distances[:, index].max():.4f}. Learned at the start: {actions}. Greedy "
            f"policy, ties at random: exact value of the start {value:.4f}"
            f"{'' if ends else ' (it never ends)'}, optimum {mdp.start_probs @ best_values:.4f}."
        )


@lru_cache(maxsize=256)
def best_values_of(step_noise: float, gamma: float) -> np.ndarray:
    """[S] V* of that maze."""
    return optimal_values(maze_2x3(step_noise=step_noise), gamma=gamma)


@lru_cache(maxsize=4)
def learn(
    learning_rate: float, epsilon: float, gamma: float, step_noise: float, seed: int
) -> np.ndarray:
    """[learners, snapshots, S, A] tables during the run, the shown learner first."""
    config = Config(
        gamma=gamma,
        num_steps=MAX_STEPS,
        learning_rate=learning_rate,
        epsilon=epsilon,
        num_snapshots=NUM_SNAPSHOTS,
    )
    mdp = maze_2x3(step_noise=step_noise)
    seeds = range(seed, seed + 1000 * (NUM_OTHERS + 1), 1000)
    return np.stack(
        [train_q_learning_on_tables(mdp, replace(config, seed=s)).snapshots for s in seeds]
    )
