"""Walk through a chapter: move every control of every panel, list what went wrong."""

from pathlib import Path

from playwright.sync_api import Page

from tests.browser.notebook import Report, begin, finish, kernel_errors
from tests.browser.panels import Panel


def visit(page: Page, url: str, screenshots: Path, name: str) -> Report:
    """Open a notebook, run all cells, and walk through it.

    Args:
        page: a fresh page.
        url: the notebook's address, token included.
        screenshots: folder for a picture of each cell with a panel.
        name: beginning of their file names.

    Returns:
        A `Report`; its `failures` are empty if all went well.
    """
    report = begin(page, url)
    walk(page, report, screenshots, name)
    return report


def walk(page: Page, report: Report, screenshots: Path, name: str) -> None:
    """Move every control of a notebook that has been opened, and add to the report."""
    finish(page)
    panels = [Panel(page, handle, report) for handle in page.query_selector_all(".rlnotes-panel")]
    for panel in panels:
        panel.move_all()
    ranges = [(panel, name) for panel in panels for name in panel.names("range")]
    for panel, first in ranges[:1]:
        panel.drag(first)
    for number, panel in enumerate(panels, start=1):
        panel.photograph(screenshots / f"{name}_{number}.png")
    report.failures += kernel_errors(page)
