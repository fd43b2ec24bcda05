"""Answers that a notebook gives to a reader who has answered; a page folds them."""

import ast

from rlnotes.review import quiz_text
from rlnotes.review.card_data import load_cards
from rlnotes.review.hidden_cells import quiz_of_column
from rlnotes.review.quiz import quizzes
from rlnotes.site.shown import shown_expression


def revealed_by(source: str) -> list[tuple[str, str]]:
    """What a code cell asks, and the answers in Markdown; empty if it asks nothing.

    Its last line shows a quiz, `quizzes()["map"]` or `quiz_of_column("value_network")`,
    or compares a text with a card, `cards["why_lora"].compare(written)`.

    Raises:
        ValueError: if it names a quiz, a column or a card that there is not.
    """
    match shown_expression(source):
        case ast.Subscript(ast.Call(called), ast.Constant(name)) if _last(called) == "quizzes":
            return quiz_text.answers(quizzes()[name].data)
        case ast.Call(called, [ast.Constant(column)]) if _last(called) == "quiz_of_column":
            return quiz_text.answers(quiz_of_column(column).data)
        case ast.Call(
            ast.Attribute(ast.Subscript(ast.Name("cards"), ast.Constant(key)), "compare")
        ):
            return [("A model answer", _card(key))]
    return []


def _card(key: str) -> str:
    cards = load_cards()
    if key not in cards:
        raise ValueError(f"card must be one of {sorted(cards)}, got {key!r}")
    return cards[key].model_answer()


def _last(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
