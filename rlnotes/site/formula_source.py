r"""The TeX of a formula: which constructs are known, and what is rewritten.

latex2mathml raises for almost nothing: what it does not know it prints. So a construct
is let through only if somebody has looked at its result in a browser and a test says
what it must be. To add one: look at it, then name it here and in the test.
"""

import re

TOKEN = re.compile(
    r"\\begin\{\w+\*?\}|\\end\{\w+\*?\}"
    r"|\\text ?\{[a-zA-Z .,:()]*\}|\\mathrm ?\{[a-zA-Z]+\}"
    r"|\\[a-zA-Z]+|\\.|.",
    re.DOTALL,
)
GREEK = (
    r"\alpha \beta \gamma \delta \epsilon \varepsilon \eta \theta \lambda \mu \pi \rho \sigma "
    r"\tau \phi \Delta \Psi"
)
SYMBOLS = (
    r"\infty \partial \nabla \ell \dots \top \pm \times \cdot \le \ge \ne \approx \sim \propto "
    r"\in \succ \to \leftarrow \Rightarrow \mid \| \Vert \{ \} \lvert \rvert \lVert \rVert"
)
NAMES = r"\log \ln \max \min \arcsin \sum \prod"
LAYOUT = (
    r"\frac \tfrac \binom \sqrt \hat \bar \tilde \underbrace \big \Big "
    r"\, \; \! \quad \qquad \\ \begin{aligned} \end{aligned}"
)
KNOWN = frozenset(f"{GREEK} {SYMBOLS} {NAMES} {LAYOUT}".split()) | {"\\ ", "\\\n"}
PLAIN = re.compile(r"[a-zA-Z0-9\s()\[\]{}.,+\-*/=<>|'^_&]")
REWRITTEN = {
    r"\Vert": r"\| ",
    r"\!": "",
    r"\begin{aligned}": r"\begin{align*}",
    r"\end{aligned}": r"\end{align*}",
}


def prepared(tex: str) -> str:
    r"""The formula with those constructs rewritten that latex2mathml gets wrong.

    `\mathcal L` without braces becomes an ordinary letter, `\arg` is printed with its
    backslash, `\Vert` is taken for a letter, `\!` for a width that browsers ignore, and
    `aligned` is set on one line.

    Raises:
        ValueError: for a construct that is not known, or a brace without its other.

    Example:
        >>> prepared(r"\mathcal L \in \arg\max_a Q")
        '\\mathcal{L} \\in \\argmax _a Q'
    """
    rewritten: list[str] = []
    tokens = iter(TOKEN.findall(tex))
    for token in tokens:
        if token == r"\mathcal":
            letter = _argument(tokens)
            if not re.fullmatch("[A-Z]", letter):
                raise _unknown(f"{token} before {letter!r}", tex)
            rewritten.append(f"{token}{{{letter}}}")
        elif token == r"\arg":
            if next((other for other in tokens if not other.isspace()), "") != r"\max":
                raise _unknown(r"\arg without \max", tex)
            rewritten.append(r"\argmax ")
        elif token in REWRITTEN or _is_known(token):
            rewritten.append(REWRITTEN.get(token, token))
        else:
            raise _unknown(token, tex)
    if rewritten.count("{") != rewritten.count("}"):
        raise ValueError(f"tex must have its braces in pairs, got {tex!r}")
    return "".join(rewritten).strip()


def _is_known(token: str) -> bool:
    if token.startswith((r"\text{", r"\text {", r"\mathrm{", r"\mathrm {")):
        return True
    return token in KNOWN or PLAIN.fullmatch(token) is not None


def _argument(tokens) -> str:
    """The next letter, in braces or without."""
    letter = next((token for token in tokens if not token.isspace()), "")
    if letter == "{":
        letter = next(tokens, "")
        if next(tokens, "") != "}":
            return f"{letter}..."
    return letter


def _unknown(construct: str, tex: str) -> ValueError:
    return ValueError(
        f"tex must have known constructs only, got {construct!r} in {tex!r}: look at its "
        "result in a browser, then add it to rlnotes.site.formula_source and to its test"
    )
