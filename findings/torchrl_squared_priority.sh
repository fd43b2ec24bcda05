#!/usr/bin/env bash
# torchrl 0.14.1: the priority that DQNLoss writes is the square of the TD error.
#
# Guess: "td_error" holds the TD error, and the sampler of prioritized replay takes its
# size, p = |error| + eps, so that alpha means what it means in the paper.
# Seen: "td_error" is the squared error. The sampler takes it as it is, so
# the probabilities go with |error|^(2 alpha): alpha = 0.6 there is 1.2 in the paper. To
# have the paper's, halve alpha. An error written by hand must be made positive first.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   errors [1.0, -3.0], td_error [1.0, 9.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torchrl==0.14.1 tensordict==0.14.3 torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from tensordict import TensorDict
from torchrl.modules import QValueActor
from torchrl.objectives import DQNLoss

network = torch.nn.Linear(1, 2)
for weight in network.parameters():
    torch.nn.init.zeros_(weight)
actor = QValueActor(network, in_keys=["observation"], action_space="categorical")
loss = DQNLoss(actor, action_space="categorical")
loss.make_value_estimator(gamma=0.9)
errors, ends = torch.tensor([[1.0], [-3.0]]), torch.ones(2, 1, dtype=torch.bool)
following = {"observation": errors, "reward": errors, "terminated": ends, "done": ends}
action = torch.zeros(2, 1, dtype=torch.long)
batch = TensorDict({"observation": errors, "action": action, "next": following}, batch_size=[2])
loss(batch)
priorities = batch["td_error"].flatten().tolist()
print(f"errors {errors.flatten().tolist()}, td_error {priorities}")
assert priorities == [1, 9]
PY
