#!/usr/bin/env bash
# nervaluate 1.2.1: an entity of a type that `tags` does not list costs nothing, and the
# scheme called "exact" does not look at the type at all.
#
# Guess: `tags` says for which types results are printed; an invented entity is a false
# positive all the same. "Exact" asks for the right place and the right type.
# Seen: predictions of other types are dropped before anything is counted: with an
# invented tax F1 is 1 unless "tax" is listed, then .8. Total and date exchanged, each at
# the other's place: exact 1, partial 1; strict and ent_type 0.
#
# Output seen:
#   invented tax, tags total and date: strict 1.0
#   invented tax, tags total, date and tax: strict 0.8
#   total and date exchanged: exact 1.0, partial 1.0, strict 0.0, ent_type 0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet nervaluate==1.2.1
"$folder/venv/bin/python" - <<'PY'
from nervaluate import Evaluator


def entity(label, start, end):
    return {"label": label, "start": start, "end": end}


def f1(prediction, tags):
    truth = [[entity("total", 0, 4), entity("date", 6, 9)]]
    overall = Evaluator(truth, [prediction], tags=tags).evaluate()["overall"]
    return {scheme: float(result.f1) for scheme, result in overall.items()}


invented = [entity("total", 0, 4), entity("date", 6, 9), entity("tax", 12, 14)]
unlisted = f1(invented, ["total", "date"])["strict"]
listed = f1(invented, ["total", "date", "tax"])["strict"]
print(f"invented tax, tags total and date: strict {unlisted:.1f}")
print(f"invented tax, tags total, date and tax: strict {listed:.1f}")
exchanged = f1([entity("date", 0, 4), entity("total", 6, 9)], ["total", "date"])
schemes = ("exact", "partial", "strict", "ent_type")
print("total and date exchanged:", ", ".join(f"{s} {exchanged[s]:.1f}" for s in schemes))
assert unlisted == 1.0
assert abs(listed - 0.8) < 1e-9
assert [exchanged[s] for s in schemes] == [1.0, 1.0, 0.0, 0.0]
PY
