#!/usr/bin/env bash
# anls-star 1.0.1: an answer with a wrong amount scores above 0.9, one that leaves a
# field out scores less, and a number in place of its text scores 0 or 0.75.
#
# Guess: a score for structured answers compares numbers as numbers, 5 with "5.00", and
# punishes a wrong total at least as much as a missing tax; Decimal is a number to it.
# Seen: every leaf is compared as text by edit distance. Of six fields with the total 9.60,
# 9.50 keeps .958, 96.00 .933, -9.60 .967; tax left out .833. 5 against "5.00" scores 0,
# 5.0 scores .75. A Decimal raises ValueError. Capitals do not count.
#
# Output seen:
#   total 9.50: 0.958
#   total 96.00: 0.933
#   total -9.60: 0.967
#   day and month exchanged: 0.967
#   tax left out: 0.833
#   5 for "5.00": 0.000
#   5.0 for "5.00": 0.750
#   Decimal: ValueError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet anls-star==1.0.1 munkres==3.0.0
"$folder/venv/bin/python" - <<'PY'
from decimal import Decimal

from anls_star import anls_score

truth = {
    "vendor": "Marlow Garden Supplies",
    "date": "2026-05-03",
    "currency": "EUR",
    "subtotal": "9.00",
    "tax": "0.60",
    "total": "9.60",
}
answers = {
    "total 9.50": (truth | {"total": "9.50"}, 0.958),
    "total 96.00": (truth | {"total": "96.00"}, 0.933),
    "total -9.60": (truth | {"total": "-9.60"}, 0.967),
    "day and month exchanged": (truth | {"date": "2026-03-05"}, 0.967),
    "tax left out": ({key: value for key, value in truth.items() if key != "tax"}, 0.833),
}
for name, (answer, expected) in answers.items():
    score = anls_score(gt=truth, pred=answer)
    print(f"{name}: {score:.3f}")
    assert abs(score - expected) < 5e-4, name
for number, expected in ((5, 0.0), (5.0, 0.75)):
    score = anls_score(gt={"total": "5.00"}, pred={"total": number})
    print(f'{number} for "5.00": {score:.3f}')
    assert score == expected
try:
    anls_score(gt={"total": Decimal("5.00")}, pred={"total": Decimal("5.00")})
except ValueError:
    print("Decimal: ValueError")
else:
    raise AssertionError("Decimal is accepted now")
PY
