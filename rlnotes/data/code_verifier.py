"""A verifier that runs code: answers that shall sort a list, and tests that judge them.

Each answer is Python source that defines `sort_list(numbers)`. It runs in a process of
its own, so that it can neither change a variable here nor stop what called it. That is
no sandbox: the process has all rights of whoever starts it. It can delete files, use
the network, and read the environment and the disk, the hidden cases included. Run code
that a model wrote in a container or a virtual machine that has nothing to lose.
"""

import json
import subprocess
import sys
from collections.abc import Sequence

from rlnotes._checks import require_positive

Case = tuple[tuple[int, ...], tuple[int, ...]]  # the numbers given, and those expected

VISIBLE_CASES: tuple[Case, ...] = (
    ((3, 1, 2), (1, 2, 3)),
    ((2, 1, 2), (1, 2, 2)),
    ((), ()),
    ((5, -1, 5, 0), (-1, 0, 5, 5)),
)
HIDDEN_CASES: tuple[Case, ...] = (
    ((4, 3, 2, 1), (1, 2, 3, 4)),
    ((7, 7, 0), (0, 7, 7)),
    ((10, 9, 100), (9, 10, 100)),
    ((0, -2, 0, -2, 1), (-2, -2, 0, 0, 1)),
)

# Four answers of a group. In visible tests they pass all, none, all and half.
ANSWERS = {
    "built-in": "def sort_list(numbers):\n    return sorted(numbers)\n",
    "in place": "def sort_list(numbers):\n    return numbers.sort()\n",  # which is None
    "by insertion": """\
def sort_list(numbers):
    done = []
    for number in numbers:
        place = len(done)
        while place > 0 and done[place - 1] > number:
            place -= 1
        done.insert(place, number)
    return done
""",
    "through a set": "def sort_list(numbers):\n    return sorted(set(numbers))\n",
}

# It passes all visible tests, and sorts nothing.
LOOKED_UP = """\
KNOWN = {(3, 1, 2): [1, 2, 3], (2, 1, 2): [1, 2, 2], (): [], (5, -1, 5, 0): [-1, 0, 5, 5]}

def sort_list(numbers):
    return KNOWN[tuple(numbers)]
"""

_LONGEST = 1e6  # seconds; the system cannot wait much longer

# The answer gets the inputs and no expected list. What it prints goes nowhere; a line
# for each case, with what it returned, goes out at once, so that a later case which
# never ends takes nothing back.
_CHILD = """\
import json, os, sys
source, inputs = json.load(sys.stdin)
lines = os.fdopen(os.dup(1), "w", encoding="ascii")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
names = {}
exec(source, names)
for numbers in inputs:
    try:
        returned = json.dumps(names["sort_list"](numbers))
    except BaseException:
        returned = "null"
    print(returned, file=lines, flush=True)
"""


def run_tests(source: str, cases: Sequence[Case], *, seconds: float = 2.0) -> float:
    """Share of the test cases that an answer passes, found by running it.

    A case is passed if `sort_list` returns the expected list of whole numbers. All
    cases run one after the other in one new process, with the standard library alone.
    Whatever the answer does, the result is a number, and never NaN:

        a wrong list, no list, an exception         this case is not passed
        no function of that name, a syntax error    no case is passed
        the process ends by itself                  this case and those after it are not
        it runs past the time limit                 this case and those after it are not

    The comparison happens here, not there: the answer cannot print its own score.

    Args:
        source: Python that defines `sort_list(numbers)`.
        cases: pairs (numbers given, numbers expected), at least one.
        seconds: for all cases together and the start of Python. Processes that the
            answer started itself are not ended.

    Returns:
        Fraction in [0, 1].

    Raises:
        ValueError: if source is no string, there is no case, one is not a pair of
            sequences of whole numbers, or seconds is not positive and finite.

    Example:
        >>> [run_tests(source, VISIBLE_CASES) for source in ANSWERS.values()]
        [1.0, 0.0, 1.0, 0.5]
        >>> run_tests(LOOKED_UP, VISIBLE_CASES), run_tests(LOOKED_UP, HIDDEN_CASES)
        (1.0, 0.0)
    """
    if not isinstance(source, str):
        raise ValueError(f"source must be a string, got {type(source).__name__}")
    require_positive(seconds=seconds)
    inputs, expected = _checked_cases(cases)
    lines = _returned(json.dumps([source, inputs]), min(seconds, _LONGEST))
    passed = sum(
        line == json.dumps(numbers).encode()
        # The lists differ in length if the process ended early, or printed more.
        for line, numbers in zip(lines, expected, strict=False)
    )
    return passed / len(expected)


def _checked_cases(cases: Sequence[Case]) -> tuple[list[list[int]], list[list[int]]]:
    """Inputs and expected lists; raise at the first case that is no test."""
    if not isinstance(cases, Sequence) or isinstance(cases, str) or not cases:
        raise ValueError(f"cases must be a sequence of at least one case, got {cases!r}")
    for case in cases:
        if not (_is_sequence(case) and len(case) == 2 and all(map(_are_integers, case))):
            raise ValueError(f"cases must be pairs (numbers given, numbers expected), got {case!r}")
    return [list(given) for given, _ in cases], [list(expected) for _, expected in cases]


def _is_sequence(value) -> bool:
    return isinstance(value, list | tuple)


def _are_integers(numbers) -> bool:
    return _is_sequence(numbers) and all(type(number) is int for number in numbers)


def _returned(task: str, seconds: float) -> list[bytes]:
    """What came out of the process, in lines; on a time limit, what came until then."""
    command = [sys.executable, "-I", "-S", "-c", _CHILD]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    try:
        ended = subprocess.run(command, input=task.encode(), timeout=seconds, check=False, **pipes)
    except subprocess.TimeoutExpired as error:
        return (error.stdout or b"").splitlines()
    return ended.stdout.splitlines()
