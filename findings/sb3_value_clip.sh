#!/usr/bin/env bash
# stable-baselines3 2.9.2: PPO's clip_range_vf takes the clipped error alone, so a value
# that ran past its target is not called back.
#
# Guess: the value loss is the larger of the plain and the clipped squared error, as in
# OpenAI's baselines, tianshou and torchrl; so a value that has moved too far still gets
# a gradient.
# Seen: the loss is the squared error of the value clipped to old value +- clip_range_vf,
# without the maximum. Beyond that band the gradient is 0, also where the value has left
# the target behind, and the loss in the log is the smaller of the two. It stays there
# until the next record. The default is None: no clip.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen, old value 0, target 1, value now 3:
#   clip_range_vf None: loss 4.00, gradient of 0.5 * loss 2.00
#   clip_range_vf 0.2: loss 0.64, gradient of 0.5 * loss 0.00
#   larger of the two: loss 4.00, gradient of 0.5 * loss 2.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet stable-baselines3==2.9.2 gymnasium==1.4.0 \
  torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from stable_baselines3 import PPO

torch.set_num_threads(1)
TARGET, NOW, CLIP = 1.0, 3.0, 0.2


def loss_and_gradient(clip):
    settings = {"policy_kwargs": {"net_arch": []}, "device": "cpu", "seed": 0}
    sizes = {"n_steps": 4, "batch_size": 4, "n_epochs": 1}
    model = PPO(
        "MlpPolicy",
        "CartPole-v1",
        learning_rate=0.0,
        clip_range_vf=clip,
        max_grad_norm=100.0,
        **sizes,
        **settings,
    )
    torch.nn.init.zeros_(model.policy.value_net.weight)
    train, model.train = model.train, lambda: None
    model.learn(4)  # the record, by a critic that says 0
    assert not model.rollout_buffer.values.any()
    model.rollout_buffer.returns[:] = TARGET
    torch.nn.init.constant_(model.policy.value_net.bias, NOW)
    train()
    gradient = model.policy.value_net.bias.grad.item()
    return model.logger.name_to_value["train/value_loss"], gradient


def larger():
    value = torch.tensor(NOW, requires_grad=True)
    loss = torch.maximum((value - TARGET) ** 2, (value.clamp(-CLIP, CLIP) - TARGET) ** 2)
    (0.5 * loss).backward()
    return loss.item(), value.grad.item()


expected = {"clip_range_vf None": (4, 2), "clip_range_vf 0.2": (0.64, 0), "larger of the two": (4, 2)}
found = (loss_and_gradient(None), loss_and_gradient(CLIP), larger())
for (name, numbers), (loss, gradient) in zip(expected.items(), found):
    print(f"{name}: loss {loss:.2f}, gradient of 0.5 * loss {gradient:.2f}")
    assert abs(loss - numbers[0]) < 1e-5 and abs(gradient - numbers[1]) < 1e-5
PY
