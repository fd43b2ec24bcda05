"""The path of a proxy's optima, and its best of n, against the replies one by one."""

import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.exact.frontier import best_of_n_log_probs
from rlnotes.exact.language import gibbs_optimum
from rlnotes.exact.over_optimization import (
    ReplyGroups,
    best_of_n_path,
    group_replies,
    optimum_path,
)
from rlnotes.functional.kl import kl_divergence


@pytest.fixture
def world():
    """Two prompts, 40 replies in 7 groups; the score is a function of the group."""
    generator = torch.Generator().manual_seed(0)
    log_probs = torch.log_softmax(torch.randn(2, 40, generator=generator).double() * 2, dim=-1)
    gold = torch.randn(2, 40, generator=generator).double()
    groups = torch.randint(7, (40,), generator=generator)
    scores = torch.randn(2, 7, generator=generator).double() * 3
    return log_probs, gold, groups, scores


def test_groups_by_hand():
    probs = torch.tensor([[0.5, 0.3, 0.2]]).double()
    gold = torch.tensor([[1.0, 2.0, -3.0]]).double()
    groups = group_replies(probs.log(), gold, torch.tensor([0, 2, 2]))
    # Group 1 has no reply. Group 2: 0.5, with (0.3 * 2 - 0.2 * 3) / 0.5 = 0.
    assert_close(groups.log_masses.exp(), torch.tensor([[0.5, 0.0, 0.5]]).double())
    assert_close(groups.gold, torch.tensor([[1.0, 0.0, 0.0]]).double())


def test_optimum_by_hand():
    # Half and half, scores 0 and ln 3 at beta 1: probabilities 1/4 and 3/4.
    groups = ReplyGroups(torch.full((1, 2), 0.5).log(), torch.tensor([[4.0, -4.0]]))
    path = optimum_path(groups, torch.tensor([[0.0, 3.0]]).log1p(), torch.tensor([1.0]))
    three = optimum_path(groups, torch.tensor([[0.0, 1.0986123]]), torch.tensor([1.0, 1e6]))
    assert_close(three.gold, torch.tensor([-2.0, 0.0]), atol=1e-5, rtol=0)
    assert_close(three.proxy[0].item(), 0.75 * 1.0986123)
    expected = 0.25 * torch.tensor(0.5).log() + 0.75 * torch.tensor(1.5).log()
    assert_close(three.kls[0], expected, atol=1e-6, rtol=0)
    assert_close(path.gold.item(), 4 * (1 - 4) / 5)  # weights 1 and 1 + 3


@pytest.mark.parametrize("beta", [10.0, 1.0, 0.1, 0.01])
def test_the_path_is_that_of_the_replies(world, beta):
    log_probs, gold, groups, scores = world
    path = optimum_path(
        group_replies(log_probs, gold, groups), scores, torch.tensor([beta]).double()
    )
    best = gibbs_optimum(log_probs, scores[:, groups], beta=beta)
    assert_close(path.gold.item(), (best.exp() * gold).sum(dim=-1).mean().item())
    assert_close(path.proxy.item(), (best.exp() * scores[:, groups]).sum(dim=-1).mean().item())
    assert_close(path.kls.item(), kl_divergence(best, log_probs).mean().item())


@pytest.mark.parametrize("n", [1, 2, 8, 1_000])
@pytest.mark.parametrize("ties", [False, True])
def test_the_best_of_n_is_that_of_the_replies(world, n, ties):
    log_probs, gold, groups, scores = world
    scores = scores.round() if ties else scores
    path = best_of_n_path(group_replies(log_probs, gold, groups), scores, torch.tensor([n]))
    best = best_of_n_log_probs(log_probs, scores[:, groups], n)
    assert_close(path.gold.item(), (best.exp() * gold).sum(dim=-1).mean().item())
    assert_close(path.proxy.item(), (best.exp() * scores[:, groups]).sum(dim=-1).mean().item())
    assert_close(path.kls.item(), kl_divergence(best, log_probs).mean().item())


def test_groups_that_differ_by_prompt_and_are_empty_for_one(world):
    log_probs, gold, groups, scores = world
    by_prompt = torch.stack([groups, torch.where(groups == 6, 0, groups)])
    # Group 6 has by far the highest score, and no reply to the second prompt.
    scores = torch.cat([scores[:, :6], torch.full((2, 1), 2_000.0).double()], dim=1)
    grouped = group_replies(log_probs, gold, by_prompt)
    table = scores.gather(1, by_prompt)
    for beta in (1.0, 0.01):
        path = optimum_path(grouped, scores, torch.tensor([beta]).double())
        best = gibbs_optimum(log_probs, table, beta=beta)
        assert_close(path.gold.item(), (best.exp() * gold).sum(dim=-1).mean().item())
    path = best_of_n_path(grouped, scores, torch.tensor([3]))
    best = best_of_n_log_probs(log_probs, table, 3)
    assert_close(path.gold.item(), (best.exp() * gold).sum(dim=-1).mean().item())
    assert_close(path.kls.item(), kl_divergence(best, log_probs).mean().item())


def test_all_scores_equal_leave_the_reference(world):
    log_probs, gold, groups, scores = world
    grouped = group_replies(log_probs, gold, groups)
    expected = (log_probs.exp() * gold).sum(dim=-1).mean().item()
    for path in (
        optimum_path(grouped, scores * 0 + 2, torch.tensor([0.01])),
        best_of_n_path(grouped, scores * 0 + 2, torch.tensor([64])),
    ):
        assert path.gold.item() == pytest.approx(expected)
        assert path.kls.item() == pytest.approx(0, abs=1e-12)
        assert path.proxy.item() == pytest.approx(2)


def test_a_constant_on_one_prompt_moves_the_proxy_alone(world):
    log_probs, gold, groups, scores = world
    grouped, betas = group_replies(log_probs, gold, groups), torch.tensor([1.0, 0.1])
    shift = torch.tensor([[6.0], [0.0]]).double()
    before, after = (optimum_path(grouped, s, betas) for s in (scores, scores + shift))
    assert_close(after.proxy, before.proxy + 3)
    assert_close(after.gold, before.gold)
    assert_close(after.kls, before.kls)


@pytest.mark.parametrize(
    ("function", "values", "message"),
    [
        (optimum_path, torch.tensor([1.0, 0.0]), "betas must be positive and finite, got"),
        (optimum_path, torch.tensor([float("inf")]), "betas must be positive and finite, got"),
        (best_of_n_path, torch.tensor([1, 0]), "ns must be integers of at least 1, got"),
        (best_of_n_path, torch.tensor([1.5]), "ns must be integers of at least 1, got"),
    ],
)
def test_bad_numbers_are_refused(world, function, values, message):
    log_probs, gold, groups, scores = world
    grouped = group_replies(log_probs, gold, groups)
    with pytest.raises(ValueError, match=message):
        function(grouped, scores, values)
    with pytest.raises(ValueError, match="scores must be finite, got nan"):
        function(grouped, scores * torch.nan, torch.tensor([1]))
    with pytest.raises(ValueError, match="common shape"):
        function(grouped, scores[:, :3], torch.tensor([1]))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (torch.zeros(39).long(), r"groups must have shape \(2, 40\) or \(40,\), got \(39,\)"),
        (torch.full((40,), -1), "groups must not be negative, got -1"),
    ],
)
def test_bad_groups_are_refused(world, groups, message):
    log_probs, gold, _, _ = world
    with pytest.raises(ValueError, match=message):
        group_replies(log_probs, gold, groups)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": torch.zeros(40)}, "groups must be whole numbers, got torch.float32"),
        ({"groups": [0] * 40}, "groups must be a torch tensor, got list"),
        ({"groups": torch.full((40,), 10_000_001)}, "groups must have numbers up to 10,000,000"),
        ({"ref_log_probs": torch.zeros(2, 40)}, "ref_log_probs must be those of all completions"),
        ({"ref_log_probs": torch.full((2, 40), torch.nan)}, "ref_log_probs must be those of all"),
        ({"ref_log_probs": [[0.0]]}, "ref_log_probs must be a torch tensor, got list"),
        ({"gold": [[0.0]]}, "gold must be a torch tensor, got list"),
        (
            {"ref_log_probs": torch.zeros(1, 0), "gold": torch.zeros(1, 0)},
            "ref_log_probs must hold at least one number",
        ),
        (
            {"ref_log_probs": torch.zeros(1), "gold": torch.zeros(1)},
            r"gold must have shape \[P, N\], got \(1,\)",
        ),
    ],
)
def test_bad_replies_are_refused(world, change, message):
    log_probs, gold, groups, _ = world
    given = {"ref_log_probs": log_probs, "gold": gold, "groups": groups, **change}
    with pytest.raises(ValueError, match=message):
        group_replies(**given)


@pytest.mark.parametrize("function", [optimum_path, best_of_n_path])
def test_numbers_come_in_any_form_but_in_a_row(world, function):
    log_probs, gold, groups, scores = world
    grouped = group_replies(log_probs, gold, groups)
    expected = function(grouped, scores, torch.tensor([1, 4]))
    for form in ([1, 4], (1.0, 4.0), np.array([1, 4])):
        assert_close(function(grouped, scores, form), expected)
    for wrong in (1, torch.tensor(1.0), [[1, 4]]):
        with pytest.raises(ValueError, match="s must be a row of numbers, got shape"):
            function(grouped, scores, wrong)
    with pytest.raises(ValueError, match="s must be a rectangular array of numbers"):
        function(grouped, scores, "many")
    with pytest.raises(ValueError, match="scores must be a torch tensor, got list"):
        function(grouped, scores.tolist(), [1])
    with pytest.raises(ValueError, match="log_masses must be those of all completions"):
        function(ReplyGroups(grouped.log_masses - 1, grouped.gold), scores, [1])


def test_dtypes_may_be_mixed(world):
    log_probs, gold, groups, scores = world
    expected = optimum_path(group_replies(log_probs, gold, groups), scores, [0.5])
    grouped = group_replies(log_probs.float(), gold, groups.int())
    assert_close(optimum_path(grouped, scores, [0.5]), expected, rtol=1e-5, atol=1e-5)
    grouped = group_replies(log_probs.float(), gold.float(), groups.to(torch.uint8))
    assert_close(optimum_path(grouped, scores, [0.5]), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("dtype", "size", "beta"),
    [
        (torch.float32, 1.0, 1e-39),
        (torch.float32, 1.0, 1e-320),
        (torch.float64, 1.0, 1e-320),
        (torch.float32, 3e38, 0.1),
    ],
)
def test_a_tiny_price_leaves_the_best_group(dtype, size, beta):
    groups = ReplyGroups(torch.tensor([[0.5, 0.5]]).to(dtype).log(), torch.tensor([[4, 7]]))
    scores = torch.tensor([[-1.0, 1.0]]).to(dtype) * size
    path = optimum_path(groups, scores, [beta])
    assert path.gold.item() == 7
    assert path.proxy.item() == pytest.approx(size)
    assert path.kls.item() == pytest.approx(math.log(2))


def test_the_best_of_one_is_at_no_negative_distance():
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        log_probs = torch.log_softmax(torch.randn(1, 9, generator=generator).double(), dim=-1)
        scores = torch.randn(1, 9, generator=generator).double()
        groups = group_replies(log_probs, scores, torch.arange(9))
        assert 0 <= best_of_n_path(groups, scores, [1]).kls.item() < 1e-12
    last = best_of_n_path(ReplyGroups(log_probs.float(), scores.float()), scores.float(), [1e39])
    assert last.proxy.item() == pytest.approx(scores.max().item())
