"""Pairs: answers as numbers and as tensors, best and worst, one mistake each."""

from collections import Counter

import numpy as np
import pytest
import torch

from rlnotes.data.documents.pointing import FIELDS
from rlnotes.data.invoices.sampling import LAYOUTS
from rlnotes.functional.extraction.answers import REQUIRED
from rlnotes.training.invoices.answer_pairs import (
    Choice,
    as_actions,
    as_choices,
    corrupted_pairs,
    sampled_pairs,
    true_choice,
)
from rlnotes.training.invoices.examples import sample_examples
from rlnotes.training.invoices.scoring import RewardScore, is_right, write_answers
from tests.training.invoices.hand_made import (
    NUM_FIELDS,
    example,
    random_actions,
    small_policy,
)

ABSENT = (0,) * NUM_FIELDS
REWARD = RewardScore()


def of_fields(**places):
    """[F] numbers, 0 except of the fields named."""
    return tuple(places.get(field, 0) for field in FIELDS)


@pytest.fixture(scope="module")
def examples():
    return sample_examples(64, seed=11, layouts=LAYOUTS)


# Numbers and tensors.


def test_answers_as_tensors_by_hand():
    one = Choice(of_fields(vendor=2, total=3), of_fields(total=1), (0, 2), 1)
    other = Choice(ABSENT, ABSENT, (), 2)
    actions = as_actions([[one, other], [other, one]], 4)
    assert actions.segments.shape == (2, 2, NUM_FIELDS)
    assert actions.segments[0, 0].tolist() == list(one.segments)
    assert actions.formats[1, 1].tolist() == list(one.formats)
    taken, none = [True, False, True, False], [False] * 4
    assert actions.lines.tolist() == [[taken, none], [none, taken]]
    assert actions.line_format.tolist() == [[1, 2], [2, 1]]


def test_numbers_and_tensors_are_each_the_opposite_of_the_other():
    actions = random_actions([3, 7, 1], 5)
    choices = as_choices(actions)
    assert [len(row) for row in choices] == [5, 5, 5]
    again = as_actions(choices, 7)
    assert all(torch.equal(one, other) for one, other in zip(actions, again, strict=True))
    assert as_choices(again) == choices
    hash(choices[0][0])  # plain numbers


def test_a_choice_writes_what_its_tensor_writes(examples):
    actions = random_actions([len(page.features) for page in examples], 2)
    answers = write_answers(examples, actions)
    for page, row, written in zip(examples, as_choices(actions), answers, strict=True):
        assert [choice.written(page) for choice in row] == written


def test_answers_that_do_not_fit_are_refused():
    one = Choice(of_fields(total=4), ABSENT, (), 1)
    line = Choice(ABSENT, ABSENT, (1, 3), 1)
    for choices in ([[one]], [[line]]):
        assert as_actions(choices, 4).lines.shape == (1, 1, 4)
        with pytest.raises(ValueError, match=r"choices must point at one of 3 .* got number 4"):
            as_actions(choices, 3)
    for choices, counts in (([], r"\[\]"), ([[]], r"\[0\]"), ([[one], [one, line]], r"\[1, 2\]")):
        with pytest.raises(ValueError, match=f"choices must hold as many .* got {counts}"):
            as_actions(choices, 4)
    with pytest.raises(ValueError, match="length must be a positive integer, got 0"):
        as_actions([[one]], 0)


# The best and the worst of what a policy says.


class Recorder:
    """A score that remembers what it was asked, and what it said."""

    def __init__(self, score):
        self.score, self.asked = score, []

    def __call__(self, examples, actions):
        rewards = self.score(examples, actions)
        self.asked.append((examples, actions, rewards))
        return rewards

    def rows(self):
        """(document, choices, rewards) of each answered document."""
        for examples, actions, rewards in self.asked:
            yield from zip(examples, as_choices(actions), rewards.tolist(), strict=True)


def odd_lines(examples, actions):
    """Scores with many ties: whether the number of lines is odd."""
    return (actions.lines.sum(dim=2) % 2).float()


@pytest.mark.parametrize("score", [REWARD, odd_lines])
def test_pairs_are_the_best_and_the_worst_answer_of_each_document(examples, score):
    short = [page for page in examples if len(page.features) < 60][:19]
    assert len(short) == 19
    recorder = Recorder(score)
    pairs = sampled_pairs(small_policy(), short, recorder, num_answers=3, seed=4)
    expected = []
    for page, choices, rewards in recorder.rows():
        if max(rewards) > min(rewards):
            best, worst = rewards.index(max(rewards)), rewards.index(min(rewards))
            expected.append((page, choices[best], choices[worst]))
    assert [tuple(pair) for pair in pairs] == expected
    assert 10 < len(pairs) < 19 or score is REWARD
    answered = [page for page, _, _ in recorder.rows()]
    assert len(answered) == 19
    assert all(one is other for one, other in zip(answered, short, strict=True))


def test_the_chosen_answer_earns_more_than_the_rejected_one(examples):
    pairs = sampled_pairs(small_policy(), examples[:10] * 2, REWARD, seed=0)
    assert len(pairs) > 15
    for page, chosen, rejected in pairs:
        chosen_reward, rejected_reward = (
            REWARD.of_answer(choice.written(page), page) for choice in (chosen, rejected)
        )
        assert chosen_reward > rejected_reward


def test_ties_give_no_pair(examples):
    def alike(examples, actions):
        return torch.full(actions.line_format.shape, 0.3)

    assert sampled_pairs(small_policy(), examples[:9], alike, seed=0) == []
    assert sampled_pairs(small_policy(), [], alike, seed=0) == []


def test_answers_that_say_the_same_are_no_pair_whatever_they_are_given():
    # Nothing is there but a total, in either segment, and the score is mere noise.
    page, policy = example("7.00", "7.00"), small_policy()
    with torch.no_grad():
        policy.absent.bias.fill_(50)
        policy.absent.bias[FIELDS.index("total")] = 0
        policy.line.bias.fill_(-50)
    noise = torch.Generator().manual_seed(0)

    def score(examples, actions):
        return torch.rand(actions.line_format.shape, generator=noise)

    pairs = sampled_pairs(policy, [page] * 60, score, num_answers=2, seed=0)
    assert 0 < len(pairs) < 60
    for pair in pairs:
        chosen, rejected = (choice.written(page) for choice in pair[1:])
        assert chosen != rejected


def test_seeds_decide_what_is_sampled(examples):
    one, same, other = (
        sampled_pairs(small_policy(), examples[:6], REWARD, seed=seed) for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_bad_scores_and_numbers_are_refused(examples):
    def run(score=REWARD, **change):
        return sampled_pairs(small_policy(), examples[:3], score, **{"seed": 0, **change})

    for rewards in (torch.zeros(3, 5), torch.zeros(4, 4), torch.full((3, 4), torch.nan), [[0.0]]):
        with pytest.raises(ValueError, match="score must return"):
            run(lambda pages, actions, rewards=rewards: rewards)
    for number in (1, 0, 2.5):
        with pytest.raises(ValueError, match=f"num_answers must be .* got {number}"):
            run(num_answers=number)
    with pytest.raises(ValueError, match=r"seed must be .* got -1"):
        run(seed=-1)


# From labels.


def test_the_true_choice_says_the_label_and_earns_all_there_is(examples):
    right = []
    for page in examples:
        answer = true_choice(page).written(page)
        right.append(is_right(answer, page))
        if right[-1]:
            assert REWARD.of_answer(answer, page) == pytest.approx(0.9)
    # The few others have a name of three lines, which nobody can point at.
    assert np.mean(right) > 0.9


def test_what_the_true_choice_misses_is_a_name_of_many_lines(examples):
    for page in examples:
        missing = page.target.keys() - true_choice(page).written(page).keys()
        assert missing <= {"vendor"}


def test_the_first_place_is_taken_and_what_stands_nowhere_is_left_out():
    lines = [{"amount": text} for text in ("4.80", "4.80", "9.60")]
    label = {"vendor": "Nobody", "total": "4.80", "currency": "MYR", "line_items": lines}
    page = example("RM", "Kopi 4.80", "4.80", "9.60", "4.80", target=label)
    segments, formats = of_fields(total=2, currency=1), of_fields(total=1, currency=1)
    assert true_choice(page) == Choice(segments, formats, (1, 2, 3), 1)


def kind_of_mistake(truth, wrong):
    """What was changed, in one word; None for more than one thing."""
    changed = [
        i
        for i in range(NUM_FIELDS)
        if (truth.segments[i], truth.formats[i]) != (wrong.segments[i], wrong.formats[i])
    ]
    if not changed:
        return "lines" if set(wrong.lines) < set(truth.lines) else None
    if len(changed) > 1 or truth.lines != wrong.lines:
        return None
    (field,) = changed
    if not wrong.segments[field]:
        return "left out" if not wrong.formats[field] else None
    same_place = wrong.segments[field] == truth.segments[field]
    same_format = wrong.formats[field] == truth.formats[field]
    return {(True, False): "format", (False, True): "segment"}.get((same_place, same_format))


def test_each_pair_is_the_truth_and_one_mistake(examples):
    truths = {id(page): true_choice(page) for page in examples}
    pairs = corrupted_pairs(examples, count=400, seed=3)
    assert len(pairs) == 400
    kinds, fields = Counter(), Counter()
    for page, chosen, rejected in pairs:
        assert chosen == truths[id(page)]
        assert rejected.line_format == chosen.line_format
        kinds[kind_of_mistake(chosen, rejected)] += 1
        answers = [choice.written(page) for choice in (chosen, rejected)]
        (field,) = [
            key for key in (*FIELDS, "line_items") if answers[0].get(key) != answers[1].get(key)
        ]
        fields[field] += 1
    assert kinds.keys() == {"lines", "left out", "format", "segment"}
    assert min(kinds.values()) > 10
    assert fields.keys() == {*FIELDS, "line_items"}
    assert len({id(page) for page, _, _ in pairs}) > 50


@pytest.mark.parametrize("noise", [0.0, 0.15])
def test_a_mistake_earns_less_unless_the_truth_cannot_be_written(noise):
    examples = sample_examples(48, seed=2, layouts=LAYOUTS, noise=noise)
    pairs = corrupted_pairs(examples, count=600, seed=1)
    not_lower = 0
    for page, chosen, rejected in pairs:
        good, bad = (choice.written(page) for choice in (chosen, rejected))
        if REWARD.of_answer(bad, page) < REWARD.of_answer(good, page) - 1e-9:
            continue
        not_lower += 1
        # A required field that no choice can write: a wrong one is well written.
        (field,) = bad.keys() - good.keys()
        assert field in REQUIRED
        assert page.target[field]
    assert not_lower < 12


def test_minus_nothing_is_no_mistake_for_nothing():
    page = example("0.00", "-0.00", target={"charges": "0.00"})
    pairs = corrupted_pairs([page], count=60, seed=0)
    said = [rejected.written(page).get("charges") for _, _, rejected in pairs]
    assert "-0.00" not in said
    assert None in said


def test_a_mistake_in_form_alone_is_one():
    page = example("RM 9.60", target={"total": "9.60"})
    pairs = corrupted_pairs([page], count=60, seed=0)
    said = {pair.rejected.written(page).get("total") for pair in pairs}
    assert said >= {None, "RM 9.60"}


def test_another_segment_is_one_of_the_same_kind():
    page = example("Acme", "9.60", "4.00", "05/03/2018", target={"total": "9.60"})
    total, date = FIELDS.index("total"), FIELDS.index("date")
    pairs = corrupted_pairs([page], count=200, seed=0)
    segments = [rejected.segments for _, _, rejected in pairs]
    assert {each[total] for each in segments} == {0, 2, 3}
    assert {each[date] for each in segments} == {0, 4}


def test_seeds_decide_on_the_mistakes(examples):
    one, same, other = (corrupted_pairs(examples, count=20, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_bad_labels_and_numbers_are_refused(examples):
    with pytest.raises(ValueError, match="examples must hold at least one document, got none"):
        corrupted_pairs([], count=1, seed=0)
    unlabelled = example("Acme", "9.60")
    for make in (true_choice, lambda page: corrupted_pairs([page], count=1, seed=0)):
        with pytest.raises(ValueError, match="example must have a label, got none for 'page'"):
            make(unlabelled)
    for number in (0, 1.5):
        with pytest.raises(ValueError, match=f"count must be a positive integer, got {number}"):
            corrupted_pairs(examples, count=number, seed=0)
    with pytest.raises(ValueError, match=r"seed must be .* got -1"):
        corrupted_pairs(examples, count=1, seed=-1)
