"""Exercise: the REINFORCE estimate of the gradient from a batch of episodes."""

from itertools import product

import numpy as np

from rlnotes.exact.policy_gradients import softmax_policy
from rlnotes.exercises.base import Case, Exercise


def _add_up(logits, states, actions, weights, probs=None):
    """Sum of score times weight over all steps, divided by the number of episodes."""
    gradient, probs = np.zeros_like(logits), softmax_policy(logits) if probs is None else probs
    for state, action, weight in zip(states.flat, actions.flat, weights.flat, strict=True):
        gradient[state] -= weight * probs[state]
        gradient[state, action] += weight
    return gradient / len(states)


def _discounted(rewards, gamma):
    return rewards * gamma ** np.arange(rewards.shape[1])


def _to_go(rewards):
    return np.flip(np.flip(rewards, axis=1).cumsum(axis=1), axis=1)


def _gradient_by_cumsum(logits, states, actions, rewards, gamma):
    return _add_up(logits, states, actions, _to_go(_discounted(rewards, gamma)))


def _gradient_by_loop(logits, states, actions, rewards, gamma):
    gradient, probs = np.zeros(logits.shape), softmax_policy(logits)
    num_episodes, num_steps = rewards.shape
    for episode in range(num_episodes):
        to_go = 0.0
        for t in reversed(range(num_steps)):
            to_go = rewards[episode, t] + gamma * to_go
            state, action = states[episode, t], actions[episode, t]
            score = np.eye(logits.shape[1])[action] - probs[state]
            gradient[state] += gamma**t * to_go * score / num_episodes
    return gradient


def _gradient_sign(logits, states, actions, rewards, gamma):
    return -_gradient_by_cumsum(logits, states, actions, rewards, gamma)


def _gradient_first_step_only(logits, states, actions, rewards, gamma):
    weights = _to_go(_discounted(rewards, gamma))
    weights[:, 1:] = 0
    return _add_up(logits, states, actions, weights)


def _gradient_mean_over_time(logits, states, actions, rewards, gamma):
    return _gradient_by_cumsum(logits, states, actions, rewards, gamma) / rewards.shape[1]


def _gradient_sum_over_episodes(logits, states, actions, rewards, gamma):
    return _gradient_by_cumsum(logits, states, actions, rewards, gamma) * len(rewards)


def _gradient_whole_return(logits, states, actions, rewards, gamma):
    whole = _discounted(rewards, gamma).sum(axis=1, keepdims=True)
    return _add_up(logits, states, actions, np.tile(whole, rewards.shape[1]))


def _gradient_past_rewards(logits, states, actions, rewards, gamma):
    return _add_up(logits, states, actions, _discounted(rewards, gamma).cumsum(axis=1))


def _gradient_later_rewards_only(logits, states, actions, rewards, gamma):
    weighted = _discounted(rewards, gamma)
    return _add_up(logits, states, actions, _to_go(weighted) - weighted)


def _gradient_immediate_reward(logits, states, actions, rewards, gamma):
    return _add_up(logits, states, actions, _discounted(rewards, gamma))


def _gradient_without_start_discount(logits, states, actions, rewards, gamma):
    weights = _to_go(_discounted(rewards, gamma)) / gamma ** np.arange(rewards.shape[1])
    return _add_up(logits, states, actions, weights)


def _gradient_discounted_twice(logits, states, actions, rewards, gamma):
    return _add_up(logits, states, actions, _discounted(_to_go(_discounted(rewards, gamma)), gamma))


def _gradient_undiscounted(logits, states, actions, rewards, gamma):
    return _gradient_by_cumsum(logits, states, actions, rewards, 1.0)


def _gradient_standardized(logits, states, actions, rewards, gamma):
    weights = _to_go(_discounted(rewards, gamma))
    weights = weights - weights.mean(axis=1, keepdims=True)
    return _add_up(logits, states, actions, weights / (weights.std(axis=1, keepdims=True) + 1e-8))


def _gradient_of_probability(logits, states, actions, rewards, gamma):
    weights = _to_go(_discounted(rewards, gamma)) * softmax_policy(logits)[states, actions]
    return _add_up(logits, states, actions, weights)


def _gradient_policy_of_state_0(logits, states, actions, rewards, gamma):
    probs = np.tile(softmax_policy(logits)[0], (len(logits), 1))
    return _add_up(logits, states, actions, _to_go(_discounted(rewards, gamma)), probs)


def _gradient_of_mean_logits(logits, states, actions, rewards, gamma):
    probs = np.tile(softmax_policy(logits.mean(axis=0)), (len(logits), 1))
    return _add_up(logits, states, actions, _to_go(_discounted(rewards, gamma)), probs)


def _gradient_not_reset(logits, states, actions, rewards, gamma):
    weights, to_go = np.zeros_like(rewards), 0.0
    for episode, paid in enumerate(rewards):
        for t in reversed(range(len(paid))):
            to_go = paid[t] + gamma * to_go
            weights[episode, t] = gamma**t * to_go
    return _add_up(logits, states, actions, weights)


def _gradient_repeats_dropped(logits, states, actions, rewards, gamma):
    gradient, probs = np.zeros_like(logits), softmax_policy(logits)
    weights = _to_go(_discounted(rewards, gamma))
    gradient[states] += weights[..., None] * (np.eye(logits.shape[1])[actions] - probs[states])
    return gradient / len(states)


def _objective(logits, states, actions, rewards, gamma):
    """J of the listed episodes: each one's probability times its discounted return."""
    probs = softmax_policy(logits)[states, actions].prod(axis=1)
    return probs @ _discounted(rewards, gamma).sum(axis=1)


def _by_finite_differences(logits, *episodes, step=1e-5):
    gradient = np.zeros_like(logits)
    for place in np.ndindex(logits.shape):
        nudge = np.zeros_like(logits)
        nudge[place] = step
        ends = [_objective(logits + sign * nudge, *episodes) for sign in (1, -1)]
        gradient[place] = (ends[0] - ends[1]) / (2 * step)
    return gradient


def _every_episode_once(rewards_of, num_actions, num_steps):
    """All action sequences; the state is the number of steps taken so far."""
    actions = np.array(list(product(range(num_actions), repeat=num_steps)))
    states = np.tile(np.arange(num_steps), (len(actions), 1))
    return states, actions, np.array([rewards_of(row) for row in actions], dtype=float)


# Three tokens, three steps: 1 at the end of the completion (0, 1, 2), half a point on
# the way for starting right.
_TREE = _every_episode_once(lambda a: [0.5 * (a[0] == 0), 0, tuple(a) == (0, 1, 2)], 3, 3)
# One state, visited twice: taking (action 1) pays 1 now, and costs 1.05 later.
_TRAP = _every_episode_once(lambda a: [a[0], -1.05 * a[1]], 2, 2)
_TRAP = (np.zeros_like(_TRAP[0]), *_TRAP[1:])

EXERCISE = Exercise(
    name="reinforce_gradient",
    cases=[
        Case(
            {
                "logits": np.zeros((2, 2)),
                "states": np.array([[0, 1]]),
                "actions": np.array([[1, 0]]),
                "rewards": np.array([[2.0, 8.0]]),
                "gamma": 0.5,
            },
            [[-3.0, 3.0], [2.0, -2.0]],
            "weights 2 + 0.5 * 8 = 6 and 0.5 * 8 = 4; each score is +1/2 for the action "
            "taken and -1/2 for the other.",
        ),
        *(
            Case(
                dict(
                    zip(
                        ("logits", "states", "actions", "rewards", "gamma"),
                        (logits, *episodes, gamma),
                        strict=True,
                    )
                ),
                _by_finite_differences(logits, *episodes, gamma),
                f"{what}, each equally likely: the mean is the exact gradient of J, "
                "found by finite differences.",
            )
            for logits, episodes, gamma, what in (
                (np.zeros((1, 2)), _TRAP, 0.9, "all 4 episodes of a two-step task"),
                (np.zeros((3, 3)), _TREE, 1.0, "all 27 completions"),
                (np.zeros((3, 3)), _TREE, 0.8, "all 27 completions"),
            )
        ),
        Case(
            {
                "logits": np.log(np.array([[3.0, 1.0]])),
                "states": np.array([[0], [0], [0], [0]]),
                "actions": np.array([[0], [0], [0], [1]]),
                "rewards": np.array([[1.0], [1.0], [1.0], [5.0]]),
                "gamma": 1.0,
            },
            [[-0.75, 0.75]],
            "probabilities 3/4 and 1/4: the expected reward is 5 - 4p, its slope in the first "
            "logit -4 p (1 - p) = -0.75.",
        ),
        Case(
            {
                "logits": np.log(np.array([[3.0, 1.0], [1.0, 4.0]])),
                "states": np.array([[0, 1]]),
                "actions": np.array([[0, 1]]),
                "rewards": np.array([[1.0, 2.0]]),
                "gamma": 0.5,
            },
            [[0.5, -0.5], [-0.2, 0.2]],
            "pi(.|0) = (3/4, 1/4) and pi(.|1) = (1/5, 4/5): weight 1 + 0.5 * 2 = 2 times the "
            "score (1/4, -1/4), and weight 0.5 * 2 = 1 times the score (-1/5, 1/5).",
        ),
    ],
    solutions=[_gradient_by_cumsum, _gradient_by_loop],
    wrong_answers={
        "sign": _gradient_sign,
        "first step only": _gradient_first_step_only,
        "mean over time": _gradient_mean_over_time,
        "sum over episodes": _gradient_sum_over_episodes,
        "whole return": _gradient_whole_return,
        "past rewards": _gradient_past_rewards,
        "own reward dropped": _gradient_later_rewards_only,
        "immediate reward": _gradient_immediate_reward,
        "gamma^t dropped": _gradient_without_start_discount,
        "discounted twice": _gradient_discounted_twice,
        "gamma ignored": _gradient_undiscounted,
        "standardized per episode": _gradient_standardized,
        "gradient of the probability": _gradient_of_probability,
        "policy of state 0": _gradient_policy_of_state_0,
        "mean of the logits": _gradient_of_mean_logits,
        "not reset": _gradient_not_reset,
        "repeats dropped": _gradient_repeats_dropped,
    },
    hints={
        "sign": "this is the gradient of the loss. The gradient of J itself is wanted, "
        "which points uphill.",
        "first step only": "only the first step counts here. The gradient is a sum over all "
        "steps of an episode.",
        "mean over time": "you divide by the number of steps. Sum over the steps of an episode, "
        "mean over the episodes.",
        "sum over episodes": "divide by the number of episodes: the gradient is an expectation.",
        "whole return": "right on average, but noisier than asked for: rewards from before step t "
        "cannot depend on its action. Use the rewards from t on.",
        "past rewards": "you add up the rewards until t. The action at t can only change the "
        "rewards from t on.",
        "own reward dropped": "the reward of step t itself belongs to its reward-to-go.",
        "immediate reward": "the reward of a step is not all that its action does: add the "
        "later ones.",
        "gamma^t dropped": "G_t counts its discount from t. In J, discounted from the start, "
        "step t has the weight gamma^t * G_t. Most code leaves this factor out; the two-step "
        "task shows the sign flip.",
        "discounted twice": "gamma^t comes in twice: either discount all rewards from the start, "
        "or multiply G_t by gamma^t.",
        "gamma ignored": "gamma is not used: a reward at step k has the weight gamma^k in J.",
        "standardized per episode": "mean and deviation of an episode's own returns depend on "
        "its actions, so subtracting and dividing biases the gradient.",
        "gradient of the probability": "the score is the gradient of log pi. You multiplied by "
        "pi once more, which gives the gradient of pi.",
        "policy of state 0": "each state has its own row of logits: use the policy of s_t.",
        "mean of the logits": "take the softmax of each row on its own; a mean over the states "
        "mixes their policies.",
        "not reset": "the running return goes on from one episode into the next. Set it to 0 "
        "at the start of each episode.",
        "repeats dropped": "`gradient[states] += ...` keeps only one of several visits to a "
        "state: NumPy drops repeated indices. Use np.add.at.",
    },
)
