"""Currencies: the ISO 4217 code behind RM, a euro sign or a code."""

import re

from rlnotes._checks import require_text

# Codes in use on some day since 2020: recent invoices still carry those that went.
_LISTED = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN
    BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR
    FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD
    JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN
    PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL
    THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG
    XOF XPF YER ZAR ZMW ZWG ZWL
"""
CURRENCY_CODES = frozenset(_LISTED.split())
SIGNS = {
    "US$": "USD",
    "HK$": "HKD",
    "NZ$": "NZD",
    "NT$": "TWD",
    "S$": "SGD",
    "A$": "AUD",
    "C$": "CAD",
    "R$": "BRL",
    "RM": "MYR",
    "$": "USD",
    "\u20ac": "EUR",
    "\u00a3": "GBP",
    "\u00a5": "JPY",
    "\u20b9": "INR",
    "\u20a9": "KRW",
    "\u0e3f": "THB",
}
# Common codes that are no word, so that they may stand inside a text. RON is a petrol.
_INSIDE = (
    "AUD|BRL|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|IDR|INR|JPY|KRW|MXN|MYR|NOK|NZD|PHP|PLN|SEK|SGD"
    "|THB|TWD|USD|VND|ZAR"
)
_TOKEN = re.compile(
    r"(?<![^\W\d_])[A-Z]{1,2}\$"  # S$, and also X$, which the table does not know
    r"|[$\u20ac\u00a3\u00a5\u20b9\u20a9\u0e3f]"
    rf"|(?<![^\W\d_])(?:RM|{_INSIDE})(?![^\W\d_]|[.] )"  # SEK. 3 is a section
)
_LONGEST = 200


def read_currency(text: str) -> str | None:
    """ISO 4217 code of the one currency that a text names, or None.

    The text is a code ("EUR"), a sign, or longer with one of them inside ("TOTAL (RM)",
    "S$9.60"). Inside a longer text only common codes count, and never a part of a word:
    CHANGE names no currency. Two different currencies in one text are none.

    Some signs belong to several currencies. A bare $ is read as USD and the yen sign as
    JPY, the most traded ones; kr, which is Swedish, Danish and Norwegian, is not read.

    Args:
        text: a field or a line; only the first 200 characters are looked at.

    Raises:
        ValueError: if text is no string.

    Example:
        >>> [read_currency(text) for text in ("RM9.60", "eur", "CHANGE", "X$5")]
        ['MYR', 'EUR', None, None]
    """
    require_text(text=text)
    text = text[:_LONGEST].strip().upper()
    if text in CURRENCY_CODES:
        return text
    found = {SIGNS.get(token, token) for token in _TOKEN.findall(text)}
    return found.pop() if len(found) == 1 and found <= CURRENCY_CODES else None
