#!/usr/bin/env bash
# price-parser 0.5.1: no way of writing a minus survives, three decimals become
# thousands, and a word in capitals can become a currency.
#
# Guess: an amount with a minus comes back negative, as from every parser of numbers;
# "0.123" is less than one; a currency is a code or a sign that stands by itself.
# Seen: the sign is dropped in all four forms; a point before three digits counts as a
# mark of thousands, even after 0; CHANGE gives ANG and DISCOUNT gives COU. Of a quantity
# and a price the first number is taken.
# On receipts: every discount, refund and change turns positive without a word.
#
# Output seen:
#   '-12.30' -> 12.30 None
#   '12.30-' -> 12.30 None
#   '(12.30)' -> 12.30 None
#   'RM -12.30' -> 12.30 RM
#   '0.123' -> 123 None
#   'CHANGE 4.10' -> 4.10 ANG
#   'DISCOUNT 1.20' -> 1.20 COU
#   '2 X 5.90' -> 2 None
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet price-parser==0.5.1
"$folder/venv/bin/python" - <<'PY'
from price_parser import Price

expected = {
    "-12.30": "12.30 None",
    "12.30-": "12.30 None",
    "(12.30)": "12.30 None",
    "RM -12.30": "12.30 RM",
    "0.123": "123 None",
    "CHANGE 4.10": "4.10 ANG",
    "DISCOUNT 1.20": "1.20 COU",
    "2 X 5.90": "2 None",
}
for text, result in expected.items():
    price = Price.fromstring(text)
    print(f"{text!r} -> {price.amount} {price.currency}")
    assert f"{price.amount} {price.currency}" == result, text
PY
