"""The review: questions, tables, quizzes and decisions, each read from a data file.

What they claim carries a link to the cell that shows it. The data lie beside the
modules, as TOML. A module is loaded when it is asked for: `review.quiz.quizzes()`.
"""

from importlib import import_module
from types import ModuleType

_MODULES = (
    "card_data",
    "comparison",
    "contradictions",
    "decisions",
    "disagreements",
    "evidence",
    "hidden_cells",
    "popular",
    "quiz",
)


def __getattr__(name: str) -> ModuleType:
    if name in _MODULES:
        return import_module(f"rlnotes.review.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
