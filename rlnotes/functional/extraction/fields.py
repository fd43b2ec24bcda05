"""Fields of an answer against those of the document: counts and F1.

A value is right or wrong as a whole, after both were normalized: an amount that is off
by a digit earns nothing. Only a list earns a part, by its rows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rlnotes._checks import require_text
from rlnotes.functional.extraction.answers import ROWS, Answer, read_answer
from rlnotes.functional.extraction.readings import MALFORMED
from rlnotes.functional.extraction.targets import read_target


class Counts(NamedTuple):
    """Of one field or of several: what was found, was wrong, was not found."""

    true_positives: float
    false_positives: float
    false_negatives: float


class F1Scores(NamedTuple):
    """F1 over many documents: by field, over all counts, and averaged over fields."""

    counts: dict[str, Counts]
    per_field: dict[str, float]
    micro: float
    macro: float


class TokenF1(NamedTuple):
    """Shared words of two texts, as a share of either and combined."""

    precision: float
    recall: float
    f1: float


def field_counts(answer: Answer | None, target: Answer) -> dict[str, Counts]:
    """What each field adds to the counts of F1.

        in both       tp = f, fp = fn = 1 - f, with f = `field_match`
        invented      fp = 1
        not found     fn = 1

    A wrong value therefore costs twice: it claims something and misses something.

    Args:
        answer: the answer, or None for one that is unreadable.
        target: what the document says.

    Returns:
        Counts of each field of the answer and of the target, the target's first.
    """
    held = answer.values if answer is not None else {}
    counts = {}
    for key, truth in target.values.items():
        if key in held:
            match = field_match(key, held[key], truth)
            counts[key] = Counts(match, 1 - match, 1 - match)
        else:
            counts[key] = Counts(0.0, 0.0, 1.0)
    for key in held:
        if key not in target.values:
            counts[key] = Counts(0.0, 1.0, 0.0)
    return counts


def field_match(key: str, value, truth) -> float:
    """1 if two normalized values are equal, else 0; for lists F1 of their rows.

        f = 2 m / (rows of the answer + rows of the document)

    where m counts pairs of equal rows, in any order, each row used once. A row is
    compared on the columns that the document's row has. Rows that have more of them
    choose first; that finds the most pairs if the columns of any two rows of the
    document are nested.
    """
    if value == truth:
        return 1.0
    if key not in ROWS or value is MALFORMED:
        return 0.0
    return 2 * _equal_rows(value, truth) / (len(value) + len(truth))


def _equal_rows(rows: tuple, target_rows: tuple) -> int:
    # First the pairs in one place: no other pair makes more of such rows. Most answers
    # leave few others, and to hash numbers takes its time.
    places = range(min(len(rows), len(target_rows)))
    same = {i for i in places if rows[i] == target_rows[i]}
    free = [row for i, row in enumerate(rows) if i not in same]
    wanted = [row for i, row in enumerate(target_rows) if i not in same]
    return len(same) + (_pairs(free, wanted) if free and wanted else 0)


def _pairs(rows: list[tuple], target_rows: list[tuple]) -> int:
    by_columns: dict[tuple, dict] = {}
    for row in target_rows:
        columns = tuple([i for i, value in enumerate(row) if value is not None])
        wanted = by_columns.setdefault(columns, {})
        part = tuple([row[i] for i in columns])
        wanted[part] = wanted.get(part, 0) + 1
    free, pairs = rows, 0
    for columns in sorted(by_columns, key=len, reverse=True):
        wanted, left_over = by_columns[columns], []
        for row in free:
            part = tuple([row[i] for i in columns])
            if wanted.get(part):
                wanted[part] -= 1
                pairs += 1
            else:
                left_over.append(row)
        free = left_over
    return pairs


def f1_of(counts: Iterable[Counts]) -> float:
    """F1 of all counts together (micro), 2 TP / (2 TP + FP + FN); 1 for none at all."""
    found = wrong = 0.0
    for true_positives, false_positives, false_negatives in counts:
        found += 2 * true_positives
        wrong += false_positives + false_negatives
    return found / (found + wrong) if found + wrong else 1.0


def document_f1(answer: Answer | None, target: Answer) -> float:
    """Micro F1 over the fields of one document; a list counts as one field.

        F1 = 2 TP / (2 TP + FP + FN) = 2 sum of f / (fields given + fields there)

    with f = `field_match` of the fields in both. The sums of `field_counts` give the
    same; this form is the faster one. 1 if there is no field on either side.

    Example:
        >>> target = read_target({"vendor": "Acme", "tax": "1.00", "total": "9.60"})
        >>> document_f1(read_answer({"vendor": "ACME", "total": "RM 9.60"}), target)
        0.8
    """
    held, truth = answer.values if answer is not None else {}, target.values
    if not held and not truth:
        return 1.0
    found = sum([field_match(key, held[key], truth[key]) for key in truth if key in held])
    return 2 * found / (len(held) + len(truth))


def f1_scores(pairs: Iterable[tuple[object, Mapping]]) -> F1Scores:
    """F1 over many documents.

    Micro F1 adds the counts of all fields first, so that what stands on every document
    weighs more; macro F1 is the mean of the F1 of each field.

    Args:
        pairs: predictions as in `read_answer`, each with its document's target.

    Raises:
        ValueError: if there is no pair, or a target is no good one.

    Example:
        >>> f1_scores([({"total": "1.00"}, {"total": "1", "tax": "2"})]).per_field
        {'total': 1.0, 'tax': 0.0}
    """
    added: dict[str, Counts] = {}
    for prediction, target in pairs:
        for key, counts in field_counts(read_answer(prediction), read_target(target)).items():
            before = added.get(key, Counts(0.0, 0.0, 0.0))
            added[key] = Counts(*map(sum, zip(before, counts, strict=True)))
    if not added:
        raise ValueError("pairs must hold at least one field, got none")
    per_field = {key: f1_of([counts]) for key, counts in added.items()}
    return F1Scores(
        added, per_field, f1_of(added.values()), sum(per_field.values()) / len(per_field)
    )


def token_f1(prediction: str, target: str) -> TokenF1:
    """F1 of the words that two texts share, each word as often as it stands in both.

        precision = shared / words of the prediction
        recall    = shared / words of the target
        f1        = 2 precision recall / (precision + recall)

    Softer than `field_match`, and no part of the reward: "Acme" earns two thirds of
    "Acme Corp". Capitals do not count. Two empty texts agree: all three are 1.

    Raises:
        ValueError: if an argument is no string.

    Example:
        >>> [round(share, 3) for share in token_f1("Acme", "Acme Corp")]
        [1.0, 0.5, 0.667]
    """
    require_text(prediction=prediction, target=target)
    words, target_words = (Counter(text.casefold().split()) for text in (prediction, target))
    if not words and not target_words:
        return TokenF1(1.0, 1.0, 1.0)
    shared = (words & target_words).total()
    if not shared:
        return TokenF1(0.0, 0.0, 0.0)
    return TokenF1(
        shared / words.total(),
        shared / target_words.total(),
        2 * shared / (words.total() + target_words.total()),
    )
