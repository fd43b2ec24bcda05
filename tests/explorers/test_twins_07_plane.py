"""The explorer of the reward-KL plane: its twin and artists, reply by reply."""

from functools import lru_cache

import numpy as np
import pytest
import torch

from rlnotes.data.help_desk import PROMPTS, reply_text
from rlnotes.exact.frontier import best_reward_at, reward_masses
from rlnotes.exact.language import expected_reward, gibbs_optimum, log_partition
from rlnotes.explorers.reward_kl_plane import SHOWN, RewardKLPlane, best_gap, recorded
from rlnotes.functional.kl import kl_divergence
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.recordings import load
from rlnotes.training.replies import all_replies, gold_table
from tests.explorers.test_twins import found


@lru_cache
def built():
    return RewardKLPlane()


def at(**settings):
    return built().set(**{**built().defaults, **settings})


@pytest.mark.parametrize("index", [0, 9, 20, 33, 46])
def test_the_circle_is_the_gibbs_optimum_summed_reply_by_reply(index):
    beta = built().controls["beta"].options[index]
    explorer = at(beta=beta)
    best = gibbs_optimum(reference_log_probs(), gold_table(), beta=beta)
    reward = expected_reward(best, gold_table()).mean().item()
    kl = kl_divergence(best, reference_log_probs()).mean().item()
    value = beta * log_partition(reference_log_probs(), gold_table(), beta=beta).mean().item()
    said = found(
        "price: reward #, KL # nats, reward - beta KL = beta log Z = #.", explorer.description
    )
    assert said == pytest.approx([reward, kl, value], abs=6e-4)
    assert explorer.here.get_xydata()[0] == pytest.approx([kl, reward], abs=1e-9)
    ends = explorer.line.get_xydata()
    assert ends[0, 1] == pytest.approx(value, abs=1e-9)
    assert (ends[1, 1] - ends[0, 1]) / (ends[1, 0] - ends[0, 0]) == pytest.approx(beta)


def test_the_reference_is_said_with_its_own_reward():
    reward = (reference_log_probs().exp() * gold_table()).sum(dim=1).mean().item()
    said = found("Reference: reward #, KL 0.", at().description)
    assert said == pytest.approx([reward], abs=6e-4)


@pytest.mark.parametrize("prompt", ["calm price", "angry refund"])
@pytest.mark.parametrize("beta", [0.5, 10.0])
def test_the_bars_are_the_likeliest_replies_and_the_marks_the_reference(prompt, beta):
    explorer, number = at(prompt=prompt, beta=beta), PROMPTS.index(prompt)
    probs = reference_log_probs()[number].exp() * torch.exp(gold_table()[number] / beta)
    probs = probs / probs.sum()
    order = probs.argsort(descending=True)[:SHOWN]
    widths = [bar.get_width() for bar in explorer.bars]
    assert widths == pytest.approx(probs[order].tolist())
    assert [name.get_text() for name in explorer.names] == [
        reply_text(all_replies()[index]) for index in order
    ]
    marks = explorer.ref_marks.get_xdata()
    assert marks == pytest.approx(reference_log_probs()[number][order].exp().tolist())
    first = reply_text(all_replies()[order[0]])
    assert f"says: {first} {probs[order[0]]:.3f}," in explorer.description


@pytest.mark.parametrize("progress", [0, 50, 100])
@pytest.mark.parametrize("algorithm", ["PPO", "RLOO"])
def test_the_squares_are_the_recorded_runs(algorithm, progress):
    explorer = at(algorithm=algorithm, progress=progress)
    rows = [row for row in load("rlhf_policies") if row["algorithm"] == algorithm.lower()]
    rows = [row for row in rows if row["update"] == progress * 120 / 100]
    assert len(rows) == 20
    expected = sorted((row["kl"], row["reward"]) for row in rows)
    np.testing.assert_allclose(sorted(map(tuple, explorer.trained.get_xydata())), expected)
    rewards = [row["reward"] for row in rows]
    said = found("20 runs: reward # to #, below", explorer.description)
    assert said == pytest.approx([min(rewards), max(rewards)], abs=6e-4)


def test_no_recorded_policy_is_above_the_line_and_all_end_near_it():
    for progress in (0, 30, 100):
        for algorithm in ("PPO", "RLOO"):
            text = at(algorithm=algorithm, progress=progress).description
            low, high = found("below the line by # to #.", text)
            assert low >= -1e-3
            if progress == 100:
                assert high < 0.04


def test_all_runs_start_at_the_reference():
    for row in recorded("ppo", 0):
        assert row["kl"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("kl", [0.001, 0.03, 0.5, 1.7, 3.9, 4.1, 5.0])
def test_the_gap_is_measured_to_the_frontier_at_the_same_kl(kl):
    masses = reward_masses(reference_log_probs(), gold_table())
    assert best_gap(kl, 0.7) == pytest.approx(best_reward_at(masses, kl) - 0.7, abs=2e-5)


def test_the_reference_has_no_gap():
    reward = (reference_log_probs().exp() * gold_table()).sum(dim=1).mean().item()
    assert best_gap(0.0, reward) == pytest.approx(0, abs=1e-9)
    assert best_gap(-1e-9, reward) == pytest.approx(0, abs=1e-9)  # a KL rounded below 0
