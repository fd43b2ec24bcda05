"""Normalizers and lengths: twin and artists against hand formulas and `exact`."""

import math
import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from rlnotes.data.help_desk import PROMPTS
from rlnotes.exact.length_bias import natural_length_slopes
from rlnotes.explorers.length_bias import LengthBias
from rlnotes.plotting.style import BLUE, VERMILION
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.recordings import load
from rlnotes.training.replies import all_replies, gold_table
from tests.explorers.test_twins import found
from tests.explorers.test_twins_06 import at

NORMALIZERS = "answer", "batch_tokens", "longest"
ESTIMATORS = "group_mean", "sample_std_plus", "leave_one_out"
TOKENS = [3, 12, 6, 2, 8, 4, 12]


def hand_advantages(estimator: str, num_right: int) -> tuple[float, float]:
    """Of a right and of a wrong answer among eight."""
    right, wrong = 1 - num_right / 8, -num_right / 8
    std = math.sqrt(num_right * (8 - num_right) / 8 / 7)
    scale = {"group_mean": 1, "leave_one_out": 8 / 7, "sample_std_plus": 1 / (std + 1e-4)}
    return right * scale[estimator], wrong * scale[estimator]


def answers_of(text: str) -> tuple[list[str], list[list[float]]]:
    """Verdict of each answer, and its tokens, push per token and loss."""
    text = text.split("at ratio 1: ")[1].split(". All replies")[0]
    parts = text.split("; ")
    return [part.split()[0] for part in parts], [found("# tokens # and #$", part) for part in parts]


@pytest.mark.parametrize("normalizer", NORMALIZERS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(("num_right", "length"), [(3, 18), (1, 20), (7, 1), (4, 12)])
def test_pushes_and_losses_are_those_of_the_formulas(normalizer, estimator, num_right, length):
    setting = {"advantage": estimator, "num_right": num_right, "length": length}
    explorer = at(LengthBias, normalizer=normalizer, **setting)
    verdicts, rows = answers_of(explorer.description)
    assert verdicts == ["right"] * num_right + ["wrong"] * (8 - num_right)
    lengths = [*TOKENS, length]
    assert [row[0] for row in rows] == lengths
    right, wrong = hand_advantages(estimator, num_right)
    assert found("advantage # if right, # if wrong", explorer.description) == pytest.approx(
        [right, wrong], abs=5.1e-5
    )
    divisors = {"answer": lengths, "batch_tokens": [sum(lengths) / 8] * 8}
    divisors["longest"] = [max(lengths)] * 8
    given = [right] * num_right + [wrong] * (8 - num_right)
    pushes = [a / d for a, d in zip(given, divisors[normalizer], strict=True)]
    losses = [-push * tokens for push, tokens in zip(pushes, lengths, strict=True)]
    assert [row[1] for row in rows] == pytest.approx(pushes, abs=5.1e-5)
    assert [row[2] for row in rows] == pytest.approx(losses, abs=5.1e-5)

    *texts, advantages = explorer.numbers.texts
    assert texts[:8] == verdicts
    shown = [float(text.replace("\N{MINUS SIGN}", "-")) for text in texts[8:]]
    assert shown == pytest.approx(pushes + losses, abs=5.1e-4)
    assert found("right [+]?#, wrong #", advantages) == pytest.approx([right, wrong], abs=5.1e-4)
    assert all(text[0] in "+\N{MINUS SIGN}" for text in texts[8:])
    assert [bar.get_width() for bar in explorer.bars] == lengths
    for bar, push in zip(explorer.bars, pushes, strict=True):
        # Blue above zero, vermilion below, white at zero; full from 0.5 on.
        full = np.array(to_rgb(BLUE if push > 0 else VERMILION))
        strength = min(1, abs(push) / 0.5) ** 0.5
        assert bar.get_facecolor()[:3] == pytest.approx(1 - strength * (1 - full), abs=0.01)


def test_at_ratio_one_the_loss_of_an_answer_does_not_depend_on_its_length():
    _, rows = answers_of(at(LengthBias).description)
    assert {row[2] for row in rows[:3]} == {-0.625}
    assert {row[2] for row in rows[3:]} == {0.375}
    # The push on a token does: the short right answer's is four times that of the long.
    assert rows[0][1] == pytest.approx(4 * rows[1][1], abs=5.1e-4)
    assert rows[3][1] == pytest.approx(9 * rows[7][1], abs=1e-3)


def words_of(explorer: LengthBias, kind: str) -> list[float]:
    start = {"natural": "along the natural gradient", "plain": "transformer's gradient"}[kind]
    pattern = start + " (?:change )?by right #, wrong # tokens"
    return found(pattern + r" \(grow on # and # of 6 prompts\)", explorer.description)


def check_panel(explorer: LengthBias, kind: str, table: np.ndarray) -> None:
    """A panel and the twin show this table, [6, 2], up to the model's float32."""
    index = PROMPTS.index(explorer.settings["prompt"])
    panel = explorer.panels[kind]
    grow = (table > 1e-9).sum(axis=0).tolist()
    right, wrong, *counts = words_of(explorer, kind)
    assert [right, wrong] == pytest.approx(table[index], abs=5.1e-5)
    assert counts == grow
    for side in (0, 1):
        dots, chosen = panel.dots[side], panel.chosen[side]
        assert dots.get_xdata() == pytest.approx(table[:, side], abs=1e-6)
        assert chosen.get_xdata() == pytest.approx([table[index, side]], abs=1e-6)
        assert chosen.get_ydata()[0] == dots.get_ydata()[index]
        low, high = panel.note.axes.get_xlim()
        assert (low < table[:, side]).all()
        assert (table[:, side] < high).all()
    assert panel.band.get_y() == pytest.approx(index - 0.4)
    shown = re.sub("[\u25b2\u25a0+]", "", panel.note.texts[0]).split()
    assert shown[::2] == ["right", "wrong"]
    values = [float(text.replace("\N{MINUS SIGN}", "-")) for text in shown[1::2]]
    assert values == pytest.approx(table[index], abs=5.1e-4)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("normalizer", NORMALIZERS)
def test_natural_slopes_are_those_of_all_replies(normalizer, estimator):
    lengths = ((all_replies() != 0).sum(dim=1) + 1).clamp(max=5)
    setting = {"estimator": estimator, "normalizer": normalizer}
    table = np.array(
        [
            natural_length_slopes(log_probs, lengths, gold >= 2.5, group_size=8, **setting)
            for log_probs, gold in zip(reference_log_probs(), gold_table(), strict=True)
        ]
    )
    for prompt in ("calm open", "angry refund"):
        explorer = at(LengthBias, normalizer=normalizer, advantage=estimator, prompt=prompt)
        check_panel(explorer, "natural", table)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("normalizer", NORMALIZERS)
def test_plain_slopes_are_the_recorded_ones(normalizer, estimator):
    setting = {"estimator": estimator, "normalizer": normalizer, "kind": "plain"}
    rows = [row for row in load("length_slopes") if setting.items() <= row.items()]
    assert [row["prompt"] for row in rows] == list(PROMPTS)
    table = np.array([[row["right"], row["wrong"]] for row in rows])
    for prompt in ("calm price", "angry open"):
        explorer = at(LengthBias, normalizer=normalizer, advantage=estimator, prompt=prompt)
        check_panel(explorer, "plain", table)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_bias_is_that_of_one_normalizer_and_is_no_promise_for_the_transformer(estimator):
    explorer = at(LengthBias, advantage=estimator)
    right, wrong, *grow = words_of(explorer, "natural")
    assert right < -0.02
    assert wrong > 0.03
    assert grow == [0, 6]
    assert words_of(explorer, "plain")[2:] == [4, 6]  # right ones grow as well
    for normalizer in ("batch_tokens", "longest"):
        explorer = at(LengthBias, advantage=estimator, normalizer=normalizer)
        assert words_of(explorer, "natural") == [0, 0, 0, 0]
        assert words_of(explorer, "plain")[2:] == [4, 5]


def test_a_unit_step_is_the_same_whatever_scales_the_advantage():
    for normalizer in NORMALIZERS:
        one, *others = (
            words_of(at(LengthBias, advantage=name, normalizer=normalizer), "plain")
            for name in ESTIMATORS
        )
        for other in others:
            assert other == pytest.approx(one, abs=2e-4)
