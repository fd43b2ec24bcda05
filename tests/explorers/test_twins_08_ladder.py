"""The ladder of DPO: its twin, its marks and its numbers against `exact`."""

from functools import lru_cache

import pytest

from rlnotes.exact.dpo_derivation import RUNGS, SABOTEURS, dpo_ladder
from rlnotes.exact.language import gibbs_optimum, log_partition
from rlnotes.explorers.dpo_ladder import BETAS, EQUATIONS, DPOLadder, two_prompts
from rlnotes.explorers.ladder import side
from tests.explorers.test_twins import found

BROKEN = [name for name in SABOTEURS if name != "none"]


@lru_cache
def built():
    return DPOLadder()


def at(**settings):
    return built().set(**{**built().defaults, **settings})


@pytest.mark.parametrize("saboteur", SABOTEURS)
@pytest.mark.parametrize("reward", [-1.0, -0.3, 1.0, 2.2, 3.0])
@pytest.mark.parametrize("beta", BETAS)
def test_exactly_the_right_line_lights_up(beta, reward, saboteur):
    rungs = dpo_ladder(two_prompts(beta=beta, reward=reward), saboteur=saboteur)
    assert all(rung.residual < 1e-10 or rung.residual > 1e-3 for rung in rungs)
    expected = [] if saboteur == "none" else [SABOTEURS[saboteur]]
    if saboteur == "beta counted twice" and beta == 1:
        expected = []
    assert [row + 1 for row, rung in enumerate(rungs) if rung.residual > 1e-3] == expected


@pytest.mark.parametrize("reward", [-1.0, 2.0, 3.0])
@pytest.mark.parametrize("beta", [0.2, 1.0, 10.0])
def test_the_twin_holds_its_setting_and_the_best_policy(beta, reward):
    text = at(beta=beta, reward=reward).description
    assert f"saboteur = none, beta = {beta:g}, reward = {reward:g}" in text
    table = two_prompts(beta=beta, reward=reward)
    assert table.rewards[0, 2] == reward
    best = gibbs_optimum(table.ref_log_probs, table.rewards, beta=beta).exp().flatten().tolist()
    z = log_partition(table.ref_log_probs, table.rewards, beta=beta).exp().tolist()
    shown = found("to prompt 1 #, #, #, Z = #; to prompt 2 #, #, #, Z = #", text)
    assert shown[:3] + shown[4:7] == pytest.approx(best, abs=5.1e-5)
    assert [shown[3], shown[7]] == pytest.approx(z, abs=5.1e-6, rel=1e-9)
    assert "All eight lines hold, every residual below 1e-07." in text


@pytest.mark.parametrize("saboteur", BROKEN)
def test_the_ladder_names_the_failing_line_with_both_sides_and_marks_it(saboteur):
    explorer, row = at(saboteur=saboteur), SABOTEURS[saboteur]
    rung = dpo_ladder(two_prompts(beta=0.5, reward=2.0), saboteur=saboteur)[row - 1]
    text = explorer.description
    place = f" at {rung.place}" if rung.place else ""
    assert f"line {row} ({RUNGS[row - 1]}) fails{place}: " in text
    assert found("fails.*: # against #", text) == pytest.approx([rung.left, rung.right], abs=5.1e-6)
    assert "All other lines hold" in text
    shown = explorer.texts.texts
    assert shown[2::3] == ["FAILS" if n + 1 == row else "holds" for n in range(8)]
    assert shown[3 * row - 3] == side(rung.left)
    assert shown[3 * row - 2] == side(rung.right)
    assert explorer.broken.get_ydata().tolist() == [row - 1]
    assert explorer.broken.get_xdata().tolist() == [rung.residual]
    assert len(explorer.holding.get_xdata()) == 7
    assert explorer.light.get_visible()
    assert explorer.light.get_y() == pytest.approx(row - 1.45)
    assert not at().light.get_visible()


def test_at_beta_one_twice_is_once():
    text = at(saboteur="beta counted twice", beta=1.0).description
    assert "All eight lines hold" in text
    assert text.endswith("At beta = 1 twice is once.")
    assert "twice is once" not in at(saboteur="beta counted twice").description


def test_every_line_has_its_equation():
    assert len(EQUATIONS) == len(RUNGS)


def test_every_residual_lies_within_the_panel():
    # The largest is that of the KL the other way round where the price is lowest.
    at(saboteur="KL the other way round", beta=0.2, reward=3.0)
    low, high = built().broken.axes.get_xlim()
    assert low < 1e-16 < built().broken.get_xdata()[0] < high


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "1.50000"),
        (-0.1, "\N{MINUS SIGN}0.10000"),
        (130776.3, "130776"),
        (9999.0, "9999.00000"),
    ],
)
def test_long_numbers_are_shown_without_decimals(value, text):
    assert side(value) == text
