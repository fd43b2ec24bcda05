#!/usr/bin/env bash
# peft 0.21.2: the "linear" combination of two LoRA adapters is not the weighted sum of
# what they add to the weights; an adapter averaged with itself counts twice, or not at all.
#
# Guess: add_weighted_adapter(combination_type="linear") with weights 1/2 and 1/2 makes an
# adapter that adds the mean of what the two add; of an adapter and its copy, the same as
# each of them. "cat", "svd" and "linear" differ in rank, speed and rounding.
# Seen: the two factors of LoRA are combined by themselves, with the roots of the weights,
# and their product has cross terms, B of one times A of the other. Of an adapter and its
# copy with 1/2 and 1/2 it is 2 times what each adds; if the copy has both factors with
# the other sign, which adds the same, it is 0. Of two independent adapters it misses the
# sum by 85 % of its size. "cat" is the sum, exactly; "svd", the default, is the best
# adapter of the rank that both have, unless svd_rank says more. Both adapters active
# at once are the sum, too.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   an adapter and its copy, 1/2 and 1/2, over what each adds:
#     linear 2.00   cat 1.00   svd 1.00
#   the same, the copy's two factors with the other sign:
#     linear 0.00   cat 1.00   svd 1.00
#   two adapters of rank 2, 1 and 1, distance to the sum over its size:
#     linear 0.85   cat 0.00   svd 0.20   svd, svd_rank=4 0.00   both active 0.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet peft==0.21.2 transformers==5.24.0 accelerate==1.15.0 \
  torch==2.13.0 numpy==2.4.6
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf"
"$folder/venv/bin/python" - <<'PY'
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

torch.set_num_threads(1)
LORA = LoraConfig(r=2, lora_alpha=2, target_modules=["layer"])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def forward(self, inputs):
        return self.layer(inputs)


def two_adapters(seeds, sign=1):
    """A network with the adapters "x" and "y", the factors of "y" times the sign."""
    torch.manual_seed(0)
    model = get_peft_model(Net(), LORA, adapter_name="x")
    model.add_adapter("y", LORA)
    layer = model.base_model.model.layer
    for name, seed, times in zip("xy", seeds, (1, sign), strict=True):
        generator = torch.Generator().manual_seed(seed)
        for factor in (layer.lora_A[name], layer.lora_B[name]):
            values = torch.randn(factor.weight.shape, generator=generator)
            factor.weight.data = 0.3 * times * values
    return model, layer


def added(model, layer, weights, kind, **more):
    """What a combination adds to the weights of the layer."""
    model.add_weighted_adapter(["x", "y"], weights, "new", combination_type=kind, **more)
    with torch.no_grad():
        delta = layer.get_delta_weight("new").clone()
    model.delete_adapter("new")
    return delta


for sign, said, wanted in (
    (1, "an adapter and its copy, 1/2 and 1/2, over what each adds:", 2.0),
    (-1, "the same, the copy's two factors with the other sign:", 0.0),
):
    model, layer = two_adapters((1, 1), sign)
    each = layer.get_delta_weight("x").detach()
    assert torch.allclose(layer.get_delta_weight("y"), each)
    shares = {}
    for kind in ("linear", "cat", "svd"):
        delta = added(model, layer, [0.5, 0.5], kind)
        share = ((delta * each).sum() / each.square().sum()).item()
        assert torch.allclose(delta, share * each, atol=1e-6)
        shares[kind] = share
    print(said)
    print("  " + "   ".join(f"{kind} {abs(share):.2f}" for kind, share in shares.items()))
    assert abs(shares["linear"] - wanted) < 1e-5, shares
    assert all(abs(shares[kind] - 1) < 1e-5 for kind in ("cat", "svd")), shares

model, layer = two_adapters((1, 2))
with torch.no_grad():
    total = layer.get_delta_weight("x") + layer.get_delta_weight("y")


def missed(delta):
    return ((delta - total).norm() / total.norm()).item()


found = {kind: missed(added(model, layer, [1.0, 1.0], kind)) for kind in ("linear", "cat", "svd")}
found["svd, svd_rank=4"] = missed(added(model, layer, [1.0, 1.0], "svd", svd_rank=4))
model.base_model.set_adapter(["x", "y"])
with torch.no_grad():
    both = model(torch.eye(6)).T - layer.base_layer(torch.eye(6)).T
found["both active"] = missed(both)
print("two adapters of rank 2, 1 and 1, distance to the sum over its size:")
print("  " + "   ".join(f"{kind} {share:.2f}" for kind, share in found.items()))
best = torch.linalg.svdvals(total)[2:].norm() / total.norm()
assert found["linear"] > 0.5, found
assert abs(found["svd"] - best.item()) < 1e-5, (found, best)
assert max(found[kind] for kind in ("cat", "svd, svd_rank=4", "both active")) < 1e-5, found
PY
