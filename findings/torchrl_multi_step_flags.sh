#!/usr/bin/env bash
# torchrl 0.14.1: targets of several steps bootstrap past the end of an episode.
#
# Guess: MultiStep rewrites a record for n-step targets, so DQNLoss, given its result,
# puts nothing behind a step that terminated, as with one-step targets.
# Seen: reward and next observation of a row become those of up to n steps, cut at the
# end of the episode; ("next", "terminated") stays that of the first step. So the n - 1
# rows before an end have the end's observation and no flag, and the loss adds
# gamma^k times the value of a terminal state. The flag of step `steps_to_next_obs` of
# the row gives the right targets.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen, three rewards of 1, then the end; the network says 100 there, gamma 0.9:
#   terminated True: next observations [3.0, 3.0, 3.0], flags [False, False, True]
#   targets as they come [75.61, 82.9, 1.0]
#   targets with the flag of the last step [2.71, 1.9, 1.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torchrl==0.14.1 tensordict==0.14.3 torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from tensordict import TensorDict
from torch import nn
from torchrl.data.postprocs import MultiStep
from torchrl.modules import QValueActor
from torchrl.objectives import DQNLoss


class Values(nn.Module):
    """100 in state 3, which no step begins in, and 0 elsewhere."""

    def __init__(self):
        super().__init__()
        self.rows = nn.Parameter(torch.tensor([[0.0, 0.0]] * 3 + [[100.0, 100.0]]))

    def forward(self, observation):
        return self.rows[observation.long().squeeze(-1)]


def column(numbers):
    return torch.tensor(numbers)[None, :, None]


def targets(record):
    """|target - Q(s, a)|, and Q(s, a) is 0."""
    actor = QValueActor(Values(), in_keys=["observation"], action_space="categorical")
    loss = DQNLoss(actor, loss_function="l1", action_space="categorical", reduction="none")
    loss.make_value_estimator(gamma=0.9)
    return [round(target, 3) for target in loss(record)["loss"].flatten().tolist()]


ends = column([False, False, True])
following = {"observation": column([1.0, 2.0, 3.0]), "reward": column([1.0] * 3)}
record = TensorDict(
    {
        "observation": column([0.0, 1.0, 2.0]),
        "action": column([0, 0, 0]),
        "next": following | {"terminated": ends, "done": ends},
    },
    batch_size=[1, 3],
)
record = MultiStep(gamma=0.9, n_steps=3)(record)
states, flags = (record["next", key].flatten().tolist() for key in ("observation", "terminated"))
print(f"terminated True: next observations {states}, flags {flags}")
as_they_come = targets(record)
print("targets as they come", as_they_come)
last = torch.arange(3) + record["steps_to_next_obs"] - 1
record["next", "terminated"] = record["next", "terminated"].gather(1, last[..., None])
mended = targets(record)
print("targets with the flag of the last step", mended)
assert states == [3, 3, 3] and flags == [False, False, True]
assert as_they_come == [75.61, 82.9, 1] and mended == [2.71, 1.9, 1]
PY
