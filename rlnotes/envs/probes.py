"""A ladder of tiny tasks; each rung adds one thing that an agent can get wrong."""

from dataclasses import dataclass

import numpy as np

from rlnotes.exact.mdp import optimal_values, q_values
from rlnotes.functional.finite_mdp import FiniteMDP


@dataclass(frozen=True)
class Probe:
    """One rung: a finite MDP, its exact answer, and the one thing that it adds."""

    name: str
    mdp: FiniteMDP
    gamma: float  # discount per step
    adds: str  # the one thing that the rungs before did not need
    max_episode_steps: int = 100  # then the episode is truncated

    @property
    def exact_q_values(self) -> np.ndarray:
        """[live states, A] optimal action values, discounted reward."""
        values = optimal_values(self.mdp, gamma=self.gamma)
        return q_values(self.mdp, values, gamma=self.gamma)[~self.mdp.terminal]


def probe_ladder() -> list[Probe]:
    """The rungs in order; the first that fails names the faulty part.

    The last state of each MDP is terminal. The first four rungs have gamma 0, so
    nothing that concerns the next state can spoil them.
    """
    end_after_one = {"next_states": [[-1]], "rewards": [[1]]}
    return [
        _probe("loss", 0.0, "the loss, its sign, the optimizer", **end_after_one),
        _probe(
            "observation",
            0.0,
            "that the network sees the observation",
            next_states=[[-1], [-1]],
            rewards=[[1], [-1]],
            num_starts=2,
        ),
        _probe(
            "action",
            0.0,
            "which output belongs to which action, and exploration",
            next_states=[[-1, -1]],
            rewards=[[1, -1]],
        ),
        _probe(
            "both",
            0.0,
            "observation and action together",
            next_states=[[-1, -1], [-1, -1]],
            rewards=[[1, -1], [-1, 1]],
            num_starts=2,
        ),
        _probe("termination", 0.5, "no value after the end", **end_after_one),
        _probe(
            "next state",
            0.5,
            "the value of the state that follows, and its discount",
            next_states=[[1], [-1]],
            rewards=[[0], [1]],
        ),
        _probe(
            "max",
            0.5,
            "the best next action, not the mean or the one taken",
            next_states=[[1, 1], [-1, -1]],
            rewards=[[0, 0], [1, -1]],
        ),
        _probe(
            "time limit",
            0.5,
            "a value after a truncated step",
            next_states=[[0]],
            rewards=[[1]],
            max_episode_steps=3,
        ),
    ]


def _probe(
    name: str,
    gamma: float,
    adds: str,
    *,
    next_states: list[list[int]],  # [live, A]; -1 is the end
    rewards: list[list[float]],  # [live, A]
    num_starts: int = 1,
    max_episode_steps: int = 100,
) -> Probe:
    live, num_actions = np.shape(rewards)
    transition_probs = np.zeros((live + 1, num_actions, live + 1))
    transition_probs[live, :, live] = 1
    expected_rewards = np.zeros((live + 1, num_actions))
    for state in range(live):
        for action in range(num_actions):
            transition_probs[state, action, next_states[state][action]] = 1
            expected_rewards[state, action] = rewards[state][action]
    mdp = FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=expected_rewards,
        start_probs=np.array([1 / num_starts] * num_starts + [0] * (live + 1 - num_starts)),
        terminal=np.arange(live + 1) == live,
    )
    return Probe(name, mdp, gamma, adds, max_episode_steps)
