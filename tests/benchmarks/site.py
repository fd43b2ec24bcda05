"""The built site: bytes, the time to build it, and from a key press to new pixels."""

import gzip
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from rlnotes.explorers import class_names
from rlnotes.scripts.checkout import ROOT
from rlnotes.scripts.output_folder import write_all
from rlnotes.site.build import build
from rlnotes.site.made import made_of
from tests.browser.chromium import running_browser
from tests.built_site.host import hosted

EVENTS = 20
HEADER = """

The site of `make site`. Bytes are those that a host sends, compressed by gzip. *First
load* is what Chromium asks for when a chapter is opened in a window of 1300 x 900 and
nothing is touched. From the key press to the end of the browser frame that shows the new
picture: {events} presses on each slider that moves. Real time, not CPU time.

"""
# Each change of the text, timed at the end of the frame that shows it.
WATCH = """() => {
    window.spans = [];
    let pressed = 0;
    addEventListener('keydown', event => { pressed = event.timeStamp; }, true);
    new MutationObserver(() => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => spans.push(performance.now() - pressed);
        channel.port2.postMessage(0);
    })).observe(document.querySelector('.rlnotes-twin'), {childList: true});
}"""
LIVE = "document.querySelector('figure.explorer').dataset.live === 'true'"


def section() -> str:
    """The table, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        site, kept = Path(folder) / "site", Path(folder) / "kept"
        begun = time.perf_counter()
        files, _ = build(ROOT / "notebooks", kept)
        first = time.perf_counter() - begun
        shutil.rmtree(kept / "ppo_clip")
        begun = time.perf_counter()
        files, _ = build(ROOT / "notebooks", kept)
        again = time.perf_counter() - begun
        write_all(files, site, "benchmark")
        rows = [
            ("build, all, s", f"{first:.0f}"),
            ("build, one explorer anew, s", f"{again:.0f}"),
            *_sizes(files),
            ("controls that move", _moving(kept)),
            *_in_browser(site),
        ]
    lines = "\n".join(f"| {what} | {value} |" for what, value in rows)
    return HEADER.format(events=EVENTS) + "| what | |\n| --- | --- |\n" + lines


def _sizes(files: dict[str, bytes]) -> list[tuple[str, str]]:
    sizes = {address: len(gzip.compress(content)) for address, content in files.items()}
    frames: dict[str, int] = {}
    for address, size in sizes.items():
        if address.startswith("frames/"):
            name = address.removeprefix("frames/").rsplit("-", 2)[0]
            frames[name] = frames.get(name, 0) + size
    largest = max(frames, key=frames.get)
    return [
        ("whole site, MB", f"{sum(sizes.values()) / 1e6:.2f}"),
        ("frames of an explorer, median, kB", f"{statistics.median(frames.values()) / 1e3:.0f}"),
        ("frames of an explorer, largest, kB", f"{frames[largest] / 1e3:.0f} ({largest})"),
    ]


def _moving(kept: Path) -> str:
    counts = [
        len(values) for name in class_names() for values in made_of(kept, name).values.values()
    ]
    moving = sum(count > 1 for count in counts)
    return f"{moving} of {len(counts)} ({100 * moving / len(counts):.0f} %)"


def _in_browser(site: Path) -> list[tuple[str, str]]:
    with hosted(site) as host, running_browser() as browser:
        loads = [_first_load(browser, site, host, path.name) for path in site.glob("[0-9]*.html")]
        spans = [
            span
            for path in sorted((site / "embed").glob("*.html"))
            for span in _spans(browser, host + f"embed/{path.name}")
        ]
    cuts = statistics.quantiles(spans, n=20)
    return [
        ("first load of a chapter, median, kB", f"{statistics.median(loads) / 1e3:.0f}"),
        ("first load of a chapter, largest, kB", f"{max(loads) / 1e3:.0f}"),
        ("slider to pixels, p50, ms", f"{cuts[9]:.0f}"),
        ("slider to pixels, p95, ms", f"{cuts[18]:.0f}"),
    ]


def _first_load(browser: Browser, site: Path, host: str, address: str) -> int:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    page.goto(host + address, wait_until="networkidle")
    page.close()
    paths = [site / url.removeprefix(host) for url in asked if url.startswith(host)]
    return sum(len(gzip.compress(path.read_bytes())) for path in paths if path.is_file())


def _spans(browser: Browser, address: str) -> list[float]:
    page: Page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.goto(address)
    page.wait_for_function(LIVE)
    page.evaluate(WATCH)
    for slider in page.locator("input[type=range]:enabled").all():
        slider.focus()
        for number in range(EVENTS):
            page.keyboard.press("ArrowRight" if number // 5 % 2 == 0 else "ArrowLeft")
            page.wait_for_timeout(40)
    spans = page.evaluate("spans")
    page.close()
    return spans
