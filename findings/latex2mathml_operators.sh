#!/usr/bin/env bash
# latex2mathml 3.81.1: some relations and operators become letters, one calligraphic
# command without braces is a plain letter, and a function's name has no space after it.
#
# Guess: \sim and \pm are operators (<mo>) as \le and \times are; \mathbb E means what
# \mathbb{E} means; \log p is spaced as TeX spaces it.
# Seen: \sim is the letter "~" and \pm a letter; \mathbb E is a plain E with an attribute
# that browsers of today ignore; log and p stand side by side without a space. Nothing
# raises, so a test that waits for an error proves nothing.
#
# Output seen:
#   \le: <mo>, ≤
#   \sim: <mi>, ~
#   \pm: <mi>, ±
#   \mathbb{E}: 𝔼
#   \mathbb E: E
#   \log p: 0 spaces between log and p
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet latex2mathml==3.81.1
"$folder/venv/bin/python" - <<'PY'
from html import unescape
from xml.etree.ElementTree import fromstring

from latex2mathml.converter import convert


def leaves(tex):
    tree = fromstring(convert(tex))
    parts = [(part.tag.partition("}")[2], part.text) for part in tree.iter() if not len(part)]
    return [(tag, unescape(text or "")) for tag, text in parts]


for command, expected in {"\\le": ("mo", "≤"), "\\sim": ("mi", "~"), "\\pm": ("mi", "±")}.items():
    ((tag, sign),) = [leaf for leaf in leaves(f"a {command} b") if leaf[1] not in ("a", "b")]
    print(f"{command}: <{tag}>, {sign}")
    assert (tag, sign) == expected
for tex, expected in {"\\mathbb{E}": "𝔼", "\\mathbb E": "E"}.items():
    letters = "".join(text for _, text in leaves(tex))
    print(f"{tex}: {letters}")
    assert letters == expected
found = leaves("\\log p")
spaces = sum(tag == "mspace" for tag, _ in found)
print(f"\\log p: {spaces} spaces between log and p")
assert [text for _, text in found if text] == ["log", "p"] and spaces == 0
PY
