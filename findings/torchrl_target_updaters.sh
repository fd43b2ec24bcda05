#!/usr/bin/env bash
# torchrl 0.14.1: which call of an updater copies, and which call lowers epsilon.
#
# Guess: HardUpdate(loss, value_network_update_interval=10) copies at calls 10, 20, 30;
# EGreedyModule lowers epsilon as it acts, once per action, down to eps_end.
# Seen: it copies at calls 11, 22, 33, so the period is one longer than the interval, and
# the documented default of 1000 is a copy at every 1001st call. Acting does not lower
# epsilon; only step() does. A loop without that call stays random for ever, silently.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   copies at calls [11, 22, 33]
#   epsilon after 100 actions 1.0, after 100 calls of step() 0.1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torchrl==0.14.1 tensordict==0.14.3 torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from tensordict import TensorDict
from torchrl.data import Categorical
from torchrl.modules import EGreedyModule, QValueActor
from torchrl.objectives import DQNLoss, HardUpdate

actor = QValueActor(torch.nn.Linear(1, 2), in_keys=["observation"], action_space="categorical")
loss = DQNLoss(actor, action_space="categorical", delay_value=True)
updater = HardUpdate(loss, value_network_update_interval=10)
online = next(iter(loss.value_network_params.values(True, True)))
copy = next(iter(loss.target_value_network_params.values(True, True)))
copies = []
for call in range(1, 41):
    online.data.fill_(call)
    updater.step()
    if torch.equal(online.data, copy):
        copies.append(call)
print("copies at calls", copies)

module = EGreedyModule(Categorical(2), eps_init=1.0, eps_end=0.1, annealing_num_steps=100)
for _ in range(100):
    module(TensorDict({"action": torch.tensor(0)}))
acted = round(module.eps.item(), 4)
for _ in range(100):
    module.step()
stepped = round(module.eps.item(), 4)
print(f"epsilon after 100 actions {acted}, after 100 calls of step() {stepped}")
assert copies == [11, 22, 33]
assert (acted, stepped) == (1, 0.1)
PY
