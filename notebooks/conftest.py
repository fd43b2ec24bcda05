"""Each code cell runs twice in a row, in the kernel that runs the chapter.

Readers do that. The second run must not fail, and its output is compared with the
stored one like that of the first. So a cell that uses something up (the numbers of a
generator, a network that learns on) has to make it. If a *first* run prints something
else than in a plain run, an earlier cell has used up what it reads.
"""

import pytest
from nbval.plugin import IPyNbCell, NbCellError


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    result = yield
    if isinstance(item, IPyNbCell):
        run_again(item)
    return result


def run_again(item):
    try:
        item.runtest()
    except NbCellError as error:
        words = f"{item.path.name}, cell id {item.cell.id}, second run in a row: {error}"
        raise NbCellError(error.cell_num, words, error.source, error.inner_traceback) from error
