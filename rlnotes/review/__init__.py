"""The review: questions, tables, quizzes and decisions, each read from a data file.

What they claim carries a link to the cell that shows it. The data lie beside the
modules, as TOML.
"""
