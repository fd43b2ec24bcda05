"""Two processes on CPUs, started as a reader would start them."""

import json

import numpy as np
import pytest


@pytest.fixture(scope="module")
def started(two_processes):
    """What both processes found, and what they printed."""
    folder, printed = two_processes
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)], printed


def test_there_are_two(started):
    assert [found["processes"] for found in started[0]] == [2, 2]


def test_both_have_the_same_weights_bit_for_bit(started):
    first, second = (found["whole"] for found in started[0])
    assert first == second
    assert any(first)


def test_two_steps_and_two_more_are_four_bit_for_bit(started):
    for found in started[0]:
        assert found["parts"] == found["whole"]


def test_a_group_is_spread_over_both_and_the_log_knows_all_of_it(started):
    first, second = (found["calls"] for found in started[0])
    for row, (one, other) in enumerate(zip(first, second, strict=True)):
        assert len(one["rewards"]) == len(other["rewards"]) == 2
        assert len({*one["names"], *other["names"]}) == 1
        together = [*one["rewards"], *other["rewards"]]
        for found in started[0]:
            assert found["logged"][row] == pytest.approx(np.mean(together), abs=1e-6)
            assert found["spread"][row] == pytest.approx(np.std(together, ddof=1), abs=1e-6)
    assert any(one["rewards"] != other["rewards"] for one, other in zip(first, second, strict=True))


def test_both_refuse_together_also_what_only_one_has_found(started):
    for found in started[0]:
        assert found["fault"] == "the second process has a fault"
        assert "name a new folder, or go on with --resume" in found["occupied"]


def test_of_two_reasons_both_hear_the_first(started):
    assert [found["faults"] for found in started[0]] == ["process 0 has a fault"] * 2


def test_the_main_process_alone_acts_and_both_hear_of_it(started):
    assert [found["asked"] for found in started[0]] == [[0], []]
    assert [found["told"] for found in started[0]] == ["by process 0"] * 2


def test_only_the_main_process_speaks(started):
    shown = [line.partition(":")[0] for line in started[1].splitlines() if line.startswith("step")]
    assert shown == [
        *(f"step {step} of 4" for step in (1, 2, 3, 4)),
        *("step 1 of 2", "step 2 of 2"),
        *("step 3 of 4", "step 4 of 4"),
    ]
