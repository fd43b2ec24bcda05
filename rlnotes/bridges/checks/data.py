"""What becomes of the rows of the data: repeated, dropped, cut, or without an end."""

import itertools
import json
from typing import NamedTuple

from datasets import Dataset
from transformers import Trainer

from rlnotes.bridges.checks.report import Check, not_looked_at

MOST_ROWS = 1000  # that one check reads, evenly over the data
LEAST_ENDS = 0.9  # share of answers that must have the end token
MOST_REPEATS = 0.1  # share of rows
_LAST_TOKENS = 4  # a template of chats may write a line end behind the end token


class Pair(NamedTuple):
    """Two answers as the loss sees them: after cutting.

    Attributes:
        chosen: tokens that count, those of the preferred answer.
        rejected: those of the other.
        length: tokens of the longer text before cutting, prompt and answer.
    """

    chosen: list[int]
    rejected: list[int]
    length: int


def some_rows(dataset, *, limit: int) -> list[dict]:
    """At most this many rows, evenly over the data; the first ones of a stream."""
    if not isinstance(dataset, Dataset):
        return list(itertools.islice(dataset, limit))
    step = -(-len(dataset) // limit) or 1
    return [dataset[index] for index in range(0, len(dataset), step)]


def check_repeats(trainer: Trainer) -> Check:
    """How many prompts stand in the data more than once."""
    rows = some_rows(trainer.train_dataset, limit=MOST_ROWS)
    texts = [json.dumps(row["prompt"], sort_keys=True, default=str) for row in rows]
    repeats = len(texts) - len(set(texts))
    seen = {"rows": len(texts), "repeats": repeats}
    sentence = "A group is one row, not one text: a repeated prompt has a baseline per row."
    passed = repeats <= MOST_REPEATS * len(texts)
    return Check("prompts differ", seen, f"at most {MOST_REPEATS:.0%}", passed, sentence)


def pairs_of(trainer: Trainer) -> list[Pair]:
    """Pairs of a `DPOTrainer` or `RewardTrainer`, cut as its batches are."""
    rows = some_rows(trainer.train_dataset, limit=MOST_ROWS)
    most = getattr(trainer.data_collator, "max_length", None)
    side = getattr(trainer.data_collator, "truncation_mode", "keep_start")
    return [_pair(row, most, side) for row in rows]


def _pair(row: dict, most: int | None, side: str) -> Pair:
    prompt = row.get("prompt_ids", [])
    first = -most if most is not None and side == "keep_end" else None
    last = most if side == "keep_start" else None
    kept = []
    for name in ("chosen_ids", "rejected_ids"):
        counted = [*(None for _ in prompt), *row[name]][first:last]
        kept.append([token for token in counted if token is not None])
    length = len(prompt) + max(len(row["chosen_ids"]), len(row["rejected_ids"]))
    return Pair(*kept, length)


def check_pairs_differ(pairs: list[Pair]) -> Check:
    """How many pairs hold the same answer twice, once they are cut."""
    same = sum(pair.chosen == pair.rejected for pair in pairs)
    sentence = "Each pair says something."
    if same:
        sentence = f"{same} pairs are two equal answers as the loss sees them: no gradient."
    seen = {"pairs": len(pairs), "equal": same}
    return Check("pairs differ", seen, "equal 0", not same, sentence)


def check_data_ends(pairs: list[Pair], ends: set[int]) -> Check:
    """How many answers of the data carry the end token that TRL adds.

    Args:
        pairs: as cut.
        ends: tokens that end an answer.
    """
    answers = [answer for pair in pairs for answer in (pair.chosen, pair.rejected)]
    ended = sum(not ends.isdisjoint(answer[-_LAST_TOKENS:]) for answer in answers)
    share = ended / max(len(answers), 1)
    seen = {"with the end token": ended, "of": len(answers)}
    sentence = f"{share:.0%} of the answers end with it."
    if share < LEAST_ENDS:
        sentence += " The model is not taught to stop: max_length may cut the ends off."
    return Check("answers end", seen, f"at least {LEAST_ENDS:.0%}", share >= LEAST_ENDS, sentence)


def check_rows_kept(trainer: Trainer, pairs: list[Pair], num_rows: int | None) -> Check:
    """How many rows are left out or cut because of `max_length`.

    Args:
        trainer: a `DPOTrainer` or `RewardTrainer`, whose data are prepared.
        pairs: of its data.
        num_rows: rows that it was given; None to ask the prepared data.
    """
    given = num_rows or _rows_before(trainer.train_dataset)
    if given is None:
        return not_looked_at("rows kept", "Not looked at: how many rows came is not known.")
    kept, most = len(trainer.train_dataset), trainer.args.max_length
    cut = sum(most is not None and pair.length > most for pair in pairs)
    seen = {"given": given, "dropped": given - kept, "cut": cut, "of": len(pairs)}
    seen["max_length"] = most
    sentence = "All rows are kept whole." if given == kept and not cut else ""
    if given > kept:
        sentence = f"{given - kept} rows are longer than {most} tokens and are left out."
    if cut:
        sentence += f" {cut} are cut to {most} tokens."
    passed = given == kept and not cut
    return Check("rows kept", seen, "dropped 0, cut 0", passed, sentence.strip())


def _rows_before(dataset: Dataset) -> int | None:
    """Rows before the filter: it keeps the whole table and a list of indices."""
    came_as_text = isinstance(dataset, Dataset) and "chosen" in dataset.column_names
    return dataset.data.num_rows if came_as_text else None
