"""Run all comparisons, print the table and write it to docs/benchmarks.md."""

from pathlib import Path

from tests.benchmarks import learning, planning
from tests.benchmarks.frame import measure, table

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
INTRODUCTION = """# Benchmarks

Written by `make bench`. Both sides of a row ran in turns, in one process, on the same
machine, and reached the same answer. Compare ratios, not milliseconds: those belong to
one machine.

"""

rows = [*planning.comparisons(), *learning.comparisons()]
results = table([measure(row) for row in rows])
PAGE.write_text(INTRODUCTION + results + "\n", encoding="utf-8")
print(results)
