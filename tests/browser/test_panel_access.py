"""What a screen reader is told, the copied line, and the canvas on other screens."""

import pytest

from rlnotes.explorers.discounting import Discounting
from tests.browser.loose_panel import LoosePanel
from tests.browser.test_panel_requests import Toy

REST = 400  # ms, as in panel.js
COUNT_CHANGES = """() => {
    window.spoken = [];
    const place = document.querySelector('.rlnotes-spoken');
    new MutationObserver(() => spoken.push(place.textContent))
        .observe(place, {childList: true, characterData: true, subtree: true});
}"""


@pytest.fixture
def toy(browser):
    loose = LoosePanel(browser, Toy())
    yield loose
    loose.close()


def test_the_text_changes_at_once_and_is_spoken_once_when_the_hand_rests(toy):
    toy.wait(2 * REST)
    toy.page.evaluate(COUNT_CHANGES)
    for percent in range(30, 50):
        toy.move("height", percent / 100)
        toy.answer()
        assert toy.text("twin") == toy.explorer.description
        toy.wait(REST - 100)
    assert toy.page.evaluate("() => spoken") == []
    toy.wait(10 * REST)
    assert toy.page.evaluate("() => spoken") == [toy.explorer.description]
    assert toy.view().locator(".rlnotes-spoken").get_attribute("role") == "status"


def test_nothing_is_spoken_while_a_setting_is_on_its_way(toy):
    toy.page.evaluate(COUNT_CHANGES)
    for percent in (30, 40, 50):
        toy.move("height", percent / 100)
    toy.answer()
    toy.wait(3 * REST)
    assert toy.page.evaluate("() => spoken") == []
    toy.answer(2)
    toy.wait(2 * REST)
    assert toy.page.evaluate("() => spoken") == [toy.explorer.description]


def test_a_new_panel_and_a_new_size_say_nothing(toy):
    toy.page.evaluate(COUNT_CHANGES)
    toy.page.set_viewport_size({"width": 500, "height": 900})
    toy.wait(2 * REST)
    assert toy.page.evaluate("() => spoken") == []
    assert toy.text("spoken") == toy.explorer.description


def test_the_accessibility_tree_names_every_control_its_value_and_the_picture(browser):
    explorer = Discounting(gamma=0.85)
    loose = LoosePanel(browser, explorer)
    nodes = accessibility_tree(loose.page)
    sliders = loose.view().get_by_role("slider")
    names = [node["name"] for node in nodes if node["role"] == "slider"]
    assert names == ["gamma", "steps to the far reward", "far reward"]
    texts = sliders.evaluate_all("all => all.map(slider => slider.ariaValueText)")
    assert texts == loose.view().locator(".rlnotes-readout").all_text_contents()
    assert texts == ["0.85", "5", "10.0"]
    (picture,) = [n for n in nodes if n["role"] == "image"]
    assert picture["name"] == explorer.title
    assert picture["description"] == explorer.description
    assert [n["name"] for n in nodes if n["role"] == "button"] == ["Reset", "Copy"]
    # The visible copies are hidden from it: nothing is read twice.
    assert sum(explorer.description in n["name"] for n in nodes if n["role"] == "StaticText") == 1
    loose.close()


def test_menus_and_boxes_have_their_labels_as_names(toy):
    nodes = accessibility_tree(toy.page)
    assert [n["name"] for n in nodes if n["role"] == "combobox"] == ["colour"]
    assert [n["name"] for n in nodes if n["role"] == "checkbox"] == ["filled"]
    assert [n["name"] for n in nodes if n["role"] == "option"] == ["red", "blue"]
    toy.view().get_by_text("filled", exact=True).click()
    assert toy.sent()[0]["changes"] == {"filled": False}


def accessibility_tree(page) -> list[dict]:
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    parts = ("role", "name", "description")
    return [
        {part: node.get(part, {}).get("value", "") for part in parts}
        for node in nodes
        if not node.get("ignored")
    ]


def test_no_two_elements_share_an_id_and_each_label_has_its_control(browser):
    loose = LoosePanel(browser, Toy(), views=3)
    ids = loose.page.eval_on_selector_all("[id]", "all => all.map(element => element.id)")
    assert len(ids) == len(set(ids)) == 3 * 6
    own = "all => all.every(l => l.control && l.parentNode.contains(l.control))"
    assert loose.page.eval_on_selector_all("label", own)
    loose.close()


def test_tab_walks_through_all_controls_and_out_and_back(toy):
    expected = ["height", "steps", "colour", "filled", "Reset", "Copy"]
    toy.page.evaluate(
        "() => document.querySelector('main').before(document.createElement('input'))"
    )
    toy.page.evaluate("() => document.querySelector('main').after(document.createElement('input'))")
    focused = "() => document.activeElement.name || document.activeElement.textContent"
    toy.page.locator("input").first.focus()
    forth = [(toy.page.keyboard.press("Tab"), toy.page.evaluate(focused))[1] for _ in range(7)]
    assert forth == [*expected, ""]
    back = [(toy.page.keyboard.press("Shift+Tab"), toy.page.evaluate(focused))[1] for _ in range(7)]
    assert back == [*expected[::-1], ""]


def test_no_key_is_heard_outside_the_panel(toy):
    toy.page.evaluate(
        """() => {
            window.heard = [];
            for (const type of ['keydown', 'keypress', 'keyup'])
                document.addEventListener(type, event => heard.push(event.key));
        }"""
    )
    for control in toy.view().locator("input, select, button").all():
        control.focus()
        for key in ("a", "x", "ArrowRight", "Shift+Enter"):
            toy.page.keyboard.press(key)
    assert toy.page.evaluate("() => heard") == []


def test_copy_puts_the_line_on_the_clipboard_or_selects_it(browser):
    loose = LoosePanel(browser, Discounting(gamma=0.85))
    page, line = loose.page, loose.explorer.code
    page.evaluate(
        """() => Object.defineProperty(navigator, 'clipboard', {configurable: true, value: {
            writeText: async text => { window.copied = text; }}})"""
    )
    button = loose.view().locator(".rlnotes-code button")
    button.click()
    assert button.text_content() == "Copied"
    assert page.evaluate("() => copied") == line
    loose.wait(2000)
    assert button.text_content() == "Copy"
    page.evaluate(
        """() => {
            navigator.clipboard.writeText = async () => { throw new Error('refused'); };
            document.execCommand = () => false;
        }"""
    )
    button.click()
    assert button.text_content() == "Selected"
    assert page.evaluate("() => getSelection().toString()") == line
    loose.close()


def test_the_canvas_has_the_pixels_of_the_screen(toy):
    session = toy.page.context.new_cdp_session(toy.page)
    seen = []
    for width, ratio in enumerate((1, 2, 1.5, 1), start=1200):
        # Chromium tells the page of another ratio only with another size.
        size = {"width": width, "height": 900, "mobile": False}
        metrics = {**size, "deviceScaleFactor": ratio}
        session.send("Emulation.setDeviceMetricsOverride", metrics)
        pixels = ratio * toy.explorer.panel.size[0]
        assert painted_width(toy, pixels) == pytest.approx(pixels, abs=1)
        seen.append(toy.picture())
        assert darkest(toy) < 100  # not blank
    assert seen[0] == seen[-1]
    assert len(set(seen)) == 3


def test_a_fine_screen_gets_a_fine_picture_from_the_start(browser):
    loose = LoosePanel(browser, Toy(), ratio=2)
    pixels = 2 * loose.explorer.panel.size[0]
    assert painted_width(loose, pixels) == pixels
    loose.close()


def painted_width(loose, expected: float) -> int:
    """Pixels of the canvas, after a time in which it may reach the expected number."""
    for _ in range(50):
        loose.wait(50)
        width = loose.view().locator("canvas").evaluate("canvas => canvas.width")
        if abs(width - expected) <= 1:
            break
    return width


def darkest(loose) -> int:
    return (
        loose.view()
        .locator("canvas")
        .evaluate(
            """canvas => {
            const {width, height} = canvas;
            const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
            return data.reduce((low, value, at) => at % 4 === 1 ? Math.min(low, value) : low, 255);
        }"""
        )
    )


@pytest.mark.parametrize("width", [510, 330])
def test_a_narrow_window_shrinks_the_canvas_and_nothing_sticks_out(browser, width):
    loose = LoosePanel(browser, Toy())
    loose.page.set_viewport_size({"width": width, "height": 900})
    assert painted_width(loose, width - 16) == pytest.approx(width - 16, abs=1)
    boxes = loose.view().evaluate(
        """panel => {
            const boxes = [...panel.querySelectorAll('input, select, button, label, canvas')]
                .map(element => element.getBoundingClientRect());
            return boxes.map(({left, right, top, bottom}) => [left, right, top, bottom]);
        }"""
    )
    assert all(left >= 0 and right <= width for left, right, _, _ in boxes)
    assert not [(a, b) for n, a in enumerate(boxes) for b in boxes[:n] if overlap(a, b)]
    canvas = loose.view().locator("canvas").bounding_box()
    wide, high = loose.explorer.panel.size
    assert canvas["width"] / canvas["height"] == pytest.approx(wide / high, rel=0.01)
    assert loose.page.evaluate("() => document.documentElement.scrollWidth") <= width
    # The last row of pixels is cut by the edge: nothing of former pictures stays in it.
    before = loose.picture()
    for steps in (2, 3, 1):
        assert (loose.picture() == before) == (loose.explorer.settings["steps"] == 1)
        loose.move("steps", steps)
        loose.answer()
    assert loose.picture() == before
    loose.close()


def overlap(a, b) -> bool:
    across, down = (min(a[i + 1], b[i + 1]) - max(a[i], b[i]) for i in (0, 2))
    return across > 0.5 and down > 0.5
