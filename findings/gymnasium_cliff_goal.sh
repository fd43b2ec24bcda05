#!/usr/bin/env bash
# gymnasium 1.4.0: the goal of CliffWalking is not absorbing in its table.
#
# Guess: as in FrozenLake's table, every row of the goal stays there and pays 0, so that
# value iteration may sweep over all rows of `P` alike.
# Seen: the row of the goal is that of an ordinary cell: up leads out and costs 1, left
# falls off the cliff. Only the flags of the steps into the goal say that it is one.
# Sweeps that ignore them never settle: one more per sweep at the start. Taxi's drop-off
# is of the same kind.
#
# Output seen:
#   FrozenLake goal up   [(1.0, 15, 0, True)]
#   CliffWalking goal up [(1.0, 35, -1, False)] left [(1.0, 36, -100, False)]
#   start after 100 and 1000 sweeps, with the flags [-13.0, -13.0]
#   start after 100 and 1000 sweeps, without        [-100.0, -1000.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gymnasium==1.4.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import gymnasium as gym
import numpy as np

UP, LEFT, START, GOAL = 0, 3, 36, 47  # up is 3 on the ice
lake = gym.make("FrozenLake-v1").unwrapped.P
cliff = gym.make("CliffWalking-v1").unwrapped.P


def plain(outcomes):
    return [(p, int(target), reward, end) for p, target, reward, end in outcomes]


def start_value(num_sweeps, flags):
    values = np.zeros(len(cliff))
    for _ in range(num_sweeps):
        values = np.array([
            max(
                sum(p * (r + values[t] * (not (flags and end))) for p, t, r, end in outcomes)
                for outcomes in cliff[state].values()
            )
            for state in range(len(cliff))
        ])
    return float(values[START])


print("FrozenLake goal up  ", plain(lake[15][3]))
print("CliffWalking goal up", plain(cliff[GOAL][UP]), "left", plain(cliff[GOAL][LEFT]))
with_flags, without = ([start_value(n, flags) for n in (100, 1000)] for flags in (True, False))
print("start after 100 and 1000 sweeps, with the flags", with_flags)
print("start after 100 and 1000 sweeps, without       ", without)
assert all(plain(outcomes) == [(1.0, 15, 0, True)] for outcomes in lake[15].values())
assert plain(cliff[GOAL][UP]) == [(1.0, 35, -1, False)]
assert plain(cliff[GOAL][LEFT]) == [(1.0, START, -100, False)]
assert with_flags == [-13, -13] and without == [-100, -1000]
PY
