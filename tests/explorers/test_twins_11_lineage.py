"""The lineage: its numbers against `exact`, and its curves against the file."""

import re

import numpy as np
import pytest

from rlnotes.envs.small_tasks import balancing
from rlnotes.exact.lineage import RUNGS, ladder
from rlnotes.exact.policy_gradients import policy_gradient
from rlnotes.exact.trajectories import enumerate_trajectories
from rlnotes.explorers.lineage import Lineage
from rlnotes.training.recordings import load
from tests.explorers.test_twins import found


@pytest.fixture(scope="module")
def explorer():
    return Lineage()


def at(explorer, **settings):
    return explorer.set(**{**explorer.defaults, **settings})


def read(words, text):
    """The numbers at each # in these words, which are no pattern."""
    return found(re.escape(words).replace(r"\#", "#"), text)


def returns(rung, rate):
    """[20, 8] straight from the file."""
    rows = [r for r in load("lineage_cartpole") if (r["rung"], r["learning_rate"]) == (rung, rate)]
    by_seed = [[r["mean_return"] for r in rows if r["seed"] == seed] for seed in range(20)]
    return np.array(by_seed)


def moments(passes, learned, gae_lambda):
    world = balancing()
    even = np.zeros((7, 2))
    slope = policy_gradient(world, even, gamma=1.0)
    moved = even + 0.15 * passes * slope / np.sqrt((slope**2).sum())
    episodes = enumerate_trajectories(world, max_steps=6)
    return ladder(
        world, episodes, moved, even, learned=learned, gae_lambda=gae_lambda, clip_epsilon=0.2
    )


@pytest.mark.parametrize(
    ("passes", "learned", "gae_lambda"), [(4, 0.8, 0.95), (0, 1.0, 0.5), (8, 0.0, 0.0)]
)
def test_shares_and_noise_are_exact(explorer, passes, learned, gae_lambda):
    shown = at(explorer, passes=passes, learned=learned, gae_lambda=gae_lambda).description
    exact = moments(passes, learned, gae_lambda)
    for k, rung in enumerate(RUNGS):
        share, noise = read(f"{rung}: share #, noise #", shown)
        assert share == pytest.approx(exact.shares[k], abs=6e-4)
        assert noise == pytest.approx(exact.noise[k], abs=6e-3)


def test_a_lower_rung_shows_itself_and_those_below(explorer):
    shown = at(explorer, rung="+ baseline V").description
    for k, rung in enumerate(RUNGS):
        assert (f"{rung}: share" in shown) == (k <= 2)
    bars = explorer.shares.get_path()
    assert len(bars.vertices) == 3 * 5
    assert [len(line.get_xdata()) for line in explorer.before] == [8, 8, 0, 0, 0, 0]


@pytest.mark.parametrize(("rung", "rate"), [(0, 0.01), (2, 0.01), (6, 0.01), (5, 0.003)])
def test_the_curve_is_the_mean_of_the_seeds_with_two_standard_errors(explorer, rung, rate):
    at(explorer, rung=RUNGS[rung], learning_rate=rate)
    runs = returns(rung, rate)
    error = runs.std(axis=0, ddof=1) / 20**0.5
    np.testing.assert_allclose(explorer.curve.get_ydata(), runs.mean(axis=0))
    assert explorer.curve.get_xdata()[-1] == pytest.approx(32.768)
    band = explorer.band.get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx((runs.mean(axis=0) + 2 * error).max())
    mean, end, end_error = read(
        "mean of 20 seeds: # over the run, # (standard error #) at the end", explorer.description
    )
    assert mean == pytest.approx(runs.mean(), abs=0.5)
    assert end == pytest.approx(runs[:, -1].mean(), abs=0.5)
    assert end_error == pytest.approx(error[-1], abs=0.5)


def test_the_gain_is_paired_by_seed(explorer):
    at(explorer, rung=RUNGS[6])
    gains = (returns(6, 0.01) - returns(5, 0.01)).mean(axis=1)
    gain, error, ahead = read(
        "Gain over the rung below # (standard error #), more in # seeds", explorer.description
    )
    assert gain == pytest.approx(gains.mean(), abs=0.5)
    assert error == pytest.approx(gains.std(ddof=1) / 20**0.5, abs=0.5)
    assert ahead == (gains > 0).sum()


def test_a_rate_that_was_not_recorded_is_said_and_the_other_shown(explorer):
    shown = at(explorer, rung=RUNGS[1], learning_rate=0.003).description
    assert "CartPole at learning_rate 0.01; 0.003 was not recorded here" in shown
    assert "0.003 was not recorded here" in explorer.note.get_text()
    np.testing.assert_allclose(explorer.curve.get_ydata(), returns(1, 0.01).mean(axis=0))
    assert "Nothing below it" in at(explorer, rung=RUNGS[4], learning_rate=0.003).description
