#!/usr/bin/env bash
# gymnasium 1.4.0: make_vec of CartPole is another kind of environment than make_vec of its
# neighbours, and takes none of the arguments that they take.
#
# Guess: make_vec(name, num_envs, wrappers=..., vector_kwargs=...) wraps copies of make(name)
# for every name, reset takes a seed per copy, and copy 0 starts as make(name) does.
# Seen: a task that comes with array code of its own is given that, CartPole alone of the
# five classic ones. It refuses wrappers, vector_kwargs (and with them the mode in which
# an episode begins anew) and a list of seeds, and two copies start in other states than
# the single one. vectorization_mode="sync" gives copies that do all this.
#
# Output seen:
#   name, kind; wrappers, vector_kwargs, a seed per copy; starts as the single one
#     CartPole-v1               CartPoleVectorEnv   Error, Error, Error; False
#     Acrobot-v1                SyncVectorEnv       taken, taken, taken; True
#     Pendulum-v1               SyncVectorEnv       taken, taken, taken; True
#     MountainCar-v0            SyncVectorEnv       taken, taken, taken; True
#     MountainCarContinuous-v0  SyncVectorEnv       taken, taken, taken; True
#     CartPole-v1, sync         SyncVectorEnv       taken, taken, taken; True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gymnasium==1.4.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import RecordEpisodeStatistics

WITH = {
    "wrappers": {"wrappers": [RecordEpisodeStatistics]},
    "vector_kwargs": {"vector_kwargs": {"autoreset_mode": AutoresetMode.SAME_STEP}},
}


def taken(do):
    try:
        do()
    except gymnasium.error.Error:
        return "Error"
    return "taken"


def seen(name, **mode):
    plain = gymnasium.make_vec(name, num_envs=2, **mode)
    answers = [
        taken(lambda more=more: gymnasium.make_vec(name, num_envs=2, **mode, **more))
        for more in WITH.values()
    ]
    answers.append(taken(lambda: plain.reset(seed=[0, 1])))
    single, _ = gymnasium.make(name).reset(seed=0)
    same = bool(np.allclose(plain.reset(seed=0)[0][0], single))
    return type(plain).__name__, answers, same


print("name, kind; wrappers, vector_kwargs, a seed per copy; starts as the single one")
for name, mode in (
    ("CartPole-v1", {}),
    ("Acrobot-v1", {}),
    ("Pendulum-v1", {}),
    ("MountainCar-v0", {}),
    ("MountainCarContinuous-v0", {}),
    ("CartPole-v1", {"vectorization_mode": "sync"}),
):
    kind, answers, same = seen(name, **mode)
    print(f"  {name + (', sync' if mode else ''):<26}{kind:<20}{', '.join(answers)}; {same}")
    own = name == "CartPole-v1" and not mode
    assert kind == ("CartPoleVectorEnv" if own else "SyncVectorEnv"), kind
    assert (set(answers), same) == (({"Error"}, False) if own else ({"taken"}, True)), answers
PY
