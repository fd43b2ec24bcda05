"""Proxies: groups stand for all replies, and recordings are what their recipe makes."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.exact.language import gibbs_optimum
from rlnotes.exact.over_optimization import optimum_path
from rlnotes.scripts import record_reward_models
from rlnotes.training.comparisons import draw_comparisons
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.proxies import (
    ordered_pairs,
    recorded_proxy,
    recorded_scores,
    table_proxy,
    word_count_proxy,
)
from rlnotes.training.replies import gold_table
from rlnotes.training.scores import centred_scores
from rlnotes.training.word_count_reward import fit_word_counts, word_count_scores


def values_of(table, beta):
    """Gold and KL of the optimum for a table, reply by reply."""
    log_probs = reference_log_probs()
    best = gibbs_optimum(log_probs, table, beta=beta)
    probs = best.exp()
    kl = torch.where(probs > 0, probs * (best - log_probs), 0.0)
    return [(part.sum(dim=-1).mean()).item() for part in (probs * gold_table(), kl)]


@pytest.mark.parametrize("beta", [1.0, 0.01])
def test_groups_stand_for_all_replies(beta):
    for proxy in (
        word_count_proxy(300, flip_rate=0.0, seed=0),
        recorded_proxy(300, flip_rate=0.2, seed=1),
        recorded_proxy(300, flip_rate=0.2, ensemble="min"),
    ):
        path = optimum_path(proxy.groups, proxy.scores, torch.tensor([beta]).double())
        assert [path.gold.item(), path.kls.item()] == pytest.approx(values_of(proxy.table, beta))


def test_word_counts_are_fitted_to_the_first_pairs_drawn():
    generator = torch.Generator().manual_seed(2)
    pairs = draw_comparisons(3_000, reference_log_probs(), generator, flip_rate=0.1)
    table = word_count_scores(fit_word_counts(pairs.rows(slice(100))))
    proxy = word_count_proxy(100, flip_rate=0.1, seed=2)
    assert_close(proxy.table, centred_scores(table, reference_log_probs()))


def test_gold_as_its_own_proxy_orders_every_pair_and_its_opposite_none():
    proxy = table_proxy(gold_table())
    assert proxy.accuracy == 1
    assert table_proxy(-gold_table()).accuracy == 0
    assert table_proxy(gold_table() * 0).accuracy == 0.5
    pairs = ordered_pairs()
    assert [len(part) for part in pairs] == [5_000] * 3
    centred = centred_scores(gold_table(), reference_log_probs())
    assert (proxy.table - centred).abs().max() < 1 / 16
    means = (reference_log_probs().exp() * proxy.table).sum(dim=-1)
    assert_close(means, torch.zeros(6).double(), atol=1e-9, rtol=0)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (torch.zeros(6, 7), r"table must have shape \(6, 19608\), got \(6, 7\)"),
        (torch.full((6, 19_608), torch.nan), "table must be finite, got nan"),
        (torch.eye(6, 19_608) * 1e18, "table must have a spread below 625,000.0, got 1"),
        (torch.eye(6, 19_608).double() * 1e300, "table must have a spread below"),
        ([[0.0]], "table must be a torch tensor, got list"),
    ],
)
def test_bad_tables_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        table_proxy(table)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_pairs": 100}, r"num_pairs must be one of \[300, 3000\], got 100"),
        ({"flip_rate": 0.1}, r"flip_rate must be one of \[0.0, 0.2\], got 0.1"),
        ({"seed": 4}, r"seed must be one of \[0, 1, 2, 3\], got 4"),
        ({"ensemble": "max"}, "ensemble must be one of"),
    ],
)
def test_what_is_not_recorded_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        recorded_proxy(**{"num_pairs": 300, "flip_rate": 0.0, **change})


def test_recorded_tables_are_centred_on_their_grid():
    recorded = recorded_scores()
    assert recorded["scores"].dtype == np.float16
    assert recorded["scores"].shape == (2, 2, 4, 6, 19_608)
    tables = torch.from_numpy(recorded["scores"]).double()
    assert torch.equal(tables * 16, (tables * 16).round())
    assert (reference_log_probs().exp() * tables).sum(dim=-1).abs().max() < 1 / 32


def test_ensembles_are_made_of_all_seeds():
    members = [recorded_proxy(3_000, flip_rate=0.0, seed=seed).table for seed in range(4)]
    low = recorded_proxy(3_000, flip_rate=0.0, ensemble="min").table
    mean = recorded_proxy(3_000, flip_rate=0.0, ensemble="mean").table
    stacked = torch.stack(members)
    for table, expected in ((low, stacked.amin(dim=0)), (mean, stacked.mean(dim=0))):
        apart = table - expected
        # Centred once more, and rounded.
        assert (apart - apart.mean(dim=1, keepdim=True)).abs().max() < 0.15


def test_a_recorded_table_is_made_again():
    # With another order of additions weights drift apart; scores stay close.
    setting = 3_000, 0.0, 2
    again = torch.from_numpy(record_reward_models.one_table(setting)).double()
    stored = torch.from_numpy(recorded_scores()["scores"][1, 0, 2]).double()
    probs = reference_log_probs().exp()
    apart = (probs * (again - stored) ** 2).sum(dim=-1)
    assert (apart / (probs * stored**2).sum(dim=-1)).max() < 0.1
    assert table_proxy(again).accuracy == pytest.approx(table_proxy(stored).accuracy, abs=0.02)


def test_the_recipe_names_what_the_recording_holds():
    recorded = recorded_scores()
    assert recorded["num_pairs"].tolist() == list(record_reward_models.NUM_PAIRS)
    assert recorded["flip_rates"].tolist() == list(record_reward_models.FLIP_RATES)
    assert recorded["seeds"].tolist() == list(record_reward_models.SEEDS)
    assert str(record_reward_models.config_of(0).learning_rate) in recorded["settings"]
