"""Pairs for DPO: other right forms pass, readers' mistakes get their hint."""

import itertools
import json

import numpy as np
import pytest

from rlnotes.exercises import catalog

EXERCISE = catalog()["preference_pairs"]


def pairs_by_definition(answers, rewards):
    """Of all (document, better, worse), the first that nothing lies above or below."""
    found = {}
    for document, scores in enumerate(rewards):
        given = [score for score in scores if score is not None]
        for better, worse in itertools.permutations(range(len(scores)), 2):
            pair = scores[better], scores[worse]
            if None not in pair and pair == (max(given), min(given)) and pair[0] > pair[1]:
                found.setdefault(document, (document, better, worse))
    return [(d, c, r) for d, c, r in found.values() if answers[d][c] != answers[d][r]]


@pytest.mark.parametrize("place", range(len(EXERCISE.cases)))
def test_each_expected_answer_agrees_with_the_definition(place):
    case = EXERCISE.cases[place]
    assert case.expected == pairs_by_definition(**case.arguments)
    assert case.expected  # an empty list has no shape [0, 3]


def test_the_drawn_inputs_hold_what_makes_the_task_hard():
    drawn = [case for case in EXERCISE.cases if case.reason.startswith("drawn")]
    ties = alike = gaps = lone = 0
    for case in drawn:
        kept = {document for document, *_ in case.expected}
        for document, scores in enumerate(case.arguments["rewards"]):
            given = [score for score in scores if score is not None]
            gaps += document in kept and None in scores
            lone += len(given) < 2
            ties += len(given) > 1 and len({*given}) == 1
            alike += len({*given}) > 1 and document not in kept
    assert len(drawn) >= 5
    assert min(ties, alike, gaps, lone) >= 2


def by_a_stable_sort(answers, rewards):
    pairs = []
    for document, scores in enumerate(rewards):
        scored = [(score, place) for place, score in enumerate(scores) if score is not None]
        if len(scored) < 2:
            continue
        worst = sorted(scored)[0]
        best = sorted(scored, key=lambda each: (-each[0], each[1]))[0]
        if best[0] == worst[0] or answers[document][best[1]] == answers[document][worst[1]]:
            continue
        pairs.append([document, best[1], worst[1]])
    return pairs


def in_numpy(answers, rewards):
    table = np.array(rewards, dtype=float)
    rows = np.flatnonzero(np.isfinite(table).any(axis=1))
    best = np.nanargmax(table[rows], axis=1)
    worst = np.nanargmin(table[rows], axis=1)
    triples = np.stack([rows, best, worst], axis=1)
    return triples[[answers[d][c] != answers[d][r] for d, c, r in triples]]


def yields(answers, rewards):
    yield from pairs_by_definition(answers, rewards)


@pytest.mark.parametrize("right", [pairs_by_definition, by_a_stable_sort, in_numpy, yields])
def test_pairs_may_be_written_otherwise(right):
    verdict = EXERCISE.check(right)
    assert verdict.passed, verdict.message


def ends_of_a_sorted_list(answers, rewards):
    """What one writes first; a None cannot be sorted, so it goes out before."""
    pairs = []
    for document, scores in enumerate(rewards):
        ranked = [k for k in range(len(scores)) if scores[k] is not None]
        ranked.sort(key=lambda k: scores[k])
        if not ranked or scores[ranked[-1]] == scores[ranked[0]]:
            continue
        if answers[document][ranked[-1]] != answers[document][ranked[0]]:
            pairs.append((document, ranked[-1], ranked[0]))
    return pairs


def upwards_and_downwards(answers, rewards):
    return [(d, c, r) for d, r, c in ends_of_a_sorted_list(answers, turned(rewards))]


def turned(rewards):
    return [[None if score is None else -score for score in scores] for scores in rewards]


def without_nones(answers, rewards):
    kept = [[score for score in scores if score is not None] for scores in rewards]
    texts = [
        [answer for answer, score in zip(*both, strict=True) if score is not None]
        for both in zip(answers, rewards, strict=True)
    ]
    return pairs_by_definition(texts, kept)


def or_zero(answers, rewards):
    return pairs_by_definition(answers, [[score or 0.0 for score in row] for row in rewards])


def truthy(answers, rewards):
    return pairs_by_definition(answers, [[score or None for score in row] for row in rewards])


def as_json(answers, rewards):
    texts = [[json.dumps(answer) for answer in row] for row in answers]
    return pairs_by_definition(texts, rewards)


def same_object(answers, rewards):
    return pairs_by_definition(numbered(answers), rewards)


def argmax_and_argmin(answers, rewards):
    table = np.array(rewards, dtype=float)
    return [
        (document, np.nanargmax(scores), np.nanargmin(scores))
        for document, scores in enumerate(table)
        if np.isfinite(scores).any()
    ]


def argmax_of_all(answers, rewards):
    table = np.array(rewards, dtype=float)
    document, chosen = np.unravel_index(np.nanargmax(table), table.shape)
    return [(document, chosen, np.nanargmin(table) % table.shape[1])]


def documents_lost(answers, rewards):
    pairs = pairs_by_definition(answers, rewards)
    return [(number, chosen, rejected) for number, (_, chosen, rejected) in enumerate(pairs)]


def returns_early(answers, rewards):
    for pair in pairs_by_definition(answers, rewards):
        return [pair]


def same_values(answers, rewards):
    return pairs_by_definition([[{*answer.values()} for answer in row] for row in answers], rewards)


def compared(alike):
    """The best and the worst of each document, with another test for what is alike."""

    def pairs(answers, rewards):
        every = pairs_by_definition(numbered(answers), rewards)
        return [(d, c, r) for d, c, r in every if not alike(answers[d][c], answers[d][r])]

    return pairs


def numbered(answers):
    """A number for each answer, as if no two were alike."""
    numbers = itertools.count()
    return [[next(numbers) for _ in row] for row in answers]


def has_all_of(one, other):
    return other.items() <= one.items()


def agrees(one, other):
    return all(one[key] == other[key] for key in one if key in other)


def running_extremes(best_so_far, worst_so_far):
    """A loop that starts at the first place, and from two numbers that nobody gave."""

    def pairs(answers, rewards):
        found = []
        for document, scores in enumerate(rewards):
            best, worst, chosen, rejected = best_so_far, worst_so_far, 0, 0
            for place, score in enumerate(scores):
                if score is not None and score > best:
                    best, chosen = score, place
                if score is not None and score < worst:
                    worst, rejected = score, place
            if answers[document][chosen] != answers[document][rejected]:
                found.append((document, chosen, rejected))
        return found

    return pairs


def one_if_with_elif(answers, rewards):
    found = []
    for document, scores in enumerate(rewards):
        best, worst, chosen, rejected = -np.inf, np.inf, None, None
        for place, score in enumerate(scores):
            if score is None:
                continue
            if score > best:
                best, chosen = score, place
            elif score < worst:
                worst, rejected = score, place
        if rejected is None or best == worst:
            continue
        if answers[document][chosen] != answers[document][rejected]:
            found.append((document, chosen, rejected))
    return found


def leaves_the_loop(answers, rewards):
    pairs = {document: (c, r) for document, c, r in pairs_by_definition(answers, rewards)}
    kept = itertools.takewhile(lambda document: document in pairs, range(len(rewards)))
    return [(document, *pairs[document]) for document in kept]


def index_of_the_answer(answers, rewards):
    return [
        (d, answers[d].index(answers[d][c]), answers[d].index(answers[d][r]))
        for d, c, r in pairs_by_definition(answers, rewards)
    ]


def best_that_is_not_the_worst(answers, rewards):
    turned_pairs = worst_that_is_not_the_best(answers, turned(rewards))
    return [(document, rejected, chosen) for document, chosen, rejected in turned_pairs]


def worst_that_is_not_the_best(answers, rewards):
    found = []
    for document, scores in enumerate(rewards):
        ranked = sorted((score, place) for place, score in enumerate(scores) if score is not None)
        if not ranked:
            continue
        best = scores.index(ranked[-1][0])
        for score, place in ranked:
            if score < scores[best] and answers[document][place] != answers[document][best]:
                found.append((document, best, place))
                break
    return found


def averaged(answers, rewards):
    """Each text once, at its first place, with the mean of its rewards."""
    means = []
    for texts, scores in zip(answers, rewards, strict=True):
        row = [None] * len(texts)
        given = [place for place in range(len(texts)) if scores[place] is not None]
        for place in reversed(given):
            twins = [other for other in given if texts[other] == texts[place]]
            row[twins[0]] = sum(scores[other] for other in twins) / len(twins)
        means.append(row)
    return pairs_by_definition(answers, means)


def all_the_best_and_worst(answers, rewards):
    pairs = []
    for document, scores in enumerate(rewards):
        given = [score for score in scores if score is not None]
        for better, worse in itertools.product(range(len(scores)), repeat=2):
            ends = scores[better], scores[worse]
            if len({*given}) < 2 or ends != (max(given), min(given)):
                continue
            if answers[document][better] != answers[document][worse]:
                pairs.append((document, better, worse))
    return pairs


def only_from_zero(answers, rewards):
    kept = [[s if s is not None and s >= 0 else None for s in scores] for scores in rewards]
    return pairs_by_definition(answers, kept)


def filtered_first(answers, rewards):
    kept = [d for d, scores in enumerate(rewards) if len(scores) - scores.count(None) >= 2]
    return pairs_by_definition([answers[d] for d in kept], [rewards[d] for d in kept])


def counted_from_one(answers, rewards):
    return np.add(pairs_by_definition(answers, rewards), 1)


def documents_from_one(answers, rewards):
    return np.add(pairs_by_definition(answers, rewards), [1, 0, 0])


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (same_values, "alike in the values"),
        (compared(agrees), "alike in shared keys"),
        (
            compared(lambda chosen, rejected: has_all_of(rejected, chosen)),
            "alike in the keys of chosen",
        ),
        (compared(has_all_of), "alike in the keys of rejected"),
        (running_extremes(0, 1), "search from 0"),
        (running_extremes(-1, 1), "search from -1"),
        (one_if_with_elif, "if and elif"),
        (leaves_the_loop, "break"),
        (best_that_is_not_the_worst, "next best that differs"),
        (worst_that_is_not_the_best, "next that differs"),
        (index_of_the_answer, "place of the text"),
        (averaged, "mean of twins"),
        (all_the_best_and_worst, "every best and worst"),
        (only_from_zero, "negatives left out"),
        (filtered_first, "scored documents counted"),
        (counted_from_one, "all from one"),
        (documents_from_one, "document from one"),
        (ends_of_a_sorted_list, "last of the best"),
        (upwards_and_downwards, "last of the worst"),
        (without_nones, "places among the scored"),
        (or_zero, "none as zero"),
        (truthy, "zero as none"),
        (as_json, "alike as text"),
        (same_object, "alike kept"),
        (argmax_and_argmin, "nothing left out"),
        (argmax_of_all, "one pair of the batch"),
        (documents_lost, "pairs counted"),
        (returns_early, "first pair"),
        (lambda answers, rewards: pairs_by_definition(answers, turned(rewards)), "swapped"),
    ],
)
def test_mistakes_in_pairs(wrong, name):
    message = EXERCISE.check(wrong).message
    assert message.startswith("expected ")
    assert message.endswith(f"Hint: {EXERCISE.hints[name]}")


def test_a_mistake_before_another_is_named_from_the_first_failing_input():
    message = EXERCISE.check(lambda answers, rewards: as_json(answers, turned(rewards))).message
    assert "Hint, judging by this input alone" in message
    assert message.endswith(EXERCISE.hints["swapped"])


def sorts_the_scores(answers, rewards):
    for scores in rewards:
        scores.sort(key=lambda score: -2.0 if score is None else score)
    return pairs_by_definition(answers, rewards)


def sorts_the_answers(answers, rewards):
    pairs = pairs_by_definition(answers, rewards)
    for texts in answers:
        texts.reverse()
    return pairs


def fills_in_zeros(answers, rewards):
    for scores in rewards:
        scores[:] = [0.0 if score is None else score for score in scores]
    return pairs_by_definition(answers, rewards)


def removes_what_has_no_score(answers, rewards):
    for scores in rewards:
        while None in scores:
            scores.remove(None)
    return pairs_by_definition(answers, rewards)


def marks_the_best(answers, rewards):
    pairs = pairs_by_definition(answers, rewards)
    for document, chosen, _ in pairs:
        answers[document][chosen]["chosen"] = "yes"
    return pairs


@pytest.mark.parametrize(
    ("in_place", "name"),
    [
        (sorts_the_scores, "rewards"),
        (sorts_the_answers, "answers"),
        (fills_in_zeros, "rewards"),
        (removes_what_has_no_score, "rewards"),
        (marks_the_best, "answers"),
    ],
)
def test_a_change_of_an_argument_is_named(in_place, name):
    message = EXERCISE.check(in_place).message
    assert message == f"your function changes its argument {name!r}; work on a copy."
