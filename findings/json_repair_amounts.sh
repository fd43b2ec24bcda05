#!/usr/bin/env bash
# json_repair 0.64.6: what stands beside a number without quotes is dropped, a minus and
# the rest of its digits included, and of two objects with the same keys the last stays;
# strict mode stops the second of these only.
#
# Guess: a text that is almost JSON comes back as the JSON that was meant, and what is no
# number, such as 1 234.50, as the string that was written; strict=True raises where it
# had to guess at a value.
# Seen: 1 234.50 and 1'234.50 are 1. A minus in Unicode, brackets for a negative amount
# and a minus behind it are lost, the last of them only before the closing brace. Percent
# signs and currencies are dropped. So with strict=True. 12,50, dates and 1.234,56 do come
# back as strings. Two objects become a list, but if their keys are the same, the first
# is gone; strict raises there. In quotes, all amounts stay as written.
#
# Output seen:
#     {"total": 1 234.50}     {'total': 1}
#     {"total": 1'234.50}     {'total': 1}
#     {"total": −5}           {'total': 5}
#     {"total": (12.50)}      {'total': 12.5}
#     {"total": 12.50-}       {'total': 12.5}
#     {"total": 19 %}         {'total': 19}
#     {"total": 12.50 EUR}    {'total': 12.5}
#     {"total": 12,50}        {'total': '12,50'}
#     {"total": 1.234,56}     {'total': '1.234,56'}
#     {"total": 2026-11-30}   {'total': '2026-11-30'}
#     {"total": "1 234.50"}   {'total': '1 234.50'}
#     {"total": 12.50-, "tax": 2}             {'total': '12.50-', 'tax': 2}
#     {"total": 1} or {"total": 2}            {'total': 2}, strict: ValueError
#     {"total": 1} or {"tax": 2}              [{'total': 1}, {'tax': 2}], strict: ValueError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet json_repair==0.64.6
PYTHONIOENCODING=utf-8 "$folder/venv/bin/python" - <<'PY'
from json_repair import loads


def strict(text):
    try:
        return loads(text, strict=True)
    except ValueError:
        return "ValueError"


for text, wanted in (
    ("1 234.50", 1),
    ("1'234.50", 1),
    ("\u22125", 5),
    ("(12.50)", 12.5),
    ("12.50-", 12.5),
    ("19 %", 19),
    ("12.50 EUR", 12.5),
    ("12,50", "12,50"),
    ("1.234,56", "1.234,56"),
    ("2026-11-30", "2026-11-30"),
    ('"1 234.50"', "1 234.50"),
):
    amount = f'{{"total": {text}}}'
    found = loads(amount), strict(amount)
    print(f"  {amount:<24}{found[0]}")
    assert found == ({"total": wanted}, {"total": wanted}), (text, found)
behind = '{"total": 12.50-, "tax": 2}'
print(f"  {behind:<40}{loads(behind)}")
assert loads(behind) == {"total": "12.50-", "tax": 2}
for text, wanted in (
    ('{"total": 1} or {"total": 2}', {"total": 2}),
    ('{"total": 1} or {"tax": 2}', [{"total": 1}, {"tax": 2}]),
):
    print(f"  {text:<40}{loads(text)}, strict: {strict(text)}")
    assert loads(text) == wanted and strict(text) == "ValueError", text
PY
