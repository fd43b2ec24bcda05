"""Formulas as presentation MathML, which browsers show without a script."""

from html import unescape
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element

from rlnotes._checks import require_text
from rlnotes.site.formula_source import prepared
from rlnotes.site.formula_tree import mend


def mathml(tex: str, *, display: bool) -> str:
    r"""A formula as a `<math>` element of HTML.

    latex2mathml converts it. The source is prepared before and the tree mended after,
    where the library is wrong. Nothing of the source is kept in the element: browsers
    read the tree aloud, and would show a copy of the TeX to nobody.

    Args:
        tex: the formula without dollar signs.
        display: whether it stands on a line of its own.

    Raises:
        ValueError: for a construct whose result nobody has looked at, or a formula that
            is broken. The message names both.

    Example:
        >>> mathml(r"\log p", display=False)
        '<math><mrow><mi>log</mi><mspace width="0.167em" /><mi>p</mi></mrow></math>'
    """
    require_text(tex=tex)
    source = prepared(tex)
    try:
        math = convert_to_element(source, display="block" if display else "inline")
    except Exception as error:  # the library has many kinds of its own
        raise ValueError(f"tex must be a whole formula, got {tex!r} ({error!r})") from error
    math.attrib = {"display": "block"} if display else {}
    _decode(math)
    try:
        mend(math)
    except ValueError as error:
        raise ValueError(f"{error} in the formula {tex!r}") from error
    return tostring(math, encoding="unicode")


def _decode(element: Element) -> None:
    """The library writes characters as references, to be resolved after printing."""
    for part in element.iter():
        part.text = unescape(part.text) if part.text else None
