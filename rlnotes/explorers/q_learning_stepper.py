"""Q-learning on the maze, trained anew at every move: Q table and distance to Q*."""

from dataclasses import replace
from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.exact.mdp import optimal_values, policy_values, q_values
from rlnotes.explorers.base import Explorer
from rlnotes.functional.bellman import greedy_policy
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.policy_evaluation import ending_states
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
        mdp = Maze(picture=PICTURE_2X3, step_noise=step_noise).mdp()
        best_values = optimal_values(mdp, gamma=gamma)
        exact = q_values(mdp, best_values, gamma=gamma)
        live = ~mdp.terminal
        runs = learn(learning_rate, epsilon, gamma, step_noise, seed)
        all_distances = np.abs(runs - exact)[:, :, live].max(axis=(2, 3))
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


@lru_cache(maxsize=4)
def learn(
    learning_rate: float, epsilon: float, gamma: float, step_noise: float, seed: int
) -> np.ndarray:
    """[learners, snapshots, S, A] tables during the run, the shown learner first."""
    mdp = Maze(picture=PICTURE_2X3, step_noise=step_noise).mdp()
    config = Config(
        gamma=gamma,
        num_steps=MAX_STEPS,
        learning_rate=learning_rate,
        epsilon=epsilon,
        num_snapshots=NUM_SNAPSHOTS,
    )
    seeds = [seed + 1000 * other for other in range(NUM_OTHERS + 1)]
    return np.stack(
        [train_q_learning_on_tables(mdp, replace(config, seed=s)).snapshots for s in seeds]
    )


def greedy_value(mdp: FiniteMDP, action_values: np.ndarray, *, gamma: float) -> tuple[float, bool]:
    """Exact value of the start under the greedy policy, and whether that can end.

    Only ends pay in this maze. So a state from which the policy reaches no end is worth
    0, as if it were one; at gamma = 1 that replaces an equation without one solution.
    """
    policy = greedy_policy(action_values)
    stay, stuck = np.eye(mdp.num_states), ~ending_states(mdp, policy)
    halting = FiniteMDP(
        transition_probs=np.where(stuck[:, None, None], stay[:, None], mdp.transition_probs),
        expected_rewards=np.where(stuck[:, None], 0.0, mdp.expected_rewards),
        start_probs=mdp.start_probs,
        terminal=mdp.terminal | stuck,
    )
    value = mdp.start_probs @ policy_values(halting, policy, gamma=gamma)
    return float(value), not stuck[mdp.start_probs > 0].all()
