"""Exercise: REINFORCE with a baseline: the same mean, less noise."""

from itertools import product

import numpy as np

from rlnotes.exact.policy_gradients import softmax_policy
from rlnotes.exercises.base import Case, Exercise


def _add_up(logits, states, actions, weights, probs=None):
    """Sum of score times weight over all steps, divided by the number of episodes."""
    probs = softmax_policy(logits) if probs is None else probs
    scores = np.eye(logits.shape[1])[actions] - probs[states]
    gradient = np.zeros_like(logits)
    np.add.at(gradient, states, weights[..., None] * scores)
    return gradient / len(states)


def _to_go(rewards):
    return np.flip(np.flip(rewards, axis=1).cumsum(axis=1), axis=1)


def _baseline_by_arrays(logits, states, actions, rewards, values):
    return _add_up(logits, states, actions, _to_go(rewards) - values[states])


def _baseline_by_loop(logits, states, actions, rewards, values):
    gradient = np.zeros(logits.shape)
    for row, taken, paid in zip(states, actions, rewards, strict=True):
        for t, (state, action) in enumerate(zip(row, taken, strict=True)):
            weight = sum(paid[t:]) - values[state]
            gradient[state, action] += weight
            gradient[state] -= weight * softmax_policy(logits[state])
    return gradient / len(states)


def _baseline_added(logits, states, actions, rewards, values):
    return _add_up(logits, states, actions, _to_go(rewards) + values[states])


def _baseline_left_out(logits, states, actions, rewards, values):
    return _add_up(logits, states, actions, _to_go(rewards))


def _baseline_inside_the_sum(logits, states, actions, rewards, values):
    return _add_up(logits, states, actions, _to_go(rewards - values[states]))


def _baseline_of_the_next_state(logits, states, actions, rewards, values):
    shifted = np.zeros_like(rewards)
    shifted[:, :-1] = values[states[:, 1:]]
    return _add_up(logits, states, actions, _to_go(rewards) - shifted)


def _baseline_of_the_start(logits, states, actions, rewards, values):
    return _add_up(logits, states, actions, _to_go(rewards) - values[states[:, :1]])


def _baseline_batch_mean(logits, states, actions, rewards, values):
    to_go = _to_go(rewards)
    return _add_up(logits, states, actions, to_go - to_go.mean(axis=0))


def _baseline_episode_mean(logits, states, actions, rewards, values):
    to_go = _to_go(rewards)
    return _add_up(logits, states, actions, to_go - to_go.mean(axis=1, keepdims=True))


def _baseline_whole_return(logits, states, actions, rewards, values):
    whole = rewards.sum(axis=1, keepdims=True)
    return _add_up(logits, states, actions, whole - values[states])


def _baseline_immediate_reward(logits, states, actions, rewards, values):
    return _add_up(logits, states, actions, rewards - values[states])


def _baseline_sign(logits, states, actions, rewards, values):
    return -_baseline_by_arrays(logits, states, actions, rewards, values)


def _baseline_of_the_action(logits, states, actions, rewards, values):
    weights = _to_go(rewards) - values[states] * softmax_policy(logits)[states, actions]
    return _add_up(logits, states, actions, weights)


def _baseline_by_time(logits, states, actions, rewards, values):
    padded = np.resize(values, states.shape[1])
    return _add_up(logits, states, actions, _to_go(rewards) - padded)


def _baseline_of_the_first_episode(logits, states, actions, rewards, values):
    return _add_up(logits, states, actions, _to_go(rewards) - values[states[0]])


def _baseline_averaged_over_episodes(logits, states, actions, rewards, values):
    return _add_up(logits, states, actions, _to_go(rewards) - values[states].mean(axis=0))


def _baseline_not_reset(logits, states, actions, rewards, values):
    to_go, running = np.zeros_like(rewards), 0.0
    for episode, paid in enumerate(rewards):
        for t in reversed(range(len(paid))):
            running += paid[t]
            to_go[episode, t] = running
    return _add_up(logits, states, actions, to_go - values[states])


def _baseline_repeats_dropped(logits, states, actions, rewards, values):
    gradient, weights = np.zeros_like(logits), _to_go(rewards) - values[states]
    scores = np.eye(logits.shape[1])[actions] - softmax_policy(logits)[states]
    gradient[states] += weights[..., None] * scores
    return gradient / len(states)


def _with_policy(probs_of):
    """The right weights, with another policy in the score."""

    def gradient(logits, states, actions, rewards, values):
        weights = _to_go(rewards) - values[states]
        return _add_up(logits, states, actions, weights, probs_of(logits))

    return gradient


_softmax_twice = _with_policy(lambda logits: softmax_policy(softmax_policy(logits)))
_softmax_of_minus = _with_policy(lambda logits: softmax_policy(-logits))
_uniform_policy = _with_policy(lambda logits: np.full(logits.shape, 1 / logits.shape[1]))
_not_normalized = _with_policy(lambda logits: np.exp(logits) / logits.shape[1])
_policy_of_state_0 = _with_policy(
    lambda logits: np.tile(softmax_policy(logits)[0], (len(logits), 1))
)


def _objective(logits, states, actions, rewards):
    return softmax_policy(logits)[states, actions].prod(axis=1) @ rewards.sum(axis=1)


def _by_finite_differences(logits, *episodes, step=1e-5):
    gradient = np.zeros_like(logits)
    for place in np.ndindex(logits.shape):
        nudge = np.zeros_like(logits)
        nudge[place] = step
        ends = [_objective(logits + sign * nudge, *episodes) for sign in (1, -1)]
        gradient[place] = (ends[0] - ends[1]) / (2 * step)
    return gradient


# Two choices of two actions. The first one decides which state comes next (1 or 2), and
# what the second one pays there. All four episodes, each once.
_ACTIONS = np.array(list(product(range(2), repeat=2)))
_STATES = np.stack([np.zeros(4, dtype=int), 1 + _ACTIONS[:, 0]], axis=1)
_REWARDS = np.array([[1.0, 0.0], [1.0, 4.0], [0.0, 6.0], [0.0, 2.0]])
_UNIFORM = np.zeros((3, 2))
_EXACT = _by_finite_differences(_UNIFORM, _STATES, _ACTIONS, _REWARDS)

EXERCISE = Exercise(
    name="baseline_gradient",
    cases=[
        Case(
            {
                "logits": np.zeros((2, 2)),
                "states": np.array([[0, 1]]),
                "actions": np.array([[1, 0]]),
                "rewards": np.array([[2.0, 8.0]]),
                "values": np.array([6.0, 10.0]),
            },
            [[-2.0, 2.0], [-1.0, 1.0]],
            "weights 2 + 8 - 6 = 4 and 8 - 10 = -2; each score is +1/2 for the action taken "
            "and -1/2 for the other.",
        ),
        *(
            Case(
                {
                    "logits": _UNIFORM,
                    "states": _STATES,
                    "actions": _ACTIONS,
                    "rewards": _REWARDS,
                    "values": np.array(values),
                },
                _EXACT,
                "all 4 episodes, each equally likely: whatever the baseline, the mean is the "
                "exact gradient of J, found by finite differences.",
            )
            for values in ([3.5, 2.5, 4.0], [100.0, -7.0, 1.0])
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
    ],
    solutions=[_baseline_by_arrays, _baseline_by_loop],
    wrong_answers={
        "added": _baseline_added,
        "left out": _baseline_left_out,
        "inside the sum": _baseline_inside_the_sum,
        "next state": _baseline_of_the_next_state,
        "start state": _baseline_of_the_start,
        "mean of the batch": _baseline_batch_mean,
        "mean of the episode": _baseline_episode_mean,
        "whole return": _baseline_whole_return,
        "immediate reward": _baseline_immediate_reward,
        "sign": _baseline_sign,
        "looks at the action": _baseline_of_the_action,
        "by time": _baseline_by_time,
        "states of the first episode": _baseline_of_the_first_episode,
        "mean over the episodes": _baseline_averaged_over_episodes,
        "softmax twice": _softmax_twice,
        "softmax of minus the logits": _softmax_of_minus,
        "uniform policy": _uniform_policy,
        "not normalized": _not_normalized,
        "policy of state 0": _policy_of_state_0,
        "not reset": _baseline_not_reset,
        "repeats dropped": _baseline_repeats_dropped,
    },
    hints={
        "added": "subtract the baseline: the weight says how much better than usual it went.",
        "left out": "the mean is right, but the baseline is not used.",
        "inside the sum": "V is subtracted once, at s_t, outside the sum of rewards. The values "
        "of later states depend on the action at t, so subtracting them biases the gradient.",
        "next state": "the baseline belongs to the state in which the action was chosen, s_t. "
        "The next state depends on the action.",
        "start state": "unbiased, but each step has its own baseline: V at s_t, not at the start.",
        "mean of the batch": "the mean over the batch contains the episode's own return, so it "
        "depends on the action and leaves the share 1 - 1/N of the gradient. Use values.",
        "mean of the episode": "the mean of an episode's own returns depends on its actions. "
        "Use values.",
        "whole return": "use the rewards from step t on. V(s_t) says what to expect from there, "
        "not since the start.",
        "immediate reward": "add up the rewards from t on; V(s_t) stands for all of them.",
        "sign": "this points downhill. The gradient of J itself is wanted.",
        "looks at the action": "the baseline is V(s_t) itself. Multiplied by the probability of "
        "the action taken it looks at the action, which biases the gradient.",
        "by time": "you took values[t]. The array is indexed by state: values[s_t].",
        "states of the first episode": "every episode has its own states: values[states], not "
        "values[states[0]].",
        "mean over the episodes": "you averaged the baselines over the episodes. Each step has "
        "the baseline of its own state.",
        "softmax twice": "you took the softmax of probabilities. The logits go into it once.",
        "softmax of minus the logits": "a higher logit must mean a higher probability: the sign "
        "of the logits is turned round.",
        "uniform policy": "the score needs pi(a | s) from the logits; 1 / A is right only where "
        "all logits of a row are equal.",
        "not normalized": "exp(logit) must be divided by its sum over the actions of that state.",
        "policy of state 0": "each state has its own row of logits: use the policy of s_t.",
        "not reset": "the running return goes on from one episode into the next. Set it to 0 "
        "at the start of each episode.",
        "repeats dropped": "`gradient[states] += ...` keeps only one of several visits to a "
        "state: NumPy drops repeated indices. Use np.add.at.",
    },
)
