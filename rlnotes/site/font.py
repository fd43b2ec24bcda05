"""The font of the formulas, and which characters a formula needs of it."""

from pathlib import Path
from xml.etree.ElementTree import fromstring

FONT = Path(__file__).with_name("stix-two-math.woff2")
STYLE = Path(__file__).with_name("formulas.css")
# Blocks of letters that a browser slants when they stand alone in an <mi>.
_SLANTED = (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("Α", "Ω", 0x1D6E2), ("α", "ω", 0x1D6FC))
_SLANTED_ALONE = {"h": "ℎ", "∂": "𝜕", "ϵ": "𝜖", "ϑ": "𝜗", "ϕ": "𝜙", "ϱ": "𝜚", "ϖ": "𝜛"}


def characters(math: str) -> set[str]:
    """The characters that a browser draws for a formula.

    MathML Core has a single letter in an `<mi>` drawn with its mathematical italic
    twin, another character, unless it is marked as normal.

    Args:
        math: a `<math>` element.

    Example:
        >>> sorted(characters("<math><mi>x</mi><mn>2</mn></math>"))
        ['2', '𝑥']
    """
    drawn: set[str] = set()
    for part in fromstring(math).iter():
        text = part.text or ""
        slanted = part.tag == "mi" and len(text) == 1 and part.get("mathvariant") != "normal"
        if part.tag == "msqrt":
            drawn.add("√")
        drawn |= {_slanted(text)} if slanted else set(text)
    return drawn


def _slanted(letter: str) -> str:
    if letter in _SLANTED_ALONE:
        return _SLANTED_ALONE[letter]
    for first, last, start in _SLANTED:
        if first <= letter <= last:
            return chr(start + ord(letter) - ord(first))
    return letter
