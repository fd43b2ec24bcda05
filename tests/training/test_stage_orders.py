"""The stages of RLHF in any order: ends known beforehand, and bad input."""

from itertools import permutations

import pytest
import torch

from rlnotes.exact.frontier import best_reward_at, reward_masses
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.replies import gold_table, reply_tree
from rlnotes.training.stage_orders import STAGES, run_order

SFT_GOLD = (reference_log_probs().exp() * gold_table()).sum(dim=1).mean().item()


def test_no_stage_leaves_random_weights():
    with torch.no_grad():
        fresh = reply_tree(TinyLM(torch.Generator().manual_seed(1))).log_probs
    gold = (fresh.exp() * gold_table()).sum(dim=1).mean().item()
    assert run_order((), seed=1).gold == pytest.approx(gold, abs=1e-9)
    assert run_order(["compare"], seed=1) == run_order((), seed=1)


@pytest.mark.parametrize(
    "order", [order for order in permutations(STAGES) if order[-1] == "imitate"]
)
def test_imitation_at_the_end_undoes_the_climb(order):
    end = run_order(order, seed=0)
    assert end.gold == pytest.approx(SFT_GOLD, abs=1e-9)
    assert end.kl == pytest.approx(0, abs=1e-9)


def test_a_judge_fitted_after_the_climb_changes_nothing():
    assert run_order(STAGES[::2], seed=2) == run_order(["imitate", "climb", "compare"], seed=2)


def test_the_right_order_ends_highest_and_below_the_frontier():
    masses = reward_masses(reference_log_probs(), gold_table())
    for seed in range(2):
        ends = {order: run_order(order, seed=seed) for order in permutations(STAGES)}
        best = ends.pop(STAGES)
        assert best.gold > max(end.gold for end in ends.values()) + 0.1
        assert best.gold < best_reward_at(masses, best.kl)
        assert ends["imitate", "climb", "compare"].gold < SFT_GOLD + 0.1


def test_a_high_price_holds_the_policy():
    end = run_order(STAGES, seed=0, beta=1e6)
    assert end.gold == pytest.approx(SFT_GOLD, abs=1e-4)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="order must be one of"):
        run_order(["imitate", "ppo"], seed=0)
    with pytest.raises(ValueError, match="order must not have a stage twice"):
        run_order(["imitate", "imitate"], seed=0)
    with pytest.raises(ValueError, match="beta"):
        run_order(STAGES, seed=0, beta=0.0)
    with pytest.raises(ValueError, match="num_pairs"):
        run_order(STAGES, seed=0, num_pairs=0)
