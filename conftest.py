"""Every test here, and every Python that it starts, reaches this machine only."""

import os
import tempfile
from pathlib import Path

import pytest

from tests.no_network import guard

FOLDER = Path(guard.__file__).parent
_, REFUSALS = tempfile.mkstemp(prefix="rlnotes-network-")

os.environ[guard.LOG] = REFUSALS
os.environ["PYTHONPATH"] = os.pathsep.join(
    part for part in (str(FOLDER), os.environ.get("PYTHONPATH")) if part
)
guard.install()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    """Fail a test whose attempt was refused, even if somebody swallowed the error."""
    result = yield
    refused = Path(REFUSALS).read_text(encoding="utf-8")
    if refused:
        Path(REFUSALS).write_text("", encoding="utf-8")
        pytest.fail(f"{item.nodeid} tried to leave this machine:\n{refused}")
    return result


def pytest_sessionfinish():
    Path(REFUSALS).unlink(missing_ok=True)
