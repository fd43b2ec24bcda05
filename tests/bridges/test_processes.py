"""What processes agree on, with one of them; `test_two_processes` has two."""

import pytest

from rlnotes.bridges.processes import agreed, agreed_on_main, is_main, require_processes
from rlnotes.bridges.run_settings import Refusal


def raising(error):
    def action():
        raise error

    return action


@pytest.mark.parametrize(("rank", "expected"), [(None, True), ("0", True), ("1", False)])
def test_the_first_process_is_the_main_one_and_one_alone_as_well(monkeypatch, rank, expected):
    monkeypatch.delenv("RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("RANK", rank)
    assert is_main() is expected


@pytest.mark.parametrize("together", [agreed, agreed_on_main])
def test_what_an_action_gives_is_given_on(together):
    assert together(lambda: {"a": 1}) == {"a": 1}
    assert together(lambda: None) is None


@pytest.mark.parametrize("together", [agreed, agreed_on_main])
@pytest.mark.parametrize("error", [ValueError("no room"), OSError("no room")])
def test_what_a_user_can_mend_is_refused_in_its_own_words(together, error):
    with pytest.raises(Refusal, match=r"^no room$"):
        together(raising(error))


def test_an_error_of_ours_keeps_its_traceback():
    with pytest.raises(TypeError, match="a bug"):
        agreed(raising(TypeError("a bug")))


def test_as_many_processes_as_are_wanted():
    require_processes(None)
    require_processes(1)
    with pytest.raises(ValueError, match=r"processes must be 2, got 1: .*--nproc_per_node 2 "):
        require_processes(2)
    with pytest.raises(ValueError, match="processes must be a positive integer, got 0"):
        require_processes(0)
