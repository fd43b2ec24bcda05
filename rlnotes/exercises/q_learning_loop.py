"""Exercise: the loop of Q-learning, over episodes that end and that are cut."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.q_learning_loop_hints import HINTS
from rlnotes.exercises.q_learning_loop_mistakes import MISTAKES
from rlnotes.exercises.q_learning_loop_parts import q_table
from rlnotes.exercises.q_learning_world import LARGEST, SMALLEST, Choice, World, script


def _table_by_episodes(env, choose, num_steps, alpha, gamma, initial_value):
    num_states, num_actions = env.observation_space.n, env.action_space.n
    q = [[initial_value] * num_actions for _ in range(num_states)]
    taken = 0
    while taken < num_steps:
        (state, _), over = env.reset(), False
        while taken < num_steps and not over:
            action = choose(q[state], taken)
            following, reward, terminated, truncated, _ = env.step(action)
            target = reward + gamma * (0.0 if terminated else max(q[following]))
            q[state][action] = (1 - alpha) * q[state][action] + alpha * target
            state, over, taken = following, terminated or truncated, taken + 1
    return q


_END = ((0, 0.0),) * 2
_TWO_STATES = World(
    (((0, 1.0), (1, 0.0)), ((0, -1.0), (2, 6.0)), _END), (2,), starts=(0,), max_steps=4
)
_CORRIDOR = World(
    steps=(((0, -1.0), (1, 2.0)), ((0, 1.0), (2, 0.0)), ((1, 0.0), (3, 8.0)), _END),
    ends=(3,),
    starts=(0,),
    max_steps=5,
)


def _case(
    env: World,
    choose: Choice,
    num_steps: int,
    alpha: float,
    gamma: float,
    initial_value: float,
    expected: list,
    reason: str,
) -> Case:
    arguments = {
        "env": env,
        "choose": choose,
        "num_steps": num_steps,
        "alpha": alpha,
        "gamma": gamma,
        "initial_value": initial_value,
    }
    return Case(arguments, np.array(expected), reason)


EXERCISE = Exercise(
    name="q_learning_loop",
    cases=[
        _case(
            World(
                (((1, 0.0), (0, 2.0)), ((0, 1.0), (2, 4.0)), _END), (2,), starts=(0,), max_steps=9
            ),
            script((0, 1, 1)),
            num_steps=3,
            alpha=0.5,
            gamma=0.5,
            initial_value=8.0,
            expected=[[6.0, 7.0], [8.0, 6.0], [8.0, 8.0]],
            reason="step 0: the target is 0 + .5 * 8 = 4, so 6. Step 1 terminates: the target is "
            "4, so 6. After a reset step 2 is in state 0 again: 2 + .5 * max(6, 8) = 6, so 7.",
        ),
        _case(
            World(
                (((1, 3.0), (2, 5.0)), ((0, 1.0), (2, -2.0)), ((0, 0.0), (3, 2.0)), _END),
                ends=(3,),
                starts=(1, 2, 0),
                max_steps=2,
            ),
            script((1, 1, 0, 1, 1, 0)),
            num_steps=6,
            alpha=0.5,
            gamma=0.5,
            initial_value=4.0,
            expected=[[4.0, 5.875], [4.0, 2.0], [2.96875, 3.0], [4.0, 4.0]],
            reason="the episodes start in 1, 2 and 0. The first terminates in its last step, the "
            "others are cut: 5 + .5 * 3 in step 3, where state 2 goes on, 0 + .5 * 5.875 in step "
            "5.",
        ),
        _case(
            World(
                (
                    ((0, 0.0),) * 3,
                    ((0, -2.0), (1, -1.0), (2, 1.0)),
                    ((0, 6.0), (1, 0.0), (2, 3.0)),
                ),
                ends=(0,),
                starts=(1,),
                max_steps=2,
            ),
            script((2, 0, 0, 1)),
            num_steps=4,
            alpha=0.25,
            gamma=1.0,
            initial_value=8.0,
            expected=[[8.0, 8.0, 8.0], [5.5, 7.8125, 8.25], [7.5, 8.0, 8.0]],
            reason="step 1 terminates and is truncated at once: its target is 6, so 8 - 2 / 4. "
            "Step 2 terminates: 8 - 10 / 4. Step 3 stays in state 1: -1 + 8.25, so 8 - .75 / 4.",
        ),
        _case(
            _TWO_STATES,
            LARGEST,
            num_steps=7,
            alpha=0.5,
            gamma=0.5,
            initial_value=4.0,
            expected=[[2.84375, 2.5], [2.375, 5.0], [4.0, 4.0]],
            reason="the actions are 0 1 0 0, and after the cut 0 1 1. What is tried sinks, and "
            "then another entry of the row is the largest: 3.5, 3, 2.375, 3.125, 2.84375, 2.5, 5.",
        ),
        _case(
            _TWO_STATES,
            SMALLEST,
            num_steps=3,
            alpha=1.0,
            gamma=0.5,
            initial_value=-4.0,
            expected=[[-1.0, -2.0], [-1.5, -4.0], [-4.0, -4.0]],
            reason="at alpha = 1 the entry becomes the target: 1 - .5 * 4, then 0 - .5 * 4, then "
            "-1 - .5 * 1, where -1 is the largest of -1 and -2.",
        ),
        _case(
            _CORRIDOR,
            script((1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1)),
            num_steps=48,
            alpha=1.0,
            gamma=0.5,
            initial_value=16.0,
            expected=[[1.0, 4.0], [3.0, 4.0], [2.0, 8.0], [16.0, 16.0]],
            reason="each action is tried again and again, and nothing is random: at alpha = 1 the "
            "table reaches Q*. The row of the end stays as it was.",
        ),
    ],
    solutions=[q_table, _table_by_episodes],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
