#!/usr/bin/env bash
# transformers 5.24.0: LayoutLMv3's biases of relative positions are never trained,
# though they act and count as trainable.
#
# Guess: has_relative_attention_bias and has_spatial_attention_bias (both True by default)
# add learned biases to the attention; fine-tuning moves them like any weight that has
# requires_grad and changes the output.
# Seen: rel_pos_bias, rel_pos_x_bias and rel_pos_y_bias change the output, and requires_grad
# is True, but their gradient is None: they are looked up under no_grad. After 20 steps of
# AdamW with weight decay they are the same bits, while all other weights that are used have
# moved. So with sdpa and eager attention, with and without a picture.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   text, sdpa: 3 of 28 weights without a gradient, the same bits after 20 steps
#   text, eager: 3 of 28 weights without a gradient, the same bits after 20 steps
#   text and picture, sdpa: 3 of 36 weights without a gradient, the same bits after 20 steps
#   text and picture, eager: 3 of 36 weights without a gradient, the same bits after 20 steps
#     encoder.rel_pos_bias.weight: requires_grad True, 10 times as large: output moves
#     encoder.rel_pos_x_bias.weight: requires_grad True, 10 times as large: output moves
#     encoder.rel_pos_y_bias.weight: requires_grad True, 10 times as large: output moves
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet transformers==5.24.0 tokenizers==0.23.3 torch==2.13.0 \
  numpy==2.4.6
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" PYTHONWARNINGS=ignore
"$folder/venv/bin/python" - <<'PY'
import torch
from transformers import LayoutLMv3Config, LayoutLMv3Model

BIASES = [f"encoder.rel_pos_{kind}bias.weight" for kind in ("", "x_", "y_")]
torch.set_num_threads(1)


def new_model(picture, attention):
    torch.manual_seed(0)
    config = LayoutLMv3Config(
        vocab_size=50,
        hidden_size=48,
        coordinate_size=8,
        shape_size=8,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=40,
        initializer_range=0.2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        visual_embed=picture,
        input_size=32,
    )
    return LayoutLMv3Model._from_config(config, attn_implementation=attention).train()


def new_inputs(picture):
    generator = torch.Generator().manual_seed(1)
    boxes = torch.randint(0, 1000, (2, 20, 2, 2), generator=generator).sort(dim=2)[0]
    inputs = {
        "input_ids": torch.randint(5, 50, (2, 20), generator=generator),
        "bbox": boxes.flatten(2),
    }
    if picture:
        inputs["pixel_values"] = torch.randn(2, 3, 32, 32, generator=generator)
    return inputs


def output(model, inputs):
    return model(**inputs).last_hidden_state


for picture in (False, True):
    inputs = new_inputs(picture)
    for attention in ("sdpa", "eager"):
        model = new_model(picture, attention)
        named = dict(model.named_parameters())
        before = {name: weights.detach().clone() for name, weights in named.items()}
        target = torch.randn(output(model, inputs).shape, generator=torch.Generator().manual_seed(2))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
        for _ in range(20):
            optimizer.zero_grad()
            (output(model, inputs) - target).square().mean().backward()
            optimizer.step()
        without = [name for name, weights in named.items() if weights.grad is None]
        same = [name for name, weights in named.items() if torch.equal(weights, before[name])]
        kind = "text and picture" if picture else "text"
        print(
            f"{kind}, {attention}: {len(without)} of {len(named)} weights without a gradient, "
            "the same bits after 20 steps"
        )
        assert without == same == BIASES, (without, same)

for name in BIASES:
    model = new_model(False, "sdpa")
    inputs, weights = new_inputs(False), model.get_parameter(name)
    with torch.no_grad():
        plain = output(model, inputs)
        weights *= 10
        moved = (output(model, inputs) - plain).abs().max() > 1e-2
    print(
        f"  {name}: requires_grad {weights.requires_grad}, 10 times as large: "
        f"output {'moves' if moved else 'stays'}"
    )
    assert weights.requires_grad and moved
PY
