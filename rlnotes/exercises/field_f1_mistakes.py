"""F1 of the fields of a document, and the mistakes that people make in it."""

from collections.abc import Callable


def f1_by_counts(answer, target):
    """2 TP / (2 TP + FP + FN); a list adds the part of it that is right."""
    found, wrong, missed = _counts(answer, target, _match)
    return _f1(found, wrong, missed)


def _match(mine, true):
    if not isinstance(true, list):
        return float(mine == true)
    return 2 * _common(mine, true) / (len(mine) + len(true))


def _common(mine, true):
    left = list(true)
    for item in mine:
        if item in left:
            left.remove(item)
    return len(true) - len(left)


def _counts(answer, target, match):
    """True positives, false positives and false negatives of a comparison."""
    shares = [match(answer[key], target[key]) for key in answer if key in target]
    found = sum(shares)
    return found, len(answer) - found, len(target) - found


def _f1(found, wrong, missed):
    return 2 * found / (2 * found + wrong + missed)


def _ratio(number, total):
    return number / total if total else 0.0


def _from_counts(score: Callable) -> Callable:
    """A wrong answer: another score of the right counts."""
    return lambda answer, target: score(*_counts(answer, target, _match))


def _with_match(match: Callable) -> Callable:
    """A wrong answer: another comparison of two values."""
    return lambda answer, target: _f1(*_counts(answer, target, match))


def _lists(part: Callable) -> Callable:
    """A wrong answer: another share of a list that is right."""
    return _with_match(
        lambda mine, true: part(mine, true) if isinstance(true, list) else float(mine == true)
    )


def _wrong_counts_once(answer, target):
    both = [key for key in answer if key in target]
    found = sum(_match(answer[key], target[key]) for key in both)
    return _f1(found, len(answer) - found, len(target) - len(both))


def _over_keys_of_target(answer, target):
    return f1_by_counts({key: answer[key] for key in answer if key in target}, target)


def _over_keys_of_answer(answer, target):
    if not answer:
        return 0.0
    return f1_by_counts(answer, {key: target[key] for key in target if key in answer})


def _items_one_by_one(answer, target):
    def size(fields):
        return sum(len(v) if isinstance(v, list) else 1 for v in fields.values())

    found = 0
    for key in answer:
        if key in target and isinstance(target[key], list):
            found += _common(answer[key], target[key])
        elif key in target:
            found += answer[key] == target[key]
    return _f1(found, size(answer) - found, size(target) - found)


def _mean_of_fields(answer, target):
    keys = {*answer, *target}
    both = [key for key in answer if key in target]
    return sum(_match(answer[key], target[key]) for key in both) / len(keys)


def _split_in_halves(answer, target):
    """What is wrong of a list counts half as invented and half as missed."""
    both = [key for key in answer if key in target]
    found = sum(_match(answer[key], target[key]) for key in both)
    parts = sum(1 - _match(answer[k], target[k]) for k in both if isinstance(target[k], list))
    return 2 * found / (len(answer) + len(target) - parts)


def _missed_by_items(answer, target):
    missed = sum(len(v) if isinstance(v, list) else 1 for k, v in target.items() if k not in answer)
    known = {key: value for key, value in target.items() if key in answer}
    found, wrong, others = _counts(answer, known, _match)
    return _ratio(2 * found, 2 * found + wrong + others + missed)


def _values_alone(answer, target):
    left = [value for value in target.values() if not isinstance(value, list)]
    right = 0.0
    for key, value in answer.items():
        if isinstance(value, list):
            right += _match(value, target[key]) if key in target else 0
        elif value in left:
            left.remove(value)
            right += 1
    return 2 * right / (len(answer) + len(target))


def _mean_of_both(found, wrong, missed):
    return (_ratio(found, found + wrong) + _ratio(found, found + missed)) / 2


def _by_position(mine, true):
    return 2 * sum(a == b for a, b in zip(mine, true, strict=False)) / (len(mine) + len(true))


def _as_sets(mine, true):
    return 2 * len({*mine} & {*true}) / (len({*mine}) + len({*true}))


def _found_again_and_again(mine, true):
    return 2 * sum(item in true for item in mine) / (len(mine) + len(true))


def _words(mine, true):
    if isinstance(true, list):
        return _match(mine, true)
    return 2 * _common(mine.split(), true.split()) / (len(mine.split()) + len(true.split()))


MISTAKES = {
    "accuracy": _from_counts(lambda found, wrong, missed: _ratio(found, found + missed)),
    "precision": _from_counts(lambda found, wrong, missed: _ratio(found, found + wrong)),
    "arithmetic mean": _from_counts(_mean_of_both),
    "overlap": _from_counts(lambda found, wrong, missed: found / (found + wrong + missed)),
    "factor 2 above only": _from_counts(lambda f, wrong, missed: 2 * f / (f + wrong + missed)),
    "product": _from_counts(lambda f, wrong, missed: _ratio(f, f + wrong) * _ratio(f, f + missed)),
    "wrong counts once": _wrong_counts_once,
    "invented is free": _over_keys_of_target,
    "missed is free": _over_keys_of_answer,
    "mean over fields": _mean_of_fields,
    "list as a whole": _with_match(lambda mine, true: float(mine == true)),
    "list in order": _lists(_by_position),
    "list as a set": _lists(_as_sets),
    "items used twice": _lists(_found_again_and_again),
    "recall of the list": _lists(lambda mine, true: _common(mine, true) / len(true)),
    "precision of the list": _lists(lambda mine, true: _common(mine, true) / len(mine)),
    "longer list": _lists(lambda mine, true: _common(mine, true) / max(len(mine), len(true))),
    "items one by one": _items_one_by_one,
    "words": _with_match(_words),
    "half a miss": _split_in_halves,
    "missed by items": _missed_by_items,
    "values alone": _values_alone,
    "errors instead": lambda answer, target: 1 - f1_by_counts(answer, target),
}

HINTS = {
    "accuracy": "this is the share of the document's fields that are found, recall. What the "
    "answer claims wrongly must count, too.",
    "precision": "this is the share of the answer's fields that are right, precision. What it "
    "misses must count, too.",
    "arithmetic mean": "this is the arithmetic mean of precision and recall. F1 is the harmonic "
    "one: 2 TP / (2 TP + FP + FN).",
    "overlap": "this is TP / (TP + FP + FN). F1 has 2 TP above and below.",
    "factor 2 above only": "below the line the true positives count twice, too: "
    "2 TP / (2 TP + FP + FN).",
    "product": "precision and recall are multiplied. Take 2 P R / (P + R).",
    "wrong counts once": "a wrong value is a false positive and a false negative: it "
    "claims something, and the right value is missed.",
    "invented is free": "a field that the document does not have is a false positive.",
    "missed is free": "a field that the answer does not have is a false negative.",
    "mean over fields": "this is the mean over all keys of what is right. Count TP, FP and FN; a "
    "wrong value counts twice among the errors.",
    "list as a whole": "the lists are compared as wholes. Of a list the part "
    "f = 2 m / (n + n') is right, with m items in common.",
    "list in order": "the items are compared place by place. They may come in any order.",
    "list as a set": "as sets the lists forget how often an item stands there. Two equal lines "
    "are two items.",
    "items used twice": "an item of the document is used more than once. Take it away once it is "
    "found.",
    "recall of the list": "of a list the share of the document's items counts here. Take F1 of "
    "its items: 2 m / (n + n').",
    "precision of the list": "of a list the share of the answer's items counts here. Take F1 of "
    "its items: 2 m / (n + n').",
    "longer list": "the common items are divided by the longer list. Take 2 m / (n + n').",
    "items one by one": "each item counts as a field of its own here. A list is one field, of "
    "which a part is right.",
    "words": "values earn a part by their words here. Only lists earn a part; a value is right or "
    "wrong.",
    "half a miss": "the part of a list that is not right is counted once, or half each way. It "
    "is a false positive and a false negative, as with any wrong field.",
    "missed by items": "a list that is missed counts as many as it has items. It is one field.",
    "values alone": "a value counts as found under any name. The total is not the subtotal.",
    "errors instead": "this is 1 minus F1.",
}
