#!/usr/bin/env bash
# seqeval 1.2.2: a scheme is looked at in strict mode only, a label without prefix loses its
# first letter, and documents with nothing to find score 0 if nothing is found.
#
# Guess: scheme=IOB2 counts entities by that scheme, so one that starts with I- is none;
# labels without B- and I- are compared as they are; a perfect answer scores 1.
# Seen: without mode="strict" the scheme is dropped, and I-total, I-total counts as the
# entity B-total, I-total. Of a label without a prefix the first letter is taken for it:
# DATE is RATE and TAX is MAX, with a warning that both look odd. Of labels that are all O,
# as they should be, F1 is 0, unless zero_division=1.
#
# Output seen:
#   starts with I-             F1 1.0
#   the same, scheme=IOB2      F1 1.0
#   the same, strict, too      F1 0.0
#   DATE as RATE, TAX as MAX   F1 1.0, a warning
#   nothing there or found     F1 0.0, a warning
#   the same, zero_division=1  F1 1.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet seqeval==1.2.2 numpy==2.4.6 scikit-learn==1.9.1
"$folder/venv/bin/python" - <<'PY'
import warnings

from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

true, inside = [["O", "B-total", "I-total"]], [["O", "I-total", "I-total"]]
nothing = [["O", "O", "O"]]


def score(*arguments, **options):
    """F1, and whether a warning came."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        return f1_score(*arguments, **options), bool(heard)


for said, arguments, options, wanted in (
    ("starts with I-", (true, inside), {}, (1.0, False)),
    ("the same, scheme=IOB2", (true, inside), {"scheme": IOB2}, (1.0, False)),
    ("the same, strict, too", (true, inside), {"scheme": IOB2, "mode": "strict"}, (0.0, False)),
    ("DATE as RATE, TAX as MAX", ([["DATE", "O", "TAX"]], [["RATE", "O", "MAX"]]), {}, (1.0, True)),
    ("nothing there or found", (nothing, nothing), {}, (0.0, True)),
    ("the same, zero_division=1", (nothing, nothing), {"zero_division": 1}, (1.0, False)),
):
    found = score(*arguments, **options)
    print(f"{said:<27}F1 {found[0]:.1f}{', a warning' if found[1] else ''}")
    assert found == wanted, (said, found)
PY
