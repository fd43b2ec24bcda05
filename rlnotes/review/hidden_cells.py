"""A quiz made of a column of the comparison: what stands in each hidden cell?"""

from rlnotes.review.comparison import Comparison, load
from rlnotes.review.quiz import Quiz
from rlnotes.review.quiz_data import Item, QuizData, shuffled


def quiz_of_column(column: str, *, comparison: Comparison | None = None, seed: int = 11) -> Quiz:
    """A quiz with an item for each method; its options are the values of the column.

    Args:
        column: name of a column, such as "value_network".
        comparison: the table; that of the book if None.
        seed: gives the order of the options.

    Raises:
        ValueError: if there is no such column, or all its cells hold the same.
    """
    table = load() if comparison is None else comparison
    options = shuffled(table.options(column), seed)
    items = []
    for key, method in table.methods.items():
        cell = method.cells[column]
        reasons = dict.fromkeys((o for o in options if o != cell.value), cell.sentence)
        items.append(Item(key, method.title, options, (cell.value,), reasons, cell.link))
    title = table.columns[column].title
    text = "This column of the table is hidden. What stands in it for each method?"
    return Quiz(QuizData("hidden cells", title, text, tuple(items)))
