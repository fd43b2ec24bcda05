"""Run all comparisons, print the tables and write them to docs/benchmarks.md."""

import argparse
from pathlib import Path

from tests.benchmarks import (
    bridge,
    dpo,
    dqn,
    explorers,
    gae,
    grpo,
    invoice_training,
    invoices,
    learning,
    notebooks,
    pixels,
    planning,
    ppo,
    reinforce,
    rlhf,
    seeds,
    site,
)
from tests.benchmarks.frame import measure, table

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
INTRODUCTION = """# Benchmarks

Written by `make bench`. Both sides of a row ran in turns, in one process, on the same
machine, and reached the same answer. Compare ratios, not milliseconds: those belong to
one machine.

"""

RACES = """

Races to a solved CartPole-v1: two greedy evaluations in a row, of 100 episodes each,
with a mean return of at least 475, asked every 1000 steps or so. CPU seconds without
the evaluations, over 40 seeds (DQN: 10) on which nothing was tuned but DQN's limit of
steps. We
tuned for this rule; the peers' settings were published for another one, so a part of
each ratio is tuning.
The loop of the REINFORCE row is ours, with its settings tuned by hand for this rule. It
and the peer of the PPO row take fewer environment steps than we do: those ratios are
ones of time, not of experience.

"""


def comparisons() -> str:
    """Our functions against a peer's."""
    parts = (planning, learning, gae, ppo)
    return table([measure(row) for part in parts for row in part.comparisons()])


def races() -> str:
    """Our trainers against a peer's, to a solved task."""
    every = (*dqn.races(), *reinforce.races(), *ppo.races())
    rows = [outcome.row() for race in every for outcome in seeds.run(race)]
    return RACES + "\n".join([seeds.HEADER, *rows])


SECTIONS = {
    "comparisons": comparisons,
    "races": races,
    "rlhf": rlhf.section,
    "dpo": dpo.section,
    "grpo": grpo.section,
    "invoices": invoices.section,
    "invoice_training": invoice_training.section,
    "bridge": bridge.section,
    "notebooks": notebooks.section,
    "explorers": explorers.section,
    "pixels": pixels.section,
    "site": site.section,
}

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--only", choices=SECTIONS, help="print this part, and write nothing")
chosen = parser.parse_args()
results = []
for name in [chosen.only] if chosen.only else SECTIONS:
    results.append(SECTIONS[name]())
    print(results[-1], flush=True)
if not chosen.only:
    PAGE.write_text(INTRODUCTION + "".join(results) + "\n", encoding="utf-8")
