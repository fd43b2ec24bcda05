"""Exercise: pairs for DPO, the best and the worst of the answers to each document."""

import numpy as np
import torch

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.preference_pairs_hints import HINTS
from rlnotes.exercises.preference_pairs_loops import SEARCH_MISTAKES
from rlnotes.exercises.preference_pairs_mistakes import MISTAKES, best_against_worst
from rlnotes.functional.preference_pairs import best_and_worst


def _pairs_in_one_pass(answers, rewards):
    """Keep the first best and the first worst place so far."""
    pairs = []
    for document, (texts, scores) in enumerate(zip(answers, rewards, strict=True)):
        best = worst = None
        for place, score in enumerate(scores):
            if score is None:
                continue
            if best is None or score > scores[best]:
                best = place
            if worst is None or score < scores[worst]:
                worst = place
        if best is not None and texts[best] != texts[worst]:
            pairs.append((document, best, worst))
    return pairs


def _totals(text):
    """One answer for each word: its total."""
    return [{"total": word} for word in text.split()]


def _drawn_case(seed, num_documents, num_answers) -> Case:
    """Few rewards and few texts: ties and answers written alike are frequent."""
    generator = np.random.default_rng(seed)
    shape = (num_documents, num_answers)
    rewards = generator.choice([-0.5, 0.0, 0.5, 1.0, np.nan, np.nan], size=shape)
    answers = [_totals(" ".join(row)) for row in generator.choice(list("1234"), size=shape)]
    tensor = torch.from_numpy(rewards)
    pairs = zip(*best_and_worst(tensor, mask=~tensor.isnan()), strict=True)
    expected = [
        (document, int(chosen), int(rejected))
        for document, (chosen, rejected, kept) in enumerate(pairs)
        if kept and answers[document][chosen] != answers[document][rejected]
    ]
    scores = [[None if np.isnan(reward) else float(reward) for reward in row] for row in rewards]
    reason = "drawn at random: the first best and the first worst of each row, if they differ."
    return Case({"answers": answers, "rewards": scores}, expected, reason)


EXERCISE = Exercise(
    name="preference_pairs",
    cases=[
        Case(
            {
                "answers": [_totals("1 2 3 4"), _totals("5 6 7 8"), _totals("9 10 11 12")],
                "rewards": [[0.6, 0.9, 0.2, 0.7], [0.8, 0.3, 0.0, 0.4], [0.1, 0.4, 0.3, 0.6]],
            },
            [(0, 1, 2), (1, 0, 2), (2, 3, 0)],
            "the best rewards are 0.9, 0.8 and 0.6, the worst of each document 0.2, 0 and 0.1.",
        ),
        Case(
            {
                "answers": [_totals("1 2 3 4")] * 6,
                "rewards": [
                    [1.0, 1.0, 1.0, 1.0],
                    [0.704, 0.702, 0.704, 0.702],
                    [0.5, 1.0, 0.0, 1.0],
                    [0.0, 0.0, 0.0, 0.0],
                    [0.0, 0.5, 0.0, 1.0],
                    [0.6, 0.3, 0.9, 0.1],
                ],
            },
            [(1, 0, 1), (2, 1, 2), (4, 3, 0), (5, 2, 3)],
            "where all four rewards are equal there is no pair. Of two best or two worst answers "
            "the first is taken. 0.704 is more than 0.702.",
        ),
        Case(
            {
                "answers": [_totals("1 2 3 4")] * 6,
                "rewards": [
                    [None, 0.2, 0.9, 0.4],
                    [None, None, None, None],
                    [0.3, None, 0.1, None],
                    [None, None, 0.7, None],
                    [0.5, None, 0.5, 0.5],
                    [-0.6, None, -0.2, None],
                ],
            },
            [(0, 2, 1), (2, 0, 2), (5, 2, 0)],
            "answers without a score are left out, and the others keep their places. Fewer than "
            "two scores, or equal ones, make no pair.",
        ),
        Case(
            {
                "answers": [_totals("1 2 3")] * 6,
                "rewards": [
                    [-3.0, 1.0, 2.0],
                    [-1.0, -0.5, -2.0],
                    [0.0, -1.0, -0.5],
                    [-0.5, 0.3, -1.0],
                    [None, -5.0, -3.0],
                    [None, 4.0, 3.0],
                ],
            },
            [(0, 2, 0), (1, 1, 2), (2, 0, 1), (3, 1, 2), (4, 2, 1), (5, 1, 2)],
            "rewards may be any numbers: all below -1, or all above 1.",
        ),
        Case(
            {
                "answers": [
                    _totals("1 2 1"),
                    [{"date": "a", "total": "1"}, {"total": "1", "date": "a"}, {"date": "a"}],
                    [{"date": "a", "total": "1"}, {"date": "b", "total": "1"}, {"total": "1"}],
                    _totals("1 1 2"),
                    [{"total": "1.0"}, {"total": "1.00"}, {}],
                ],
                "rewards": [
                    [0.9, 0.6, 0.5],
                    [0.4, 0.8, 0.6],
                    [0.1, 0.3, 0.2],
                    [0.2, 0.7, 0.3],
                    [0.1, 0.9, 0.6],
                ],
            },
            [(2, 1, 0), (4, 1, 0)],
            "in documents 0, 1 and 3 the best and the worst answer are written alike, whatever the "
            "order of the keys. In 2 they differ in the date, in 4 by one digit.",
        ),
        Case(
            {
                "answers": [
                    [{"date": "a", "total": "1"}, {"total": "1"}, {"total": "2"}],
                    [{"date": "a", "total": "1"}, {"total": "2"}, {"total": "1"}],
                    [{"total": "1"}, {"total": "2"}, {"subtotal": "1"}],
                ],
                "rewards": [[0.2, 0.9, 0.5], [0.9, 0.5, 0.2], [0.2, 0.5, 0.9]],
            },
            [(0, 1, 0), (1, 0, 2), (2, 2, 0)],
            "a field that one of the two answers lacks is a difference, and so is another name "
            "for the same amount.",
        ),
        Case(
            {
                "answers": [_totals("1 1 2 3"), _totals("2 3 3 1"), _totals("2 1 1 1")],
                "rewards": [[0.4, 0.9, 0.2, 0.6], [0.3, 0.5, 0.8, 0.1], [0.9, 0.5, 0.7, 0.6]],
            },
            [(0, 1, 2), (1, 2, 3), (2, 0, 1)],
            "each document has answers that are written alike. Its best and its worst are not.",
        ),
        _drawn_case(1, num_documents=3, num_answers=3),
        _drawn_case(2, num_documents=4, num_answers=2),
        _drawn_case(6, num_documents=2, num_answers=4),
        _drawn_case(4, num_documents=30, num_answers=3),
        _drawn_case(5, num_documents=10, num_answers=8),
    ],
    solutions=[best_against_worst, _pairs_in_one_pass],
    wrong_answers=MISTAKES | SEARCH_MISTAKES,
    hints=HINTS,
)
