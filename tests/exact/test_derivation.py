"""The derivation ladder: holds on other worlds, and each broken part shows by hand."""

import numpy as np
import pytest

from rlnotes.envs.small_tasks import keep_going, now_and_later
from rlnotes.envs.token_tree import bigram_policy, token_level_mdp
from rlnotes.exact.derivation import RUNGS, policy_gradient_ladder


def coin_policy(num_states):
    def policy(theta):
        p = 1 / (1 + np.exp(-theta))
        return np.tile([1 - p, p], (num_states, 1))

    return policy


def hotter(theta):
    """The tree's bigram policy; theta is the logarithm of the temperature."""
    return bigram_policy(temperature=np.exp(theta))


CASES = {
    "keep going": (keep_going(3), coin_policy(4), 3),
    "now and later": (now_and_later(), coin_policy(3), 2),
    "tree": (token_level_mdp(), hotter, 3),
}


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
@pytest.mark.parametrize("name", CASES)
def test_every_line_holds_where_nothing_is_broken(name, gamma):
    mdp, policy, max_steps = CASES[name]
    rungs = policy_gradient_ladder(lambda theta: mdp, policy, 0.4, gamma=gamma, max_steps=max_steps)
    assert [rung.name for rung in rungs] == list(RUNGS)
    assert all(rung.residual < 1e-10 for rung in rungs)
    slopes = [side for rung in rungs[1:] for side in (rung.left, rung.right)]
    assert np.ptp(slopes) < 1e-10


def ladder(**broken):
    """Keep going at p = 0.6: J = 1 + p + p^2 = 1.96, J' = p (1 - p) (1 + 2p)."""
    theta = np.log(0.6 / 0.4)
    return policy_gradient_ladder(
        lambda x: keep_going(3), coin_policy(4), theta, gamma=1.0, max_steps=3, **broken
    )


def lit(rungs):
    return [n + 1 for n, rung in enumerate(rungs) if rung.residual > 1e-9]


def test_the_numbers_of_keep_going():
    rungs = ladder()
    assert (rungs[0].left, rungs[0].right) == pytest.approx((1.96, 1.96))
    assert {round(r.right, 9) for r in rungs[1:]} == {0.528}


def test_a_baseline_for_going_on_takes_its_share_away():
    # b = 1 for going on: sum of d pi' b = (1 + p + p^2) p (1 - p) = 0.4704.
    rungs = ladder(baseline=np.array([[0.0, 1.0]] * 4))
    assert lit(rungs) == [6]
    assert rungs[5].left - rungs[5].right == pytest.approx(1.96 * 0.24)


def test_a_normalized_visit_distribution_divides_by_the_mean_length():
    visits = np.array([1, 0.6, 0.36, 0])
    rungs = ladder(visits=visits / visits.sum())
    assert lit(rungs) == [7]
    assert rungs[6].right == pytest.approx(0.528 / 1.96)


def test_an_action_that_is_never_sampled_is_missing():
    # Without the stop at the first step: its episode has return 1 and slope -p (1 - p).
    sampled = np.array([[False, True], *[[True, True]] * 3])
    rungs = ladder(sampled=sampled)
    assert lit(rungs) == [3]
    assert rungs[2].right == pytest.approx(0.528 + 0.24)


def test_the_wrong_power_of_gamma_shows_in_its_line():
    theta = 0.0  # p (1 - p) = 1/4
    rungs = policy_gradient_ladder(
        lambda x: now_and_later(), coin_policy(3), theta, gamma=0.9, max_steps=2, step_discount=1.0
    )
    assert lit(rungs) == [5]
    assert (rungs[4].left, rungs[4].right) == pytest.approx((0.055 / 4, -0.05 / 4))


def test_a_world_that_knows_theta_shows_in_its_line():
    # The first reward is theta: J = p theta, and the sum of p' R misses p itself.
    rungs = policy_gradient_ladder(
        lambda theta: now_and_later(first=theta, second=0.0),
        coin_policy(3),
        0.8,
        gamma=1.0,
        max_steps=2,
    )
    assert lit(rungs) == [2]
    assert rungs[1].left - rungs[1].right == pytest.approx(1 / (1 + np.exp(-0.8)))


@pytest.mark.parametrize("max_steps", [1, 2])
def test_paths_that_have_not_ended_are_refused(max_steps):
    with pytest.raises(ValueError, match=f"max_steps must let every path end, got {max_steps}"):
        policy_gradient_ladder(
            lambda theta: keep_going(3), coin_policy(4), 0.4, gamma=0.9, max_steps=max_steps
        )


def test_a_policy_that_is_no_distribution_is_refused():
    with pytest.raises(ValueError, match="policy must sum to one"):
        policy_gradient_ladder(
            lambda theta: keep_going(3),
            lambda theta: np.full((4, 2), theta),
            0.4,
            gamma=0.9,
            max_steps=3,
        )
