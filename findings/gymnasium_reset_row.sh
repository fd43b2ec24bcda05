#!/usr/bin/env bash
# gymnasium 1.4.0: the default vector environments hand out one row per episode in which
# nobody acts.
#
# Guess: when a copy ends, step() resets it at once and returns the first observation of
# the next episode, as in gym 0.26; the last one is in the infos.
# Seen: in the default mode, NEXT_STEP, the step after an end ignores its action and only
# resets: reward 0, no flag, from the last state of one episode to the first of the next.
# A loop that stores every row learns from it. SAME_STEP is the guess.
#
# Output seen:
#   NEXT_STEP rewards [1.0, 1.0, 0.0, 1.0, 1.0] truncated [False, True, False, False, True]
#   SAME_STEP rewards [1.0, 1.0, 1.0, 1.0, 1.0] truncated [False, True, False, True, False]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gymnasium==1.4.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

expected = {
    "NEXT_STEP": ([1.0, 1.0, 0.0, 1.0, 1.0], [False, True, False, False, True]),
    "SAME_STEP": ([1.0, 1.0, 1.0, 1.0, 1.0], [False, True, False, True, False]),
}
for mode in (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP):
    make = lambda: gym.make("CartPole-v1", max_episode_steps=2)
    envs = SyncVectorEnv([make], autoreset_mode=mode)
    envs.reset(seed=0)
    steps = [envs.step(np.array([0])) for _ in range(5)]
    seen = [float(s[1][0]) for s in steps], [bool(s[3][0]) for s in steps]
    print(mode.name, "rewards", seen[0], "truncated", seen[1])
    assert seen == expected[mode.name], seen
assert SyncVectorEnv([make]).metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
PY
