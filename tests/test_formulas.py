"""One form for each formula: what the chapters write, and what they do not."""

import re

import pytest

from tests.test_one_book import CHAPTERS, texts
from tests.test_symbols import formulas

# (what is not written, what is written instead, formulas that the pattern must find)
FORMS = [
    (r"\\mathbb", "E", [r"\mathbb E[r]", r"\mathbb{E}_\pi"]),
    (r"\\mathop|\\operatorname", r"\mathrm{...}", [r"\operatorname{clip}(\rho)"]),
    (r"\\text\{(?:KL|clip|mean|std|Var)\}|D_", r"\mathrm{KL}", [r"D_\text{KL}", r"\text{clip}"]),
    (r"[_^]\{\\text\{\w+\}\}", r"_\text{...}", [r"V_{\text{old}}"]),
    (r"[_^]\{?(?:ref|old|CLIP|SFT|DPO|RM)\b", r"_\text{ref}", [r"\pi_{ref}", "L^{CLIP}"]),
    (r"[_^]\{(?:\w|\*|\\(?!max)\w+)\}", "no braces around one letter", [r"\pi_{\theta}", "V^{*}"]),
    (r"\^\\ast|\^\\star|\\prime", "V^*, s'", [r"\pi^\ast", r"s^\prime"]),
    (r"\\(?:hat|bar|tilde)\{|\\widehat", r"\hat A", [r"\hat{A}_t", r"\widehat A"]),
    (r"\\(?:geq|leq|neq|ldots|cdots|left\(|left\[|rightarrow)", r"\ge, \le, \ne, \dots", [r"\leq"]),
    (r"\\ln(?! ?(?:\d|\\frac\d))", r"\log, and \ln before a number only", [r"\ln(1 + e^m)"]),
    (r"\br(?:_\w+)?\(\\theta\)", r"\rho for a ratio", [r"r_t(\theta)"]),
    (r"\\rho_0|\\mu_0|\bd_0", "p_0 for the start", [r"s_0 \sim \rho_0"]),
    (r"\\le(?:q)? ?\\delta", r"\mathrm{KL}_\text{max}", [r"\mathrm{KL} \le \delta"]),
    (
        r"clip.*\\varepsilon|1 ?[+-] ?\\epsilon\b.*\\varepsilon",
        r"\epsilon",
        [r"\mathrm{clip}(x, 1 - \varepsilon)"],
    ),
    (r"(?<!mathcal )\bL(?:\(\\phi\)|_\\text\{(?:SFT|DPO|RM)\})", r"\mathcal L", [r"L_\text{DPO}"]),
    (r"\\text\{loss\}", r"\mathcal L", [r"\text{loss} = 1"]),
    (r"(?<!\\,)\\\||\\\|(?!\\,)", r"\,\|\,", [r"p \| q", r"p\,\|q"]),
    (r"[a-z)] ?\| ?[sxy]\b", r"\mid", ["p(a | s)", "V(y|x)"]),
    (r"\\varphi|\\vartheta|\\lambda_\\text|\\Pi\b", r"\phi, \theta", [r"V_\varphi"]),
]
NOT_PATTERN = [r"\rho A", r"p \,\|\, q", r"\ln 2", r"\pi_\text{ref}", r"V^*", r"\hat A_t", r"|y_i|"]


@pytest.mark.parametrize(("pattern", "ours", "examples"), FORMS, ids=lambda x: str(x)[:30])
def test_no_formula_has_another_form(pattern, ours, examples):
    assert all(re.search(pattern, example) for example in examples)
    assert not any(re.search(pattern, right) for right in NOT_PATTERN)
    for chapter in CHAPTERS:
        for name, text in texts(chapter).items():
            found = [formula for formula in formulas(text) if re.search(pattern, formula)]
            assert not found, (CHAPTERS[chapter].name, name, f"write {ours}", found)


def test_exploration_and_clip_have_each_their_own_epsilon():
    with_epsilon = {n for n in CHAPTERS if r"\epsilon" in "\n".join(texts(n).values())}
    assert with_epsilon - {0, 11} == {6, 9, 10}
    for chapter in with_epsilon - {0, 11}:
        assert r"\varepsilon" not in "\n".join(texts(chapter).values()), chapter
