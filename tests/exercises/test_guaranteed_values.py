"""Value iteration with a guarantee: it is kept, other forms, other mistakes."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from rlnotes.exercises import catalog
from rlnotes.exercises.guaranteed_mistakes import MISTAKES
from tests.exercises.edits import edited

EXERCISE = catalog()["guaranteed_values"]
FAST = replace(EXERCISE, seconds=0.5)


def passes(right):
    verdict = EXERCISE.check(right)
    assert verdict.passed, verdict.message


def optimum(transition_probs, expected_rewards, gamma, **_):
    """V*: the best of all deterministic policies, each solved as linear equations."""
    states = np.arange(len(expected_rewards))
    values = []
    for policy in product(range(expected_rewards.shape[1]), repeat=len(states)):
        probs = transition_probs[states, policy]
        rewards = expected_rewards[states, policy]
        values.append(np.linalg.solve(np.eye(len(states)) - gamma * probs, rewards))
    return np.max(values, axis=0)


def drawn(seed):
    rng = np.random.default_rng(seed)
    states, actions = rng.integers(1, 4, size=2)
    return {
        "transition_probs": rng.dirichlet(np.ones(states) / 2, size=(states, actions)),
        "expected_rewards": rng.normal(size=(states, actions)),
        "gamma": float(rng.choice([0.0, 0.3, 0.9, 0.97])),
        "max_error": float(rng.choice([0.01, 0.3, 2.0])),
    }


@pytest.mark.parametrize("case", EXERCISE.cases)
def test_the_expected_values_keep_what_they_promise(case):
    *values, bound = case.expected
    error = abs(np.array(values) - optimum(**case.arguments)).max()
    assert error <= bound + 1e-12
    assert bound <= case.arguments["max_error"]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("index", [0, 1])
def test_the_solutions_keep_it_on_drawn_tables(seed, index):
    arguments = drawn(seed)
    values, bound = EXERCISE.solutions[index](**arguments)
    assert abs(np.array(values) - optimum(**arguments)).max() <= bound + 1e-12
    assert bound <= arguments["max_error"]


def test_without_the_factor_the_promise_is_broken():
    for_ever = EXERCISE.cases[0].arguments | {"gamma": 0.95, "max_error": 0.5}
    values, bound = MISTAKES["no factor"](**for_ever)
    error = abs(values - optimum(**for_ever)).max()
    assert bound <= for_ever["max_error"]
    assert error > 18 * for_ever["max_error"]


@pytest.mark.parametrize("seed", range(20))
def test_in_place_sweeps_keep_the_promise_as_their_hint_says(seed):
    arguments = drawn(seed)
    values, bound = MISTAKES["in place"](**arguments)
    assert abs(values - optimum(**arguments)).max() <= bound + 1e-12 <= arguments["max_error"]


@pytest.mark.parametrize("seed", range(20))
def test_the_bound_for_the_table_before_holds_as_its_hint_says(seed):
    arguments = drawn(seed)
    values, bound = MISTAKES["values before, and their bound"](**arguments)
    assert abs(values - optimum(**arguments)).max() <= bound + 1e-12


def test_the_bound_is_the_error_where_one_state_earns_for_ever():
    *values, bound = EXERCISE.cases[0].expected
    assert 2.0 - values[0] == bound


def by_einsum(transition_probs, expected_rewards, gamma, max_error):
    values = np.zeros(len(expected_rewards))
    for _ in range(10_000):
        old = values.copy()
        following = np.einsum("ijk,k->ij", transition_probs, old)
        values = np.amax(expected_rewards + gamma * following, axis=-1)
        if (bound := np.abs(values - old).max() * gamma / (1 - gamma)) <= max_error:
            break
    return values, bound


def by_recursion(transition_probs, expected_rewards, gamma, max_error, values=None):
    values = 0 * expected_rewards[:, 0] if values is None else values
    new = (expected_rewards + gamma * transition_probs @ values).max(axis=1)
    bound = gamma / (1 - gamma) * np.linalg.norm(new - values, np.inf)
    if bound <= max_error:
        return new, bound
    return by_recursion(transition_probs, expected_rewards, gamma, max_error, new)


def in_torch(transition_probs, expected_rewards, gamma, max_error):
    probs, rewards = torch.from_numpy(transition_probs), torch.from_numpy(expected_rewards)
    values, bound = torch.zeros(len(rewards), dtype=torch.float64), torch.inf
    while bound > max_error:
        new = (rewards + gamma * probs @ values).amax(dim=1)
        bound, values = gamma / (1 - gamma) * (new - values).abs().max(), new
    return values.requires_grad_(), bound


def in_float32(transition_probs, expected_rewards, gamma, max_error):
    probs, rewards = np.float32(transition_probs), np.float32(expected_rewards)
    return by_einsum(probs, rewards, np.float32(gamma), np.float32(max_error))


def in_float32_of_torch(transition_probs, expected_rewards, gamma, max_error):
    """In the type that PyTorch has by itself, at a gamma near 1, too."""
    probs, rewards = torch.Tensor(transition_probs), torch.Tensor(expected_rewards)
    values, bound = torch.zeros(len(rewards)), torch.inf
    while bound > max_error:
        new = (rewards + gamma * probs @ values).amax(dim=1)
        bound, values = (gamma * (new - values).abs().max() / (1 - gamma)).item(), new
    return values, bound


def by_action_values(transition_probs, expected_rewards, gamma, max_error):
    """A table Q from zero: its first sweep is that of V."""
    q, change = np.zeros_like(expected_rewards), np.inf
    while not change * gamma <= max_error * (1 - gamma):
        best = q.max(axis=1)
        q = expected_rewards + gamma * (transition_probs * best).sum(axis=-1)
        change = max(abs(q.max(axis=1) - best))
    return q.max(axis=1), change * gamma / (1 - gamma)


def by_all_sweeps(transition_probs, expected_rewards, gamma, max_error):
    """Many sweeps first, and then the earliest that is good enough."""
    table = [np.zeros(len(expected_rewards))]
    for _ in range(500):
        table.append((expected_rewards + gamma * transition_probs @ table[-1]).max(axis=1))
    bounds = gamma / (1 - gamma) * abs(np.diff(table, axis=0)).max(axis=1)
    first = int(np.argmax(bounds <= max_error))
    return table[first + 1], bounds[first]


def by_span_of_both_signs(transition_probs, expected_rewards, gamma, max_error):
    values, bound = np.zeros(len(expected_rewards)), math.inf
    while bound > max_error:
        new = (expected_rewards + gamma * transition_probs @ values).max(axis=1)
        change = max((new - values).max(), (values - new).max())
        values[:] = new
        bound = change / (1 - gamma) - change
    return [values, bound]


OTHER_FORMS = [
    by_einsum,
    by_recursion,
    in_torch,
    in_float32,
    in_float32_of_torch,
    by_action_values,
    by_all_sweeps,
    by_span_of_both_signs,
    lambda **given: (list(by_einsum(**given)[0]), by_einsum(**given)[1]),
    lambda **given: (tuple(by_einsum(**given)[0]), np.array(by_einsum(**given)[1])),
    lambda **given: (map(float, by_einsum(**given)[0]), float(by_einsum(**given)[1])),
    lambda **given: (by_einsum(**given)[0], [by_einsum(**given)[1]]),
    lambda **given: (by_einsum(**given)[0], torch.tensor([by_einsum(**given)[1]])),
    lambda **given: tuple(torch.tensor(part, dtype=torch.float16) for part in by_einsum(**given)),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("right", OTHER_FORMS)
def test_other_right_forms_pass(right):
    passes(right)


ARRAYS = """
def guaranteed_values(transition_probs, expected_rewards, gamma, max_error):
    values = np.zeros(len(expected_rewards))
    while True:
        q = expected_rewards + gamma * transition_probs @ values
        new = q.max(axis=1)
        change = abs(new - values).max()
        values = new
        bound = gamma / (1 - gamma) * change
        if bound <= max_error:
            return values, bound
"""
LOOPS = """
def guaranteed_values(transition_probs, expected_rewards, gamma, max_error):
    values = [0.0] * len(expected_rewards)
    bound = max_error + 1
    while bound > max_error:
        new, change = [], 0.0
        for s in range(len(values)):
            best = -np.inf
            for a in range(expected_rewards.shape[1]):
                following = sum(transition_probs[s, a] * np.array(values))
                best = max(best, expected_rewards[s, a] + gamma * following)
            change = max(change, abs(best - values[s]))
            new.append(best)
        values = new
        bound = gamma / (1 - gamma) * change
    return values, bound
"""
STOP, FACTOR, SIZE = "if bound <=", "gamma / (1 - gamma) * change", "abs(new - values).max()"
RESULT, CHANGE = "return values, bound", "max(change, abs(best - values[s]))"


def test_the_edited_answers_are_right_before_they_are_edited():
    passes(edited(ARRAYS))
    passes(edited(LOOPS))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        (STOP, "if bound <", "stop at <="),
        (STOP, "if change <=", "the bound that it returns is larger than max_error"),
        (STOP, "if change / (1 - gamma) <=", "the loop stops by 1 / (1 - gamma)"),
        (STOP, "if gamma * change <=", ""),
        (STOP, "if 2 * bound <=", ""),
        (STOP, "if round(bound, 2) <=", ""),
        (STOP, "if bound - 1e-3 <=", ""),
        ("while True:", "for _ in range(200):", ""),
        ("new = q.max(axis=1)", "new = np.maximum(q[:, 0], q[:, -1])", ""),
        ("new = q.max(axis=1)", "new = q[:, :2].max(axis=1)", ""),
        ("new = q.max(axis=1)", "new = q[:, :3].max(axis=1)", ""),
        (
            "new = q.max(axis=1)",
            "new = expected_rewards.max(axis=1) + gamma * (transition_probs @ values).max(axis=1)",
            "taken apart",
        ),
        (
            "new = q.max(axis=1)",
            "new = q[range(len(q)), expected_rewards.argmax(axis=1)]",
            "the action with the largest reward",
        ),
        ("transition_probs @", "transition_probs.T @", "from the landing back"),
        (STOP, "if bound <= abs(values).max() *", "max_error is an amount"),
        (STOP, "if change <= 1e-6 *", ""),
        (FACTOR, "change / (1 - gamma)", "the table before the sweep"),
        (FACTOR, "change", "the change itself is taken"),
        (FACTOR, "gamma * change", "the factor is gamma alone"),
        (FACTOR, "gamma / 1 - gamma * change", "divides by 1 alone"),
        (FACTOR, "change * gamma / 1 - gamma", "gamma divided by 1, and then less gamma"),
        (FACTOR, "2 * change / (1 - gamma)", "more than is needed"),
        (FACTOR, "gamma / (1 - gamma) * change / abs(values).max()", "divided by the size"),
        (FACTOR, "(1 - gamma) / max(gamma, 1e-9) * change", "upside down"),
        (FACTOR, "2 * gamma / (1 - gamma) * change", "greedy policy"),
        (FACTOR, "gamma / (1 + gamma) * change", ""),
        (FACTOR, "gamma / (1 - gamma) ** 2 * change", ""),
        (SIZE, "(new - values).max()", "a change below 0 counts as none"),
        (SIZE, "(values - new).max()", "a rise counts as none"),
        (SIZE, "abs((new - values).max())", "A large fall is missed"),
        (SIZE, "abs((values - new).max())", "a large rise is missed"),
        (SIZE, "abs(new - values).mean()", "the mean of the changes"),
        (SIZE, "np.linalg.norm(new - values)", "length of the vector"),
        (SIZE, "abs(new - values).sum()", "added up"),
        (SIZE, "((new - values) ** 2).max()", "squared"),
        (SIZE, "abs(new.max() - values.max())", "you compare the largest values"),
        (SIZE, "np.ptp(new - values)", "minus the smallest"),
        (SIZE, "abs(abs(new) - abs(values)).max()", "the sizes of the values are compared"),
        (SIZE, "np.median(abs(new - values))", ""),
        ("        values = new\n", "", ""),
        (RESULT, "return values, max_error", "max_error is returned"),
        (RESULT, "return values, change", "returns the change"),
        (RESULT, "return q.argmax(axis=1), bound", ""),
        (RESULT, "return values + bound, bound", ""),
        ("q.max(axis=1)", "q.mean(axis=1)", "random policy"),
        ("q.max(axis=1)", "q.max(axis=0)", "over the states"),
        ("q.max(axis=1)", "np.maximum(q.max(axis=1), 0)", "a value never falls here"),
        ("np.zeros(", "np.ones(", "holds ones"),
        ("np.zeros(len(expected_rewards))", "expected_rewards.max(axis=1)", "made of the rewards"),
        ("transition_probs @ values", "(transition_probs * values).max(axis=2)", ""),
    ],
)
def test_an_edited_array_form_is_refused(old, new, hint):
    verdict = FAST.check(edited(ARRAYS, old, new))
    assert not verdict.passed
    assert hint in verdict.message.partition("Hint")[2]


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        (CHANGE, "abs(best - values[s])", "only the change of the last state is left"),
        (CHANGE, "change + abs(best - values[s])", "added up"),
        (CHANGE, "max(change, best - values[s])", ""),
        (CHANGE, "max(change, abs(best) - abs(values[s]))", ""),
        ("best = -np.inf", "best = 0.0", "let the best of the actions not start at 0"),
        ("new.append(best)\n        values = new", "values[s] = best", "has just changed"),
        ("while bound > max_error:", "for _ in range(100):", ""),
        ("while bound > max_error:", "while bound >= max_error:", "stop at <="),
        ("while bound > max_error:", "for _ in range(400):", ""),
        ("bound = max_error + 1", "bound = 0.0", "there was no sweep"),
        ("bound = max_error + 1", "bound = 1.0", "where max_error is 1 or more"),
        ("gamma / (1 - gamma) * change", "change", "the change itself is taken"),
    ],
)
def test_an_edited_loop_is_refused(old, new, hint):
    verdict = FAST.check(edited(LOOPS, old, new))
    assert not verdict.passed
    assert hint in verdict.message.partition("Hint")[2]


def test_values_and_bound_of_one_array_are_seen():
    alias = edited(
        LOOPS,
        "            change = max(change, abs(best - values[s]))\n            new.append(best)",
        "            values[s] = best\n            new = values\n"
        "            change = max(change, abs(new[s] - values[s]))",
    )
    assert "no change is seen" in FAST.check(alias).message


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ((RESULT, "return bound, values"), "the pair is turned round"),
        ((RESULT, "return values"), "return the pair (values, bound)"),
        ((RESULT, "return q, bound"), "values must have shape (1,), got shape (1, 1)"),
        ((RESULT, "return values, 3, bound"), "return the pair (values, bound)"),
        ((RESULT, "return values, [bound, 0]"), "the bound must be one number, got shape (2,)"),
        ((RESULT, "return values, None"), "could not read your answer"),
        ((RESULT, "return 'much', bound"), "could not read your answer"),
        ((RESULT, "return {'values': values}"), "return the pair (values, bound)"),
        ((RESULT, "return"), "Is a return missing?"),
        ((RESULT, "return values * np.nan, bound"), "nan"),
        ((RESULT, "yield values, bound"), "did you write yield instead of return?"),
        ((RESULT, "print"), "Does a loop never end?"),
        ((RESULT, f"transition_probs *= 2\n            {RESULT}"), "changes its argument"),
        (("gamma, max_error)", "discount, max_error)"), "Keep the argument names"),
    ],
)
def test_strange_answers_are_refused_with_a_sentence(pieces, message):
    verdict = FAST.check(edited(ARRAYS, *pieces))
    assert not verdict.passed
    assert message in verdict.message
    assert "rlnotes" not in verdict.message
