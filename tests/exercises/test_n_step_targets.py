"""Targets of several steps: the truth by another road, other forms, other mistakes."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from rlnotes.data.n_step_window import NStepWindow
from rlnotes.exercises import catalog
from rlnotes.functional.returns import n_step_returns
from tests.exercises.edits import edited

EXERCISE = catalog()["n_step_targets"]


def passes(right):
    verdict = EXERCISE.check(right)
    assert verdict.passed, verdict.message


def drawn(seed):
    """A record with ends of both kinds, a few with both flags, and any n."""
    rng = np.random.default_rng(seed)
    steps = int(rng.integers(1, 12))
    return {
        "rewards": rng.normal(size=steps),
        "next_values": rng.normal(size=steps),
        "terminated": rng.random(steps) < 0.3,
        "truncated": rng.random(steps) < 0.3,
        "n": int(rng.integers(1, 6)),
        "gamma": float(rng.choice([0.0, 0.5, 0.9, 1.0])),
    }


def by_the_package(n, gamma, **arrays):
    return n_step_returns(*map(torch.from_numpy, arrays.values()), gamma=gamma, n=n).numpy()


def by_the_window(rewards, next_values, terminated, truncated, n, gamma):
    """From the transitions that a replay buffer would get."""
    window, targets = NStepWindow(n, gamma=gamma), {}
    cut = truncated | (np.arange(len(rewards)) == len(rewards) - 1)
    for t, reward in enumerate(rewards):
        flags = {"terminated": bool(terminated[t]), "truncated": bool(cut[t])}
        for start, _, total, end, over, k in window.push(t, 0, float(reward), t, **flags):
            targets[start] = total + (0.0 if over else gamma**k * next_values[end])
    return [targets[t] for t in range(len(rewards))]


@pytest.mark.parametrize("right", [by_the_package, by_the_window])
def test_the_package_passes(right):
    passes(right)


@pytest.mark.parametrize("seed", range(20))
def test_the_solutions_agree_with_the_package_on_drawn_records(seed):
    record = drawn(seed)
    for solution in EXERCISE.solutions:
        assert np.allclose(solution(**record), by_the_package(**record), atol=1e-12)


def by_recursion(rewards, next_values, terminated, truncated, n, gamma):
    @cache
    def target(t, left):
        if terminated[t]:
            return rewards[t]
        if truncated[t] or left == 1 or t == len(rewards) - 1:
            return rewards[t] + gamma * next_values[t]
        return rewards[t] + gamma * target(t + 1, left - 1)

    return [target(t, n) for t in range(len(rewards))]


def by_matrices(rewards, next_values, terminated, truncated, n, gamma):
    steps = len(rewards)
    stops = terminated | truncated
    stops[-1] = True
    ahead = np.arange(steps)[None] - np.arange(steps)[:, None]
    passed = np.array([[stops[t:k].any() for k in range(steps)] for t in range(steps)])
    inside = (ahead >= 0) & (ahead < n) & ~passed
    last = inside & (stops[None] | (ahead == n - 1))
    powers = float(gamma) ** np.maximum(ahead, 0)
    values = gamma * np.where(terminated, 0.0, next_values)
    return (inside * powers) @ rewards + (last * powers) @ values


def by_episodes(rewards, next_values, terminated, truncated, n, gamma):
    """Cut into episodes first, then padded with the value that follows."""
    targets, start = [], 0
    for t in range(len(rewards)):
        if not (terminated[t] or truncated[t] or t == len(rewards) - 1):
            continue
        for first in range(start, t + 1):
            stop = min(first + n, t + 1)
            tail = 0.0 if stop == t + 1 and terminated[t] else next_values[stop - 1]
            target = tail
            for reward in rewards[first:stop][::-1]:
                target = reward + gamma * target
            targets.append(target)
        start = t + 1
    return tuple(targets)


def with_while(rewards, next_values, terminated, truncated, n, gamma):
    t, out = len(rewards), []
    while t > 0:
        t -= 1
        k, weight, total = 0, 1.0, 0.0
        while True:
            total, weight = total + weight * rewards[t + k], weight * gamma
            if terminated[t + k]:
                break
            if truncated[t + k] or k == n - 1 or t + k == len(rewards) - 1:
                total += weight * next_values[t + k]
                break
            k += 1
        out.insert(0, total)
    return out


def in_torch(n, gamma, **arrays):
    tensors = {name: torch.tensor(array) for name, array in arrays.items()}
    rewards = tensors["rewards"].requires_grad_()
    return torch.stack([row.sum() for row in _rows(rewards, tensors, n, gamma)])


def _rows(rewards, tensors, n, gamma):
    for t in range(len(rewards)):
        stops = (tensors["terminated"] | tensors["truncated"])[t : t + n]
        k = int(stops.nonzero()[0]) + 1 if stops.any() else len(stops)
        weights = gamma ** torch.arange(k + 1, dtype=torch.float64)
        tail = tensors["next_values"][t + k - 1] * ~tensors["terminated"][t + k - 1]
        yield weights * torch.cat([rewards[t : t + k], tail[None]])


def in_float32(**record):
    arrays = ("rewards", "next_values")
    return by_recursion(**record | {name: record[name].astype(np.float32) for name in arrays})


def as_a_generator(**record):
    yield from with_while(**record)


OTHER_FORMS = [
    by_recursion,
    by_matrices,
    by_episodes,
    with_while,
    in_torch,
    in_float32,
    as_a_generator,
    lambda **record: map(torch.tensor, with_while(**record)),
    lambda **record: torch.tensor(by_episodes(**record), dtype=torch.float32),
    lambda **record: dict(enumerate(by_recursion(**record))).values(),
    lambda rewards, next_values, terminated, truncated, n, gamma: by_episodes(
        rewards.tolist(), next_values.tolist(), list(terminated), list(truncated), n, gamma
    ),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("right", OTHER_FORMS)
def test_other_right_forms_pass(right):
    passes(right)


LOOP = """
def n_step_targets(rewards, next_values, terminated, truncated, n, gamma):
    targets = np.zeros(len(rewards))
    for t in range(len(rewards)):
        total = 0.0
        for k in range(n):
            total += gamma**k * rewards[t + k]
            over = terminated[t + k] or truncated[t + k]
            if over or t + k + 1 == len(rewards):
                break
        if not terminated[t + k]:
            total += gamma ** (k + 1) * next_values[t + k]
        targets[t] = total
    return targets
"""
QUEUE = """
def n_step_targets(rewards, next_values, terminated, truncated, n, gamma):
    window, targets = [], []
    for t in range(len(rewards)):
        window.append(rewards[t])
        over = terminated[t] or truncated[t] or t == len(rewards) - 1
        while window and (over or len(window) == n):
            total = sum(gamma**i * r for i, r in enumerate(window))
            if not terminated[t]:
                total += gamma ** len(window) * next_values[t]
            targets.append(total)
            window.pop(0)
    return targets
"""
OVER, MASK, TAIL = (
    "terminated[t + k] or truncated[t + k]",
    "if not terminated[t + k]:",
    "gamma ** (k + 1) * next_values[t + k]",
)
REWARD = "gamma**k * rewards[t + k]"


def test_the_edited_answers_are_right_before_they_are_edited():
    passes(edited(LOOP))
    passes(edited(QUEUE))


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("range(n):", "range(1, n + 1):", ""),
        ("range(n):", "range(max(n - 1, 1)):", "the windows hold n - 1 rewards"),
        ("range(n):", "range(3):", "n is 3 whatever"),
        ("range(n):", "range(5):", "a fixed number, such as 5"),
        ("range(n):", "range(7):", "the windows are longer than n"),
        ("range(n):", "range(min(n, 3)):", ""),
        ("range(n):", "range(min(n, 6)):", ""),
        (OVER, "k and (terminated[t + k] or truncated[t + k])", "flags of step t itself"),
        (OVER, "terminated[t + k] or truncated[t + k] and not terminated[t : t + n].any()", ""),
        (MASK, "if not terminated[t : t + n].any():", "where any of the n steps terminated"),
        (MASK, "if truncated[t + k] and not terminated[t + k]:", "only where a step was truncated"),
        (TAIL, "gamma ** (k + 1) * next_values[max(t + k - 1, 0)]", "one row too early"),
        (TAIL, "gamma ** (k + 1) * next_values[-1]", "the value behind the record"),
        (
            TAIL,
            "(gamma**n if not over else gamma ** (k + 1)) * next_values[t + k]",
            "where the record stops",
        ),
        ("targets[t] = total", "targets[t] = round(total, 2)", ""),
        ("range(n):", "range(n + 1):", "the windows hold n + 1 rewards"),
        (OVER, "terminated[t] or truncated[t]", "whether the window stops is asked of step t"),
        (OVER, "terminated[t + k]", "runs over a truncation"),
        (OVER, "truncated[t + k]", "runs over a termination"),
        (OVER, "terminated[t + k] and truncated[t + k]", "runs on into the next episode"),
        (MASK, "if not over:", "the value behind a truncation is missing"),
        (MASK, "if not truncated[t + k]:", "the two flags are exchanged"),
        (MASK, "if True:", "a value is added behind a step that terminated"),
        (MASK, "if not terminated[t]:", "left out where step t terminated"),
        (MASK, "if not terminated[t + k] and k == n - 1:", "windows shorter than n get no value"),
        (MASK, "if not terminated[t + k] or truncated[t + k]:", "where both flags are True"),
        (MASK, "if t + k + 1 < len(rewards):", ""),
        (MASK, f"{MASK[:-1]} and t + k + 1 < len(rewards):", "at the end of the record the value"),
        (TAIL, "gamma**k * next_values[t + k]", "the discount of the last reward"),
        (TAIL, "gamma ** (k + 2) * next_values[t + k]", "discounted once too often"),
        (TAIL, "gamma**n * next_values[t + k]", "gamma^n in every window"),
        (TAIL, "gamma * next_values[t + k]", "has the weight gamma"),
        (TAIL, "gamma * (k + 1) * next_values[t + k]", ""),
        (TAIL, f"{TAIL} / n", ""),
        (TAIL, "gamma ** (k + 1) * next_values[t]", "that of s_{t+1}, at the window's start"),
        (TAIL, "gamma ** (k + 1) * next_values[min(t + n, len(rewards)) - 1]", "behind n steps"),
        (REWARD, "gamma * rewards[t + k]", ""),
        (REWARD, "gamma ** (n - 1 - k) * rewards[t + k]", ""),
        (REWARD, "gamma**t * rewards[t + k]", ""),
        ("        total = 0.0", "        total = rewards[t]", ""),
        ("range(len(rewards)):", "range(len(rewards) - n + 1):", "the last n - 1 steps of the rec"),
        ("targets[t] = total", "targets[t] = max(total, 0)", ""),
        ("targets[t] = total", "targets[t] = total - next_values[t]", ""),
    ],
)
def test_an_edited_loop_is_refused(old, new, hint):
    verdict = EXERCISE.check(edited(LOOP, old, new))
    assert not verdict.passed
    assert hint in verdict.message.partition("Hint")[2]


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        (
            "            total = sum(",
            "            if truncated[t] and not terminated[t]:\n"
            "                window[-1] += gamma * next_values[t]\n"
            "            total = sum(",
            "",
        ),
        ("window.pop(0)", "window.pop()", ""),
        ("window.pop(0)", "window.clear()", ""),
        ("window.pop(0)", "window.pop(0)\n            break", ""),
        ("(over or len(window) == n)", "len(window) == n", "the last steps of the record"),
        ("truncated[t] or t == len(rewards) - 1", "truncated[t]", "the last steps of the record"),
        ("truncated[t] or t", "t", "runs over a truncation"),
        ("if not terminated[t]:", "if not over:", ""),
        ("enumerate(window)", "enumerate(window, 1)", "discounted once too often"),
        ("enumerate(window)", "enumerate(window[::-1])", "the largest weight is on the last"),
        ("gamma ** len(window)", "gamma**n", "gamma^n in every window"),
        ("gamma ** len(window)", "gamma", "has the weight gamma"),
        ("len(window) == n", "len(window) > n", "n + 1 rewards"),
    ],
)
def test_an_edited_queue_is_refused(old, new, hint):
    verdict = EXERCISE.check(edited(QUEUE, old, new))
    assert not verdict.passed
    assert hint in verdict.message.partition("Hint")[2]


RUNNING = """
def n_step_targets(rewards, next_values, terminated, truncated, n, gamma):
    targets = []
    for t in range(len(rewards)):
        total, discount, k = 0.0, 1.0, 0
        while k < n and t + k < len(rewards):
            total += discount * rewards[t + k]
            discount *= gamma
            k += 1
            if truncated[t + k - 1] and not terminated[t + k - 1]:
                break
            if terminated[t + k - 1]:
                discount = 0.0
                break
        targets.append(total + discount * next_values[t + k - 1])
    return targets
"""


@pytest.mark.parametrize(
    ("pieces", "hint"),
    [
        (
            (
                "targets = []",
                "targets, discount = [], 1.0",
                "total, discount, k = 0.0, 1.0, 0",
                "total, k = 0.0, 0",
            ),
            "",
        ),
        (
            (
                "not terminated[t + k - 1]:\n                break",
                "k < n:\n                total += discount * next_values[t + k - 1]",
            ),
            "a value is added at a truncation, and then the window goes on",
        ),
        (
            (
                "            total += discount * rewards[t + k]\n",
                "            if terminated[t + k] or truncated[t + k]:\n                break\n"
                "            total += discount * rewards[t + k]\n",
                "total + discount * next_values[t + k - 1]",
                "total + (discount * next_values[t + k - 1] if k else 0.0)",
            ),
            "the loop stops before it adds",
        ),
        (("discount = 0.0\n                break", "break"), "a value is added behind a step"),
    ],
)
def test_an_edited_running_discount_is_refused(pieces, hint):
    passes(edited(RUNNING))
    verdict = EXERCISE.check(edited(RUNNING, *pieces))
    assert not verdict.passed
    assert hint in verdict.message.partition("Hint")[2]


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (lambda **given: None, "Is a return missing?"),
        (lambda **given: "much", "could not read your answer"),
        (lambda **given: 1.0, "expected an array of shape (5,), got shape ()"),
        (lambda **given: np.ones((5, 2)), "got shape (5, 2)"),
        (lambda **given: [math.nan] * len(given["rewards"]), "nan"),
        (lambda **given: EXERCISE.solutions[0](**given)[0], "got shape ()"),
        (lambda rewards, values: rewards, "Keep the argument names of the exercise."),
    ],
)
def test_strange_answers_are_refused_with_a_sentence(candidate, message):
    verdict = EXERCISE.check(candidate)
    assert not verdict.passed
    assert message in verdict.message


def test_an_endless_window_is_stopped():
    def endless(rewards, next_values, terminated, truncated, n, gamma):
        k = 0
        while not terminated[0]:
            k += 1

    verdict = replace(EXERCISE, seconds=0.3).check(endless)
    assert "Does a loop never end?" in verdict.message
