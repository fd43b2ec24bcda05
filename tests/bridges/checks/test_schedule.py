import math

import pytest
import torch
from peft import LoraConfig
from transformers.trainer_utils import SchedulerType

from rlnotes.bridges.checks.schedule import check_schedule, rates_of
from tests.bridges.checks.small_runs import load, pair_run


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("linear", [1.0, 0.75, 0.5, 0.25]),
        ("constant", [1.0] * 4),
        ("cosine", [(1 + math.cos(math.pi * k / 4)) / 2 for k in range(4)]),
    ],
)
def test_rates_by_hand(folder, schedule, rates):
    run = pair_run(folder, learning_rate=1e-2, lr_scheduler_type=schedule)
    assert rates_of(run, 4) == pytest.approx([1e-2 * rate for rate in rates])


@pytest.mark.parametrize("settings", [{}, {"lr_scheduler_type": "cosine", "warmup_steps": 2}])
def test_the_rates_are_those_that_training_logs(folder, settings):
    run = pair_run(folder, max_steps=5, **settings)
    rates = rates_of(run, 5)
    run.train()
    logged = [row["learning_rate"] for row in run.state.log_history if "loss" in row]
    assert logged == pytest.approx(rates)


def rms_of_matrices(model):
    return torch.cat([w.flatten() for w in model.parameters() if w.dim() == 2]).std(correction=0)


def test_the_sum_is_compared_with_the_size_of_a_weight(folder):
    run = pair_run(folder, learning_rate=1e-2)
    check = check_schedule(run, rates_of(run, 100))
    assert check.passed
    assert check.seen["first"] == 1e-2
    assert check.seen["middle"] == pytest.approx(1e-2 / 2)
    assert check.seen["last"] == pytest.approx(1e-2 / 100)
    assert check.seen["sum"] == pytest.approx(1e-2 * 101 / 2)
    size = rms_of_matrices(load(folder)).item()
    assert check.seen["sum / size of a weight"] == pytest.approx(0.505 / size, rel=1e-3)
    assert "falls to 0" in check.sentence


def test_the_default_rate_is_red_in_a_short_run_and_not_in_a_long_one(folder):
    run = pair_run(folder, learning_rate=1e-6)
    assert check_schedule(run, rates_of(run, 100)).passed is False
    assert check_schedule(run, rates_of(run, 1000)).passed


def test_an_adapter_needs_more_than_all_weights(folder):
    run = pair_run(folder, learning_rate=1e-5, peft_config=LoraConfig(task_type="CAUSAL_LM"))
    rates = rates_of(run, 200)
    assert 0.005 < check_schedule(run, rates).seen["sum / size of a weight"] < 0.05
    assert check_schedule(run, rates).passed is False


def test_a_warm_up_longer_than_the_run_is_red(folder):
    run = pair_run(folder, warmup_steps=500)
    check = check_schedule(run, rates_of(run, 100))
    assert check.passed is False
    assert "is never reached" in check.sentence
    assert check_schedule(run, rates_of(run, 5000)).passed


def test_a_constant_rate_does_not_fall(folder):
    run = pair_run(folder, lr_scheduler_type="constant")
    assert "does not fall to 0" in check_schedule(run, rates_of(run, 10)).sentence


def test_a_schedule_that_follows_what_is_measured_is_not_guessed(folder):
    run = pair_run(folder)
    run.args.lr_scheduler_type = SchedulerType.REDUCE_ON_PLATEAU
    assert check_schedule(run, rates_of(run, 4)).passed is None


def test_an_optimizer_of_ones_own_is_not_guessed(folder):
    run = pair_run(folder)
    run.optimizer = torch.optim.SGD(run.model.parameters(), lr=1.0)
    assert rates_of(run, 4) is None
    assert check_schedule(run, None).passed is None
    assert check_schedule(run, []).passed is None


def test_a_step_larger_than_the_weights_is_red(folder):
    size = rms_of_matrices(load(folder)).item()
    for rate, passed in ((0.9 * size, True), (1.1 * size, False), (1e30, False)):
        run = pair_run(folder, learning_rate=rate, lr_scheduler_type="constant")
        check = check_schedule(run, rates_of(run, 5))
        assert check.passed is passed
        assert check.seen["largest / size"] == pytest.approx(rate / size, rel=1e-3)
        assert ("One step alone" in check.sentence) is not passed
