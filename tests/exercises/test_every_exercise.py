"""Every exercise: right answers pass, each known mistake fails with its own hint."""

import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from rlnotes.exercises import catalog
from rlnotes.exercises.answers import read
from rlnotes.exercises.base import Case, Exercise

EXERCISES = catalog()
SOLUTIONS = [(n, i) for n, exercise in EXERCISES.items() for i in range(len(exercise.solutions))]
MISTAKES = [(n, wrong) for n, exercise in EXERCISES.items() for wrong in exercise.wrong_answers]


@pytest.mark.parametrize(("name", "index"), SOLUTIONS)
def test_each_solution_passes(name, index):
    verdict = EXERCISES[name].check(EXERCISES[name].solutions[index])
    assert verdict.passed, verdict.message


@pytest.mark.filterwarnings("error")  # the reader would see a warning of ours
@pytest.mark.parametrize(("name", "wrong"), MISTAKES)
def test_each_mistake_fails_with_its_own_hint(name, wrong):
    exercise = EXERCISES[name]
    verdict = exercise.check(exercise.wrong_answers[wrong])
    assert not verdict.passed
    assert verdict.message.endswith(f"Hint: {exercise.hints[wrong]}")
    assert "expected " in verdict.message
    assert not verdict.message.startswith("your function raised")


@pytest.mark.parametrize("name", EXERCISES)
def test_each_exercise_is_complete(name):
    exercise = EXERCISES[name]
    assert len(exercise.solutions) >= 2
    assert len(exercise.wrong_answers) >= 5
    assert set(exercise.hints) == set(exercise.wrong_answers)
    assert len(set(exercise.hints.values())) == len(exercise.hints)


def test_the_catalogue_loads_one_exercise_at_a_time_and_knows_what_it_lacks():
    code = (
        "import sys\nfrom rlnotes.exercises import catalog\n"
        "assert len(catalog()) == len(list(catalog())) and 'gae' in catalog()\n"
        "catalog()['q_from_v']\n"
        "assert 'rlnotes.exercises.gae' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(KeyError, match="no_such"):
        catalog()["no_such"]
    assert "base" not in catalog()  # a module of the package, but no exercise


def double(x):
    return 2 * x


TOY = Exercise(
    name="double",
    cases=[Case({"x": np.array([1.0, 2.0])}, [2.0, 4.0], "twice as much.")],
    solutions=[double, lambda x: x + x],
    wrong_answers={"squares": lambda x: x**2, "raises": lambda x: x.nothing},
    hints={"squares": "do not square.", "raises": "arrays have no such attribute."},
    seconds=1.0,
)


def loops(x):
    while True:
        pass


def loops_and_catches(x):
    while True:
        try:
            len(x)
        except Exception:
            continue


def changes_its_argument(x):
    x *= 2
    return x


def interrupted(x):
    raise KeyboardInterrupt


def not_written(x):
    raise NotImplementedError


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (None, "check needs a function, got NoneType"),
        (7, "check needs a function, got int"),
        (loops, "no answer after 1 seconds"),
        (loops_and_catches, "no answer after 1 seconds"),
        (changes_its_argument, "changes its argument 'x'"),
        (not_written, "`raise NotImplementedError` was reached"),
        (lambda x: None, "Is a return missing?"),
        (
            lambda x: "four",
            "the checker could not read your answer: it must be real numbers, got 'four'",
        ),
        (
            lambda x: [[1], [2, 3]],
            "could not read your answer: it has rows of different lengths: [[1], [2, 3]].",
        ),
        (lambda x: [[[1], [2, 3]], [[4], [5, 6]]], "rows of different lengths"),
        (lambda x: [np.ones(2), 1.0], "rows of different lengths"),
        (lambda x: iter([torch.ones(2), [1.0]]), "rows of different lengths"),
        (lambda x: [["one"], [2, 3]], "must be real numbers"),
        (lambda x: x * (2 + 1e-5), "expected  [2. 4.]\ngot       [2.00001 4.00002]"),
        (lambda x: x * (2 + 4e-3), "got       [2.004 4.008]"),
        (lambda x: x[:1], "expected an array of shape (2,), got shape (1,)\nexpected  [2. 4.]"),
        (lambda x: np.ones(41), "got shape (41,), on this input"),
        (lambda x: x * np.nan, "got       [nan nan]"),
        (lambda x: 1 / 0, "ZeroDivisionError"),
        (lambda x, /: 2 * x, "Keep the argument names of the exercise."),
        (lambda y: y, "Keep the argument names of the exercise."),
        (lambda x: sys.exit(), "SystemExit"),
        (interrupted, "interrupted. Does a loop never end?"),
        (lambda x: 1j * x, "must be real numbers"),
        (lambda x: ["2", "4"], "must be real numbers"),
        (lambda x: x.nothing, "Hint: arrays have no such attribute."),
        (lambda x: x**2, "Hint: do not square."),
        (lambda x: x + 1, "Why: twice as much."),
    ],
)
def test_check_never_raises_and_says_what_is_wrong(candidate, message):
    verdict = TOY.check(candidate)
    assert not verdict.passed
    assert message in verdict.message


def own_slip(x):
    return (2 * x).sum(dim=-1)


def own_helper(x):
    def twice(y):
        return 2 * y

    return twice(x=x)


@pytest.mark.parametrize("slip", [own_slip, own_helper])
def test_a_wrong_keyword_inside_the_function_is_no_matter_of_its_own_names(slip):
    message = TOY.check(slip).message
    assert "got an unexpected keyword argument" in message
    assert "Keep the argument names" not in message


def test_an_unknown_mistake_gets_no_hint():
    assert "Hint" not in TOY.check(lambda x: x + 1).message


def test_the_traceback_starts_in_the_readers_code():
    def broken(x):
        return x["key"]

    message = TOY.check(broken).message
    assert "broken" in message
    assert "exercises/base.py" not in message


def as_tensor_with_gradient(numbers):
    return torch.tensor(numbers, requires_grad=True)


@pytest.mark.parametrize(
    "convert",
    [
        np.float16,
        np.float32,
        np.longdouble,
        torch.from_numpy,
        as_tensor_with_gradient,
        lambda numbers: torch.tensor(numbers, dtype=torch.bfloat16, requires_grad=True),
        lambda numbers: torch.tensor(numbers, dtype=torch.float16),
        lambda numbers: torch.tensor(numbers, dtype=torch.int64),
        lambda numbers: numbers.tolist(),
        lambda numbers: tuple(as_tensor_with_gradient(number) for number in numbers),
        lambda numbers: [Fraction(number) for number in numbers],
        lambda numbers: (number for number in numbers),
        lambda numbers: dict(enumerate(numbers)).values(),
        lambda numbers: map(torch.tensor, numbers),
    ],
)
def test_right_numbers_are_accepted_in_any_type_and_container(convert):
    verdict = TOY.check(lambda x: convert(2 * x))
    assert verdict.passed, verdict.message


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_every_exercise_accepts_its_answer_in_fewer_digits(name, dtype):
    exercise = EXERCISES[name]
    if not exercise.cases or exercise.measure.__name__ not in ("<lambda>", "_new_array"):
        return  # no numbers, or losses that are differentiated
    solution = exercise.solutions[0]
    largest = max(np.abs(read(case.expected).numbers).max() for case in exercise.cases)
    if largest > torch.finfo(dtype).max:
        return  # half precision ends at 65,504

    def rounded(**arguments):
        return torch.tensor(read(solution(**arguments)).numbers).to(dtype).requires_grad_()

    assert exercise.check(rounded).passed


def test_fewer_digits_do_not_hide_a_mistake():
    assert not TOY.check(lambda x: np.float32(2 * x) * np.float32(1 + 1e-4)).passed
    assert not TOY.check(lambda x: np.float16(2 * x + 0.1)).passed


@pytest.mark.parametrize(
    "unreadable",
    [
        "4",
        {"a": 1.0},
        torch.tensor([1j, 2j]),
        np.array([1 + 1j]),
        torch.ones(2, device="meta"),
    ],
)
def test_what_the_checker_cannot_read_is_not_called_the_readers_error(unreadable):
    message = TOY.check(lambda x: unreadable).message
    assert message.startswith(
        "the checker could not read your answer: it must be real numbers, got"
    )
    assert "raised" not in message


class Nameless(Exception):
    def __str__(self):
        return 1 / 0


class Shapeless:
    def __repr__(self):
        raise ValueError("no text")


def raises_what_has_no_text(x):
    raise Nameless


def raises_a_group(x):
    raise ExceptionGroup("several", [ValueError("first"), ValueError("second")])


def raises_while_handling(x):
    try:
        x["key"]
    except IndexError:
        return undefined_name  # noqa: F821


def endless(x):
    while True:
        yield 1.0


async def later(x):
    return 2 * x


def fails_while_iterating(x):
    yield 1.0
    raise KeyError("in the middle")


def deep(x):
    nested = []
    for _ in range(20_000):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (raises_what_has_no_text, "your function raised an error"),
        (raises_a_group, "first"),
        (raises_while_handling, "undefined_name"),
        (endless, "no answer after 1 seconds"),
        (later, "leave out async"),
        (fails_while_iterating, "in the middle"),
        (deep, "could not read your answer"),
        (lambda x: Shapeless(), "got an object of type Shapeless"),
        (lambda x: torch.tensor(x).to(torch.float8_e5m2), "expected"),
    ],
)
def test_odd_candidates_get_a_true_sentence(candidate, message):
    # Only the endless one shall run out of time, however busy the machine is.
    patient = replace(TOY, seconds=1.0 if candidate is endless else 60.0)
    verdict = patient.check(candidate)
    assert not verdict.passed
    assert message in verdict.message
    assert "exercises/base.py" not in verdict.message
    assert "exercises/answers.py" not in verdict.message


def test_a_long_error_is_cut():
    def shouts(x):
        raise ValueError("x" * 10**6)

    assert len(TOY.check(shouts).message) < 2_500


def test_the_search_for_a_hint_has_one_time_limit_for_all_inputs():
    exercise = replace(TOY, cases=[*TOY.cases] * 10, seconds=0.5)

    def slow(x):
        time.sleep(0.2)
        return x + 1

    start = time.monotonic()
    assert "Hint" not in exercise.check(slow).message
    assert time.monotonic() - start < 1.5


def test_an_unwritten_operation_of_torch_is_not_taken_for_the_stub():
    def asks_for_too_much(x):
        raise NotImplementedError("not implemented for this type")

    assert "your function raised an error" in TOY.check(asks_for_too_much).message


TWO_CASES = Exercise(
    name="mean of three",
    cases=[
        Case({"x": np.array([1.0, 2.0, 9.0])}, [4.0], "12 / 3."),
        Case({"x": np.array([-1.0, -2.0, 9.0])}, [2.0], "6 / 3."),
    ],
    solutions=[lambda x: [np.mean(x)], lambda x: [sum(x) / 3]],
    wrong_answers={
        "median": lambda x: [np.median(x)],
        "largest": lambda x: [max(x)],
        "sizes": lambda x: [np.mean(abs(x))],
    },
    hints={"median": "not the middle.", "largest": "not the largest.", "sizes": "keep the sign."},
)


@pytest.mark.parametrize(
    ("candidate", "ending"),
    [
        (lambda x: [sorted(x)[1]], "Hint: not the middle."),
        # Two faults, or one that is not listed: the first failing input still tells.
        (lambda x: [np.median(abs(x))], "Hint, judging by this input alone: not the middle."),
        (lambda x: [np.mean(abs(x))], "Hint: keep the sign."),
        (lambda x: [np.mean(x) + 0.123], "12 / 3."),
    ],
)
def test_the_likeliest_mistake_is_named_from_the_first_failing_input(candidate, ending):
    assert TWO_CASES.check(candidate).message.endswith(ending)


def test_one_equal_number_alone_may_be_chance():
    cases = [replace(case, expected=case.expected[0]) for case in TWO_CASES.cases]
    wrong = {"median": lambda x: np.median(x)}
    exercise = replace(TWO_CASES, cases=cases, wrong_answers=wrong)
    assert "Hint" not in exercise.check(lambda x: np.median(abs(x))).message
    assert "Hint: not the middle." in exercise.check(lambda x: sorted(x)[1]).message


def test_no_mistake_is_named_when_many_fit_the_input():
    alike = {
        name: lambda x, shift=shift: x[0] + shift * (x[0] < 0) for shift, name in enumerate("abc")
    }
    hints = dict(zip("abc", "uvw", strict=True))
    exercise = replace(TWO_CASES, wrong_answers=alike, hints=hints)
    assert "Hint" not in exercise.check(lambda x: x[0] + 7 * (x[0] < 0)).message


TABLE = Exercise(
    name="a table",
    cases=[Case({"x": np.array([[1.2, 2.0], [3.0, 5.0]])}, [[2.4, 4.0], [6.0, 10.0]], "twice.")],
    solutions=[double, lambda x: x + x],
    wrong_answers={},
    hints={},
)


@pytest.mark.parametrize(
    ("candidate", "hint"),
    [
        (lambda x: -2 * x, "the sign is turned round"),
        (lambda x: (2 * x)[::-1], "the numbers are right, their order is reversed"),
        (lambda x: (2 * x).T, "the numbers are right, but rows and columns are exchanged"),
        (lambda x: 2 * x[0], "this is part 1 of the answer alone"),
        (lambda x: 2 * x[1], "this is part 2 of the answer alone"),
        (lambda x: 2 * x[:, None], "the numbers are right, their shape is not: an axis"),
        (lambda x: np.log(2 * x), "this is the logarithm of the answer"),
        (lambda x: np.exp(2 * x), "this is exp of the answer"),
        (lambda x: x, "every number is 0.5 times the expected one"),
        (lambda x: (2 * x).astype(int), "the numbers are cut to integers"),
    ],
)
def test_mistakes_that_every_exercise_shares_are_named(candidate, hint):
    assert f"Hint: {hint}" in TABLE.check(candidate).message


@pytest.mark.filterwarnings("error")
def test_rounding_noise_and_infinity_are_no_common_factors():
    assert "Hint" not in TABLE.check(lambda x: 1e-17 * x).message
    zero = replace(TABLE, cases=[Case({"x": np.arange(4.0)}, 2 * np.arange(4.0), "twice.")])
    assert "Hint" not in zero.check(lambda x: np.full(4, np.inf)).message


def test_no_mistake_is_looked_for_where_the_numbers_were_not_compared():
    def in_place(x):
        x *= 2
        return x

    assert TABLE.check(in_place).message.endswith("work on a copy.")


PADDED = Exercise(
    name="a sum without the padding",
    cases=[Case({"x": np.array([1.0, np.nan, 2.0])}, 3.0, "nan is padding.")],
    solutions=[np.nansum, lambda x: x[0] + x[2]],
    wrong_answers={},
    hints={},
)


def fills_the_padding(x):
    x[1] = 0.0
    return x.sum()


def pads_a_number(x):
    x[0] = np.nan
    return 3.0


def test_nan_in_an_argument_is_no_change_of_it():
    assert PADDED.check(lambda x: np.nansum(x)).passed
    for changes in (fills_the_padding, pads_a_number):
        assert PADDED.check(changes).message.endswith("changes its argument 'x'; work on a copy.")


NESTED = Exercise(
    name="scores of each document",
    cases=[
        Case(
            {
                "scores": [[3.0, None, 1.0], [2.0]],
                "texts": [{"total": "1", "box": np.array([1.0, np.nan])}, {}],
                "k": (1.0, [2]),
            },
            [2, 1],
            "how many have a score.",
        )
    ],
    solutions=[
        lambda scores, texts, k: [sum(s is not None for s in row) for row in scores],
        lambda scores, texts, k: [len(row) - row.count(None) for row in scores],
    ],
    wrong_answers={},
    hints={},
)
IN_PLACE = {
    "one score less": ("scores", lambda scores, texts, k: scores[0].remove(None)),
    "one row less": ("scores", lambda scores, texts, k: scores.pop()),
    "another order": ("scores", lambda scores, texts, k: scores[0].reverse()),
    "a number for none": ("scores", lambda scores, texts, k: scores[0].__setitem__(1, 0.0)),
    "a shorter row": ("scores", lambda scores, texts, k: scores[0].pop()),
    "another text": ("texts", lambda scores, texts, k: texts[0].update(total="2")),
    "a new key": ("texts", lambda scores, texts, k: texts[1].update(total="2")),
    "another key": ("texts", lambda scores, texts, k: texts[0].update(new=texts[0].pop("total"))),
    "a text for a dict": ("texts", lambda scores, texts, k: texts.__setitem__(0, "total")),
    "a number for a row": ("scores", lambda scores, texts, k: scores.__setitem__(1, 2.0)),
    "inside an array": ("texts", lambda scores, texts, k: texts[0]["box"].fill(1.0)),
    "inside a tuple": ("k", lambda scores, texts, k: k[1].append(3)),
}


@pytest.mark.parametrize("change", IN_PLACE)
def test_a_change_deep_inside_an_argument_is_seen(change):
    name, alter = IN_PLACE[change]

    def candidate(scores, texts, k):
        alter(scores, texts, k)
        return [2, 1]

    assert all(NESTED.check(solution).passed for solution in NESTED.solutions)
    message = NESTED.check(candidate).message
    assert message == f"your function changes its argument {name!r}; work on a copy."


def test_a_common_factor_of_two_numbers_is_no_hint():
    assert "times the expected" not in TOY.check(lambda x: 3 * x).message


def test_the_verdict_shows_more_than_colour():
    bundle = TOY.check(double)._repr_mimebundle_()
    assert bundle["text/plain"].startswith("Passed")
    assert "solid" in bundle["text/html"]
    assert "dotted" in TOY.check(None)._repr_mimebundle_()["text/html"]
    assert "&lt;" in TOY.check(lambda x: "<b>")._repr_mimebundle_()["text/html"]


def test_what_is_measured_may_be_something_else_than_the_answer():
    def slope(candidate):
        return lambda x: candidate(x + 1) - candidate(x)

    exercise = Exercise(
        name="any line of slope 2",
        cases=[Case({"x": np.array(3.0)}, 2.0, "the slope.")],
        solutions=[double, lambda x: 2 * x + 7],
        wrong_answers={"half as steep": lambda x: x},
        hints={"half as steep": "twice as steep."},
        measure=slope,
    )
    assert all(exercise.check(solution).passed for solution in exercise.solutions)
    assert exercise.check(lambda x: x - 5).message.endswith("Hint: twice as steep.")
