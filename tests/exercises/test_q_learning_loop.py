"""The loop of Q-learning: the truth by another road, other forms, other mistakes."""

import copy
import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
import torch
from gymnasium.wrappers import TimeLimit

from rlnotes.envs.maze import maze_2x3
from rlnotes.envs.table_env import TableEnv
from rlnotes.exact.mdp import optimal_values, q_values
from rlnotes.exercises import catalog
from rlnotes.exercises.q_learning_world import LARGEST, SMALLEST, World, script
from tests.exercises.edits import edited

EXERCISE = catalog()["q_learning_loop"]
FAST = replace(EXERCISE, seconds=0.5)
CORRIDOR = EXERCISE.cases[-1]


def passes(right):
    verdict = EXERCISE.check(right)
    assert verdict.passed, verdict.message


def test_the_last_case_holds_the_exact_action_values():
    env, gamma = CORRIDOR.arguments["env"], CORRIDOR.arguments["gamma"]
    exact = np.zeros_like(CORRIDOR.expected)
    for _ in range(100):
        for state, row in enumerate(env.steps):
            for action, (following, reward) in enumerate(row):
                if state not in env.ends:
                    exact[state, action] = reward + gamma * exact[following].max()
    live = [state not in env.ends for state in range(len(exact))]
    assert np.allclose(exact[live], CORRIDOR.expected[live], atol=1e-12)
    assert (CORRIDOR.expected[~np.array(live)] == CORRIDOR.arguments["initial_value"]).all()


@pytest.mark.parametrize("solution", EXERCISE.solutions)
def test_the_solutions_learn_a_maze_with_a_time_limit_exactly(solution):
    mdp, rng = maze_2x3(), np.random.default_rng(0)
    env = TimeLimit(TableEnv(mdp), max_episode_steps=7)
    table = solution(
        env=env,
        choose=lambda q_row, step: int(rng.integers(4)),
        num_steps=4000,
        alpha=1.0,
        gamma=0.9,
        initial_value=20.0,
    )
    exact = q_values(mdp, optimal_values(mdp, gamma=0.9), gamma=0.9)
    assert np.allclose(np.array(table)[~mdp.terminal], exact[~mdp.terminal], atol=1e-9)


def test_every_kind_of_end_is_met():
    kinds = set()
    for case in EXERCISE.cases:
        env = copy.deepcopy(case.arguments["env"])
        state, _ = env.reset()
        for step in range(case.arguments["num_steps"]):
            row = case.expected[state]
            state, _, terminated, truncated, _ = env.step(case.arguments["choose"](row, step))
            kinds.add((terminated, truncated))
            if terminated or truncated:
                state, _ = env.reset()
    assert kinds == {(False, False), (True, False), (False, True), (True, True)}


WORLD = World((((1, 2.0), (0, -1.0)), ((0, 0.0),) * 2), ends=(1,), starts=(0,), max_steps=2)


def test_the_world_follows_its_table():
    env = copy.deepcopy(WORLD)
    assert env.reset(seed=3, options={}) == (0, {})
    assert env.step(1) == (0, -1.0, False, False, {})
    assert env.step(np.int64(0)) == (1, 2.0, True, True, {})
    assert env.step(0) == (1, 0.0, True, True, {})  # it stays at the end
    assert env.reset() == (0, {})
    assert env.step(1)[3] is False  # the limit counts from the reset
    assert env.step(1) == (0, -1.0, False, True, {})
    assert (env.observation_space.n, env.action_space.n) == (2, 2)


def test_the_episodes_of_a_world_start_in_turn_and_one_without_steps_does_not_count():
    env = replace(WORLD, starts=(0, 1))
    starts = []
    for resets in (1, 3, 1, 1):
        for _ in range(resets):
            state, _ = env.reset()
        starts.append(state)
        env.step(0)
    env.close()
    assert starts == [0, 1, 0, 1]
    assert repr(env).startswith("starts in 0 1, ends in 1")


def test_a_world_that_has_moved_is_still_the_same_world():
    env = copy.deepcopy(WORLD)
    env.reset()
    env.step(0)
    assert env == WORLD
    assert env != replace(WORLD, max_steps=3)


@pytest.mark.parametrize("action", [2, -1, None, 0.5])
def test_the_world_refuses_what_is_no_action(action):
    env = copy.deepcopy(WORLD)
    env.reset()
    with pytest.raises(ValueError, match="action must be below 2, got"):
        env.step(action)


def test_the_world_asks_for_a_reset_first():
    with pytest.raises(ValueError, match="call reset first"):
        copy.deepcopy(WORLD).step(0)


def test_the_behaviours():
    assert [LARGEST([1.0, 3.0, 3.0], 0), SMALLEST(torch.tensor([1.0, 3.0, 0.0]), 5)] == [1, 2]
    assert [script((1, 0, 2))([0.0] * 3, step) for step in range(4)] == [1, 0, 2, 1]
    with pytest.raises(ValueError, match=r"one row of the table, got shape \(2, 2\)"):
        LARGEST(np.zeros((2, 2)), 0)


def test_the_message_shows_the_world_whole():
    for case in EXERCISE.cases:
        assert len(repr(case.arguments["env"])) <= 200
        assert len(repr(case.arguments["choose"])) <= 200
    assert repr(WORLD) == (
        "starts in 0, ends in 1, at most 2 steps; by action: from 0 to 1, r 2 | to 0, r -1"
    )


def with_a_dict(env, choose, num_steps, alpha, gamma, initial_value):
    actions = range(env.action_space.n)
    q = defaultdict(lambda: initial_value)
    state, _ = env.reset()
    for step in range(num_steps):
        action = choose([q[state, a] for a in actions], step)
        following, reward, terminated, truncated, _ = env.step(action)
        best = max(q[following, a] for a in actions)
        error = reward + gamma * best * (not terminated) - q[state, action]
        q[state, action] += alpha * error
        state = env.reset()[0] if truncated or terminated else following
    return [[q[s, a] for a in actions] for s in range(env.observation_space.n)]


def by_recursion(env, choose, num_steps, alpha, gamma, initial_value, q=None, state=None, step=0):
    if q is None:
        q = np.full((env.observation_space.n, env.action_space.n), float(initial_value))
        state = env.reset(seed=1)[0]
    if step == num_steps:
        return q
    action = choose(q[state], step)
    after, reward, terminated, truncated, _ = env.step(action)
    target = reward + (not terminated) * gamma * max(q[after])
    q[state, action] = q[state, action] - alpha * (q[state, action] - target)
    after = env.reset()[0] if terminated or truncated else after
    return by_recursion(env, choose, num_steps, alpha, gamma, initial_value, q, after, step + 1)


def in_torch(env, choose, num_steps, alpha, gamma, initial_value, dtype=torch.float64):
    q = torch.full((env.observation_space.n, env.action_space.n), initial_value, dtype=dtype)
    state, _ = env.reset()
    for step in range(num_steps):
        action = choose(q[state], step)
        after, reward, terminated, truncated, _ = env.step(action)
        target = reward + gamma * torch.where(torch.tensor(terminated), 0.0, q[after].max())
        q[state, action] = torch.lerp(q[state, action], target.to(dtype), alpha)
        state = after
        if truncated or terminated:
            state = env.reset()[0]
    return q


def by_autograd(env, choose, num_steps, alpha, gamma, initial_value):
    """Half the squared error, with a target that has no gradient."""
    shape = (env.observation_space.n, env.action_space.n)
    q = torch.full(shape, initial_value, dtype=torch.float64, requires_grad=True)
    done = True
    for step in range(num_steps):
        state = env.reset()[0] if done else after  # noqa: F821
        action = choose(q[state], step)
        after, reward, terminated, truncated, _ = env.step(action)
        target = reward + gamma * (0.0 if terminated else q[after].max().item())
        loss = 0.5 * (q[state, action] - target) ** 2
        q = (q - alpha * torch.autograd.grad(loss, q)[0]).detach().requires_grad_()
        done = terminated or truncated
    return q


def as_a_class(**given):
    class Learner:
        def __init__(self, env, initial_value):
            self.q = [[initial_value for _ in range(env.action_space.n)] for _ in env.steps]

        def learn(self, s, a, r, after, terminated, alpha, gamma):
            best = 0 if terminated else sorted(self.q[after])[-1]
            self.q[s][a] += alpha * (r + gamma * best - self.q[s][a])

    env, learner = given["env"], Learner(given["env"], given["initial_value"])
    step = 0
    while True:
        s, _ = env.reset()
        while True:
            if step == given["num_steps"]:
                return learner.q
            a = given["choose"](q_row=learner.q[s], step=step)
            after, r, terminated, truncated, _ = env.step(a)
            learner.learn(s, a, r, after, terminated, given["alpha"], given["gamma"])
            s, step = after, step + 1
            if terminated or truncated:
                break


def with_masked_ends(env, choose, num_steps, alpha, gamma, initial_value):
    """Zeros in the rows of ends while it learns; the start's numbers at the end."""
    q = np.full((env.observation_space.n, env.action_space.n), initial_value)
    q[list(env.ends)] = 0.0
    state, _ = env.reset()
    for step in range(num_steps):
        action = choose(q[state], step)
        after, reward, terminated, truncated, _ = env.step(action)
        q[state, action] += alpha * (reward + gamma * q[after].max() - q[state, action])
        state = env.reset()[0] if terminated or truncated else after
    q[list(env.ends)] = initial_value
    return q


def with_resets_to_spare(env, choose, num_steps, alpha, gamma, initial_value):
    """A second reset is a waste, and no mistake; so is a close at the end."""
    q = np.full((env.observation_space.n, env.action_space.n), float(initial_value))
    env.reset()
    state, _ = env.reset()
    for step in range(num_steps):
        action = choose(q[state], step)
        after, reward, terminated, truncated, _ = env.step(action)
        target = reward + gamma * q[after].max() * (1 - terminated)
        q[state, action] = (1 - alpha) * q[state, action] + alpha * target
        state = after
        if terminated or truncated:
            env.reset()
            state, _ = env.reset()
    env.close()
    return q


def in_float32(env, choose, num_steps, alpha, gamma, initial_value):
    return in_torch(env, choose, num_steps, alpha, gamma, initial_value, dtype=torch.float32)


OTHER_FORMS = [
    with_a_dict,
    by_recursion,
    in_torch,
    in_float32,
    by_autograd,
    as_a_class,
    with_masked_ends,
    with_resets_to_spare,
    lambda **given: tuple(map(tuple, with_a_dict(**given))),
    lambda **given: (torch.tensor(row) for row in with_a_dict(**given)),
    lambda **given: dict(enumerate(with_a_dict(**given))).values(),
    lambda **given: np.float16(with_a_dict(**given)),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("right", OTHER_FORMS)
def test_other_right_forms_pass(right):
    passes(right)


LOOP = """
def q_learning_loop(env, choose, num_steps, alpha, gamma, initial_value):
    q = np.full((env.observation_space.n, env.action_space.n), initial_value)
    state, _ = env.reset()
    for step in range(num_steps):
        action = choose(q[state], step)
        next_state, reward, terminated, truncated, _ = env.step(action)
        best = 0.0 if terminated else q[next_state].max()
        target = reward + gamma * best
        q[state, action] += alpha * (target - q[state, action])
        state = next_state
        if terminated or truncated:
            state, _ = env.reset()
    return q
"""
EPISODES = """
def q_learning_loop(env, choose, num_steps, alpha, gamma, initial_value):
    num_states, num_actions = env.observation_space.n, env.action_space.n
    q = [[initial_value] * num_actions for _ in range(num_states)]
    step = 0
    while step < num_steps:
        state, done = env.reset()[0], False
        while not done and step < num_steps:
            action = choose(q[state], step)
            next_state, reward, terminated, truncated, _ = env.step(action)
            target = reward
            if not terminated:
                target += gamma * max(q[next_state])
            q[state][action] = (1 - alpha) * q[state][action] + alpha * target
            state, done = next_state, terminated or truncated
            step += 1
    return q
"""
BEST, OVER = "0.0 if terminated else q[next_state].max()", "if terminated or truncated:"
RESET = "            state, _ = env.reset()"
CHANGE = "alpha * (target - q[state, action])"
UPDATE = f"        q[state, action] += {CHANGE}\n"
ONWARD = f"        state = next_state\n        {OVER}\n{RESET}\n"
CHOOSE, TABLE = "choose(q[state], step)", "(env.observation_space.n, env.action_space.n)"


def test_the_edited_answers_are_right_before_they_are_edited():
    passes(edited(LOOP))
    passes(edited(EPISODES))


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        (BEST, "q[next_state].max()", "the value behind an end is counted"),
        (BEST, "0.0 if terminated or truncated else q[next_state].max()", "behind a trunc"),
        (BEST, "0.0 if truncated else q[next_state].max()", "the two flags are exchanged"),
        (BEST, "0.0 if terminated and not truncated else q[next_state].max()", "may have both"),
        (BEST, "0.0 if terminated and reward > 0 else q[next_state].max()", "told from the rew"),
        (BEST, "0.0 if terminated and reward >= 0 else q[next_state].max()", ""),
        (BEST, "0.0 if terminated else q[next_state].sum()", "the next row is added up"),
        (BEST, "0.0 if terminated else q[next_state][0]", "that of action 0"),
        (BEST, "0.0 if terminated else q[next_state][-1]", "that of the last action"),
        (BEST, "0.0 if terminated else max(q[next_state][0], q[next_state][1])", "first two"),
        (BEST, "0.0 if terminated else q[next_state, choose(q[next_state], step)]", "what choose"),
        (BEST, "0.0 if terminated else q[0 if truncated else next_state].max()", "of state 0"),
        (BEST, "0.0 if terminated else q[state if truncated else next_state].max()", "old state"),
        (
            BEST,
            "0.0 if terminated else q[next_state].max() / (gamma or 1 if truncated else 1)",
            "behind a truncation the value is not discounted",
        ),
        (BEST, "initial_value if terminated else q[next_state].max()", ""),
        (BEST, "0.0 if terminated else q[state].max()", "the row of the old state"),
        (BEST, "0.0 if terminated else q[next_state, action]", "that of the same action"),
        (BEST, "0.0 if terminated else q[next_state].mean()", "the mean of the next row"),
        (BEST, "0.0 if terminated else q[next_state].argmax()", "argmax is the place"),
        (BEST, "0.0 if terminated else abs(q[next_state]).max()", "the largest size"),
        (BEST, "0.0 if terminated else max(0, *q[next_state])", "sought from 0 on"),
        (BEST, "0.0 if terminated else q.max()", "the whole table"),
        (
            BEST,
            "0.0 if terminated else q[next_state, choose(q[next_state], step + 1)]",
            "that is SARSA",
        ),
        (OVER, "if terminated:", "after a truncation the loop goes on"),
        (OVER, "if truncated:", "after a termination the loop goes on"),
        (OVER, "if terminated and truncated:", "after a termination the loop goes on"),
        (OVER, "if not (terminated or truncated):", ""),
        (RESET, "            env.reset()", "its state is not used"),
        (RESET, "            break", "stops at the end of the first episode"),
        (RESET, "            state = env.reset()", ""),
        (RESET, "            env.reset()\n            state = 0", "the state is called 0"),
        (
            RESET,
            f"{RESET}\n            if not terminated:\n                state = next_state",
            "but",
        ),
        (OVER, "if terminated ^ truncated:", "a step with both flags"),
        (RESET, "            state = 0", "at an end the state is set to 0"),
        ("        state = next_state\n", "", "stays the same within an episode"),
        (UPDATE + ONWARD, ONWARD + UPDATE, "before the update"),
        (UPDATE, f"        state = next_state\n{UPDATE}", "the entry of the next state"),
        (
            "best =",
            f"{OVER}\n            next_state = env.reset()[0]\n        best =",
            "before the",
        ),
        (CHANGE, "alpha * target - q[state, action]", "the share 1 - alpha of the old value"),
        (CHANGE, "alpha * target", "the old value is missing in the error"),
        (CHANGE, "alpha * (q[state, action] - target)", "away from the target"),
        (CHANGE, "target - q[state, action]", "becomes the target itself"),
        (CHANGE, "alpha * (target - q[state, action]) / (step + 1)", ""),
        (CHANGE, "alpha * (target - q[state].max())", ""),
        ("q[state, action] +=", "q[state] +=", "the whole row"),
        ("q[state, action] +=", "q[state, action] =", "the entry becomes the change"),
        ("gamma * best", "best", "not discounted"),
        ("gamma * best", "gamma ** (step + 1) * best", ""),
        ("reward + gamma * best", "gamma * (reward + best)", "before the reward, too"),
        ("reward + gamma * best", "max(reward, gamma * best)", ""),
        (CHOOSE, "choose(q[state], 0)", "step 0 every time"),
        (CHOOSE, "choose(q[0], step)", ""),
        ("range(num_steps)", "range(1, num_steps)", "counted from 1, and there is one too few"),
        (
            UPDATE + ONWARD,
            f"        state_before, state = state, next_state\n        {OVER}\n{RESET}\n"
            "            state_before = state\n"
            "        q[state_before, action] += alpha * (target - q[state_before, action])\n",
            "the entry of the new start",
        ),
        (
            "best = 0.0 if terminated else q[next_state].max()",
            "best = q[next_state].max()",
            "the value behind an end",
        ),
        (
            f"{BEST}\n        target = reward + gamma * best\n{UPDATE}",
            f"q[next_state].max()\n        target = reward + gamma * best\n{UPDATE}"
            "        if terminated:\n            q[next_state] = 0.0\n",
            "set to 0 after the first visit",
        ),
        (
            f"{BEST}\n        target = reward + gamma * best\n{UPDATE}{ONWARD}",
            "0.0\n        upcoming = env.reset()[0] if terminated or truncated else next_state\n"
            f"        target = reward + gamma * q[upcoming].max()\n{UPDATE}"
            "        state = upcoming\n",
            "at both kinds of ends",
        ),
        (CHOOSE, "choose(-q[state], step)", ""),
        (CHOOSE, "choose(q, step)", ""),
        (CHOOSE, "q[state].argmax()", "whatever choose says"),
        (CHOOSE, "step % env.action_space.n", ""),
        ("range(num_steps)", "range(1, num_steps + 1)", "counted from 1"),
        ("range(num_steps)", "range(num_steps - 1)", "one step too few"),
        ("range(num_steps)", "range(num_steps + 1)", "one step too many"),
        (f"np.full({TABLE}, initial_value)", f"np.zeros({TABLE})", "Start at initial_value"),
        (TABLE, "(env.action_space.n, env.observation_space.n)", ""),
        ("initial_value)\n    state", "initial_value, dtype=int)\n    state", "cut to integers"),
        ("    return q", "        return q", "the return stands inside"),
        ("    return q", "    return q.argmax(axis=1)", "the best action of each state"),
        ("    return q", "    return q[:-1]", ""),
    ],
)
def test_an_edited_loop_is_refused(old, new, hint):
    verdict = FAST.check(edited(LOOP, old, new))
    assert not verdict.passed
    assert hint in verdict.message.partition("Hint")[2]


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("while not done and step < num_steps:", "while not done:", "played to its end"),
        ("next_state, terminated or truncated", "next_state, terminated", "after a truncation"),
        ("next_state, terminated or truncated", "next_state, truncated", "after a termination"),
        ("if not terminated:", "if not (terminated or truncated):", "behind a truncation is left"),
        (
            "[[initial_value] * num_actions for _ in range(num_states)]",
            "[[initial_value] * num_actions] * num_states",
            "are they the same list",
        ),
        (
            "(1 - alpha) * q[state][action] + alpha * target",
            "alpha * q[state][action] + (1 - alpha) * target",
            "exchanged",
        ),
        ("            step += 1\n", "        step += 1\n", ""),
        ("            step += 1\n", "            step += 1 + done\n", "Only env.step is one"),
        ("            step += 1\n", "", ""),
        (
            "        state, done = env.reset()[0], False\n",
            "        state, done = 0, False\n        env.reset()\n",
            "an episode is taken to start in state 0",
        ),
        ("            state, done = next_state,", "            done =", "stays the same"),
        ("max(q[next_state])", "sum(q[next_state])", ""),
    ],
)
def test_edited_episodes_are_refused(old, new, hint):
    verdict = FAST.check(edited(EPISODES, old, new))
    assert not verdict.passed
    assert hint in verdict.message.partition("Hint")[2]


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (lambda **given: None, "Is a return missing?"),
        (lambda **given: "much", "could not read your answer"),
        (lambda **given: 1.0, "expected an array of shape (3, 2), got shape ()"),
        (lambda **given: {(0, 0): 1.0}, "could not read your answer"),
        (lambda **given: (with_a_dict(**given), 0), "could not read your answer"),
        (lambda **given: np.array(with_a_dict(**given)).T, "rows and columns are exchanged"),
        (lambda **given: np.full((3, 2), math.nan), "nan"),
        (lambda env, **_: env.step(0), "call reset first"),
        (lambda env, choose, **_: choose(0.0, 0), "one row of the table"),
        (lambda env, policy: 0, "Keep the argument names of the exercise."),
    ],
)
def test_strange_answers_are_refused_with_a_sentence(candidate, message):
    verdict = FAST.check(candidate)
    assert not verdict.passed
    assert message in verdict.message
