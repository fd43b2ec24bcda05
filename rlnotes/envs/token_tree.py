"""A language model's task small enough to write out: 3 tokens, 3 steps, 27 completions.

The prompt is "9 + 3 =". The same task is an MDP in two ways: token by token, where a
state is the text so far, or completion by completion, where one action writes all.
"""

from itertools import product

import numpy as np

from rlnotes._checks import require_positive
from rlnotes.functional.finite_mdp import FiniteMDP

PROMPT = "9 + 3 ="
VOCABULARY = ("1", "2", ".")
LENGTH = 3

# Logits of the next token given the last one: a bigram model with a habit of writing
# 1, then 2, then a full stop. Rows: at the start, after 1, after 2, after a full stop.
BIGRAM_LOGITS = {
    "": (0.8, 0.4, -0.4),
    "1": (0.0, 0.9, 0.1),
    "2": (0.2, -0.2, 0.8),
    ".": (0.3, 0.0, 0.5),
}


def all_completions() -> list[str]:
    """The 27 completions, in the order of the completion-level actions."""
    return ["".join(tokens) for tokens in product(VOCABULARY, repeat=LENGTH)]


def all_prefixes() -> list[str]:
    """The 40 texts of at most 3 tokens, shortest first: the token-level states."""
    return ["".join(t) for n in range(LENGTH + 1) for t in product(VOCABULARY, repeat=n)]


def verifier_reward(completion: str) -> float:
    """1 for the clean answer "12.", 0.5 for another text that contains 12, else 0.

    Example:
        >>> [verifier_reward(text) for text in ("12.", "112", "21.")]
        [1.0, 0.5, 0.0]
    """
    if completion == "12.":
        return 1.0
    return 0.5 if "12" in completion else 0.0


def token_level_mdp() -> FiniteMDP:
    """State: the text so far. Action: the next token. Reward: at the last token."""
    prefixes = all_prefixes()
    number = {prefix: state for state, prefix in enumerate(prefixes)}
    transition_probs = np.zeros((len(prefixes), len(VOCABULARY), len(prefixes)))
    expected_rewards = np.zeros((len(prefixes), len(VOCABULARY)))
    terminal = np.array([len(prefix) == LENGTH for prefix in prefixes])
    for prefix, state in number.items():
        for action, token in enumerate(VOCABULARY):
            text = prefix if terminal[state] else prefix + token
            transition_probs[state, action, number[text]] = 1
            if not terminal[state] and len(text) == LENGTH:
                expected_rewards[state, action] = verifier_reward(text)
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=expected_rewards,
        start_probs=np.eye(len(prefixes))[0],
        terminal=terminal,
        state_names=prefixes,
        action_names=VOCABULARY,
    )


def completion_level_mdp() -> FiniteMDP:
    """One step: the state is the prompt, an action writes a whole completion."""
    completions = all_completions()
    transition_probs = np.zeros((2, len(completions), 2))
    transition_probs[:, :, 1] = 1
    rewards = [verifier_reward(completion) for completion in completions]
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=[rewards, [0.0] * len(completions)],
        start_probs=[1, 0],
        terminal=[False, True],
        state_names=(PROMPT, "done"),
        action_names=completions,
    )


def bigram_policy(*, temperature: float) -> np.ndarray:
    """Token-level policy [40, 3] of the bigram model: softmax(logits / temperature).

    Raises:
        ValueError: if temperature is not positive.
    """
    require_positive(temperature=temperature)
    logits = np.array([BIGRAM_LOGITS[prefix[-1:]] for prefix in all_prefixes()]) / temperature
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def completion_probs(token_policy: np.ndarray) -> np.ndarray:
    """[27] probability of each completion: the product over its tokens."""
    number = {prefix: state for state, prefix in enumerate(all_prefixes())}
    return np.array(
        [
            np.prod(
                [token_policy[number[text[:t]], VOCABULARY.index(text[t])] for t in range(LENGTH)]
            )
            for text in all_completions()
        ]
    )
