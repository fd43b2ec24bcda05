"""The recipes of RLHF's recordings: what they run, and a short run of one."""

from dataclasses import replace

import pytest
import torch

from rlnotes.data.help_desk import reply_tokens
from rlnotes.scripts import record_rlhf
from rlnotes.training.recordings import load
from rlnotes.training.replies import reply_numbers
from rlnotes.training.rlhf import Config


class Pool:
    """Keeps the jobs of a recipe instead of running them."""

    def __init__(self, answer):
        self.jobs, self.answer = [], answer

    def map(self, _run, jobs, chunksize=1):
        self.jobs += jobs
        return [self.answer for _ in jobs]


def test_policies_are_the_defaults_at_four_prices_five_seeds_and_two_algorithms():
    pool = Pool([{"run": 1}])
    assert len(record_rlhf.policies(pool)) == 40
    expected = {
        Config(algorithm=algorithm, beta=beta, seed=seed)
        for algorithm in ("ppo", "rloo")
        for beta in (1.0, 0.5, 0.25, 0.1)
        for seed in range(5)
    }
    assert set(pool.jobs) == expected
    assert len(pool.jobs) == len(expected)


def test_forgetting_trains_on_the_calm_prompts_only():
    pool = Pool({})
    record_rlhf.forgetting(pool)
    assert len(pool.jobs) == 9
    assert {job.prompts for job in pool.jobs} == {(0, 1, 2)}
    assert {job.beta for job in pool.jobs} == {1.0, 0.25, 0.05}


def test_a_curve_starts_at_the_reference_and_has_a_row_for_every_tenth_update():
    rows = record_rlhf.policy_curve(Config(num_updates=20, num_prompts=6, beta=0.5, seed=3))
    assert [row["update"] for row in rows] == [0, 10, 20]
    assert rows[0]["kl"] == pytest.approx(0, abs=1e-9)
    assert rows[2]["reward"] > rows[0]["reward"] + 0.05
    assert {(row["algorithm"], row["beta"], row["seed"]) for row in rows} == {("ppo", 0.5, 3)}


def test_forgetting_measures_trained_and_other_prompts():
    config = replace(Config(prompts=(0, 1, 2), beta=0.1), num_updates=20, num_prompts=12)
    row = record_rlhf.forgetting_row(config)
    reference = record_rlhf.evaluate(
        *(
            table[:3]
            for table in (
                record_rlhf.reference_log_probs(),
                record_rlhf.reference_log_probs(),
                record_rlhf.gold_table(),
            )
        )
    )
    assert row["trained_reward"] > reference.reward + 0.1
    assert row["other_kl"] > 0.001  # the network is shared


def test_the_probability_of_sorry_counts_replies_once_and_is_a_mean_over_prompts():
    replies = ("hi sorry .", "sorry sorry .", "hi refund .")
    numbers = reply_numbers(torch.stack([reply_tokens(text) for text in replies]))
    probs = torch.zeros(2, 19_608, dtype=torch.float64)
    probs[0, numbers] = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
    probs[1, numbers] = torch.tensor([0.0, 0.1, 0.9], dtype=torch.float64)
    assert record_rlhf.sorry_probability(probs.log()) == pytest.approx((0.5 + 0.1) / 2)


def test_the_files_hold_what_the_recipes_name():
    rows = load("rlhf_policies")
    assert {row["update"] for row in rows} == set(range(0, Config().num_updates + 1, 10))
    assert len(load("rlhf_forgetting")) == 9
    assert len(load("reward_model_starts")) == 24
    assert {row["seed"] for row in load("rlhf_pipeline")} == set(range(5))
