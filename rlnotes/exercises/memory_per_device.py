"""Exercise: bytes on each device for the models of a method, under a stage of ZeRO."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.memory_per_device_hints import HINTS
from rlnotes.exercises.memory_per_device_mistakes import MISTAKES, held_bytes


def _bytes_by_loop(num_parameters, num_trained, zero_stage, num_devices):
    rows = []
    for size, trained in zip(num_parameters, num_trained, strict=True):
        weights, gradients = size * 2, trained * 2
        moments = trained * 8
        copies = trained * 4
        states = moments + copies
        if zero_stage >= 1:
            states = states / num_devices
        if zero_stage >= 2:
            gradients = gradients / num_devices
        if zero_stage >= 3:
            weights = weights / num_devices
        rows.append([weights, gradients, states])
    return rows


def _case(num_parameters, num_trained, zero_stage, num_devices, expected, reason) -> Case:
    arguments = {
        "num_parameters": np.array(num_parameters),
        "num_trained": np.array(num_trained),
        "zero_stage": zero_stage,
        "num_devices": num_devices,
    }
    return Case(arguments, expected, reason)


EXERCISE = Exercise(
    name="memory_per_device",
    cases=[
        _case(
            [1000, 1000],
            [1000, 0],
            0,
            1,
            [[2000, 2000, 12000], [2000, 0, 0]],
            "policy and reference. A trained weight takes 2 bytes, its gradient 2, and Adam 12: a "
            "float32 copy of the weight, and two moments. A frozen weight takes 2 bytes.",
        ),
        _case(
            [1000, 800, 1000, 800],
            [1000, 800, 0, 0],
            1,
            4,
            [[2000, 2000, 3000], [1600, 1600, 2400], [2000, 0, 0], [1600, 0, 0]],
            "PPO-RLHF: policy, critic, reference, reward model. Stage 1 divides the optimizer "
            "states by the four devices, and nothing else.",
        ),
        _case(
            [1000, 800, 1000, 800],
            [1000, 800, 0, 0],
            2,
            8,
            [[2000, 250, 1500], [1600, 200, 1200], [2000, 0, 0], [1600, 0, 0]],
            "stage 2 divides optimizer states and gradients by the eight devices.",
        ),
        _case(
            [1016, 1000],
            [16, 0],
            3,
            8,
            [[254, 4, 24], [250, 0, 0]],
            "an adapter of 16 numbers on a base of 1000: 1016 are held, 16 are trained. Stage 3 "
            "divides all three parts, frozen weights too.",
        ),
        _case(
            [7, 4],
            [2, 0],
            2,
            3,
            [[14, 4 / 3, 8], [8, 0, 0]],
            "2 gradients of 2 bytes on three devices: 4/3 each on average, not rounded. Weights "
            "are not divided yet.",
        ),
        _case(
            [7, 4],
            [7, 0],
            3,
            2,
            [[7, 7, 42], [4, 0, 0]],
            "stage 3 on two devices: half of 14, 14 and 84 bytes, and half of 8.",
        ),
        _case(
            [30],
            [20],
            0,
            5,
            [[60, 40, 240]],
            "at stage 0 each of the five devices holds everything: none of them helps the others.",
        ),
        _case(
            [7_500_000_000, 1_000_000_000, 7_500_000_000, 1_000_000_000, 1_000_000_000],
            [7_500_000_000, 1_000_000_000, 0, 0, 0],
            1,
            64,
            [[15e9, 15e9, 1.40625e9], [2e9, 2e9, 0.1875e9], [15e9, 0, 0], [2e9, 0, 0], [2e9, 0, 0]],
            "five models, two of them reward models. 7.5 billion weights take 15 billion bytes; "
            "their states, 90 billion bytes, are divided by 64.",
        ),
    ],
    solutions=[held_bytes, _bytes_by_loop],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
