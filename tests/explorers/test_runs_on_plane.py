"""Runs on the plane: how many there are may differ from setting to setting."""

from rlnotes.explorers.runs_on_plane import RunsOnPlane, span
from rlnotes.plotting.style import new_figure


def run_to(kl, reward):
    return [{"kl": 0.0, "reward": 1.0}, {"kl": kl, "reward": reward}]


def test_fewer_runs_leave_no_line_of_the_runs_before():
    runs = RunsOnPlane(new_figure(1)[1][0], num_runs=3)
    runs.show([run_to(1.0, 2.0), run_to(1.5, 2.5), run_to(2.0, 3.0)], beta=0.5)
    runs.show([run_to(0.5, 1.5), run_to(0.7, 1.7)], beta=0.5)
    drawn = [path.get_xydata().tolist() for path in runs.paths]
    assert drawn == [[[0.0, 1.0], [0.5, 1.5]], [[0.0, 1.0], [0.7, 1.7]], []]
    assert runs.ends.get_xydata().tolist() == [[0.5, 1.5], [0.7, 1.7]]


def test_a_span_is_from_the_smallest_to_the_largest():
    assert span([0.2, -0.1, 0.05]) == "\N{MINUS SIGN}0.100 to 0.200"
