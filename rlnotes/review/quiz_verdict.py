"""What a check of a quiz found: a score, and words for each item."""

from dataclasses import dataclass

from rlnotes._checks import require_option
from rlnotes.review.quiz_data import Item
from rlnotes.review.quiz_text import escaped

OPEN, RIGHT, WRONG = "open", "right", "not yet"


@dataclass(frozen=True)
class ItemVerdict:
    """What a check says of one item.

    Args:
        item: the item.
        state: "open", "right" or "not yet".
        message: what to say of it; the right option only if it was chosen.
    """

    item: Item
    state: str
    message: str


@dataclass(frozen=True)
class QuizVerdict:
    """What a check found, item by item.

    Args:
        items: the verdicts, in the order of the items.
    """

    items: tuple[ItemVerdict, ...]

    @property
    def score(self) -> int:
        """Number of items that are right."""
        return sum(verdict.state == RIGHT for verdict in self.items)

    @property
    def passed(self) -> bool:
        """Whether every item is right."""
        return self.score == len(self.items)

    @property
    def summary(self) -> str:
        """The score in words, and how many items are open."""
        still = sum(verdict.state == OPEN for verdict in self.items)
        text = f"{self.score} of {len(self.items)} right"
        return f"{text}, {still} open." if still else f"{text}."

    def __getitem__(self, name: str) -> ItemVerdict:
        """The verdict on one item.

        Raises:
            ValueError: for an unknown item.
        """
        by_name = {verdict.item.id: verdict for verdict in self.items}
        require_option(by_name, item=name)
        return by_name[name]

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"- {v.item.prompt}: {v.message}" for v in self.items)])

    def _repr_mimebundle_(self, **_kwargs) -> dict:
        lines = [f"- {escaped(v.item.prompt)} {_linked(v)}" for v in self.items]
        return {
            "text/plain": str(self),
            "text/markdown": "\n".join([f"**{self.summary}**", "", *lines]),
        }


def _linked(verdict: ItemVerdict) -> str:
    text, link = escaped(verdict.message), verdict.item.link
    return text if link is None or verdict.state == OPEN else f"{text} See {link.markdown()}."
