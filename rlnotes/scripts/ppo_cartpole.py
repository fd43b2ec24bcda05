"""Train PPO on CartPole-v1, and write what happened as a table and a picture.

    python -m rlnotes.scripts.ppo_cartpole --output ppo --seed 1

Stops when the task is solved: two greedy evaluations in a row, of 100 episodes each,
with a mean return of at least 475. Takes about 25,000 steps and a few seconds. The
folder must be new, empty, or hold nothing but what an earlier call wrote: that is
replaced.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn
from tqdm import tqdm

from rlnotes._checks import require_positive_integer
from rlnotes.envs.cartpole import SOLVED, VecCartPole
from rlnotes.plotting.style import BLUE, GREEN, GREY, REFERENCE, label, new_figure
from rlnotes.scripts.output_files import as_csv, as_png, folder_name
from rlnotes.scripts.output_folder import check_or_explain, write_or_explain
from rlnotes.training.evaluation import greedy_returns, is_solved
from rlnotes.training.on_policy import greedy_actions
from rlnotes.training.ppo import Config, Result, train_ppo

NAME = "ppo_cartpole"
EVERY = 1_000  # environment steps between two evaluations, or a little more
EVALUATION_KEY = 1  # keeps the evaluations' start states apart from the training's


class Watch:
    """Draws the progress, evaluates, and says when to stop."""

    def __init__(self, max_steps: int, seed: int):
        self.max_steps = max_steps
        self.evaluations: dict[int, float] = {}  # environment steps -> mean return
        self._rng = np.random.default_rng([seed, EVALUATION_KEY])
        self._bar = tqdm(total=max_steps, unit=" steps", desc="PPO on CartPole-v1")

    def __call__(self, step: int, policy: nn.Module) -> bool:
        self._bar.update(min(step, self.max_steps) - self._bar.n)
        last = max(self.evaluations, default=0)
        if step - last >= EVERY or step >= self.max_steps:
            returns = greedy_returns(partial(greedy_actions, policy), rng=self._rng)
            self.evaluations[step] = float(returns.mean())
            self._bar.set_postfix(greedy_return=f"{returns.mean():.0f}")
        done = self.solved or step >= self.max_steps
        if done:
            self._bar.close()
        return done

    @property
    def solved(self) -> bool:
        return is_solved(list(self.evaluations.values()))


def rows_of(result: Result, evaluations: dict[int, float]) -> list[dict]:
    """One row per update; an evaluation only where there was one."""
    rows, numbers = [], result.diagnostics
    ended = np.searchsorted(result.episode_ends, result.num_steps, side="right")
    for update, step in enumerate(result.num_steps):
        recent = result.episode_returns[max(ended[update] - 16, 0) : ended[update]]
        row = {
            "step": int(step),
            "episode_return": recent.mean() if len(recent) else None,
            "greedy_return": evaluations.get(int(step)),
            "clip_fraction": numbers.clip_fraction[update],
            "kl": numbers.kl[update],
            "entropy": numbers.entropy[update],
            "max_ratio": numbers.max_ratio[update],
            "explained_variance": numbers.explained_variance[update],
        }
        rows.append({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
    return rows


def draw(rows: list[dict], clip_epsilon: float) -> Figure:
    """Return, clip fraction, KL divergence and entropy against environment steps."""
    figure, panels = new_figure(4, size=(13.0, 3.4))
    headings = {
        "episode_return": ("Return of the last 16 episodes", "reward"),
        "clip_fraction": (f"Ratios outside 1 ± {clip_epsilon:g}", "fraction"),
        "kl": ("KL(old || new) per update", "nats"),
        "entropy": ("Entropy of the policy", "nats"),
    }
    for axes, (name, (heading, unit)) in zip(panels, headings.items(), strict=True):
        label(axes, heading=heading, x="environment steps", y=unit)
        axes.plot(*_points(rows, name), ".-", color=BLUE, markersize=4)
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        axes.locator_params(axis="x", nbins=4)
    panels[0].plot(*_points(rows, "greedy_return"), "^", color=GREEN)
    panels[0].axhline(SOLVED, **REFERENCE)
    panels[0].text(0, SOLVED - 8, "solved", color=GREY, va="top")
    panels[0].set_ylim(0, 520)
    panels[0].text(
        0.98,
        0.03,
        "▲ greedy, 100 episodes",
        color=GREEN,
        ha="right",
        transform=panels[0].transAxes,
    )
    panels[3].axhline(np.log(2), **REFERENCE)
    panels[3].text(0, np.log(2) - 0.01, "uniform", color=GREY, va="top")
    return figure


def _points(rows: list[dict], name: str) -> tuple[list[int], list[float]]:
    known = [(row["step"], float(row[name])) for row in rows if row[name] is not None]
    return [step for step, _ in known], [number for _, number in known]


def main(arguments: list[str] | None = None) -> int:
    """Command-line entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--output", type=folder_name, default=Path(NAME), help="folder: new, or its own"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the run, from 0")
    parser.add_argument("--max-steps", type=int, default=100_000, help="environment steps")
    parser.add_argument("--num-epochs", type=int, default=Config.num_epochs, help="per batch")
    parser.add_argument("--clip-epsilon", type=float, default=Config.clip_epsilon)
    parser.add_argument("--learning-rate", type=float, default=Config.learning_rate)
    chosen = parser.parse_args(arguments)
    try:
        require_positive_integer(max_steps=chosen.max_steps)
        if chosen.seed < 0:
            raise ValueError(f"seed must not be negative, got {chosen.seed}")
        config = Config(
            num_updates=chosen.max_steps,  # more than enough: `Watch` stops the run
            num_epochs=chosen.num_epochs,
            clip_epsilon=chosen.clip_epsilon,
            learning_rate=chosen.learning_rate,
            seed=chosen.seed,
        )
    except ValueError as error:
        parser.error(str(error))  # exits with code 2
    if status := check_or_explain(chosen.output, NAME):
        return status
    try:
        torch.set_num_threads(1)
        watch = Watch(chosen.max_steps, chosen.seed)
        result = train_ppo(VecCartPole, config, watch=watch)
        rows = rows_of(result, watch.evaluations)
        contents = {
            "ppo_cartpole.csv": as_csv(rows),
            "ppo_cartpole.png": as_png(draw(rows, config.clip_epsilon)),
        }
    except KeyboardInterrupt:
        print("interrupted, nothing written", file=sys.stderr)
        return 130
    if status := write_or_explain(contents, chosen.output, NAME):
        return status
    verdict = "solved" if watch.solved else "not solved"
    step, mean_return = list(watch.evaluations.items())[-1]
    print(f"{verdict} after {step} steps: greedy return {mean_return:.1f} of at most 500")
    print("\n".join(str(chosen.output / name) for name in contents))
    return 0


if __name__ == "__main__":
    sys.exit(main())
