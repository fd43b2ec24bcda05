"""The natural step and its search: its numbers, other right forms, other mistakes."""

import re

import numpy as np
import pytest
import torch

from rlnotes.exercises import catalog
from rlnotes.exercises.formula import Formula
from rlnotes.functional.trust_region import line_search, natural_step
from tests.exercises.edits import edited

EXERCISE = catalog()["natural_step_search"]


def passes(right):
    verdict = EXERCISE.check(right)
    assert verdict.passed, verdict.message


def nudged(function, size, *places, step=1e-4):
    """The function at a step that is `step` long in each place given."""
    point = np.zeros(size)
    for place, sign in places:
        point[place] += sign * step
    return function(point)


def slope_at_zero(function, size, step=1e-5):
    ups = (nudged(function, size, (i, 1), step=step) for i in range(size))
    downs = (nudged(function, size, (i, -1), step=step) for i in range(size))
    return [(up - down) / (2 * step) for up, down in zip(ups, downs, strict=True)]


def curvature_at_zero(function, size, step=1e-4):
    def mixed(i, j):
        signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
        return sum(a * b * nudged(function, size, (i, a), (j, b), step=step) for a, b in signs)

    return [[mixed(i, j) / (4 * step**2) for j in range(size)] for i in range(size)]


def smooth(formula):
    """A case may round its number, so that two numbers are equal: here they are not."""
    return Formula(re.sub(r"round\((.*), 4\)", r"\1", formula.text), formula.size)


@pytest.mark.parametrize("case", EXERCISE.cases)
def test_slope_and_fisher_are_those_of_the_two_functions(case):
    given, size = case.arguments, len(case.arguments["slope"])
    gain, kl = smooth(given["surrogate_gain"]), smooth(given["kl"])
    assert gain(np.zeros(size)) == kl(np.zeros(size)) == 0
    # Curvatures as in 6000 d^2 leave no trace in a difference of both sides.
    np.testing.assert_allclose(slope_at_zero(gain, size), given["slope"], atol=1e-6)
    near = 1e-3 if "e10" not in kl.text else 1e-8  # a factor of 2e10 is soon felt
    curvature = curvature_at_zero(kl, size, step=near)
    np.testing.assert_allclose(curvature, given["fisher"], atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize("case", EXERCISE.cases)
def test_the_expected_step_keeps_to_both_and_its_double_does_not(case):
    given, step = case.arguments, np.array(case.expected)
    allowed = given["kl"](step) <= given["max_kl"] and given["surrogate_gain"](step) > 0
    assert allowed == bool(step.any())
    whole = np.sqrt(2 * given["max_kl"] / (step @ given["fisher"] @ step)) * step if allowed else 0
    if allowed and not np.allclose(step, whole):
        double = 2 * step
        too_far = given["kl"](double) > given["max_kl"]
        assert too_far or given["surrogate_gain"](double) <= 0


def test_the_functions_of_the_package_solve_it():
    def search(slope, fisher, max_kl, surrogate_gain, kl):
        fisher, start = torch.from_numpy(fisher), torch.zeros(len(slope), dtype=torch.float64)
        # `delta` is the package's name of the bound.
        step = natural_step(lambda v: fisher @ v, torch.from_numpy(slope), max_kl=max_kl)
        measures = [lambda d, f=f: torch.tensor(f(d)) for f in (surrogate_gain, kl)]
        return line_search(*measures, start, step, max_kl=max_kl).parameters

    passes(search)


TEXT = """
def natural_step_search(slope, fisher, max_kl, surrogate_gain, kl):
    x = np.linalg.solve(fisher, slope)
    step = np.sqrt(2 * max_kl / (slope @ x)) * x
    for k in range(10):
        if kl(step) <= max_kl and surrogate_gain(step) > 0:
            return step
        step = step / 2
    return np.zeros_like(slope)
"""
SOLVE, ROOT = "np.linalg.solve(fisher, slope)", "np.sqrt(2 * max_kl / (slope @ x)) * x"
ASKED = "kl(step) <= max_kl and surrogate_gain(step) > 0"
HALF, NONE = "step = step / 2", "return np.zeros_like(slope)"
KL, GAIN = "kl(step) <= max_kl", "surrogate_gain(step) > 0"
LOOP = TEXT[TEXT.index("    for k") : TEXT.index("    return np")]
STOP_AT_KL = LOOP.replace(ASKED, KL).replace("return step", "break")
STOP_AT_GAIN = LOOP.replace(ASKED, GAIN).replace("return step", "break")


def in_torch(slope, fisher, max_kl, surrogate_gain, kl):
    slope, fisher = torch.tensor(slope), torch.tensor(fisher)
    x = torch.linalg.solve(fisher, slope)
    step = (torch.sqrt(2 * max_kl / torch.dot(slope, x)) * x).requires_grad_()
    for _ in range(10):
        if kl(step) <= max_kl and surrogate_gain(step) > 0:
            return step
        step = step * 0.5
    return torch.zeros_like(step)


def in_float32(slope, fisher, max_kl, surrogate_gain, kl):
    x = np.linalg.solve(np.float32(fisher), np.float32(slope))
    step = np.sqrt(np.float32(2 * max_kl) / (np.float32(slope) @ x)) * x
    for k in range(10):
        if kl(step / 2**k) <= max_kl and surrogate_gain(step / 2**k) > 0:
            return step / np.float32(2**k)
    return 0 * step


def by_recursion(slope, fisher, max_kl, surrogate_gain, kl, left=10, step=None):
    if step is None:
        x = np.linalg.inv(fisher) @ slope
        step = (2 * max_kl) ** 0.5 * x / (x @ fisher @ x) ** 0.5
    if left == 0:
        return 0 * step
    if kl(step) <= max_kl and surrogate_gain(step) > 0:
        return step
    return by_recursion(slope, fisher, max_kl, surrogate_gain, kl, left - 1, step / 2)


def in_plain_python(slope, fisher, max_kl, surrogate_gain, kl):
    """Conjugate gradient on lists."""
    size, x, residual = len(slope), [0.0] * len(slope), list(map(float, slope))
    direction = residual
    for _ in range(size):
        square = sum(r * r for r in residual)
        if square < 1e-24:
            break
        image = [sum(float(f) * d for f, d in zip(row, direction, strict=True)) for row in fisher]
        alpha = square / sum(d * i for d, i in zip(direction, image, strict=True))
        x = [a + alpha * d for a, d in zip(x, direction, strict=True)]
        residual = [r - alpha * i for r, i in zip(residual, image, strict=True)]
        beta = sum(r * r for r in residual) / square
        direction = [r + beta * d for r, d in zip(residual, direction, strict=True)]
    length = (2 * max_kl / sum(g * a for g, a in zip(slope, x, strict=True))) ** 0.5
    for k in range(10):
        step = [length * a / 2**k for a in x]
        if kl(step) <= max_kl and surrogate_gain(step) > 0:
            return step
    return [0.0] * size


def by_eigenvectors(slope, fisher, max_kl, surrogate_gain, kl):
    values, vectors = np.linalg.eigh(fisher)
    x = vectors @ ((vectors.T @ slope) / values)
    fraction, step = 1.0, x * (2 * max_kl / np.dot(x, slope)) ** 0.5
    while kl(fraction * step) > max_kl or surrogate_gain(fraction * step) <= 0:
        fraction /= 2
        if fraction < 1 / 512:
            return tuple(0 * step)
    return tuple(fraction * step)


def with_the_start_subtracted(slope, fisher, max_kl, surrogate_gain, kl):
    zero = np.zeros(len(slope))
    steps = 0.5 ** np.arange(10)[:, None] * natural(slope, fisher, max_kl)
    good = [d for d in steps if kl(d) <= max_kl and surrogate_gain(d) - surrogate_gain(zero) > 0]
    return next(iter(good), zero)


def natural(slope, fisher, max_kl):
    x, *_ = np.linalg.lstsq(fisher, slope, rcond=None)
    return np.sqrt(max_kl / (0.5 * x.T @ fisher @ x)) * x


def from_the_shortest(slope, fisher, max_kl, surrogate_gain, kl):
    """All lengths are asked; the longest good one wins."""
    found = 0 * slope
    for k in reversed(range(10)):
        step = natural(slope, fisher, max_kl) * 2.0**-k
        if kl(step) <= max_kl and not surrogate_gain(step) <= 0:
            found = step
    return found


def as_the_lagrangian_says(slope, fisher, max_kl, surrogate_gain, kl):
    """Delta = F^-1 g / multiplier, with the multiplier that puts it on the ellipse."""
    x = np.linalg.solve(fisher.T, slope)
    multiplier = np.sqrt(x @ slope / 2 / max_kl)
    for _ in range(10):
        if all((kl(x / multiplier) <= max_kl, surrogate_gain(x / multiplier) > 0)):
            return x / multiplier
        multiplier *= 2
    return np.zeros_like(x)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "right",
    [
        edited(TEXT),
        edited(TEXT, "return step", "return list(step)"),
        edited(TEXT, "return step", "return (entry for entry in step)"),
        in_torch,
        in_float32,
        by_recursion,
        in_plain_python,
        by_eigenvectors,
        with_the_start_subtracted,
        from_the_shortest,
        as_the_lagrangian_says,
    ],
)
def test_other_right_forms_pass(right):
    passes(right)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        (SOLVE, "slope", "Neither F nor the KL has a say in it"),
        (SOLVE, "fisher @ slope", "multiplied by F"),
        (SOLVE, "slope / np.diag(fisher)", "diagonal of F"),
        (SOLVE, "np.linalg.solve(fisher, slope / 2)", "the 2 under the root is missing"),
        (SOLVE, "-np.linalg.solve(fisher, slope)", "the root of a number below 0"),
        (ROOT, f"-{ROOT}", "go downhill"),
        (
            SOLVE,
            "np.linalg.solve(fisher + 0.1 * np.eye(len(slope)), slope)",
            "Damping is not asked",
        ),
        (SOLVE, "(slope / fisher).sum(axis=0)", ""),
        (ROOT, "2 * max_kl / (slope @ x) * x", "the root is missing"),
        (ROOT, "np.sqrt(2 * max_kl) * x", "ignores how long x is"),
        (ROOT, "np.sqrt(max_kl / (slope @ x)) * x", "the 2 under the root is missing"),
        (ROOT, "np.sqrt(0.5 * max_kl / (slope @ x)) * x", "is the 2 below"),
        (ROOT, "np.sqrt(2 * max_kl) / np.linalg.norm(x) * x", "its own length"),
        (ROOT, "np.sqrt(2 * max_kl / (x @ x)) * slope", ""),
        (ROOT, "np.sqrt(2 * max_kl / abs(slope @ slope)) * x", "g'g stands under the root"),
        (ROOT, "np.sqrt(2 * max_kl / (slope @ fisher @ slope)) * x", "g'Fg stands"),
        (ROOT, "np.sqrt((slope @ x) / (2 * max_kl)) * x", "upside down"),
        (ROOT, "max_kl * x", "no step size"),
        (ROOT, "x", "not scaled to the ellipse"),
        (ROOT, "np.sqrt(2 * max_kl / (x @ fisher @ fisher @ x)) * x", "g'g stands"),
        (ASKED, "kl(step) <= max_kl", "looks at the KL alone"),
        (ASKED, "surrogate_gain(step) > 0", "looks at the surrogate alone"),
        (ASKED, "kl(step) <= max_kl or surrogate_gain(step) > 0", "and, not or"),
        (ASKED, "kl(step) < max_kl and surrogate_gain(step) > 0", "<=, not <"),
        (ASKED, "kl(step) <= max_kl and surrogate_gain(step) >= 0", ">, not >="),
        (ASKED, "kl(step) <= max_kl and surrogate_gain(step) > kl(step)", "with the KL"),
        (ASKED, "kl(step) <= 2 * max_kl and surrogate_gain(step) > 0", "twice max_kl"),
        (ASKED, "kl(step) <= max_kl / 2 and surrogate_gain(step) > 0", "half of max_kl"),
        (ASKED, "step @ fisher @ step / 2 <= max_kl + 1e-9 and surrogate_gain(step) > 0", "true"),
        (ASKED, "kl(step) <= max_kl and slope @ step > 0", "the linear one always grows"),
        (ASKED, "abs(kl(step)) <= max_kl and abs(surrogate_gain(step)) > 0", ""),
        (ASKED, "True", "whatever it does"),
        (ASKED, "kl(x) <= max_kl and surrogate_gain(x) > 0", "asked of x"),
        (ASKED, "kl(-step) <= max_kl and surrogate_gain(step) > 0", "of minus the step"),
        (ASKED, "kl(step) <= 1.2 * max_kl and surrogate_gain(step) > 0", "a little above max_kl"),
        (ASKED, "kl(step) <= 1.06 * max_kl and surrogate_gain(step) > 0", "a little above max_kl"),
        (ASKED, "kl(step) <= 1.5 * max_kl and surrogate_gain(step) > 0", "about 1.5 times"),
        (ASKED, f"{KL} and surrogate_gain(step) > 0.1 * (slope @ step)", "only above 0"),
        (ASKED, f"{KL} and surrogate_gain(step) > 1e-3", "only above 0"),
        (ASKED, f"{KL} and surrogate_gain(step) > 0.01", "a number such as 0.01"),
        (ASKED, f"{KL} and surrogate_gain(step) > 1", "else than 0"),
        (ASKED, f"{KL} and surrogate_gain(step) < 0", "a comparison turned round"),
        (ASKED, f"{KL} and surrogate_gain(step) > surrogate_gain(2 * step)", "else than 0"),
        (ASKED, "kl(step) > max_kl or surrogate_gain(step) <= 0", "should be refused comes back"),
        (ASKED, "step @ fisher @ step / 2 <= max_kl and surrogate_gain(step) > 0", "but for round"),
        (ASKED, "0.5 * step @ (fisher @ step) <= max_kl and surrogate_gain(step) > 0", "Ask kl"),
        (LOOP, "    step = step * np.sqrt(max_kl / kl(step))\n    return step\n", "rescaled once"),
        (LOOP, f"    asked = {ASKED}\n{LOOP.replace(ASKED, 'asked')}", "the halved one, inside"),
        (LOOP, STOP_AT_KL + LOOP.replace(ASKED, GAIN), "up to 19 lengths"),
        (LOOP, STOP_AT_KL + LOOP, "1/1024 of the step comes back"),
        (LOOP, STOP_AT_GAIN + LOOP.replace(ASKED, KL), "until it gains, and then"),
        (ROOT, "x / np.linalg.norm(x)", "scaled to length 1"),
        (ROOT, "np.sqrt(2 * max_kl) / (slope @ x) * x", "a bracket close too early"),
        (ROOT, f"2 * {ROOT}", "twice as long"),
        (ROOT, "np.sqrt(2 * max_kl / (slope @ x + 1e-6)) * x", "[0.9999944]"),
        ("return step", "return 0.5**k", "the fraction of the step"),
        ("return step", "return x", "x is returned"),
        ("return step", "return step / 2", "halved once more"),
        ("return step", "return step * 2**k", "the whole one is returned"),
        ("return step", "return step / np.linalg.norm(step)", "scaled to length 1"),
        (HALF, "step = step / 2**k", "1, 1/2, 1/8"),
        (HALF, "step = step / 2 ** (k + 1)", "1, 1/2, 1/8"),
        (HALF, "step = step / 10", "shrink to a tenth"),
        (HALF, "step = step * 0.9", "shrink by 0.9"),
        (HALF, "step = step * 0.8", "shrink by 0.8"),
        (HALF, "step = step / 4", "shrink to a quarter"),
        (HALF, "step = step * (9 - k) / (10 - k)", "1, 0.9, 0.8"),
        (HALF, "step = step / np.sqrt(2)", "to halve max_kl"),
        (HALF, "max_kl = max_kl / 2", "Halve it, and ask again"),
        (HALF, "break", "Halve it, and ask again"),
        (HALF, "pass", "Halve it, and ask again"),
        ("range(10)", "range(9)", "one length too early"),
        ("range(10)", "range(11)", "the last to try"),
        ("range(10)", "range(1000)", "the last to try"),
        (NONE, "return step", "behind it return zeros"),
        (NONE, "return 2 * step", "the last one tried comes back"),
        (NONE, "return x", "x comes back"),
        (NONE, "return None", "missing?"),
    ],
)
def test_an_edited_answer_is_refused(old, new, hint):
    verdict = EXERCISE.check(edited(TEXT, old, new))
    assert not verdict.passed
    assert hint in verdict.message


def test_one_loop_for_the_kl_and_then_one_for_the_gain_are_refused():
    def search(slope, fisher, max_kl, surrogate_gain, kl):
        step, left = natural(slope, fisher, max_kl), 10
        while left and kl(step) > max_kl:
            step, left = step / 2, left - 1
        while left and surrogate_gain(step) <= 0:
            step, left = step / 2, left - 1
        return step if left else 0 * step

    message = EXERCISE.check(search).message
    assert "expected  [0.25]\ngot       [0.5]" in message
    assert message.endswith(EXERCISE.hints["KL, then gain"])


def test_what_divides_0_by_0_is_told_so():
    # Two rounds of conjugate gradient, and the first may leave no residual.
    def search(slope, fisher, max_kl, surrogate_gain, kl):
        slope, fisher = torch.tensor(slope), torch.tensor(fisher)
        x, residual, direction = torch.zeros_like(slope), slope, slope
        for _ in range(2):
            alpha = residual @ residual / (direction @ fisher @ direction)
            x, before = x + alpha * direction, residual
            residual = residual - alpha * fisher @ direction
            direction = residual + residual @ residual / (before @ before) * direction
        step = torch.sqrt(2 * max_kl / (slope @ x)) * x
        return step if kl(step) <= max_kl else step / 2

    message = EXERCISE.check(search).message
    assert ". A division 0/0" in message
    assert "Hint" not in message


def test_where_only_one_input_gives_none_it_is_shown():
    message = EXERCISE.check(edited(TEXT, NONE, "pass")).message
    assert "Is a return missing? It did so on this input:\n  slope = [4. 2.]" in message


@pytest.mark.parametrize(
    ("direction", "scale", "asked", "hint"),
    [
        ("slope", "x", "True", "this is the slope itself"),
        ("slope", "x", ASKED, "the slope itself, and not scaled"),
        (SOLVE, "x / np.linalg.norm(x)", "True", "this is x / |x|"),
    ],
)
def test_two_faults_at_once_may_have_a_hint(direction, scale, asked, hint):
    two = edited(TEXT, SOLVE, direction, ROOT, scale, ASKED, asked)
    assert hint in EXERCISE.check(two).message


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("return step, kl(step)", "could not read your answer"),
        ("return step[None]", "expected an array of shape (2,), got shape (1, 2)"),
        ("return kl", "could not read your answer"),
        ("return kl(step[:1])", "a step must have shape (2,), got shape (1,)"),
        ("slope *= 2; return step", "changes its argument 'slope'"),
        ("return kl(step, step)", "raised an error"),
    ],
)
def test_strange_answers_get_a_sentence(new, message):
    verdict = EXERCISE.check(edited(TEXT, "return step", new))
    assert message in verdict.message
    assert "rlnotes" not in verdict.message


@pytest.mark.filterwarnings("error")
def test_a_formula_may_overflow_without_a_warning():
    kl = Formula("log(1 + exp(d[0])) - d[0] / 10", size=1)
    assert kl([1e4]) == np.inf
    assert kl(torch.zeros(1, requires_grad=True)) == np.log(2)


def test_a_message_shows_the_formulas():
    message = EXERCISE.check(lambda slope, **_others: slope).message
    assert "surrogate_gain = d -> 3 * d[0] + 2 * d[1] - 5 * d[0]**2" in message
    assert " at 0x" not in message
