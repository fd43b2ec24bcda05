#!/usr/bin/env bash
# peft 0.21.2: unload() does not give back the base model if a head was trained beside the
# adapter; a name that fits no module is left out without a word; and what names a module
# to save may be any end of a name.
#
# Guess: unload() gives back the base model, what disable_adapter() computes with. A name
# in LoraConfig that fits no module raises a ValueError, and fits as in target_modules: a
# whole name, or its parts after a dot.
# Seen: modules_to_save=["head"] trains a copy of the head. disable_adapter() computes with
# the old one; unload() puts the trained copy in its place, so what is left is neither the
# base model nor the trained one. Of target_modules a name that fits nothing raises only
# if no other one fits; in modules_to_save it never does, and the part is not trained.
# "ead" there trains the head, and "head" every layer whose name ends with it. In
# rank_pattern a name that fits nothing is told as a warning.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   outputs, largest distance to the base model:
#     trained 1.33, adapter off 0.00, after unload() 1.24
#     weights that are not those of the base model: head.weight, head.bias
#   trained parts, and warnings:
#     target_modules ['query', 'value']: query, value, 0
#     target_modules ['query', 'valeu']: query, 0
#     target_modules ['valeu']: ValueError, 0
#     target_modules ['query']  modules_to_save ['head']: query, head, 0
#     target_modules ['query']  modules_to_save ['haed']: query, 0
#     target_modules ['query']  modules_to_save ['ead']: query, head, 0
#     target_modules ['uery', 'value']: value, 0
#     target_modules ['query']  rank_pattern {'valeu': 4}: query, 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet peft==0.21.2 transformers==5.24.0 accelerate==1.15.0 \
  torch==2.13.0 numpy==2.4.6
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf"
"$folder/venv/bin/python" - <<'PY'
import warnings

import torch
from peft import LoraConfig, get_peft_model
from torch import nn

torch.set_num_threads(1)
INPUTS = torch.randn(8, 6, generator=torch.Generator().manual_seed(3))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.query, self.value, self.head = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, inputs):
        return self.head(torch.tanh(self.query(inputs)) * self.value(inputs))


def apart(model):
    with torch.no_grad():
        return (model(INPUTS) - Net()(INPUTS)).abs().max().item()


def trained_parts(**settings):
    """The layers that are trained, or what is raised; and how many warnings came."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            model = get_peft_model(Net(), LoraConfig(r=2, **settings))
        except ValueError:
            return "ValueError", len(heard)
    names = [name for name, weight in model.named_parameters() if weight.requires_grad]
    parts = [part for part in ("query", "value", "head") if any(f".{part}." in n for n in names)]
    return ", ".join(parts), len(heard)


torch.manual_seed(0)
lora = LoraConfig(r=2, target_modules=["query"], modules_to_save=["head"])
model = get_peft_model(Net(), lora)
optimizer = torch.optim.SGD([w for w in model.parameters() if w.requires_grad], lr=0.2)
for _ in range(20):
    optimizer.zero_grad()
    (model(INPUTS) - 1).square().mean().backward()
    optimizer.step()
with model.disable_adapter():
    off = apart(model)
trained = apart(model)
left = model.unload()
print("outputs, largest distance to the base model:")
print(f"  trained {trained:.2f}, adapter off {off:.2f}, after unload() {apart(left):.2f}")
assert off == 0 and apart(left) > 0.1 and abs(apart(left) - trained) > 1e-3
base = Net()
moved = [
    name
    for name, weight in left.named_parameters()
    if not torch.equal(weight, base.get_parameter(name))
]
print(f"  weights that are not those of the base model: {', '.join(moved)}")
assert moved == ["head.weight", "head.bias"], moved

print("trained parts, and warnings:")
for settings, wanted in (
    ({"target_modules": ["query", "value"]}, ("query, value", 0)),
    ({"target_modules": ["query", "valeu"]}, ("query", 0)),
    ({"target_modules": ["valeu"]}, ("ValueError", 0)),
    ({"target_modules": ["query"], "modules_to_save": ["head"]}, ("query, head", 0)),
    ({"target_modules": ["query"], "modules_to_save": ["haed"]}, ("query", 0)),
    ({"target_modules": ["query"], "modules_to_save": ["ead"]}, ("query, head", 0)),
    ({"target_modules": ["uery", "value"]}, ("value", 0)),
    ({"target_modules": ["query"], "rank_pattern": {"valeu": 4}}, ("query", 1)),
):
    found = trained_parts(**settings)
    asked = "  ".join(f"{key} {value}" for key, value in settings.items())
    print(f"  {asked}: {found[0]}, {found[1]}")
    assert found == wanted, (settings, found)
PY
