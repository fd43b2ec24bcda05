"""Exercises with drop-downs: matching, sorting, cloze, choice, hidden cells."""

import functools
from collections.abc import Mapping

from rlnotes._checks import require_option, shown
from rlnotes.review import quiz_text
from rlnotes.review.quiz_data import Item, QuizData, read_quizzes
from rlnotes.review.quiz_verdict import OPEN, RIGHT, WRONG, ItemVerdict, QuizVerdict
from rlnotes.review.quiz_view import QuizView


class Quiz:
    """Items with drop-downs, answered by hand or from Python.

    Args:
        data: what is asked.
        **answers: item -> option, to start with.

    Raises:
        ValueError: for an unknown item or option.
    """

    def __init__(self, data: QuizData, /, **answers: str):
        self.data = data
        self._items = {item.id: item for item in data.items}
        self._answers: dict[str, str | None] = dict.fromkeys(self._items)
        self._view: QuizView | None = None
        self.answer(**answers)

    @property
    def answers(self) -> dict[str, str | None]:
        """Item -> the option chosen, or None while it is open."""
        return dict(self._answers)

    def answer(self, /, **answers: str | None) -> "Quiz":
        """Choose options by item; the same as `set` with a dictionary."""
        return self.set(answers)

    def set(self, answers: Mapping[str, str | None]) -> "Quiz":
        """Choose options, and return the quiz; None opens an item again.

        Raises:
            ValueError: for an unknown item or option, or what is no dictionary; nothing
                changes then.
        """
        if not isinstance(answers, Mapping):
            raise ValueError(f"answers must be a dictionary, item: option, got {shown(answers)}")
        for name, option in answers.items():
            require_option(self._items, item=name)
            if option is not None:
                require_option(self._items[name].options, **{f"option of {name}": option})
        changed = {k: v for k, v in answers.items() if self._answers[k] != v}
        self._answers |= changed
        if self._view is not None and changed:
            self._view.show_answers(self._answers, changed)
        return self

    def reset(self) -> "Quiz":
        """Open all items again, and return the quiz."""
        return self.set(dict.fromkeys(self._items))

    def check(self) -> QuizVerdict:
        """What is right, what is not yet and why, and what is open."""
        verdict = QuizVerdict(tuple(self._verdict(item) for item in self.data.items))
        if self._view is not None:
            self._view.show_verdict(verdict)
        return verdict

    @property
    def view(self) -> QuizView:
        """The widgets, made when first asked for."""
        if self._view is None:
            self._view = QuizView(self.data, self.set, self.check, self.reset)
            self._view.show_answers(self._answers, self._answers)
        return self._view

    def close(self) -> None:
        """Free the widgets, in every cell that shows them.

        The answers stay. What a check said goes with the widgets: those that are made
        when the quiz is next shown have the answers and no verdict.
        """
        if self._view is not None:
            self._view.close()
        self._view = None

    def _verdict(self, item: Item) -> ItemVerdict:
        chosen = self._answers[item.id]
        if chosen is None:
            return ItemVerdict(item, OPEN, "Open: choose an option.")
        if chosen in item.right:
            return ItemVerdict(item, RIGHT, f"Right: {chosen}.{self._twice(item)}")
        return ItemVerdict(item, WRONG, f"Not yet: {item.reasons[chosen]}{self._twice(item)}")

    def _twice(self, item: Item) -> str:
        """A sentence if the step of an order was put into other places, too."""
        same = [i for i in self.data.items if self._answers[i.id] == self._answers[item.id]]
        others = [other.prompt for other in same if other is not item]
        if self.data.kind != "sorting" or not others:
            return ""
        places = " and ".join([", ".join(others[:-1]), others[-1]] if others[1:] else others)
        return f" A step has one place: this one is also chosen for {places}."

    def __repr__(self) -> str:
        return quiz_text.plain_text(self.data)

    def _repr_mimebundle_(self, **kwargs) -> dict:
        bundle = self.view.box._repr_mimebundle_(**kwargs)
        bundle["text/plain"] = repr(self)
        bundle["text/markdown"] = quiz_text.markdown(self.data)
        return bundle


class _Quizzes(dict[str, Quiz]):
    """A dictionary that says which names there are."""

    def __missing__(self, name: str) -> Quiz:
        raise ValueError(f"quiz must be one of {list(self)}, got {name!r}")


@functools.cache
def quizzes() -> dict[str, Quiz]:
    """All quizzes of the data files, by name; the same ones at each call.

    Returns:
        A dictionary; a name that is not in it raises a ValueError with those that are.
    """
    return _Quizzes({name: Quiz(data) for name, data in read_quizzes().items()})
