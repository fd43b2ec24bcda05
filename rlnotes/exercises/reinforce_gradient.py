"""Exercise: the REINFORCE estimate of the gradient from a batch of episodes."""

from itertools import product

import numpy as np

from rlnotes.exact.policy_gradients import softmax_policy
from rlnotes.exercises import weighted_scores
from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.normalized import standardized
from rlnotes.exercises.weighted_scores import add_up, by_finite_differences, to_go


def _discounted(rewards, gamma):
    return rewards * gamma ** np.arange(rewards.shape[1])


def _gradient_by_cumsum(logits, states, actions, rewards, gamma):
    return add_up(logits, states, actions, to_go(_discounted(rewards, gamma)))


def _gradient_by_loop(logits, states, actions, rewards, gamma):
    gradient, probs = np.zeros(logits.shape), softmax_policy(logits)
    num_episodes, num_steps = rewards.shape
    for episode in range(num_episodes):
        later = 0.0
        for t in reversed(range(num_steps)):
            later = rewards[episode, t] + gamma * later
            state, action = states[episode, t], actions[episode, t]
            score = np.eye(logits.shape[1])[action] - probs[state]
            gradient[state] += gamma**t * later * score / num_episodes
    return gradient


def _weighted(weights_of):
    """A wrong answer: other weights on the right scores."""

    def gradient(logits, states, actions, rewards, gamma):
        return add_up(logits, states, actions, weights_of(rewards, gamma))

    return gradient


def _with_right_weights(estimate):
    """A wrong answer: the right weights, and a mistake behind them."""

    def gradient(logits, states, actions, rewards, gamma):
        return estimate(logits, states, actions, to_go(_discounted(rewards, gamma)))

    return gradient


def _right(rewards, gamma):
    return to_go(_discounted(rewards, gamma))


def _from_its_step(rewards, gamma):
    """G_t, discounted from t."""
    returns, later = np.zeros_like(rewards), 0.0
    for t in reversed(range(rewards.shape[1])):
        later = rewards[:, t] + gamma * later
        returns[:, t] = later
    return returns


def _whole(rewards, gamma):
    totals = _discounted(rewards, gamma).sum(axis=1, keepdims=True)
    return np.tile(totals, rewards.shape[1])


def _later_only(rewards, gamma):
    return to_go(_discounted(rewards, gamma)) - _discounted(rewards, gamma)


def _not_reset(rewards, gamma):
    returns, later = np.zeros_like(rewards), 0.0
    for episode, paid in enumerate(rewards):
        for t in reversed(range(len(paid))):
            later = paid[t] + gamma * later
            returns[episode, t] = later
    return returns


def _centered(axis):
    def weights_of(rewards, gamma):
        weights = to_go(_discounted(rewards, gamma))
        return weights - weights.mean(axis=axis, keepdims=True)

    return weights_of


def _only(kept):
    """The right weights on one step, zeros on the others."""

    def weights_of(rewards, gamma):
        steps = np.arange(rewards.shape[1])
        return to_go(_discounted(rewards, gamma)) * (steps == steps[kept])

    return weights_of


# What is standardized, over what (an axis), and by which deviation (its ddof).
_STANDARDIZED = {
    "the weights are": lambda rewards, gamma, normal: normal(_right(rewards, gamma)),
    "gamma^t is missing, and the returns G_t are": lambda rewards, gamma, normal: normal(
        _from_its_step(rewards, gamma)
    ),
    "before gamma^t is applied, the returns G_t are": lambda rewards, gamma, normal: _discounted(
        normal(_from_its_step(rewards, gamma)), gamma
    ),
}
_OVER = {
    "over the batch. That changes the gradient's direction and length": None,
    "within each episode. Its mean and deviation depend on its own actions, which biases the "
    "gradient": 1,
}
_BY = {"": 0, " (dividing by n - 1)": 1}


def _standardized(weights_of, axis, ddof):
    def normal(numbers):
        return standardized(numbers, axis, ddof)

    return lambda rewards, gamma: weights_of(rewards, gamma, normal)


# Each stands under its own hint.
_STANDARDIZED_WEIGHTS = {
    f"{what} standardized{by} {over}: leave them in units of reward.": _standardized(
        weights_of, axis, ddof
    )
    for what, weights_of in _STANDARDIZED.items()
    for over, axis in _OVER.items()
    for by, ddof in _BY.items()
}

_WRONG_WEIGHTS = {
    "first step only": _only(0),
    "last step only": _only(-1),
    "last step left out": lambda rewards, gamma: _right(rewards, gamma) - _only(-1)(rewards, gamma),
    "final reward only": lambda rewards, gamma: _right(
        rewards * (_only(-1)(1 + 0 * rewards, 1) > 0), gamma
    ),
    "whole return": _whole,
    "whole return, undiscounted": lambda rewards, gamma: _whole(rewards, 1.0),
    "whole return times gamma^t": lambda rewards, gamma: _discounted(_whole(rewards, gamma), gamma),
    "past rewards": lambda rewards, gamma: _discounted(rewards, gamma).cumsum(axis=1),
    "own reward dropped": _later_only,
    "immediate reward": _discounted,
    "gamma^t dropped": _from_its_step,
    "loss without gamma^t": lambda rewards, gamma: -_from_its_step(rewards, gamma),
    "mean without gamma^t": lambda rewards, gamma: (
        _from_its_step(rewards, gamma) / rewards.shape[1]
    ),
    "discounted twice": lambda rewards, gamma: _discounted(
        to_go(_discounted(rewards, gamma)), gamma
    ),
    "discounted within G_t, too": lambda rewards, gamma: _from_its_step(
        _discounted(rewards, gamma), gamma
    ),
    "discounted three times": lambda rewards, gamma: _discounted(
        _from_its_step(_discounted(rewards, gamma), gamma), gamma
    ),
    "gamma on the own reward": lambda rewards, gamma: gamma * to_go(_discounted(rewards, gamma)),
    "gamma ignored": lambda rewards, gamma: to_go(rewards),
    "undiscounted sum times gamma^t": lambda rewards, gamma: _discounted(to_go(rewards), gamma),
    "mean of the batch": _centered(None),
    "mean of the step": _centered(0),
    **_STANDARDIZED_WEIGHTS,
    "not reset": lambda rewards, gamma: _discounted(_not_reset(rewards, gamma), gamma),
    "not reset, gamma^t dropped": _not_reset,
    "sum over the episodes' axis": lambda rewards, gamma: np.flip(
        np.flip(_discounted(rewards, gamma), axis=0).cumsum(axis=0), axis=0
    ),
}


def _every_episode_once(rewards_of, num_actions, num_steps):
    """All action sequences; the state is the number of steps taken so far."""
    actions = np.array(list(product(range(num_actions), repeat=num_steps)))
    states = np.tile(np.arange(num_steps), (len(actions), 1))
    return states, actions, np.array([rewards_of(row) for row in actions], dtype=float)


def _enumerated(logits, episodes, gamma, what) -> Case:
    """All episodes, each once: the mean over them is the exact gradient."""
    states, actions, rewards = episodes

    def objective(moved):
        probs = softmax_policy(moved)[states, actions].prod(axis=1)
        return probs @ _discounted(rewards, gamma).sum(axis=1)

    return Case(
        {
            "logits": logits,
            "states": states,
            "actions": actions,
            "rewards": rewards,
            "gamma": gamma,
        },
        by_finite_differences(objective, logits),
        f"{what}, each equally likely: the mean is the exact gradient of J, "
        "found by finite differences.",
    )


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
                "logits": np.zeros((3, 2)),
                "states": np.array([[0, 1, 0], [2, 0, 1]]),
                "actions": np.array([[1, 0, 1], [0, 1, 1]]),
                "rewards": np.array([[2.0, 3.0, 7.0], [4.0, 0.0, 5.0]]),
                "gamma": 0.1,
            },
            [[-0.6225, 0.6225], [0.08, -0.08], [1.0125, -1.0125]],
            "weights 2.37, .37, .07 and 4.05, .05, .05; each score is +1/2 for the action taken "
            "and -1/2 for the other. State 0: action 1 has 2.37 + .07 + .05 = 2.49. State 1: "
            "action 0 has .37, action 1 .05. State 2: action 0 has 4.05. Divided by 2 episodes.",
        ),
        Case(
            {
                "logits": np.log(np.array([[3.0, 1.0], [1.0, 4.0]])),
                "states": np.array([[0, 1], [1, 0]]),
                "actions": np.array([[0, 1], [1, 1]]),
                "rewards": np.array([[1.0, 2.0], [0.0, 4.0]]),
                "gamma": 0.5,
            },
            [[-0.5, 0.5], [-0.3, 0.3]],
            "pi(.|0) = (3/4, 1/4) and pi(.|1) = (1/5, 4/5); weights 2, 1 and 2, 2. State 0: 2 "
            "times (1/4, -1/4) and 2 times (-3/4, 3/4). State 1: 1 and 2 times (-1/5, 1/5). "
            "Divided by 2 episodes.",
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
                "logits": np.zeros((2, 2)),
                "states": np.array([[1, 0]]),
                "actions": np.array([[0, 1]]),
                "rewards": np.array([[6.0, 8.0]]),
                "gamma": 0.0,
            },
            [[0.0, 0.0], [3.0, -3.0]],
            "at gamma 0 the first reward is all that counts: 6 times (1/2, -1/2).",
        ),
        _enumerated(np.zeros((1, 2)), _TRAP, 0.9, "all 4 episodes of a two-step task"),
        _enumerated(np.zeros((3, 3)), _TREE, 1.0, "all 27 completions"),
        _enumerated(np.zeros((3, 3)), _TREE, 0.8, "all 27 completions"),
    ],
    solutions=[_gradient_by_cumsum, _gradient_by_loop],
    wrong_answers={
        **{name: _weighted(weights_of) for name, weights_of in _WRONG_WEIGHTS.items()},
        **{name: _with_right_weights(wrong) for name, wrong in weighted_scores.MISTAKES.items()},
    },
    hints={
        **weighted_scores.HINTS,
        **{hint: hint for hint in _STANDARDIZED_WEIGHTS},
        "first step only": "only the first step counts here. The gradient is a sum over all "
        "steps of an episode.",
        "last step only": "only the last step counts here. Does each step overwrite the one "
        "before it?",
        "last step left out": "the last step is left out. It has an action and a reward, too.",
        "final reward only": "only the last reward counts. Add up all rewards from t on.",
        "whole return": "right on average, but noisier than asked for: rewards from before step t "
        "cannot depend on its action. Use the rewards from t on.",
        "whole return, undiscounted": "every step has the whole undiscounted return. Use the "
        "rewards from t on, the one of step k times gamma^k.",
        "whole return times gamma^t": "the return is already discounted from the start. Use the "
        "rewards from t on in place of another gamma^t.",
        "past rewards": "you add up the rewards until t. The action at t can only change the "
        "rewards from t on.",
        "own reward dropped": "the reward of step t itself belongs to its reward-to-go.",
        "immediate reward": "the reward of a step is not all that its action does: add the "
        "later ones.",
        "gamma^t dropped": "G_t counts its discount from t. In J, discounted from the start, "
        "step t has the weight gamma^t * G_t. Most code leaves this factor out; the two-step "
        "task shows the sign flip.",
        "loss without gamma^t": "this is the gradient of the usual loss: turn the sign round, "
        "and give step t the weight gamma^t * G_t.",
        "mean without gamma^t": "gamma^t is missing, and the steps are averaged: sum them within "
        "an episode, with the weights gamma^t * G_t.",
        "discounted twice": "gamma^t comes in twice: either discount all rewards from the start, "
        "or multiply G_t by gamma^t.",
        "discounted within G_t, too": "the rewards are discounted from the start, and again from "
        "step t in the sum. Do one: plain sums of discounted rewards, or gamma^t * G_t.",
        "discounted three times": "the rewards are discounted from the start, then again in "
        "G_t = r_t + gamma * G_(t+1), and gamma^t comes a third time. G_t takes the plain rewards.",
        "gamma on the own reward": "one gamma too many: G_t = r_t + gamma * G_(t+1), and the "
        "first step has the weight G_0.",
        "gamma ignored": "gamma is not used: a reward at step k has the weight gamma^k in J.",
        "undiscounted sum times gamma^t": "gamma^t stands before a sum that is not discounted: "
        "within G_t, too, each later step costs one gamma.",
        "mean of the batch": "the mean over the batch is subtracted. It contains the episode's "
        "own return, which biases the gradient; the baseline comes in the next exercise.",
        "mean of the step": "the mean over the episodes is subtracted at each step. It contains "
        "the episode's own return, which shrinks the gradient.",
        "not reset": "the running return goes on from one episode into the next. Set it to 0 "
        "at the start of each episode.",
        "not reset, gamma^t dropped": "the running return goes on into the next episode: set it "
        "to 0 in each. And step t has the weight gamma^t * G_t.",
        "sum over the episodes' axis": "the sum runs over the episodes. Sum over the later steps "
        "of the same episode, axis 1.",
    },
)
