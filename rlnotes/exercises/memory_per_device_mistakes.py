"""A right answer to `memory_per_device`, and the mistakes that people make in it."""

import numpy as np


def held_bytes(num_parameters, num_trained, zero_stage, num_devices):
    """A right answer: three columns at once, each divided from its stage on."""
    parts = np.stack([2 * num_parameters, 2 * num_trained, 12 * num_trained], axis=1)
    return parts / np.where(zero_stage >= np.array([3, 2, 1]), num_devices, 1)


def _per_number(weight, gradient, optimizer):
    """A wrong answer: other bytes per number."""

    def answer(num_parameters, num_trained, zero_stage, num_devices):
        size = np.array([weight, gradient, optimizer]) / np.array([2, 2, 12])
        return held_bytes(num_parameters, num_trained, zero_stage, num_devices) * size

    return answer


def _divided(from_stages):
    """A wrong answer: weights, gradients, states divided from other stages on."""

    def answer(num_parameters, num_trained, zero_stage, num_devices):
        whole = held_bytes(num_parameters, num_trained, 0, 1)
        return whole / np.where(zero_stage >= np.array(from_stages), num_devices, 1)

    return answer


def _of(change):
    """A wrong answer: something is done to the right one."""
    return lambda num_parameters, num_trained, zero_stage, num_devices: change(
        held_bytes(num_parameters, num_trained, zero_stage, num_devices)
    )


def _frozen_like_trained(num_parameters, num_trained, zero_stage, num_devices):
    return held_bytes(num_parameters, num_parameters, zero_stage, num_devices)


def _frozen_models_like_trained(num_parameters, num_trained, zero_stage, num_devices):
    trained = np.where(num_trained > 0, num_trained, num_parameters)
    return held_bytes(num_parameters, trained, zero_stage, num_devices)


def _base_trained(num_parameters, num_trained, zero_stage, num_devices):
    trained = np.where(num_trained > 0, num_parameters, 0)
    return held_bytes(num_parameters, trained, zero_stage, num_devices)


def _frozen_left_out(num_parameters, num_trained, zero_stage, num_devices):
    return held_bytes(num_trained, num_trained, zero_stage, num_devices)


def _frozen_models_left_out(num_parameters, num_trained, zero_stage, num_devices):
    held = np.where(num_trained > 0, num_parameters, 0)
    return held_bytes(held, num_trained, zero_stage, num_devices)


def _frozen_never_divided(num_parameters, num_trained, zero_stage, num_devices):
    answer = held_bytes(num_parameters, num_trained, zero_stage, num_devices)
    answer[num_trained == 0, 0] = 2 * num_parameters[num_trained == 0]
    return answer


def _stage_alone(num_parameters, num_trained, zero_stage, num_devices):
    whole = held_bytes(num_parameters, num_trained, 0, 1)
    return whole / np.where(zero_stage == np.array([3, 2, 1]), num_devices, 1)


def _stage_reversed(num_parameters, num_trained, zero_stage, num_devices):
    return _divided([1, 2, 3])(num_parameters, num_trained, zero_stage, num_devices)


def _by_stage(num_parameters, num_trained, zero_stage, num_devices):
    whole = held_bytes(num_parameters, num_trained, 0, 1)
    return whole / (1 + zero_stage)


def _adapter_added(num_parameters, num_trained, zero_stage, num_devices):
    held = num_parameters + num_trained
    return held_bytes(held, num_trained, zero_stage, num_devices)


def _having(sizes_of):
    """A wrong answer: other numbers have weights, gradients, states."""

    def answer(num_parameters, num_trained, zero_stage, num_devices):
        parts = np.stack(sizes_of(num_parameters, num_trained), axis=1) * np.array([2, 2, 12])
        return parts / np.where(zero_stage >= np.array([3, 2, 1]), num_devices, 1)

    return answer


def _base_whole(and_frozen_models):
    """A wrong answer: stage 3 divides an adapter, but not its base."""

    def answer(num_parameters, num_trained, zero_stage, num_devices):
        held = held_bytes(num_parameters, num_trained, zero_stage, num_devices)
        if zero_stage == 3:
            base = 2 * (num_parameters - num_trained)
            kept = (num_trained > 0) | and_frozen_models
            held[:, 0] += np.where(kept, base - base / num_devices, 0)
        return held

    return answer


def _multiplied(num_parameters, num_trained, zero_stage, num_devices):
    return held_bytes(num_parameters, num_trained, zero_stage, 1 / num_devices)


def _on_all_devices(num_parameters, num_trained, zero_stage, num_devices):
    return held_bytes(num_parameters, num_trained, zero_stage, num_devices) * num_devices


def _stage_for_devices(num_parameters, num_trained, zero_stage, num_devices):
    return held_bytes(num_parameters, num_trained, zero_stage, zero_stage)


def _all_by_stage(num_parameters, num_trained, zero_stage, num_devices):
    return held_bytes(num_parameters, num_trained, 0, 1) / max(zero_stage, 1)


def _in_int32(divide):
    """A wrong answer: the columns are int32 before they are divided."""

    def answer(num_parameters, num_trained, zero_stage, num_devices):
        whole = held_bytes(num_parameters, num_trained, 0, 1).astype(np.int64).astype(np.int32)
        return divide(whole, np.where(zero_stage >= np.array([3, 2, 1]), num_devices, 1))

    return answer


def _four_models(num_parameters, num_trained, zero_stage, num_devices):
    return held_bytes(num_parameters[:4], num_trained[:4], zero_stage, num_devices)


MISTAKES = {
    "gradients whole at stage 2": _divided([3, 3, 1]),
    "gradients never divided": _divided([3, 9, 1]),
    "gradients divided at stage 1": _divided([3, 1, 1]),
    "weights divided at stage 2": _divided([2, 2, 1]),
    "weights never divided": _divided([9, 2, 1]),
    "one stage late": _divided([4, 3, 2]),
    "one stage early": _divided([2, 1, 0]),
    "all divided at every stage": _divided([0, 0, 0]),
    "all divided from stage 1 on": _divided([1, 1, 1]),
    "nothing divided": _divided([9, 9, 9]),
    "stages reversed": _stage_reversed,
    "this stage alone": _stage_alone,
    "divided by the stage": _by_stage,
    "Adam with one part less": _per_number(2, 2, 8),
    "no optimizer": _per_number(2, 2, 0),
    "one number for Adam": _per_number(2, 2, 4),
    "moments in 16 bit": _per_number(2, 2, 6),
    "16 for the optimizer": _per_number(2, 2, 16),
    "copy among the weights": _per_number(6, 2, 8),
    "gradients in float32": _per_number(2, 4, 12),
    "weights in float32": _per_number(4, 2, 12),
    "float32 throughout": _per_number(4, 4, 12),
    "float32 without a copy": _per_number(4, 4, 8),
    "frozen like trained": _frozen_like_trained,
    "frozen models like trained": _frozen_models_like_trained,
    "base trained with its adapter": _base_trained,
    "frozen left out": _frozen_left_out,
    "frozen models left out": _frozen_models_left_out,
    "frozen never divided": _frozen_never_divided,
    "adapter counted twice": _adapter_added,
    "floor": _of(np.floor),
    "ceil": _of(np.ceil),
    "bits": _of(lambda answer: 8 * answer),
    "gigabytes": _of(lambda answer: answer / 1e9),
    "sum over the models": _of(lambda answer: answer.sum(axis=0)),
    "sum over the parts": _of(lambda answer: answer.sum(axis=1)),
    "one sum": _of(np.sum),
    "states first": _of(lambda answer: answer[:, ::-1]),
    "gradients first": _of(lambda answer: answer[:, [1, 0, 2]]),
    "states before gradients": _of(lambda answer: answer[:, [0, 2, 1]]),
    "gradients of all": _having(lambda held, trained: [held, held, trained]),
    "states of all": _having(lambda held, trained: [held, trained, held]),
    "copies of all": _having(lambda held, trained: [held, trained, (2 * trained + held) / 3]),
    "trained weights left out": _having(lambda held, trained: [held - trained, trained, trained]),
    "base whole": _base_whole(True),
    "base whole, frozen models divided": _base_whole(False),
    "multiplied": _multiplied,
    "all devices": _on_all_devices,
    "10 for the optimizer": _per_number(2, 2, 10),
    "gradients before states": _divided([3, 1, 2]),
    "stage for devices": _stage_for_devices,
    "stage for devices, all parts": _all_by_stage,
    "int32": _in_int32(np.divide),
    "int32, rounded down": _in_int32(np.floor_divide),
    "four models": _four_models,
    "mebibytes": _of(lambda answer: answer / 2**20),
    "gibibytes": _of(lambda answer: answer / 2**30),
}
