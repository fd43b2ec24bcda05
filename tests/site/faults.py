"""What can be seen to be wrong in the MathML of a formula without looking at it."""

from collections.abc import Iterator
from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

LEAVES = {"mi", "mn", "mo", "mtext"}
ROWS = {"mrow", "msqrt", "mtd", "mstyle"}
NUM_PARTS = {"mfrac": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3}
NUM_PARTS |= {"munderover": 3}
KNOWN = LEAVES | ROWS | set(NUM_PARTS) | {"math", "mspace", "mtable", "mtr"}
# Attributes of MathML Core, and the class for our style sheet.
ATTRIBUTES = {"display", "displaystyle", "scriptlevel", "lspace", "rspace", "stretchy", "form"}
ATTRIBUTES |= {"minsize", "maxsize", "movablelimits", "width", "linethickness", "accent", "class"}
FUNCTIONS = {"log", "ln", "max", "min", "arcsin", "arg\u2009max"}
SPACES = {"mspace", "mtext"}
CLOSE = {")", "]", "}"}


def faults(math: str) -> list[str]:
    """One sentence for each fault."""
    return [fault for part in fromstring(math).iter() for fault in _of_part(part)]


def _of_part(part: Element) -> Iterator[str]:
    text = part.text or ""
    if part.tag not in KNOWN or len(part) != NUM_PARTS.get(part.tag, len(part)):
        yield f"<{part.tag}> with {len(part)} parts is no element of a formula"
    if part.tag in LEAVES:
        yield from _of_leaf(part, text)
    elif text:
        yield f"<{part.tag}> has the text {text!r}"
    for name, value in part.attrib.items():
        if name not in ATTRIBUTES and (name, value) != ("mathvariant", "normal"):
            yield f"no browser knows {name}={value}"
    if part.tag in ROWS:
        yield from _of_row(part)


def _of_leaf(leaf: Element, text: str) -> Iterator[str]:
    if not text or len(leaf):
        yield f"<{leaf.tag}> is no leaf with text"
    if set(text) & set("\\$&#~^*_"):
        yield f"{text!r} is source"
    if leaf.tag == "mo" and len(text) > 1 and text not in FUNCTIONS:
        yield f"{text!r} is no operator"


def _of_row(row: Element) -> Iterator[str]:
    bars = [core for core in map(_core, row) if core.tag == "mo" and core.text in ("|", "‖")]
    sides = [bar.get("form") for bar in bars if bar.get("lspace") is None]
    if sides != ["prefix", "postfix"] * (len(sides) // 2):
        yield f"bars have the forms {sides}"
    for left, right in pairwise(row):
        one, other = _core(left), _core(right)
        if (_is_name(one) and _is_ordinary(other)) or (_is_name(other) and _ends(one)):
            yield f"{one.text} and {other.text} touch"


def _core(part: Element) -> Element:
    return _core(part[0]) if part.tag in NUM_PARTS and part.tag != "mfrac" else part


def _is_name(core: Element) -> bool:
    return (core.text or "") in FUNCTIONS


def _is_ordinary(core: Element) -> bool:
    return core.tag not in SPACES and (core.tag != "mo" or core.get("form") == "prefix")


def _ends(core: Element) -> bool:
    closing = core.text in CLOSE or core.get("form") == "postfix"
    return core.tag not in SPACES and (core.tag != "mo" or closing)
