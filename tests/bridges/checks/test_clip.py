import pytest

from rlnotes.bridges.checks.clip import check_clip
from rlnotes.bridges.checks.plan import plan_of
from tests.bridges.checks.small_runs import policy_run, prompts


def check_of(run):
    return check_clip(run.args, plan_of(run.args, len(run.train_dataset), processes=1))


@pytest.mark.parametrize("method", ["grpo", "rloo"])
def test_an_epsilon_that_nothing_reads_is_red(folder, method):
    check = check_of(policy_run(folder, method=method, epsilon=0.1))
    assert check.passed is False
    assert check.seen["passes whose ratio can differ from 1"] == 0
    assert "epsilon 0.1 changes nothing" in check.sentence


def test_the_defaults_pass_but_say_that_no_clip_acts(folder):
    check = check_of(policy_run(folder))
    assert check.passed
    assert "no clip acts" in check.sentence


def test_the_upper_bound_counts_as_set(folder):
    assert check_of(policy_run(folder, epsilon_high=0.28)).passed is False
    assert check_of(policy_run(folder, epsilon_high=0.28, num_iterations=2)).passed


@pytest.mark.parametrize(
    ("settings", "clipped"),
    [
        ({}, [False] * 4),
        ({"num_iterations": 2}, [False, True] * 2),
        ({"steps_per_generation": 2}, [False, True] * 2),
        ({"gradient_accumulation_steps": 2}, [False] * 4),
        # Generations of three batches, steps of four: some are late.
        (
            {"gradient_accumulation_steps": 4, "steps_per_generation": 3},
            [False, True, True, False],
        ),
    ],
)
def test_the_share_is_above_0_where_training_clips(folder, settings, clipped):
    run = policy_run(
        folder,
        rows=prompts(64),
        per_device_train_batch_size=4,
        epsilon=1e-6,
        max_steps=4,
        lr_scheduler_type="constant",
        **settings,
    )
    check = check_of(run)
    run.train()
    logged = [row["clip_ratio/region_mean"] > 0 for row in run.state.log_history if "loss" in row]
    assert logged == clipped
    assert check.passed == any(clipped)
