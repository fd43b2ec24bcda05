"""Races to a solved CartPole-v1: CPU time over fresh seeds, in one run."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from rlnotes.training.evaluation import greedy_returns, is_solved

FIRST_SEED = 800
MANY = 40  # seeds, where a run takes seconds: ten have been lucky ones
PLAIN = "; ours with `fast=False`, the update as one reads it"


class Referee:
    """Evaluates an agent on request, and keeps the clock without the evaluations."""

    def __init__(self, seed: int):
        self._rng = np.random.default_rng(10_000 + seed)
        self.means: list[float] = []
        self.steps, self._evaluating = 0, 0.0
        self._start = time.process_time()
        self.seconds = 0.0

    def judge(self, steps: int, choose_actions: Callable[[np.ndarray], np.ndarray]) -> bool:
        """Play 100 greedy episodes; whether two evaluations in a row reached 475."""
        start = time.process_time()
        self.steps, self.seconds = steps, start - self._start - self._evaluating
        self.means.append(greedy_returns(choose_actions, rng=self._rng).mean())
        self._evaluating += time.process_time() - start
        return self.solved

    @property
    def solved(self) -> bool:
        return is_solved(self.means)


@dataclass(frozen=True)
class Race:
    """Trainers (seed, referee); each stops when the referee says so."""

    name: str
    ours: dict[str, Callable[[int, Referee], None]]  # what to add to the name -> trainer
    peer: Callable[[int, Referee], None]
    num_seeds: int


@dataclass(frozen=True)
class Outcome:
    """CPU seconds and environment steps of each seed; a peer may fail, we may not."""

    name: str
    ours: list[Referee]
    peer: list[Referee]

    def row(self) -> str:
        """A row of the table; a seed that the peer never solved counts in full."""
        cells = [self.name]
        for runs in (self.ours, self.peer):
            seconds = [run.seconds for run in runs]
            steps = [run.steps / 1000 for run in runs]
            cells.append(f"{sum(run.solved for run in runs)} of {len(runs)}")
            cells.append(f"{statistics.median(seconds):.2f} ({max(seconds):.2f})")
            spread = f"({min(steps):.0f}k to {max(steps):.0f}k)"
            cells.append(f"{statistics.median(steps):.0f}k {spread}")
        ours, peer = (
            statistics.median(run.seconds for run in runs) for runs in (self.ours, self.peer)
        )
        return "| " + " | ".join([*cells, f"{peer / ours:.1f}"]) + " |"


HEADER = (
    "| task | ours solved | ours, median (worst) s | ours, steps (range) | peer solved "
    "| peer, median (worst) s | peer, steps (range) | ratio of medians |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)


def run(race: Race) -> list[Outcome]:
    """Alternate all sides, seed by seed; one outcome for each of ours.

    Raises:
        AssertionError: if one of our runs did not solve the task.
    """
    torch.set_num_threads(1)
    ours, peer = {name: [] for name in race.ours}, []
    for seed in range(FIRST_SEED, FIRST_SEED + race.num_seeds):
        for name, train in race.ours.items():
            ours[name].append(raced(train, seed))
            means = ours[name][-1].means
            assert ours[name][-1].solved, f"{race.name}: seed {seed} not solved, {means[-5:]}"
        peer.append(raced(race.peer, seed))
    return [Outcome(race.name + name, runs, peer) for name, runs in ours.items()]


def raced(train: Callable[[int, Referee], None], seed: int) -> Referee:
    """The referee of one run."""
    referee = Referee(seed)
    train(seed, referee)
    return referee
