"""Samples per method: the rule by hand, and the rows read back from the files."""

import numpy as np
import pytest

from rlnotes.exact.frontier import best_reward_at, reward_masses
from rlnotes.training import sample_counts
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.recordings import load
from rlnotes.training.replies import gold_table
from rlnotes.training.sample_counts import (
    cartpole_counts,
    first_at,
    gain_shares,
    help_desk_counts,
    maze_count,
)


def test_the_first_point_at_or_above_the_level_counts_even_if_the_curve_falls_again():
    assert first_at([1, 2, 3], [0.0, 0.5, 0.4], 0.5) == 2
    assert first_at([1.0, 2.0], [0.0, 0.49], 0.5) is None
    with pytest.raises(ValueError, match="medians must have 2 entries, got 1"):
        first_at([1, 2], [0.0], 0.5)


def test_the_rows_of_cartpole_are_those_of_the_files():
    counts = {count.method: count for count in cartpole_counts()}
    steps = {"DQN (5-step)": 32_000, "REINFORCE": None, "REINFORCE, baseline": 54_000}
    steps |= {"A2C": 50_000, "TRPO": 10_240, "PPO": 24_576}
    assert {name: count.samples for name, count in counts.items()} == steps
    assert {(c.task, c.num_actions, c.unit) for c in counts.values()} == {("CartPole", 2, "steps")}
    assert [c.seeds for c in counts.values()] == [10, 40, 40, 40, 5, 10]
    assert not any(count.at_most for count in counts.values())  # all have an earlier point
    before = [r for r in load("ppo_cartpole") if r["step"] < 24_576]
    assert max(row["median"] for row in before) < 475


def test_the_rows_of_the_help_desk_count_replies():
    counts = {count.method: count for count in help_desk_counts()}
    assert {name: count.unit for name, count in counts.items()} == {
        "PPO": "graded",
        "RLOO": "graded",
        "GRPO": "graded",
        "DPO, 1,000 fixed pairs": "compared",
        "DPO, 10,000 fixed pairs": "compared",
        "DPO, fresh pairs": "compared",
    }
    assert counts["PPO"].samples == counts["RLOO"].samples == 10 * 64 * 8
    assert counts["GRPO"].samples == 30 * 64 * 8
    assert counts["DPO, 1,000 fixed pairs"].samples is None
    assert counts["DPO, 10,000 fixed pairs"].samples == 20_000
    assert counts["DPO, fresh pairs"].samples % (2 * 512) == 0
    first_points = {name for name, count in counts.items() if count.at_most}
    assert first_points == {"PPO", "RLOO", "GRPO"}  # DPO's 10,000 pairs are a whole file


def test_a_whole_file_is_no_first_point_however_soon_the_goal_is_reached(monkeypatch):
    monkeypatch.setattr(sample_counts, "SHARE", 0.001)
    soon = {count.method for count in help_desk_counts() if count.at_most}
    assert soon == {"PPO", "RLOO", "GRPO", "DPO, fresh pairs"}


def test_the_share_of_the_gain_is_one_on_the_frontier_and_zero_at_the_start():
    masses = reward_masses(reference_log_probs(), gold_table())
    start = float((masses.log_masses.exp() @ masses.rewards).mean())
    kls = np.linspace(0, 4, 401)
    best = max(best_reward_at(masses, kl) - 0.25 * kl for kl in kls)
    rows = [
        {"update": 0, "reward": start, "kl": 0.0},
        {"update": 1, "reward": best + 0.25, "kl": 1.0},
        {"update": 2, "reward": (start + best) / 2, "kl": 0.0},
    ]
    grid, shares = gain_shares(rows, "update")
    assert grid == [0, 1, 2]
    assert shares[:, 0] == pytest.approx([0, 1, 0.5], abs=1e-4)


def test_q_learning_in_the_maze_is_counted_to_the_next_ten_steps():
    count = maze_count(num_seeds=3, num_steps=400)
    assert (count.task, count.num_actions, count.seeds, count.limit) == ("maze", 4, 3, 400)
    assert count.samples % 10 == 0
    assert 10 <= count.samples < 400
    assert maze_count(num_seeds=3, num_steps=10).samples is None
    assert not maze_count(num_seeds=3, num_steps=10).at_most
    assert count.at_most is False


@pytest.mark.parametrize("change", [{"num_seeds": 0}, {"num_steps": 0}])
def test_a_count_over_nothing_is_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        maze_count(**change)


def test_the_price_is_one_that_all_methods_were_recorded_at():
    for name in ("rlhf_policies", "grpo_plane", "dpo_sources"):
        assert sample_counts.BETA in {row["beta"] for row in load(name)}
