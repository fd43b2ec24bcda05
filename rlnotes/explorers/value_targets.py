"""What a critic is fitted to: Monte Carlo, n-step and lambda-return targets."""

from functools import lru_cache

import ipywidgets
import numpy as np
import torch

from rlnotes.envs.small_tasks import two_goal_corridor
from rlnotes.exact.mdp import policy_values
from rlnotes.exact.trajectories import Trajectories, enumerate_trajectories
from rlnotes.explorers.base import Explorer
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.returns import discounted_returns, lambda_returns, n_step_returns
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    BLUE,
    EXACT,
    FURTHER,
    GREY,
    house_style,
    label,
    new_figure,
)

MAX_STEPS = 12
HANDLINGS = ("bootstrap (right)", "as an end (wrong)")
CELLS = np.arange(1, 5)  # cells 0 and 5 are the ends of the corridor
STYLES = {
    "Monte Carlo": {"color": FURTHER[1], "marker": "^", "linestyle": "--", "markersize": 7},
    "n-step": {"color": FURTHER[0], "marker": "D", "linestyle": "-.", "markersize": 6},
    "lambda-return": {"color": BLUE, "marker": "s", "linestyle": "-", "markersize": 6},
}
TARGETS = dict(zip(STYLES, (discounted_returns, n_step_returns, lambda_returns), strict=True))
SHIFTS = dict(zip(STYLES, (-0.1, 0.0, 0.1), strict=True))  # equal curves stay apart
LIMITS = (-5.5, 10.5)


@lru_cache(maxsize=1)
def world() -> tuple[FiniteMDP, np.ndarray, Trajectories, np.ndarray]:
    """The corridor with two goals, a policy that prefers right, all its episodes.

    Every episode of at most `MAX_STEPS` steps, and its probability: no sampling error.
    """
    mdp = two_goal_corridor()
    policy = np.tile([0.45, 0.55], (mdp.num_states, 1))
    episodes = enumerate_trajectories(mdp, max_steps=MAX_STEPS)
    return mdp, policy, episodes, episodes.probs(policy)


@lru_cache(maxsize=MAX_STEPS)
def cut_episodes(time_limit: int) -> tuple[np.ndarray, np.ndarray, int]:
    """One of the episodes for each way to the limit, and the probability of that way.

    Last, which of them is the likeliest that no time limit of the slider lets end.
    """
    mdp, _, episodes, probs = world()
    long = (probs * ~mdp.terminal[episodes.next_states[:, -1]]).argmax()
    ways = episodes.next_states[:, :time_limit]
    _, rows, which = np.unique(ways, axis=0, return_index=True, return_inverse=True)
    return rows, np.bincount(which, probs), which[long]


@lru_cache(maxsize=2 * MAX_STEPS)
def cut_record(time_limit: int, handling: str) -> dict[str, torch.Tensor]:
    """Rewards and flags [N, T] of these episodes, cut at the limit.

    Treated as an end, a cut counts as terminated; otherwise as truncated.
    """
    (mdp, _, episodes, _), (rows, _, _) = world(), cut_episodes(time_limit)
    terminated = torch.from_numpy(mdp.terminal[episodes.next_states[rows, :time_limit]])
    cut = torch.zeros_like(terminated)
    cut[:, -1] = ~terminated[:, -1]
    wrong = handling == HANDLINGS[1]
    return {
        "rewards": torch.from_numpy(episodes.rewards[rows, :time_limit]),
        "terminated": terminated | cut if wrong else terminated,
        "truncated": torch.zeros_like(cut) if wrong else cut,
    }


@lru_cache(maxsize=64)
def mean_targets(name: str, settings: tuple, time_limit: int, handling: str) -> np.ndarray:
    """[1 + C, C] mean target of each cell, over all visits, which least squares fits.

    Targets are linear in the values behind them: first the part without them, then what
    a value of 1 behind adds. So one call with unit vectors serves all fits.
    """
    (mdp, _, episodes, _), (rows, probs, _) = world(), cut_episodes(time_limit)
    record, part = cut_record(time_limit, handling), (rows, slice(time_limit))
    units = torch.zeros(1 + len(CELLS), *record["rewards"].shape, dtype=torch.float64)
    units[1:] = torch.from_numpy(episodes.next_states[part] == CELLS[:, None, None])
    rewards = torch.zeros_like(units)
    rewards[0] = record["rewards"]
    flags = [record[name].expand(units.shape) for name in ("terminated", "truncated")]
    parts = TARGETS[name](rewards, units, *flags, **dict(settings)).numpy()  # [1 + C, N, T]

    weights, cells = (probs[:, None] * episodes.mask[part]).ravel(), episodes.states[part].ravel()
    visits = np.bincount(cells, weights, mdp.num_states)[CELLS]
    sums = [np.bincount(cells, weights * part.ravel(), mdp.num_states)[CELLS] for part in parts]
    return np.array(sums) / np.where(visits > 0, visits, 1.0)


def fitted_values(means: np.ndarray, num_fits: int) -> list[np.ndarray]:
    """[S] table of values before and after each fit, from zero: num_fits + 1 tables."""
    tables = [np.zeros(len(CELLS) + 2)]
    for _ in range(num_fits):
        tables.append(np.pad(means[0] + tables[-1][CELLS] @ means[1:], 1))
    return tables


class ValueTargets(Explorer):
    """Left: targets of the last fit, one episode. Right: the critics after that fit."""

    title = "Targets for the critic, and the critic that they make"

    def make_controls(self):
        slider, whole = ipywidgets.FloatSlider, ipywidgets.IntSlider
        return {
            "handling": ipywidgets.Dropdown(options=list(HANDLINGS), description="time limit"),
            "time_limit": whole(value=6, min=2, max=MAX_STEPS, description="time limit, steps"),
            "gamma": slider(value=0.95, min=0.5, max=1, step=0.01, description="gamma"),
            "n": whole(value=2, min=1, max=10, description="n of the n-step target"),
            "gae_lambda": slider(value=0.95, min=0, max=1, step=0.01, description="gae_lambda"),
            "num_fits": whole(value=3, min=1, max=40, description="number of fits"),
        }

    def build(self):
        figure, (left, right) = new_figure(2, size=(9.6, 4.0))
        label(left, heading="Targets of the last fit, one episode", x="step", y="discounted reward")
        left.set(xlim=(-0.6, 11.6), ylim=LIMITS, xticks=np.arange(0, 12, 2))
        label(
            right,
            heading="Critic after the fits",
            x="cell of the corridor",
            y="V, discounted reward",
        )
        right.set(xlim=(0.6, 4.4), ylim=LIMITS, xticks=CELLS)
        for axes in (left, right):
            axes.axhline(0, color=GREY, linewidth=1)
        self.exact = [axes.plot([], [], **{**EXACT, "zorder": 12})[0] for axes in (left, right)]
        self.lines = {
            name: [
                axes.plot(
                    [],
                    [],
                    **style,
                    markerfacecolor="none",
                    markeredgewidth=1.6,
                    linewidth=1.4,
                    zorder=13 + place,
                )[0]
                for axes in (left, right)
            ]
            for place, (name, style) in enumerate(STYLES.items())
        }
        keys = [self.exact[0], *(lines[0] for lines in self.lines.values())]
        with house_style():
            figure.legend(keys, ["exact V", *STYLES], loc="outside lower center", ncols=4)
        self.words = Labels(right, [(2.5, -4.5)], size=10, zorder=20)
        changing = [line for lines in self.lines.values() for line in lines]
        return figure, [*self.exact, *changing, self.words]

    def update(self, handling, time_limit, gamma, n, gae_lambda, num_fits):
        (mdp, policy, episodes, probs), (rows, _, long) = world(), cut_episodes(time_limit)
        exact = policy_values(mdp, policy, gamma=gamma)
        rewards, *flags = (tensor[long] for tensor in cut_record(time_limit, handling).values())
        steps, row = np.arange(time_limit), rows[long]
        kinds = {
            "Monte Carlo": (("gamma", gamma),),
            "n-step": (("gamma", gamma), ("n", n)),
            "lambda-return": (("gamma", gamma), ("gae_lambda", gae_lambda)),
        }
        self.exact[0].set_data(steps, exact[episodes.states[row, :time_limit]])
        self.exact[1].set_data(CELLS, exact[CELLS])
        errors = []
        for name, settings in kinds.items():
            means = mean_targets(name, settings, time_limit, handling)
            *_, before, critic = fitted_values(means, num_fits)
            behind = torch.from_numpy(before[episodes.next_states[row, :time_limit]])
            shown = TARGETS[name](rewards, behind, *flags, **dict(settings)).numpy()
            self.lines[name][0].set_data(steps + SHIFTS[name], shown)
            self.lines[name][1].set_data(CELLS + SHIFTS[name], critic[CELLS])
            worst = np.abs(critic - exact).max()
            errors.append(f"{name} {number(critic[2], 3)} (largest error {number(worst, 3)})")
        running = (probs * ~mdp.terminal[episodes.next_states[:, time_limit - 1]]).sum()
        self.words.set_texts([f"{100 * running:.0f} % of the episodes are cut"])
        after = "keeps the value behind it" if handling == HANDLINGS[0] else "counts 0"
        return (
            f"Start cell 2: exact V {number(exact[2], 3)}; critic after {num_fits} fits: "
            f"{', '.join(errors)}. {100 * running:.1f} % of the episodes are cut; "
            f"a cut step {after}."
        )
