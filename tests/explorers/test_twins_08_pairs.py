"""The explorer of DPO's pairs: its twin and its lines against the recording."""

from functools import lru_cache

import numpy as np
import pytest

from rlnotes.exact.frontier import best_reward_at, reward_masses
from rlnotes.exact.language import expected_reward, gibbs_optimum
from rlnotes.explorers.dpo_pairs import SOURCES, DPOPairs
from rlnotes.functional.kl import kl_divergence
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.recordings import load
from rlnotes.training.replies import gold_table
from tests.explorers.test_twins import found

SETTINGS = [
    ("300 fixed pairs", 1.0, 20),
    ("10,000 fixed pairs", 0.1, 400),
    ("fresh pairs of the reference", 0.5, 200),
    ("fresh pairs of the policy", 0.25, 0),
]


@lru_cache
def built():
    return DPOPairs()


def rows_of(source, beta, step=None):
    rows = [r for r in load("dpo_sources") if r["source"] == SOURCES[source] and r["beta"] == beta]
    return [row for row in rows if step is None or row["step"] == step]


@pytest.mark.parametrize(("source", "beta", "step"), SETTINGS)
def test_the_twin_holds_the_recorded_numbers(source, beta, step):
    explorer = built().set(source=source, beta=beta, step=step)
    rows = rows_of(source, beta, step)
    assert len(rows) == 5
    text = explorer.description
    assert f"DPO on {source} at beta {beta:g}, after {step} of 400 steps, 5 seeds" in text
    for words, key in {
        "gold reward # to #, KL": "reward",
        "KL # to # nats": "kl",
        "best policy # to #. The log": "distance",
        "loss # to #, implicit": "loss",
        "reward of chosen # to #, of": "chosen_reward",
        "of rejected # to #, accuracy": "rejected_reward",
        "accuracy # to #. Best": "accuracy",
    }.items():
        values = [row[key] for row in rows]
        assert found(words, text) == pytest.approx([min(values), max(values)], abs=6e-4)


def test_the_gap_is_measured_at_the_same_kl():
    rows = rows_of("1,000 fixed pairs", 0.25, 400)
    masses = reward_masses(reference_log_probs(), gold_table())
    gaps = [best_reward_at(masses, row["kl"]) - row["reward"] for row in rows]
    text = built().set(source="1,000 fixed pairs", beta=0.25, step=400).description
    assert found("frontier by # to #,", text) == pytest.approx([min(gaps), max(gaps)], abs=6e-4)


@pytest.mark.parametrize("beta", [1.0, 0.1])
def test_the_circle_is_the_best_policy_at_this_price(beta):
    explorer = built().set(beta=beta)
    best = gibbs_optimum(reference_log_probs(), gold_table(), beta=beta)
    reward = expected_reward(best, gold_table()).mean().item()
    kl = kl_divergence(best, reference_log_probs()).mean().item()
    assert explorer.runs.best.get_xydata()[0] == pytest.approx([kl, reward], abs=1e-9)
    said = found("this price: reward #, KL #.", explorer.description)
    assert said == pytest.approx([reward, kl], abs=6e-4)


@pytest.mark.parametrize(("source", "beta", "step"), SETTINGS)
def test_the_lines_are_the_recorded_runs_up_to_this_step(source, beta, step):
    explorer = built().set(source=source, beta=beta, step=step)
    for seed in range(5):
        run = [row for row in rows_of(source, beta) if row["seed"] == seed]
        way = [[row["kl"], row["reward"]] for row in run if row["step"] <= step]
        np.testing.assert_allclose(explorer.runs.paths[seed].get_xydata(), way)
        np.testing.assert_allclose(explorer.runs.ends.get_xydata()[seed], way[-1])
        for name in ("chosen", "rejected"):
            line = explorer.curves[name][seed].get_xydata()
            np.testing.assert_allclose(line, [[r["step"], r[f"{name}_reward"]] for r in run])
    assert explorer.now.get_xdata() == [step, step]


def test_everything_that_was_recorded_fits_into_the_panels():
    (plane, log) = built().figure().axes
    for row in load("dpo_sources"):
        assert plane.get_xlim()[0] < row["kl"] < plane.get_xlim()[1]
        assert plane.get_ylim()[0] < row["reward"] < plane.get_ylim()[1]
        for name in ("chosen_reward", "rejected_reward"):
            assert log.get_ylim()[0] < row[name] < log.get_ylim()[1]


@pytest.mark.parametrize(("source", "beta", "step"), SETTINGS)
def test_the_names_stand_clear_of_the_lines_that_they_name(source, beta, step):
    explorer = built().set(source=source, beta=beta, step=step)
    late = [row for row in rows_of(source, beta) if row["step"] >= 340]
    assert explorer.names["chosen"].get_position()[1] == max(r["chosen_reward"] for r in late)
    assert explorer.names["rejected"].get_position()[1] == min(r["rejected_reward"] for r in late)


def test_ticks_below_zero_have_a_true_minus_sign():
    (_, log) = built().figure().axes
    texts = [text.get_text() for text in log.get_yticklabels()]
    assert texts[:2] == ["\N{MINUS SIGN}10", "\N{MINUS SIGN}5"]


def test_the_black_line_is_the_exact_frontier_and_the_diamond_the_reference():
    plane = built().figure().axes[0]
    line, diamond = plane.lines[:2]
    masses = reward_masses(reference_log_probs(), gold_table())
    kls, rewards = line.get_xydata().T
    assert rewards == pytest.approx([best_reward_at(masses, kl) for kl in kls], abs=1e-3)
    assert kls.max() == plane.get_xlim()[1]
    mean = expected_reward(reference_log_probs(), gold_table()).mean().item()
    assert diamond.get_xydata()[0] == pytest.approx([0, mean], abs=0.01)
    (shade,) = plane.collections
    heights = shade.get_paths()[0].vertices[:, 1]
    assert heights.max() == plane.get_ylim()[1]
    assert heights.min() == pytest.approx(rewards.min())


def test_chosen_and_rejected_differ_in_more_than_colour():
    styles = {name: lines[0].get_linestyle() for name, lines in built().curves.items()}
    assert styles == {"chosen": "-", "rejected": ":"}
