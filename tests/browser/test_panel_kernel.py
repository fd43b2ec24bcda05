"""A panel and a real kernel: slow, raising, busy, asked in odd ways, restarted."""

import time

import pytest

from tests.browser.live_notebook import LiveNotebook
from tests.browser.notebook import READY, SHUT_DOWN

CELLS = [
    """import time

from rlnotes.explorers.discounting import Discounting


class Slow(Discounting):
    pause, taken = 0, []

    def update(self, gamma, delay, far_reward):
        time.sleep(self.pause)
        self.taken.append(gamma)
        if gamma == 0.13:
            raise ZeroDivisionError("a bug")
        return super().update(gamma, delay, far_reward)


explorer = Slow()""",
    "explorer",
    "explorer",
]
NO_ANSWER = "No answer from the kernel"
# What the page shows in each of its frames; of the picture, one row of pixels.
SAMPLE = """() => {
    window.samples = [];
    const panel = document.querySelector('.rlnotes-panel');
    const [range, canvas] = [panel.querySelector('input'), panel.querySelector('canvas')];
    window.sampling = true;
    (function sample() {
        const place = [0, canvas.height >> 1, canvas.width, 1];
        const pixels = new Uint32Array(canvas.getContext('2d').getImageData(...place).data.buffer);
        samples.push([Number(range.value), new Set(pixels).size]);
        if (sampling) requestAnimationFrame(sample);
    })();
}"""


@pytest.fixture(scope="module")
def notebook(lab, browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1400})
    live = LiveNotebook(lab, page, "kernel.ipynb", CELLS)
    live.run(0, 1, 2)
    live.panel(1).wait_for()
    yield live
    page.close()


@pytest.fixture
def fresh(notebook):
    """The notebook, its explorer at its default."""
    notebook.python("explorer.pause = 0; explorer.set(**explorer.defaults); explorer.taken.clear()")
    notebook.wait_for_text("twin", "gamma = 0.9,")
    yield notebook
    notebook.python("explorer.pause = 0")


def gamma(notebook, number: int = 0) -> str:
    return notebook.control("gamma", number).input_value()


@pytest.mark.parametrize("pause", [0, 0.25])
def test_a_drag_never_jumps_back_never_blanks_and_ends_where_the_hand_does(fresh, pause):
    fresh.python(f"explorer.pause = {pause}; explorer.set(gamma=0); explorer.taken.clear()")
    fresh.wait_for_text("twin", "gamma = 0,")
    fresh.page.evaluate(SAMPLE)
    box = fresh.control("gamma").bounding_box()
    x, y = box["x"] + 8, box["y"] + box["height"] / 2
    fresh.page.mouse.move(x, y)
    fresh.page.mouse.down()
    begin = time.monotonic()
    for step in range(30):
        fresh.page.mouse.move(x + 4 * step, y)
        fresh.page.wait_for_timeout(15)
    fresh.page.mouse.up()
    end = gamma(fresh)
    fresh.wait_for_text("twin", f"gamma = {end},")
    seconds = time.monotonic() - begin
    fresh.page.evaluate("() => { sampling = false; }")
    samples = fresh.page.evaluate("() => samples")
    values = [value for value, _ in samples]
    assert values == sorted(values)
    assert len(set(values)) > 10
    assert min(colours for _, colours in samples) > 3
    assert 0.7 < float(end) < 1
    taken = fresh.value("explorer.taken")
    assert taken == sorted(taken)
    assert taken[-1] == float(end)
    if pause:
        assert len(taken) <= seconds / pause + 2 < 20
    assert fresh.kernel_errors() == []


def test_values_set_in_python_reach_every_view(fresh):
    before = fresh.checksum()
    fresh.python("explorer.controls['gamma'].value = 0.5")
    fresh.wait_for_text("twin", "gamma = 0.5,", number=1)
    fresh.wait_until_answered()
    assert [gamma(fresh, n) for n in (0, 1)] == ["0.5", "0.5"]
    assert [fresh.panel(n).locator(".rlnotes-readout").first.text_content() for n in (0, 1)] == [
        "0.50",
        "0.50",
    ]
    assert fresh.checksum(0) == fresh.checksum(1) != before
    fresh.python("explorer.set(gamma=0.7, delay=3)")
    fresh.wait_for_text("twin", "delay = 3")
    assert (gamma(fresh), fresh.control("delay").input_value()) == ("0.7", "3")


def test_a_view_follows_what_a_hand_does_in_the_other(fresh):
    fresh.control("gamma", 1).focus()
    for _ in range(5):
        fresh.page.keyboard.press("ArrowLeft")
    fresh.wait_for_text("twin", "gamma = 0.85,")
    assert (gamma(fresh, 0), gamma(fresh, 1)) == ("0.85", "0.85")
    assert fresh.checksum(0) == fresh.checksum(1)


def test_an_update_that_raises_is_answered(fresh):
    before = fresh.checksum()
    fresh.control("gamma").fill("0.13")
    fresh.wait_for_text("problem", "This setting failed (ZeroDivisionError: a bug).")
    assert fresh.checksum() == before
    fresh.control("gamma").fill("0.14")
    fresh.wait_for_text("twin", "gamma = 0.14,")
    assert fresh.panel().locator(".rlnotes-problem").all_text_contents() == ["", ""]
    assert fresh.checksum() != before
    # The bug is not hidden: its traceback stands in the log of JupyterLab.
    fresh.page.wait_for_function("() => kernelErrors.length")
    assert fresh.page.evaluate("() => kernelErrors.splice(0)") == ["ZeroDivisionError: a bug"]


GOOD = {"view": "hand", "number": 1}
REQUESTS = {
    "out of range": {**GOOD, "changes": {"gamma": 2}},
    "no number": {**GOOD, "changes": {"gamma": "0.5"}},
    "nothing": {**GOOD, "changes": {"gamma": None}},
    "too large": {**GOOD, "changes": {"gamma": 1e300}},
    "half a step": {**GOOD, "changes": {"delay": 2.5}},
    "unknown control": {**GOOD, "changes": {"lambda": 1}},
    "one good, one bad": {**GOOD, "changes": {"gamma": 0.5, "delay": 99}},
    "no changes": GOOD,
    "changes in a list": {**GOOD, "changes": ["gamma", 0.5]},
    "no view": {"number": 1, "changes": {"gamma": 0.5}},
    "no count": {"view": "hand", "changes": {"gamma": 0.5}},
    "a word": "gamma",
    "a list": [1, 2],
    "null": None,
}


def test_bad_requests_get_a_sentence_and_change_nothing(fresh):
    settings, picture = fresh.value("explorer.settings"), fresh.checksum()
    said = set()
    for request in REQUESTS.values():
        fresh.python("explorer.set(**explorer.defaults)")  # clears the sentence
        fresh.send("explorer", request)
        fresh.wait_for_text("problem", "Ignored: ")
        said.add(fresh.panel().locator(".rlnotes-problem").last.text_content())
        assert fresh.value("explorer.settings") == settings
    assert len(said) > 8
    assert fresh.checksum() == picture
    assert fresh.kernel_errors() == []
    fresh.control("gamma").fill("0.5")
    fresh.wait_for_text("twin", "gamma = 0.5,")


def test_a_busy_kernel_gets_the_newest_setting_in_the_end(fresh):
    sleep = "const {kernel} = jupyterapp.shell.currentWidget.context.sessionContext.session;"
    fresh.page.evaluate(f"() => {{ {sleep} kernel.requestExecute({{code: 'time.sleep(6)'}}); }}")
    for value in ("0.3", "0.4", "0.5", "0.6"):
        fresh.control("gamma").fill(value)
    fresh.wait_for_text("problem", NO_ANSWER)
    assert gamma(fresh) == "0.6"
    fresh.control("delay").fill("7")
    fresh.wait_for_text("twin", "gamma = 0.6, delay = 7")
    assert (gamma(fresh), fresh.control("delay").input_value()) == ("0.6", "7")
    assert fresh.value("explorer.settings")["gamma"] == 0.6
    assert fresh.panel().locator(".rlnotes-problem").all_text_contents() == ["", ""]


def test_a_browser_without_network_says_so_and_recovers(fresh):
    fresh.page.context.set_offline(True)
    for value in ("0.3", "0.4", "0.5", "0.6"):
        fresh.control("gamma").fill(value)
    fresh.wait_for_text("problem", NO_ANSWER)
    fresh.page.context.set_offline(False)
    fresh.wait_for_text("twin", "gamma = 0.6,")
    assert fresh.value("explorer.settings")["gamma"] == 0.6
    assert fresh.panel().locator(".rlnotes-problem").all_text_contents() == ["", ""]


def test_a_reloaded_page_gets_the_panel_back_as_it_was(fresh):
    fresh.python("explorer.set(gamma=0.6, delay=8)")
    fresh.wait_for_text("twin", "gamma = 0.6, delay = 8")
    fresh.wait_until_answered()
    before = fresh.checksum()
    fresh.keep()
    fresh.open()
    fresh.panel(1).wait_for(timeout=60_000)
    fresh.wait_until_answered(1)
    assert fresh.checksum(0) == fresh.checksum(1) == before
    assert (gamma(fresh), fresh.control("delay").input_value()) == ("0.6", "8")
    assert "gamma = 0.6, delay = 8" in fresh.panel().locator(".rlnotes-twin").text_content()
    fresh.control("gamma").fill("0.4")
    fresh.wait_for_text("twin", "gamma = 0.4, delay = 8", number=1)


RESTART = "() => jupyterapp.shell.currentWidget.context.sessionContext.restartKernel()"
START = "() => jupyterapp.shell.currentWidget.context.sessionContext.startKernel()"


# The last ones: the kernel of the tests above is gone then.
@pytest.mark.parametrize("ends", [RESTART, SHUT_DOWN], ids=["restart", "shut down"])
def test_without_its_kernel_a_panel_says_so_until_the_cell_runs_again(notebook, ends):
    notebook.page.evaluate(ends)
    notebook.page.wait_for_timeout(500)
    notebook.control("gamma").fill("0.2")
    notebook.wait_for_text("problem", NO_ANSWER, seconds=10)
    assert not notebook.page_errors
    if ends == SHUT_DOWN:
        notebook.page.evaluate(START)
    notebook.page.wait_for_function(READY, timeout=60_000)
    notebook.run(0, 1, 2)
    notebook.wait_for_text("twin", "gamma = 0.9,")
    notebook.control("gamma").fill("0.3")
    notebook.wait_for_text("twin", "gamma = 0.3,", number=1)
    assert notebook.panel().locator(".rlnotes-problem").all_text_contents() == ["", ""]
