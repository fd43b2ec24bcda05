"""The review: questions, tables, quizzes and decisions, each read from a data file.

What they claim carries a link to the cell that shows it. The data lie beside the
modules, as TOML. A module is loaded when it is asked for: `review.quiz.quizzes()`.
"""

from rlnotes._modules import on_demand

__getattr__, __dir__ = on_demand(__name__)
