"""The files that all pages share: style, script, font."""

import re
from importlib import resources

from pygments.formatters import HtmlFormatter

_FONT = ("stix-two-math.woff2", "stix-two-math-OFL.txt")


def assets() -> dict[str, bytes]:
    """File name -> bytes."""
    site, explorers = resources.files("rlnotes.site"), resources.files("rlnotes.explorers")
    style = [
        site.joinpath("book.css").read_text("utf-8"),
        site.joinpath("formulas.css").read_text("utf-8"),
        explorers.joinpath("panel.css").read_text("utf-8"),
        HtmlFormatter(style="xcode").get_style_defs(".highlight"),
    ]
    panel = as_classic(explorers.joinpath("panel.js").read_text("utf-8"))
    script = panel + site.joinpath("explorers.js").read_text("utf-8")
    texts = {"book.css": "\n".join(style), "explorers.js": script}
    return {name: text.encode() for name, text in texts.items()} | {
        name: site.joinpath(name).read_bytes() for name in _FONT
    }


def as_classic(module: str) -> str:
    """The panel as a script without exports: `rlnotesPanel.open` opens one.

    Raises:
        ValueError: if the module does not end as the panel's does.
    """
    body, found = re.subn(r"export default \{render\};\s*$", "", module)
    if not found:
        raise ValueError(f"module must end with its export, got {module[-60:]!r}")
    return f'(() => {{\n"use strict";\n{body}\nwindow.rlnotesPanel = {{open}};\n}})();\n'
