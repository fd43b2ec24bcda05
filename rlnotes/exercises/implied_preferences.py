"""Exercise: the preferences that a policy stands for, from differences of rewards."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.implied_preference_mistakes import HINTS, MISTAKES, preferences


def _preferences_by_loops(policy, reference, beta):
    num_prompts, num_answers = policy.shape
    answer = np.zeros((num_prompts, num_answers, num_answers))
    for prompt in range(num_prompts):
        odds = (policy[prompt] / reference[prompt]) ** beta
        for i in range(num_answers):
            for j in range(num_answers):
                answer[prompt, i, j] = odds[i] / (odds[i] + odds[j])
    return answer


def _case(policy, reference, beta, odds, reason) -> Case:
    """A case from the odds exp(reward) of each answer, up to a factor per prompt."""
    odds = np.array(odds, dtype=float)
    return Case(
        {"policy": np.array(policy), "reference": np.array(reference), "beta": beta},
        odds[:, :, None] / (odds[:, :, None] + odds[:, None, :]),
        reason,
    )


EXERCISE = Exercise(
    name="implied_preferences",
    cases=[
        _case(
            policy=[[0.5, 0.25, 0.25], [0.6, 0.3, 0.1]],
            reference=[[0.25, 0.5, 0.25], [0.2, 0.2, 0.6]],
            beta=2.0,
            odds=[[4, 1 / 4, 1], [9, 9 / 4, 1 / 36]],
            reason="the ratios policy / reference are 2, 1/2, 1 and 3, 3/2, 1/6. The rewards are "
            "2 log of them, so an answer beats another with odds of squared ratios: 4 to 1/4 is "
            "16/17, 4 to 1 is 4/5; for the second prompt 9 to 9/4 is 4/5, 9 to 1/36 is 324/325. "
            "An answer against itself wins half the time.",
        ),
        _case(
            policy=[[0.4, 0.2, 0.1, 0.3]],
            reference=[[0.1, 0.2, 0.4, 0.3]],
            beta=0.5,
            odds=[[2, 1, 1 / 2, 1]],
            reason="the ratios are 4, 1, 1/4, 1, and their roots 2, 1, 1/2, 1: the first answer "
            "beats the others with 2/3, 4/5 and 2/3.",
        ),
        _case(
            policy=[[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]],
            reference=[[0.9, 0.1], [0.9, 0.1], [0.5, 0.5]],
            beta=1.0,
            odds=[[1, 1], [5 / 9, 5], [2 / 5, 8 / 5]],
            reason="where the policy is the reference all rewards are equal, however likely the "
            "answers: 1/2. Two equally likely answers are not equally good if the reference has "
            "one nine times as likely: the other wins with 9/10. The last: 4 to 1.",
        ),
        _case(
            policy=[[1 - 1e-12, 1e-12]],
            reference=[[0.5, 0.5]],
            beta=0.25,
            odds=[[1000, 1]],
            reason="the policy is 1 - 1e-12 and 1e-12: the first ratio is 1e12 times the second, "
            "nearly, and the fourth root of that is 1000. So the first answer wins with 1000/1001. "
            "A small number added to the probabilities would be seen.",
        ),
    ],
    solutions=[preferences, _preferences_by_loops],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
