"""Make the font of the formulas from the whole STIX Two Math.

    npm pack @fontsource/stix-two-math@5.3.0      # or another copy of the font
    python -m rlnotes.scripts.site_font stix-two-math-latin-400-normal.woff2

It keeps the letters and signs of the formulas of all chapters, the larger forms of
brackets, roots and sums, and the table that says how formulas are set.
"""

import argparse
import io
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, TTLibError

from rlnotes.scripts.checkout import ROOT, notebooks_of
from rlnotes.scripts.output_files import replace_file
from rlnotes.site.font import FONT, characters
from rlnotes.site.formulas import mathml
from rlnotes.site.notebook_formulas import in_notebook

ASCII = "".join(map(chr, range(0x20, 0x7F)))
LATIN = "".join(chr(letter) for letter in range(0x1D434, 0x1D468) if letter != 0x1D455) + "\u210e"
FENCES = frozenset("√()[]{}")
GREEK = "".join(map(chr, [*range(0x3B1, 0x3CA), *range(0x1D6FC, 0x1D71C), 0x3F5, 0x3D5]))


def subset(original: TTFont, wanted: set[str]) -> bytes:
    """The font with these characters and what belongs to them, as WOFF2."""
    options = Options(
        flavor="woff2",
        layout_features=["ssty"],  # letters drawn for use as an index
        hinting=False,
        bidi_closure=False,
        notdef_outline=True,
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],  # who made it, and the licence
    )
    options.drop_tables += ["DSIG"]
    subsetter = Subsetter(options)
    subsetter.populate(text="".join(wanted))
    subsetter.subset(original)
    _narrow(original)
    original.flavor = "woff2"
    file = io.BytesIO()
    original.save(file, reorderTables=True)
    return file.getvalue()


def _narrow(font: TTFont) -> None:
    """Make no form of a root or bracket wider than one of its small forms.

    Chromium reserves the width of the widest form around each of them: beside a root
    0.4 em too much. Of a root the smallest form counts, of a bracket the third.
    """
    glyphs = font.getBestCmap()
    variants = font["MATH"].table.MathVariants
    known = dict(
        zip(variants.VertGlyphCoverage.glyphs, variants.VertGlyphConstruction, strict=True)
    )
    for character in FENCES & {chr(code) for code in glyphs}:
        forms = known[glyphs[ord(character)]]
        sizes = [form.VariantGlyph for form in forms.MathGlyphVariantRecord]
        parts = [part.glyph for part in forms.GlyphAssembly.PartRecords]
        width = font["hmtx"][sizes[0 if character == "√" else 2]][0]
        for name in {*sizes, *parts}:
            _squeeze(font, name, width)


def _squeeze(font: TTFont, name: str, width: int) -> None:
    whole = font["hmtx"][name][0]
    if whole > width:
        glyph = font["glyf"][name]
        glyph.coordinates.scale((width / whole, 1))
        glyph.coordinates.toInt()
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (width, glyph.xMin)


def wanted_characters() -> set[str]:
    """The characters of all formulas, and the letters that a new one may have."""
    formulas = {one for path in notebooks_of(ROOT) for one in in_notebook(path)}
    used = (characters(mathml(one.tex, display=one.display)) for one in formulas)
    return set(ASCII + LATIN + GREEK).union(*used)


def main(arguments: list[str] | None = None) -> int:
    """Write the font into the package."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("original", type=Path, help="the whole font, .woff2 or .otf")
    original = parser.parse_args(arguments).original
    try:
        font = TTFont(original, recalcTimestamp=False)
        wanted = wanted_characters()
        missing = wanted - set(map(chr, font.getBestCmap()))
        if missing or "MATH" not in font:
            raise ValueError(f"original must have a MATH table and {sorted(missing)}")
        content = subset(font, wanted)
        replace_file(content, FONT)
    except (OSError, TTLibError, ValueError) as error:
        print(f"site_font: {error}", file=sys.stderr)
        return 2
    print(f"{FONT.name}: {len(content) / 1000:.1f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
