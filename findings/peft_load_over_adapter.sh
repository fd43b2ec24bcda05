#!/usr/bin/env bash
# peft 0.21.2: an adapter that is loaded over one of the same name comes without its scale,
# and leaves what it does not hold as it was, without a warning.
#
# Guess: load_adapter(folder, name) makes the model the one that was saved, or raises if
# the adapter of this name in the model has other settings.
# Seen: if the name is there, the weights are copied into it and the stored settings are
# not looked at. With lora_alpha 2 in place of the stored 8, or with use_rslora, all keys
# match and the outputs are others. If the adapter in the model covers a further layer,
# the weights that it had there stay and act; they are among missing_keys of what the call
# returns. Only another rank raises. Under a new name, or by PeftModel.from_pretrained, the
# outputs are those that were saved.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen, the largest difference of an output to the saved model's:
#   largest output 0.98
#   over the same settings           0.00
#   over lora_alpha=2, stored 8      0.52   warnings 0, keys missing 0
#   over use_rslora=True             0.17   warnings 0, keys missing 0
#   over one more layer              2.98   warnings 0, keys missing 2
#   over r=3, stored 2               RuntimeError
#   under a new name                 0.00
#   under a new name, lora_alpha=2   0.00
#   from_pretrained                  0.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet peft==0.21.2 transformers==5.24.0 accelerate==1.15.0 \
  torch==2.13.0 numpy==2.4.6
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf"
"$folder/venv/bin/python" - "$folder/saved" <<'PY'
import sys
import warnings

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn

torch.set_num_threads(1)
SAVED = sys.argv[1]
STORED = {"r": 2, "lora_alpha": 8, "target_modules": ["one"]}
INPUTS = torch.randn(8, 6, generator=torch.Generator().manual_seed(3))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two = nn.Linear(6, 6), nn.Linear(6, 6)

    def forward(self, inputs):
        return self.two(torch.tanh(self.one(inputs)))


def with_adapter(seed, **settings):
    """A network with an adapter that was trained, which these numbers stand for."""
    model = get_peft_model(Net(), LoraConfig(**STORED | settings))
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        if ".default." in name:
            weight.data = 0.5 * torch.randn(weight.shape, generator=generator)
    return model


saved = with_adapter(1)
saved.save_pretrained(SAVED)
with torch.no_grad():
    wanted = saved(INPUTS)


def apart(model):
    with torch.no_grad():
        return (model(INPUTS) - wanted).abs().max().item()


def load_over(said, **settings):
    model = with_adapter(2, **settings)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            keys = model.load_adapter(SAVED, "default")
        except RuntimeError as error:
            assert "size mismatch" in str(error)
            print(f"{said:<32} RuntimeError")
            return None, None
    more = f"   warnings {len(heard)}, keys missing {len(keys.missing_keys)}"
    print(f"{said:<32} {apart(model):.2f}{more if settings else ''}")
    return apart(model), len(heard)


print(f"largest output {wanted.abs().max():.2f}")
assert load_over("over the same settings")[0] < 1e-6
for said, settings in {
    "over lora_alpha=2, stored 8": {"lora_alpha": 2},
    "over use_rslora=True": {"use_rslora": True},
    "over one more layer": {"target_modules": ["one", "two"]},
}.items():
    far, num_warnings = load_over(said, **settings)
    assert far > 0.1 and num_warnings == 0, (said, far)
assert load_over("over r=3, stored 2", r=3)[0] is None
model = with_adapter(2)
model.load_adapter(SAVED, "new")
model.set_adapter("new")
print(f"{'under a new name':<32} {apart(model):.2f}")
assert apart(model) < 1e-6
model = with_adapter(2, lora_alpha=2)
model.load_adapter(SAVED, "new")
model.set_adapter("new")
print(f"{'under a new name, lora_alpha=2':<32} {apart(model):.2f}")
assert apart(model) < 1e-6
model = PeftModel.from_pretrained(Net(), SAVED)
print(f"{'from_pretrained':<32} {apart(model):.2f}")
assert apart(model) < 1e-6
PY
