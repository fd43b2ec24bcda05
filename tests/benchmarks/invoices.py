"""The reward of an extraction: scorings per second, and beside an edit score."""

import json
import statistics
import time
from decimal import Decimal

from rlnotes.functional.extraction import REWARD_WEIGHTS, invoice_reward, prepare_target
from tests.benchmarks.frame import Comparison, measure
from tests.benchmarks.rlhf import both

DOCUMENTS, ROUNDS, NUM_LINES = 200, 15, 5
INTRODUCTION = f"""

The reward of chapter 10, CPU time on one thread: {DOCUMENTS} invoices with {NUM_LINES}
lines, subtotal, tax and total, each with an answer whose total is wrong and two of whose
lines are in another order. Values that were read before are remembered, as in training,
where many answers to one document agree. The peer is ANLS* (anls-star) on one of them;
it scores fields only, and is the softer score of the two.

"""


def target_of(number: int) -> dict:
    """An invoice that adds up; no two of them have the same amounts."""
    prices = [Decimal(100 * number + 7 * line + 1) / 100 for line in range(NUM_LINES)]
    subtotal = 2 * sum(prices)
    tax = (subtotal * Decimal("0.19")).quantize(Decimal("0.01"))
    return {
        "vendor": f"Acme {number} Ltd",
        "date": f"2024-05-{number % 28 + 1:02}",
        "currency": "EUR",
        "line_items": [
            {
                "description": f"Item {number} {line}",
                "quantity": "2",
                "unit_price": f"{price:.2f}",
                "amount": f"{2 * price:.2f}",
            }
            for line, price in enumerate(prices)
        ],
        "subtotal": f"{subtotal:.2f}",
        "tax": f"{tax:.2f}",
        "total": f"{subtotal + tax:.2f}",
    }


def answer_to(target: dict) -> dict:
    """A wrong total, and two lines in another order."""
    first, second, *others = target["line_items"]
    return {**target, "total": "0.01", "line_items": [second, first, *others]}


def section() -> str:
    """The table, as Markdown."""
    targets = [target_of(number) for number in range(1, DOCUMENTS + 1)]
    answers = [answer_to(target) for target in targets]
    texts = [json.dumps(answer) for answer in answers]
    prepared = [prepare_target(target) for target in targets]
    lines = ["| scorings a second | median | worst round |", "| --- | --- | --- |"]
    for what, predictions, truths in (
        ("JSON, prepared targets", texts, prepared),
        ("JSON", texts, targets),
        ("dicts, prepared targets", answers, prepared),
        ("dicts", answers, targets),
        ("JSON, without a label", texts, [None] * DOCUMENTS),
    ):
        lines.append(_row(what, [_rate(predictions, truths) for _ in range(ROUNDS)]))
    fresh = [_rate(_fresh_texts(number), [None] * DOCUMENTS) for number in range(1, ROUNDS + 1)]
    lines.append(_row("the same, no value seen before", fresh))
    lines += ["", "| what | median | worst round |", "| --- | --- | --- |"]
    megabyte = [_seconds(["9" * 1_000_000], prepared[:1]) * 1000 for _ in range(ROUNDS)]
    lines.append(f"| a string of a million characters, ms | {both(megabyte)} |")
    edit = measure(_beside_edit_score(targets[0], answers[0]))
    lines.append(f"| time of ANLS* / time of the reward | {edit.ratio:.3g} | {edit.worst:.3g} |")
    return INTRODUCTION + "\n".join(lines)


def _fresh_texts(number: int) -> list[str]:
    start = 1 + number * DOCUMENTS
    return [json.dumps(answer_to(target_of(each))) for each in range(start, start + DOCUMENTS)]


def _row(what: str, rates: list[float]) -> str:
    return f"| {what} | {statistics.median(rates):,.0f} | {min(rates):,.0f} |"


def _rate(predictions, targets) -> float:
    return len(predictions) / _seconds(predictions, targets)


def _seconds(predictions, targets) -> float:
    start = time.process_time()
    for prediction, target in zip(predictions, targets, strict=True):
        invoice_reward(prediction, target, weights=REWARD_WEIGHTS)
    return time.process_time() - start


def _beside_edit_score(target: dict, answer: dict) -> Comparison:
    from anls_star import anls_score

    text, prepared = json.dumps(answer), prepare_target(target)
    return Comparison(
        "ANLS*",
        lambda: invoice_reward(text, prepared, weights=REWARD_WEIGHTS).fields,
        lambda: anls_score(target, json.loads(text)),
        lambda ours, theirs: 0 < ours < 1 and 0 < theirs < 1,
    )
