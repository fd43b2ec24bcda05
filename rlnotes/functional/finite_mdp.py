"""The tables of a finite Markov decision process, checked once and then read-only."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rlnotes._checks import float64_array, require_distributions, require_finite, require_shape
from rlnotes.functional.probability_tables import sparse_rows, with_sums_of_one


@dataclass(frozen=True, kw_only=True, eq=False)
class FiniteMDP:
    """A finite MDP without its discount: states, actions, dynamics, rewards, start.

        P(s' | s, a) = transition_probs[s, a, s']
        R(s, a)      = sum over s' of P(s' | s, a) * transition_rewards[s, a, s']

    The discount gamma is an argument of the functions that need it, and the policy
    belongs to the agent: neither is part of this class. Time index: acting in s_t
    earns r_t, which Sutton & Barto write R_{t+1}. A terminal state is absorbing and
    earns 0. The arrays are copied, kept as float64 and made read-only; an array that is
    read-only float64 already is kept as it is. Rows of probabilities that miss the sum
    of one, as in single precision, are divided by their sum.

    Args:
        transition_probs: [S, A, S] probabilities, each row [s, a] sums to one within
            1e-6.
        expected_rewards: [S, A] expected reward of acting.
        start_probs: [S] probabilities of the first state.
        terminal: [S] bool, True where the episode has ended.
        transition_rewards: [S, A, S] reward by where one lands; its mean over s' must
            equal expected_rewards, within 1e-8 of the rewards that it averages. None:
            the reward depends on (s, a) only.
        state_names: S labels for figures and messages, default "0", "1", ...
        action_names: A labels, default "0", "1", ...

    Raises:
        ValueError: for a wrong shape, a row that does not sum to one, a negative
            probability, a reward that is not finite, a terminal state that can be
            left or pays, or rewards that contradict each other.

    References:
        Puterman (1994), Markov Decision Processes, ch. 2; Sutton & Barto (2018), ch. 3.

    Example:
        >>> coin = FiniteMDP(
        ...     transition_probs=[[[0, 1], [0, 1]], [[0, 1], [0, 1]]],
        ...     expected_rewards=[[1, 0], [0, 0]],
        ...     start_probs=[1, 0],
        ...     terminal=[False, True],
        ... )
        >>> coin.num_states, coin.num_actions
        (2, 2)
    """

    transition_probs: np.ndarray
    expected_rewards: np.ndarray
    start_probs: np.ndarray
    terminal: np.ndarray
    transition_rewards: np.ndarray | None = None
    state_names: tuple[str, ...] | None = None
    action_names: tuple[str, ...] | None = None

    def __post_init__(self):
        for name in ("transition_probs", "expected_rewards", "start_probs"):
            self._freeze(name, _kept_or_copied(name, getattr(self, name)))
        self._freeze("terminal", _as_bool("terminal", self.terminal))
        self._check_shapes()
        require_distributions(transition_probs=self.transition_probs, start_probs=self.start_probs)
        require_finite(expected_rewards=self.expected_rewards)
        lands = self.transition_rewards is not None
        self._set_transition_rewards()
        self._check_terminal_states()
        sums = self._normalize()
        if lands:
            self._check_mean_rewards(sums)
        self._set_names("state_names", self.num_states)
        self._set_names("action_names", self.num_actions)

    @property
    def num_states(self) -> int:
        return self.transition_probs.shape[0]

    @property
    def num_actions(self) -> int:
        return self.transition_probs.shape[1]

    @cached_property
    def successors(self) -> np.ndarray:
        """[S, A, K] the states that can follow, K the largest number of them.

        Shorter rows are filled with state 0; `successor_probs` is 0 there. Sums
        over s' run over these K entries: far fewer than S in most worlds.
        """
        return self._successor_tables[0]

    @cached_property
    def successor_probs(self) -> np.ndarray:
        """[S, A, K] the probabilities of `successors`."""
        return self._successor_tables[1]

    @cached_property
    def successor_rewards(self) -> np.ndarray:
        """[S, A, K] the rewards for landing in `successors`; 0 in the filled places."""
        states, actions = np.ogrid[: self.num_states, : self.num_actions]
        rewards = self.transition_rewards[states[..., None], actions[..., None], self.successors]
        return _read_only(np.where(self.successor_probs > 0, rewards, 0.0))

    @cached_property
    def _successor_tables(self) -> tuple[np.ndarray, np.ndarray]:
        return tuple(map(_read_only, sparse_rows(self.transition_probs)))

    def _freeze(self, name: str, array: np.ndarray) -> None:
        object.__setattr__(self, name, _read_only(array))

    def _check_shapes(self) -> None:
        shape = self.transition_probs.shape
        if len(shape) != 3 or shape[0] != shape[2] or 0 in shape:
            raise ValueError(
                f"transition_probs must have shape [S, A, S] with S, A >= 1, got {shape}"
            )
        require_shape(shape[:2], expected_rewards=self.expected_rewards)
        require_shape(shape[:1], start_probs=self.start_probs, terminal=self.terminal)

    def _set_transition_rewards(self) -> None:
        shape = self.transition_probs.shape
        if self.transition_rewards is None:
            by_action = np.broadcast_to(self.expected_rewards[..., None], shape)
            object.__setattr__(self, "transition_rewards", by_action)
            return
        rewards = _kept_or_copied("transition_rewards", self.transition_rewards)
        require_shape(shape, transition_rewards=rewards)
        require_finite(transition_rewards=rewards)
        self._freeze("transition_rewards", rewards)

    def _check_terminal_states(self) -> None:
        for state in np.flatnonzero(self.terminal):
            stays = self.transition_probs[state, :, state]
            if (np.abs(stays - 1) > 1e-5).any():
                raise ValueError(
                    f"terminal state {state} must be absorbing, got probability "
                    f"{stays.min()} of staying"
                )
            reward = self.expected_rewards[state]
            if (reward != 0).any() or (self.transition_rewards[state, :, state] != 0).any():
                raise ValueError(f"terminal state {state} must have reward 0, got {reward}")

    def _normalize(self) -> np.ndarray:
        """Make rows distributions and ends ends; [S, A] what rows were divided by."""
        self._freeze("start_probs", with_sums_of_one(self.start_probs))
        given = self.transition_probs
        probs = with_sums_of_one(given)
        ends = np.flatnonzero(self.terminal)
        if (np.count_nonzero(probs[ends], axis=-1) != 1).any():
            probs = probs.copy()
            probs[ends] = 0
        if (probs[ends, :, ends] != 1).any():
            probs = probs.copy()
            probs[ends, :, ends] = 1
        self._freeze("transition_probs", probs)
        return np.ones(probs.shape[:2]) if probs is given else given.sum(axis=-1)

    def _check_mean_rewards(self, sums: np.ndarray) -> None:
        means = (self.successor_probs * self.successor_rewards).sum(axis=-1)
        sizes = (self.successor_probs * np.abs(self.successor_rewards)).sum(axis=-1)
        wrong = np.argwhere(np.abs(sums * means - self.expected_rewards) > 1e-8 * sizes)
        if len(wrong):
            where = tuple(wrong[0].tolist())
            raise ValueError(
                f"transition_rewards must average to expected_rewards, got {means[where]} "
                f"instead of {self.expected_rewards[where]} at {where}"
            )
        self._freeze("expected_rewards", self.expected_rewards / sums)

    def _set_names(self, name: str, count: int) -> None:
        names = getattr(self, name)
        names = range(count) if names is None else names
        if not hasattr(names, "__len__") or len(names) != count:
            got = len(names) if hasattr(names, "__len__") else repr(names)
            raise ValueError(f"{name} must have {count} entries, got {got}")
        names = tuple(map(str, names))
        object.__setattr__(self, name, names)


def require_live_starts(mdp: FiniteMDP) -> None:
    """Raise unless every episode starts in a state in which one can act."""
    for state in np.flatnonzero(mdp.terminal & (mdp.start_probs > 0)):
        raise ValueError(
            f"start_probs must be 0 in terminal states, got {mdp.start_probs[state]} in state "
            f"{mdp.state_names[state]}"
        )


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _kept_or_copied(name: str, values) -> np.ndarray:
    if isinstance(values, np.ndarray) and values.dtype == np.float64 and _is_frozen(values):
        return values
    return float64_array(name, values)


def _is_frozen(array: np.ndarray) -> bool:
    return not array.flags.writeable and array.base is None


def _as_bool(name: str, values) -> np.ndarray:
    array = np.array(values)
    if array.dtype != bool:
        raise ValueError(f"{name} must be an array of bool, got dtype {array.dtype}")
    return array
