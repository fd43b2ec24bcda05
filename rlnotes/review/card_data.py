"""Reads the cards of the data file, and refuses what is no card."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from rlnotes._checks import shown
from rlnotes.review.cards import Card, Claim
from rlnotes.review.statements import one_line, read_statement

FILE = Path(__file__).parent / "cards.toml"
CARD_KEYS = {"number", "question", "claims", "wrong"}


def load_cards(path: Path = FILE) -> dict[str, Card]:
    """The cards of a data file by key, in the order of their numbers.

    Raises:
        ValueError: for missing or unknown keys, fewer than 3 or more than 6 claims,
            a claim without words, or numbers that do not run from 1.
    """
    with path.open("rb") as stream:
        cards = [_card(key, entry) for key, entry in tomllib.load(stream).items()]
    numbers = [card.number for card in cards]
    if numbers != list(range(1, len(cards) + 1)):
        raise ValueError(f"number must run from 1 over the cards, got {numbers}")
    return {card.key: card for card in cards}


def _card(key: str, entry: Mapping) -> Card:
    if set(entry) != CARD_KEYS:
        raise ValueError(
            f"card {key!r} must have the keys {sorted(CARD_KEYS)}, got {sorted(entry)}"
        )
    claims = tuple(
        _claim(one, f"card {key!r}, claim {n}") for n, one in enumerate(entry["claims"], 1)
    )
    if not 3 <= len(claims) <= 6:
        raise ValueError(f"card {key!r} must have 3 to 6 claims, got {len(claims)}")
    wrong = read_statement(entry["wrong"], where=f"card {key!r}, wrong", also=["answer"])
    question = one_line(entry["question"])
    return Card(key, entry["number"], question, claims, wrong, one_line(entry["wrong"]["answer"]))


def _claim(entry: Mapping, where: str) -> Claim:
    statement = read_statement(entry, where=where, also=["words"])
    groups = entry["words"]
    if not isinstance(groups, list) or not groups or not all(isinstance(g, str) for g in groups):
        raise ValueError(f"{where}: words must be a list of texts, got {shown(groups)}")
    words = tuple(tuple(group.split("|")) for group in groups)
    if any(not re.search(r"\w", word) for group in words for word in group):
        raise ValueError(f"{where}: words must not be empty, got {groups!r}")
    return Claim(statement, words)
