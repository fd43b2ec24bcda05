"""Wrong answers to `memory_per_device`, each with its hint."""

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
}

HINTS = {
    "gradients whole at stage 2": "stage 2 divides the gradients too; you do so at stage 3 only.",
    "gradients never divided": "from stage 2 on the gradients are divided; yours never are.",
    "gradients divided at stage 1": "stage 1 divides the optimizer states alone; gradients follow "
    "at stage 2.",
    "weights divided at stage 2": "weights are divided at stage 3, not at stage 2.",
    "weights never divided": "stage 3 divides the weights too, those of frozen models included.",
    "one stage late": "each part is divided one stage too late: stage 1 begins with the optimizer.",
    "one stage early": "each part is divided one stage too early: at stage 0 nothing is.",
    "all divided at every stage": "everything is divided at every stage. At stage 0 nothing is, "
    "and each stage adds one part.",
    "all divided from stage 1 on": "from stage 1 on everything is divided. Stage 1 divides the "
    "optimizer states, stage 2 gradients too, stage 3 weights too.",
    "nothing divided": "nothing is divided by the devices, whatever the stage.",
    "stages reversed": "the order of the stages is reversed: optimizer states first, weights last.",
    "this stage alone": "a stage keeps what the stages before divide: compare with >=, not ==.",
    "divided by the stage": "divide by the number of devices, not by the stage.",
    "Adam with one part less": "8 bytes for the optimizer: one of its three float32 numbers is "
    "missing. They are the copy of the weight and two moments.",
    "no optimizer": "the optimizer's 12 bytes are missing.",
    "one number for Adam": "4 bytes for the optimizer: a copy of the weight and two moments, in "
    "float32, make 12.",
    "moments in 16 bit": "6 bytes for the optimizer: its three numbers are float32, 4 bytes each.",
    "16 for the optimizer": "16 bytes are weight, gradient and optimizer together; the optimizer "
    "takes 12 of them.",
    "copy among the weights": "the float32 copy belongs to the optimizer: it is divided at stage 1 "
    "and only trained weights have one.",
    "gradients in float32": "the gradients are 16 bit here: 2 bytes.",
    "weights in float32": "the weights in use are 16 bit: 2 bytes. Their float32 copy is among the "
    "optimizer's 12.",
    "float32 throughout": "weights and gradients are 16 bit here: 2 bytes each.",
    "float32 without a copy": "4, 4 and 8 bytes are training in float32. In mixed precision they "
    "are 2, 2 and 12.",
    "frozen like trained": "you give gradients and states to every weight that is held. Only the "
    "trained ones have them: num_trained.",
    "frozen models like trained": "a model with num_trained 0 is frozen: no gradient, no states.",
    "base trained with its adapter": "a model that trains an adapter has gradients for the adapter "
    "alone, not for its base.",
    "frozen left out": "frozen weights take memory too: 2 bytes for each of num_parameters.",
    "frozen models left out": "a frozen model has no gradients, but it has weights.",
    "frozen never divided": "here stage 3 divides the weights of frozen models as well.",
    "adapter counted twice": "num_parameters holds the trained numbers already.",
    "floor": "the mean over devices need not be whole: / in place of //.",
    "ceil": "the mean over devices need not be whole: do not round it up.",
    "bits": "these are bits: a byte has 8 of them.",
    "gigabytes": "these are gigabytes; bytes are wanted.",
    "sum over the models": "you add up the models. Give one row for each.",
    "sum over the parts": "you add up the three parts. Give one column for each.",
    "one sum": "this is the sum of all. Give a row for each model, with three columns.",
    "states first": "the columns are weights, gradients, optimizer states; yours are reversed.",
    "gradients first": "the columns are weights, gradients, optimizer states; the first two of "
    "yours are exchanged.",
    "states before gradients": "the columns are weights, gradients, optimizer states; the last two "
    "of yours are exchanged.",
}
