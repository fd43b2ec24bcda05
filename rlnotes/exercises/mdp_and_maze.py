"""Exercises of chapter 1: returns, action values, advantages, a completion's probability."""

from itertools import product

import numpy as np

from rlnotes.envs.maze import maze_2x3
from rlnotes.exact.mdp import policy_values, q_values
from rlnotes.exercises.base import Case, Exercise

# --- returns to go ----------------------------------------------------------------


def _returns_backward(rewards, terminated, gamma):
    returns, running = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        running = rewards[t] + gamma * (0.0 if terminated[t] else running)
        returns[t] = running
    return returns


def _returns_as_sums(rewards, terminated, gamma):
    returns = []
    for t in range(len(rewards)):
        end = next((k for k in range(t, len(rewards)) if terminated[k]), len(rewards) - 1)
        returns.append(sum(gamma ** (k - t) * rewards[k] for k in range(t, end + 1)))
    return returns


def _returns_without_reset(rewards, terminated, gamma):
    return _returns_backward(rewards, [False] * len(rewards), gamma)


def _returns_from_the_past(rewards, terminated, gamma):
    returns, running = [], 0.0
    for reward, end in zip(rewards, terminated, strict=True):
        running = reward + gamma * running
        returns.append(running)
        running = 0.0 if end else running
    return returns


def _returns_first_reward_discounted(rewards, terminated, gamma):
    return gamma * _returns_backward(rewards, terminated, gamma)


def _returns_not_reversed(rewards, terminated, gamma):
    return _returns_backward(rewards, terminated, gamma)[::-1]


def _returns_next_reward_dropped(rewards, terminated, gamma):
    returns = _returns_backward(rewards, terminated, gamma)
    return [returns[t] if not terminated[t] else 0.0 for t in range(len(rewards))]


def _returns_only_immediate(rewards, terminated, gamma):
    return np.array(rewards)


RETURNS_TO_GO = Exercise(
    name="returns_to_go",
    cases=[
        Case(
            {
                "rewards": np.array([0.0, 0.0, 10.0]),
                "terminated": np.array([False, False, True]),
                "gamma": 0.9,
            },
            [8.1, 9.0, 10.0],
            "10, then 0.9 * 10 = 9, then 0.9 * 9 = 8.1.",
        ),
        Case(
            {
                "rewards": np.array([1.0, 2.0, 0.0, 4.0]),
                "terminated": np.array([False, True, False, True]),
                "gamma": 0.5,
            },
            [2.0, 2.0, 2.0, 4.0],
            "two episodes: 1 + 0.5 * 2, 2 | 0 + 0.5 * 4, 4.",
        ),
        Case(
            {
                "rewards": np.array([3.0, 5.0]),
                "terminated": np.array([False, True]),
                "gamma": 0.0,
            },
            [3.0, 5.0],
            "at gamma = 0 only the immediate reward is left.",
        ),
    ],
    solutions=[_returns_backward, _returns_as_sums],
    wrong_answers={
        "no reset at the episode end": _returns_without_reset,
        "sums the past": _returns_from_the_past,
        "discounts the first reward": _returns_first_reward_discounted,
        "order not restored": _returns_not_reversed,
        "last reward dropped": _returns_next_reward_dropped,
        "immediate reward only": _returns_only_immediate,
    },
    hints={
        "no reset at the episode end": "the return runs on into the next episode. "
        "Where terminated is True, nothing follows.",
        "sums the past": "you add up the rewards before t. A return looks ahead: "
        "go through the steps backwards.",
        "discounts the first reward": "the immediate reward has weight gamma^0 = 1, not gamma.",
        "order not restored": "the numbers stand in reverse order: "
        "a list filled from the end must be turned round.",
        "last reward dropped": "terminated[t] means that nothing follows step t; "
        "the reward of step t itself still counts.",
        "immediate reward only": "this is the reward of each step; the discounted "
        "later rewards are missing.",
    },
)

# --- action values from state values ----------------------------------------------


def _q_by_matmul(transition_probs, expected_rewards, values, gamma):
    return expected_rewards + gamma * transition_probs @ values


def _q_by_loops(transition_probs, expected_rewards, values, gamma):
    num_states, num_actions, _ = transition_probs.shape
    answer = np.zeros((num_states, num_actions))
    for state, action in product(range(num_states), range(num_actions)):
        expected = sum(p * v for p, v in zip(transition_probs[state, action], values, strict=True))
        answer[state, action] = expected_rewards[state, action] + gamma * expected
    return answer


def _q_without_gamma(transition_probs, expected_rewards, values, gamma):
    return expected_rewards + transition_probs @ values


def _q_with_own_value(transition_probs, expected_rewards, values, gamma):
    return expected_rewards + gamma * values[:, None]


def _q_wrong_axis(transition_probs, expected_rewards, values, gamma):
    return expected_rewards + gamma * np.einsum("sat,s->ta", transition_probs, values)


def _q_reward_discounted(transition_probs, expected_rewards, values, gamma):
    return gamma * (expected_rewards + transition_probs @ values)


def _q_without_reward(transition_probs, expected_rewards, values, gamma):
    return gamma * transition_probs @ values


def _q_maximum(transition_probs, expected_rewards, values, gamma):
    return _q_by_matmul(transition_probs, expected_rewards, values, gamma).max(axis=-1)


_MAZE = maze_2x3()
_MAZE_VALUES = policy_values(_MAZE, np.full((6, 4), 0.25), gamma=0.9)
_TWO_STATES = {
    "transition_probs": np.array([[[0.5, 0.5], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]]),
    "expected_rewards": np.array([[1.0, 2.0], [3.0, 4.0]]),
    "values": np.array([10.0, 20.0]),
    "gamma": 0.5,
}

Q_FROM_V = Exercise(
    name="q_from_v",
    cases=[
        Case(
            _TWO_STATES,
            [[8.5, 12.0], [8.0, 14.0]],
            "Q(0,0) = 1 + 0.5 * (0.5 * 10 + 0.5 * 20) = 8.5, Q(0,1) = 2 + 0.5 * 20 = 12, "
            "Q(1,0) = 3 + 0.5 * 10 = 8, Q(1,1) = 4 + 0.5 * 20 = 14.",
        ),
        Case(
            {
                "transition_probs": np.array(_MAZE.transition_probs),
                "expected_rewards": np.array(_MAZE.expected_rewards),
                "values": _MAZE_VALUES,
                "gamma": 0.9,
            },
            q_values(_MAZE, _MAZE_VALUES, gamma=0.9),
            "the uniform policy on the 2x3 maze; going down from the start earns -10.",
        ),
    ],
    solutions=[_q_by_matmul, _q_by_loops],
    wrong_answers={
        "gamma forgotten": _q_without_gamma,
        "value of the same state": _q_with_own_value,
        "sum over the wrong axis": _q_wrong_axis,
        "reward discounted too": _q_reward_discounted,
        "reward forgotten": _q_without_reward,
        "maximum taken": _q_maximum,
    },
    hints={
        "gamma forgotten": "the next value arrives one step later: multiply it by gamma.",
        "value of the same state": "you use V(s), the state one leaves. "
        "Use V(s') and average it with P(s' | s, a).",
        "sum over the wrong axis": "the sum must run over s', the last axis of transition_probs; "
        "yours runs over s.",
        "reward discounted too": "the reward comes at once: only the next value is "
        "multiplied by gamma.",
        "reward forgotten": "the immediate reward is missing.",
        "maximum taken": "this is the best action's value, one per state. Q keeps one "
        "number per action.",
    },
)

# --- advantages -------------------------------------------------------------------


def _advantages_by_sum(q_values, policy):
    return q_values - (policy * q_values).sum(axis=1, keepdims=True)


def _advantages_by_loop(q_values, policy):
    answer = []
    for row, probs in zip(q_values, policy, strict=True):
        state_value = np.dot(probs, row)
        answer.append([q - state_value for q in row])
    return answer


def _advantages_minus_best(q_values, policy):
    return q_values - q_values.max(axis=1, keepdims=True)


def _advantages_minus_plain_mean(q_values, policy):
    return q_values - q_values.mean(axis=1, keepdims=True)


def _advantages_sign(q_values, policy):
    return -_advantages_by_sum(q_values, policy)


def _advantages_wrong_axis(q_values, policy):
    return q_values - (policy * q_values).sum(axis=0, keepdims=True)


def _advantages_weighted(q_values, policy):
    return policy * _advantages_by_sum(q_values, policy)


def _advantages_mean_of_products(q_values, policy):
    return q_values - (policy * q_values).mean(axis=1, keepdims=True)


ADVANTAGES = Exercise(
    name="advantages",
    cases=[
        Case(
            {
                "q_values": np.array([[1.0, 3.0], [4.0, 0.0]]),
                "policy": np.array([[0.5, 0.5], [0.75, 0.25]]),
            },
            [[-1.0, 1.0], [1.0, -3.0]],
            "V = (0.5 * 1 + 0.5 * 3, 0.75 * 4 + 0.25 * 0) = (2, 3).",
        ),
        Case(
            {"q_values": np.array([[2.0, 8.0, 5.0]]), "policy": np.array([[0.0, 1.0, 0.0]])},
            [[-6.0, 0.0, -3.0]],
            "a policy that always takes the second action has V = 8.",
        ),
        Case(
            {"q_values": np.array([[2.0, 8.0, 5.0]]), "policy": np.array([[1.0, 0.0, 0.0]])},
            [[0.0, 6.0, 3.0]],
            "a policy that always takes the first action has V = 2.",
        ),
    ],
    solutions=[_advantages_by_sum, _advantages_by_loop],
    wrong_answers={
        "minus the best": _advantages_minus_best,
        "minus the plain mean": _advantages_minus_plain_mean,
        "sign": _advantages_sign,
        "mean over states": _advantages_wrong_axis,
        "weighted by the policy": _advantages_weighted,
        "sum divided by A": _advantages_mean_of_products,
    },
    hints={
        "minus the best": "you compare with the best action. The advantage compares with "
        "what the policy does on average.",
        "minus the plain mean": "you weigh all actions alike. Weigh them with the policy.",
        "sign": "the sign is turned round: A = Q - V, positive for a better action.",
        "mean over states": "the sum must run over the actions of one state, axis 1.",
        "weighted by the policy": "A = Q - V; the policy belongs into V only.",
        "sum divided by A": "the probabilities already sum to one: take the sum of "
        "policy * q_values, not its mean.",
    },
)

# --- log-probability of a completion ----------------------------------------------


def _log_softmax(logits, axis=-1):
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _log_prob_by_gather(logits, tokens):
    return _log_softmax(logits)[np.arange(len(tokens)), tokens].sum()


def _log_prob_by_product(logits, tokens):
    probability = 1.0
    for row, token in zip(logits, tokens, strict=True):
        weights = np.exp(row - row.max())
        probability *= weights[token] / weights.sum()
    return np.log(probability)


def _log_prob_mean(logits, tokens):
    return _log_prob_by_gather(logits, tokens) / len(tokens)


def _log_prob_not_log(logits, tokens):
    return np.exp(_log_prob_by_gather(logits, tokens))


def _log_prob_raw_logits(logits, tokens):
    return logits[np.arange(len(tokens)), tokens].sum()


def _log_prob_over_time(logits, tokens):
    return _log_softmax(logits, axis=0)[np.arange(len(tokens)), tokens].sum()


def _log_prob_greedy(logits, tokens):
    return _log_softmax(logits).max(axis=-1).sum()


def _log_prob_last_token(logits, tokens):
    return _log_softmax(logits)[-1, tokens[-1]]


def _log_prob_by_enumeration(logits, tokens):
    """Log of this completion's share among all V^T completions."""
    steps, vocabulary = logits.shape
    weights = {
        text: np.exp(sum(logits[t, token] for t, token in enumerate(text)))
        for text in product(range(vocabulary), repeat=steps)
    }
    return np.log(weights[tuple(tokens)] / sum(weights.values()))


_LOGITS = np.array([[0.8, 0.4, -0.4], [0.0, 0.9, 0.1], [0.2, -0.2, 0.8]])
_HALVES = np.zeros((3, 2))

COMPLETION_LOG_PROB = Exercise(
    name="completion_log_prob",
    cases=[
        Case(
            {"logits": _HALVES, "tokens": np.array([0, 1, 1])},
            3 * np.log(0.5),
            "two equally likely tokens, three times: log(1/2 * 1/2 * 1/2).",
        ),
        *(
            Case(
                {"logits": _LOGITS, "tokens": np.array(tokens)},
                _log_prob_by_enumeration(_LOGITS, tokens),
                "its share among all 27 completions, by enumeration.",
            )
            for tokens in ([0, 1, 2], [2, 0, 0])
        ),
    ],
    solutions=[_log_prob_by_gather, _log_prob_by_product],
    wrong_answers={
        "mean over tokens": _log_prob_mean,
        "probability, no log": _log_prob_not_log,
        "raw logits": _log_prob_raw_logits,
        "softmax over time": _log_prob_over_time,
        "greedy tokens": _log_prob_greedy,
        "last token only": _log_prob_last_token,
    },
    hints={
        "mean over tokens": "this is the mean per token. The probability of the text is a "
        "product over tokens, its log a sum.",
        "probability, no log": "this is the probability; take its logarithm.",
        "raw logits": "logits are not log-probabilities: subtract the log of the sum of "
        "exp(logits), step by step.",
        "softmax over time": "the softmax runs over the vocabulary, the last axis.",
        "greedy tokens": "these are the likeliest tokens; use the tokens that were written.",
        "last token only": "only the last token counts here; add up all of them.",
    },
)

EXERCISES = (RETURNS_TO_GO, Q_FROM_V, ADVANTAGES, COMPLETION_LOG_PROB)
