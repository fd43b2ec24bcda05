"""Answers that are run: shares of passed tests, and what else an answer may do."""

import itertools
import json
import math
import os
import time

import pytest

from rlnotes.data.code_verifier import (
    ANSWERS,
    HIDDEN_CASES,
    LOOKED_UP,
    VISIBLE_CASES,
    run_tests,
)

FOUR = (((2, 1), (1, 2)), ((), ()), ((3,), (3,)), ((0, -1), (-1, 0)))
SORTED = "def sort_list(numbers):\n    return sorted(numbers)\n"


def answer(body: str, before: str = "") -> str:
    """Source of an answer with this body, which may use `sorted`."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{before}\ndef sort_list(numbers):\n{lines}"


def test_the_rewards_of_the_four_answers():
    rewards = [run_tests(source, VISIBLE_CASES) for source in ANSWERS.values()]
    assert rewards == [1.0, 0.0, 1.0, 0.5]


def test_the_answer_that_looks_up_the_visible_cases_fails_all_hidden_ones():
    assert run_tests(LOOKED_UP, VISIBLE_CASES) == 1.0
    assert run_tests(LOOKED_UP, HIDDEN_CASES) == 0.0
    assert [run_tests(ANSWERS[name], HIDDEN_CASES) for name in ("built-in", "by insertion")] == [
        1,
        1,
    ]


def test_the_cases_are_right_and_no_hidden_one_is_visible_or_sorted_already():
    for given, expected in (*VISIBLE_CASES, *HIDDEN_CASES):
        assert expected in itertools.permutations(given)
        assert all(low <= high for low, high in itertools.pairwise(expected))
    assert not set(VISIBLE_CASES) & set(HIDDEN_CASES)
    assert all(given != expected for given, expected in HIDDEN_CASES)
    assert len(set(VISIBLE_CASES)) == len(set(HIDDEN_CASES)) == 4


@pytest.mark.parametrize(
    ("source", "share"),
    [
        (SORTED, 1),
        ("sort_list = sorted", 1),
        ("import bisect\n" + SORTED, 1),
        (SORTED + "if __name__ == '__main__':\n    sort_list = None\n", 1),
        (answer("numbers.sort()\nreturn numbers"), 1),
        (answer("return tuple(sorted(numbers))"), 1),  # a list once it is written down
        (answer("return numbers"), 0.5),
        (answer("return numbers[::-1]"), 1),  # right here, though it does not sort
        (answer("return [float(n) for n in sorted(numbers)]"), 0.25),  # the empty one
        (answer("return str(sorted(numbers))"), 0),
        (answer("return iter(sorted(numbers))"), 0),
        (answer("return {n: 0 for n in sorted(numbers)}"), 0),
        (answer("return [sorted(numbers)]"), 0),
        (answer("return sorted(numbers) + [float('nan')]"), 0),
        (answer("numbers.append(numbers)\nreturn numbers"), 0),
        ("", 0),
        ("def sort_lists(numbers): return sorted(numbers)", 0),
        ("sort_list = 3", 0),
        ("def sort_list(numbers) return sorted(numbers)", 0),
        ("def sort_list(): return []", 0),
        ("\0", 0),
        ("\ud800", 0),
        ("raise ValueError('no')\n" + SORTED, 0),
        ("import numpy\n" + SORTED, 0),  # the standard library alone
        ("import rlnotes\n" + SORTED, 0),
    ],
)
def test_what_an_answer_returns_is_compared_with_what_is_expected(source, share):
    assert run_tests(source, FOUR) == share


@pytest.mark.parametrize(
    "trouble",
    [
        "raise RuntimeError('no')",
        "raise KeyboardInterrupt",
        "raise type('Two\\nLines', (Exception,), {})",
        "raise type('\\u00e9', (Exception,), {})",
        "import sys; sys.exit()",
        "return sort_list(numbers)",
        "return 10 ** 5000",
        "return '\\n[3]'",
    ],
)
def test_an_exception_loses_its_own_case_only(trouble):
    source = answer(f"if not numbers:\n    {trouble}\nreturn sorted(numbers)")
    assert run_tests(source, FOUR) == 0.75


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_an_answer_that_ends_its_process_loses_that_case_and_those_after_it(end):
    source = answer(f"if numbers == [3]:\n    {end}\nreturn sorted(numbers)", "import os")
    assert run_tests(source, FOUR) == 0.5


def test_a_case_that_never_ends_loses_itself_and_those_after_it():
    source = answer("while not numbers:\n    pass\nreturn sorted(numbers)")
    assert run_tests(source, FOUR, seconds=1.0) == 0.25
    assert run_tests("while True: pass", FOUR, seconds=0.2) == 0


def test_a_process_or_thread_that_stays_behind_takes_nothing_back():
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(3,)).start()\n"
    assert run_tests(thread + SORTED, FOUR, seconds=1.0) == 1
    command = "[sys.executable, '-c', 'import time; time.sleep(3)']"
    child = f"import subprocess, sys\nsubprocess.Popen({command}, stdout=3, close_fds=False)\n"
    assert run_tests(child + SORTED, FOUR, seconds=1.0) == 1


def test_the_time_limit_holds():
    start = time.monotonic()
    run_tests("import time\ntime.sleep(60)", FOUR, seconds=0.3)
    assert time.monotonic() - start < 30


PRINTS = """\
import os, sys
right = ["[1, 2]", "[]", "[3]", "[-1, 0]"]
for line in right:
    print(line, flush=True)
    print(line, file=sys.__stdout__, flush=True)
    print(line, file=sys.stderr, flush=True)
    os.write(1, line.encode() + b"\\n")
"""


def test_what_an_answer_prints_neither_helps_nor_hurts():
    assert run_tests(PRINTS, FOUR) == 0
    assert run_tests(PRINTS + answer("return None"), FOUR) == 0
    assert run_tests(PRINTS + SORTED, FOUR) == 1
    assert run_tests(answer("print(1.0)\nprint([1, 2])\nreturn sorted(numbers)"), FOUR) == 1
    assert run_tests(answer("print([-1, 0])\nreturn numbers"), FOUR) == 0.5


def test_the_answer_never_gets_to_see_an_expected_list():
    # All that the process holds, asked of its garbage collector and its frames.
    source = answer(
        "import gc, sys\n"
        "frame, seen = sys._getframe(), []\n"
        "while frame:\n"
        "    seen += [frame.f_locals, frame.f_globals]\n"
        "    frame = frame.f_back\n"
        "text = repr(seen) + repr(gc.get_objects())\n"
        "found = ', '.join(str(n) for n in range(41, 44)) in text\n"
        "return sorted(numbers) if found else [1]"
    )
    assert run_tests(source, [((41, 42, 43), (41, 42, 43))]) == 1  # its input is there
    assert run_tests(source, [((43, 42, 41), (41, 42, 43))]) == 0


def test_an_object_that_is_equal_to_everything_is_not_the_list():
    always = "class Always(list):\n    def __eq__(self, other): return True\n"
    assert run_tests(answer("return Always([9])", always), FOUR) == 0


def test_nothing_of_this_process_is_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bisect.py").write_text("raise RuntimeError('from the working folder')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    source = "import bisect, json, os\njson.dumps = None\nos.chdir('/')\nos.environ.clear()\n"
    assert run_tests("import bisect\n" + SORTED, FOUR) == 1
    assert run_tests(source + SORTED, FOUR) == 0  # it broke its own tool
    assert json.dumps([1]) == "[1]"
    assert os.environ["PYTHONPATH"] == str(tmp_path) == os.getcwd()


def test_the_cases_are_not_changed_and_do_not_reach_one_another():
    cases = [([2, 1], [1, 2]), ([2, 1], [1, 2])]
    assert run_tests(answer("numbers.sort()\nnumbers += []\nreturn numbers"), cases) == 1
    assert cases == [([2, 1], [1, 2]), ([2, 1], [1, 2])]
    once = "calls = []\n"
    assert (
        run_tests(once + answer("calls.append(1)\nreturn calls"), [((), (1,)), ((), (1,))]) == 0.5
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, FOUR), "source must be a string, got NoneType"),
        ((b"", FOUR), "source must be a string, got bytes"),
        (("", ()), r"cases must be a sequence of at least one case, got \(\)"),
        (("", None), "cases must be a sequence of at least one case, got None"),
        (("", "ab"), "cases must be a sequence of at least one case, got 'ab'"),
        (("", iter(FOUR)), "cases must be a sequence of at least one case, got <"),
        (("", [((1,),)]), r"cases must be pairs \(numbers given, .*, got \(\(1,\),\)"),
        (("", [FOUR[0], 3]), r"cases must be pairs \(numbers given, .*, got 3"),
        (("", [("21", "12")]), r"cases must be pairs .*, got \('21', '12'\)"),
        (("", [((1.5,), (1.5,))]), r"cases must be pairs .*, got \(\(1\.5,\), \(1\.5,\)\)"),
        (("", [((True,), (True,))]), r"cases must be pairs .*, got \(\(True,\), \(True,\)\)"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        run_tests(*arguments)


def test_a_time_limit_may_be_longer_than_the_system_can_wait():
    assert run_tests(SORTED, FOUR, seconds=1e300) == 1


@pytest.mark.parametrize("seconds", [0, -1.0, math.nan, math.inf, None, "2"])
def test_a_time_limit_that_is_none_is_named(seconds):
    with pytest.raises(ValueError, match=r"^seconds must be positive and finite, got"):
        run_tests(SORTED, FOUR, seconds=seconds)
