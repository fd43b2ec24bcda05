#!/usr/bin/env bash
# dateparser 1.5.0: with one language, the day first and STRICT_PARSING, numbers of ten
# and of thirteen digits are still dates; python-dateutil 4.0.0 with dayfirst=True turns
# an ISO date round.
#
# Guess: STRICT_PARSING needs day, month and year, so that a barcode or an order number
# is refused; and "day first" leaves a date alone that begins with its year.
# Seen: ten digits are read as seconds and thirteen as milliseconds since 1970, whatever
# STRICT_PARSING says; they go through a parser of their own ("timestamp"), and
# PARSERS=["absolute-time"] leaves it out. Even then "1@15.80", a quantity and a price, is
# a day of 1980. dateutil reads 2018-02-01 as 2 January, and 2018-02-13 as 13 February.
#
# Output seen (text: strict; strict with absolute-time only):
#   5901234123457: 2157-01-01; None
#   1234567890: 2009-02-13; None
#   03/05/2018: 2018-05-03; 2018-05-03
#   1@15.80: 1980-01-15; 1980-01-15
#   dateutil, dayfirst: 2018-02-01 -> 2018-01-02, 2018-02-13 -> 2018-02-13
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet \
    dateparser==1.5.0 python-dateutil==4.0.0 regex==2026.11.19 tzlocal==5.4.5
TZ=UTC "$folder/venv/bin/python" - <<'PY'
import dateparser
from dateutil import parser

strict = {"DATE_ORDER": "DMY", "STRICT_PARSING": True}
expected = {
    "5901234123457": ("2157-01-01", "None"),
    "1234567890": ("2009-02-13", "None"),
    "03/05/2018": ("2018-05-03", "2018-05-03"),
    "1@15.80": ("1980-01-15", "1980-01-15"),
}
for text, results in expected.items():
    seen = []
    for more in ({}, {"PARSERS": ["absolute-time"]}):
        moment = dateparser.parse(text, languages=["en"], settings=strict | more)
        seen.append(str(moment)[:10])
    print(f"{text}: {'; '.join(seen)}")
    assert tuple(seen) == results, text
days = {text: str(parser.parse(text, dayfirst=True))[:10] for text in ("2018-02-01", "2018-02-13")}
print("dateutil, dayfirst:", ", ".join(f"{text} -> {day}" for text, day in days.items()))
assert days == {"2018-02-01": "2018-01-02", "2018-02-13": "2018-02-13"}
PY
