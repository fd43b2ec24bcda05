"""The exact tables behind Gymnasium's small environments."""

import gymnasium as gym
import numpy as np

from rlnotes.functional.finite_mdp import FiniteMDP


def finite_mdp_from_env(env: gym.Env) -> FiniteMDP:
    """The finite MDP that an environment with a transition table `P` simulates.

    Right for FrozenLake, CliffWalking and Taxi. State numbers stay 0 ... n-1. A
    transition flagged terminal ends the episode although its target may be an ordinary
    state elsewhere (Taxi's drop-off, the goal of CliffWalking): such transitions
    lead to one added sink, which comes last. A state that can only stay where it is
    and earns nothing (holes and goal of FrozenLake) is terminal itself.

    Time limits are wrappers around the environment and not part of the table: without
    discount the start of FrozenLake is worth 0.82, and 0.74 within its 100 steps. Two
    outcomes with one target but different rewards count with their mean reward: values
    stay exact, the variance of returns loses that part.

    Args:
        env: an environment whose `unwrapped.P[s][a]` lists (probability, next state,
            reward, terminated), with `initial_state_distrib`.

    Returns:
        The tables; 1 more state than the environment if a sink was needed.

    Raises:
        ValueError: if the environment has no such table, no discrete spaces from 0,
            or does something that its table does not say (Taxi's fickle passenger).
    """
    model = env.unwrapped
    _require_table(model)
    num_states, num_actions = int(model.observation_space.n), int(model.action_space.n)
    sink = num_states
    shape = (num_states + 1, num_actions, num_states + 1)
    transition_probs, reward_sums = np.zeros(shape), np.zeros(shape)
    terminal = np.array([_is_absorbing(model.P[s], s) for s in range(num_states)] + [True])
    for state in range(num_states):
        for action in range(num_actions):
            for probability, target, reward, terminated in model.P[state][action]:
                landing = sink if terminated and not terminal[target] else target
                transition_probs[state, action, landing] += probability
                reward_sums[state, action, landing] += probability * reward

    size = num_states + 1 if transition_probs[..., sink].any() else num_states
    transition_probs[sink, :, sink] = 1
    transition_rewards = np.divide(
        reward_sums, transition_probs, out=np.zeros(shape), where=transition_probs > 0
    )
    return FiniteMDP(
        transition_probs=transition_probs[:size, :, :size],
        expected_rewards=reward_sums.sum(axis=-1)[:size],
        start_probs=np.append(model.initial_state_distrib, 0.0)[:size],
        terminal=terminal[:size],
        transition_rewards=transition_rewards[:size, :, :size],
    )


def _require_table(model: gym.Env) -> None:
    for attribute in ("P", "initial_state_distrib"):
        if not hasattr(model, attribute):
            raise ValueError(
                f"env must have a transition table P and an initial_state_distrib, got {model} "
                f"without {attribute}"
            )
    for space in (model.observation_space, model.action_space):
        if not isinstance(space, gym.spaces.Discrete):
            raise ValueError(f"env must have discrete spaces, got {space}")
        if space.start != 0:
            raise ValueError(f"env must have spaces that start at 0, got {space}")
    if getattr(model, "fickle_passenger", False):
        raise ValueError(f"env must follow its table P; {model} has fickle_passenger=True")


def _is_absorbing(table: dict, state: int) -> bool:
    return all(
        target == state and reward == 0
        for outcomes in table.values()
        for _, target, reward, _ in outcomes
    )
