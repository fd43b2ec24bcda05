"""A panel on a page: read what it shows, move its controls, list what went wrong."""

import re
import time
from pathlib import Path

from playwright.sync_api import ElementHandle, Page, TimeoutError

PICTURE_SECONDS = 10
MOVES, MOVES_PER_SECOND = 60, 60
LIVE_UPDATES = 5  # at least, while a range is dragged for a second
THUMB = 16  # pixels

# What a panel shows; the picture as a number that changes with its pixels.
LOOK = """panel => {
    const canvas = panel.querySelector('canvas'), {width, height} = canvas;
    const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
    let picture = 0;
    for (const word of new Uint32Array(pixels.buffer))
        picture = (Math.imul(31, picture) + word) | 0;
    const controls = [...panel.querySelectorAll('input, select')].map(input => ({
        name: input.name, kind: input.type === 'select-one' ? 'select' : input.type,
        label: input.labels[0].innerText,
        value: input.type === 'checkbox' ? input.checked : Number(input.value),
        least: Number(input.min), most: Number(input.max || input.options?.length - 1),
        shown: input.type === 'checkbox' ? (input.checked ? 'True' : 'False')
            : input.selectedOptions?.[0].text ?? input.getAttribute('aria-valuetext'),
    }));
    return {
        picture, controls, size: [width, height],
        text: panel.querySelector('.rlnotes-twin').innerText,
        problem: [...panel.querySelectorAll('.rlnotes-problem')].map(p => p.innerText).join(''),
    };
}"""
IDLE = "panel => panel.dataset.idle === 'true'"
COUNT_UPDATES = """panel => {
    panel.updates = 0;
    new MutationObserver(() => { panel.updates += 1; })
        .observe(panel.querySelector('.rlnotes-twin'), {childList: true});
}"""


class Panel:
    """A panel on the page, and the report to add to."""

    def __init__(self, page: Page, handle: ElementHandle, report):
        self.page, self.handle, self.report = page, handle, report
        self.start = self.look()
        report.panels += 1
        report.controls += len(self.start["controls"])

    def names(self, kind: str) -> list[str]:
        """Names of its controls of this kind."""
        return [control["name"] for control in self.start["controls"] if control["kind"] == kind]

    def look(self) -> dict:
        """What it shows, once it shows what its controls say."""
        try:
            self.page.wait_for_function(IDLE, arg=self.handle, timeout=PICTURE_SECONDS * 1000)
        except TimeoutError:
            self.report.failures.append(f"no answer within {PICTURE_SECONDS} s")
        return self.handle.evaluate(LOOK)

    def move_all(self) -> None:
        """Each control by keyboard, from the default setting and back to it."""
        self.reset("Enter")
        for control in self.start["controls"]:
            self.by_keyboard(control["name"])
            self.reset("Enter")

    def by_keyboard(self, name: str) -> None:
        """Move one control, and come to its new value a second time."""
        control = self.control(before := self.look(), name)
        what = f"{control['kind']} {control['label']!r} by keyboard"
        at_its_end = control["value"] >= control["most"]
        forth, back = {
            "checkbox": ("Space", "Space"),
            "select": ("ArrowUp", "ArrowDown") if at_its_end else ("ArrowDown", "ArrowUp"),
            "range": ("ArrowLeft", "ArrowRight") if at_its_end else ("ArrowRight", "ArrowLeft"),
        }[control["kind"]]
        self.input(name).focus()
        for _ in range(3 if control["kind"] == "range" else 1):
            self.page.keyboard.press(forth)
        self.check(name, before, what, again=(back, forth))

    def drag(self, name: str) -> None:
        """Drag a range from end to end and back to a third, as fast as a hand."""
        before = self.look()
        self.handle.evaluate(COUNT_UPDATES)
        handle, mouse = self.input(name), self.page.mouse
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        control = self.control(before, name)
        share = (control["value"] - control["least"]) / (control["most"] - control["least"])
        left, track = box["x"] + THUMB / 2, box["width"] - THUMB
        y = box["y"] + box["height"] / 2
        mouse.move(left + share * track, y)
        mouse.down()
        begin = time.monotonic()
        for move in range(1, MOVES + 1):
            time.sleep(max(0, begin + move / MOVES_PER_SECOND - time.monotonic()))
            way = 5 / 3 * move / MOVES  # to the right end, then back to a third
            mouse.move(left + track * min(way, 2 - way), y)
        mouse.up()
        what = f"range {control['label']!r} by mouse"
        self.check(name, before, what, again=("ArrowLeft", "ArrowRight"))
        updates = self.handle.evaluate("panel => panel.updates")
        if updates < LIVE_UPDATES:
            self.report.failures.append(f"{updates} pictures while dragging: {what}")

    def check(self, name: str, before: dict, what: str, *, again: tuple[str, str]) -> None:
        """Compare with before, and with coming to the same setting once more."""
        after = self.look()
        failures = self.report.failures
        if after["picture"] == before["picture"]:
            failures.append(f"unchanged picture: {what}")
        if after["problem"]:
            failures.append(f"problem: {after['problem']}, after {what}")
        if not says(after["text"], name, self.control(after, name)["shown"]):
            failures.append(f"text without the value: {what}")
        for key in again:
            self.page.keyboard.press(key)
        self.same(self.look(), after, f"{what}, there and back")

    def reset(self, key: str) -> None:
        """Press the button that leads back to the default setting."""
        self.handle.query_selector("button").press(key)
        self.same(self.look(), self.start, f"Reset by {key}")

    def same(self, now: dict, expected: dict, what: str) -> None:
        """Report what two looks differ by."""
        for key in [key for key in now if now[key] != expected[key]]:
            text = f"{what}: {key} {now[key]} where it was {expected[key]}"
            self.report.failures.append(text)

    def photograph(self, path: Path) -> None:
        """Write a picture of its cell."""
        path.parent.mkdir(parents=True, exist_ok=True)
        cell = self.handle.evaluate_handle("panel => panel.closest('.jp-Cell')").as_element()
        try:
            cell.screenshot(path=path, timeout=10_000)
        except TimeoutError:
            self.page.screenshot(path=path)

    def control(self, look: dict, name: str) -> dict:
        """What a look says of one control."""
        return next(control for control in look["controls"] if control["name"] == name)

    def input(self, name: str) -> ElementHandle:
        """The element of one control."""
        return self.handle.query_selector(f"[name={name}]")


def says(text: str, name: str, shown: str) -> bool:
    """Does the text twin give this value to this control?"""
    if isinstance(_number(shown), str):
        return re.search(rf"\b{name} = {re.escape(shown)}[,.] ", text) is not None
    found = re.search(rf"\b{name} = (\S+?)[,.] ", text)
    return found is not None and _number(found[1]) == _number(shown)


def _number(text: str) -> float | str:
    try:
        return float(text.replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return text
