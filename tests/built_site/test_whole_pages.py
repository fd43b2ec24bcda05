"""Every page as its readers meet it: from a disk, by keyboard, on a phone, offline."""

import re
import shutil
from itertools import combinations

import pytest
from axe_playwright_python.sync_playwright import Axe

from rlnotes.explorers import class_names
from rlnotes.scripts.checkout import ROOT
from rlnotes.site.book import chapters_of
from tests.built_site.host import hosted
from tests.built_site.open_page import OpenPage

CHAPTERS = [chapter.address for chapter in chapters_of(ROOT / "notebooks")]
ALONE = [f"embed/{name}.html" for name in class_names()]
PHONE, NARROW = 390, 320
# Of each picture its width on the page, and the one that it would like.
WIDTHS = """() => [...document.querySelectorAll('.view > *')].map(view => [
    view.getBoundingClientRect().width,
    parseFloat(view.style.width || view.getAttribute('width')),
])"""
# Of each control, left, right, top and bottom of its parts.
ROWS = """() => [...document.querySelectorAll('.rlnotes-control')].map(row =>
    [...row.children].map(part => part.getBoundingClientRect())
        .map(({left, right, top, bottom}) => [left, right, top, bottom]))"""
# The cells that follow an explorer.
BELOW = """() => [...document.querySelectorAll('section:has(figure.explorer) + section')]
    .map(section => section.id)"""
NEAR_ONES_LIVE = """() => [...document.querySelectorAll('figure.explorer')]
    .filter(figure => Math.abs(figure.getBoundingClientRect().top) < 1400)
    .every(figure => figure.dataset.live === 'true')"""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


@pytest.fixture(scope="module")
def host(site):
    with hosted(site) as address:
        yield address


@pytest.mark.parametrize("address", ["index.html", *CHAPTERS])
def test_a_page_from_a_disk_works_and_asks_for_files_of_the_site_only(browser, site, address):
    # Stored by the notebook for the setting it shows, and looked up. A live explorer
    # takes the place of what is stored: read that where no script runs.
    with OpenPage(browser, site / address, script=False) as opened:
        stored = opened.page.locator("figcaption").all_inner_texts()
    assert stored
    with OpenPage(browser, site / address) as opened:
        opened.wait_until_live()
        assert opened.page.locator(".rlnotes-twin").all_inner_texts() == stored
        assert opened.faults == []
        assert all(request.startswith(site.as_uri()) for request in opened.requests)


@pytest.mark.parametrize("address", ["index.html", *CHAPTERS, *ALONE])
def test_axe_finds_nothing_and_a_phone_need_not_scroll_sideways(browser, site, address):
    with OpenPage(browser, site / address, width=PHONE) as opened:
        opened.wait_until_live()
        found = Axe().run(opened.page, options=RULES).response["violations"]
        nodes = [(v["id"], n["html"][:200]) for v in found for n in v["nodes"]]
        # axe-core sees no text in MathML, even in a cell that has a name.
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


@pytest.mark.parametrize("address", ALONE)
def test_in_a_narrow_window_no_part_of_a_control_lies_on_another(browser, site, address):
    with OpenPage(browser, site / address, width=NARROW) as opened:
        opened.wait_until_live()
        rows = opened.page.evaluate(ROWS)
        assert rows
        for row in rows:
            for (left, right, top, bottom), other in combinations(row, 2):
                assert (
                    right <= other[0] + 1
                    or other[1] <= left + 1
                    or (bottom <= other[2] + 1 or other[3] <= top + 1)
                ), row


@pytest.mark.parametrize("address", ALONE)
def test_an_explorer_alone_is_as_high_as_the_page_on_the_site_says(browser, site, address):
    said = (ROOT / "docs" / "site.md").read_text("utf-8").replace(",", "")
    one, least, most = map(int, re.search(r"needs (\d+) .* between (\d+) and (\d+)", said).groups())
    assert f'width="1130" height="{one}"' in said
    with OpenPage(browser, site / address, width=1130) as opened:
        opened.wait_until_live()
        high = opened.page.evaluate("document.body.getBoundingClientRect().height")
        assert least - 10 <= high <= (one if "ppo_clip" in address else most)


@pytest.mark.parametrize("address", CHAPTERS)
def test_a_link_to_a_cell_below_an_explorer_lands_there(browser, site, host, address):
    with OpenPage(browser, site / address) as opened:
        places = opened.page.evaluate(BELOW)
    assert places
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    for place in places:
        page = context.new_page()
        page.goto(f"{host}{address}#{place}")
        page.wait_for_function(NEAR_ONES_LIVE)
        page.wait_for_timeout(200)
        top = page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", place)
        end = page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 1")
        assert end or 0 <= top <= 40, place
        page.close()
    context.close()


def test_after_a_failed_request_an_explorer_can_be_tried_again(browser, host):
    page = browser.new_page()
    page.route("**/frames/*", lambda route: route.fulfill(status=503))
    page.goto(host + "embed/ppo_clip.html")
    page.wait_for_selector("figure .rlnotes-problem")
    page.unroute("**/frames/*")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_function("document.querySelector('figure.explorer').dataset.live === 'true'")
    assert page.locator("figure .rlnotes-problem:not(:empty)").count() == 0
    page.close()


def test_what_stands_still_is_told_beneath_the_controls_and_at_each(browser, site, values):
    still = [key for key, some in values["group_of_answers"].items() if len(some) == 1]
    assert still
    with OpenPage(browser, site / "embed" / "group_of_answers.html") as opened:
        opened.wait_until_live()
        said = opened.page.locator("p.fixed")
        assert said.inner_text().endswith("The notebook moves it.")
        for key in still:
            control = opened.page.locator(f'[name="{key}"]')
            assert control.get_attribute("aria-describedby") == said.get_attribute("id")


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
