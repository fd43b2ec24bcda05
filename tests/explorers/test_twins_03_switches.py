"""DQN with one part changed: picture and text twin against the recording."""

import re

import pytest

from rlnotes.explorers.dqn_switches import CEILING, LOSSES, VALUE_LIMITS, DQNSwitches
from rlnotes.scripts.record_dqn import BOX
from rlnotes.training.recordings import load
from tests.explorers.test_twins import found

RECORDED = load("dqn_parts")
SETTINGS = sorted({(row["loss"], row["part"]) for row in RECORDED})
LOSS_NAMES = {"huber": "Huber", "squared": "squared"}


def recorded(loss: str, part: str) -> list[dict]:
    """The rows of one setting, straight from the file."""
    rows = [row for row in RECORDED if (row["loss"], row["part"]) == (loss, part)]
    assert [row["step"] for row in rows] == sorted({row["step"] for row in rows})
    return rows


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
def test_dqn_switches_shows_the_recording_of_the_setting(loss, part):
    explorer = DQNSwitches(part=part, loss=LOSS_NAMES[loss])
    rows, base, text = recorded(loss, part), recorded(loss, "nothing"), explorer.description
    last, of = rows[-1], ("median", "low", "high")
    assert f"After {last['step']:.0f} steps" in text
    for words, name, row in (
        (r"\): return", "return", last),
        (r"\): return [^;]*?, with nothing changed", "return", base[-1]),
        ("upright pole", "value", last),
        (r"upright pole [^;]*, with nothing changed", "value", base[-1]),
        ("achieved", "achieved", last),
    ):
        for read, which in zip(said(words, text), of, strict=True):
            value = row[f"{name}_{which}"]
            unit = 0.1 if value < 1e3 else 1 if value < 1e6 else 1e6
            assert read == pytest.approx(value, abs=0.51 * unit), (words, which)
    best = max(row["return_median"] for row in rows)
    assert found("Best median on the way #\\.", text) == pytest.approx([best], abs=0.051)
    assert explorer.achieved.get_ydata().tolist() == [row["achieved_median"] for row in rows]
    for name, curve in explorer.curves.items():
        assert curve.median.get_ydata().tolist() == [row[f"{name}_median"] for row in rows]
        assert curve.base.get_ydata().tolist() == [row[f"{name}_median"] for row in base]
        corners = curve.band.get_paths()[0].vertices[:, 1]
        expected = [row[f"{name}_{which}"] for which in ("low", "high") for row in rows]
        assert {float(y) for y in corners} == set(expected)
    assert explorer.headings[0].get_text() == (
        f"Return: best {best:.0f}, at the end {last['return_median']:.0f}"
    )


def test_dqn_switches_heads_the_values_with_what_is_predicted_and_achieved():
    explorer = DQNSwitches(part="copy every 10 updates", loss="squared")
    last = recorded("squared", "copy every 10 updates")[-1]
    _, heading = explorer.figure(), explorer.headings[1].get_text()
    predicted, achieved = last["value_median"], last["achieved_median"]
    assert predicted > 1_000 > achieved
    assert heading == f"Predicted {predicted:,.0f}, achieved {achieved:.1f}"


def test_dqn_switches_opens_on_the_failure_that_it_is_for():
    explorer = DQNSwitches()
    _, text = explorer.figure(), explorer.description
    assert (explorer.settings["part"], explorer.settings["loss"]) == ("no copy (C = 1)", "Huber")
    assert said("upright pole", text)[1] > 1e7
    assert said(r"\): return", text)[2] < 10 < said("with nothing changed", text)[1]


def test_dqn_switches_cuts_no_curve_but_the_first_values_near_zero():
    low, high = VALUE_LIMITS
    late = [row for row in RECORDED if row["step"] > 2_000]
    assert low < min(row["value_low"] for row in late)
    assert max(row["value_high"] for row in RECORDED) < high / 10  # above it stand the keys
    assert max(row["return_high"] for row in RECORDED) <= 500


def test_dqn_switches_draws_the_ceiling_of_the_recorded_discount():
    assert pytest.approx(1 / (1 - BOX.gamma)) == CEILING
    explorer = DQNSwitches()
    assert "no value can exceed 100." in explorer.description
    assert len(explorer.figure().axes) == 2
    assert list(explorer.ceiling.get_ydata()) == [100, 100]
    assert {row["loss"] for row in RECORDED} == {loss.lower() for loss in LOSSES} == set(LOSS_NAMES)
