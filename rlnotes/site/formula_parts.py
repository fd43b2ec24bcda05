"""The elements of a formula, and what each is for those beside it."""

from xml.etree.ElementTree import Element

ROWS = frozenset(("mrow", "msqrt", "mtd", "mstyle"))
NUM_PARTS = {"mfrac": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2}
NUM_PARTS |= {"msubsup": 3, "munderover": 3}
SCRIPTS = NUM_PARTS.keys() - {"mfrac"}
NO_SPACE = {"lspace": "0", "rspace": "0"}
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")


def core(part: Element) -> Element:
    """Of a letter with indices, the letter; else the part itself."""
    while part.tag in SCRIPTS:
        part = part[0]
    return part


def opens(part: Element) -> bool:
    """Whether a part is a bracket or bar that opens, with or without an index."""
    return _is_fence(part, OPENING, "prefix")


def closes(part: Element) -> bool:
    """Whether a part is a bracket or bar that closes, with or without an index."""
    return _is_fence(part, CLOSING, "postfix")


def is_name(text: str | None) -> bool:
    """Whether a text is the name of a function, or dots, which are spaced like one."""
    text = (text or "").replace("\u2009", "")
    return text == "…" or (len(text) > 1 and text.isalpha())


def _is_fence(part: Element, brackets: frozenset[str], form: str) -> bool:
    fence = core(part)
    return fence.tag == "mo" and (fence.text in brackets or fence.get("form") == form)
