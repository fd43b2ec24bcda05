"""Defences against an over-optimized judge: each against another way to count."""

import pytest
import torch

from rlnotes.exact.language import gibbs_optimum
from rlnotes.functional.kl import kl_divergence
from rlnotes.scripts.record_defences import rows_of
from rlnotes.training import defences
from rlnotes.training.comparisons import draw_comparisons
from rlnotes.training.defences import DEFENCES, JUDGES, defended_scores, gold_at, prices_at
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.recordings import load
from rlnotes.training.replies import all_replies, gold_table
from rlnotes.training.word_count_reward import bags, fit_word_counts, word_count_scores


@pytest.fixture(scope="module")
def scores():
    return {judge: defended_scores(judge, num_pairs=100, seed=3) for judge in JUDGES}


def test_the_judge_of_words_is_chapter_sevens(scores):
    pairs = draw_comparisons(100, reference_log_probs(), torch.Generator().manual_seed(3))
    table = word_count_scores(fit_word_counts(pairs, ridge=0.1))
    centred = table - (reference_log_probs().exp() * table).sum(dim=1, keepdim=True)
    assert (scores["words"]["none"][:, bags().of_reply] - centred).abs().max() < 1e-5


def test_features_tell_a_repeated_word():
    one = defences.features("words and repeats")
    assert one.shape == (792, 14)
    for counts, marks in zip(one[:, :7], one[:, 7:], strict=True):
        assert [int(count >= 2) for count in counts] == marks.tolist()


@pytest.mark.parametrize("defence", DEFENCES)
def test_gold_at_a_kl_counted_over_all_replies(scores, defence):
    bag_scores = scores["words and repeats"][defence]
    price = prices_at(bag_scores, [2.0]).item()
    table = bag_scores[:, bags().of_reply]
    best = gibbs_optimum(reference_log_probs(), table, beta=price)
    assert kl_divergence(best, reference_log_probs()).mean().item() == pytest.approx(2.0, abs=1e-5)
    gold = (best.exp() * gold_table()).sum(dim=1).mean().item()
    assert gold_at(bag_scores, [2.0]).item() == pytest.approx(gold, abs=1e-5)


def test_members_are_four_and_the_lowest_is_below_the_mean(scores):
    for of_judge in scores.values():
        assert (of_judge["lowest of 4"] <= of_judge["mean of 4"] + 1e-12).all()
        assert (of_judge["lowest of 4"] < of_judge["mean of 4"] - 0.01).any()
        assert (of_judge["mean of 4"] - of_judge["none"]).abs().max() > 0.05


def test_under_the_hard_rule_no_word_comes_twice(scores):
    table = scores["words"]["hard rule"][:, bags().of_reply]
    best = gibbs_optimum(reference_log_probs(), table, beta=0.2).exp()
    words = all_replies()
    twice = torch.zeros(len(words), dtype=torch.bool)
    for word in range(1, 8):  # the words before the first end
        before = (words != 0).long().cumprod(dim=1).bool()
        twice |= ((words == word) & before).sum(dim=1) > 1
    assert best[:, twice].sum(dim=1).max() < 1e-6
    free = gibbs_optimum(
        reference_log_probs(), scores["words"]["none"][:, bags().of_reply], beta=0.2
    )
    assert free.exp()[:, twice].sum(dim=1).mean() > 0.5


def test_new_labels_cost_no_more_labels(monkeypatch):
    fitted, drawn = [], []

    def fit(pairs, judge):
        fitted.append(len(pairs.prompts))
        return real_fit(pairs, judge)

    def draw(num, policy, generator):
        drawn.append((num, kl_divergence(policy, reference_log_probs()).mean().item()))
        return real_draw(num, policy, generator)

    real_fit, real_draw = defences.fitted_scores, defences.draw_comparisons
    monkeypatch.setattr(defences, "fitted_scores", fit)
    monkeypatch.setattr(defences, "draw_comparisons", draw)
    defended_scores("words", num_pairs=102, seed=0)
    assert fitted == [102, 102, 102, 102, 102, 25, 51, 76, 102]
    assert [num for num, _ in drawn] == [102, 26, 25, 26]
    assert [kl for _, kl in drawn] == pytest.approx([0, 2, 2, 2], abs=1e-4)


def test_the_seed_decides(scores):
    again = defended_scores("words", num_pairs=100, seed=3)
    other = defended_scores("words", num_pairs=100, seed=4)
    for defence in DEFENCES:
        assert torch.equal(again[defence], scores["words"][defence])
        assert not torch.allclose(other[defence], again[defence])


def test_bad_numbers_are_refused(scores):
    with pytest.raises(ValueError, match="judge must be one of"):
        defended_scores("people", num_pairs=100, seed=0)
    with pytest.raises(ValueError, match="num_pairs must be at least 4, got 3"):
        defended_scores("words", num_pairs=3, seed=0)
    with pytest.raises(ValueError, match="num_pairs"):
        defended_scores("words", num_pairs=2.5, seed=0)
    for kl in (0.0, -1.0, 100.0, float("nan")):
        with pytest.raises(ValueError, match="kls must lie in"):
            gold_at(scores["words"]["none"], [kl])


ROWS = load("reward_defences")


def differences(judge, column, defence):
    """[40] a defence less none, seed by seed, as recorded."""
    mine, bare = (
        {
            row["seed"]: row[column]
            for row in ROWS
            if (row["judge"], row["defence"]) == (judge, name)
        }
        for name in (defence, "none")
    )
    assert sorted(mine) == sorted(bare) == list(range(40))
    return torch.tensor([mine[seed] - bare[seed] for seed in range(40)])


def test_the_recording_is_what_the_code_does():
    rows = rows_of(("words and repeats", 7))
    held = [row for row in ROWS if (row["judge"], row["seed"]) == ("words and repeats", 7)]
    assert [row["defence"] for row in rows] == [row["defence"] for row in held] == list(DEFENCES)
    for new, old in zip(rows, held, strict=True):
        for column in ("gold_1", "gold_2", "gold_3"):
            assert new[column] == pytest.approx(old[column], abs=1e-3)


@pytest.mark.parametrize(("judge", "helped"), [("words", False), ("words and repeats", True)])
def test_new_labels_help_the_judge_that_can_express_them(judge, helped):
    gains = differences(judge, "gold_2", "new labels")
    error = gains.std() / 40**0.5
    assert (gains.mean() > 5 * error) if helped else (abs(gains.mean()) < 2 * error)


def test_the_lowest_of_four_helps_both_and_the_mean_neither():
    for judge in JUDGES:
        assert differences(judge, "gold_2", "lowest of 4").mean() > 0.1
        assert differences(judge, "gold_2", "mean of 4").mean() < 0
