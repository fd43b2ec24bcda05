"""Interview questions as cards: write first, then compare with a model answer.

What a written answer is compared by are words, and words are no judgement: the card
says which claims the text touches, and leaves the comparison to the reader.
"""

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from rlnotes._checks import require_text
from rlnotes.review.answer_words import has_word
from rlnotes.review.statements import Statement

FEWEST_WORDS = 8  # a shorter text is no answer yet


@dataclass(frozen=True)
class Claim:
    """One claim of a model answer, and the words that an answer with it would have.

    Attributes:
        statement: the claim with its evidence.
        words: groups of alternatives. A text touches the claim if it has one
            alternative of every group.
    """

    statement: Statement
    words: tuple[tuple[str, ...], ...]

    def missing(self, text: str) -> list[tuple[str, ...]]:
        """The groups of which the text has no alternative."""
        return [group for group in self.words if not any(has_word(text, one) for one in group)]


@dataclass(frozen=True)
class Card:
    """A question, a model answer with evidence, and a common wrong answer."""

    key: str
    number: int
    question: str
    claims: tuple[Claim, ...]
    wrong: Statement  # what is wrong with it, and the cell that shows it
    wrong_answer: str  # as one reads it

    def compare(self, written: str) -> "Compared":
        """The reader's text beside the model answer; shown only once there is a text.

        Args:
            written: any text.

        Raises:
            ValueError: if written is no text.
        """
        require_text(written=written)
        return Compared(self, written)

    def model_answer(self) -> str:
        """The claims as a numbered list, then the common wrong answer, in Markdown."""
        return f"{self.listed(Statement.markdown)}\n\n{self.common_mistake(Statement.markdown)}"

    def listed(self, form: Callable[[Statement], str]) -> str:
        """The claims as a numbered list, in one of the forms of Statement."""
        numbered = enumerate(self.claims, start=1)
        return "\n".join(f"{number}. {form(claim.statement)}" for number, claim in numbered)

    def common_mistake(self, form: Callable[[Statement], str]) -> str:
        """The common wrong answer and what is wrong with it, in one of both forms."""
        head = "**A common wrong answer.**" if form is Statement.markdown else _MISTAKE
        return f'{head} "{self.wrong_answer}" {form(self.wrong)}'

    def _repr_markdown_(self) -> str:
        return f"**Question {self.number}.** {self.question}"


@dataclass(frozen=True, repr=False)
class Compared:
    """A written answer beside the card's; prints as text, shows as Markdown."""

    card: Card
    written: str

    @property
    def is_short(self) -> bool:
        """Whether there is too little to compare: fewer than eight words."""
        return len(re.findall(r"[^\W_]+", self.written)) < FEWEST_WORDS

    @property
    def touched(self) -> tuple[bool, ...]:
        """For each claim, whether the text has its words."""
        return tuple(not claim.missing(self.written) for claim in self.card.claims)

    def __repr__(self) -> str:
        return self._said("{}:", Statement.plain)

    def _repr_markdown_(self) -> str:
        return self._said("**{}**", Statement.markdown)

    def _said(self, heading: str, form: Callable[[Statement], str]) -> str:
        if self.is_short:
            return WRITE_FIRST
        parts = heading.format("Your answer"), self._own()
        answer = heading.format("A model answer"), self.card.listed(form)
        return "\n\n".join([*parts, *answer, self._found(), self.card.common_mistake(form)])

    def _own(self) -> str:
        """The text as an indented block, so that nothing in it is read as Markdown."""
        lines = [line for row in self.written.split("\n") for line in textwrap.wrap(row, 80)]
        return textwrap.indent("\n".join(lines), "    ")

    def _found(self) -> str:
        lines = ["By its words your text touches " + self._count()]
        for number, claim in enumerate(self.card.claims, start=1):
            if missing := claim.missing(self.written):
                looked_for = "; and none of ".join(map(_some, missing))
                lines.append(f"- Claim {number}: your text has none of {looked_for}.")
        return "\n".join([*lines, "", _NO_JUDGEMENT])

    def _count(self) -> str:
        numbers = [str(n) for n, found in enumerate(self.touched, start=1) if found]
        return f"{len(numbers)} of {len(self.touched)} claims" + (
            f": {', '.join(numbers)}.\n" if numbers else ".\n"
        )


_MISTAKE = "A common wrong answer:"
WRITE_FIRST = f"Write your answer first: at least {FEWEST_WORDS} words, then run the cell again."
_NO_JUDGEMENT = (
    "A count of words is no judgement: other words may say the same, and the right words "
    "may stand in a wrong sentence. Read both and compare."
)


def _some(group: tuple[str, ...]) -> str:
    """The first few words that were looked for."""
    few = ", ".join(f'"{word.rstrip("*")}"' for word in group[:4])
    return few + (" or the like" if len(group) > 4 else "")
