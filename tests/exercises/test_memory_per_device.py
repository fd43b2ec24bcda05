"""Bytes on a device: slips that once passed, and hints that once were untrue."""

import numpy as np
import pytest

from rlnotes.exercises import catalog

EXERCISE = catalog()["memory_per_device"]
SIZES = np.array([2, 2, 12])
STAGES = (3, 2, 1)


def answer(sizes=SIZES, stages=STAGES, of=(0, 1, 1), by=lambda stage, devices: devices, models=99):
    """Row by row, with other bytes, stages, counts (0 held, 1 trained) or divisor."""

    def candidate(num_parameters, num_trained, zero_stage, num_devices):
        rows = []
        for counts in zip(num_parameters[:models], num_trained[:models], strict=True):
            row = [float(size * counts[k]) for size, k in zip(sizes, of, strict=True)]
            divisors = [by(zero_stage, num_devices) if zero_stage >= s else 1 for s in stages]
            rows.append([part / divisor for part, divisor in zip(row, divisors, strict=True)])
        return np.array(rows)

    return candidate


def changed(change):
    return lambda **given: change(answer()(**given), given)


def weights(of):
    """Another first column, from what is held, trained, the stage and the devices."""

    def change(parts, given):
        held, trained = given["num_parameters"], given["num_trained"]
        shared = given["num_devices"] if given["zero_stage"] == 3 else 1
        parts[:, 0] = of(held, trained, shared)
        return parts

    return changed(change)


def copies_of_all(parts, given):
    shared = given["num_devices"] if given["zero_stage"] >= 1 else 1
    parts[:, 2] = (8 * given["num_trained"] + 4 * given["num_parameters"]) / shared
    return parts


def in_int32(divide):
    def candidate(num_parameters, num_trained, zero_stage, num_devices):
        parts = np.zeros((len(num_parameters), 3), dtype=np.int32)
        parts[:, 0] = (2 * num_parameters).astype(np.int32)
        parts[:, 1] = (2 * num_trained).astype(np.int32)
        parts[:, 2] = (12 * num_trained).astype(np.int32)
        return divide(parts, np.where(zero_stage >= np.array(STAGES), num_devices, 1))

    return candidate


def test_the_rows_of_this_file_are_right_without_a_slip():
    assert EXERCISE.check(answer()).passed


def test_the_large_case_is_the_published_table_for_stage_one():
    row = EXERCISE.cases[-1].expected[0]  # 31.4 GB for 7.5 billion weights on 64 devices
    assert round(sum(row) / 1e9, 1) == 31.4


@pytest.mark.parametrize(
    ("candidate", "hint"),
    [
        (in_int32(np.divide), "does not fit into int32"),
        (in_int32(np.floor_divide), "the numbers are int32"),
        (answer(models=4), "more than four models"),
        (answer(of=(0, 0, 1)), "a gradient to every weight that is held"),
        (answer(of=(0, 1, 0)), "optimizer states to every weight that is held"),
        (changed(copies_of_all), "only a trained weight has a float32 copy"),
        (weights(lambda held, trained, shared: 2 * (held - trained) / shared), "subtract nothing"),
        (
            weights(lambda held, trained, shared: 2 * (held - trained) + 2 * trained / shared),
            "not the adapter alone",
        ),
        (
            weights(
                lambda held, trained, shared: np.where(
                    trained > 0, 2 * (held - trained) + 2 * trained / shared, 2 * held / shared
                )
            ),
            "its frozen base included",
        ),
        (answer(by=lambda stage, devices: 1 / devices), "yours is multiplied"),
        (changed(lambda parts, given: parts * given["num_devices"]), "the sum over all devices"),
        (answer(sizes=(2, 2, 10)), "10 bytes for the optimizer"),
        (answer(stages=(3, 1, 2)), "the first two stages is turned round"),
        (answer(by=lambda stage, devices: stage), "by the number of the stage where"),
        (answer(stages=(1, 1, 1), by=lambda stage, _: stage), "every part by the number of the"),
        (answer(stages=(4, 3, 2)), "one stage too late"),
        (changed(lambda parts, given: np.floor(parts)), "/ in place of //"),
        (changed(lambda parts, given: parts / 2**20), "1,048,576"),
        (changed(lambda parts, given: parts / 2**30), "2**30"),
        (changed(lambda parts, given: parts / 1e9), "these are gigabytes"),
    ],
)
def test_each_slip_is_told_by_what_it_is(candidate, hint):
    message = EXERCISE.check(candidate).message.split("\nHint: ")[-1]
    assert hint in message
