#!/usr/bin/env bash
# babel 2.19.0: parse_decimal(strict=True) accepts NaN, Infinity, 1e5, 1_000 and digits of
# other scripts; without strict a German "-12.30" is minus 1230.
#
# Guess: strict refuses what a person of that locale would not write.
# Seen: strict looks at the places of the marks alone; everything else is left to Decimal,
# which takes underscores, exponents, every script's digits and the words for no number.
# Without strict a mark at a wrong place is dropped: "1,00" in en_US is 100.
#
# Output seen (text, locale: strict; not strict):
#   'NaN' en_US: Decimal('NaN'); Decimal('NaN')
#   'Infinity' en_US: Decimal('Infinity'); Decimal('Infinity')
#   '1_000' en_US: Decimal('1000'); Decimal('1000')
#   '1e5' en_US: Decimal('1E+5'); Decimal('1E+5')
#   '\uff11\uff12.50' en_US: Decimal('12.50'); Decimal('12.50')
#   '-12.30' de_DE: NumberFormatError; Decimal('-1230')
#   '1,00' en_US: NumberFormatError; Decimal('100')
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet babel==2.19.0
"$folder/venv/bin/python" - <<'PY'
from babel.numbers import NumberFormatError, parse_decimal

expected = {
    ("NaN", "en_US"): ("Decimal('NaN')", "Decimal('NaN')"),
    ("Infinity", "en_US"): ("Decimal('Infinity')", "Decimal('Infinity')"),
    ("1_000", "en_US"): ("Decimal('1000')", "Decimal('1000')"),
    ("1e5", "en_US"): ("Decimal('1E+5')", "Decimal('1E+5')"),
    ("\uff11\uff12.50", "en_US"): ("Decimal('12.50')", "Decimal('12.50')"),
    ("-12.30", "de_DE"): ("NumberFormatError", "Decimal('-1230')"),
    ("1,00", "en_US"): ("NumberFormatError", "Decimal('100')"),
}


def parsed(text, locale, strict):
    try:
        return repr(parse_decimal(text, locale=locale, strict=strict))
    except NumberFormatError:
        return "NumberFormatError"


for (text, locale), results in expected.items():
    seen = tuple(parsed(text, locale, strict) for strict in (True, False))
    print(f"{ascii(text)} {locale}: {'; '.join(seen)}")
    assert seen == results, text
PY
