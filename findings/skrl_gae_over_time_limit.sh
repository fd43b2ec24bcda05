#!/usr/bin/env bash
# skrl 2.1.1: without time_limit_bootstrap, the default, GAE does not stop where a time
# limit cut the episode; it runs on into the next episode.
#
# Guess: time_limit_bootstrap=False counts a truncated episode as one that ended: nothing
# is put behind its last step, and the sum of the errors stops there. True puts the value
# of the last observation behind it. The next episode matters in neither case.
# Seen: with False only `terminated` cuts the sum. Behind a truncated step come the value
# of the first state of the NEXT episode, and the errors of that whole episode, as if the
# reset were a step of the world. So the targets before the limit depend on how well it
# goes after the reset. True cuts there. So in PPO, RPO, TRPO, A2C and AMP, each with a
# compute_gae of its own.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   advantages of the first episode, if each step of the second one pays 1 or 100:
#     truncated                             2.45, -2.19   10.19, 28.75
#     truncated, time_limit_bootstrap=True  2.25, -3.00   2.25, -3.00
#     terminated                            2.25, -3.00   2.25, -3.00
#   the same in ppo, rpo, trpo, a2c and amp
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet skrl==2.1.1 gymnasium==1.4.0 torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import importlib

import torch
from skrl.agents.torch.ppo import PPO_CFG

torch.set_num_threads(1)
STEPS, LAST = 4, 1  # two episodes of two steps


def advantages(end, pays, *, kind="ppo", **options):
    """Of all steps, where both episodes end in this way and the second one pays this."""
    rewards = torch.tensor([1.0, 1.0, pays, pays]).reshape(STEPS, 1)
    values = torch.tensor([0.0, 4.0, 0.0, 4.0]).reshape(STEPS, 1)
    flags = {name: torch.zeros(STEPS, 1, dtype=torch.bool) for name in ("terminated", "truncated")}
    flags[end][[LAST, STEPS - 1]] = True
    compute_gae = importlib.import_module(f"skrl.agents.torch.{kind}.{kind}").compute_gae
    returns, _ = compute_gae(
        rewards=rewards,
        values=values,
        last_values=torch.tensor([8.0]),
        discount_factor=0.5,
        lambda_coefficient=0.5,
        **flags,
        **options,
    )
    return (returns - values)[:, 0].tolist()


def same(found, wanted):
    return all(abs(a - b) < 1e-4 for a, b in zip(found, wanted, strict=True))


assert PPO_CFG().time_limit_bootstrap is False
print("advantages of the first episode, if each step of the second one pays 1 or 100:")
for said, end, options in (
    ("truncated", "truncated", {}),
    ("truncated, time_limit_bootstrap=True", "truncated", {"time_limit_bootstrap": True}),
    ("terminated", "terminated", {}),
):
    found = [advantages(end, pays, **options)[: LAST + 1] for pays in (1.0, 100.0)]
    shown = "   ".join(", ".join(f"{number:.2f}" for number in one) for one in found)
    print(f"  {said:<38}{shown}")
    if options or end == "terminated":
        # By hand: the second step's error is 1 - 4; (gamma * lambda) of it and 1 + 4 / 2.
        assert same(found[0], [2.25, -3.0]) and same(found[1], found[0]), found
    else:
        # By hand: 1 - 4 plus a quarter of what the second episode's first step has.
        second = [3.0 + 0.25 * 1.0, 102.0 + 0.25 * 100.0]
        wanted = [[3.0 + 0.25 * (-3.0 + 0.25 * a), -3.0 + 0.25 * a] for a in second]
        assert same(found[0], wanted[0]) and same(found[1], wanted[1]), (found, wanted)
for kind in ("ppo", "rpo", "trpo", "a2c", "amp"):
    assert same(advantages("truncated", 100.0, kind=kind), advantages("truncated", 100.0)), kind
print("the same in ppo, rpo, trpo, a2c and amp")
PY
