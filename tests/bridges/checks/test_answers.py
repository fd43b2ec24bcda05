import math

import pytest
import torch

from rlnotes.bridges.checks.answers import check_rewards, check_sampled_ends, check_spread
from rlnotes.bridges.checks.sampling import Answers, rewards_of, sample_answers, total_rewards
from rlnotes.bridges.preflight import preflight
from tests.bridges.checks.small_runs import END, low_digits, policy_run

NAN = math.nan


def line_of(run, name):
    (check,) = [check for check in preflight(run) if check.name == name]
    return check


@pytest.mark.parametrize("method", ["grpo", "rloo"])
def test_groups_follow_each_other(folder, method):
    run = policy_run(folder, method=method)
    answers = sample_answers(run, num_prompts=2)
    assert [row["prompt"] for row in answers.rows] == ["0 0 3"] * 4 + ["8 0 3"] * 4
    assert answers.prompt_ids == [[3, 3, 6]] * 4 + [[11, 3, 6]] * 4
    assert all(1 <= len(tokens) <= 8 for tokens in answers.completion_ids)
    assert len({tuple(tokens) for tokens in answers.completion_ids}) > 4


@pytest.mark.parametrize("method", ["grpo", "rloo"])
def test_rewards_get_the_columns_and_the_text_without_the_end(folder, method):
    seen = {}

    def score(prompts, completions, completion_ids, wanted, **_):
        seen.update(prompts=prompts, completions=completions, ids=completion_ids, wanted=wanted)
        return [float(len(tokens)) for tokens in completion_ids]

    rows = [{"prompt": "3", "wanted": "a"}, {"prompt": "4", "wanted": "b"}] * 2
    run = policy_run(folder, method=method, rows=rows, rewards=[score, low_digits])
    answers = sample_answers(run, num_prompts=4)
    rewards = rewards_of(run, answers)
    assert rewards.shape == (16, 2)
    assert rewards[:, 0].tolist() == [len(tokens) for tokens in answers.completion_ids]
    assert seen["wanted"] == ["a"] * 4 + ["b"] * 4 + ["a"] * 4 + ["b"] * 4
    assert seen["prompts"] == [row["prompt"] for row in answers.rows]
    words = [[str(token - 3) for token in ids if token > 2] for ids in answers.completion_ids]
    plain = [[word for word in text.split() if word.isdigit()] for text in seen["completions"]]
    assert plain == words
    assert not any("<eos>" in text for text in seen["completions"])


def test_spreads_by_hand():
    check = check_spread(torch.tensor([1.0, 3.0, 5.0, 5.0]), group=2)
    assert check.seen["within groups"] == pytest.approx(2**0.5 / 2)
    assert check.seen["whole batch"] == pytest.approx((11 / 3) ** 0.5)
    assert check.seen["mean"] == 3.5
    assert check.seen["groups of equal rewards"] == 1
    assert check.passed


def test_constant_groups_are_red_however_wide_the_batch_is():
    check = check_spread(torch.tensor([1.0, 1.0, 2.0, 2.0]), group=2)
    assert check.passed is False
    assert check.seen["within groups"] == 0
    assert check.seen["whole batch"] == pytest.approx(3**-0.5)
    assert "0.5774" in check.sentence


def test_missing_rewards_are_left_out_of_the_spread():
    check = check_spread(torch.tensor([1.0, NAN, 3.0, 4.0, NAN, 4.0]), group=3)
    assert check.seen["within groups"] == pytest.approx(2**0.5 / 2)
    assert check_spread(torch.tensor([1.0, NAN, 2.0, NAN]), group=2).passed is False


def test_a_reward_of_the_prompt_alone_is_red(folder):
    def by_prompt(prompts, **_):
        return [float(prompt[0]) for prompt in prompts]

    check = line_of(policy_run(folder, rewards=by_prompt), "spread of rewards")
    assert check.passed is False
    assert check.seen["groups of equal rewards"] == check.seen["of"] == 4
    # The prompts begin with 0, 4, 8 and 2, four answers each: the mean is 3.5.
    assert check.seen["mean"] == 3.5
    assert check.seen["whole batch"] == pytest.approx(
        (4 * (3.5**2 + 0.5**2 + 4.5**2 + 1.5**2) / 15) ** 0.5
    )
    assert line_of(policy_run(folder), "spread of rewards").passed


def test_totals_by_hand():
    rewards = torch.tensor([[1.0, 2.0], [NAN, 2.0], [NAN, NAN]])
    totals = total_rewards(rewards, torch.tensor([1.0, 0.5]))
    assert totals[:2].tolist() == [2.0, 1.0]
    assert totals[2].isnan()


@pytest.mark.parametrize(
    ("rewards", "passed", "mixed", "empty"),
    [
        ([[1, 1], [1, 1], [1, 1], [1, 1]], True, 0, 0),
        ([[1, NAN], [1, NAN], [1, 1], [1, 1]], True, 0, 0),  # none of one group
        ([[1, NAN], [1, 1], [1, 1], [1, NAN]], False, 2, 0),
        ([[NAN, NAN], [NAN, NAN], [1, 1], [1, 1]], False, 0, 2),
        ([[NAN], [1], [1], [1]], False, 1, 1),
        ([[math.inf], [1], [1], [1]], False, 0, 0),
    ],
)
def test_none_must_hold_for_a_whole_group(rewards, passed, mixed, empty):
    check = check_rewards(torch.tensor(rewards, dtype=torch.float), group=2)
    assert check.passed == passed
    assert check.seen["in groups that also have numbers"] == mixed
    assert check.seen["answers without any"] == empty


def test_none_from_a_function_is_counted(folder):
    def unsure(completions, **_):
        return [None if n % 4 == 0 else 1.0 for n in range(len(completions))]

    check = line_of(policy_run(folder, rewards=[low_digits, unsure]), "rewards are numbers")
    assert check.passed is False
    assert check.seen["None or NaN"] == check.seen["in groups that also have numbers"] == 4


def test_a_reward_that_raises_is_told_with_its_place(folder):
    def broken(target, **_):
        return target

    run = policy_run(folder, rewards=broken)
    check = line_of(run, "rewards are numbers")
    assert check.passed is False
    assert "TypeError" in check.sentence
    assert "target" in check.sentence
    assert line_of(run, "spread of rewards").passed is None


def test_ends_by_hand():
    answers = Answers([{}] * 3, [[3]] * 3, [[4, END], [4, 5, 6], [4, END, 5]])
    check = check_sampled_ends(answers, {END}, masked=False)
    assert check.passed
    assert check.seen == {"ended": 1, "of": 3, "longest": 3}


def test_answers_that_never_end_are_red(folder):
    run = policy_run(
        folder, generation_kwargs={"suppress_tokens": [END]}, mask_truncated_completions=True
    )
    check = line_of(run, "answers end")
    assert check.passed is False
    assert check.seen == {"ended": 0, "of": 16, "longest": 8}
    assert "left out of the loss" in check.sentence
    assert line_of(policy_run(folder), "answers end").passed
