"""The recipes of DPO's recordings: what they run, and a short run of each kind."""

import numpy as np
import pytest
import torch

from rlnotes.data.help_desk import gold_rewards
from rlnotes.exact.language import gibbs_optimum
from rlnotes.scripts import record_dpo
from rlnotes.training.comparisons import Comparisons, draw_comparisons
from rlnotes.training.dpo import Config
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.replies import gold_table, reply_numbers
from rlnotes.training.word_count_reward import word_counts
from tests.scripts.test_record_rlhf import Pool


def test_sources_are_the_defaults_at_four_prices_with_five_kinds_of_pairs():
    pool = Pool([{"run": 1}])
    assert len(record_dpo.sources(pool)) == 100
    expected = {
        (source, Config(beta=beta, seed=seed))
        for source in ("fixed_300", "fixed_1000", "fixed_10000", "fresh", "own")
        for beta in (1.0, 0.5, 0.25, 0.1)
        for seed in range(5)
    }
    assert set(pool.jobs) == expected


def test_every_loss_is_run_with_clean_and_with_flipped_labels():
    pool = Pool({})
    record_dpo.losses(pool)
    expected = {
        (loss, flips, seed)
        for loss in ("dpo", "conservative", "robust", "ipo", "hinge")
        for flips in (0.0, 0.2)
        for seed in range(3)
    }
    assert set(pool.jobs) == expected
    assert len(pool.jobs) == 30


def test_only_two_losses_are_told_of_flips_and_all_have_beta_one(monkeypatch):
    seen = {}

    def curve(pairs, config, setting):
        seen[setting["variant"]] = config, pairs
        return [setting]

    monkeypatch.setattr(record_dpo, "curve", curve)
    for loss in record_dpo.LOSSES:
        row = record_dpo.loss_row((loss, 0.0, 2))
        assert row == {"variant": loss, "flip_rate": 0.0}
    told = {loss: config.flip_rate for loss, (config, _) in seen.items()}
    assert told == {"dpo": 0, "conservative": 0.2, "robust": 0.2, "ipo": 0, "hinge": 0}
    assert {config.beta for config, _ in seen.values()} == {1.0}
    assert all(callable(pairs) for _, pairs in seen.values())


def test_the_supervised_term_is_all_that_changes():
    pool = Pool([{}])
    record_dpo.supervised(pool)
    assert set(pool.jobs) == {
        Config(beta=0.25, sft_weight=weight, seed=seed)
        for weight in (0.0, 0.1, 1.0)
        for seed in range(5)
    }


def test_the_race_has_the_comparisons_of_the_reward_model(monkeypatch):
    seen = []
    monkeypatch.setattr(record_dpo, "curve", lambda pairs, *_, held_out: seen.append(pairs))
    record_dpo.race_curve(Config(beta=0.25, seed=4))
    expected = draw_comparisons(
        3_000, reference_log_probs(), torch.Generator().manual_seed(8)
    )  # as in record_rlhf.pipeline_curve
    assert all(torch.equal(a, b) for a, b in zip(seen[0], expected, strict=True))
    pool = Pool([{}])
    record_dpo.race(pool)
    assert set(pool.jobs) == {Config(beta=0.25, seed=seed) for seed in range(5)}


def test_fixed_pairs_are_drawn_once_for_each_seed_and_flipped_as_asked():
    pairs = record_dpo.pairs_of("fixed_300", 1)
    assert isinstance(pairs, Comparisons)
    assert len(pairs.prompts) == 300
    again = record_dpo.pairs_of("fixed_300", 1)
    assert torch.equal(pairs.chosen, again.chosen)
    assert not torch.equal(pairs.chosen, record_dpo.pairs_of("fixed_300", 2).chosen)
    flipped = record_dpo.pairs_of("fixed_300", 1, flip_rate=1.0)
    assert torch.equal(pairs.chosen, flipped.rejected)


def test_fresh_pairs_change_and_own_ones_are_the_policys():
    fresh, model = record_dpo.pairs_of("fresh", 1), reference_model()
    first, second = fresh(8, model), fresh(8, model)
    assert not torch.equal(first.chosen, second.chosen)
    shy = model.with_head(8, torch.Generator())
    with torch.no_grad():
        shy.head.weight.zero_()
        shy.head.bias.copy_(torch.tensor([0.0, -50, -50, -50, -50, -50, -50, -50]))
    own = record_dpo.pairs_of("own", 1)(8, shy)  # a policy that says nothing
    assert word_counts(torch.cat([own.chosen, own.rejected])).sum() == 0
    assert word_counts(torch.cat([first.chosen, first.rejected])).sum() > 0


@pytest.mark.parametrize("source", ["fresh", "own"])
def test_labels_of_fresh_pairs_are_flipped_as_asked(source):
    right, turned = (
        record_dpo.pairs_of(source, 1, flip_rate=rate)(50, reference_model()) for rate in (0.0, 1.0)
    )
    assert torch.equal(right.chosen, turned.rejected)
    assert torch.equal(right.rejected, turned.chosen)


def test_a_curve_is_exact_and_averages_the_log_over_the_steps_before():
    config = Config(beta=0.5, seed=3, num_steps=40, batch_size=64)
    rows = record_dpo.source_curve(("fixed_1000", config))
    assert [row["step"] for row in rows] == [0, 20, 40]
    best = gibbs_optimum(reference_log_probs(), gold_table(), beta=0.5)
    away = 0.5 * (best.exp() - reference_log_probs().exp()).abs().sum(dim=1).mean().item()
    assert rows[0]["distance"] == pytest.approx(away)
    assert rows[0]["kl"] == pytest.approx(0, abs=1e-9)
    assert rows[0]["loss"] == pytest.approx(0.693147, abs=1e-5)
    assert rows[2]["reward"] > rows[0]["reward"] + 0.3
    losses = record_dpo.train_dpo(
        reference_model(), record_dpo.pairs_of("fixed_1000", 3), config
    ).diagnostics.loss
    assert rows[1]["loss"] == pytest.approx(losses[:20].mean())
    assert rows[2]["loss"] == pytest.approx(losses[20:].mean())
    assert {(row["source"], row["beta"], row["seed"]) for row in rows} == {("fixed_1000", 0.5, 3)}


def test_learning_rates_change_alone_for_both_algorithms(monkeypatch):
    pool = Pool({})
    record_dpo.learning_rates(pool)
    rates = {rate for _, rate, _ in pool.jobs}
    assert len(pool.jobs) == 3 * len(rates) * 3
    assert max(rates) >= 30 * min(rates)
    seen = []

    class Run:
        policy = reference_model()

    def train_dpo(start, pairs, config):
        seen.append((config, callable(pairs)))
        return Run

    def train_rlhf(start, score, config):
        seen.append((config, score is record_dpo.gold_rewards))
        return Run

    monkeypatch.setattr(record_dpo, "train_dpo", train_dpo)
    monkeypatch.setattr(record_dpo.rlhf, "train_rlhf", train_rlhf)
    rows = [record_dpo.rate_row((name, 0.004, 2)) for name in ("dpo", "dpo_small", "ppo")]
    ppo = record_dpo.rlhf.Config()
    replies = ppo.num_prompts * ppo.group_size
    steps = ppo.num_updates * replies // ppo.minibatch_size
    small = Config(
        beta=1.0,
        learning_rate=0.004,
        seed=2,
        num_steps=steps,
        batch_size=ppo.minibatch_size // 2,
    )
    assert seen == [
        (Config(beta=1.0, learning_rate=0.004, seed=2), True),
        (small, True),
        (record_dpo.rlhf.Config(beta=1.0, learning_rate=0.004, seed=2), True),
    ]
    assert [row["algorithm"] for row in rows] == ["dpo", "dpo_small", "ppo"]
    assert all(row["kl"] == pytest.approx(0, abs=1e-9) for row in rows)


def test_coverage_changes_the_steps_or_whose_replies_are_compared():
    pool = Pool({})
    record_dpo.coverage(pool)
    expected = {("fresh", beta, 1_600, seed) for beta in (0.25, 0.1) for seed in range(3)}
    expected |= {(name, 0.1, 400, seed) for name in ("good", "mixed") for seed in range(3)}
    assert set(pool.jobs) == expected


def test_a_row_of_coverage_names_its_setting(monkeypatch):
    seen = []

    def curve(pairs, config, setting):
        seen.append(config)
        return [{}, setting]

    monkeypatch.setattr(record_dpo, "curve", curve)
    assert record_dpo.coverage_row(("good", 0.1, 30, 2)) == {"source": "good", "num_steps": 30}
    assert seen == [Config(beta=0.1, num_steps=30, seed=2)]


def test_good_pairs_are_better_replies_and_mixed_ones_half_of_them():
    means = {}
    for source in ("fresh", "good", "mixed"):
        pairs = record_dpo.pairs_of(source, 0)(400, reference_model())
        assert len(pairs.prompts) == 400
        gold = gold_rewards(pairs.prompts, pairs.chosen) + gold_rewards(
            pairs.prompts, pairs.rejected
        )
        means[source] = gold.mean().item() / 2, gold[:200].mean().item() / 2
    best = gibbs_optimum(reference_log_probs(), gold_table(), beta=0.25)
    exact = (best.exp() * gold_table()).sum(dim=1).mean().item()
    assert means["good"][0] > exact - 0.5  # equal replies are drawn again
    assert means["fresh"][0] < 1.5
    assert means["mixed"][1] < 1.6  # the first half is the reference's
    assert means["mixed"][0] == pytest.approx((means["fresh"][0] + means["good"][0]) / 2, abs=0.3)


def test_the_race_is_judged_by_pairs_that_are_not_trained_on(monkeypatch):
    seen = []

    def curve(pairs, config, setting, *, held_out):
        seen.extend([pairs, held_out])

    monkeypatch.setattr(record_dpo, "curve", curve)
    record_dpo.race_curve(Config(beta=0.25))
    trained, judged = seen
    assert (len(trained.prompts), len(judged.prompts)) == (3_000, 4_000)
    assert not torch.equal(trained.chosen, judged.chosen[:3_000])


def test_held_out_is_the_accuracy_of_the_implicit_reward():
    few = record_dpo.pairs_of("fixed_300", 5)
    config = Config(beta=0.25, num_steps=20, batch_size=256)
    first, last = record_dpo.curve(few, config, {}, held_out=few)
    assert first["held_out"] == pytest.approx(0.5, abs=0.03)  # rounding alone decides
    policy = record_dpo.train_dpo(reference_model(), few, config).policy
    with torch.no_grad():
        ratios = record_dpo.reply_tree(policy).log_probs - reference_log_probs()
    sides = (ratios[few.prompts, reply_numbers(side)] for side in (few.chosen, few.rejected))
    margins = torch.sub(*sides)
    assert last["held_out"] == pytest.approx((margins > 0).double().mean().item(), abs=1e-9)
    assert last["held_out"] > 0.75


def test_pairs_do_not_come_from_the_stream_that_chooses_batches():
    pairs = record_dpo.pairs_of("fixed_300", 3)
    (trainers,) = np.random.SeedSequence(3).spawn(1)
    same = draw_comparisons(300, reference_log_probs(), record_dpo.torch_rng(trainers))
    assert not torch.equal(pairs.chosen, same.chosen)
