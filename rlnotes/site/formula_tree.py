"""The MathML of a formula: what latex2mathml leaves wrong, mended on the tree."""

from xml.etree.ElementTree import Element

from rlnotes.site.formula_parts import NO_SPACE, NUM_PARTS, ROWS, SCRIPTS, closes, core, is_name
from rlnotes.site.formula_spaces import close_up_index, space_row

LIMITS = frozenset(("max", "min", "arg\u2009max"))
# What the library takes for another kind of element, or for another character.
RETAGGED = {"±": "mo", "′": "mo", "∞": "mi", "∂": "mi", "∇": "mi", "…": "mi"}
REPLACED = {("mi", "~"): ("mo", "∼"), ("mo", "*"): ("mo", "∗")}
UPRIGHT = frozenset("∇ΔΨ")  # a browser slants a single letter
ACCENTS = {"^": "ˆ", "~": "˜", "¯": "¯"}
BARS = ("|", "‖")


def mend(math: Element) -> None:
    """Mend a tree in place.

    Raises:
        ValueError: if a bar has no second one in its group, or a part is missing.
    """
    for part in list(math.iter()):
        if len(part) != NUM_PARTS.get(part.tag, len(part)):
            raise ValueError(f"tex must have all its parts, got {len(part)} of <{part.tag}>")
        _mend_leaf(part)
        _mend_group(part)
    if math.get("display") == "block":
        for part in math.iter("msub"):
            _put_limits_below(part)
    for part in list(math.iter()):
        if part.tag in SCRIPTS:
            close_up_index(part)
        elif part.tag in ROWS:
            _group_binomials(part)
            _pair_bars(part)
            space_row(part)
            _group_big_brackets(part)


def _mend_leaf(leaf: Element) -> None:
    leaf.attrib.pop("fence", None)
    leaf.tag, leaf.text = REPLACED.get((leaf.tag, leaf.text), (leaf.tag, leaf.text))
    if leaf.tag in ("mi", "mo"):
        leaf.tag = RETAGGED.get(leaf.text, leaf.tag)
    if leaf.tag == "mi" and leaf.text in UPRIGHT:
        leaf.set("mathvariant", "normal")
    if leaf.tag == "mo" and leaf.text == "/":
        leaf.attrib |= NO_SPACE
    elif leaf.tag == "mo" and is_name(leaf.text):
        leaf.tag, leaf.attrib = "mi", {}  # no operator, with its spaces, to MathML


def _mend_group(group: Element) -> None:
    if group.tag == "mover":
        _mend_accent(group)
    elif group.tag == "msup" and group[1].text == "′":
        group.tag, group[1].tag = "mrow", "mo"  # the sign is drawn high by itself
    elif group.tag == "mrow":
        _join_letters(group)
    elif group.tag == "mtable":
        _mend_table(group)


def _mend_accent(mover: Element) -> None:
    accent = mover[1]
    accent.text = ACCENTS[accent.text]
    accent.set("stretchy", "false")
    mover.set("accent", "true")


def _join_letters(row: Element) -> None:
    """A word in upright letters comes letter by letter."""
    letters = [part.text for part in row if part.get("mathvariant") == "normal"]
    if len(letters) > 1 and len(letters) == len(row):
        row.tag, row.text = "mi", "".join(letters)
        row[:] = []


def _mend_table(table: Element) -> None:
    """The style sheet aligns columns: the attributes for it are known to no browser."""
    table.attrib = {"displaystyle": "true", "class": "aligned"}
    for cell in table.iter("mtd"):
        cell.attrib = {}
        for empty in [part for part in cell if part.tag == "mi" and not part.text]:
            cell.remove(empty)


def _put_limits_below(script: Element) -> None:
    """Below where the formula is large; in a fraction they stay at the side."""
    name = script[0]
    if name.text in LIMITS:
        script.tag, name.tag = "munder", "mo"
        name.attrib = {"movablelimits": "true", **NO_SPACE}


def _group_binomials(row: Element) -> None:
    """Brackets grow to what shares a row with them."""
    for place in reversed([i for i, part in enumerate(row) if part.get("linethickness")]):
        group = Element("mrow")
        group[:] = row[place - 1 : place + 2]
        for bracket in (group[0], group[2]):
            bracket.attrib = {}
        row[place - 1 : place + 2] = [group]


def _pair_bars(row: Element) -> None:
    for kind in BARS:
        bars = [bar for bar in map(core, row) if bar.tag == "mo" and bar.text == kind]
        if kind == "‖":  # the one that separates comes marked as not growing
            for bar in [bar for bar in bars if bar.get("stretchy")]:
                bar.attrib |= NO_SPACE
                bars.remove(bar)
        if len(bars) % 2:
            raise ValueError(f"tex must have its bars in pairs, got {len(bars)} of {kind}")
        for place, bar in enumerate(bars):
            bar.attrib = {"stretchy": "false", "form": ("prefix", "postfix")[place % 2]}


def _group_big_brackets(row: Element) -> None:
    """An index at a bracket of fixed size pulls it down: it goes to the whole group."""
    for script in [part for part in row if part.tag in SCRIPTS and part[0].get("minsize")]:
        end = start = list(row).index(script)
        depth = 1
        while depth and start:
            start -= 1
            if core(row[start]).get("minsize"):
                depth += 1 if closes(row[start]) else -1
        if not depth:
            group = Element("mrow")
            group[:] = [*row[start:end], script[0]]
            script[0] = group
            row[start:end] = []
