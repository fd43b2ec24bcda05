"""Explorers of chapter 6: twins and artists against hand numbers and `exact`."""

import re
from functools import lru_cache

import numpy as np
import pytest

from rlnotes.envs.small_tasks import two_forks
from rlnotes.envs.token_tree import (
    all_completions,
    bigram_policy,
    completion_probs,
    verifier_reward,
)
from rlnotes.exact.policy_gradients import objective
from rlnotes.explorers.importance_weights import OUTCOMES, TARGET, ImportanceWeights
from rlnotes.explorers.inner_epochs import InnerEpochs
from rlnotes.explorers.ppo_clip import PPOClip, six_regions
from rlnotes.explorers.ppo_ingredients import PPOIngredients
from rlnotes.explorers.trust_region_step import TrustRegionStep
from rlnotes.training.recordings import load_arrays
from tests.explorers.test_twins import found


@lru_cache
def built(kind):
    """One of each: a test moves its controls, which is faster than building anew."""
    return kind()


def at(kind, **settings):
    """The explorer at its default setting but for the controls that are named."""
    return built(kind).set(**{**built(kind).defaults, **settings})


def table(text: str) -> list[float]:
    return found("0.5: #, 0.8: #, 1.0: #, 1.2: #, 1.5: #, 2.0: #", text)


@pytest.mark.parametrize(
    ("advantage", "objectives"),
    [
        (5.0, [2.5, 4, 5, 6, 6, 6]),
        (-5.0, [-4, -4, -5, -6, -7.5, -10]),
        (1.0, [0.5, 0.8, 1, 1.2, 1.2, 1.2]),
        (-1.0, [-0.8, -0.8, -1, -1.2, -1.5, -2]),
    ],
)
def test_clip_the_table_of_the_sources(advantage, objectives):
    assert table(at(PPOClip, advantage=advantage).description) == objectives


def test_clip_says_and_draws_value_slope_and_mask():
    explorer = at(PPOClip, ratio=1.5, advantage=-5.0)
    value, plain, slope = found("Objective #, unclipped #; slope #;", explorer.description)
    assert (value, plain, slope) == (-7.5, -7.5, -5)
    assert "the gradient flows (above 1 + eps)" in explorer.description
    assert explorer.point.get_ydata().tolist() == [-7.5]
    assert explorer.slope_here.get_ydata().tolist() == [-5]
    assert explorer.here.get_data() == ([2.5], [0.25])
    stopped = at(PPOClip, ratio=1.5, advantage=5.0)
    assert "slope 0.000; the gradient is stopped (above 1 + eps)" in stopped.description
    assert stopped.here.get_data() == ([2.5], [1.25])


def test_clip_says_that_nothing_pushes_without_an_advantage():
    text = at(PPOClip, ratio=1.0, advantage=0.0).description
    assert "A = 0: nothing to push (inside)" in text
    assert "flows" not in text


@pytest.mark.parametrize(
    ("advantage", "side"),
    [(3.0, "above 1 + eps only"), (-3.0, "below 1 - eps only"), (0.0, "A = 0")],
)
def test_clip_the_heading_names_the_flat_side_of_the_drawn_curve(advantage, side):
    explorer = at(PPOClip, advantage=advantage, clip_epsilon=0.5)
    assert explorer.heading.get_text().endswith(side)
    ratios, values = explorer.curve.get_data()
    flat = {
        "below 1 - eps only": np.ptp(values[ratios < 0.5]) == 0,
        "above 1 + eps only": np.ptp(values[ratios > 1.5]) == 0,
        "A = 0": np.ptp(values) == 0,
    }
    assert flat[side]
    assert sum(flat.values()) == (3 if advantage == 0 else 1)


def test_clip_the_six_regions():
    for epsilon in (0.05, 0.2, 0.9):
        assert six_regions(epsilon).tolist() == [True, True, False, False, True, True]


@pytest.mark.parametrize("clip_epsilon", [0.1, 0.5])
@pytest.mark.parametrize("advantage", [-4.0, 3.0])
def test_clip_the_drawn_slope_is_that_of_the_drawn_curve(advantage, clip_epsilon):
    explorer = at(PPOClip, advantage=advantage, clip_epsilon=clip_epsilon)
    ratios, values = explorer.curve.get_data()
    slopes = explorer.slope.get_ydata()
    numeric = np.diff(values) / np.diff(ratios)
    same = np.isclose(numeric, slopes[1:], atol=1e-9) | np.isclose(numeric, slopes[:-1], atol=1e-9)
    assert (~same).sum() <= 2  # the cell of the kink


@pytest.mark.parametrize(
    ("beside", "ratio", "advantage", "value"),
    [
        ("half bands, no min", 1.5, -5.0, -5.0),
        ("clip alone, no min", 1.5, -5.0, -6.0),
        ("half bands, no min", 0.5, 5.0, 5.0),
        ("clip alone, no min", 0.5, 5.0, 4.0),
        ("mask times ratio times A", 1.5, 5.0, 0.0),
        ("mask times ratio times A", 0.5, 5.0, 2.5),
    ],
)
def test_clip_the_wrong_versions_by_hand(beside, ratio, advantage, value):
    text = at(PPOClip, beside=beside, ratio=ratio, advantage=advantage).description
    assert found(f"Beside it, {beside}: #", text) == [value]


@pytest.mark.parametrize("q_centre", [3.0, 6.0])
@pytest.mark.parametrize("q_width", [1.5, 2.5])
def test_weights_repair_the_mean_whatever_q_is(q_centre, q_width):
    text = at(ImportanceWeights, q_centre=q_centre, q_width=q_width).description
    wanted, under_q, mean = found("exact #; under Q #. A reweighted draw has mean #", text)
    assert wanted == pytest.approx(TARGET @ OUTCOMES, abs=5.1e-4)
    assert mean == wanted
    assert abs(under_q - wanted) > 0.1
    q = np.exp(-((OUTCOMES - q_centre) ** 2) / (2 * q_width**2))
    q /= q.sum()
    variance, of_p = found("and variance #, a draw from P #.", text)
    (share,) = found("moment of the weight: # with one", text)
    assert variance == pytest.approx((TARGET**2 * OUTCOMES**2 / q).sum() - wanted**2, rel=1e-3)
    assert of_p == pytest.approx(TARGET @ (OUTCOMES - wanted) ** 2, abs=5.1e-4)
    assert share == pytest.approx((TARGET**2 / q).sum(), abs=5.1e-4)


def test_weights_the_worth_of_both_estimates_is_that_of_many_runs():
    text = at(ImportanceWeights).description  # q_centre 4, width 2, 100 samples
    words = "from P: the mean of w x #, divided by the sum of the weights #"
    plain, normalized = found(words, text)
    q = np.exp(-((OUTCOMES - 4.0) ** 2) / 8)
    drawn = np.random.default_rng(0).choice(9, size=(20_000, 100), p=q / q.sum())
    weights = (TARGET / (q / q.sum()))[drawn]
    sums = (weights * OUTCOMES[drawn]).sum(axis=1)
    variance = TARGET @ (OUTCOMES - TARGET @ OUTCOMES) ** 2
    # The variance of 20,000 runs is known to 1 %; the second number is a limit.
    assert plain == pytest.approx(variance / (sums / 100).var(), rel=0.04)
    assert normalized == pytest.approx(variance / (sums / weights.sum(axis=1)).var(), rel=0.04)
    (kish,) = found("weights alone: #", text)
    assert plain < kish / 5 < normalized / 5


def test_weights_both_curves_end_at_the_numbers_of_the_text():
    explorer = at(ImportanceWeights, num_samples=400, seed=3)
    plain, normalized = found(
        "400 samples #, divided by the sum of the weights #", explorer.description
    )
    assert explorer.estimates.get_ydata()[-1] == pytest.approx(plain, abs=5.1e-4)
    assert explorer.normalized.get_ydata()[-1] == pytest.approx(normalized, abs=5.1e-4)
    assert plain != normalized
    # One draw alone: w x, divided by its own weight, is x.
    explorer = at(ImportanceWeights, q_width=4.0, num_samples=1, seed=3)
    assert explorer.normalized.get_ydata()[0] in OUTCOMES


def test_weights_cannot_repair_a_hole():
    text = at(ImportanceWeights, hole="x = 6").description
    mean, missed = found("A reweighted draw has mean #.*never draws: #", text)
    assert missed == pytest.approx(TARGET[6], abs=5.1e-4)
    assert mean == pytest.approx(TARGET @ OUTCOMES - 6 * TARGET[6], abs=5.1e-4)
    assert "no number of draws makes up" in text
    assert "Worth in draws" not in text


def test_weights_the_price_is_a_power_of_the_length():
    one, many = found(
        "weight: # with one step, # with a product of 10",
        at(ImportanceWeights, length=10).description,
    )
    assert many == pytest.approx(one**10, rel=5e-3)
    text = at(ImportanceWeights, length=20).description
    assert found("ratio 1.02, the product would be #", text) == [1.486]


def test_chapter_6_is_right_about_a_calm_run_that_is_wrong():
    explorer = at(ImportanceWeights, q_centre=2.0, q_width=1.0)
    (wanted,) = found("exact #", explorer.description)
    values = explorer.estimates.get_ydata()
    assert (values[20:100] < 0.6 * wanted).all()
    assert np.diff(values[20:]).max() > 1.5  # then one draw throws it


def test_weights_of_equal_distributions_are_one():
    explorer = at(ImportanceWeights, q_centre=5.0, q_width=1.5, num_samples=50)
    assert found("weights alone: #", explorer.description) == [50]
    assert found("mean of w x #, divided.*weights #", explorer.description) == [50, 50]
    assert explorer.growth.get_ydata() == pytest.approx(np.ones(40))


def numbers_of(name: str, text: str) -> list[float]:
    return found(f"{name}: KL #, surrogate gain #, true gain #", text)


def forks_objective(theta_1: float, theta_2: float) -> float:
    return objective(two_forks(), np.array([[0, theta_1], [0, theta_2], [0, 0]]), gamma=1.0)


@pytest.mark.parametrize("max_kl", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("theta_1", [-1.5, 0.0, 1.5])
@pytest.mark.parametrize("theta_2", [-1.5, 1.5])
def test_the_step_keeps_to_the_bound(max_kl, theta_1, theta_2):
    explorer = at(TrustRegionStep, max_kl=max_kl, theta_1=theta_1, theta_2=theta_2)
    text = explorer.description
    kl, gain, truth = numbers_of("TRPO", text)
    assert kl <= max_kl
    assert gain > 0
    x, y = (float(values[0]) for values in explorer.marks["TRPO"].get_data())
    start = forks_objective(theta_1, theta_2)
    assert found("J at the start #", text) == pytest.approx([start], abs=5.1e-5)
    assert truth == pytest.approx(forks_objective(x, y) - start, abs=5.1e-5)


def test_the_closed_lines_are_where_kl_and_its_model_reach_the_bound():
    explorer = at(TrustRegionStep, max_kl=0.2, theta_1=0.5, theta_2=-1.0)
    # One logit per state: KL of two Bernoullis, the second fork weighted by its visits.
    p, q = 1 / (1 + np.exp(-0.5)), 1 / (1 + np.exp(1.0))
    x, y = np.asarray(explorer.ball.get_data())
    kls = []
    for old, new in ((p, 1 / (1 + np.exp(-x))), (q, 1 / (1 + np.exp(-y)))):
        kls.append(old * np.log(old / new) + (1 - old) * np.log((1 - old) / (1 - new)))
    assert (kls[0] + p * kls[1]) / (1 + p) == pytest.approx(np.full(len(x), 0.2), abs=1e-4)
    angles = np.unwrap(np.arctan2(y + 1, x - 0.5))
    assert np.diff(angles) == pytest.approx(2 * np.pi / (len(x) - 1), abs=1e-3)
    x, y = np.asarray(explorer.ellipse.get_data())
    squares = p * (1 - p) * (x - 0.5) ** 2 + p * q * (1 - q) * (y + 1) ** 2
    assert squares / (1 + p) / 2 == pytest.approx(np.full(len(x), 0.2), abs=1e-6)


def test_the_gradient_step_ends_where_alpha_says():
    explorer = at(TrustRegionStep, theta_1=-1.0, theta_2=-0.5, learning_rate=2.0)
    h, start = 1e-5, np.array([-1.0, -0.5])
    slopes = [
        (forks_objective(*(start + h * axis)) - forks_objective(*(start - h * axis))) / (2 * h)
        for axis in np.eye(2)
    ]
    x, y = explorer.marks["gradient"].get_data()
    assert [float(x[1]), float(y[1])] == pytest.approx((start + 2 * np.array(slopes)).tolist())


@pytest.mark.parametrize(("theta_1", "theta_2"), [(-1.0, -0.5), (1.5, 1.5), (-1.5, -1.5)])
@pytest.mark.parametrize("max_kl", [0.05, 0.3])
def test_the_gradient_at_the_bound_has_its_direction_and_that_kl(theta_1, theta_2, max_kl):
    explorer = at(TrustRegionStep, max_kl=max_kl, theta_1=theta_1, theta_2=theta_2)
    kl, _, truth = numbers_of("Gradient at the bound", explorer.description)
    assert kl == pytest.approx(max_kl, abs=5.1e-5)
    start = np.array([theta_1, theta_2])
    marks = {name: np.array(explorer.marks[name].get_data()) for name in explorer.marks}
    step, gradient = marks["gradient at the bound"][:, 0] - start, np.diff(marks["gradient"])[:, 0]
    assert step / np.linalg.norm(step) == pytest.approx(gradient / np.linalg.norm(gradient))
    gain = forks_objective(*(start + step)) - forks_objective(*start)
    assert truth == pytest.approx(gain, abs=5.1e-5)


def outside(explorer) -> list[str]:
    (words,) = explorer.words.texts
    return re.findall(r"([a-zA-Z= ]+) \(", words.partition("Outside:")[2])


def test_a_mark_beyond_the_map_has_an_arrow_at_the_edge_and_its_place_in_words():
    explorer = at(TrustRegionStep)
    assert outside(explorer) == []
    assert len(explorer.arrows.get_paths()) == 0
    explorer = at(TrustRegionStep, theta_1=1.5, theta_2=1.5, max_kl=0.3)
    assert [n.strip() for n in outside(explorer)] == ["gradient at the bound", "natural = TRPO"]
    x, y = explorer.marks["natural"].get_data()
    assert f"natural = TRPO ({x[0]:.1f}, {y[0]:.1f})" in explorer.words.texts[0]
    tips = [path.vertices[0] for path in explorer.arrows.get_paths()]
    assert np.abs(tips) == pytest.approx(np.clip(np.abs(tips), 0, 4))
    x, y = explorer.marks["gradient at the bound"].get_data()
    assert tips[0].tolist() == pytest.approx([x[0], 4.0])
    assert y[0] > 4 > x[0]
    # It points out of the map: the other two corners lie behind the tip.
    assert (explorer.arrows.get_paths()[0].vertices[1:3, 1] < 4).all()
    assert len(tips) == 3


@pytest.mark.parametrize("theta_1", [-1.5, 0.0, 1.5])
@pytest.mark.parametrize("theta_2", [-1.5, 0.0, 1.5])
@pytest.mark.parametrize("max_kl", [0.01, 0.3])
def test_the_curves_of_the_step_fill_their_axes_and_stay_inside(theta_1, theta_2, max_kl):
    explorer = at(TrustRegionStep, max_kl=max_kl, theta_1=theta_1, theta_2=theta_2)
    panels = (explorer.truth, explorer.promise), (explorer.kl, explorer.quadratic, explorer.bound)
    for lines, scale in zip(panels, explorer.scales, strict=True):
        heights = np.concatenate([line.get_ydata() for line in lines])
        assert scale.top / 1.51 < heights.max() <= scale.top * (1 + 1e-9)
        assert heights.min() > -0.04 * scale.top


def test_chapter_6_is_right_about_the_step_of_the_figure():
    text = at(TrustRegionStep).description
    assert numbers_of("Natural step", text)[0] == 0.1003  # just outside: the search halves it
    assert "share 0.500 of the natural step" in text
    for name in ("Gradient step", "Natural step", "TRPO"):
        _, promise, truth = numbers_of(name, text)
        assert truth < promise
    text = at(TrustRegionStep, theta_1=-1.5, theta_2=-1.5, max_kl=0.3).description
    assert [round(value, 2) for value in numbers_of("TRPO", text)[1:]] == [0.55, 0.37]


@pytest.mark.parametrize("batch", [0, 1, 2])
@pytest.mark.parametrize("clip_epsilon", ["0.1", "0.2", "0.4", "no clip"])
def test_inner_epochs_start_at_ratio_one_and_leave_every_band(batch, clip_epsilon):
    setting = {"batch": batch, "clip_epsilon": clip_epsilon}
    start = at(InnerEpochs, num_epochs=0, **setting).description
    assert found("Ratios from # to #; # of the tokens", start) == [1, 1, 0]
    assert found("gain #. J less.*surrogate promised #", start) == [0, 0]
    low, high, share = found(
        "Ratios from # to #; # of the tokens", at(InnerEpochs, num_epochs=16, **setting).description
    )
    epsilon = 0.2 if clip_epsilon == "no clip" else float(clip_epsilon)
    assert high > 1 + 1.4 * epsilon  # the clip bounds nothing
    assert low < 1 - 1.4 * epsilon
    assert share > 0.2


def test_inner_epochs_the_clip_holds_the_divergence_down():
    for batch in range(3):
        kls = [
            found(
                "KL\\(old, new\\) # nats",
                at(InnerEpochs, num_epochs=16, batch=batch, clip_epsilon=c).description,
            )[0]
            for c in ("0.2", "no clip")
        ]
        assert kls[0] < 0.2 < 5 < kls[1]


def test_inner_epochs_engine_noise_spreads_the_first_ratios():
    text = at(InnerEpochs, num_epochs=0, logit_noise=0.1).description
    low, high = found("Ratios from # to #", text)
    assert low < 0.95 < 1.05 < high
    assert found("KL\\(old, new\\) # nats", text) == [0]


def test_inner_epochs_the_dots_are_the_recorded_ratios():
    explorer = at(InnerEpochs, num_epochs=3)
    shown = np.concatenate([explorer.good.get_offsets(), explorer.bad.get_offsets()])[:, 0]
    low, high = found("Ratios from # to #", explorer.description)
    assert shown.min() == pytest.approx(low, abs=6e-4)
    assert shown.max() == pytest.approx(high, abs=6e-4)


@pytest.mark.parametrize("batch", [0, 1, 2])
def test_inner_epochs_without_a_clip_the_price_of_the_drift_eats_the_gain(batch):
    said = "J is #, at.*reference, # nats, is #, gain #, at its best # after"
    values = {}
    for clip_epsilon in ("0.2", "no clip"):
        explorer = at(InnerEpochs, num_epochs=16, batch=batch, clip_epsilon=clip_epsilon)
        J, kl, priced, gain, best = found(said, explorer.description)
        values[clip_epsilon] = J, priced
        assert priced == pytest.approx(J - 0.3 * kl, abs=1.1e-3)
        assert gain == pytest.approx(priced - 0.278, abs=1.1e-3)
        assert best == pytest.approx(0.278 + np.nanmax(explorer.priced.get_ydata()), abs=1.1e-3)
    assert values["no clip"][0] > values["0.2"][0]  # by J alone
    assert values["no clip"][1] < values["0.2"][1] - 0.5


def test_inner_epochs_a_curve_that_leaves_the_frame_ends_in_a_mark_on_its_edge():
    explorer = at(InnerEpochs, num_epochs=16, batch=1, clip_epsilon="no clip")
    bottom, top = explorer.truth.axes.get_ylim()
    ((x, y),) = explorer.leaving.get_offsets()
    epochs, gains = (np.asarray(part) for part in explorer.promise.get_data())
    shown = np.isfinite(gains)
    assert (epochs[shown][-1], gains[shown][-1]) == (x, y)
    assert 0 < x < 16
    assert bottom < y < top
    assert {tuple(p) for p in explorer.falling.get_offsets()} == {
        (line.get_xdata()[k], line.get_ydata()[k])
        for line in (explorer.clipped, explorer.priced)
        for k in [np.isfinite(line.get_ydata()).sum() - 1]
    }
    calm = at(InnerEpochs, num_epochs=16, batch=1, clip_epsilon="0.2")
    assert len(calm.leaving.get_offsets()) == len(calm.falling.get_offsets()) == 0
    assert np.isfinite(calm.promise.get_ydata()).all()


def test_inner_epochs_names_the_triangles_that_are_drawn():
    explorer = at(InnerEpochs, num_epochs=16, batch=0)
    marks = np.concatenate([explorer.good.get_offsets(), explorer.bad.get_offsets()])
    named = [
        (text, x, y)
        for text, (x, y) in zip(explorer.tokens.texts, explorer.tokens.positions, strict=True)
        if text
    ]
    assert sorted(y for _, _, y in named) == sorted(marks[:, 1])
    for text, x, y in named:  # right of its triangle; 1, 2 and . from top to bottom
        (place,) = marks[marks[:, 1] == y, 0]
        assert place < x < 1.3 * place
        assert text == "12."[round(4 * (y - round(y))) + 1]
    text, x, y = max(named, key=lambda name: name[1])
    assert (text, round(y)) == ("2", 2)  # the 2 after 1:2, with A < 0
    assert y in explorer.bad.get_offsets()[:, 1]


def test_inner_epochs_explains_the_edge_marks_only_where_there_are_any():
    wild = at(InnerEpochs, num_epochs=16, batch=1, clip_epsilon="no clip")
    assert wild.outside.texts == ["triangle: goes on outside"]
    calm = at(InnerEpochs, num_epochs=16, batch=1, clip_epsilon="0.2")
    assert calm.outside.texts == [""]


def test_inner_epochs_no_two_marks_lie_on_each_other():
    for batch in range(3):
        explorer = at(InnerEpochs, num_epochs=16, batch=batch, clip_epsilon="no clip")
        marks = np.concatenate([explorer.good.get_offsets(), explorer.bad.get_offsets()])
        assert len({(round(x, 6), round(y, 6)) for x, y in marks}) == len(marks) > 10


def ends(**settings) -> dict[str, list[float]]:
    text = at(PPOIngredients, **settings).description
    return {
        "measure": found("KL # \\(from # to #\\), with", text),
        "J": found("true J # \\(from # to #\\)", text),
        "moved": found("last update # \\(from # to #\\)", text),
        "drift": found("reference # \\(from # to #\\); KL", text),
        "noise": found("length: median #", text),
    }


def below(**settings) -> float:
    """Share of the seeds in which the measure is below that of all parts."""
    worse, seeds = found("same seed in # of #", at(PPOIngredients, **settings).description)
    return worse / seeds


JUDGES = [{"reward_noise": noise, "reward_offset": offset} for noise in (1, 0) for offset in (2, 0)]


@pytest.mark.parametrize("judge", JUDGES)
def test_chapter_6_is_right_about_the_parts_in_the_measure_the_runs_climb(judge):
    for part in ("ratio", "clip", "reference", "critic"):
        assert below(**judge, **{part: False}) > 0.6
        assert ends(**judge, **{part: False})["measure"][0] < ends(**judge)["measure"][0]
    if judge["reward_noise"]:
        assert below(**judge, reuse=False) < 0.3
        assert ends(**judge, reuse=False)["measure"][0] > ends(**judge)["measure"][0] + 0.02
    else:
        assert all(below(**judge, **{part: False}) == 1 for part in ("ratio", "clip", "critic"))
    assert "same seed" not in at(PPOIngredients, **judge).description


def test_chapter_6_is_right_about_the_symptoms_of_the_five_parts():
    everything = ends()
    for part in ("ratio", "clip"):
        broken = ends(**{part: False})
        assert broken["J"][1] < 0.01  # a seed that lost everything
        assert broken["drift"][0] > 1.5 * everything["drift"][0]
        assert ends(**{part: False}, rollout=1)["moved"][0] > 10 * ends(rollout=1)["moved"][0]
    assert ends(reference=False)["drift"][0] > 1.3 * everything["drift"][0]
    assert ends(reuse=False, rollout=5)["J"][0] < ends(rollout=5)["J"][0] - 0.1


def test_a_constant_in_the_rewards_matters_only_without_the_critic():
    assert ends(reward_offset=0)["measure"] == ends()["measure"]
    for noise in (1, 0):
        judge = {"reward_noise": noise}
        (with_critic,) = ends(**judge)["noise"]
        (without,), (no_offset,) = (
            ends(**judge, critic=False, reward_offset=offset)["noise"] for offset in (2, 0)
        )
        assert no_offset - with_critic < 0.15 * (without - with_critic)  # the offset is most


def test_idle_parts_say_so_and_change_nothing():
    fresh = at(PPOIngredients, reuse=False)
    assert "ratio and clip are idle" in fresh.description
    line = fresh.panels[0][3].get_ydata()
    np.testing.assert_array_equal(
        line, at(PPOIngredients, reuse=False, clip=False).panels[0][3].get_ydata()
    )
    assert "clip is idle" in at(PPOIngredients, ratio=False).description


def test_the_optimum_beside_the_runs_is_that_of_the_price():
    # By hand: weights of the 27 completions, beta 0.3.
    probs = np.array(completion_probs(bigram_policy(temperature=1.0)))
    rewards = np.array([verifier_reward(text) for text in all_completions()])
    tilted = probs * np.exp(rewards / 0.3)
    tilted /= tilted.sum()
    J, kl = tilted @ rewards, tilted @ np.log(tilted / probs)
    expected = [J - 0.3 * kl, J, kl]
    for setting in ({}, {"reference": False}):  # the same measure for all rows
        explorer = at(PPOIngredients, **setting)
        said = found("policies: J.*KL #, J #, KL to the reference #", explorer.description)
        assert said == pytest.approx(expected, abs=6e-4)
        shown = [line.get_ydata()[0] for line in explorer.best]
        assert shown == pytest.approx(expected, abs=1e-6)
        assert ends(**setting)["measure"][2] < expected[0]  # nothing beats the optimum


def test_the_lines_are_the_recorded_seeds_of_the_chosen_judge():
    arrays = load_arrays("ppo_ingredients")
    judge = arrays["judges"].tolist().index([0, 1])
    explorer = at(PPOIngredients, clip=False, reward_offset=0)
    for name, band, before, median, here in explorer.panels:
        of_all, of_clip = (
            {
                "objective": arrays["objective"][row, judge],
                "kl_to_ref": arrays["kl_to_ref"][row, judge],
                "penalized": arrays["objective"][row, judge]
                - 0.3 * arrays["kl_to_ref"][row, judge],
            }[name]
            for row in (
                arrays["choices"].tolist().index([True] * 5),
                arrays["choices"].tolist().index([True, True, False, True, True]),
            )
        )
        lowest = -0.5 if name == "penalized" else -np.inf  # the edge of the frame
        shown = np.maximum([of_clip.min(0), np.median(of_clip, 0), of_clip.max(0)], lowest)
        np.testing.assert_allclose(before.get_ydata(), np.median(of_all, axis=0), atol=1e-5)
        np.testing.assert_allclose(median.get_ydata(), shown[1], atol=1e-5)
        np.testing.assert_allclose(here.get_ydata(), [shown[1][-1]], atol=1e-5)
        corners = band.get_paths()[0].vertices
        for batch in (0, 7, 20):
            heights = corners[corners[:, 0] == batch][:, 1]
            edges = [heights.min(), heights.max()]
            np.testing.assert_allclose(edges, shown[[0, 2], batch], atol=1e-5)


def test_words_of_the_parts_explorer_stand_above_all_curves():
    explorer = at(PPOIngredients)
    figure = explorer.figure()
    for choice in ({}, {"ratio": False}, {"clip": False, "critic": False}):
        at(PPOIngredients, **choice)
        for panel in figure.axes:
            highest = max(np.nanmax(line.get_ydata()) for line in panel.lines)
            bands = [path.vertices[:, 1].max() for c in panel.collections for path in c.get_paths()]
            for text in panel.texts:
                box = text.get_window_extent().transformed(panel.transData.inverted())
                if text.get_text():
                    assert box.y0 > max(highest, *bands)


@pytest.mark.parametrize(("offset", "noise"), [(2.0, 1.0), (0.0, 1.0), (2.0, 0.0)])
def test_the_picture_names_the_judge_whose_offset_changes_no_curve(offset, noise):
    explorer = at(PPOIngredients, reward_offset=offset, reward_noise=noise)
    assert explorer.judge.get_text() == f"judge: adds {offset:g}, noise {noise:g}"
