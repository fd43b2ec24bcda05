import pytest

from rlnotes.bridges.checks.data import (
    Pair,
    check_data_ends,
    check_pairs_differ,
    check_repeats,
    check_rows_kept,
    pairs_of,
    some_rows,
)
from tests.bridges.checks.small_runs import END, pair_run, pairs, policy_run, prompts


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        (1, [0]),
        (3, [0, 3, 6]),
        (4, [0, 3, 6]),
        (5, [0, 2, 4, 6, 8]),
        (9, [*range(9)]),
        (20, [*range(9)]),
    ],
)
def test_rows_are_spread_over_the_data(folder, limit, kept):
    dataset = policy_run(folder, rows=[{"prompt": str(n)} for n in range(9)]).train_dataset
    assert [row["prompt"] for row in some_rows(dataset, limit=limit)] == list(map(str, kept))


def test_repeated_prompts_are_red(folder):
    check = check_repeats(policy_run(folder, rows=[{"prompt": "3"}] * 16))
    assert check.passed is False
    assert check.seen == {"rows": 16, "repeats": 15}
    check = check_repeats(policy_run(folder, rows=[*prompts(16), {"prompt": "0 0 3"}]))
    assert check.passed
    assert check.seen["repeats"] == 1


LONG = [{"prompt": "3 4 ", "chosen": "4 5 6 7", "rejected": "4 5 6 8"}, *pairs(7)]


@pytest.mark.filterwarnings("ignore:The `'keep_end'` truncation mode:FutureWarning")
@pytest.mark.parametrize("side", ["keep_start", "keep_end"])
@pytest.mark.parametrize("most", [4, 5, 64])
def test_pairs_are_cut_as_in_a_batch(folder, side, most):
    run = pair_run(folder, rows=LONG, max_length=most, truncation_mode=side)
    rows = list(run.train_dataset)
    batch = run.data_collator(rows)
    counted = [
        ids[mask.bool()].tolist()
        for ids, mask in zip(batch["input_ids"], batch["completion_mask"], strict=True)
    ]
    found = pairs_of(run)
    assert [pair.chosen for pair in found] == counted[: len(rows)]
    assert [pair.rejected for pair in found] == counted[len(rows) :]
    assert found[0].length == 7


def test_pairs_that_are_equal_once_they_are_cut_are_red(folder):
    run = pair_run(folder, rows=LONG, max_length=5)
    check = check_pairs_differ(pairs_of(run))
    assert check.passed is False
    assert check.seen == {"pairs": 8, "equal": 1}
    assert check_pairs_differ(pairs_of(pair_run(folder, rows=LONG))).passed


def test_ends_that_are_cut_off_are_red(folder):
    run = pair_run(folder, rows=LONG, max_length=5)
    check = check_data_ends(pairs_of(run), {END})
    # Of the long pair none; of the others the preferred one has six tokens, not five.
    assert check.seen == {"with the end token": 7, "of": 16}
    assert check.passed is False
    whole = check_data_ends(pairs_of(pair_run(folder, rows=LONG)), {END})
    assert whole.passed
    assert whole.seen["with the end token"] == 16


def test_a_line_end_behind_the_end_token_is_no_fault():
    pair = Pair(chosen=[4, END, 5], rejected=[END, 3, 3, 3, 3], length=6)
    check = check_data_ends([pair] * 3, {END})
    assert check.seen == {"with the end token": 3, "of": 6}


def test_dpo_cuts_and_drops(folder):
    rows = [{"prompt": "3 4 5 6 7 ", "chosen": "4", "rejected": "5"}, *LONG]
    run = pair_run(folder, rows=rows, max_length=5)
    check = check_rows_kept(run, pairs_of(run), None)
    assert check.passed is False
    assert check.seen == {"given": 9, "dropped": 1, "cut": 8, "of": 8, "max_length": 5}
    assert check_rows_kept(run, pairs_of(run), 20).seen["dropped"] == 12


def test_a_reward_run_drops_whole_pairs(folder):
    run = pair_run(folder, method="reward", rows=LONG, max_length=6)
    check = check_rows_kept(run, pairs_of(run), None)
    assert check.passed is False
    assert check.seen == {"given": 8, "dropped": 1, "cut": 0, "of": 7, "max_length": 6}


@pytest.mark.parametrize("method", ["dpo", "reward"])
def test_rows_that_fit_are_kept(folder, method):
    run = pair_run(folder, method=method, rows=LONG)
    check = check_rows_kept(run, pairs_of(run), None)
    assert check.passed
    assert check.seen["given"] == 8
    assert (check.seen["dropped"], check.seen["cut"]) == (0, 0)


def test_data_that_came_tokenized_are_not_guessed(folder):
    rows = [{"chosen_ids": [3, 4], "rejected_ids": [3, 5]}] * 4
    run = pair_run(folder, method="reward", rows=rows)
    assert check_rows_kept(run, pairs_of(run), None).passed is None
