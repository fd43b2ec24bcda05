"""An exercise, its checker and its verdict.

The checker compares a candidate with the mathematics on a few inputs. When they
differ, it compares the candidate with every known wrong answer, and names the mistake
whose numbers it makes: on all inputs, or else on the first that fails.
"""

import copy
import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np

from rlnotes.exercises.answers import Outcome, Refused, outcome, question, read, show
from rlnotes.exercises.errors import describe
from rlnotes.exercises.patterns import general_hint
from rlnotes.exercises.time_limit import TimeUp, time_limit

_MOST_NUMBERS = 40  # of two answers of different shapes, to show both
_MOST_GUESSES = 2  # known mistakes that may be named when one input alone tells


@dataclass(frozen=True)
class Case:
    """One input, and the answer that mathematics gives for it."""

    arguments: Mapping[str, object]
    expected: object
    reason: str  # where the expected answer comes from, for the message


@dataclass(frozen=True)
class Verdict:
    """What a check found."""

    passed: bool
    message: str

    def __str__(self) -> str:
        return f"{'Passed' if self.passed else 'Not yet'}: {self.message}"

    def _repr_mimebundle_(self, **_kwargs) -> dict:
        # Colour is not the only code: the first word says it, and the border's style.
        color, style = ("#009E73", "solid") if self.passed else ("#D55E00", "dotted")
        return {
            "text/plain": str(self),
            "text/html": f"<pre style='border-left:5px {style} {color};padding:0.5em 1em;"
            f"white-space:pre-wrap'>{html.escape(str(self))}</pre>",
        }


@dataclass(frozen=True)
class Exercise:
    """A task for the reader, with what its checker needs.

    Args:
        name: key in the catalogue.
        cases: inputs with the answers that mathematics gives.
        solutions: two or more right answers, written differently.
        wrong_answers: name -> callable; mistakes that people really make.
        hints: name -> sentence, for each wrong answer.
        seconds: time after which a candidate is stopped.
        measure: turns a candidate into the function whose numbers are compared, for
            answers of which something else counts, such as the gradient of a loss.
    """

    name: str
    cases: Sequence[Case]
    solutions: Sequence[Callable]
    wrong_answers: Mapping[str, Callable]
    hints: Mapping[str, str]
    seconds: float = field(default=5.0)
    measure: Callable[[Callable], Callable] = field(default=lambda candidate: candidate)

    def check(self, candidate: Callable) -> Verdict:
        """Compare a candidate with the right answers. Never raises.

        Args:
            candidate: the reader's function.

        Returns:
            A `Verdict`: on failure, what was expected, what came, on which input, and
            the mistake that makes the same numbers, if one is known.
        """
        if not callable(candidate):
            return Verdict(False, f"check needs a function, got {type(candidate).__name__}.")
        for place, case in enumerate(self.cases):
            examine = partial(self.problem, candidate, case)
            problem, may_be_known = self.guarded(examine, case.arguments)
            if problem:
                hint = self._hint(self.measure(candidate), place) if may_be_known else ""
                return Verdict(False, problem + hint)
        return Verdict(True, f"all {len(self.cases)} inputs give the right answer.")

    def problem(self, candidate: Callable, case: Case) -> str:
        """What is wrong with the candidate on this case; empty if nothing is."""
        return _problem(self.measure(candidate), case)

    def guarded(self, examine: Callable[[], str], arguments: Mapping) -> tuple[str, bool]:
        """What `examine` finds wrong, or its error; and whether to look for a hint."""
        try:
            with time_limit(self.seconds):
                return examine(), True
        except Refused as problem:
            return str(problem), False
        except KeyboardInterrupt:
            return "interrupted. Does a loop never end?", False
        except TimeUp:
            stopped = f"no answer after {self.seconds:g} seconds. Does a loop never end? Stopped on"
            return f"{stopped} this input:\n{_show_arguments(arguments)}", False
        except BaseException as error:  # any error of the reader's becomes a message
            if isinstance(error, NotImplementedError) and not error.args:
                return "`raise NotImplementedError` was reached. Write the body there.", False
            return f"your function raised an error:\n{describe(error)}", True

    def _hint(self, candidate: Callable, place: int) -> str:
        """The mistake that makes the same numbers, at least on the case at `place`."""
        try:
            with time_limit(self.seconds):
                mine = self._outcomes(candidate)
        except (TimeUp, KeyboardInterrupt):
            return ""
        agreements = {}
        for name, theirs in self._mistakes.items():
            same = [one.resembles(other) for one, other in zip(mine, theirs, strict=True)]
            if all(same):
                return f"\nHint: {self.hints[name]}"
            # A mistake that fails earlier than the candidate is not the candidate's.
            if all(same[: place + 1]) and mine[place].numbers is not None:
                agreements[name] = sum(same)
        general = general_hint(mine, [read(case.expected).numbers for case in self.cases])
        if general:
            return f"\nHint: {general}"
        # One equal number may be chance, one equal array hardly.
        most = max(agreements.values(), default=0)
        enough = 2 if all(np.ndim(case.expected) == 0 for case in self.cases) else 1
        likely = [self.hints[n] for n, count in agreements.items() if count == most >= enough]
        if not 1 <= len(likely) <= _MOST_GUESSES:
            return ""
        return "\nHint, judging by this input alone: " + "\nOr: ".join(likely)

    @cached_property
    def _mistakes(self) -> dict[str, list[Outcome]]:
        """What each known mistake gives for each input."""
        return {n: self._outcomes(self.measure(wrong)) for n, wrong in self.wrong_answers.items()}

    def _outcomes(self, function: Callable) -> list[Outcome]:
        return [outcome(function, case.arguments) for case in self.cases]


def _problem(candidate: Callable, case: Case) -> str:
    """What is wrong with the candidate on this case; empty if nothing is."""
    arguments = copy.deepcopy(dict(case.arguments))
    answer = candidate(**arguments)
    changed = [name for name in arguments if not _equal(arguments[name], case.arguments[name])]
    if changed:
        raise Refused(f"your function changes its argument {changed[0]!r}; work on a copy.")
    place = f"on this input:\n{_show_arguments(case.arguments)}"
    if answer is None:
        raise Refused(f"your function returned None. Is a return missing? It did so {place}")
    given, expected = read(answer), read(case.expected).numbers
    where = f"{place}\nWhy: {case.reason}"
    if given.numbers.shape != expected.shape:
        wanted = f"an array of shape {expected.shape}" if expected.shape else "one number"
        shapes = f"expected {wanted}, got shape {given.numbers.shape}{question(answer)}"
        if max(given.numbers.size, expected.size) > _MOST_NUMBERS:
            return f"{shapes}, {where}"
        return f"{shapes}\n{_side_by_side(expected, given.numbers)}\n{where}"
    if not np.isnan(given.numbers).any() and given.equals(expected):
        return ""
    return f"{_side_by_side(expected, given.numbers)}\n{where}"


def _side_by_side(expected: np.ndarray, given: np.ndarray) -> str:
    """Both in few digits, or in as many as it takes to tell them apart."""
    pairs = [(show(expected, digits), show(given, digits)) for digits in (4, 7, 10)]
    wanted, got = next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])
    return f"expected  {wanted}\ngot       {got}"


def _equal(given, before) -> bool:
    """Whether nothing has changed: here nan, as in padding, is equal to nan."""
    if isinstance(before, list | tuple | dict):  # rows may differ in length
        if type(given) is not type(before) or len(given) != len(before):
            return False
        if isinstance(before, dict):
            return all(key in given and _equal(given[key], before[key]) for key in before)
        return all(map(_equal, given, before))
    if np.shape(given) != np.shape(before):
        return False
    given, before = np.asarray(given), np.asarray(before)
    both_nan = (given != given) & (before != before)
    return bool(np.all((given == before) | both_nan))


def _show_arguments(arguments: Mapping[str, object]) -> str:
    return "\n".join(f"  {name} = {show(value)}" for name, value in arguments.items())
