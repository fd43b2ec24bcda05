"""The explorer of a group of answers: worked numbers, and steps in closed form."""

import itertools
import math

import numpy as np
import pytest

from rlnotes.explorers.group_of_answers import GroupOfAnswers
from rlnotes.explorers.written_groups import GROUPS, LIKELY_AND_BAD, NAMES, compared, policy_path
from tests.explorers.test_twins import found
from tests.explorers.test_twins_06 import at

SORT = "sort a list: 1, 0, 1, 0.5"
LISTS = {  # where the twin lists one number per answer, and what follows
    "rewards": "Rewards {}: mean",
    "baselines": "Baselines {}; advantages",
    "advantages": "advantages {}, sum",
    "ratios": "the ratios are {}; prob",
    "start": "probabilities {} at the start",
    "now": "at the start, {} now",
}


def lists_of(explorer: GroupOfAnswers) -> dict[str, np.ndarray]:
    marks = ", ".join(["#"] * len(GROUPS[explorer.settings["group"]]))
    text = explorer.description
    return {name: np.array(found(words.format(marks), text)) for name, words in LISTS.items()}


def clip_counts(explorer: GroupOfAnswers) -> tuple[int, int]:
    pattern = "gradient stopped: # of #; outside the band: # of #"
    stopped, count, outside, same = found(pattern, explorer.description)
    assert count == same == len(GROUPS[explorer.settings["group"]])
    return int(stopped), int(outside)


@pytest.mark.parametrize(
    ("advantage", "baselines", "advantages"),
    [
        ("reward itself", [0] * 4, [1, 0, 1, 0.5]),
        ("leave-one-out (RLOO)", [0.5, 0.833, 0.5, 0.667], [0.5, -0.833, 0.5, -0.167]),
        ("group mean (Dr. GRPO)", [0.625] * 4, [0.375, -0.625, 0.375, -0.125]),
        ("sample std (GRPO)", [0.625] * 4, [0.783, -1.305, 0.783, -0.261]),
        ("population std", [0.625] * 4, [0.905, -1.508, 0.905, -0.302]),
        ("mean (MaxRL)", [0.625] * 4, [0.6, -1, 0.6, -0.2]),
    ],
)
def test_group_says_the_numbers_of_the_worked_group(advantage, baselines, advantages):
    explorer = at(GroupOfAnswers, advantage=advantage)
    lists = lists_of(explorer)
    assert lists["rewards"].tolist() == [1, 0, 1, 0.5]
    assert lists["baselines"].tolist() == baselines
    assert lists["advantages"] == pytest.approx(advantages, abs=0.0011)
    assert found("mean #, sample std #, population std #\\.", explorer.description) == [
        0.625,
        0.4787,
        0.4146,
    ]
    (total,) = found("sum #\\.", explorer.description)
    assert total == (2.5 if advantage == "reward itself" else 0)


def test_group_offers_every_way_to_the_advantage_but_the_std_without_its_constant():
    assert list(NAMES.values()) == [
        "reward",
        "leave_one_out",
        "group_mean",
        "sample_std_plus",
        "population_std",
        "mean",
    ]


@pytest.mark.parametrize("advantage", list(NAMES))
@pytest.mark.parametrize("group", list(GROUPS))
def test_group_the_first_step_has_a_closed_form_whatever_clip_and_price(group, advantage):
    # d/dz_j of the mean of ratio_i A_i at ratio 1: (A_j - pi_j * sum of A) / K.
    explorer = at(GroupOfAnswers, group=group, advantage=advantage, num_epochs=1)
    lists, text = lists_of(explorer), explorer.description
    start, advantages = lists["start"], lists["advantages"]
    start = start / start.sum()
    logits = np.log(start) + 0.5 * (advantages - start * advantages.sum()) / len(start)
    probs = np.exp(logits) / np.exp(logits).sum()
    assert lists["now"] == pytest.approx(probs, abs=1.1e-3)
    assert lists["ratios"] == pytest.approx(probs / start, abs=2.5e-3)
    for setting in ({"beta": 0.8}, {"beta": 0.0}, {"clip_epsilon": 0.05}, {"clip_epsilon": 0.5}):
        other = lists_of(explorer.set(beta=0.04, clip_epsilon=0.2).set(**setting))
        assert other["ratios"].tolist() == lists["ratios"].tolist(), setting
    assert text != explorer.description  # the setting is named


@pytest.mark.parametrize("beta", [0.0, 0.04, 0.8])
@pytest.mark.parametrize("clip_epsilon", [0.05, 0.3])
@pytest.mark.parametrize("group", list(GROUPS))
def test_group_all_steps_follow_the_slope_worked_by_hand(group, clip_epsilon, beta):
    setting = {"clip_epsilon": clip_epsilon, "beta": beta, "num_epochs": 10}
    start = lists_of(at(GroupOfAnswers, group=group, num_epochs=1))["start"]
    start = start / start.sum()
    _, advantages = compared(GROUPS[group], "sample_std_plus")
    logits, path = np.log(start), [start]
    for _ in range(10):
        probs = path[-1]
        ratios = probs / start
        stopped = (advantages > 0) & (ratios > 1 + clip_epsilon)
        stopped |= (advantages < 0) & (ratios < 1 - clip_epsilon)
        # k3 = r - 1 - log r with r = start / probs falls by r - 1 per nat of log pi.
        pulls = np.where(stopped, 0, ratios * advantages) + beta * (start / probs - 1)
        logits = logits + 0.5 * (pulls - probs * pulls.sum()) / len(start)
        path.append(np.exp(logits) / np.exp(logits).sum())
    exact = policy_path(tuple(start), tuple(advantages), **setting)
    assert exact == pytest.approx(np.array(path), abs=1e-9)
    explorer = at(GroupOfAnswers, group=group, **setting)
    assert lists_of(explorer)["now"] == pytest.approx(path[-1], abs=2e-3)


@pytest.mark.parametrize("setting", [{"clip_epsilon": 0.05}, {"beta": 0.8}])
def test_group_clip_and_price_count_from_the_second_step_on(setting):
    plain = lists_of(at(GroupOfAnswers, num_epochs=2, clip_epsilon=0.5, beta=0.0))["ratios"]
    other = at(GroupOfAnswers, num_epochs=2, clip_epsilon=0.5, beta=0.0).set(**setting)
    other = lists_of(other)["ratios"]
    assert abs(other - plain).max() > 0.005
    assert abs(other - 1).sum() < abs(plain - 1).sum() - 0.01


@pytest.mark.parametrize("group", [SORT, "two answers", LIKELY_AND_BAD])
@pytest.mark.parametrize("advantage", list(NAMES))
def test_group_a_constant_in_all_rewards_changes_what_has_no_baseline(group, advantage):
    setting = {"group": group, "advantage": advantage, "num_epochs": 10}
    plain = lists_of(at(GroupOfAnswers, **setting))
    shifted = lists_of(at(GroupOfAnswers, **setting, reward_shift=0.75))
    assert shifted["rewards"] == pytest.approx(plain["rewards"] + 0.75)
    same = advantage not in ("reward itself", "mean (MaxRL)")
    assert (shifted["advantages"].tolist() == plain["advantages"].tolist()) == same
    assert (shifted["ratios"].tolist() == plain["ratios"].tolist()) == same


def test_group_equal_starts_hide_a_constant_until_an_answer_is_stopped():
    # The group holds every answer once: the mean of ratio times a constant is constant.
    for num_epochs, same in ((4, True), (10, False)):
        setting = {"advantage": "reward itself", "num_epochs": num_epochs}
        plain = at(GroupOfAnswers, **setting)
        assert (clip_counts(plain)[0] == 0) == same
        ratios = lists_of(plain)["ratios"].tolist()
        shifted = lists_of(at(GroupOfAnswers, **setting, reward_shift=0.75))
        assert (shifted["ratios"].tolist() == ratios) == same


def test_group_the_std_forgets_how_far_two_answers_are_apart():
    for change in (-1.0, -0.25, 0.5):
        setting = {"group": "two answers", "reward_change": change}
        gap = 1 - change
        standard = lists_of(at(GroupOfAnswers, **setting))["advantages"]
        assert standard == pytest.approx([math.sqrt(0.5), -math.sqrt(0.5)], abs=6e-4)
        centred = at(GroupOfAnswers, **setting, advantage="group mean (Dr. GRPO)")
        assert lists_of(centred)["advantages"] == pytest.approx([gap / 2, -gap / 2], abs=6e-4)


@pytest.mark.parametrize("advantage", list(NAMES))
def test_group_equal_rewards_move_nothing(advantage):
    for setting in ({"group": "all right"}, {"group": "two answers", "reward_change": 1.0}):
        explorer = at(GroupOfAnswers, **setting, advantage=advantage, num_epochs=1, beta=0.8)
        lists = lists_of(explorer)
        if advantage != "reward itself":
            assert not lists["advantages"].any()
        # Equal answers of equal probability: without a baseline nothing moves, either.
        assert (lists["ratios"] == 1).all()
        assert "No answer moved." in explorer.description
    text = at(GroupOfAnswers, group="all right", reward_change=-1.0).description
    assert "No answer moved." not in text


def test_group_an_answer_can_move_against_its_advantage():
    # To first order an answer gains where A lies above its mean under the policy.
    explorer = at(GroupOfAnswers, group=LIKELY_AND_BAD, num_epochs=1)
    lists = lists_of(explorer)
    advantages, start = lists["advantages"], lists["start"]
    assert start @ advantages < advantages[1] < 0
    assert lists["ratios"][1] > 1
    assert explorer.description.endswith("Moved against the sign of their advantage: 2.")
    for group in GROUPS:
        explorer = at(GroupOfAnswers, group=group, num_epochs=1)
        lists = lists_of(explorer)
        means = lists["start"] @ lists["advantages"]
        gains = lists["ratios"] > 1
        # The convex normalizer takes a little more than the mean; it never takes less.
        assert not (gains & (lists["advantages"] <= means)).any()
    start = lists_of(at(GroupOfAnswers))
    assert start["start"] @ start["advantages"] == pytest.approx(0, abs=1e-3)
    assert at(GroupOfAnswers).description.endswith("of their advantage: none.")


def test_group_equal_starts_cannot_lift_a_negative_advantage_in_one_step_but_sink_a_positive():
    setting = {"clip_epsilon": 0.2, "beta": 0.04, "num_epochs": 1}
    for rewards in GROUPS.values():
        for change, name in itertools.product(np.linspace(-1, 1, 9), list(NAMES.values())[1:]):
            group = (*rewards[:-1], rewards[-1] + change)
            _, advantages = compared(group, name)
            start, now = policy_path((1 / len(group),) * len(group), tuple(advantages), **setting)
            assert (now <= start + 1e-12)[advantages < 0].all()
    # Its logit rises by less than the log of the normalizer, the mean of exp.
    setting = {"group": "rewards of a reward model", "reward_change": -0.25, "num_epochs": 1}
    explorer = at(GroupOfAnswers, **setting, advantage="population std")
    lists = lists_of(explorer)
    assert lists["advantages"][3] == 0.034
    assert lists["ratios"][3] == 0.999
    assert explorer.description.endswith("Moved against the sign of their advantage: 4.")


def test_group_a_positive_advantage_sinks_where_others_are_not_yet_stopped():
    ratios = []
    for num_epochs in (1, 4):
        explorer = at(GroupOfAnswers, reward_change=0.25, num_epochs=num_epochs)
        lists = lists_of(explorer)
        assert lists["advantages"][3] == 0.132
        ratios.append(lists["ratios"][3])
    assert ratios[0] > 1 > 0.95 > ratios[1]
    assert explorer.description.endswith("Moved against the sign of their advantage: 4.")


@pytest.mark.parametrize("group", list(GROUPS))
@pytest.mark.parametrize("clip_epsilon", [0.05, 0.2, 0.35])
def test_group_counts_and_rings_the_answers_whose_gradient_is_stopped(group, clip_epsilon):
    for num_epochs in (1, 3, 10):
        explorer = at(GroupOfAnswers, group=group, clip_epsilon=clip_epsilon, num_epochs=num_epochs)
        lists = lists_of(explorer)
        advantages, ratios = lists["advantages"], lists["ratios"]
        # A good answer beyond 1 + eps or a bad one below 1 - eps, but for rounding.
        beyond = np.where(advantages > 0, ratios - 1, 1 - ratios) - clip_epsilon
        beyond[advantages == 0] = -1
        count = len(ratios)
        rows = (np.arange(count) + 0.5) / count
        ringed = np.isclose(rows[:, None], explorer.rings.get_ydata()).any(axis=1)
        sure = abs(beyond) > 6e-4
        assert sure.sum() >= count - 1
        assert (ringed == (beyond > 0))[sure].all()
        stopped, outside = clip_counts(explorer)
        assert stopped == ringed.sum() == len(explorer.rings.get_xdata())
        far = abs(ratios - 1) - clip_epsilon
        assert (far > 6e-4).sum() <= outside <= (far > -6e-4).sum()
        note = f"gradient stopped (ring): {stopped}; outside the band: {outside}"
        assert explorer.notes[2].texts == [note]
        assert explorer.band.get_x() == pytest.approx(1 - clip_epsilon)
        assert explorer.band.get_width() == pytest.approx(2 * clip_epsilon)


@pytest.mark.parametrize("advantage", list(NAMES))
@pytest.mark.parametrize("group", list(GROUPS))
def test_group_draws_what_it_says(group, advantage):
    explorer = at(GroupOfAnswers, group=group, advantage=advantage, reward_change=-0.5)
    lists = lists_of(explorer)
    count = len(GROUPS[group])
    rows = (np.arange(count) + 0.5) / count
    ends = explorer.rewards.get_xdata()[1::3]
    assert ends == pytest.approx(lists["rewards"], abs=6e-4)
    assert explorer.rewards.get_ydata()[1::3] == pytest.approx(rows)
    assert explorer.baselines.get_xdata() == pytest.approx(lists["baselines"], abs=6e-4)
    for bar, sign in zip(explorer.bars, (1, -1), strict=True):
        chosen = lists["advantages"] * sign > 0
        drawn = np.clip(lists["advantages"][chosen], -3.2, 3.2)
        assert bar.get_xdata()[1::3] == pytest.approx(drawn, abs=6e-4)
        assert bar.get_ydata()[1::3] == pytest.approx(rows[chosen])
    ways = explorer.paths.get_xdata().reshape(count, -1)
    assert (ways[:, 0] == 1).all()
    assert ways[:, -2] == pytest.approx(np.minimum(lists["ratios"], 2.4), abs=6e-4)
    for points, sign in zip(explorer.points, (1, -1, 0), strict=True):
        chosen = np.sign(lists["advantages"]) == sign
        assert points.get_ydata() == pytest.approx(rows[chosen])
        assert points.get_xdata() == pytest.approx(ways[chosen, -2])
    texts = {name: labels.texts for name, labels in explorer.columns.items()}
    for name in ("rewards", "baselines", "advantages", "ratios"):
        shown = [float(text.replace("\u2212", "-")) for text in texts[name][:count]]
        assert shown == lists[name].tolist()
        assert texts[name][count:] == [""] * (8 - count)
    pairs = zip(lists["start"], lists["now"], strict=True)
    assert texts["probs"][:count] == [f"{a:.3f} \u2192 {b:.3f}" for a, b in pairs]
    assert lists["start"].sum() == pytest.approx(1, abs=5e-3)
    assert lists["now"].sum() == pytest.approx(1, abs=5e-3)


def test_group_says_when_there_is_no_mean_to_divide_by():
    words = "no mean above 0: all 0"
    setting = {"group": "two answers", "reward_change": -1.0}
    explorer = at(GroupOfAnswers, **setting, advantage="mean (MaxRL)")
    assert explorer.notes[1].texts == [words]
    assert "No answer moved." in explorer.description
    for other in ({"advantage": "mean (MaxRL)", "reward_change": -0.75}, {}):
        assert words not in at(GroupOfAnswers, **{**setting, **other}).notes[1].texts
