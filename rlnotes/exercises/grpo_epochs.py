"""Exercise: several epochs on one group of answers, with PPO's clip, on a table."""

import numpy as np
import torch

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.grpo_epochs_hints import HINTS
from rlnotes.exercises.grpo_epochs_mistakes import MISTAKES
from rlnotes.exercises.grpo_epochs_steps import epochs
from rlnotes.functional.policy_gradients import ppo_clip_loss


def _epochs_by_loops(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
    old = logits - np.logaddexp.reduce(logits)
    for _ in range(num_epochs):
        new = logits - np.logaddexp.reduce(logits)
        change = np.zeros(len(logits))
        for answer, reward in zip(answers, rewards, strict=True):
            advantage = reward - sum(rewards) / len(rewards)
            ratio = np.exp(new[answer] - old[answer])
            kept = max(1 - clip_epsilon, min(ratio, 1 + clip_epsilon))
            if kept * advantage < ratio * advantage:
                continue
            change[answer] += ratio * advantage
            change -= ratio * advantage * np.exp(new)
        logits = logits + learning_rate * change / len(answers)
    return logits


def _by_autograd(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
    """The same climb with the package's loss and torch's derivative of it."""
    logits, places = torch.tensor(logits), torch.tensor(answers)
    advantages = torch.tensor(rewards - np.mean(rewards))
    old_log_probs = logits.log_softmax(dim=0)[places]
    for _ in range(num_epochs):
        leaf = logits.clone().requires_grad_()
        log_probs = leaf.log_softmax(dim=0)[places]
        loss = ppo_clip_loss(log_probs, old_log_probs, advantages, clip_epsilon=clip_epsilon)
        logits = logits - learning_rate * torch.autograd.grad(loss, leaf)[0]
    return logits.numpy()


def _case(logits, answers, rewards, settings, expected, reason) -> Case:
    """A case; the settings are num_epochs, clip_epsilon, learning_rate.

    Where no number worked by hand is expected, it is the climb by autograd.
    """
    arguments = {
        "logits": np.array(logits, dtype=float),
        "answers": np.array(answers),
        "rewards": np.array(rewards, dtype=float),
        "num_epochs": settings[0],
        "clip_epsilon": settings[1],
        "learning_rate": settings[2],
    }
    return Case(arguments, _by_autograd(**arguments) if expected is None else expected, reason)


_LOG_2 = float(np.log(2))
_BAD_ROSE, _GOOD_FELL = np.log([128, 66, 1]), np.log([32, 1, 32])

EXERCISE = Exercise(
    name="grpo_epochs",
    cases=[
        _case(
            logits=[0.0, 0.0],
            answers=[0, 1],
            rewards=[1, 0],
            settings=(3, 0.5, 2 * _LOG_2),
            expected=[17 / 18 * _LOG_2, -17 / 18 * _LOG_2],
            reason="the learning rate is 2 log 2, the advantages are 1/2 and -1/2. The first step "
            "moves each logit by 2 log 2 * 1/4, so the probabilities are 2/3 and 1/3, the ratios "
            "4/3 and 2/3, both within 1/2 and 3/2. The second gradient is 2/9 and -2/9, a move of "
            "4/9 log 2. Then the ratios are 1.57 and 0.43, both on the flat side: no third move.",
        ),
        _case(
            logits=[0.5, -1.0, 2.0],
            answers=[0, 0, 1, 2],
            rewards=[3, 1, 0, 0],
            settings=(1, 0.2, 4.0),
            expected=[2.5, -2.0, 1.0],
            reason="the advantages are 2, 0, -1 and -1. At ratio 1 the parts with -pi add up to 0, "
            "as the advantages do: the logits move by 4 / 4 times the sum of the advantages of "
            "each answer. The first answer was drawn twice.",
        ),
        _case(
            logits=_BAD_ROSE,
            answers=[0, 1, 2],
            rewards=[0, 2, 7],
            settings=(2, 0.2, 3 * _LOG_2),
            expected=_BAD_ROSE + _LOG_2 * np.array([-3 + 24 / 65, -1 - 48 / 65, 4 + 24 / 65]),
            reason="the learning rate is 3 log 2, the advantages are -3, -1 and 4, and the logits "
            "move by log 2 times them. The probabilities were 128, 66 and 1 in 195, and are 16, 33 "
            "and 16 in 65: the ratios are 3/8, 3/2 and 48. The first and the last are on the flat "
            "side. The second is a bad answer that became likelier: it goes on to be pushed down, "
            "by log 2 * 3/2 * (e - pi).",
        ),
        _case(
            logits=_GOOD_FELL,
            answers=[0, 1, 2],
            rewards=[6, 4, -1],
            settings=(2, 0.4, 3 * _LOG_2),
            expected=_GOOD_FELL + _LOG_2 * np.array([3 - 64 / 130, 1 + 129 / 260, -4 - 1 / 260]),
            reason="the learning rate is 3 log 2, the advantages are 3, 1 and -4. The "
            "probabilities were 32, 1 and 32 in 65, and are 128, 1 and 1 in 130: the ratios are 2, "
            "1/2 and 1/64. The second is a good answer that became less likely: it alone goes on "
            "to be pushed, up, by log 2 * 1/2 * (e - pi).",
        ),
        _case(
            logits=[1000.0, 1000.0, 280.0],
            answers=[1, 0],
            rewards=[4, 0],
            settings=(4, 0.2, 0.5),
            expected=[999.5, 1000.5, 280.0],
            reason="the advantages are 2 and -2, the first gradient is -1 and 1. After that step "
            "the ratios are 1.46 and 0.54, both on the flat side. exp(1000) is infinite: subtract "
            "the largest logit first.",
        ),
        _case(
            logits=[1.0, 0.0, -1.0],
            answers=[2, 0, 2],
            rewards=[0.5, 0.5, 0.5],
            settings=(2, 0.2, 1.0),
            expected=[1.0, 0.0, -1.0],
            reason="three equal rewards: all advantages are 0, and nothing moves.",
        ),
        _case(
            logits=[0.3, -0.2, 0.0, 0.8],
            answers=[3, 1, 0, 1, 3, 2],
            rewards=[1, 0, 0.5, 1, 0, 0.2],
            settings=(6, 0.2, 3.0),
            expected=None,
            reason="six epochs by automatic differentiation of -ppo_clip_loss.",
        ),
        _case(
            logits=[0.0, 1.0, -0.5, 0.5],
            answers=[0, 1, 2, 3, 1],
            rewards=[1, 0, 0, 0.6, 1],
            settings=(5, 0.1, 0.9),
            expected=None,
            reason="five epochs by automatic differentiation of -ppo_clip_loss.",
        ),
    ],
    solutions=[epochs, _epochs_by_loops],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
