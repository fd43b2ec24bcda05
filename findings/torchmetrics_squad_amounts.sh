#!/usr/bin/env bash
# torchmetrics 1.9.0: "exact match" of SQuAD counts 1250 and -12.50 as 12.50, and neither
# 12.5 nor a euro sign before it.
#
# Guess: exact match is the strict one of the two scores: the same text up to capitals and
# spaces. A number with another sign or another point is wrong.
# Seen: as in the benchmark, all ASCII punctuation is deleted before the texts are compared,
# also within a word: the point, the minus, $ and %. So 12.50, 1250, 1,250, -12.50 and
# 12.50% are one answer, and so are 30.11.2026 and 30.1.12026. The euro sign is no ASCII
# and counts; 12.5 is another text. The words a, an and the are deleted, so that an empty
# answer is right where the truth is "the".
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   answer        truth          exact match   F1
#   '1250'        '12.50'          100       100.0
#   '1,250'       '12.50'          100       100.0
#   '-12.50'      '12.50'          100       100.0
#   '12.50%'      '12.50'          100       100.0
#   '$12.50'      '12.50'          100       100.0
#   '€12.50'      '12.50'            0         0.0
#   '12.5'        '12.50'            0         0.0
#   '12.50 EUR'   '12.50'            0        66.7
#   '30.1.12026'  '30.11.2026'     100       100.0
#   'A'           'the'            100       100.0
#   ''            'the'            100       100.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
from torchmetrics.functional.text import squad


def scores(answer, truth):
    """Exact match and F1 of one answer, as percentages."""
    found = squad(
        [{"prediction_text": answer, "id": "1"}],
        [{"answers": {"answer_start": [0], "text": [truth]}, "id": "1"}],
    )
    return found["exact_match"].item(), found["f1"].item()


print("answer        truth          exact match   F1")
for answer, truth, wanted in (
    ("1250", "12.50", (100, 100)),
    ("1,250", "12.50", (100, 100)),
    ("-12.50", "12.50", (100, 100)),
    ("12.50%", "12.50", (100, 100)),
    ("$12.50", "12.50", (100, 100)),
    ("\u20ac12.50", "12.50", (0, 0)),
    ("12.5", "12.50", (0, 0)),
    ("12.50 EUR", "12.50", (0, 200 / 3)),
    ("30.1.12026", "30.11.2026", (100, 100)),
    ("A", "the", (100, 100)),
    ("", "the", (100, 100)),
):
    found = scores(answer, truth)
    print(f"{answer!r:<14}{truth!r:<15}{found[0]:5.0f}       {found[1]:5.1f}")
    assert all(abs(a - b) < 1e-3 for a, b in zip(found, wanted, strict=True)), (answer, found)
PY
