"""PPO, GRPO and relatives: one loss by hand, advantages, who is trained, errors."""

import copy
import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.invoices.sampling import SEEN_LAYOUTS
from rlnotes.exact.group_weights import ADVANTAGES
from rlnotes.functional.advantages import (
    group_centered_advantages,
    group_relative_advantages,
    leave_one_out_advantages,
)
from rlnotes.models.low_rank import add_low_rank
from rlnotes.models.pointer_actions import action_log_probs
from rlnotes.training.invoices import on_policy
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.demonstrations import demonstrate
from rlnotes.training.invoices.examples import new_policy, sample_examples
from rlnotes.training.invoices.on_policy import Config, Learner, train_on_policy
from rlnotes.training.invoices.scoring import RewardScore
from rlnotes.training.invoices.sft import Config as SFTConfig
from rlnotes.training.invoices.sft import train_sft
from tests.training.invoices.hand_made import (
    NUM_FIELDS,
    example,
    same_weights,
    seeded,
    small_policy,
    weights_of,
)

EXAMPLES = [example("Acme", "9.60"), example("05/03/2018", "Tea 4.80", "RM 4.80"), example("A")]
SMALL = {"num_updates": 3, "num_documents": 2, "num_answers": 4, "num_epochs": 2}


def share_absent(examples, actions):
    """A score that anybody can learn: fields left out, and no lines."""
    absent = (actions.segments == 0).double().mean(dim=2)
    return (absent - 0.1 * actions.lines.double().mean(dim=2)).float()


def alike(examples, actions):
    return torch.full(actions.line_format.shape, 0.7)


def learner(start=None, score=share_absent, examples=EXAMPLES, **change):
    start = small_policy() if start is None else start
    return Learner(start, examples, score, Config(**{**SMALL, **change}))


def run(start=None, score=share_absent, watch=None, **change):
    start = small_policy() if start is None else start
    config = Config(**{**SMALL, **change})
    return train_on_policy(start, EXAMPLES, score, config, watch=watch)


def moved(policy, scale, seed=9):
    """The policy some way off, so that ratios leave the band."""
    generator = seeded(seed)
    with torch.no_grad():
        for weights in policy.parameters():
            weights += scale * torch.randn(weights.shape, generator=generator)


# The loss.


def plain_entropy(log_probs):
    return -sum(math.exp(number) * number for number in log_probs if number > -1000)


def plain_divergence(log_probs, ref_log_probs):
    pairs = zip(log_probs, ref_log_probs, strict=True)
    return sum(math.exp(own) * (own - other) for own, other in pairs if own > -1000)


def distributions(choices, row, length):
    """All that is drawn for a document: a list of log-probs for each draw."""
    fields = choices.pointers[row, :, : length + 1].flatten(1).tolist()
    return [*fields, *choices.lines[row, :length].tolist(), choices.line_format[row].tolist()]


def parts_by_hand(taught, rollout, examples, reference):
    """The terms of the loss, number by number, from pages read one by one."""
    config = taught.config
    num_answers = config.num_answers
    surrogate = values = entropy = kl = outside = 0.0
    for row, page in enumerate(examples):
        n = len(page.features)
        choices = taught.policy(draw_pages([page], None))
        for answer in range(num_answers):
            own = [
                choices.pointers[0, i, segment, form].item()
                for i, (segment, form) in enumerate(
                    zip(
                        rollout.actions.segments[row, answer].tolist(),
                        rollout.actions.formats[row, answer].tolist(),
                        strict=True,
                    )
                )
            ]
            taken = rollout.actions.lines[row, answer, :n].long()
            lines = choices.lines[0, torch.arange(n), taken].sum()
            lines += choices.line_format[0, rollout.actions.line_format[row, answer]]
            for new, old in zip(
                [*own, lines.item()], rollout.old_log_probs[row, answer].tolist(), strict=True
            ):
                ratio, advantage = math.exp(new - old), rollout.advantages[row, answer].item()
                low, high = 1 - config.clip_epsilon, 1 + config.clip_epsilon
                surrogate += min(ratio * advantage, min(max(ratio, low), high) * advantage)
                outside += not low <= ratio <= high
            error = choices.values[0].item() - rollout.rewards[row, answer].item()
            values += error**2 / 2
        own = distributions(choices, 0, n)
        start = distributions(reference(draw_pages([page], None)), 0, n)
        entropy += sum(map(plain_entropy, own))
        kl += sum(map(plain_divergence, own, start))
    batch = len(examples)
    answers = batch * num_answers
    outside /= answers * (NUM_FIELDS + 1)
    return -surrogate / answers, values / answers, entropy / batch, kl / batch, outside


@pytest.mark.parametrize("advantage", ["critic", "sample_std_plus"])
def test_the_loss_is_the_sum_of_its_parts_by_hand(advantage):
    coefficients = {"value_coefficient": 0.7, "entropy_coefficient": 0.03, "beta": 0.2}
    taught = learner(advantage=advantage, num_documents=3, **coefficients)
    order = taught.next_numbers()
    taught.waiting = order.copy()
    rollout = taught.rollout()
    moved(taught.policy, 0.05)
    with torch.no_grad():
        reference = taught.reference(rollout.pages)
    parts, loss = taught.losses(rollout, reference)
    examples = [EXAMPLES[number] for number in order]
    expected = parts_by_hand(taught, rollout, examples, taught.reference)
    assert 0.05 < expected[-1] < 0.95  # ratios on both sides of the band
    names = "policy_loss", "value_loss", "entropy", "kl", "outside"
    for name, part, number in zip(names, parts, expected, strict=True):
        if name == "value_loss" and advantage != "critic":
            assert part.isnan()
        else:
            assert part.item() == pytest.approx(number, rel=1e-4, abs=1e-6), name
    total = expected[0] - 0.03 * expected[2] + 0.2 * expected[3]
    total += 0.7 * expected[1] if advantage == "critic" else 0
    assert loss.item() == pytest.approx(total, rel=1e-4)


def test_the_first_ratios_are_one():
    taught = learner()
    rollout = taught.rollout()
    with torch.no_grad():
        own = action_log_probs(taught.policy(rollout.pages), rollout.actions)
    assert torch.equal(own, rollout.old_log_probs)
    parts, _ = taught.losses(rollout, None)
    # The sum over the decisions of an answer, at ratio 1: minus their mean advantage.
    expected = -(NUM_FIELDS + 1) * rollout.advantages.mean().item()
    assert parts[0].item() == pytest.approx(expected, abs=1e-5)
    assert parts[-1] == 0


def test_the_first_slope_is_that_of_reinforce():
    taught = learner(advantage="leave_one_out", num_documents=3)
    rollout = taught.rollout()
    weights = list(taught.policy.pointer.parameters())
    slope = torch.autograd.grad(taught.losses(rollout, None)[1], weights)
    log_probs = action_log_probs(taught.policy(rollout.pages), rollout.actions).sum(dim=-1)
    expected = torch.autograd.grad(-(rollout.advantages * log_probs).mean(), weights)
    assert max(part.abs().max() for part in expected) > 1e-3
    assert_close(slope, expected, atol=1e-6, rtol=1e-4)


def test_the_critic_is_fitted_only_if_there_is_one():
    for advantage, fitted in (("critic", True), ("group_mean", False)):
        policy = run(advantage=advantage).policy
        assert policy.value.weight.equal(small_policy().value.weight) is not fitted


# What answers are compared with.


@pytest.mark.parametrize(
    ("advantage", "function"),
    [
        ("sample_std_plus", group_relative_advantages),
        ("leave_one_out", leave_one_out_advantages),
        ("group_mean", group_centered_advantages),
        ("reward", lambda rewards: rewards),
    ],
)
def test_groups_are_compared_as_the_package_does(advantage, function):
    rollout = learner(advantage=advantage, num_documents=3).rollout()
    assert rollout.rewards.std(dim=1).min() > 0
    assert_close(rollout.advantages, function(rollout.rewards))


def test_a_critic_is_compared_with_and_all_is_normalized():
    taught = learner(advantage="critic", num_documents=3)
    order = taught.next_numbers()
    taught.waiting = order.copy()
    rollout = taught.rollout()
    values = [taught.policy(draw_pages([EXAMPLES[i]], None)).values.item() for i in order]
    errors = rollout.rewards.double().numpy() - np.array(values)[:, None]
    expected = (errors - errors.mean()) / errors.std(ddof=1)
    assert np.ptp(values) > 0.1
    assert rollout.advantages.numpy() == pytest.approx(expected, abs=1e-5)


def test_a_critic_of_its_own_begins_as_the_start_and_is_compared_with():
    start = small_policy()
    taught = learner(start, advantage="critic", critic="own")
    assert taught.critic is not taught.policy
    assert same_weights(weights_of(taught.critic), weights_of(start))
    moved(taught.critic, 0.3)
    rollout = taught.rollout()
    with torch.no_grad():
        values = taught.critic(rollout.pages).values
        assert (values - taught.policy(rollout.pages).values).abs().min() > 0.01
    errors = (rollout.rewards - values[:, None]).double().numpy()
    expected = (errors - errors.mean()) / errors.std(ddof=1)
    assert rollout.advantages.numpy() == pytest.approx(expected, abs=1e-5)


def test_fresh_answers_are_compared_with_and_thrown_away():
    asked = []

    def score(examples, actions):
        asked.append((examples, actions, share_absent(examples, actions)))
        return asked[-1][-1]

    rollout = learner(score=score, advantage="critic", critic="answers").rollout()
    (pages, actions, rewards), (same, others, fresh) = asked
    assert same == pages
    assert not torch.equal(actions.segments, others.segments)
    assert torch.equal(rollout.actions.segments, actions.segments)
    assert torch.equal(rollout.rewards, rewards)
    errors = (rewards - fresh.mean(dim=1)[:, None]).double().numpy()
    expected = (errors - errors.mean()) / errors.std(ddof=1)
    assert fresh.mean(dim=1).diff().abs().item() > 0.01
    assert rollout.advantages.numpy() == pytest.approx(expected, abs=1e-5)


def test_rewards_are_those_of_the_answers_and_documents_of_the_rollout():
    asked = []

    def score(examples, actions):
        asked.append((examples, actions))
        return share_absent(examples, actions)

    taught = learner(score=score)
    order = taught.next_numbers()
    taught.waiting = order.copy()
    rollout = taught.rollout()
    ((examples, actions),) = asked
    assert all(page is EXAMPLES[i] for page, i in zip(examples, order, strict=True))
    assert torch.equal(actions.segments, rollout.actions.segments)
    assert torch.equal(rollout.rewards, share_absent(None, rollout.actions))


@pytest.mark.parametrize("advantage", sorted({*ADVANTAGES} - {"reward"}))
def test_groups_of_equal_rewards_teach_nothing(advantage):
    start = small_policy()
    result = run(start, alike, advantage=advantage)
    assert same_weights(weights_of(start), weights_of(result.policy))
    assert result.diagnostics.policy_loss == pytest.approx(0)
    assert result.diagnostics.group_std == pytest.approx(0)


def test_a_dead_group_beside_a_living_one_has_no_advantage():
    def first_alone(examples, actions):
        rewards = share_absent(examples, actions)
        rewards[1:] = 0.5
        return rewards

    rollout = learner(score=first_alone).rollout()
    assert rollout.advantages[0].abs().min() > 0
    assert (rollout.advantages[1] == 0).all()


# Whole updates.


def test_an_update_logs_its_answers(monkeypatch):
    taught = learner(advantage="critic", beta=0.1, num_epochs=3, max_gradient_norm=0.25)
    steps, descend = [], on_policy.descend

    def counted(loss, optimizer, *, max_norm):
        steps.append((loss.item(), max_norm))
        descend(loss, optimizer, max_norm=max_norm)

    monkeypatch.setattr(on_policy, "descend", counted)
    rollout = taught.rollout()
    first, loss = taught.losses(rollout, taught.reference(rollout.pages))
    diagnostics = taught.update(rollout)
    assert [norm for _, norm in steps] == [0.25] * 3
    assert steps[0][0] == pytest.approx(loss.item())
    assert diagnostics.reward == pytest.approx(rollout.rewards.mean().item())
    spread = np.std(rollout.rewards.numpy(), axis=1, ddof=1).mean()
    assert diagnostics.group_std == pytest.approx(spread, rel=1e-4)
    logged = diagnostics.policy_loss, diagnostics.value_loss, diagnostics.entropy
    assert logged == pytest.approx([part.item() for part in first[:3]], rel=1e-5)
    assert diagnostics.kl == pytest.approx(0, abs=1e-6)
    assert all(isinstance(number, float) for number in diagnostics)


def after_one_update(critic, value_coefficient):
    change = {"num_updates": 1, "value_coefficient": value_coefficient}
    return run(advantage="critic", critic=critic, **change)


@pytest.mark.parametrize("critic", ["shared", "own"])
def test_only_on_a_shared_trunk_does_the_value_loss_move_the_policy(critic):
    without, with_loss = (after_one_update(critic, weight) for weight in (0.0, 0.5))
    alike = same_weights(weights_of(without.policy), weights_of(with_loss.policy))
    assert alike == (critic == "own")
    assert not same_weights(weights_of(without.critic), weights_of(with_loss.critic))


def test_a_critic_of_its_own_takes_steps_of_its_own():
    taught = learner(advantage="critic", critic="own", num_epochs=1, value_coefficient=0.5)
    moved(taught.critic, 0.1)
    twin = copy.deepcopy(taught.critic)
    rollout = taught.rollout()
    values = twin(rollout.pages).values[:, None]
    loss = (values - rollout.rewards).square().mean() / 2
    diagnostics = taught.update(rollout)
    assert diagnostics.value_loss == pytest.approx(loss.item(), rel=1e-5)
    optimizer = torch.optim.Adam(twin.parameters(), lr=taught.config.learning_rate)
    (0.5 * loss).backward()
    torch.nn.utils.clip_grad_norm_(twin.parameters(), taught.config.max_gradient_norm)
    optimizer.step()
    for own, other in zip(weights_of(taught.critic), weights_of(twin), strict=True):
        assert_close(own, other, atol=1e-5, rtol=1e-5)


def test_a_critic_of_its_own_learns_what_documents_are_worth():
    def by_document(examples, actions):
        worth = [[0.2, 0.9, 0.5][EXAMPLES.index(page)] for page in examples]
        return torch.tensor(worth)[:, None].expand(actions.line_format.shape)

    change = {"num_documents": 3, "num_updates": 60, "learning_rate": 0.02}
    result = run(score=by_document, advantage="critic", critic="own", **change)
    with torch.no_grad():
        values = result.critic(draw_pages(EXAMPLES, None)).values
    assert values.tolist() == pytest.approx([0.2, 0.9, 0.5], abs=0.1)
    assert result.diagnostics.value_loss[-1] < result.diagnostics.value_loss[0] / 10


@pytest.mark.parametrize(
    "change", [{"advantage": "critic"}, {"advantage": "critic", "critic": "answers"}, {}]
)
def test_without_a_critic_of_its_own_the_policy_holds_the_values(change):
    result = run(**change)
    assert result.critic is result.policy
    learned = change == {"advantage": "critic"}
    assert np.isfinite(result.diagnostics.value_loss).all() == learned


def test_the_share_outside_is_that_of_the_last_epoch():
    change = {"learning_rate": 0.05, "max_gradient_norm": 10.0, "num_updates": 1}
    assert run(num_epochs=1, **change).diagnostics.clip_fraction == 0
    assert run(num_epochs=2, **change).diagnostics.clip_fraction > 0.1


def test_the_price_is_on_the_exact_divergence_from_the_start():
    free, priced, dear = (
        run(beta=beta, num_updates=8, learning_rate=0.01).diagnostics for beta in (0.0, 0.01, 5.0)
    )
    assert np.isnan(free.kl).all()
    assert priced.kl[0] == pytest.approx(0, abs=1e-6)
    assert priced.kl[-1] > 0.05
    assert dear.kl[-1] < priced.kl[-1] / 2


def test_entropy_is_held_up_if_it_is_paid_for():
    change = {"num_updates": 12, "learning_rate": 0.01}
    sinking, held = (
        run(entropy_coefficient=coefficient, **change).diagnostics.entropy
        for coefficient in (0.0, 1.0)
    )
    assert held[0] == pytest.approx(sinking[0])
    assert held[-1] > sinking[-1] + 0.5


@pytest.mark.parametrize("advantage", ["critic", "sample_std_plus", "leave_one_out"])
def test_what_is_paid_for_is_learned(advantage):
    change = {"num_documents": 3, "num_answers": 8, "learning_rate": 0.02, "num_updates": 25}
    rewards = run(advantage=advantage, **change).diagnostics.reward
    assert rewards.shape == (25,)
    assert rewards[-5:].mean() > rewards[:3].mean() + 0.3


def test_the_start_is_not_changed():
    start = small_policy()
    before = weights_of(start)
    result = run(start, beta=0.1)
    assert same_weights(before, weights_of(start))
    assert all(weights.requires_grad for weights in start.parameters())
    assert not same_weights(before, weights_of(result.policy))


def test_seeds_reproduce_bit_by_bit():
    one, same, other = (run(seed=seed, vary=True) for seed in (1, 1, 2))
    assert same_weights(weights_of(one.policy), weights_of(same.policy))
    for name in ("reward", "policy_loss", "entropy", "clip_fraction"):
        assert np.array_equal(getattr(one.diagnostics, name), getattr(same.diagnostics, name))
    assert not same_weights(weights_of(one.policy), weights_of(other.policy))
    assert not np.array_equal(one.diagnostics.reward, other.diagnostics.reward)


def test_the_order_and_the_answers_have_seeds_of_their_own():
    taught = learner(num_answers=2), learner(num_answers=5)
    orders = [[each.next_numbers() for _ in range(4)] for each in taught]
    assert orders[0] == orders[1]


def test_all_documents_come_once_before_one_comes_again():
    taught = learner(num_documents=2)
    drawn = [number for _ in range(12) for number in taught.next_numbers()]
    rounds = [drawn[start : start + 3] for start in range(0, 24, 3)]
    assert all(sorted(numbers) == [0, 1, 2] for numbers in rounds)
    assert len({tuple(numbers) for numbers in rounds}) > 1
    assert len(learner(num_documents=7).next_numbers()) == 7


def test_what_is_frozen_stays_so():
    start = add_low_rank(small_policy(), rank=2, generator=seeded())
    result = run(start, advantage="critic")
    before = dict(start.named_parameters())
    changed = {
        name
        for name, weights in result.policy.named_parameters()
        if not weights.equal(before[name])
    }
    assert {name.rsplit(".", 1)[1] for name in changed} == {"up", "down"}


def test_rates_fall_over_the_run(monkeypatch):
    rates = []

    def descend(loss, optimizer, *, max_norm):
        rates.append(optimizer.param_groups[0]["lr"])

    monkeypatch.setattr(on_policy, "descend", descend)
    run(num_updates=4, num_epochs=2, learning_rate=0.1)
    falling = [0.1 * (1 - 0.95 * number / 4) for number in range(4)]
    assert rates == pytest.approx([rate for rate in falling for _ in range(2)])
    rates.clear()
    run(num_updates=4, num_epochs=2, learning_rate=0.1, advantage="critic", critic="own")
    assert rates == pytest.approx([rate for rate in falling for _ in range(4)])


def test_the_watcher_sees_each_update():
    seen = []
    result = run(watch=lambda number, policy: seen.append((number, policy)))
    assert [number for number, _ in seen] == [1, 2, 3]
    assert all(policy is result.policy for _, policy in seen)


def test_pages_are_varied_if_asked_for(monkeypatch):
    given = []

    def draw(pages, generator):
        given.append(generator)
        return draw_pages(pages, generator)

    monkeypatch.setattr(on_policy, "draw_pages", draw)
    run(vary=False, num_updates=1)
    run(vary=True, num_updates=1)
    assert given[0] is None
    assert isinstance(given[1], np.random.Generator)


def test_one_answer_is_enough_for_a_critic():
    numbers = run(advantage="critic", num_answers=1).diagnostics
    assert np.isnan(numbers.group_std).all()
    assert np.isfinite(numbers.value_loss).all()
    assert np.isnan(run().diagnostics.value_loss).all()


def test_rewards_rise_on_seen_layouts_after_a_few_labels():
    examples = sample_examples(40, seed=21, layouts=SEEN_LAYOUTS, most_segments=40)
    policy = new_policy(0)
    labels = [demonstrate(page) for page in examples[:12]]
    train_sft(policy, examples[:12], labels, SFTConfig(num_steps=30))
    config = Config(num_updates=30, num_documents=6, num_epochs=2)
    rewards = train_on_policy(policy, examples[12:], RewardScore(), config).diagnostics.reward
    assert rewards[-6:].mean() > rewards[:3].mean() + 0.08


# Errors.


@pytest.mark.parametrize(
    ("rewards", "shown"),
    [
        (torch.zeros(2, 3), r"shape \(2, 3\)"),
        (torch.zeros(2), r"shape \(2,\)"),
        (torch.full((2, 4), torch.nan), "nan"),
        (torch.full((2, 4), torch.inf), "inf"),
        (torch.zeros(2, 4, dtype=torch.int64), "torch.int64"),
        (np.zeros((2, 4)), "ndarray"),
        (None, "NoneType"),
    ],
)
def test_bad_scores_are_refused(rewards, shown):
    with pytest.raises(ValueError, match=rf"score must return .* \(2, 4\), got {shown}"):
        run(score=lambda examples, actions: rewards)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"advantage": "gae"}, r"advantage must be one of \['critic', .* got 'gae'"),
        ({"critic": "none"}, r"critic must be one of \['shared', 'own', .* got 'none'"),
        ({"critic": "own"}, "critic is for advantage 'critic' only, got 'own'"),
        ({"num_updates": 0}, "num_updates must be a positive integer, got 0"),
        ({"num_documents": 1.5}, r"num_documents must be a positive integer, got 1\.5"),
        ({"num_answers": 0}, "num_answers must be a positive integer, got 0"),
        ({"num_epochs": -1}, "num_epochs must be a positive integer, got -1"),
        ({"clip_epsilon": 0.0}, "clip_epsilon must be positive and finite, got 0.0"),
        ({"learning_rate": math.nan}, "learning_rate must be positive and finite, got nan"),
        ({"max_gradient_norm": 0}, "max_gradient_norm must be positive and finite, got 0"),
        ({"value_coefficient": -1}, "value_coefficient must be finite and not negative, got -1"),
        ({"entropy_coefficient": -1}, "entropy_coefficient must be .* not negative, got -1"),
        ({"beta": -0.1}, r"beta must be finite and not negative, got -0\.1"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"num_answers": 1}, "num_answers must be at least 2, got 1"),
    ],
)
def test_bad_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)


def test_one_answer_is_a_setting_where_there_is_no_group():
    for advantage in ("critic", "reward"):
        assert Config(advantage=advantage, num_answers=1).num_answers == 1


def test_bad_scores_of_fresh_answers_are_refused():
    good = [torch.zeros(2, 4)]
    with pytest.raises(ValueError, match=r"score must return .* \(2, 4\), got shape \(8,\)"):
        run(
            score=lambda *_: good.pop() if good else torch.zeros(8),
            advantage="critic",
            critic="answers",
        )


def test_no_document_is_refused():
    with pytest.raises(ValueError, match="examples must hold at least one document, got none"):
        train_on_policy(small_policy(), [], share_absent, Config())
