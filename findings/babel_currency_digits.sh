#!/usr/bin/env bash
# babel 2.18.0, 2.19.0: a currency's number of decimals is not that of ISO 4217, and changes
# with a minor release; a code that was given up years ago counts as a currency.
#
# Guess: get_currency_precision is the minor unit of ISO 4217, 3 for the Iraqi dinar and 2
# for the forint; format_currency shows an amount with its decimals; is_currency tells the
# codes in use.
# Seen: the numbers are those of CLDR, which says how many decimals people use. It has 0
# where ISO 4217 has 2 or 3, so an amount of 12.345 dinar is shown as 12. From 2.18.0 to
# 2.19.0 forint, rupiah and Colombian peso lost theirs, and the Serbian dinar got its own:
# an invoice of 12.34 forint is one of 12 after an update. currency_digits=False keeps the
# decimals of the pattern. is_currency has marks, francs, pesetas and kunas.
#
# Output seen:
#   babel 2.18.0, decimals in ISO 4217 and here, where they differ:
#     AFN 2 0, ALL 2 0, IRR 2 0, IQD 3 0, KPW 2 0, LAK 2 0, LBP 2 0, MGA 2 0, MMK 2 0, RSD 2 0, SOS 2 0, SYP 2 0, YER 2 0
#     12.345 IQD: IQD 12; with currency_digits=False IQD 12.34
#     12.34 HUF: HUF 12.34; with currency_digits=False HUF 12.34
#     12.34 RSD: RSD 12; with currency_digits=False RSD 12.34
#     12.34 EUR: EUR 12.34; with currency_digits=False EUR 12.34
#     currencies here, and not in the list of ISO 4217: DEM, FRF, ESP, HRK
#   babel 2.19.0, decimals in ISO 4217 and here, where they differ:
#     AFN 2 0, ALL 2 0, COP 2 0, HUF 2 0, IDR 2 0, IRR 2 0, IQD 3 0, KPW 2 0, LAK 2 0, LBP 2 0, MGA 2 0, MMK 2 0, SOS 2 0, SYP 2 0, YER 2 0
#     12.345 IQD: IQD 12; with currency_digits=False IQD 12.34
#     12.34 HUF: HUF 12; with currency_digits=False HUF 12.34
#     12.34 RSD: RSD 12.34; with currency_digits=False RSD 12.34
#     12.34 EUR: EUR 12.34; with currency_digits=False EUR 12.34
#     currencies here, and not in the list of ISO 4217: DEM, FRF, ESP, HRK
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet iso4217==1.16.20260101
for version in 2.18.0 2.19.0; do
  "$folder/venv/bin/pip" install --quiet --target "$folder/$version" "babel==$version"
  PYTHONPATH="$folder/$version" "$folder/venv/bin/python" - "$version" <<'PY'
import sys
from decimal import Decimal

import babel
from babel.numbers import format_currency, get_currency_precision, is_currency
from iso4217 import Currency

version = sys.argv[1]
assert babel.__version__ == version
PATTERN = "\u00a4\u00a4 0.00"
WANTED = {  # with 0 in Babel
    "2.18.0": "AFN ALL IRR IQD KPW LAK LBP MGA MMK RSD SOS SYP YER",
    "2.19.0": "AFN ALL COP HUF IDR IRR IQD KPW LAK LBP MGA MMK SOS SYP YER",
}


def shown(amount, code, **options):
    return format_currency(Decimal(amount), code, PATTERN, locale="en_US", **options)


listed = {one.code: one.exponent for one in Currency}
other = {
    code: (digits, get_currency_precision(code))
    for code, digits in listed.items()
    if digits is not None and digits != get_currency_precision(code)
}
print(f"babel {version}, decimals in ISO 4217 and here, where they differ:")
print("  " + ", ".join(f"{code} {a} {b}" for code, (a, b) in other.items()))
assert list(other) == WANTED[version].split() and {b for _, b in other.values()} == {0}, other
for amount, code in (("12.345", "IQD"), ("12.34", "HUF"), ("12.34", "RSD"), ("12.34", "EUR")):
    found = shown(amount, code), shown(amount, code, currency_digits=False)
    print(f"  {amount} {code}: {found[0]}; with currency_digits=False {found[1]}")
    assert found == (f"{code} {'12' if code in other else '12.34'}", f"{code} 12.34"), found
old = [code for code in ("DEM", "FRF", "ESP", "HRK") if is_currency(code) and code not in listed]
print(f"  currencies here, and not in the list of ISO 4217: {', '.join(old)}")
assert len(old) == 4, old
PY
done
