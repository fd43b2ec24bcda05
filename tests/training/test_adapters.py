"""Two tasks on one base: what is trained, on what, and where a policy stands."""

from dataclasses import replace

import pytest
import torch

from rlnotes.data.brief_replies import brief_rewards
from rlnotes.data.help_desk import PROMPTS, gold_rewards, reply_tokens
from rlnotes.models.adapters import adapter_off
from rlnotes.models.low_rank import num_trainable
from rlnotes.training.adapters import (
    SETTINGS,
    TASKS,
    Standing,
    brief_table,
    standing,
    start_policy,
    train_on,
    wished,
)
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.replies import all_replies, gold_table, reply_numbers, reply_tree

SHORT = replace(SETTINGS, num_updates=4, learning_rate=8e-3)


@torch.no_grad()
def log_probs(policy):
    return reply_tree(policy).log_probs


def trained(task, rank, config=SHORT):
    policy = start_policy(reference_model(), rank=rank, seed=config.seed)
    train_on(TASKS[task], policy, config, base=reference_model())
    return policy


def test_a_is_gold_for_the_calm_and_b_is_brief_for_the_angry():
    assert {PROMPTS[number].split()[0] for number in TASKS["A"].prompts} == {"calm"}
    assert {PROMPTS[number].split()[0] for number in TASKS["B"].prompts} == {"angry"}
    assert len(TASKS["A"].prompts) == len(TASKS["B"].prompts) == 3
    assert TASKS["both"].prompts == tuple(range(6))
    prompts = torch.tensor([1, 4])
    replies = torch.stack([reply_tokens("hi refund thanks !")] * 2)
    assert TASKS["A"].score(prompts, replies)[0].item() == pytest.approx(3.75)
    assert TASKS["B"].score(prompts, replies)[1].item() == -1
    assert TASKS["both"].score(prompts, replies).tolist() == pytest.approx([3.75, -1])


def test_wishes_of_all_prompts_are_those_of_each_mood():
    prompts, replies = torch.arange(6), all_replies()[1000:1006]
    gold, brief = gold_rewards(prompts, replies), brief_rewards(prompts, replies)
    assert wished(prompts, replies).tolist() == [*gold[:3].tolist(), *brief[3:].tolist()]


def test_the_best_brief_reply_of_all_is_the_word_alone():
    table = brief_table()
    assert table.shape == (6, 19_608)
    assert table.max(dim=1).values.tolist() == [2.0] * 6
    assert ((table == 2).sum(dim=1) == 1).all()
    words = [PROMPTS[n].split()[1] for n in range(6)]
    for number, word in enumerate(words):
        assert table[number, reply_numbers(reply_tokens(word))] == 2


@pytest.mark.parametrize("rank", [None, 1, 8])
def test_a_start_says_what_the_base_says_and_trains_all_or_the_adapter(rank):
    policy = start_policy(reference_model(), rank=rank, seed=3)
    assert torch.equal(log_probs(policy), reference_log_probs())
    # Two blocks of four maps, and the head: 32 -> 96, 32, 128, 128 -> 32, and 32 -> 8.
    sides = 2 * ((32 + 96) + (32 + 32) + (32 + 128) + (128 + 32)) + 32 + 8
    assert num_trainable(policy) == (26_376 if rank is None else rank * sides)
    assert not any(weights.requires_grad for weights in reference_model().parameters())


def test_the_seed_draws_the_adapter():
    def downs(seed):
        return start_policy(reference_model(), rank=2, seed=seed).head.down

    assert torch.equal(downs(1), downs(1))
    assert not torch.equal(downs(1), downs(2))


@pytest.mark.parametrize("task", ["A", "B"])
@pytest.mark.parametrize("rank", [None, 4])
def test_a_few_updates_raise_the_reward_of_the_task(rank, task):
    before = standing(reference_log_probs(), reference_log_probs())
    config = replace(SHORT, num_updates=15)
    after = standing(log_probs(trained(task, rank, config)), reference_log_probs())
    name = f"reward_{task.lower()}"
    assert getattr(after, name) > getattr(before, name) + 0.5


def test_only_the_prompts_of_the_task_are_asked():
    asked = []

    def score(prompts, replies):
        asked.extend(prompts.tolist())
        return gold_rewards(prompts, replies)

    policy = start_policy(reference_model(), rank=1, seed=0)
    task = TASKS["B"]._replace(score=score)
    train_on(task, policy, replace(SHORT, num_updates=2), base=reference_model())
    assert sorted(asked) == sorted([3, 4, 5] * 64)  # 12 groups of 8, twice


def test_training_goes_on_where_it_stands_and_the_base_stays_to_the_bit():
    policy, seen = trained("A", 2), []
    middle = log_probs(policy)
    train_on(TASKS["B"], policy, SHORT, base=reference_model(), watch=seen.append)
    assert seen == [1, 2, 3, 4]
    assert (log_probs(policy) - middle).abs().max() > 0.01
    with adapter_off(policy):
        assert torch.equal(log_probs(policy), reference_log_probs())


def test_the_same_seed_gives_the_same_policy():
    one, again = trained("A", 1), trained("A", 1)
    other = trained("A", 1, replace(SHORT, seed=1))
    assert torch.equal(log_probs(one), log_probs(again))
    assert not torch.equal(log_probs(one), log_probs(other))


def test_training_refuses_what_it_cannot_train():
    policy = start_policy(reference_model(), rank=1, seed=0)
    with pytest.raises(ValueError, match="config must have algorithm 'rloo', got 'ppo'"):
        train_on(TASKS["A"], policy, replace(SHORT, algorithm="ppo"), base=reference_model())
    policy.requires_grad_(False)
    with pytest.raises(ValueError, match="policy must have weights that can be trained"):
        train_on(TASKS["A"], policy, SHORT, base=reference_model())
    with pytest.raises(ValueError, match="rank must be a positive integer, got 0"):
        start_policy(reference_model(), rank=0, seed=0)


def test_the_base_stands_at_no_distance_from_itself():
    at_base = standing(reference_log_probs(), reference_log_probs())
    assert at_base[2:] == pytest.approx([0] * 4, abs=1e-9)
    probs = reference_log_probs().exp()
    assert at_base.reward_a == pytest.approx((probs * gold_table()).sum(dim=1)[:3].mean().item())
    assert at_base.reward_b == pytest.approx((probs * brief_table()).sum(dim=1)[3:].mean().item())


def test_standing_by_hand():
    """A policy of two replies to each prompt, and a base of two that overlap."""
    thanks, sorry, hi = (reply_numbers(reply_tokens(word)) for word in ("thanks", "sorry", "hi"))
    log_policy = torch.full((6, 19_608), -40.0, dtype=torch.float64)
    log_base = log_policy.clone()
    log_policy[:3, thanks], log_policy[:3, hi] = 0.25, 0.75
    log_policy[3:, thanks], log_policy[3:, sorry] = 0.5, 0.5
    log_base[:, thanks], log_base[:, sorry], log_base[:, hi] = 0.5, 0.25, 0.25
    for table in (log_policy, log_base):
        table[table > 0] = table[table > 0].log()
    got = standing(log_policy, log_base)
    ln = torch.log(torch.tensor([2.0, 3.0])).tolist()
    expected = Standing(
        reward_a=0.25 * 0.75 + 0.75 * 0.5,
        reward_b=-1.0,
        kl_calm=-0.25 * ln[0] + 0.75 * ln[1],
        kl_angry=0.5 * ln[0],
        lost_calm=0.5 * ln[0] - 0.25 * ln[1] + 0.25 * (40 - 2 * ln[0]),
        lost_angry=-0.25 * ln[0] + 0.25 * (40 - 2 * ln[0]),
    )
    assert got._asdict() == pytest.approx(expected._asdict(), abs=1e-6)


def test_the_price_is_that_of_leaving_the_base_not_of_where_training_starts():
    policy = trained("A", 4, replace(SHORT, num_updates=15, learning_rate=1.6e-2))
    far = standing(log_probs(policy), reference_log_probs()).kl_calm
    dear = replace(SHORT, beta=50.0, num_updates=15)
    train_on(TASKS["A"], policy, dear, base=reference_model())
    assert standing(log_probs(policy), reference_log_probs()).kl_calm < 0.6 * far
