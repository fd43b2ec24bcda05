"""Every page as its readers meet it: from a disk, by keyboard, on a phone, offline."""

import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe

from rlnotes.explorers import class_names
from rlnotes.scripts.checkout import ROOT
from rlnotes.site.book import chapters_of
from tests.built_site.host import hosted
from tests.built_site.open_page import OpenPage

CHAPTERS = [chapter.address for chapter in chapters_of(ROOT / "notebooks")]
ALONE = [f"embed/{name}.html" for name in class_names()]
PHONE = 390
# Of each picture its width on the page, and the one that it would like.
WIDTHS = """() => [...document.querySelectorAll('.view > *')].map(view => [
    view.getBoundingClientRect().width,
    parseFloat(view.style.width || view.getAttribute('width')),
])"""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


@pytest.fixture(scope="module")
def host(site):
    with hosted(site) as address:
        yield address


@pytest.mark.parametrize("address", ["index.html", *CHAPTERS])
def test_a_page_from_a_disk_works_and_asks_for_files_of_the_site_only(browser, site, address):
    with OpenPage(browser, site / address) as opened:
        opened.wait_until_live()
        assert opened.faults == []
        assert all(request.startswith(site.as_uri()) for request in opened.requests)


@pytest.mark.parametrize("address", ["index.html", *CHAPTERS, *ALONE])
def test_axe_finds_nothing_and_a_phone_need_not_scroll_sideways(browser, site, address):
    with OpenPage(browser, site / address, width=PHONE) as opened:
        opened.wait_until_live()
        found = Axe().run(opened.page, options=RULES).response["violations"]
        nodes = [(v["id"], n["html"][:200]) for v in found for n in v["nodes"]]
        # axe-core sees no text in MathML, which a screen reader reads.
        assert [n for n in nodes if n[0] != "empty-table-header" or "<math" not in n[1]] == []
        width = opened.page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE
        shown = opened.page.evaluate(WIDTHS)
        assert all(here >= min(640, natural) for here, natural in shown), shown


@pytest.mark.parametrize("address", CHAPTERS)
def test_without_scripts_picture_and_text_are_there(browser, site, address):
    with OpenPage(browser, site / address, script=False) as opened:
        for figure in opened.page.locator("figure.explorer").all():
            figure.scroll_into_view_if_needed()
            assert figure.locator("img").is_visible()
            assert "Setting: " in figure.locator("figcaption").inner_text()


def test_a_host_is_asked_for_nothing_before_an_explorer_is_near(browser, site, host):
    context = browser.new_context(viewport={"width": 1300, "height": 700})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(host + "06_ppo.html")
    page.wait_for_timeout(500)
    assert all(url.startswith(host) for url in asked)
    assert [url for url in asked if "/frames/" in url] == []
    page.locator("figure.explorer").first.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('figure.explorer').dataset.live === 'true'")
    assert {url.partition("/frames/")[2][:18] for url in asked if "/frames/" in url}
    context.close()


def key_for(control) -> str:
    """A key that takes this control to another value."""
    kind, place, last = control.evaluate("""control => control.tagName === 'SELECT'
        ? ['select', control.selectedIndex, control.options.length - 1]
        : [control.type, Number(control.value), Number(control.max)]""")
    if kind == "checkbox":
        return "Space"
    onwards, back = ("ArrowDown", "ArrowUp") if kind == "select" else ("ArrowRight", "ArrowLeft")
    return back if place == last else onwards


@pytest.mark.parametrize("address", ["index.html", *CHAPTERS, *ALONE])
def test_the_keyboard_reaches_and_moves_every_control_that_varies(browser, site, address):
    with OpenPage(browser, site / address) as opened:
        page = opened.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        opened.wait_until_live()
        for figure in page.locator("figure.explorer").all():
            controls = figure.locator("input:enabled, select:enabled").all()
            assert controls
            controls[0].focus()
            for control in controls:
                assert control.evaluate("control => control === document.activeElement")
                before = figure.locator(".rlnotes-twin").text_content()
                page.keyboard.press(key_for(control))
                page.wait_for_function(
                    "([figure, text]) =>"
                    " figure.querySelector('.rlnotes-twin').textContent !== text",
                    arg=[figure.element_handle(), before],
                )
                page.keyboard.press("Tab")
        assert opened.faults == []


@pytest.mark.parametrize("fault", ["shortened", "of another explorer", "missing"])
def test_frames_that_cannot_be_read_leave_picture_text_and_a_sentence(
    browser, site, tmp_path, fault
):
    for folder in ("assets", "embed", "frames", "pictures"):
        shutil.copytree(site / folder, tmp_path / folder)
    (frames,) = (tmp_path / "frames").glob("decision_helper-*-0.js")
    whole = frames.read_bytes()
    if fault == "missing":
        frames.unlink()
    elif fault == "shortened":
        frames.write_bytes(whole[: len(whole) // 2])
    else:
        frames.write_bytes(whole.replace(b"decision_helper", b"another"))
    with OpenPage(browser, tmp_path / "embed" / "decision_helper.html") as opened:
        opened.page.wait_for_selector("figure .rlnotes-problem")
        said = opened.page.locator("figure .rlnotes-problem").inner_text()
        assert said.startswith("The frames of this explorer could not be loaded.")
        assert opened.page.locator("figure img").is_visible()
        assert opened.page.locator("figcaption").is_visible()
        assert opened.page.locator("progress").count() == 0
