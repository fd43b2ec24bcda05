"""DQN with one part changed: picture and text twin against the recording."""

import re

import pytest

from rlnotes.explorers.dqn_switches import (
    CEILING,
    LOSSES,
    VALUE_LIMITS,
    DQNSwitches,
    to_height,
    to_value,
)
from rlnotes.scripts.record_dqn import PLAIN
from rlnotes.training.recordings import load

RECORDED = load("dqn_parts")
SETTINGS = sorted({(row["loss"], row["part"]) for row in RECORDED})
LOSS_NAMES = {"huber": "Huber", "squared": "squared"}


STEPS = list(range(1_000, 25_001, 1_000))


def recorded(loss: str, part: str, name: str) -> list[list[float]]:
    """A measure of one setting, straight from the file: a list for each run."""
    runs = {}
    for row in RECORDED:
        if (row["loss"], row["part"]) == (loss, part):
            runs.setdefault(row["seed"], {})[row["step"]] = row[name]
    assert [list(run) for run in runs.values()] == [STEPS] * 5
    return [list(run.values()) for run in runs.values()]


def last(loss: str, part: str, name: str) -> list[float]:
    """The five numbers at the last step, smallest first."""
    return sorted(run[-1] for run in recorded(loss, part, name))


def late(loss: str, part: str) -> list[float]:
    """Mean return of each run over its last ten rows, smallest first."""
    return sorted(sum(run[-10:]) / 10 for run in recorded(loss, part, "return"))


def said(words: str, text: str) -> list[float]:
    """Median, low and high after these words, with thousands and millions resolved."""
    one = r"([\d.,]*\d)( million)?"
    match = re.search(rf"{words} {one} \({one} to {one}\)", text)
    assert match, f"{words!r} not in {text!r}"
    digits, units = match.groups()[::2], match.groups()[1::2]
    return [
        float(n.replace(",", "")) * (1e6 if unit else 1)
        for n, unit in zip(digits, units, strict=True)
    ]


@pytest.mark.parametrize(("loss", "part"), SETTINGS)
def test_dqn_switches_says_the_recording_of_the_setting(loss, part):
    text = DQNSwitches(part=part, loss=LOSS_NAMES[loss]).description
    assert "over steps 16,000 to 25,000, median of five runs" in text
    for words, five in (
        (r"five runs \(range\):", late(loss, part)),
        (r"^[^;]*?, with nothing changed", late(loss, "nothing")),
        ("step: return", last(loss, part, "return")),
        ("step: return [^;]*, with nothing changed", last(loss, "nothing", "return")),
        ("upright pole", last(loss, part, "value")),
        ("upright pole [^;]*, with nothing changed", last(loss, "nothing", "value")),
        ("achieved", last(loss, part, "achieved")),
    ):
        for read, value in zip(said(words, text), (five[2], five[0], five[4]), strict=True):
            unit = 0.1 if value < 1e3 else 1 if value < 1e6 else 1e6
            assert read == pytest.approx(value, abs=0.51 * unit), words


@pytest.mark.parametrize(("loss", "part"), SETTINGS)
def test_dqn_switches_draws_the_recording_of_the_setting(loss, part):
    explorer = DQNSwitches(part=part, loss=LOSS_NAMES[loss])

    def at_each_step(part, name, place):
        return [sorted(five)[place] for five in zip(*recorded(loss, part, name), strict=True)]

    assert explorer.achieved.get_ydata().tolist() == at_each_step(part, "achieved", 2)
    for name, curve in explorer.curves.items():
        assert curve.median.get_xdata().tolist() == STEPS
        assert curve.median.get_ydata().tolist() == at_each_step(part, name, 2)
        assert curve.base.get_ydata().tolist() == at_each_step("nothing", name, 2)
        corners = {float(y) for y in curve.band.get_paths()[0].vertices[:, 1]}
        assert corners == {*at_each_step(part, name, 0), *at_each_step(part, name, 4)}
    means, before = late(loss, part), late(loss, "nothing")
    assert sorted(explorer.runs.get_ydata()) == pytest.approx(means)
    assert sorted(explorer.base_runs.get_ydata()) == pytest.approx(before)
    numbers = (f"{five[2]:.0f} ({five[0]:.0f} to {five[4]:.0f})" for five in (means, before))
    assert explorer.headings[0].get_text() == "Late mean {}; unchanged {}".format(*numbers)


def test_dqn_switches_takes_the_mean_of_each_run_before_the_range():
    # Means of medians and of extremes would be 150, 65 and 407: those of no run.
    text = DQNSwitches(part="nothing", loss="Huber").description
    assert said(r"five runs \(range\):", text) == pytest.approx([227, 76, 357], abs=0.5)


@pytest.mark.parametrize("part", ["copy every 10 updates", "dueling"])
def test_dqn_switches_heads_the_values_with_what_is_predicted_and_achieved(part):
    explorer = DQNSwitches(part=part, loss="squared")
    predicted, achieved = (last("squared", part, name)[2] for name in ("value", "achieved"))
    written = f"{predicted:,.0f}" if predicted > 1_000 else f"{predicted:.1f}"
    assert explorer.headings[1].get_text() == f"Predicted {written}, achieved {achieved:.1f}"


def test_dqn_switches_opens_on_the_failure_that_it_is_for():
    explorer = DQNSwitches()
    text = explorer.description
    assert (explorer.settings["part"], explorer.settings["loss"]) == ("no copy (C = 1)", "Huber")
    assert said("upright pole", text)[1] > 1e7
    assert said("step: return", text)[2] < 10 < said("with nothing changed", text)[1]


def test_dqn_switches_cuts_no_curve_but_the_first_values_near_zero():
    low, high = VALUE_LIMITS
    late_values = [row["value"] for row in RECORDED if row["step"] > 2_000]
    assert low < min(late_values)
    assert to_height(max(late_values)) < 0.8  # above it stand the keys
    assert to_height(high) == pytest.approx(1)
    assert max(row["return"] for row in RECORDED) <= 500


def test_the_height_of_a_value_is_proportional_first_and_grows_by_decades_above():
    assert to_height([0, 65, 130]).tolist() == pytest.approx([0, 0.25, 0.5])
    first, second, third = to_height([1.3e3, 1.3e4, 1.3e5])
    assert second - first == pytest.approx(third - second)
    values = [0, 0.3, 75.8, 76.1, 130, 131, 3.6e7, 1e12]
    assert to_value(to_height(values)) == pytest.approx(values)


def test_dqn_switches_draws_the_ceiling_of_the_recorded_discount():
    assert pytest.approx(1 / (1 - PLAIN.gamma)) == CEILING
    explorer = DQNSwitches()
    assert "no value can exceed 100." in explorer.description
    assert len(explorer.figure().axes) == 2
    assert list(explorer.ceiling.get_ydata()) == [100, 100]
    assert {row["loss"] for row in RECORDED} == {loss.lower() for loss in LOSSES} == set(LOSS_NAMES)
