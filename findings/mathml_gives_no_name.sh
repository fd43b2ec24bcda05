#!/usr/bin/env bash
# Chromium 156 and axe-core 4.12.1: a formula in MathML gives no name to the heading, the
# link, the button or the column head in which it stands, nor does its attribute alttext.
#
# Guess: MathML is content, so an element whose name comes from its content is named by
# the letters of its formula, as it is by text in a <span>; axe-core then has no fault.
# Seen: the name is what stands beside the formula, and empty if nothing does. axe-core
# calls such elements empty. An aria-label names them, and axe-core accepts it for all
# but the head of a column, where it goes on to ask for visible text.
#
# Needs Chromium, here 156, as the command chromium.
#
# Output seen:
#   span:     heading 'x = 1', link 'x = 1', button 'x = 1', columnheader 'x = 1'
#   math:     heading '', link '', button '', columnheader ''
#   axe-core 4.12.1 on math: button-name, empty-heading, empty-table-header, link-name
#   alttext:  heading '', link '', button '', columnheader ''
#   and text: heading 'if', link 'if', button 'if', columnheader 'if'
#   labelled: heading 'x = 1', link 'x = 1', button 'x = 1', columnheader 'x = 1'
#   axe-core 4.12.1 on labelled: empty-table-header
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet playwright==1.65.2 axe-playwright-python==0.1.8
"$folder/venv/bin/python" - <<'PY'
import shutil

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

ROLES = ("heading", "link", "button", "columnheader")
RULES = {"button-name", "empty-heading", "empty-table-header", "link-name"}
FORMULA = "<mi>x</mi><mo>=</mo><mn>1</mn></math>"
CASES = {  # what stands in each element, and its attribute
    "span": ("<span>x = 1</span>", ""),
    "math": (f"<math>{FORMULA}", ""),
    "alttext": (f'<math alttext="x = 1">{FORMULA}', ""),
    "and text": (f"if <math>{FORMULA}", ""),
    "labelled": (f"<math>{FORMULA}", ' aria-label="x = 1"'),
}
NAMES = {"span": "x = 1", "math": "", "alttext": "", "and text": "if", "labelled": "x = 1"}
FAULTS = {"math": sorted(RULES), "labelled": ["empty-table-header"]}


def page_of(content, label):
    return f"""<!doctype html><html lang="en"><title>A page</title><main><h1{label}>{content}</h1>
    <p><a href="#a"{label}>{content}</a> <button{label}>{content}</button></p>
    <table><tr><th{label}>{content}</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></main>"""


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox"]
    )
    assert browser.version.startswith("156."), browser.version
    for case, (content, label) in CASES.items():
        page = browser.new_page()
        page.set_content(page_of(content, label))
        tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        seen = {}
        for node in tree:
            if not node["ignored"] and node["role"]["value"] in ROLES:
                seen.setdefault(node["role"]["value"], node["name"]["value"].strip())
        print(f"{case + ':':9}", ", ".join(f"{role} {seen[role]!r}" for role in ROLES))
        assert set(seen.values()) == {NAMES[case]}
        if case in FAULTS:
            found = Axe().run(page).response
            faults = sorted({v["id"] for v in found["violations"]} & RULES)
            version = found["testEngine"]["version"]
            print(f"axe-core {version} on {case}:", ", ".join(faults))
            assert (version, faults) == ("4.12.1", FAULTS[case])
        page.close()
    browser.close()
PY
