import pytest

from rlnotes.bridges.checks.plan import Plan, check_groups, check_steps, plan_of, stale_share
from tests.bridges.checks.small_runs import pair_run, pairs, policy_run, prompts

PLAN = Plan(
    rows=16,
    batch=8,
    processes=1,
    accumulation=1,
    group=4,
    blocks=1,
    num_iterations=1,
    epochs=1.0,
    max_steps=-1,
    drop_last=False,
)


@pytest.mark.parametrize(
    ("rows", "settings", "steps"),
    [
        (9, {"per_device_train_batch_size": 8, "num_train_epochs": 2}, 8),
        (
            7,
            {
                "per_device_train_batch_size": 4,
                "gradient_accumulation_steps": 2,
                "num_iterations": 2,
            },
            6,
        ),
        (5, {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 3}, 1),
        (9, {"per_device_train_batch_size": 4, "steps_per_generation": 2}, 8),
        (9, {"generation_batch_size": 16, "per_device_train_batch_size": 4}, 8),
        (6, {"per_device_train_batch_size": 8, "max_steps": 4}, 4),
        (3, {"per_device_train_batch_size": 16, "max_steps": 4}, 0),
    ],
)
def test_the_steps_are_those_that_training_makes(folder, rows, settings, steps):
    run = policy_run(
        folder, rows=prompts(rows), **{"max_steps": -1, "num_train_epochs": 1} | settings
    )
    plan = plan_of(run.args, rows, processes=1)
    assert plan.steps == steps
    assert check_steps(plan).passed == (steps > 0)
    run.train()
    assert run.state.global_step == steps


def test_without_max_steps_too_few_rows_end_in_an_error_of_another_name(folder):
    run = policy_run(folder, rows=prompts(3), max_steps=-1)
    check = check_steps(plan_of(run.args, 3, processes=1))
    assert check.passed is False
    assert "an error about max_steps" in check.sentence
    with pytest.raises(ValueError, match="max_steps must be set to a positive value"):
        run.train()


@pytest.mark.parametrize(("drop_last", "steps"), [(False, 4), (True, 2)])
def test_steps_on_pairs(folder, drop_last, steps):
    run = pair_run(
        folder,
        rows=pairs(9),
        per_device_train_batch_size=4,
        gradient_accumulation_steps=2,
        num_train_epochs=2,
        max_steps=-1,
        dataloader_drop_last=drop_last,
    )
    assert plan_of(run.args, 9, processes=1).steps == steps
    run.train()
    assert run.state.global_step == steps


@pytest.mark.parametrize(
    ("batch", "processes", "blocks", "group", "left_over"),
    [(3, 1, 1, 2, 1), (3, 2, 1, 2, 0), (3, 1, 2, 2, 0), (2, 2, 1, 8, 4), (8, 1, 1, 8, 0)],
)
def test_groups_are_whole_over_processes_and_batches(batch, processes, blocks, group, left_over):
    check = check_groups(
        PLAN._replace(batch=batch, processes=processes, blocks=blocks, group=group)
    )
    assert check.passed == (left_over == 0)
    assert check.seen["left over"] == left_over
    assert check.seen["answers per generation"] == batch * processes * blocks


def test_fewer_prompts_than_a_generation_batch_are_red():
    check = check_steps(PLAN._replace(rows=1))
    assert check.passed is False
    assert check.seen == {"rows": 1, "rows per batch": 2, "steps": 0}


def test_rows_that_fill_no_batch_are_told():
    check = check_steps(PLAN._replace(rows=9))
    assert check.passed
    assert "1 rows fill no generation batch" in check.sentence
    assert "fill no" not in check_steps(PLAN).sentence


def test_a_stream_needs_a_number_of_steps():
    assert check_steps(PLAN._replace(rows=None)).passed is False
    assert check_steps(PLAN._replace(rows=None, max_steps=7)).seen["steps"] == 7


@pytest.mark.parametrize(
    ("accumulation", "blocks", "num_iterations", "share"),
    [
        (1, 1, 1, 0),
        (2, 2, 1, 0),
        (4, 2, 1, 0),
        (4, 2, 2, 0),
        (1, 1, 2, 1 / 2),
        (1, 4, 1, 3 / 4),
        (2, 4, 2, 3 / 4),
        # Four passes a step, three a generation: of 12 passes 4, 5 and 8 are late.
        (4, 3, 1, 3 / 12),
    ],
)
def test_stale_passes_counted_by_hand(accumulation, blocks, num_iterations, share):
    plan = PLAN._replace(accumulation=accumulation, blocks=blocks, num_iterations=num_iterations)
    assert stale_share(plan) == share
