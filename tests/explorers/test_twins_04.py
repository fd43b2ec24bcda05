"""Explorers of chapter 4: twins and artists against `exact`, by another road."""

from functools import lru_cache

import numpy as np
import pytest

from rlnotes.envs.small_tasks import two_goal_corridor
from rlnotes.envs.token_tree import bigram_policy, token_level_mdp
from rlnotes.exact.derivation import RUNGS
from rlnotes.exact.gradient_estimators import trajectory_rewards_to_go
from rlnotes.exact.mdp import policy_values
from rlnotes.exact.policy_gradients import policy_gradient
from rlnotes.explorers.baseline_variance import BaselineVariance
from rlnotes.explorers.corridor_climbs import (
    EPISODES,
    TOTALS,
    ascend,
    corridor_objectives,
    draw,
    episode_probs,
    path_noise,
)
from rlnotes.explorers.derivation_ladder import (
    SABOTEURS,
    DerivationLadder,
    one_logit_policy,
    sabotaged_ladder,
    two_step_world,
)
from rlnotes.explorers.gradient_hill import GradientHill
from rlnotes.explorers.psi_variants import VARIANTS, PsiVariants, tasks
from tests.explorers.test_twins import found


@lru_cache
def built(kind):
    """One of each: a test moves its controls, which is faster than building anew."""
    return kind()


def at(kind, **settings):
    """The explorer at its default setting but for the controls that are named."""
    return built(kind).set(**{**built(kind).defaults, **settings})


THETAS = [-2.0, -0.7, 0.0, 0.5, 2.0]
GAMMAS = [0.5, 0.9, 1.0]


def lit_rungs(theta: float, gamma: float, saboteur: str) -> list[int]:
    residuals = [r.residual for r in sabotaged_ladder(theta, gamma=gamma, saboteur=saboteur)]
    assert all(residual < 1e-11 or residual > 1e-4 for residual in residuals)
    return [number + 1 for number, residual in enumerate(residuals) if residual > 1e-4]


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("theta", THETAS)
@pytest.mark.parametrize("saboteur", SABOTEURS)
def test_exactly_the_right_line_of_the_ladder_lights_up(theta, gamma, saboteur):
    expected = [] if saboteur == "none" else [SABOTEURS[saboteur]]
    if saboteur == "gamma^t is dropped" and gamma == 1:
        expected = []
    assert lit_rungs(theta, gamma, saboteur) == expected


def test_every_rung_but_the_first_has_its_saboteur():
    assert sorted(filter(None, SABOTEURS.values())) == list(range(2, len(RUNGS) + 1))


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("theta", THETAS)
def test_the_ladder_ends_at_the_policy_gradient_theorem(theta, gamma):
    mdp, policy = two_step_world(), one_logit_policy(theta)
    # One logit for action 1 in every state: add up that column of the table.
    expected = policy_gradient(mdp, np.log(policy), gamma=gamma)[:, 1].sum()
    text = at(DerivationLadder, theta=theta, gamma=gamma).description
    assert found("Exact gradient of J = #", text) == pytest.approx([expected], abs=5.1e-6)
    assert "All seven lines hold" in text


@pytest.mark.parametrize("saboteur", [name for name in SABOTEURS if name != "none"])
def test_the_ladder_names_the_failing_line_and_marks_it(saboteur):
    explorer = at(DerivationLadder, saboteur=saboteur)
    row = SABOTEURS[saboteur]
    assert f"line {row} ({RUNGS[row - 1]}) fails" in explorer.description
    assert "All other lines hold" in explorer.description
    assert explorer.texts.texts[2::3] == ["FAILS" if n + 1 == row else "holds" for n in range(7)]
    assert explorer.broken.get_ydata().tolist() == [row - 1]
    assert explorer.light.get_visible()
    assert not at(DerivationLadder).light.get_visible()


def test_a_normalized_distribution_is_too_small_by_the_mean_discounted_length():
    # Every episode of that world has two steps: d sums to 1 + gamma.
    left, right = found(
        "fails: # against #",
        at(DerivationLadder, saboteur="state distribution normalized", gamma=0.8).description,
    )
    assert left / right == pytest.approx(1.8, abs=1e-3)


@pytest.mark.parametrize("prob", [0.05, 0.5, 0.8])
@pytest.mark.parametrize(("reward_1", "reward_0"), [(1.0, 0.0), (1.0, 0.5), (-0.4, 0.7)])
@pytest.mark.parametrize("baseline", [0.0, 0.5, -1.0])
def test_baseline_variance_by_the_two_outcomes(prob, reward_1, reward_0, baseline):
    explorer = at(
        BaselineVariance,
        prob=prob,
        reward_1=reward_1,
        reward_0=reward_0,
        baseline=baseline,
        num_episodes=200,
    )
    text = explorer.description
    up, down = (1 - prob) * (reward_1 - baseline), -prob * (reward_0 - baseline)
    mean = prob * (1 - prob) * (reward_1 - reward_0)
    variance = prob * (1 - prob) * (up - down) ** 2
    best = (1 - prob) * reward_1 + prob * reward_0  # the weights are swapped
    shown = found("gradient #, whatever b is. Variance of one draw # at this b, # at", text)
    assert shown == pytest.approx([mean, variance, 0.0], abs=5.1e-5)
    assert found("at the best b = #,", text) == pytest.approx([best], abs=5.1e-4)
    (sampled,) = found("Mean of 200 draws #", text)
    assert abs(sampled - mean) < 5 * np.sqrt(variance / 200) + 1e-4
    for arm, reward in ((1, reward_1), (0, reward_0)):
        word = {1: "pushed up", 0: "left alone", -1: "pushed down"}[np.sign(reward - baseline)]
        assert f"arm {arm} is {word}" in text


def test_the_coin_of_the_chapter():
    text = at(BaselineVariance).description
    assert "gradient 0.2500" in text
    assert found("Variance of one draw # at this b, # at the best b = #", text) == [0.0625, 0, 0.5]


def test_the_diamond_of_v_is_drawn_around_the_best_baseline():
    explorer = at(BaselineVariance)
    assert explorer.value.get_xdata() == explorer.best.get_xdata()
    assert explorer.value.get_markersize() > explorer.best.get_markersize() + 4
    assert explorer.value.get_zorder() > explorer.best.get_zorder()
    assert explorer.value.get_markerfacecolor() == "none"


def test_the_mean_gradient_is_the_same_line_for_every_baseline():
    explorer = at(BaselineVariance, prob=0.3)
    lines = []
    for baseline in (-1.0, 0.2, 1.5):
        explorer.set(baseline=baseline)
        lines.append(explorer.exact.get_ydata())
    assert np.ptp(lines) < 1e-12


def corridor_policy(theta: float) -> np.ndarray:
    right = 1 / (1 + np.exp(-theta))
    return np.tile([1 - right, right], (6, 1))


def corridor_objective(theta: float) -> float:
    """By the walk along each episode, instead of by counting its steps."""
    return float(EPISODES.probs(corridor_policy(theta)) @ TOTALS)


def test_the_probabilities_by_counts_are_those_of_the_walk():
    thetas = np.array([-30.0, -2.0, 0.0, 0.7, 30.0])
    expected = [EPISODES.probs(corridor_policy(theta)) for theta in thetas]
    np.testing.assert_allclose(episode_probs(thetas), expected, atol=1e-12)
    np.testing.assert_allclose(
        corridor_objectives(thetas), [corridor_objective(theta) for theta in thetas], atol=1e-12
    )


def test_a_draw_takes_the_first_episode_whose_sum_exceeds_the_number():
    probs = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    uniforms = np.array([[0.1, 0.3, 0.99, 0.6], [0.0, 0.5, 0.999, 0.7], [0.1, 0.5, 0.999, 0.7]])
    assert draw(probs, uniforms).tolist() == [[0, 1, 2, 2], [0, 0, 0, 0], [2, 2, 2, 2]]


def test_the_hill_is_the_value_of_the_corridor_up_to_its_time_limit():
    mdp = two_goal_corridor()
    # Always right: three steps of -0.5, then 10; always left: two, then 8.
    assert corridor_objective(30.0) == pytest.approx(
        10 * 0.95**2 - 0.5 * (1 + 0.95 + 0.95**2), abs=1e-9
    )
    assert corridor_objective(-30.0) == pytest.approx(8 * 0.95 - 0.5 * 1.95, abs=1e-9)
    for theta in (-2.0, 2.5):  # few episodes are cut
        p = 1 / (1 + np.exp(-theta))
        uncut = policy_values(mdp, np.tile([1 - p, p], (6, 1)), gamma=0.95)[2]
        assert corridor_objective(theta) == pytest.approx(uncut, abs=0.1)
    explorer = at(GradientHill)
    thetas, hill = explorer.figure().axes[0].lines[0].get_data()
    assert hill[::20] == pytest.approx([corridor_objective(theta) for theta in thetas[::20]])


@pytest.mark.parametrize("theta", [-3.0, -0.6, 0.0, 1.2])
def test_the_cloud_has_the_slope_of_the_hill_as_its_mean(theta):
    explorer = at(GradientHill, theta=theta, num_episodes=16)
    h = 1e-4
    slope = (corridor_objective(theta + h) - corridor_objective(theta - h)) / (2 * h)
    exact, sigma, of_mean = found(
        "start #; sigma of one episode #, of the mean of m #", explorer.description
    )
    assert exact == pytest.approx(slope, abs=6e-5)
    assert of_mean == pytest.approx(sigma / 4, abs=1e-3)
    shares, edges, _ = explorer.cloud.get_data()
    centre = shares @ (edges[:-1] + edges[1:]) / 2
    assert shares.sum() == pytest.approx(1)
    assert abs(centre - exact) < 5 * sigma / np.sqrt(16 * 300) + 0.5  # bins are 1 wide


def test_chapter_4_is_right_that_v_as_a_baseline_makes_the_cloud_narrower():
    policy = corridor_policy(-0.6)
    to_go = trajectory_rewards_to_go(EPISODES, gamma=0.95)
    values = policy_values(two_goal_corridor(), policy, gamma=0.95)[EPISODES.states]
    scores = np.where(EPISODES.mask, EPISODES.actions - policy[0, 1], 0.0)
    scores = scores * 0.95 ** np.arange(scores.shape[1])
    probs = EPISODES.probs(policy)
    sigmas = []
    for weights in (to_go, to_go - values):
        gradients = (scores * weights).sum(axis=1)
        mean = probs @ gradients
        sigmas.append(np.sqrt(probs @ (gradients - mean) ** 2))
        assert mean == pytest.approx(-1.3888, abs=5.1e-5)  # no baseline of s moves it
    assert found("sigma of one episode #", at(GradientHill).description) == pytest.approx(
        sigmas[:1], abs=5.1e-4
    )
    assert sigmas[1] < 0.8 * sigmas[0]


def test_the_start_decides_the_summit_of_an_exact_climb():
    ends = [
        found("by exact gradients theta #", at(GradientHill, theta=start).description)[0]
        for start in (-0.6, 0.6)
    ]
    assert ends[0] < -2
    assert ends[1] > 2


def test_alpha_zero_goes_nowhere():
    explorer = at(GradientHill, learning_rate=0.0)
    still = explorer.description
    assert found("updates theta # and J #, by exact gradients theta #", still)[0::2] == [-0.6, -0.6]
    assert set(explorer.jumps.get_xdata()) == set(explorer.ends.get_xdata()) == {-0.6}
    assert explorer.counts.texts == ["21 end left", "0 end right"]


def test_one_update_adds_alpha_times_the_mean_gradient():
    # Always right with all but certainty: three steps, so the gradient of that episode
    # is the sum over its steps of (1 - p) gamma^t G_t.
    theta, (p,) = 5.0, 1 / (1 + np.exp([-5.0]))
    rewards = [-0.5, -0.5, -0.5 + 10]
    to_go = [sum(0.95 ** (k - t) * rewards[k] for k in range(t, 3)) for t in range(3)]
    gradient = (1 - p) * sum(0.95**t * g for t, g in enumerate(to_go))
    every = np.linspace(0, 1, 5000, endpoint=False).reshape(1, 1, -1)
    exact = (corridor_objective(5.0001) - corridor_objective(4.9999)) / 0.0002
    step = ascend(theta, every, learning_rate=2.0)[0, 1] - theta
    assert step / 2 == pytest.approx(exact, abs=2e-3)
    likely = float(np.cumsum(EPISODES.probs(corridor_policy(theta)))[_all_right()]) - 1e-6
    two = ascend(theta, np.full((1, 2, 3), likely), learning_rate=0.1)[0]
    assert two[1] - theta == pytest.approx(0.1 * gradient)
    assert two[2] > two[1]


def _all_right() -> int:
    return int(EPISODES.probs(corridor_policy(30.0)).argmax())


def test_the_runs_of_the_seeds_are_independent_of_one_another():
    noise = path_noise()[:, :, :4]
    together = ascend(0.6, noise, learning_rate=0.4)
    for seed in (0, 7, 20):
        alone = ascend(0.6, noise[seed : seed + 1], learning_rate=0.4)[0]
        assert together[seed] == pytest.approx(alone)
        explorer = at(GradientHill, theta=0.6, num_episodes=4, learning_rate=0.4, seed=seed)
        assert explorer.jumps.get_xdata() == pytest.approx(alone)
    ends = together[:, -1]
    left, right = found("valley: # end left.*; # end right", explorer.description)
    assert [left, right] == [(ends < 0).sum(), (ends > 0).sum()]
    assert left + right == 21
    assert explorer.ends.get_xdata() == pytest.approx(np.clip(ends, -4, 4))
    mean = np.mean([corridor_objective(theta) for theta in ends])
    assert found("mean J #", explorer.description) == pytest.approx([mean], abs=5.1e-4)


def test_more_episodes_lead_more_seeds_to_the_summit_of_the_exact_climb():
    right = [
        found("; # end right", at(GradientHill, theta=0.6, num_episodes=m).description)[0]
        for m in (1, 4, 64)
    ]
    assert right[0] < right[1] < right[2] == 21


def variant(text: str, name: str) -> tuple[float, float, bool]:
    share, noise = found(rf"[.;] {name}: share #, noise #", text)
    return (
        share,
        noise,
        f"{name}: share" in text and "unbiased" not in text.split(f" {name}: ", 1)[1].split(";")[0],
    )


@pytest.mark.parametrize("task", list(tasks()))
@pytest.mark.parametrize("gamma", [0.6, 0.9, 1.0])
def test_psi_variants_are_unbiased_with_the_right_critic_except_the_standardized(task, gamma):
    text = at(PsiVariants, task=task, gamma=gamma).description
    for name in VARIANTS[:-1]:
        share, _, biased = variant(text, name)
        assert share == 1
        assert not biased
    assert variant(text, "standardized")[2]


def test_psi_variants_a_wrong_critic_hurts_only_what_bootstraps():
    text = at(PsiVariants, critic_error=0.5).description
    assert [name for name in VARIANTS if variant(text, name)[2]] == ["Q", "A", "TD", "standardized"]


def test_chapter_4_is_right_that_a_wrong_baseline_can_be_worse_than_none():
    right, wrong = (at(PsiVariants, critic_error=error).description for error in (0.0, 1.0))
    for text, noise in ((right, 0.736), (wrong, 2.090)):
        assert variant(text, "G - V") == (1, pytest.approx(noise, abs=5.1e-4), False)
        assert variant(text, "G")[1] == pytest.approx(1.440, abs=5.1e-4)
    assert variant(wrong, "TD")[2]


@pytest.mark.parametrize("task", list(tasks()))
@pytest.mark.parametrize("critic_error", [0.0, 0.7])
def test_chapter_4_is_right_that_certain_landings_make_td_error_and_advantage_equal(
    task, critic_error
):
    landings = tasks()[task].mdp.transition_probs
    assert np.isin(landings, [0, 1]).all()
    text = at(PsiVariants, task=task, critic_error=critic_error).description
    assert variant(text, "TD") == variant(text, "A")


def test_psi_variants_the_sign_flips_without_the_factor():
    text = at(PsiVariants, task="now and later", gamma_power="dropped").description
    for name in ("G", "Q", "A", "TD"):
        assert variant(text, name)[0] == pytest.approx(-0.05 / 0.055, abs=5.1e-4)
    assert variant(text, "R")[0] == 1


def test_psi_variants_keep_going_has_the_numbers_of_the_chapter():
    text = at(PsiVariants, task="keep going", gamma=1.0).description
    assert found("exact gradient #", text) == [0.528]
    assert variant(text, "standardized")[0] == pytest.approx(0.3137 / 0.528, abs=5.1e-4)


def test_psi_variants_a_reward_at_the_end_alone_leaves_nothing_to_standardize():
    text = at(PsiVariants, task="tree, reward at the end", gamma=1.0).description
    assert variant(text, "standardized")[:2] == (0, 0)


def test_psi_variants_noise_of_the_return_by_a_direct_sum():
    # Tree with the reward at the end: sum of p |score sum|^2 R^2 less |gradient|^2.
    mdp, policy = token_level_mdp(), bigram_policy(temperature=1.0)
    gradient = policy_gradient(mdp, np.log(policy), gamma=1.0)
    number = {name: state for state, name in enumerate(mdp.state_names)}
    second_moment = 0.0
    for text in (t for t in mdp.state_names if len(t) == 3):
        prob, squares = 1.0, 0.0
        for t, token in enumerate(text):
            probs = policy[number[text[:t]]]
            action = mdp.action_names.index(token)
            prob *= probs[action]
            squares += ((np.eye(3)[action] - probs) ** 2).sum()
        reward = mdp.expected_rewards[number[text[:2]], mdp.action_names.index(text[2])]
        second_moment += prob * squares * reward**2
    length = np.linalg.norm(gradient)
    expected = np.sqrt(second_moment - length**2) / length
    shown = variant(at(PsiVariants, task="tree, reward at the end", gamma=1.0).description, "R")[1]
    assert shown == pytest.approx(expected, abs=5.1e-4)


def test_chapter_4_is_right_that_v_can_be_worse_than_no_baseline():
    none = found("Variance of one draw #", at(BaselineVariance, prob=0.9).description)
    (by_value,) = found("# at b = V", at(BaselineVariance, prob=0.9).description)
    assert by_value > none[0] > 0


@pytest.mark.parametrize("start", [-3.0, -1.0, -0.2, 0.2, 1.0, 3.0])
def test_chapter_4_is_right_that_the_valley_divides_the_exact_climbs(start):
    text = at(GradientHill, theta=start).description
    (end,) = found("by exact gradients theta #", text)
    assert np.sign(end) == np.sign(start)
    assert abs(end) > abs(start)


@pytest.mark.parametrize(("num_episodes", "of_mean"), [(8, 2.17), (64, 0.77)])
def test_chapter_4_is_right_about_the_cloud_and_the_gradient(num_episodes, of_mean):
    text = at(GradientHill, num_episodes=num_episodes).description
    gradient, _, shown = found("start #; sigma of one episode #, of the mean of m #", text)
    assert abs(gradient) == pytest.approx(1.39, abs=5.1e-3)
    assert shown == pytest.approx(of_mean, abs=5.1e-3)


@pytest.mark.parametrize("prob", [0.5, 0.9])
def test_chapter_4_is_right_that_the_sampled_line_crosses_the_exact_one_at_b_star(prob):
    explorer = at(BaselineVariance, prob=prob)
    mean = prob * (1 - prob)
    exact, sampled = explorer.exact.get_ydata()[0], explorer.samples.get_ydata()
    assert exact == pytest.approx(mean)
    assert np.ptp(sampled) > 0.2  # a slope that one can see
    # Two arms: nothing is random at b* = 1 - prob, where both draws give the mean.
    assert np.interp(1 - prob, explorer.samples.get_xdata(), sampled) == pytest.approx(mean)


def test_chapter_4_the_three_variances_are_written_and_their_heights_differ():
    explorer = at(BaselineVariance, prob=0.9)
    # p (1 - p) (up - down)^2 with up - down = 0.1 - b: b = 0, b = 0.1 and b = V = 0.9.
    assert [text.split()[-1] for text in explorer.numbers.texts] == ["0.0009", "0.0000", "0.0576"]
    low, high = explorer.value.axes.get_ylim()
    heights = [line.get_ydata()[0] for line in (explorer.now, explorer.best, explorer.value)]
    assert heights == pytest.approx([0.0009, 0.0, 0.0576])
    assert heights[2] - heights[0] > 0.15 * (high - low)


@pytest.mark.parametrize("prob", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("reward_0", [-1.0, 1.0])
@pytest.mark.parametrize("baseline", [-1.0, 1.5])
def test_no_variance_leaves_the_axes_or_reaches_the_words(prob, reward_0, baseline):
    explorer = at(BaselineVariance, prob=prob, reward_0=reward_0, baseline=baseline)
    curve, (now,) = explorer.parabola.get_ydata(), explorer.now.get_ydata()
    assert explorer.scale.top / 1.51 < curve.max() <= explorer.scale.top * (1 + 1e-9)
    assert np.abs(curve - now).min() < 1e-9
    lowest_words = explorer.numbers.positions[:, 1].min()
    assert lowest_words > 1.05 * curve.max()


def test_a_mean_above_the_axis_is_marked_with_its_number():
    explorer = at(
        BaselineVariance, prob=0.95, baseline=1.5, reward_1=-1.0, reward_0=-1.0, num_episodes=1
    )
    # One draw, arm 0: 0.95 times the weight 2.5.
    assert explorer.beyond.texts == ["off scale: 2.37"]
    assert explorer.sample_now.get_ydata() == [1.0]
    assert at(BaselineVariance).beyond.texts == [""]


@pytest.mark.parametrize(("learning_rate", "seed"), [(0.5, 10), (1.0, 0)])
def test_chapter_4_is_right_that_an_unlucky_episode_throws_theta_away(learning_rate, seed):
    setting = {"theta": 0.6, "num_episodes": 1, "learning_rate": learning_rate, "seed": seed}
    explorer = at(GradientHill, **setting)
    sampled, exact = found(
        "updates theta # and J #, by exact gradients theta #", explorer.description
    )[::2]
    assert sampled < -4 < 3 < exact
    assert explorer.end.get_marker() == "<"
    assert explorer.end.get_xdata() == [-4]
    assert explorer.exact_end.get_marker() == ("D" if exact <= 4 else ">")
    assert explorer.exact_end.get_xdata()[0] == pytest.approx(min(exact, 4), abs=5.1e-3)
    # Nothing brings it back: the hill is flat there.
    path = explorer.jumps.get_xdata()
    gone = path[np.flatnonzero(path < -4)[0] :]
    assert len(gone) > 2
    assert (gone < -4).all()


def test_psi_variants_a_clipped_share_has_an_arrow_and_its_number():
    explorer = at(PsiVariants, task="now and later", gamma=0.96, gamma_power="dropped")
    rows = [VARIANTS.index(name) for name in ("G", "G - V", "Q", "A", "TD")]
    # (1 - 1.05) / (1 - 0.96 * 1.05) = 6.25, beyond the axis.
    assert explorer.words.texts[rows[0]] == "6.25 biased"
    low, high = explorer.beyond
    assert high.get_ydata().tolist() == rows
    assert low.get_ydata().tolist() == []
    assert explorer.wrong_ones.get_ydata().tolist() == [VARIANTS.index("standardized")]
    assert all(len(line.get_xdata()) == 0 for line in at(PsiVariants).beyond)


@pytest.mark.parametrize(
    ("settings", "ticks"),
    [
        ({}, ["0", "1", "2", "3", "4"]),  # the longest is R, 3.055
        ({"task": "now and later", "gamma": 1.0}, ["0", "7.5", "15", "22.5", "30"]),  # G, 29.72
    ],
)
def test_psi_variants_the_bars_of_the_noise_are_as_long_as_their_numbers(settings, ticks):
    explorer = at(PsiVariants, **settings)
    assert explorer.ticks.texts == ticks
    ends = {}
    for patch in (explorer.noise, explorer.wrong_noise):
        for x, y in patch.get_path().vertices:
            ends[round(y)] = max(ends.get(round(y), 0.0), x * float(ticks[-1]))
    for row, name in enumerate(VARIANTS):
        assert ends[row] == pytest.approx(variant(explorer.description, name)[1], abs=5.1e-4)
    in_vermilion = {round(y) for _, y in explorer.wrong_noise.get_path().vertices}
    assert [row in in_vermilion for row in range(len(VARIANTS))] == [
        variant(explorer.description, name)[2] for name in VARIANTS
    ]
    drawn = [float(text) for text in explorer.texts.texts]
    assert drawn == pytest.approx([ends[row] for row in range(len(VARIANTS))], abs=5.1e-3)


def test_psi_variants_without_the_factor_all_turn_but_the_total():
    # R holds gamma^t in its own sum; -0.05 / 0.055 for the others (section 4.6).
    text = at(PsiVariants, task="now and later", gamma_power="dropped").description
    turned = [name for name in VARIANTS if variant(text, name)[0] < -0.9]
    assert turned == ["G", "G - V", "Q", "A", "TD"]


def test_chapter_4_is_right_about_a_reward_at_the_end_and_about_now_and_later():
    text = at(PsiVariants, task="tree, reward at the end").description
    assert variant(text, "standardized")[0] == pytest.approx(-0.8, abs=5e-3)
    text = at(PsiVariants, task="now and later", critic_error=1.0).description
    assert [name for name in VARIANTS if variant(text, name)[2]] == ["standardized"]


def test_chapter_4_is_right_about_the_size_of_the_residuals():
    residuals = [
        rung.residual
        for theta in THETAS
        for gamma in GAMMAS
        for saboteur in SABOTEURS
        for rung in sabotaged_ladder(theta, gamma=gamma, saboteur=saboteur)
    ]
    assert max(residual for residual in residuals if residual < 1e-7) < 1e-12
