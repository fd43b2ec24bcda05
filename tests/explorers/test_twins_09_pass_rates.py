"""Group size and pass rate: twin and artists against formulas and the raw recording."""

import numpy as np
import pytest

from rlnotes.explorers import group_size_pass_rate
from rlnotes.explorers.group_size_pass_rate import EDGES, PASS_RATES, GroupSizePassRate
from rlnotes.training.recordings import load_arrays
from tests.explorers.test_twins import found
from tests.explorers.test_twins_06 import at

RAW = load_arrays("carry_pass_rates")
UPDATES = RAW["updates"].tolist()
CORNERS = [(2, 0.001, 1, UPDATES[0]), (64, 0.999, 64, UPDATES[-1]), (16, 0.9, 5, UPDATES[1])]


def raw_rates(update: int) -> np.ndarray:
    return RAW["pass_rates"][UPDATES.index(update)].astype(float)


def one_prompt(text: str) -> list[float]:
    pattern = r"no signal # \(all right #, all wrong #\), mean \|A\| #; pass@\d+ #\."
    return found(pattern, text)


def model_of(text: str) -> list[float]:
    pattern = r"mean pass rate #, groups expected without a signal # \(all right #, all wrong #; "
    return found(pattern + r"seeds # to #\), mean pass@\d+ #\.", text)


@pytest.mark.parametrize(
    ("group_size", "pass_rate", "no_signal"),
    [
        (4, 0.1, 0.6562),
        (4, 0.9, 0.6562),
        (4, 0.5, 0.125),
        (4, 0.99, 0.9606),
        (64, 0.99, 0.5256),
        (16, 0.9, 0.1853),
    ],
)
def test_groups_without_a_signal_at_known_places(group_size, pass_rate, no_signal):
    explorer = at(GroupSizePassRate, group_size=group_size, pass_rate=pass_rate)
    assert one_prompt(explorer.description)[0] == no_signal
    assert explorer.points[0].get_ydata()[0] == pytest.approx(no_signal, abs=5.1e-5)
    place = np.log(pass_rate / (1 - pass_rate))
    assert explorer.points[0].get_xdata() == pytest.approx([place, place])


@pytest.mark.parametrize("setting", [(8, 0.9, 8, UPDATES[len(UPDATES) // 2]), *CORNERS])
def test_one_prompt_is_that_of_the_formulas(setting):
    size, p, k, update = setting
    explorer = at(GroupSizePassRate, group_size=size, pass_rate=p, k=k, update=update)
    q = 1 - p
    # |A| is 1 - m / G for m right ones and m / G for the others: 2 m (G - m) / G^2.
    mean_size = 2 * p * q * (size - 1) / size
    expected = [p**size + q**size, p**size, q**size, mean_size, 1 - q**k]
    assert one_prompt(explorer.description) == pytest.approx(expected, abs=5.1e-5)
    notes = found(r"no signal # mean \|A\| #$", " ".join(explorer.notes.texts[6:]))
    assert explorer.notes.texts[:6] == ["2", "4", "8", "16", "32", "64"]
    assert notes == pytest.approx([expected[0], mean_size], abs=5.1e-5)
    assert explorer.points[0].get_ydata() == pytest.approx([expected[0], mean_size])

    for line, height in (
        (explorer.dead, lambda p: p**size + (1 - p) ** size),
        (explorer.size, lambda p: 2 * p * (1 - p) * (size - 1) / size),
    ):
        rates = 1 / (1 + np.exp(-line.get_xdata()))
        assert rates[[0, -1]] == pytest.approx([0.000225, 0.999775], abs=1e-6)
        assert line.get_ydata() == pytest.approx(height(rates))
    ks = np.arange(1, 65)
    assert explorer.prompt.get_xdata() == pytest.approx(np.log2(ks))
    assert explorer.prompt.get_ydata() == pytest.approx(1 - q**ks)
    assert explorer.at_k[0].get_ydata()[0] == pytest.approx(1 - q**k)
    (shown,) = found(f"one prompt: pass@{k} #$", explorer.skill.texts[0])
    assert shown == pytest.approx(1 - q**k, abs=5.1e-5)


@pytest.mark.parametrize("setting", [(8, 0.9, 8, UPDATES[len(UPDATES) // 2]), *CORNERS])
def test_the_model_is_that_of_the_recording(setting):
    size, p, k, update = setting
    explorer = at(GroupSizePassRate, group_size=size, pass_rate=p, k=k, update=update)
    rates, start = raw_rates(update), raw_rates(UPDATES[0])
    right, wrong = rates**size, (1 - rates) ** size
    dead = (right + wrong).mean(axis=1)
    skill, first = ((1 - (1 - r) ** k).mean() for r in (rates, start))
    parts = [right.mean(), wrong.mean(), dead.min(), dead.max()]
    expected = [rates.mean(), dead.mean(), *parts, skill]
    assert model_of(explorer.description) == pytest.approx(expected, abs=5.2e-5)
    before = (start**size + (1 - start) ** size).mean()
    shown = found(f"At update {UPDATES[0]}: #, # and #\\.", explorer.description)
    assert shown == pytest.approx([start.mean(), before, first], abs=5.2e-5)
    shown = found("pass@1 differs by #, pass@64 by #\\. Large k says", explorer.description)
    gains = [(1 - (1 - r) ** n).mean() for n in (1, 64) for r in (rates, start)]
    assert shown == pytest.approx([gains[0] - gains[1], gains[2] - gains[3]], abs=5.2e-5)
    words = f"{rates.shape[1]} held-out prompts, {rates.shape[0]} seeds"
    assert words in explorer.description

    texts = " ".join(explorer.model_notes.texts)
    pattern = rf"groups of {size} without a signal: # \(all right #, all wrong #\) "
    numbers = found(pattern + f"at update {UPDATES[0]}: #", texts)
    expected = [dead.mean(), right.mean(), wrong.mean(), before]
    assert numbers == pytest.approx(expected, abs=5.1e-4)
    numbers = found(f"all # at update {UPDATES[0]}: #", " ".join(explorer.skill.texts[1:]))
    assert numbers == pytest.approx([skill, first], abs=5.2e-5)
    ks = np.arange(1, 65)
    curve = [(1 - (1 - rates) ** n).mean() for n in ks]
    assert explorer.mean.get_ydata() == pytest.approx(curve, abs=1e-7)
    assert explorer.at_k[0].get_xdata() == pytest.approx([np.log2(k)] * 2)
    assert explorer.at_k[0].get_ydata()[1] == pytest.approx(skill, abs=1e-7)


@pytest.mark.parametrize("update", UPDATES)
def test_the_bars_hold_every_prompt_of_every_seed(update):
    explorer = at(GroupSizePassRate, update=update)
    shares, edges, _ = explorer.bars.get_data()
    rates = raw_rates(update)
    assert edges == pytest.approx(EDGES)
    assert shares.sum() == pytest.approx(1)
    limits = 1 / (1 + np.exp(-edges))
    for k in (7, 14, 20):  # inner bins
        inside = (rates >= limits[k]) & (rates < limits[k + 1])
        assert shares[k] == pytest.approx(inside.mean(), abs=2e-4)
    assert shares[-1] == pytest.approx((rates >= limits[-2]).mean(), abs=2e-4)
    low, high = explorer.bars.axes.get_ylim()
    assert (low, high >= 1.4 * shares.max()) == (0, True)


def test_a_large_group_rarely_dies_but_its_advantages_are_no_larger():
    small, large = (
        one_prompt(at(GroupSizePassRate, group_size=size, pass_rate=0.99).description)
        for size in (4, 64)
    )
    assert small[0] - large[0] > 0.4
    assert 0 < large[3] - small[3] < 0.005


def test_the_pass_rates_on_offer_are_symmetric_and_inside():
    assert np.array(PASS_RATES) == pytest.approx(1 - np.array(PASS_RATES[::-1]))
    assert np.diff(PASS_RATES).min() > 0
    assert PASS_RATES[0] > 0
    assert at(GroupSizePassRate).controls["update"].options == tuple(UPDATES)


def test_what_lies_beyond_the_axis_is_counted_at_its_ends(monkeypatch):
    rates = np.array([[0.0, 0.5, 0.5], [1.0, 1e-9, 0.9]])
    monkeypatch.setattr(group_size_pass_rate.carry_pass_rates, "pass_rates_after", {7: rates}.get)
    shares = group_size_pass_rate.shares.__wrapped__(7)
    assert shares[[0, -1]] == pytest.approx([2 / 6, 1 / 6])
    assert shares.sum() == pytest.approx(1)


def test_each_curve_carries_the_size_of_its_group():
    places = group_size_pass_rate.disc_places()
    for row in (places[::2], places[1::2]):  # the larger, the farther left
        assert np.diff(row[:, 0]).max() < -1
    for (odds, height), size in zip(places, (2, 4, 8, 16, 32, 64), strict=True):
        rate = 1 / (1 + np.exp(-odds))
        assert rate**size + (1 - rate) ** size == pytest.approx(height, abs=0.01)
