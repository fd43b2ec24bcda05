"""Formulas as MathML: faults of the library, trees by hand, and the whole book."""

import re
from html import unescape
from xml.etree.ElementTree import fromstring, tostring

import pytest
from latex2mathml.converter import convert_to_element

from rlnotes.site.formula_source import GREEK, KNOWN, SYMBOLS
from rlnotes.site.formulas import mathml
from tests.site.book import book
from tests.site.faults import faults


def unmended(tex: str, display: bool) -> str:
    tree = convert_to_element(tex, display="block" if display else "inline")
    tree.attrib = {}
    return unescape(tostring(tree, encoding="unicode").replace("&amp;", "&"))


def inner(tex: str, *, display: bool = False) -> str:
    """The MathML without what is around every formula."""
    head, tail = "<math><mrow>", "</mrow></math>"
    math = mathml(tex, display=display).replace(' display="block"', "", 1)
    assert math.startswith(head)
    assert math.endswith(tail)
    return math.removeprefix(head).removesuffix(tail)


# What the library makes of a formula, and what it should be. When a version of the
# library mends one of them, the test says so and the rewrite can go.
WRONG = [
    (r"\log p", "<mi>log</mi><mi>p</mi>", '<mi>log</mi><mspace width="0.167em" />'),
    (r"\max Q", "<mo>max</mo>", '<mi>max</mi><mspace width="0.167em" /><mi>Q</mi>'),
    (r"\max_a Q", "<msub><mo>max</mo>", '<munder><mo movablelimits="true" lspace="0"'),
    (r"\arg\max_a Q", r"<mi>\arg</mi>", 'rspace="0">arg\u2009max</mo><mi>a</mi></munder>'),
    (r"\mathcal L", 'mathvariant="script"', "<mi>ℒ</mi>"),
    (r"\mathrm{KL}", 'mathvariant="normal">L</mi>', "<mi>KL</mi>"),
    (r"\lVert x \rVert^2", "<msup><mo>‖</mo>", '<msup><mo stretchy="false" form="postfix">‖</mo>'),
    ("x|y|", '<mi>x</mi><mo stretchy="false">|<', '<mo stretchy="false" form="prefix">|</mo>'),
    (r"p \,\Vert\, q", "<mi>‖</mi>", '<mo stretchy="false" lspace="0" rspace="0">‖</mo>'),
    ("x = -1", "<mo>−</mo><mn>1</mn>", '<mo lspace="0" rspace="0">−</mo><mn>1</mn>'),
    (r"\pi(\cdot \mid s)", "<mo>·</mo>", '<mo lspace="0" rspace="0">·</mo>'),
    ("x_{t+1}", "<mo>+</mo>", '<mo lspace="0" rspace="0">+</mo>'),
    (r"x = \sum y", "<mo>∑</mo>", '<mo lspace="0">∑</mo>'),
    ("s'", "<msup><mi>s</mi><mi>′</mi></msup>", "<mrow><mi>s</mi><mo>′</mo></mrow>"),
    (r"a \sim b", "<mi>~</mi>", "<mo>∼</mo>"),
    (r"a \pm b", "<mi>±</mi>", "<mo>±</mo>"),
    ("V^*", "<mo>*</mo>", "<mo>∗</mo>"),
    (r"0 \dots 8", "<mo>…</mo>", '<mspace width="0.167em" /><mi>…</mi><mspace width="0.167em" />'),
    (r"\nabla J", "<mo>∇</mo>", '<mi mathvariant="normal">∇</mi>'),
    (r"\partial J \infty", "<mo>∂</mo>", "<mi>∂</mi><mi>J</mi><mi>∞</mi>"),
    (r"\Psi_t", "<mi>Ψ</mi>", '<mi mathvariant="normal">Ψ</mi>'),
    (
        r"\bar r",
        '<mo stretchy="true">¯</mo>',
        '<mover accent="true"><mi>r</mi><mo stretchy="false"',
    ),
    (r"\hat A", "<mo>^</mo>", '<mo stretchy="false">ˆ</mo>'),
    (r"\min\!\big(", 'width="negativethinmathspace"', '<mi>min</mi><mo minsize="1.2em"'),
    (r"\big(a\big)^2", '</mi><msup><mo minsize="1.2em"', '<msup><mrow><mo minsize="1.2em"'),
    (r"\binom{n}{k}", '<mrow><mo minsize="2.047em"', '<mrow><mo>(</mo><mfrac linethickness="0">'),
    (r"\text{tax} = \text{total}", "<mtext>tax</mtext><mo>", "<mi>tax</mi><mo>=</mo>"),
    (r"\begin{aligned} a &= b \end{aligned}", "<mi>&</mi>", "<mtd><mi>a</mi></mtd><mtd><mo>=</mo>"),
]


@pytest.mark.parametrize(("tex", "wrong", "right"), WRONG, ids=[row[0] for row in WRONG])
def test_what_the_library_gets_wrong_is_mended(tex, wrong, right):
    assert wrong in unmended(tex, display=True)
    ours = inner(tex, display=True)
    assert wrong not in ours
    assert right in ours


# ---- ten trees by hand, with thin spaces written as ~ and signs without space as -0

BY_HAND = [
    (r"\log p", False, "<mi>log</mi>~<mi>p</mi>"),
    (r"\log(1 - p)", False, "<mi>log</mi>(<mn>1</mn><mo>−</mo><mi>p</mi>)"),
    (r"\nabla \log \pi_\theta", False, "∇~<mi>log</mi>~<msub><mi>π</mi><mi>θ</mi></msub>"),
    (
        r"V^*(s) = \max_a Q",
        True,
        "<msup><mi>V</mi><mo>∗</mo></msup>(<mi>s</mi>)<mo>=</mo><munder><mo movablelimits="
        '"true" lspace="0" rspace="0">max</mo><mi>a</mi></munder>~<mi>Q</mi>',
    ),
    (r"\max_a Q", False, "<msub><mi>max</mi><mi>a</mi></msub>~<mi>Q</mi>"),
    (r"A / |y|", False, "<mi>A</mi>/⟨|<mi>y</mi>|⟩"),
    (
        r"\lVert g \rVert^2 R",
        False,
        '⟨‖<mi>g</mi><msup><mo stretchy="false" form="postfix">‖</mo><mn>2</mn></msup><mi>R</mi>',
    ),
    (
        r"\mathrm{KL}(p \,\|\, q)",
        False,
        '<mi>KL</mi>(<mi>p</mi>~<mo stretchy="false" lspace="0" rspace="0">‖</mo>~<mi>q</mi>)',
    ),
    (
        r"e^{-m} = \tfrac12",
        False,
        "<msup><mi>e</mi><mrow>-0<mi>m</mi></mrow></msup><mo>=</mo>"
        '<mstyle displaystyle="false" scriptlevel="0"><mfrac><mn>1</mn><mn>2</mn></mfrac></mstyle>',
    ),
    (
        r"\hat A'_t \text{ if } b",
        False,
        "<msubsup>^<mi>t</mi><mo>′</mo></msubsup><mtext>\u00a0if\u00a0</mtext><mi>b</mi>",
    ),
    (r"-\log \sqrt p", False, "-0<mi>log</mi>~<msqrt><mi>p</mi></msqrt>"),
]
SHORT = {
    "~": '<mspace width="0.167em" />',
    "-0": '<mo lspace="0" rspace="0">−</mo>',
    "⟨|": '<mo stretchy="false" form="prefix">|</mo>',
    "|⟩": '<mo stretchy="false" form="postfix">|</mo>',
    "⟨‖": '<mo stretchy="false" form="prefix">‖</mo>',
    "(": '<mo stretchy="false">(</mo>',
    ")": '<mo stretchy="false">)</mo>',
    "∇": '<mi mathvariant="normal">∇</mi>',
    "^": '<mover accent="true"><mi>A</mi><mo stretchy="false">ˆ</mo></mover>',
}


@pytest.mark.parametrize(("tex", "display", "tree"), BY_HAND, ids=[row[0] for row in BY_HAND])
def test_the_tree_is_the_one_written_by_hand(tex, display, tree):
    marks = "|".join(re.escape(mark) for mark in SHORT)
    tree = re.sub(marks, lambda mark: SHORT[mark[0]], tree)
    tree = re.sub(r"(?<=>)/(?=<)", '<mo lspace="0" rspace="0">/</mo>', tree)
    assert inner(tex, display=display) == tree


def test_an_aligned_formula_is_a_table_of_pairs():
    tex = r"\begin{aligned} J &= \sum_t r && (1) \\ &= b \end{aligned}"
    rows = fromstring(mathml(tex, display=True)).findall(".//mtr")
    texts = [["".join(cell.itertext()) for cell in row] for row in rows]
    assert texts == [["J", "=∑tr", "", "(1)"], ["", "=b"]]
    (table,) = fromstring(mathml(tex, display=True)).iter("mtable")
    assert table.attrib == {"displaystyle": "true", "class": "aligned"}
    assert "<munder>" in mathml(tex, display=True)


# ---- what is known, and what is not

CHARACTERS = dict(zip(GREEK.split(), "αβγδϵεηθλμπρστϕΔΨ", strict=True))
SIGNS = dict(zip(SYMBOLS.split(), "∞∂∇ℓ…⊤±×·≤≥≠≈∼∝∈≻→←⇒∣‖‖{}||‖‖", strict=True))
LETTERS = {r"\infty", r"\partial", r"\nabla", r"\ell", r"\dots"}


@pytest.mark.parametrize(("command", "character"), (CHARACTERS | SIGNS).items())
def test_every_known_sign_is_the_character_that_it_should_be(command, character):
    bars = {r"\lvert": r"\rvert", r"\lVert": r"\rVert", r"\rvert": "", r"\rVert": ""}
    if (closing := bars.get(command)) == "":
        return  # stands behind the opening one
    math = fromstring(mathml(f"{command} {closing or ''}", display=False))
    leaf = math[0][0]
    assert leaf.text == character
    assert leaf.tag == ("mi" if command in CHARACTERS or command in LETTERS else "mo")


def test_nothing_is_known_that_no_chapter_uses():
    text = "\n".join(formula.tex for formula in book())
    used = set(re.findall(r"\\begin\{\w+\}|\\end\{\w+\}|\\[a-zA-Z]+|\\.", text))
    assert {command for command in KNOWN if command.strip("\\ \n")} <= used
    assert len(used) > 60


@pytest.mark.parametrize(
    ("tex", "construct"),
    [
        (r"\boldsymbol x", r"\boldsymbol"),
        (r"\operatorname{clip}(x)", r"\operatorname"),
        (r"\begin{cases} a \end{cases}", r"\begin{cases}"),
        (r"\left( x \right)", r"\left"),
        (r"\text{a $x$ b}", r"\text"),
        (r"\widehat{xy}", r"\widehat"),
        (r"\mathcal{AB}", r"\mathcal before 'A...'"),
        (r"\mathcal 1", r"\mathcal before '1'"),
        (r"\mathbb E", r"\mathbb"),
        (r"\text{5%}", r"\text"),
        (r"\arg x", r"\arg without \max"),
        ("x~y", "~"),
        ("5%", "%"),
        ("ε", "ε"),
    ],
)
def test_what_nobody_has_looked_at_is_refused_by_name(tex, construct):
    with pytest.raises(ValueError, match="tex must have known constructs only") as caught:
        mathml(tex, display=False)
    assert construct in str(caught.value).replace("\\\\", "\\")
    assert repr(tex) in str(caught.value)


@pytest.mark.parametrize("tex", ["|x", r"a \lvert b", "x_", r"\frac{1}", "{x", "x}", "x\\", ""])
def test_a_broken_formula_is_refused(tex):
    with pytest.raises(ValueError, match="tex must"):
        mathml(tex, display=False)


# ---- the whole book


def test_no_formula_of_the_book_has_a_fault():
    found = {formula.tex: wrong for formula, math in book().items() if (wrong := faults(math))}
    assert not found
    assert len(book()) > 800


def test_every_limit_of_a_maximum_in_a_display_stands_below_it():
    displays = [math for formula, math in book().items() if formula.display]
    names = [
        script[0].text
        for math in displays
        for script in fromstring(math).iter("munder")
        if script[0].text in ("max", "arg\u2009max")
    ]
    subscripts = [formula.tex for formula in book() if formula.display]
    written = sum(len(re.findall(r"\\max_", tex)) for tex in subscripts)
    assert len(names) == written > 10


def test_words_stand_as_they_are_written():
    for formula, math in book().items():
        words = re.findall(r"\\(?:text|mathrm) ?\{([^}]*)\}", formula.tex)
        printed = [(part.text or "").replace("\u00a0", " ") for part in fromstring(math).iter()]
        assert all(word in printed for word in words), formula.tex


@pytest.mark.parametrize(
    "math",
    [
        r"<math><mrow><mi>\arg</mi></mrow></math>",
        "<math><mrow><mi>a</mi><mi>&amp;</mi></mrow></math>",
        "<math><mrow><mtext>$x$</mtext></mrow></math>",
        "<math><mrow><mo>max</mo><mi>clip</mi><mo>clip</mo></mrow></math>",
        "<math><mrow><mi>log</mi><mi>p</mi></mrow></math>",
        "<math><mrow><mi>p</mi><mi>log</mi></mrow></math>",
        "<math><mrow><mo>)</mo><mi>log</mi></mrow></math>",
        "<math><mrow><msub><mi>max</mi><mi>a</mi></msub><mi>Q</mi></mrow></math>",
        "<math><mrow><mo>|</mo><mi>x</mi><mo>|</mo></mrow></math>",
        '<math><mrow><mo form="prefix">|</mo><mi>x</mi></mrow></math>',
        '<math><mrow><mi mathvariant="script">L</mi></mrow></math>',
        '<math><mrow><mtd columnalign="left" /></mrow></math>',
        "<math><mrow><mi /></mrow></math>",
        "<math><mrow><msub><mi>x</mi></msub></mrow></math>",
        "<math><mrow><merror>x</merror></mrow></math>",
    ],
)
def test_the_check_sees_a_planted_fault(math):
    assert faults(math)
