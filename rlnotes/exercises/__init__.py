"""Exercises with checkers that know the usual mistakes. `catalog` lists them all."""

from importlib import import_module

from rlnotes.exercises.base import Exercise

# One module per chapter; each holds its exercises in EXERCISES.
_MODULES = ("mdp_and_maze",)


def catalog() -> dict[str, Exercise]:
    """Name of each exercise, and the exercise.

    Example:
        >>> sorted(catalog())
        ['advantages', 'completion_log_prob', 'q_from_v', 'returns_to_go']
    """
    modules = [import_module(f"rlnotes.exercises.{name}") for name in _MODULES]
    return {exercise.name: exercise for module in modules for exercise in module.EXERCISES}
