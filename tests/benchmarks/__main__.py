"""Run all comparisons, print the table and write it to docs/benchmarks.md."""

from pathlib import Path

from tests.benchmarks import dqn, gae, learning, planning, ppo, reinforce, seeds
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
the evaluations, over 10 seeds on which nothing was tuned but DQN's limit of steps. We
tuned for this rule; the peers' settings were published for another one, so a part of
each ratio is tuning.
The loop of the REINFORCE row is ours, with its settings tuned by hand for this rule. It
and the peer of the PPO row take fewer environment steps than we do: those ratios are
ones of time, not of experience.

"""

rows = [*planning.comparisons(), *learning.comparisons(), *gae.comparisons(), *ppo.comparisons()]
results = table([measure(row) for row in rows])
print(results, flush=True)
races = (*dqn.races(), *reinforce.races(), *ppo.races())
outcomes = [outcome.row() for race in races for outcome in seeds.run(race)]
results += RACES + "\n".join([seeds.HEADER, *outcomes])
PAGE.write_text(INTRODUCTION + results + "\n", encoding="utf-8")
print(results)
