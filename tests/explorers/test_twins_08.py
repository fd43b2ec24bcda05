"""Explorers of chapter 8: twins and artists against hand formulas and `exact`."""

import math

import numpy as np
import pytest
import torch

from rlnotes.exact.displacement import chosen_alignment, preference_path
from rlnotes.explorers.dpo_loss import BETAS, LOSSES, MARGINS, SIDE, DPOLoss
from rlnotes.explorers.likelihood_displacement import (
    NAMES,
    REF_PROBS,
    LikelihoodDisplacement,
    answer_features,
    gold_of_replies,
    spread,
)
from rlnotes.functional import preference_variants
from rlnotes.functional.preferences import dpo_loss, implicit_rewards, pair_margins
from tests.explorers.test_twins import found
from tests.explorers.test_twins_06 import at

DEFAULT = {"chosen_log_prob": -10.0, "rejected_log_prob": -9.5}
# Log-ratios (-4, -5.5) in place of (1, -0.5).
SHIFTED = {"chosen_log_prob": -15.0, "rejected_log_prob": -14.5}
HAND = {  # loss of a margin m at beta b and a share e of wrong labels
    "DPO": lambda m, b, e: math.log1p(math.exp(-m)),
    "conservative": lambda m, b, e: math.log1p(math.exp(-m)) + e * m,
    "robust": lambda m, b, e: math.log1p(math.exp(-m)) - e * m / (1 - 2 * e),
    "IPO": lambda m, b, e: (m / b - 1 / (2 * b)) ** 2,
    "hinge": lambda m, b, e: max(0.0, 1 - m),
}


def numbers_of(explorer: DPOLoss) -> list[float]:
    text = explorer.description
    pattern = "Margin #; probability that the chosen answer is preferred #. Loss #; pull #."
    return found(pattern, text)


def tensors_of(explorer: DPOLoss) -> list[torch.Tensor]:
    names = "chosen_log_prob", "rejected_log_prob", "ref_chosen_log_prob", "ref_rejected_log_prob"
    return [torch.tensor([explorer.settings[name]], dtype=torch.float64) for name in names]


def test_dpo_default_is_the_worked_pair():
    explorer = at(DPOLoss)
    margin, prob, loss, pull = numbers_of(explorer)
    assert margin == 0.15
    assert loss == pytest.approx(0.6210, abs=1e-9)
    assert prob == pytest.approx(1 / (1 + math.exp(-0.15)), abs=5.1e-5)
    assert pull == pytest.approx(0.1 / (1 + math.exp(0.15)), abs=5.1e-5)
    assert found("chosen #, rejected #\\.", explorer.description) == [0.1, -0.05]
    assert "did not move together, the chosen one rose, the rejected one fell" in (
        explorer.description
    )
    assert "finds the rejected answer likelier" in explorer.description


def test_dpo_a_shift_of_both_log_ratios_moves_the_rewards_and_nothing_else():
    here = at(DPOLoss, **DEFAULT)
    numbers, points = numbers_of(here), [np.ravel(p.get_data()) for p in here.points]
    shifted = at(DPOLoss, **SHIFTED)
    assert numbers_of(shifted) == numbers
    for point, old in zip(shifted.points, points, strict=True):
        assert np.ravel(point.get_data()) == pytest.approx(old)
    assert found("chosen #, rejected #\\.", shifted.description) == [-0.4, -0.55]
    assert [list(bar.get_xdata()) for bar in shifted.bars] == [[0, -4], [0, -5.5]]
    assert "moved together, both fell" in shifted.description


@pytest.mark.parametrize(
    ("chosen", "rejected", "words"),
    [
        (-10.5, -7.0, "moved together, both rose"),
        (-11.0, -9.0, "neither log-probability moved"),
        (-12.0, -8.0, "not move together, the chosen one fell, the rejected one rose"),
        (-11.0, -9.5, "not move together, the chosen one stayed, the rejected one fell"),
    ],
)
def test_dpo_says_whether_both_log_probabilities_moved_together(chosen, rejected, words):
    assert words in at(DPOLoss, chosen_log_prob=chosen, rejected_log_prob=rejected).description


def test_dpo_says_what_the_policy_itself_finds_likelier():
    for chosen, words in ((-9.0, "the chosen answer likelier"), (-9.5, "both answers equally")):
        assert words in at(DPOLoss, chosen_log_prob=chosen).description


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("loss", list(LOSSES))
def test_dpo_loss_and_pull_are_those_of_the_formulas_and_of_functional(loss, beta):
    setting = {"chosen_log_prob": -12.5, "ref_rejected_log_prob": -10.0, "flip_rate": 0.3}
    explorer = at(DPOLoss, loss=loss, beta=beta, **setting)
    margin, prob, shown, pull = numbers_of(explorer)
    exact = beta * (-1.5 - 0.5)
    assert margin == pytest.approx(exact, abs=5.1e-5)
    assert prob == pytest.approx(1 / (1 + math.exp(-exact)), abs=5.1e-5)
    assert shown == pytest.approx(HAND[loss](exact, beta, 0.3), rel=1e-7, abs=5.1e-5)
    # The pull is minus the slope in the difference h of the log-ratios: m = beta h.
    near = [HAND[loss](exact + beta * h, beta, 0.3) for h in (1e-5, -1e-5)]
    assert pull == pytest.approx((near[1] - near[0]) / 2e-5, rel=1e-6, abs=5.2e-5)

    logs, e = tensors_of(explorer), {"beta": beta}
    functions = {
        "DPO": lambda: dpo_loss(*logs, **e),
        "conservative": lambda: preference_variants.conservative_dpo_loss(
            *logs, **e, label_smoothing=0.3
        ),
        "robust": lambda: preference_variants.robust_dpo_loss(*logs, **e, flip_rate=0.3),
        "IPO": lambda: preference_variants.ipo_loss(*logs, **e),
        "hinge": lambda: preference_variants.hinge_dpo_loss(*logs, **e),
    }
    assert shown == pytest.approx(functions[loss]().item(), rel=1e-7, abs=5.1e-5)
    assert margin == pytest.approx(pair_margins(*logs, **e).item(), abs=5.1e-5)
    rewards = [implicit_rewards(logs[k], logs[k + 2], **e).item() for k in (0, 1)]
    shown_rewards = found("chosen #, rejected #\\.", explorer.description)
    assert shown_rewards == pytest.approx(rewards, abs=5.1e-5)
    drawn = [float(text.replace("\u2212", "-")) for text in explorer.rewards.texts]
    assert drawn == pytest.approx([*rewards, exact], abs=5.1e-4)
    assert list(explorer.gap.get_xdata()) == [-1.5, 0.5]
    assert explorer.guides.get_xdata()[[0, 1, 3, 4]].tolist() == [-1.5, -1.5, 0.5, 0.5]
    ticks = [float(text.replace("\u2212", "-")) for text in explorer.ticks.texts]
    assert ticks == pytest.approx([beta * nats for nats in (-8, -4, 0, 4, 8)])


@pytest.mark.parametrize("beta", [0.1, 0.5])
@pytest.mark.parametrize("loss", list(LOSSES))
def test_dpo_the_marks_lie_on_the_curves(loss, beta):
    explorer = at(DPOLoss, loss=loss, beta=beta, flip_rate=0.2)
    margin, _, value, pull = numbers_of(explorer)
    units = beta**2 if loss == "IPO" else 1.0
    heights = [value * units, pull * units / beta]
    for point, curve, height in zip(explorer.points, explorer.curves, heights, strict=True):
        (x,), (y,) = point.get_data()
        assert x == pytest.approx(margin, abs=5.1e-5)
        assert y == pytest.approx(height, abs=6e-4)
        assert y == pytest.approx(np.interp(x, *curve.get_data()), abs=5e-3)
    assert "mark at the edge" not in " ".join(explorer.notes.texts)


@pytest.mark.parametrize("loss", list(LOSSES))
def test_dpo_the_curves_are_the_losses_of_the_margin(loss):
    explorer = at(DPOLoss, loss=loss, flip_rate=0.1)
    values, pulls = (curve.get_ydata() for curve in explorer.curves)
    assert len(values) == len(pulls) == len(MARGINS) == 81
    expected = np.array([HAND[loss](margin, 1.0, 0.1) for margin in MARGINS])
    kept = (expected > -1.2) & (expected < 4.2 - 1e-9)
    assert values[kept] == pytest.approx(expected[kept])
    outside = (expected < -1.2) | (expected > 4.2 + 1e-9)
    assert np.isnan(values[outside]).all()
    near = [np.array([HAND[loss](m + h, 1.0, 0.1) for m in MARGINS]) for h in (1e-6, -1e-6)]
    slopes = (near[1] - near[0]) / 2e-6
    kept = (slopes > -1.05) & (slopes < 1.65)
    kept[50] &= loss != "hinge"  # the kink at margin 1
    assert pulls[kept] == pytest.approx(slopes[kept], abs=1e-6)
    assert kept.sum() > 10
    shown = [reference.get_visible() for reference in explorer.references]
    assert shown == [loss != "DPO"] * 2
    assert explorer.references[0].get_ydata() == pytest.approx(np.log1p(np.exp(-MARGINS)))
    assert explorer.references[1].get_ydata() == pytest.approx(1 / (1 + np.exp(MARGINS)))


def test_dpo_a_pull_that_leaves_the_panel_at_every_margin_is_said_so():
    # That of the robust loss lies between e / (1 - 2 e) and (1 - e) / (1 - 2 e).
    words = "the curve lies above the panel"
    assert at(DPOLoss, loss="robust", flip_rate=0.4).pull_notes.texts[1] == words
    for setting in ({"loss": "robust", "flip_rate": 0.35}, {"loss": "IPO"}, {}):
        assert at(DPOLoss, **setting).pull_notes.texts[1] == ""


def test_dpo_the_share_of_wrong_labels_is_said_to_be_in_use_or_not():
    for loss, words in {
        "DPO": "not used by DPO",
        "IPO": "not used by IPO",
        "hinge": "not used by hinge",
        "conservative": "used as label_smoothing",
        "robust": "used as flip_rate",
    }.items():
        explorer = at(DPOLoss, loss=loss, flip_rate=0.25)
        assert explorer.description.endswith(f"flip_rate: {words}.")
        assert explorer.notes.texts[0] == f"flip_rate 0.25: {words}"
        assert ("beta^2 = 0.01" in explorer.notes.texts[1]) == (loss == "IPO")
        other = numbers_of(at(DPOLoss, loss=loss, flip_rate=0.4))
        assert (numbers_of(explorer.set(flip_rate=0.25)) == other) == ("not" in words)


def test_dpo_a_margin_beyond_the_panel_is_drawn_at_its_edge_and_said_so():
    explorer = at(DPOLoss, beta=1.0, chosen_log_prob=-16.0)  # margin -4.5
    assert numbers_of(explorer)[0] == -4.5
    assert explorer.points[0].get_data() == ([-SIDE], [4.2])
    assert explorer.notes.texts[2] == "beyond the panel: mark at the edge"
    explorer = at(DPOLoss, beta=1.0, chosen_log_prob=-6.0)  # 5.5, where the loss is near 0
    assert explorer.points[0].get_xdata() == [SIDE]
    assert explorer.notes.texts[2] == "beyond the panel: mark at the edge"


SETTINGS = [
    {},
    {"similarity": 0.0, "lean": 0.0},
    {"similarity": 0.0, "lean": -1.0, "step": 100},
    {"similarity": 0.98, "lean": 1.0, "beta": 1.0, "step": 0},
    {"similarity": 0.8, "lean": 0.35, "beta": 0.05, "sft_weight": 0.02, "step": 33},
    {"sft_weight": 1.0},
]


def four(what: str, text: str) -> list[float]:
    return found(f"{what}: " + ", ".join(f"{name} #" for name in NAMES), text)


def path_of(explorer: LikelihoodDisplacement):
    """Features with the cosines that the controls name, and the path of the setting."""
    given = explorer.settings
    cosine, lean = given["similarity"], given["lean"]
    half = math.acos(cosine) / 2
    features = np.zeros((4, 4))
    features[0, :2] = math.cos(half), math.sin(half)
    features[1, :2] = math.cos(half), -math.sin(half)
    features[2, 1:3] = lean, math.sqrt(1 - lean**2)
    features[3, 3] = 1
    weights = {name: given[name] for name in ("beta", "sft_weight")}
    pair = {"chosen": 0, "rejected": 1, "learning_rate": 1.0, "num_steps": 100}
    return features, preference_path(np.log(REF_PROBS), features, **pair, **weights)


@pytest.mark.parametrize("setting", SETTINGS)
def test_displacement_says_and_draws_the_exact_path(setting):
    explorer = at(LikelihoodDisplacement, **setting)
    _, path = path_of(explorer)
    step, text = explorer.settings["step"], explorer.description
    probs, changes = np.exp(path.log_probs), path.log_probs - path.log_probs[0]
    assert four("at the start", text) == REF_PROBS.tolist()
    assert four("now", text) == pytest.approx(probs[step].tolist(), abs=5.1e-5)
    shown = found("Margin #, loss # at the start and # now", text)
    expected = [path.margins[step], path.losses[0], path.losses[step]]
    assert shown == pytest.approx(expected, abs=5.1e-5)
    pattern = r"log pi\(chosen\) changed by #, log pi\(rejected\) by #\."
    assert found(pattern, text) == pytest.approx(changes[step, :2].tolist(), abs=5.1e-5)
    (rate,) = found(r"First-order rate of log pi\(chosen\) here # nats", text)
    assert rate == pytest.approx(path.rates[step, 0], abs=5.1e-5)
    golds = found("Mean gold reward # at the start, # now", text)
    means = [probs[0] @ gold_of_replies(), probs[step] @ gold_of_replies()]
    assert golds == pytest.approx(means, abs=5.1e-4)
    winner = NAMES[(probs[step] - probs[0]).argmax()] if step else "none"
    assert f"Most mass won: {winner}." in text
    gain = f"{(probs[step] - probs[0]).max():+.2f}"
    words = f"most mass won since the start: {winner} ({gain})" if step else ""
    assert explorer.notes.texts[1] == words
    assert explorer.notes.texts[0].endswith(f"{rate:+.4f}".replace("-", "\u2212"))

    for line, ys in zip(explorer.probs, probs.T, strict=True):
        assert line.get_ydata() == pytest.approx(ys)
    drawn = np.column_stack([path.margins, changes[:, :2]])
    for line, ys in zip([explorer.margin, *explorer.changes], drawn.T, strict=True):
        kept = np.isfinite(line.get_ydata())
        assert line.get_ydata()[kept] == pytest.approx(ys[kept])
        assert ((ys < -6.5) | (ys > 4.4))[~kept].all()
        assert ("some curves leave the panel" in explorer.notes.texts) or kept.all()
    for labels, ends, gap in (
        (explorer.names, probs[-1], 0.06),
        (explorer.right_names, np.clip(drawn[-1], -6.5, 4.4), 0.62),
    ):
        heights = labels.positions[:, 1]
        assert np.argsort(heights).tolist() == np.argsort(ends, kind="stable").tolist()
        assert abs(heights - ends).max() < gap * len(ends)
        assert np.diff(np.sort(heights)).min() > gap - 1e-9
    left, right = (ring.get_data() for ring in explorer.rings)
    assert left[1] == pytest.approx(probs[step])
    assert right[1] == pytest.approx(np.clip(drawn[step], -6.5, 4.4))
    assert left[0] == [step] * 4
    assert explorer.now[0].get_xdata() == [step, step]


def test_displacement_the_first_order_rate_predicts_the_next_step():
    text = at(LikelihoodDisplacement, step=10).description
    (rate,) = found("First-order rate .* here # nats", text)
    changes = [
        found(r"log pi\(chosen\) changed by #,", at(LikelihoodDisplacement, step=n).description)[0]
        for n in (10, 11)
    ]
    assert changes[1] - changes[0] == pytest.approx(rate, rel=0.1)


def test_displacement_the_default_shows_the_effect():
    text = at(LikelihoodDisplacement).description
    before, now = four("at the start", text), four("now", text)
    assert found("Margin #,", text)[0] > 0.5
    assert now[0] < before[0] / 2
    assert now[2] > before[2] + 0.5
    assert "the chosen answer falls. Most mass won: bystander." in text
    # And the bystander is the worst of the four, the chosen one the best.
    gold = gold_of_replies()
    assert (gold.argmax(), gold.argmin()) == (0, 2)
    start, end = found("Mean gold reward # at the start, # now", text)
    assert end < start - 2
    assert gold[2] < end < start < gold[0]


def test_displacement_free_logits_stand_at_one_end_and_the_chosen_answer_rises_there():
    free = answer_features(0.0, 0.0)
    assert free @ free.T == pytest.approx(np.eye(4))
    for beta in (0.05, 0.5, 1.0):
        explorer = at(LikelihoodDisplacement, similarity=0.0, lean=0.0, beta=beta)
        heights = explorer.probs[0].get_ydata()
        assert (np.diff(heights) > 0).all()
        _, path = path_of(explorer)
        same = preference_path(
            np.log(REF_PROBS),
            np.eye(4),
            chosen=0,
            rejected=1,
            beta=beta,
            learning_rate=1.0,
            num_steps=100,
        )
        assert path.log_probs == pytest.approx(same.log_probs)


@pytest.mark.parametrize("lean", [-1.0, -0.4, 0.0, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("similarity", [0.0, 0.5, 0.9, 0.98])
def test_displacement_the_controls_are_the_cosines_they_are_named_for(similarity, lean):
    features = answer_features(similarity, lean)
    assert (features**2).sum(axis=1) == pytest.approx(1)
    direction = features[0] - features[1]
    assert features[0] @ features[1] == pytest.approx(similarity)
    assert features[2] @ direction / np.linalg.norm(direction) == pytest.approx(lean)
    assert features[3] @ features[:3].T == pytest.approx(0)
    text = at(LikelihoodDisplacement, similarity=similarity, lean=lean, step=0).description
    falls = chosen_alignment(REF_PROBS, features, chosen=0, rejected=1) < 0
    assert ("the chosen answer falls" in text) == falls


def test_displacement_the_supervised_term_lifts_the_chosen_answer():
    alone, helped = (at(LikelihoodDisplacement, sft_weight=w).description for w in (0.0, 0.1))
    assert "the chosen answer falls" in alone
    assert "the chosen answer rises" in helped
    assert four("now", helped)[0] > four("at the start", helped)[0]


def test_displacement_labels_keep_a_distance_and_their_order():
    tight = spread(np.array([0.03, 0.0, 0.96, 0.01]), gap=0.06, low=0.0, high=1.0)
    assert tight == pytest.approx([0.12, 0.0, 0.96, 0.06])
    top = spread(np.array([4.4, 4.4, -2.0]), gap=0.5, low=-6.5, high=4.4)
    assert top == pytest.approx([3.9, 4.4, -2.0])
    apart = np.array([0.5, 0.1, 0.9])
    assert spread(apart, gap=0.06, low=0.0, high=1.0) == pytest.approx(apart)
