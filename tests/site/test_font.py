"""The font of the formulas holds what they need, and little more."""

import pytest
from fontTools.ttLib import TTFont

from rlnotes.site.font import FONT, STYLE, characters
from rlnotes.site.formulas import mathml
from tests.site.book import book


@pytest.fixture(scope="module")
def font():
    return TTFont(FONT)


def test_every_character_of_every_formula_is_in_the_font(font):
    held = set(map(chr, font.getBestCmap()))
    lacking = {
        one.tex: missing for one, math in book().items() if (missing := characters(math) - held)
    }
    assert not lacking, "run python -m rlnotes.scripts.site_font"


@pytest.mark.parametrize("character", "()[]{}√∑∏⏟")
def test_what_grows_has_larger_forms(font, character):
    variants = font["MATH"].table.MathVariants
    glyph = font.getBestCmap()[ord(character)]
    upright = variants.VertGlyphCoverage.glyphs, variants.VertGlyphConstruction
    along = variants.HorizGlyphCoverage.glyphs, variants.HorizGlyphConstruction
    glyphs, forms = along if character == "⏟" else upright
    assert len(forms[glyphs.index(glyph)].MathGlyphVariantRecord) > 1


@pytest.mark.parametrize(("character", "width"), [*zip("√()[]{}", [0.8] + [0.41] * 6, strict=True)])
def test_no_form_of_what_grows_is_much_wider_than_the_others(font, character, width):
    # Chromium leaves as much room as the widest needs.
    variants = font["MATH"].table.MathVariants
    place = variants.VertGlyphCoverage.glyphs.index(font.getBestCmap()[ord(character)])
    forms = variants.VertGlyphConstruction[place]
    names = {form.VariantGlyph for form in forms.MathGlyphVariantRecord}
    names |= {part.glyph for part in forms.GlyphAssembly.PartRecords}
    assert len(names) > 4
    assert max(font["hmtx"][name][0] for name in names) < width * font["head"].unitsPerEm


def test_the_font_is_small_and_comes_with_its_licence(font):
    assert FONT.stat().st_size < 60_000
    licence = FONT.with_name("stix-two-math-OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert font["name"].getDebugName(0) in licence
    assert f'url("{FONT.name}")' in STYLE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("tex", "drawn"),
    [
        ("x", "𝑥"),
        ("h + A", "ℎ+𝐴"),
        (r"\log 2", "log2"),
        (r"\gamma \epsilon \phi \partial", "𝛾𝜖𝜙𝜕"),
        (r"\Psi \nabla", "Ψ∇"),
        (r"\sqrt \infty", "√∞"),
        (r"\mathcal L_\text{RM}", "ℒRM"),
    ],
)
def test_a_single_letter_is_drawn_slanted(tex, drawn):
    assert characters(mathml(tex, display=False)) == set(drawn)
