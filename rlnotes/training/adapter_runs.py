"""Recorded runs of two tasks on one base, and comparisons of them."""

from rlnotes.training.recordings import load

RANKS = (None, 1, 2, 4, 8)  # None: every weight is trained
KINDS = {"A": "A", "B": "B", "A then B": "B", "both": "both"}  # kind of a run: its last task
CHECKPOINTS = (0, 5, 10, 15, 20, 30, 40, 60)  # updates
SHOWN_SEEDS = range(5)  # those whose replies are kept one by one


def best_rates() -> dict[int | None, float]:
    """Learning rate with the best mean objective over both tasks, for each rank."""
    rows, best = load("adapter_rates"), {}
    for rank in RANKS:
        sums: dict[float, float] = {}
        for row in rows:
            if row["rank"] == (rank or 0):
                sums[row["rate"]] = sums.get(row["rate"], 0.0) + row["objective"]
        best[rank] = max(sums, key=sums.get)
    return best
