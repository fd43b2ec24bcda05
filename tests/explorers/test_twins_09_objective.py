"""The explorer of the climbed objective, against `exact`, quadrature and bounds."""

import math

import numpy as np
import pytest

from rlnotes.exact.group_weights import (
    group_objectives,
    group_weights,
    limit_weights,
    noisy_group_weights,
)
from rlnotes.explorers.climbed_objective import NAMES, RATES, SIZES, TOP, WEIGHTS, ClimbedObjective
from tests.explorers.test_twins import found
from tests.explorers.test_twins_06 import at

NOISES = [(0.0, 0.0), (0.2, 0.1), (0.75, 0.0), (0.25, 0.75), (0.75, 0.75)]


def weights_of(explorer: ClimbedObjective) -> dict[str, float]:
    patterns = [name.replace("(", "\\(").replace(")", "\\)") + " #" for name in NAMES]
    numbers = found("Weights: " + ", ".join(patterns) + "\\. Chosen", explorer.description)
    return dict(zip(NAMES.values(), numbers, strict=True))


@pytest.mark.parametrize(
    ("p", "mean", "sample", "population"),
    [(0.02, 6.59, 2.41, 2.57), (0.5, 1.98, 1.74, 1.86), (0.98, 1.02, 2.41, 2.57)],
)
def test_says_the_weights_of_groups_of_eight(p, mean, sample, population):
    weights = weights_of(at(ClimbedObjective, pass_rate=p))
    assert weights["reward"] == weights["leave_one_out"] == 1
    assert weights["group_mean"] == 0.875
    shown = [weights[key] for key in ("mean", "sample_std", "population_std")]
    assert shown == pytest.approx([mean, sample, population], abs=0.0056)


@pytest.mark.parametrize("group_size", SIZES)
def test_says_the_bound_of_each_weight(group_size):
    bounds = {
        "reward": 1,
        "leave_one_out": 1,
        "group_mean": 1 - 1 / group_size,
        "sample_std": (1 - 1 / group_size) * math.sqrt(group_size),
        "population_std": math.sqrt(group_size - 1),
        "mean": group_size - 1,
    }
    for name, key in NAMES.items():
        text = at(ClimbedObjective, advantage=name, group_size=group_size).description
        (bound,) = found("without noise at most # for", text)
        assert bound == pytest.approx(bounds[key], abs=6e-4)
        grid = group_weights(np.linspace(0, 1, 401), group_size=group_size, estimator=key)
        assert grid.max() <= bounds[key] + 1e-9


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("advantage", list(NAMES))
@pytest.mark.parametrize("group_size", [2, 8, 64])
def test_says_and_draws_the_exact_weights(group_size, advantage, noise):
    fp, fn = noise
    rates = {"false_positive_rate": fp, "false_negative_rate": fn}
    setting = {"group_size": group_size, "advantage": advantage, "pass_rate": 0.3}
    explorer = at(ClimbedObjective, **setting, **rates)
    key, shown = NAMES[advantage], weights_of(explorer)
    factor, seen = 1 - fp - fn, fp * 0.7 + (1 - fn) * 0.3
    for name in NAMES.values():
        given = {"group_size": group_size, "estimator": name}
        exact = noisy_group_weights(RATES, **given, **rates)
        at_rate = noisy_group_weights(0.3, **given, **rates)
        assert shown[name] == pytest.approx(float(at_rate), abs=6e-4)
        line = explorer.lines[0][name].get_ydata()
        kept = (exact <= TOP) & (exact >= WEIGHTS[0])
        assert line[:-1][kept] == pytest.approx(exact[kept])
        assert np.isnan(line[:-1][~kept]).all()
        if name == key:
            assert explorer.chosen[0].get_ydata()[kept] == pytest.approx(exact[kept])
    text = explorer.description
    limit = factor * float(limit_weights(seen, estimator=key))
    assert found("in large groups #, without", text) == pytest.approx([limit], abs=6e-4)
    assert found("passes # of the answers; noise factor #\\.", text) == pytest.approx(
        [seen, factor], abs=6e-4
    )
    assert explorer.limit.get_ydata()[15] == pytest.approx(limit)
    for words, told in (("backwards", factor < -1e-9), ("learns nothing", abs(factor) < 1e-9)):
        assert (words in text) == told
        assert (words in explorer.notes[1].texts[1]) == told


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("group_size", [2, 8, 64])
def test_the_objective_has_the_drawn_weight_as_its_slope(group_size, noise):
    fp, fn = noise
    rates = {"false_positive_rate": fp, "false_negative_rate": fn}
    explorer = at(ClimbedObjective, group_size=group_size, **rates)
    for key, line in explorer.lines[1].items():
        given = {"group_size": group_size, "estimator": key}
        rise = float(group_objectives(1.0, **given))
        ys = line.get_ydata()
        assert ys[0] == 0
        # Integrals between the drawn points, by Gauss's rule.
        nodes, shares = np.polynomial.legendre.leggauss(12)
        middles, half = (RATES[1:] + RATES[:-1]) / 2, (RATES[1] - RATES[0]) / 2
        inside = middles[:, None] + half * nodes
        weights = noisy_group_weights(inside, **given, **rates)
        assert np.diff(ys) * rise == pytest.approx(half * weights @ shares, abs=1e-9)
        if fp == fn == 0:
            assert ys[-1] == pytest.approx(1)


def test_the_mark_lies_on_the_chosen_curves():
    for advantage in NAMES:
        for p in (0.02, 0.14, 0.58, 0.98):
            explorer = at(ClimbedObjective, advantage=advantage, pass_rate=p)
            assert RATES[round(50 * p)] == pytest.approx(p)
            (height,) = found("objective # of its rise", explorer.description)
            (x,), (y,) = explorer.points[1].get_data()
            assert x == p
            assert y == pytest.approx(height, abs=6e-4)
            assert y == pytest.approx(np.interp(p, *explorer.chosen[1].get_data()))
            (x,), (y,) = explorer.points[0].get_data()
            assert y == pytest.approx(np.interp(p, *explorer.chosen[0].get_data()))
            assert explorer.notes[0].texts[1] == ""
    setting = {"advantage": "mean (MaxRL)", "group_size": 64, "pass_rate": 0.02}
    explorer = at(ClimbedObjective, **setting)
    assert explorer.points[0].get_ydata() == [TOP]
    assert explorer.notes[0].texts[1] == "beyond the panel: mark at its edge"


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("group_size", SIZES)
def test_each_name_stands_where_its_line_leads(group_size, noise):
    rates = dict(zip(("false_positive_rate", "false_negative_rate"), noise, strict=True))
    explorer = at(ClimbedObjective, group_size=group_size, **rates)
    words = {"mean": "MaxRL"}
    heights = explorer.names.positions[:, 1]
    for name, text, height in zip(NAMES, explorer.names.texts, heights, strict=True):
        key = NAMES[name]
        assert text == words.get(key, name.split(" (")[0])
        assert explorer.lines[0][key].get_ydata()[-1] == height
        assert explorer.lines[0][key].get_xdata()[-1] > 1
    assert np.diff(np.sort(heights)).min() > 0.7
    assert heights.min() > WEIGHTS[0]
    assert heights.max() <= TOP
    looks = [
        (line.get_color(), line.get_linestyle(), line._dash_pattern)
        for line in explorer.lines[0].values()
    ]
    assert len({str(look[1:]) for look in looks}) == len(looks)  # not by colour alone


@pytest.mark.parametrize(
    ("advantage", "words"),
    [
        ("leave-one-out (RLOO)", "p"),
        ("population std", "2 arcsin(sqrt p)"),
        ("mean (MaxRL)", "log p"),
    ],
)
def test_names_the_objective_of_large_groups(advantage, words):
    explorer = at(ClimbedObjective, advantage=advantage)
    assert f"It climbs {words} in large groups." in explorer.description
    assert explorer.notes[1].texts[0] == f"large groups climb {words}"
    # What is named has the slope that is drawn dashed.
    named = {
        "p": lambda p: p,
        "log p": np.log,
        "2 arcsin(sqrt p)": lambda p: 2 * np.arcsin(np.sqrt(p)),
    }[words]
    p = RATES[6:-6]  # further out the limit leaves the panel
    slopes = (named(p + 1e-6) - named(p - 1e-6)) / 2e-6
    assert explorer.limit.get_ydata()[6:-6] == pytest.approx(slopes, rel=1e-6)
    # With noise it is a function of the pass rate that the verifier sees.
    seen = {"p": "q", "2 arcsin(sqrt p)": "2 arcsin(sqrt q)", "log p": "log q"}[words]
    for noise in ({"false_negative_rate": 0.1}, {"false_positive_rate": 0.1}):
        explorer = at(ClimbedObjective, advantage=advantage, **noise)
        assert f"It climbs {seen} in large groups." in explorer.description
        assert explorer.notes[1].texts == [f"large groups climb {seen}", ""]
