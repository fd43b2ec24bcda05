"""Exercises with checkers that know the usual mistakes. `catalog` lists them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlnotes.exercises.base import Exercise

# One module per exercise, named like it, in the order of the chapters.
_EXERCISES = (
    "returns_to_go",
    "q_from_v",
    "advantages",
    "completion_log_prob",
    "optimality_backup",
    "guaranteed_values",
    "q_learning_update",
    "q_learning_loop",
    "epsilon_greedy_probs",
    "dqn_targets",
    "replay_weights",
    "autopsy",
    "n_step_targets",
    "log_prob_gradient",
    "reinforce_gradient",
    "baseline_gradient",
    "actor_critic_losses",
    "gae",
    "lambda_targets",
    "values_before_tokens",
    "token_advantages",
    "effective_samples",
    "natural_step_search",
    "ppo_objectives",
    "ppo_loss",
    "token_ratios",
    "penalized_rewards",
    "preference_loss",
    "kl_as_loss",
    "dpo_pair_loss",
    "dpo_epoch",
    "implied_preferences",
    "group_advantages",
    "grpo_token_loss",
    "expected_weight",
    "grpo_epochs",
    "field_f1",
    "adds_up",
    "preference_pairs",
    "hacking_patch",
    "memory_per_device",
    "merged_weights",
)


class _Catalog(Mapping):
    """A mapping that loads an exercise's module when the exercise is asked for."""

    def __getitem__(self, name: str) -> Exercise:
        if name not in _EXERCISES:
            raise KeyError(name)
        return import_module(f"rlnotes.exercises.{name}").EXERCISE

    def __contains__(self, name: object) -> bool:
        return name in _EXERCISES

    def __iter__(self) -> Iterator[str]:
        return iter(_EXERCISES)

    def __len__(self) -> int:
        return len(_EXERCISES)


def catalog() -> Mapping[str, Exercise]:
    """Name of each exercise, and the exercise.

    Example:
        >>> list(catalog())[:2]
        ['returns_to_go', 'q_from_v']
    """
    return _Catalog()
