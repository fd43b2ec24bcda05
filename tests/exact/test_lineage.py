"""The ladder from REINFORCE to PPO: each rung against plain loops over all episodes."""

import numpy as np
import pytest
import torch

from rlnotes.envs.small_tasks import balancing, two_forks
from rlnotes.exact.lineage import (
    INGREDIENTS,
    RUNGS,
    Ladder,
    ladder,
    rung_weights,
    without_ratio,
)
from rlnotes.exact.policy_gradients import objective
from rlnotes.exact.trajectories import enumerate_trajectories

WORLD = balancing(3, safe=0.2, careless=0.5)
EPISODES = enumerate_trajectories(WORLD, max_steps=3)
RNG = np.random.default_rng(11)
OLD = RNG.normal(size=(4, 2))
NEW = OLD + RNG.normal(size=(4, 2)) * 0.6
CRITIC = np.array([1.5, -0.5, 0.75, 0.0])
DEFAULTS = {"learned": 1.0, "gae_lambda": 0.9, "clip_epsilon": 0.2}


def at(logits=OLD, old=OLD, mdp=WORLD, episodes=EPISODES, **settings):
    return ladder(mdp, episodes, logits, old, **{**DEFAULTS, **settings})


def slope_of_objective(mdp, logits, h=1e-5):
    """[S, A] central differences, as good as 1e-9 here."""
    slope = np.zeros_like(logits)
    for place in np.ndindex(logits.shape):
        step = np.zeros_like(logits)
        step[place] = h
        values = [objective(mdp, logits + sign * step, gamma=1.0) for sign in (1, -1)]
        slope[place] = (values[0] - values[1]) / (2 * h)
    return slope


def values_by_hand(logits):
    """V of WORLD backwards from the end: 1 per step, then on with 1 - fall."""
    values = np.zeros(4)
    for state in (2, 1, 0):
        p = np.exp(logits[state]) / np.exp(logits[state]).sum()
        values[state] = 1 + (p @ [0.5, 0.8]) * (values[state + 1])
    return values


def plain_weights(n, rung, critic, gae_lambda):
    """Psi_t of episode n by the definition: sums of rewards and of TD errors."""
    steps = int(EPISODES.mask[n].sum())
    states = [*EPISODES.states[n, :steps], 3]  # state 3 is the end
    rewards = EPISODES.rewards[n, :steps]
    if rung == 0:
        return [rewards.sum()] * steps
    to_go = [rewards[t:].sum() for t in range(steps)]
    if rung == 1:
        return to_go
    if rung == 2:
        return [to_go[t] - critic[states[t]] for t in range(steps)]
    td = [rewards[t] + critic[states[t + 1]] - critic[states[t]] for t in range(steps)]
    return [sum(gae_lambda ** (k - t) * td[k] for k in range(t, steps)) for t in range(steps)]


def plain_moments(rung, learned, gae_lambda, clip_epsilon, *, player):
    """Mean and variance from autograd on the loss of one episode after the other.

    Rungs with reuse have a ratio to the player, the others log-probabilities.
    """
    critic = learned * values_by_hand(player)
    estimates, probs = [], []
    for n in range(len(EPISODES.mask)):
        logits = torch.tensor(NEW, requires_grad=True)
        psi = plain_weights(n, rung, critic, gae_lambda)
        objective_of_episode = torch.zeros((), dtype=torch.float64)
        prob = EPISODES.world_probs[n]
        for t, weight in enumerate(psi):
            s, a = EPISODES.states[n, t], EPISODES.actions[n, t]
            old = np.exp(player[s, a]) / np.exp(player[s]).sum()
            prob = prob * old
            ratio = torch.softmax(logits[s], dim=0)[a] / old
            kept = (ratio if rung >= 5 else torch.log_softmax(logits[s], dim=0)[a]) * weight
            if rung == 6:
                band = ratio.clamp(1 - clip_epsilon, 1 + clip_epsilon)
                kept = torch.minimum(kept, band * weight)
            objective_of_episode = objective_of_episode + kept
        (gradient,) = torch.autograd.grad(objective_of_episode, logits)
        estimates.append(gradient.numpy())
        probs.append(prob)
    estimates, probs = np.array(estimates), np.array(probs)
    assert probs.sum() == pytest.approx(1)
    mean = np.tensordot(probs, estimates, axes=1)
    return mean, float(probs @ ((estimates - mean) ** 2).sum(axis=(1, 2)))


@pytest.mark.parametrize("rung", range(7))
@pytest.mark.parametrize(("learned", "clip_epsilon"), [(0.6, 0.2), (1.0, 0.1)])
def test_every_rung_is_the_gradient_of_its_loss_over_all_episodes(rung, learned, clip_epsilon):
    found = at(NEW, learned=learned, clip_epsilon=clip_epsilon)
    player = OLD if rung >= 5 else NEW
    mean, variance = plain_moments(rung, learned, 0.9, clip_epsilon, player=player)
    np.testing.assert_allclose(found.means[rung], mean, atol=1e-12)
    assert found.variances[rung] == pytest.approx(variance, rel=1e-10)


@pytest.mark.parametrize("rung", range(5))
@pytest.mark.parametrize("learned", [0.6, 1.0])
def test_without_a_ratio_a_used_batch_gives_the_slope_of_the_plain_loss(rung, learned):
    found = without_ratio(WORLD, EPISODES, NEW, OLD, learned=learned, gae_lambda=0.9)
    mean, variance = plain_moments(rung, learned, 0.9, 0.2, player=OLD)
    np.testing.assert_allclose(found.means[rung], mean, atol=1e-12)
    assert found.variances[rung] == pytest.approx(variance, rel=1e-10)
    np.testing.assert_allclose(found.exact, slope_of_objective(WORLD, NEW), atol=1e-8)
    assert found.biases[rung] > 0.1


def test_without_a_ratio_a_fresh_batch_is_that_of_the_ladder():
    found = without_ratio(WORLD, EPISODES, NEW, NEW, learned=0.6, gae_lambda=0.9)
    np.testing.assert_array_equal(found.means, at(NEW, NEW, learned=0.6).means[:5])


def test_without_a_ratio_bad_input_is_refused_too():
    settings = {"learned": 1.0, "gae_lambda": 0.9}
    with pytest.raises(ValueError, match="old_logits must have shape"):
        without_ratio(WORLD, EPISODES, NEW, OLD[:3], **settings)
    with pytest.raises(ValueError, match="learned must be finite, got nan"):
        without_ratio(WORLD, EPISODES, NEW, OLD, **{**settings, "learned": np.nan})


def test_the_exact_gradient_is_the_slope_of_the_objective():
    np.testing.assert_allclose(at(NEW).exact, slope_of_objective(WORLD, NEW), atol=1e-8)


@pytest.mark.parametrize("learned", [0.0, 0.4, 1.0, 1.7])
def test_rungs_without_bootstrapping_are_unbiased_for_any_critic(learned):
    found = at(NEW, learned=learned)
    for rung in range(3):
        np.testing.assert_allclose(found.means[rung], found.exact, atol=1e-12)
    assert found.biases[:3] == pytest.approx(0, abs=1e-12)
    assert found.shares[:3] == pytest.approx(1)


def test_bootstrapping_is_biased_only_if_the_critic_and_lambda_are_both_off_one():
    for learned, gae_lambda in ((1.0, 0.0), (1.0, 0.5), (0.3, 1.0)):
        assert at(NEW, learned=learned, gae_lambda=gae_lambda).biases[3] < 1e-12
    assert at(NEW, learned=0.3, gae_lambda=0.5).biases[3] > 0.05


def test_a_fresh_batch_makes_the_last_rungs_the_same():
    found = at(OLD, OLD)
    for rung in (4, 5, 6):
        np.testing.assert_array_equal(found.means[rung], found.means[3])
        assert found.variances[rung] == found.variances[3]


def test_a_wide_clip_leaves_the_plain_surrogate_and_a_tight_one_does_not():
    wide, tight = (at(NEW, clip_epsilon=e) for e in (1e6, 0.05))
    np.testing.assert_array_equal(wide.means[6], wide.means[5])
    assert np.abs(tight.means[6] - tight.means[5]).max() > 0.05


def test_without_a_critic_the_baseline_changes_nothing():
    found = at(NEW, learned=0.0)
    assert found.variances[2] == found.variances[1]


def test_shares_biases_and_noise_by_hand():
    means = np.array([[[3.0, 4.0]], [[-3.0, -4.0]], [[3.0, 0.0]]])
    found = Ladder(np.array([[3.0, 4.0]]), means, np.array([25.0, 100.0, 0.0]))
    assert found.shares == pytest.approx([1, -1, 9 / 25])
    assert found.biases == pytest.approx([0, 2, 0.8])
    assert found.noise == pytest.approx([1, 2, 0])


@pytest.mark.parametrize("rung", range(7))
def test_weights_are_those_of_the_definition(rung):
    found = rung_weights(EPISODES, CRITIC, rung, gae_lambda=0.6)
    for n, mask in enumerate(EPISODES.mask):
        np.testing.assert_allclose(found[n, mask], plain_weights(n, rung, CRITIC, 0.6))
    assert not found[~EPISODES.mask].any()


def test_a_world_of_choices_in_which_the_reward_depends_on_them():
    world = two_forks()
    logits = np.random.default_rng(2).normal(size=(world.num_states, world.num_actions))
    found = at(logits, logits, world, enumerate_trajectories(world, max_steps=2))
    np.testing.assert_allclose(found.exact, slope_of_objective(world, logits), atol=1e-8)
    assert found.biases[:4] == pytest.approx(0, abs=1e-12)


def test_there_is_one_name_more_than_ingredients():
    assert len(RUNGS) == len(INGREDIENTS) + 1 == 7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clip_epsilon": 0.0}, "clip_epsilon must be .*, got 0"),
        ({"learned": np.nan}, "learned must be finite, got nan"),
        ({"gae_lambda": 1.5}, "gae_lambda must lie in .*, got 1.5"),
        ({"old": OLD[:3]}, "old_logits must have shape"),
        ({"logits": OLD[:, :1]}, "logits must have shape"),
    ],
)
def test_bad_input_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        at(**change)


@pytest.mark.parametrize("rung", [-1, 7, 1.0])
def test_a_rung_that_does_not_exist_is_refused(rung):
    with pytest.raises(ValueError, match="rung must be an integer"):
        rung_weights(EPISODES, CRITIC, rung, gae_lambda=0.5)


@pytest.mark.parametrize(
    ("critic", "message"),
    [([1.0, 2.0], "critic must have shape"), ([np.nan, 0, 0, 0], "critic must be finite")],
)
def test_a_critic_that_does_not_fit_is_refused(critic, message):
    with pytest.raises(ValueError, match=message):
        rung_weights(EPISODES, np.array(critic), 2, gae_lambda=0.5)
