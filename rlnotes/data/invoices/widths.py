"""How wide a text is in print: a table of one sans-serif font."""

# Advance of each character in hundredths of the font's size; Pillow's bundled font.
_ADVANCES = {
    18: "'",
    22: " ,",
    23: ".:;",
    24: "ij",
    25: "!l",
    27: "|-I",
    29: "f",
    31: "/\\]`{}([",
    32: ")t",
    33: 'r"',
    45: "s",
    47: "zx",
    50: "?_",
    51: "vyk",
    53: "cß",
    54: "aä",
    55: "*Je",
    58: "F#$+0123456789<=>LSY^o£ö",
    60: "EZhnPbpu~ü",
    62: "KTRVdgq",
    64: "BXAÄ&",
    69: "UCDGÜ€",
    73: "NHQOÖ%",
    79: "w",
    85: "@m",
    87: "M",
    95: "W",
}
_WIDTHS = {character: width for width, text in _ADVANCES.items() for character in text}


def text_width(text: str, size: float) -> float:
    """Width of the text in a font of this size, in the unit of the size.

    Args:
        text: one line; a character the table lacks counts as a wide letter.
        size: the font's size.

    Returns:
        The sum of the characters' advances.

    Example:
        >>> text_width("0.00", 100)
        197.0
    """
    return size * sum(_WIDTHS.get(character, 70) for character in text) / 100
