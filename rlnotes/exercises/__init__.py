"""Exercises with checkers that know the usual mistakes. `catalog` lists them all."""

from importlib import import_module

from rlnotes.exercises.base import Exercise

# One module per exercise, named like it, in the order of the chapters.
_EXERCISES = (
    "returns_to_go",
    "q_from_v",
    "advantages",
    "completion_log_prob",
    "optimality_backup",
    "q_learning_update",
    "epsilon_greedy_probs",
    "dqn_targets",
    "replay_weights",
    "autopsy",
    "log_prob_gradient",
    "reinforce_gradient",
    "baseline_gradient",
    "actor_critic_losses",
    "gae",
    "lambda_targets",
    "token_advantages",
    "effective_samples",
    "ppo_objectives",
    "ppo_loss",
    "token_ratios",
)


def catalog() -> dict[str, Exercise]:
    """Name of each exercise, and the exercise.

    Example:
        >>> list(catalog())[:2]
        ['returns_to_go', 'q_from_v']
    """
    return {name: import_module(f"rlnotes.exercises.{name}").EXERCISE for name in _EXERCISES}
