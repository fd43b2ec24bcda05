"""Exercise: F1 of the fields of one document, a list being one field."""

from collections import Counter

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.field_f1_mistakes import HINTS, MISTAKES, f1_by_counts


def _f1_by_means(answer, target):
    """The harmonic mean of precision and recall, from the parts that are right."""
    right = 0.0
    for key, mine in answer.items():
        if key not in target:
            continue
        true = target[key]
        if isinstance(true, list):
            common = sum((Counter(mine) & Counter(true)).values())
            right += 2 * common / (len(mine) + len(true))
        elif mine == true:
            right += 1
    if right == 0:
        return 0.0
    precision, recall = right / len(answer), right / len(target)
    return 2 * precision * recall / (precision + recall)


def _case(answer, target, expected, reason) -> Case:
    return Case({"answer": answer, "target": target}, expected, reason)


_FOUR = {"vendor": "acme corp", "date": "2026-05-03", "tax": "0.60", "total": "9.60"}
_ITEMS = ["chair 60.00", "table 90.00", "table 90.00", "lamp 15.00"]

EXERCISE = Exercise(
    name="field_f1",
    cases=[
        _case(
            {"vendor": "acme corp", "date": "2026-03-05", "total": "9.60"},
            _FOUR,
            4 / 7,
            "seller and total are found: TP 2. The date is wrong: FP 1, FN 1. The tax is missed: "
            "FN 1. 2 TP / (2 TP + FP + FN) = 4 / 7.",
        ),
        _case(
            {**_FOUR, "total": "9.06", "prepaid": "5.00", "rounding": "0.01"},
            _FOUR,
            6 / 10,
            "three fields are found, the total is wrong (FP 1, FN 1), and two are invented (FP 2): "
            "6 / (6 + 3 + 1).",
        ),
        _case(
            {"total": "255.00", "line_items": ["table 90.00", "chair 60.00", "rug 70.00"]},
            {"total": "255.00", "line_items": _ITEMS},
            22 / 28,
            "two of the three items stand among the four of the document, in any order: "
            "f = 2 x 2 / (3 + 4) = 4/7. TP = 1 + 4/7, FP = FN = 3/7.",
        ),
        _case(
            {"date": "2026-05-03", "line_items": ["table 90.00"] * 5},
            {"date": "2026-05-04", "line_items": _ITEMS},
            2 / 9,
            "each item of the document may be used once: of the five tables two are there, "
            "f = 2 x 2 / (5 + 4) = 4/9. The date is wrong. TP = 4/9, FP = FN = 1 + 5/9.",
        ),
        _case(
            {"line_items": ["chair 60.00"], "tax": "0.60"},
            {"vendor": "acme corp", "date": "2026-05-03", "line_items": _ITEMS},
            4 / 25,
            "f = 2 x 1 / (1 + 4) = 2/5. TP = 2/5, FP = 3/5 + 1 for the invented tax, FN = 3/5 + 2 "
            "for what is missed: 0.8 / (0.8 + 1.6 + 2.6).",
        ),
        _case(
            {"total": "255.00"},
            {"total": "255.00", "line_items": _ITEMS},
            2 / 3,
            "a list that is missed is one field that is missed: 2 / (2 + 1).",
        ),
        _case(
            {"total": "255.00", "line_items": _ITEMS, "tax_breakdown": ["20", "5.5", "0"]},
            {"total": "255.00", "line_items": _ITEMS},
            4 / 5,
            "a list that is invented is one field that is invented: 4 / (4 + 1).",
        ),
        _case(
            {"subtotal": "9.60", "total": "9.00"},
            {"subtotal": "9.00", "total": "9.60"},
            0.0,
            "both values stand under the wrong name: 0 / (0 + 2 + 2).",
        ),
        _case({}, _FOUR, 0.0, "nothing is found, four fields are missed: 0 / 4."),
        _case(
            {"vendor": "acme", "total": "96.00"},
            {"vendor": "acme corp", "total": "9.60"},
            0.0,
            "no field is found: 0 / (0 + 2 + 2). Half a name and a total that is nearly right are "
            "wrong.",
        ),
    ],
    solutions=[f1_by_counts, _f1_by_means],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
