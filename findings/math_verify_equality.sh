#!/usr/bin/env bash
# math-verify 0.9.0: "equal" is no equality: 5% equals 0.05 and 5; some pairs are equal in
# one direction only; 1e-3 in a sentence is read as 1; and plain numbers are never equal.
#
# Guess: verify(parse(gold), parse(answer)) says whether two answers are the same number or
# object, so that what equals the same answer is equal, in either order; numbers may be
# written as in a program; what is no text need not be parsed.
# Seen: a percentage is compared by its value and by the number before the sign. Equations
# lose their left side beside a number, so x = 5 and y = 5 both equal 5, and not each
# other. A pair that rises is an open interval and equals the set of its two ends, one
# that falls is a pair and equals the set only as the answer. Outside of $ signs an
# exponent after "e" is cut off, and so is the fraction of a mixed number. verify(5, 5) is
# False. In a thread other than the first, parse raises a ValueError, unless its limit on
# time is set to None. A reward by this verifier pays for what these rules take as equal.
#
# Output seen:
#   gold, answer: equal; the other way round
#     $0.05$      5%          True   True
#     $5$         5%          True   True
#     $0.05$      $5$         False  False
#     $5$         $x=5$       True   True
#     $5$         $y=5$       True   True
#     $x=5$       $y=5$       False  False
#     $\{1,2\}$   $(1,2)$     True   True
#     $\{1,2\}$   $(2,1)$     True   False
#     $(1,2)$     $1<x<2$     False  True
#     $0.001$     it is 1e-3  False  False
#     $1$         it is 1e-3  True   True
#     $1.5$       it is 1 1/2 False  False
#     $1$         it is 1 1/2 True   True
#   5 and 5 as numbers: False; as texts that were parsed: True
#   parse in a thread: ValueError; with parsing_timeout=None: 5
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet math-verify==0.9.0 latex2sympy2_extended==1.11.0 \
  sympy==1.14.0
"$folder/venv/bin/python" - <<'PY'
import logging
from concurrent.futures import ThreadPoolExecutor

from math_verify import parse, verify

logging.disable(logging.WARNING)  # that a limit on time is switched off

print("gold, answer: equal; the other way round")
for gold, answer, wanted in (
    ("$0.05$", "5%", (True, True)),
    ("$5$", "5%", (True, True)),
    ("$0.05$", "$5$", (False, False)),
    ("$5$", "$x=5$", (True, True)),
    ("$5$", "$y=5$", (True, True)),
    ("$x=5$", "$y=5$", (False, False)),
    (r"$\{1,2\}$", "$(1,2)$", (True, True)),
    (r"$\{1,2\}$", "$(2,1)$", (True, False)),
    ("$(1,2)$", "$1<x<2$", (False, True)),
    ("$0.001$", "it is 1e-3", (False, False)),
    ("$1$", "it is 1e-3", (True, True)),
    ("$1.5$", "it is 1 1/2", (False, False)),
    ("$1$", "it is 1 1/2", (True, True)),
):
    left, right = parse(gold), parse(answer)
    found = verify(left, right), verify(right, left)
    print(f"  {gold:<10}  {answer:<12}{found[0]!s:<6} {found[1]}")
    assert found == wanted, (gold, answer, found)
numbers = verify(5, 5), verify(parse("5"), parse("5"))
print(f"5 and 5 as numbers: {numbers[0]}; as texts that were parsed: {numbers[1]}")
assert numbers == (False, True)


def in_a_thread(**limits):
    with ThreadPoolExecutor(1) as pool:
        try:
            return pool.submit(parse, "5", **limits).result()[0]
        except ValueError as error:
            return type(error).__name__


found = in_a_thread(), in_a_thread(parsing_timeout=None)
print(f"parse in a thread: {found[0]}; with parsing_timeout=None: {found[1]}")
assert found[0] == "ValueError" and found[1] == 5, found
PY
