"""The spaces in a formula, by the rules of TeX (The TeXbook, chapter 18).

A thin space stands between the name of a function and what is no operator or bracket
beside it. A sign that joins nothing has no space around it, nor has one in an index.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from rlnotes.site.formula_parts import NO_SPACE, closes, core, is_name, opens

THIN = "0.167em"
LARGE = frozenset("∑∏")
SIGNS = frozenset("+−±·×∗")
RELATIONS = frozenset("=<>≤≥≠≈∼∝∈≻→←⇒∣,")


def space_row(row: Element) -> None:
    """Set the spaces between the parts of a row."""
    _close_up_signs(row)
    _space_names(row)
    _keep_from_being_blank(row)


def close_up_index(script: Element) -> None:
    """Take the spaces out of what is set small."""
    for index in script[1:]:
        for part in index.iter("mo"):
            if part is not index and part.text in SIGNS | RELATIONS:
                part.attrib |= NO_SPACE


def _close_up_signs(row: Element) -> None:
    for before, part, after in _with_neighbours(row):
        starts = before is None or opens(before) or _joins(before)
        ends = after is None or closes(after) or core(after).text in RELATIONS
        if part.tag == "mo" and part.text in SIGNS and (starts or ends):
            part.attrib |= NO_SPACE
        if core(part).text in LARGE and starts:
            core(part).set("lspace", "0")


def _with_neighbours(row: Element) -> Iterator[tuple[Element | None, Element, Element | None]]:
    """Each part with those beside it, spaces left out."""
    parts = [part for part in row if part.tag != "mspace"]
    return zip([None, *parts], parts, [*parts[1:], None], strict=False)


def _joins(part: Element) -> bool:
    return core(part).tag == "mo" and not closes(part)


def _space_names(row: Element) -> None:
    spaced = list(row)
    for place in reversed(range(1, len(row))):
        if _needs_space(row[place - 1], row[place]):
            spaced.insert(place, Element("mspace", width=THIN))
    row[:] = spaced


def _needs_space(left: Element, right: Element) -> bool:
    if is_name(core(right).text) and (_is_ordinary(left) or closes(left)):
        return _is_ordinary(right)
    bar = core(right).get("form") == "prefix"
    return is_name(core(left).text) and _is_ordinary(left) and (_is_ordinary(right) or bar)


def _is_ordinary(part: Element) -> bool:
    tag, text = core(part).tag, core(part).text
    return tag not in ("mspace", "mtext") and (tag != "mo" or is_name(text))


def _keep_from_being_blank(row: Element) -> None:
    """Text counts as space: a sign between texts alone would lose its own spaces."""
    texts = [part for part in row if part.tag == "mtext"]
    others = [part for part in row if part.tag not in ("mtext", "mspace")]
    if texts and len(others) == 1 and others[0].tag == "mo":
        texts[0].tag = "mi"
