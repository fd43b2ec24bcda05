"""The explorer of GRPO's prices: its twin and its points against the recording."""

import re
from functools import lru_cache

import numpy as np
import pytest

from rlnotes.exact.frontier import best_reward_at, reward_masses
from rlnotes.exact.language import expected_reward, gibbs_optimum
from rlnotes.explorers.grpo_plane import BETAS, KINDS, GRPOPlane
from rlnotes.functional.kl import kl_divergence
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.recordings import load
from rlnotes.training.replies import gold_table
from tests.explorers.test_twins import found

RECORDED_AS = {
    "RLOO, KL in the reward": "rloo, reward",
    "Dr. GRPO, KL in the reward": "dr_grpo, reward",
    "GRPO, KL in the reward": "grpo, reward",
    "GRPO, k3 in the loss": "grpo, k3",
    "Dr. GRPO, k1 in the loss": "dr_grpo, k1",
    "Dr. GRPO, k2 in the loss": "dr_grpo, k2",
    "Dr. GRPO, k3 in the loss": "dr_grpo, k3",
    "Dr. GRPO, k3 times ratio in the loss": "dr_grpo, k3_times_ratio",
    "RLOO, k2 of whole answers in the loss": "rloo, k2",
}
SETTINGS = [
    ("RLOO, KL in the reward", 1.0, 30),
    ("GRPO, k3 in the loss", 0.25, 300),
    ("Dr. GRPO, k1 in the loss", 0.1, 150),
    ("Dr. GRPO, k3 times ratio in the loss", 0.5, 0),
]


@lru_cache
def built():
    return GRPOPlane()


@lru_cache
def table():
    return load("grpo_plane")


def rows_of(kind, beta, update=None):
    rows = [r for r in table() if r["kind"] == RECORDED_AS[kind] and r["beta"] == beta]
    return [row for row in rows if update is None or row["update"] == update]


@lru_cache
def gap(kl, reward):
    return best_reward_at(reward_masses(reference_log_probs(), gold_table()), kl) - reward


def gaps_of(kind, beta, update):
    return [gap(max(row["kl"], 0.0), row["reward"]) for row in rows_of(kind, beta, update)]


def test_the_names_stand_for_all_kinds_and_prices_that_were_recorded():
    assert KINDS == RECORDED_AS
    assert {(row["kind"], row["beta"]) for row in table()} == {
        (kind, beta) for kind in KINDS.values() for beta in BETAS
    }


@pytest.mark.parametrize(("kind", "beta", "update"), SETTINGS)
def test_the_twin_holds_the_recorded_numbers(kind, beta, update):
    text = built().set(kind=kind, beta=beta, update=update).description
    rows = rows_of(kind, beta, update)
    seeds = f"{len(rows)} seeds"
    assert len(rows) >= 3
    assert f"{kind}, at beta {beta:g}, after {update} of 300 updates, {seeds}: gold" in text
    for words, key in {
        "gold reward # to #, KL": "reward",
        "KL # to # nats, below": "kl",
        "best policy # to #. The log": "distance",
        "The log: score # to #, loss": "score",
        "loss # to #, KL": "loss",
        "KL # to # nats. Best": "logged_kl",
    }.items():
        values = [row[key] for row in rows]
        assert found(words, text) == pytest.approx([min(values), max(values)], abs=6e-4)


@pytest.mark.parametrize(("kind", "beta", "update"), SETTINGS)
def test_every_kind_is_said_with_its_gap_at_the_same_kl(kind, beta, update):
    text = built().set(kind=kind, beta=beta, update=update).description
    own, others = text.split("The others are below the frontier by: ")
    assert len(others.split("; ")) == len(KINDS) - 1
    for name in KINDS:
        gaps = gaps_of(name, beta, update)
        said = (
            found("below the frontier by # to #, total", own)
            if name == kind
            else found(f"(?:^|; ){re.escape(name)} # to #[;.]", others)
        )
        # Half a digit, and what this oracle misses close to KL 0.
        assert said == pytest.approx([min(gaps), max(gaps)], abs=5e-4 + 3e-4)


@pytest.mark.parametrize(("kind", "beta", "update"), SETTINGS)
def test_the_points_of_the_rows_are_these_gaps(kind, beta, update):
    explorer = built().set(kind=kind, beta=beta, update=update)
    rows = {k: [] for k in range(len(KINDS))}
    for line in (explorer.chosen, explorer.others):
        for x, y in line.get_xydata():
            rows[round(y)].append(x)
    for row, name in enumerate(KINDS):
        expected = np.clip(gaps_of(name, beta, update), 1e-3, 3)
        np.testing.assert_allclose(rows[row], expected, atol=3e-4)
    row = list(KINDS).index(kind)
    assert {round(y) for y in explorer.chosen.get_ydata()} == {row}
    frame = explorer.frame.get_xydata()
    assert [frame[:, 1].min(), frame[:, 1].max()] == pytest.approx([row - 0.45, row + 0.45])
    names = [text.get_text() for text in built().figure().axes[1].get_yticklabels()]
    assert names == list(KINDS)


def test_the_chosen_kind_differs_in_more_than_colour():
    explorer = built()
    assert explorer.chosen.get_marker() != explorer.others.get_marker()
    assert explorer.others.get_markerfacecolor() == "none"


@pytest.mark.parametrize(("kind", "beta", "update"), SETTINGS)
def test_the_lines_are_the_recorded_runs_up_to_this_update(kind, beta, update):
    runs = built().set(kind=kind, beta=beta, update=update).runs
    rows = rows_of(kind, beta)
    for number, seed in enumerate(sorted({row["seed"] for row in rows})):
        way = [
            [row["kl"], row["reward"]]
            for row in rows
            if row["seed"] == seed and row["update"] <= update
        ]
        np.testing.assert_allclose(runs.paths[number].get_xydata(), way)
        np.testing.assert_allclose(runs.ends.get_xydata()[number], way[-1])
    assert len(runs.ends.get_xydata()) == len(rows_of(kind, beta, update))


@pytest.mark.parametrize("beta", [1.0, 0.1])
def test_the_circle_is_the_best_for_reward_less_beta_kl(beta):
    explorer = built().set(beta=beta)
    best = gibbs_optimum(reference_log_probs(), gold_table(), beta=beta)
    reward = expected_reward(best, gold_table()).mean().item()
    kl = kl_divergence(best, reference_log_probs()).mean().item()
    assert explorer.runs.best.get_xydata()[0] == pytest.approx([kl, reward], abs=1e-9)
    said = found("less beta KL: reward #, KL #.", explorer.description)
    assert said == pytest.approx([reward, kl], abs=6e-4)


def test_everything_that_was_recorded_fits_into_the_panels():
    (plane, gaps) = built().figure().axes
    for row in table():
        assert plane.get_xlim()[0] < row["kl"] < plane.get_xlim()[1]
        assert plane.get_ylim()[0] < row["reward"] < plane.get_ylim()[1]
    highest = gold_table().amax(dim=1).mean().item()
    assert highest - min(row["reward"] for row in table()) < gaps.get_xlim()[1]


def test_no_recorded_policy_is_above_the_frontier():
    for name in KINDS:
        for beta in BETAS:
            assert min(gaps_of(name, beta, 300)) > -1e-3
