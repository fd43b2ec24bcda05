"""A small certain world, and behaviours without chance: the same table every time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

from rlnotes.exercises.answers import read


@dataclass
class World:
    """Steps as those of a Gymnasium environment, out of a table.

    Behind an end it stays where it is, and pays nothing; behind a truncation it goes
    on. So a learner that forgets to reset is told by its numbers.

    Args:
        steps: steps[state][action] is (next_state, reward).
        ends: the terminal states.
        starts: the first states of the episodes, in turn; an episode without a step
            does not count, so that a second reset changes nothing.
        max_steps: steps of an episode; then it is truncated.
    """

    steps: Sequence[Sequence[tuple[int, float]]]
    ends: Sequence[int]
    starts: Sequence[int]
    max_steps: int
    _episode: int = field(default=0, init=False, compare=False)
    _state: int | None = field(default=None, init=False, compare=False)
    _taken: int = field(default=0, init=False, compare=False)

    @property
    def observation_space(self) -> SimpleNamespace:
        """As of Gymnasium: n is the number of states."""
        return SimpleNamespace(n=len(self.steps))

    @property
    def action_space(self) -> SimpleNamespace:
        """As of Gymnasium: n is the number of actions."""
        return SimpleNamespace(n=len(self.steps[0]))

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """The first state of an episode, and an empty dict."""
        self._episode += self._taken > 0
        self._state, self._taken = self.starts[self._episode % len(self.starts)], 0
        return self._state, {}

    def close(self) -> None:
        """As of Gymnasium: nothing is open."""

    def step(self, action: int):
        """What follows: next state, reward, terminated, truncated and an empty dict.

        Raises:
            ValueError: before the first reset, or for an unknown action.
        """
        if self._state is None:
            raise ValueError("step needs a running episode, call reset first")
        if action not in range(self.action_space.n):
            raise ValueError(f"action must be below {self.action_space.n}, got {action!r}")
        reward, self._taken = 0.0, self._taken + 1
        if self._state not in self.ends:
            self._state, reward = self.steps[self._state][int(action)]
        return self._state, reward, self._state in self.ends, self._taken >= self.max_steps, {}

    def __repr__(self) -> str:
        rows = "; ".join(
            f"from {state} " + " | ".join(f"to {after}, r {reward:g}" for after, reward in row)
            for state, row in enumerate(self.steps)
            if state not in self.ends
        )
        starts = " ".join(str(state) for state in self.starts)
        return (
            f"starts in {starts}, ends in {self.ends[0]}, at most {self.max_steps} steps; "
            f"by action: {rows}"
        )


@dataclass(frozen=True)
class Choice:
    """A behaviour, with words for the message of the checker."""

    words: str
    rule: Callable  # of the row, as an array, and the number of the step

    def __call__(self, q_row, step):
        row = read(q_row).numbers
        if row.ndim != 1:
            raise ValueError(f"choose takes one row of the table, got shape {row.shape}")
        return int(self.rule(row, step))

    def __repr__(self) -> str:
        return self.words


LARGEST = Choice("the first largest value of the row", lambda row, step: row.argmax())
SMALLEST = Choice("the first smallest value of the row", lambda row, step: row.argmin())


def script(actions: Sequence[int]) -> Choice:
    """Whatever the row, the action that stands in the list at this step."""
    words = " ".join(str(action) for action in actions)
    return Choice(f"the script {words}", lambda row, step: actions[step % len(actions)])
