"""Exercise: REINFORCE with a baseline: the same mean, less noise."""

from itertools import product

import numpy as np

from rlnotes.exact.policy_gradients import softmax_policy
from rlnotes.exercises import weighted_scores
from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.normalized import standardized
from rlnotes.exercises.weighted_scores import add_up, by_finite_differences, not_reset, to_go


def _baseline_by_arrays(logits, states, actions, rewards, values):
    scores = np.eye(logits.shape[1])[actions] - softmax_policy(logits)[states]
    gradient = np.zeros_like(logits)
    np.add.at(gradient, states, (to_go(rewards) - values[states])[..., None] * scores)
    return gradient / len(states)


def _baseline_by_loop(logits, states, actions, rewards, values):
    gradient = np.zeros(logits.shape)
    for row, taken, paid in zip(states, actions, rewards, strict=True):
        for t, (state, action) in enumerate(zip(row, taken, strict=True)):
            weight = sum(paid[t:]) - values[state]
            gradient[state, action] += weight
            gradient[state] -= weight * softmax_policy(logits[state])
    return gradient / len(states)


def _weighted(weights_of):
    """A wrong answer: right scores with other weights, from rewards, values, states."""

    def gradient(logits, states, actions, rewards, values):
        return add_up(logits, states, actions, weights_of(rewards, values, states))

    return gradient


def _with_right_weights(estimate):
    """A wrong answer: the right weights, and a mistake behind them."""

    def gradient(logits, states, actions, rewards, values):
        return estimate(logits, states, actions, to_go(rewards) - values[states])

    return gradient


def _looks_at_the_action(logits, states, actions, rewards, values):
    weights = to_go(rewards) - values[states] * softmax_policy(logits)[states, actions]
    return add_up(logits, states, actions, weights)


def _value_of_the_action(logits, states, actions, rewards, values):
    return add_up(logits, states, actions, to_go(rewards) - np.resize(values, 2)[actions])


def _entry_taken_alone(logits, states, actions, rewards, values):
    at_the_entry = add_up(logits, states, actions, values[states], probs=np.zeros_like(logits))
    return add_up(logits, states, actions, to_go(rewards)) - at_the_entry


def _next_values(values, states, last):
    return np.append(values[states[:, 1:]], last, axis=1)


def _without_the_others(numbers):
    """Minus the mean of the other episodes, column by column."""
    others = max(len(numbers) - 1, 1)
    return numbers - (numbers.sum(axis=0) - numbers) / others


def _leave_one_out(rewards, values, states):
    return _without_the_others(to_go(rewards))


def _leave_one_out_of_totals(rewards, values, states):
    totals = rewards.sum(axis=1, keepdims=True)
    return to_go(rewards) - totals + _without_the_others(totals)


_WRONG_WEIGHTS = {
    "added": lambda rewards, values, states: to_go(rewards) + values[states],
    "left out": lambda rewards, values, states: to_go(rewards),
    "multiplied": lambda rewards, values, states: to_go(rewards) * values[states],
    "inside the sum": lambda rewards, values, states: to_go(rewards - values[states]),
    "next state": lambda rewards, values, states: (
        to_go(rewards) - _next_values(values, states, 0 * rewards[:, -1:])
    ),
    "start state": lambda rewards, values, states: to_go(rewards) - values[states[:, :1]],
    "TD error": lambda rewards, values, states: (
        rewards + _next_values(values, states, 0 * rewards[:, -1:]) - values[states]
    ),
    "TD error, last step bootstrapped": lambda rewards, values, states: (
        rewards + _next_values(values, states, values[states[:, -1:]]) - values[states]
    ),
    "TD error, wrapped around": lambda rewards, values, states: (
        rewards + np.roll(values[states], -1, axis=1) - values[states]
    ),
    "mean of the batch": lambda rewards, values, states: (
        to_go(rewards) - to_go(rewards).mean(axis=0)
    ),
    "mean of everything": lambda rewards, values, states: to_go(rewards) - to_go(rewards).mean(),
    "mean of the episode": lambda rewards, values, states: (
        to_go(rewards) - to_go(rewards).mean(axis=1, keepdims=True)
    ),
    "leave one out": _leave_one_out,
    "leave one out, whole returns": _leave_one_out_of_totals,
    "leave one out as well": lambda rewards, values, states: _without_the_others(
        to_go(rewards) - values[states]
    ),
    "centred": lambda rewards, values, states: (
        to_go(rewards) - values[states] - (to_go(rewards) - values[states]).mean()
    ),
    "standardized": lambda rewards, values, states: standardized(to_go(rewards) - values[states]),
    "standardized, sample deviation": lambda rewards, values, states: standardized(
        to_go(rewards) - values[states], ddof=1
    ),
    "returns standardized": lambda rewards, values, states: standardized(to_go(rewards)),
    "returns standardized, minus the value": lambda rewards, values, states: (
        standardized(to_go(rewards)) - values[states]
    ),
    "standardized per episode": lambda rewards, values, states: standardized(
        to_go(rewards) - values[states], axis=1
    ),
    "standardized per step": lambda rewards, values, states: standardized(
        to_go(rewards) - values[states], axis=0
    ),
    "divided": lambda rewards, values, states: to_go(rewards) / values[states],
    "scaled": lambda rewards, values, states: (
        (to_go(rewards) - values[states]) / ((to_go(rewards) - values[states]).std() + 1e-8)
    ),
    "positive part": lambda rewards, values, states: np.maximum(
        to_go(rewards) - values[states], 0.0
    ),
    "whole return": lambda rewards, values, states: (
        rewards.sum(axis=1, keepdims=True) - values[states]
    ),
    "past rewards": lambda rewards, values, states: rewards.cumsum(axis=1) - values[states],
    "own reward dropped": lambda rewards, values, states: to_go(rewards) - rewards - values[states],
    "immediate reward": lambda rewards, values, states: rewards - values[states],
    "by time": lambda rewards, values, states: to_go(rewards) - np.resize(values, states.shape[1]),
    "value of state 0": lambda rewards, values, states: to_go(rewards) - values[0],
    "mean of values": lambda rewards, values, states: to_go(rewards) - values.mean(),
    "mean of the values visited": lambda rewards, values, states: (
        to_go(rewards) - values[states].mean()
    ),
    "states of the first episode": lambda rewards, values, states: (
        to_go(rewards) - values[states[0]]
    ),
    "mean over the episodes": lambda rewards, values, states: (
        to_go(rewards) - values[states].mean(axis=0)
    ),
    "not reset": lambda rewards, values, states: not_reset(rewards) - values[states],
}

# Two choices of two actions. The first one decides which state comes next (1 or 2), and
# what the second one pays there. All four episodes, each once.
_ACTIONS = np.array(list(product(range(2), repeat=2)))
_STATES = np.stack([np.zeros(4, dtype=int), 1 + _ACTIONS[:, 0]], axis=1)
_REWARDS = np.array([[1.0, 0.0], [1.0, 4.0], [0.0, 6.0], [0.0, 2.0]])


def _objective(logits):
    return softmax_policy(logits)[_STATES, _ACTIONS].prod(axis=1) @ _REWARDS.sum(axis=1)


def _enumerated(values) -> Case:
    return Case(
        {
            "logits": np.zeros((3, 2)),
            "states": _STATES,
            "actions": _ACTIONS,
            "rewards": _REWARDS,
            "values": np.array(values),
        },
        by_finite_differences(_objective, np.zeros((3, 2))),
        "all 4 episodes, each equally likely: whatever the baseline, the mean is the "
        "exact gradient of J, found by finite differences.",
    )


EXERCISE = Exercise(
    name="baseline_gradient",
    cases=[
        Case(
            {
                "logits": np.zeros((3, 2)),
                "states": np.array([[0, 1, 0], [2, 0, 1]]),
                "actions": np.array([[1, 0, 1], [0, 1, 1]]),
                "rewards": np.array([[2.0, 3.0, 7.0], [4.0, 0.0, 5.0]]),
                "values": np.array([4.0, 2.0, -15.0]),
            },
            [[-3.0, 3.0], [1.25, -1.25], [6.0, -6.0]],
            "rewards-to-go 12, 10, 7 and 9, 5, 5; values 4, 2, 4 and -15, 4, 2; weights 8, 8, 3 "
            "and 24, 1, 3. Each score is +1/2 for the action taken and -1/2 for the other. State "
            "0: 8 + 3 + 1 for action 1. State 1: 8 for action 0, 3 for action 1. State 2: 24 for "
            "action 0. Divided by 2 episodes.",
        ),
        Case(
            {
                "logits": np.log(np.array([[3.0, 1.0], [1.0, 4.0]])),
                "states": np.array([[1, 0], [0, 0]]),
                "actions": np.array([[0, 1], [0, 0]]),
                "rewards": np.array([[1.0, 3.0], [2.0, 6.0]]),
                "values": np.array([2.0, 5.0]),
            },
            [[0.875, -0.875], [-0.4, 0.4]],
            "pi(.|0) = (3/4, 1/4) and pi(.|1) = (1/5, 4/5). State 1: weight 4 - 5 = -1 times "
            "the score (4/5, -4/5). State 0: weight 3 - 2 = 1 times (-3/4, 3/4), and 8 - 2 = 6 "
            "and 6 - 2 = 4 times (1/4, -1/4). All divided by 2 episodes.",
        ),
        Case(
            {
                "logits": np.zeros((1, 2)),
                "states": np.array([[0], [0]]),
                "actions": np.array([[0], [1]]),
                "rewards": np.array([[1.0], [0.0]]),
                "values": np.array([0.5]),
            },
            [[0.25, -0.25]],
            "the coin: both draws give the same 0.25, so no noise is left.",
        ),
        _enumerated([3.5, 2.5, 4.0]),
        _enumerated([100.0, -7.0, 1.0]),
    ],
    solutions=[_baseline_by_arrays, _baseline_by_loop],
    wrong_answers={
        **{name: _weighted(weights_of) for name, weights_of in _WRONG_WEIGHTS.items()},
        "looks at the action": _looks_at_the_action,
        "entry taken alone": _entry_taken_alone,
        "value of the action": _value_of_the_action,
        **{name: _with_right_weights(wrong) for name, wrong in weighted_scores.MISTAKES.items()},
    },
    hints={
        **weighted_scores.HINTS,
        "sign": "this points downhill. The weight is the return minus the value, and the "
        "gradient of J itself is wanted.",
        "added": "subtract the baseline: the weight says how much better than usual it went.",
        "left out": "the mean is right, but the baseline is not used.",
        "multiplied": "the return is multiplied by the baseline. Subtract it.",
        "inside the sum": "V is subtracted once, at s_t, outside the sum of rewards. The values "
        "of later states depend on the action at t, so subtracting them biases the gradient.",
        "next state": "the baseline belongs to the state in which the action was chosen, s_t. "
        "The next state depends on the action.",
        "start state": "unbiased, but each step has its own baseline: V at s_t, not at the start.",
        "TD error": "the weight is a TD error, r + V(s') - V(s). That is right on average only if "
        "the values are; here they may be absurd: use the sum of the rewards from t on.",
        "TD error, last step bootstrapped": "the weight is a TD error, and behind the last step "
        "it adds a value, too. Use the sum of the rewards from t on.",
        "TD error, wrapped around": "the weight is a TD error, and behind the last step np.roll "
        "puts the first value. Use the sum of the rewards from t on.",
        "mean of the batch": "the mean over the batch contains the episode's own return, so it "
        "depends on the action and leaves the share 1 - 1/N of the gradient. Use values.",
        "mean of everything": "the mean over all steps and episodes contains the episode's own "
        "return. Use values.",
        "mean of the episode": "the mean of an episode's own returns depends on its actions. "
        "Use values.",
        "leave one out": "the mean of the other episodes is a good baseline. Here it is given: "
        "values[s_t].",
        "leave one out, whole returns": "the mean whole return of the other episodes is "
        "subtracted. Here the baseline is given: values[s_t].",
        "leave one out as well": "the mean of the other episodes is subtracted as well. Subtract "
        "values[s_t] alone.",
        "centred": "the mean of the batch is subtracted as well. Subtract values[s_t] alone.",
        "standardized": "the weights are standardized over the batch. The mean contains the "
        "episode's own return, and the deviation changes the length: leave both out.",
        "standardized, sample deviation": "the weights are standardized (dividing by n - 1). "
        "Return minus value is all that is wanted.",
        "returns standardized": "the returns are standardized over the batch in place of the "
        "baseline: subtract values[s_t].",
        "returns standardized, minus the value": "the returns are standardized before the value is "
        "subtracted. Both are in units of reward: leave them so.",
        "standardized per episode": "the weights of each episode are standardized. Their mean "
        "depends on its actions; return minus value is all that is wanted.",
        "standardized per step": "the weights of each step are standardized over the episodes. "
        "Return minus value is all that is wanted.",
        "divided": "the return is divided by the baseline. Subtract it.",
        "scaled": "the weights are divided by their standard deviation: leave them in units of "
        "reward.",
        "positive part": "negative weights are cut off. What went worse than usual must become "
        "less likely.",
        "whole return": "use the rewards from step t on. V(s_t) says what to expect from there, "
        "not since the start.",
        "past rewards": "you add up the rewards until t. The action at t can only change those "
        "from t on.",
        "own reward dropped": "the reward of step t itself belongs to its reward-to-go.",
        "immediate reward": "add up the rewards from t on; V(s_t) stands for all of them.",
        "looks at the action": "the baseline is V(s_t) itself. Multiplied by the probability of "
        "the action taken it looks at the action, which biases the gradient.",
        "entry taken alone": "the baseline is subtracted at the entry of the action taken alone. "
        "Return minus value multiplies the whole score, minus the probabilities, too.",
        "value of the action": "you took values[action]. The array is indexed by state.",
        "by time": "you took values[t]. The array is indexed by state: values[s_t].",
        "value of state 0": "you took values[0] at each step. The baseline is that of s_t.",
        "mean of values": "the mean of `values` is no baseline of a state: take values[s_t].",
        "mean of the values visited": "you subtract the mean value of all steps. Each step has "
        "the value of its own state.",
        "states of the first episode": "every episode has its own states: values[states], not "
        "values[states[0]].",
        "mean over the episodes": "you averaged the baselines over the episodes. Each step has "
        "the baseline of its own state.",
        "not reset": "the running return goes on from one episode into the next. Set it to 0 "
        "at the start of each episode.",
    },
)
