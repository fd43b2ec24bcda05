"""Explorers of chapter 7: twins and artists against hand formulas and `exact`."""

import math
import re

import numpy as np
import pytest
import torch

from rlnotes.exact.bradley_terry import population_scores
from rlnotes.explorers.bradley_terry import NAMES, NUM_PAIRS, SCORES, UNBEATEN, BradleyTerry
from rlnotes.explorers.kl_laboratory import PLACES, REF_PROBS, REWARDS, KLLaboratory
from rlnotes.functional.bradley_terry import bradley_terry_scores
from tests.explorers.test_twins import found
from tests.explorers.test_twins_06 import at

MATCHES = {"zero": "zero", "reverse": "that of KL(pi || ref)", "forward": "that of KL(ref || pi)"}


def four(what: str, text: str) -> list[float]:
    return found(f"{what} " + ", ".join(f"{name} #" for name in NAMES), text)


def seen(text: str) -> dict[str, tuple[float, ...]]:
    """Of each pair: probability, the same with flips, share of wins."""
    rows = re.findall(r"([A-D] over [A-D]) (\S+) \((\S+) with flips, seen (\S+)\)", text)
    return {name: tuple(map(float, numbers)) for name, *numbers in rows}


def wins_of(text: str, num_pairs: int) -> torch.Tensor:
    wins = torch.zeros(4, 4, dtype=torch.float64)
    for name, (_, _, share) in seen(text).items():
        better, worse = NAMES.index(name[0]), NAMES.index(name[-1])
        wins[better, worse] = round(share * num_pairs)
        wins[worse, better] = num_pairs - wins[better, worse]
    return wins


@pytest.mark.parametrize("flip_rate", [0.0, 0.1, 0.4])
def test_preferences_the_probabilities_are_those_of_the_margins(flip_rate):
    for shift in (-2.0, 0.0, 2.0):
        rows = seen(at(BradleyTerry, shift=shift, flip_rate=flip_rate).description)
        assert len(rows) == 6
        for name, (plain, flipped, _) in rows.items():
            margin = SCORES[NAMES.index(name[0])] - SCORES[NAMES.index(name[-1])]
            prob = 1 / (1 + math.exp(-margin))
            assert plain == pytest.approx(prob, abs=5.1e-4)
            mixed = (1 - flip_rate) * prob + flip_rate * (1 - prob)
            assert flipped == pytest.approx(mixed, abs=5.1e-4)


def test_preferences_a_shift_moves_the_true_scores_and_nothing_else():
    explorer = at(BradleyTerry, shift=0.0)
    before, heights = explorer.description, explorer.raw.get_ydata().copy()
    drawn = [explorer.shares, explorer.fitted, explorer.limit]
    lines = [line.get_ydata().copy() for line in drawn]
    moved = at(BradleyTerry, shift=2.0)
    assert moved.raw.get_ydata() == pytest.approx(heights + 2.0)
    for line, old in zip(drawn, lines, strict=True):
        assert line.get_ydata() == pytest.approx(old, abs=1e-9)
    assert four("True scores", moved.description) == pytest.approx((SCORES + 2).tolist())
    after = moved.description.split("centred")[1]
    assert after == before.split("centred")[1]


@pytest.mark.parametrize("ridge", [0, 0.01, 30])
@pytest.mark.parametrize("num_pairs", [100, 1000])
def test_preferences_the_fit_is_that_of_the_wins_it_names(num_pairs, ridge):
    explorer = at(BradleyTerry, num_pairs=num_pairs, ridge=ridge)
    wins = wins_of(explorer.description, num_pairs)
    expected = bradley_terry_scores(wins, ridge=ridge)
    assert four("Fit", explorer.description) == pytest.approx(expected.tolist(), abs=5.1e-3)
    assert explorer.fitted.get_ydata() == pytest.approx(expected.numpy())
    # Likelihood by hand, over the twelve cells of the table.
    for what, scores in (("at the true scores #", SCORES), ("at the fit #", expected)):
        total = sum(
            wins[i, j] * math.log1p(math.exp(scores[j] - scores[i]))
            for i in range(4)
            for j in range(4)
        )
        (mean,) = found(what, explorer.description)
        assert mean == pytest.approx(float(total) / (6 * num_pairs), abs=5.1e-5)


def test_preferences_flips_shrink_the_scores_to_a_limit_that_many_comparisons_reach():
    sizes = []
    for flip_rate in (0.0, 0.2, 0.4):
        explorer = at(BradleyTerry, flip_rate=flip_rate, num_pairs=1000)
        limit = four("and these flips", explorer.description)
        exact = population_scores(SCORES, flip_rate=flip_rate)
        assert limit == pytest.approx(exact.tolist(), abs=5.1e-3)
        assert explorer.limit.get_ydata() == pytest.approx(exact.numpy())
        assert four("Fit", explorer.description) == pytest.approx(limit, abs=0.25)
        sizes.append(max(limit))
    assert sizes[0] == pytest.approx(1.8)
    assert sizes == sorted(sizes, reverse=True)


def test_preferences_the_marks_and_intervals_are_at_the_margins():
    for num_pairs in NUM_PAIRS:
        explorer = at(BradleyTerry, num_pairs=num_pairs)
        margins, shares = explorer.shares.get_data()
        rows = list(seen(explorer.description).values())
        assert shares == pytest.approx([share for _, _, share in rows], abs=5.1e-4)
        assert margins == pytest.approx([math.log(p / (1 - p)) for p, _, _ in rows], abs=0.02)
        low, high = explorer.intervals.get_ydata().reshape(6, 3).T[:2]
        for end in (low, high):  # Wilson's ends, from their definition
            width = 1.96 * np.sqrt(end * (1 - end) / num_pairs)
            assert np.abs(shares - end) == pytest.approx(width, abs=1e-7)


@pytest.mark.parametrize("num_pairs", [20, 100, 1000])
def test_preferences_an_answer_that_never_lost_has_no_finite_score(num_pairs):
    explorer = at(BradleyTerry, unbeaten=UNBEATEN[1], num_pairs=num_pairs)
    text = explorer.description
    assert all(row[2] == 1 for name, row in seen(text).items() if name.startswith("D"))
    assert "D rises" in text
    assert "D never lost to A, B, C: no finite maximum, the likelihood rises for ever." in text
    assert "at the fit" not in text
    assert explorer.rising.get_data()[0].tolist() == [3]
    # The others: a fit among themselves, with the mean of their true scores.
    among = bradley_terry_scores(wins_of(text, num_pairs)[:3, :3]) + SCORES[:3].mean()
    assert found("Fit A #, B #, C #, D rises", text) == pytest.approx(among.tolist(), abs=5.1e-3)
    assert explorer.fitted.get_ydata() == pytest.approx(among.numpy())
    assert explorer.sentence.texts[0].startswith("D never lost")


def test_preferences_a_ridge_makes_a_number_of_it_that_is_the_ridge_s():
    scores = []
    for ridge in (0.01, 1, 30):
        explorer = at(BradleyTerry, unbeaten=UNBEATEN[1], ridge=ridge)
        assert "no finite maximum" not in explorer.description
        assert len(explorer.rising.get_xdata()) == 0
        scores.append(four("Fit", explorer.description)[3])
    assert scores[0] > scores[1] + 1 > scores[2] + 2


def test_preferences_says_so_where_chance_leaves_someone_without_a_loss():
    texts = [at(BradleyTerry, num_pairs=2, seed=seed).description for seed in range(12)]
    broken = [text for text in texts if "no finite maximum" in text]
    assert len(broken) > 3
    for text in broken:
        wins = wins_of(text, 2)
        with pytest.raises(ValueError, match="wins must connect all items"):
            bradley_terry_scores(wins)


def world(distance: float, temperature: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Policy and sampler from powers of probabilities, without a logarithm."""
    policy = REF_PROBS * (distance * REWARDS).exp()
    policy = policy / policy.sum()
    sampler = policy ** (1 / temperature)
    return policy, sampler / sampler.sum()


def kl(p: torch.Tensor, q: torch.Tensor) -> float:
    return (p * (p / q).log()).sum().item()


def divergences(text: str) -> list[float]:
    return found(r"KL\(pi \|\| ref\) #, KL\(ref \|\| pi\) #\.", text)


def estimates(policy: torch.Tensor) -> dict[str, torch.Tensor]:
    r = REF_PROBS / policy
    return {"k1": -r.log(), "k2": r.log() ** 2 / 2, "k3": r - 1 - r.log()}


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("distance", [0.0, 1.0, 2.0, 4.0])
def test_laboratory_has_the_exact_moments(distance, temperature):
    policy, sampler = world(distance, temperature)
    text = at(KLLaboratory, distance=distance, temperature=temperature).description
    reverse, forward = divergences(text)
    assert reverse == pytest.approx(kl(policy, REF_PROBS), abs=5.1e-4)
    assert forward == pytest.approx(kl(REF_PROBS, policy), abs=5.1e-4)
    for name, values in estimates(policy).items():
        mean = (sampler * values).sum().item()
        sd = (sampler * (values - mean) ** 2).sum().sqrt().item()
        shown = found(f"{name}: exact mean #, sd #,", text)
        assert shown == [pytest.approx(mean, abs=5.1e-4), pytest.approx(sd, abs=5.1e-4)]


def test_laboratory_many_samples_come_to_the_exact_mean():
    for seed in (0, 7):
        explorer = at(KLLaboratory, num_samples=10000, seed=seed)
        for name in ("k1", "k2", "k3"):
            mean, sd, sampled = found(
                f"{name}: exact mean #, sd #, mean of the samples #", explorer.description
            )
            assert abs(sampled - mean) < 4 * sd / 100
    pattern = "k3: exact mean #, sd #, mean of the samples #"
    texts = [at(KLLaboratory, num_samples=10, seed=seed).description for seed in range(10)]
    few = [found(pattern, text)[2] for text in texts]
    assert np.ptp(few) > 0.3


@pytest.mark.parametrize("distance", [1.0, 2.0, 4.0])
@pytest.mark.parametrize(
    ("place", "verdicts"),
    [
        ("in the loss", ("zero", "reverse", "forward")),
        ("in the loss, times the ratio", ("reverse", "neither", "reverse")),
        ("in the reward", ("reverse", "neither", "neither")),
    ],
)
def test_laboratory_whose_gradient_it_is(place, verdicts, distance):
    explorer = at(KLLaboratory, place=place, distance=distance)
    for name, verdict in zip(("k1", "k2", "k3"), verdicts, strict=True):
        words = MATCHES.get(verdict, "that of neither divergence")
        sentence = f"the gradient of {name} is {words}"
        assert f"{sentence}, off" in explorer.description
        assert sentence in explorer.verdicts.texts


def test_laboratory_draws_the_gradients_of_the_loss():
    policy, _ = world(2.0)
    explorer = at(KLLaboratory)
    reverse = policy * ((policy / REF_PROBS).log() - kl(policy, REF_PROBS))
    forward = policy - REF_PROBS
    assert explorer.bars.tops == pytest.approx(reverse.numpy())
    heights = explorer.forward[1].get_ydata().reshape(8, 3)[:, 0]
    assert heights == pytest.approx(forward.numpy())
    drawn = [mark.get_ydata() for mark in explorer.entries]
    assert drawn[0] == pytest.approx(np.zeros(8), abs=1e-12)
    assert drawn[1] == pytest.approx(reverse.numpy())
    assert drawn[2] == pytest.approx(forward.numpy())
    off = found(r"that of KL\(ref \|\| pi\), off KL\(pi \|\| ref\) by #", explorer.description)
    assert off == [pytest.approx((forward - reverse).abs().max().item(), abs=5.1e-4)]


def test_laboratory_the_dashes_are_the_gradient_of_the_samples_that_are_drawn():
    # In the reward with k1: mean over the samples of k1(a) * (onehot(a) - pi).
    explorer = at(KLLaboratory, place="value", num_samples=30)
    policy, _ = world(2.0)
    k1 = estimates(policy)["k1"].numpy()
    shares = explorer.sampled_entries.get_ydata()[:8]
    frequencies = shares / k1
    assert frequencies * 30 == pytest.approx(np.round(frequencies * 30), abs=1e-9)
    assert frequencies.sum() == pytest.approx(1)
    explorer = at(KLLaboratory, place="in the reward", num_samples=30)
    expected = (frequencies * k1) @ (np.eye(8) - policy.numpy())
    assert explorer.sampled_entries.get_ydata()[:8] == pytest.approx(expected)


def test_laboratory_as_a_value_k1_and_k3_are_unbiased_and_their_shares_add_up():
    policy, _ = world(1.5)
    explorer = at(KLLaboratory, place="value", distance=1.5)
    for name, values in estimates(policy).items():
        entries = dict(zip(("k1", "k2", "k3"), explorer.entries, strict=True))[name].get_ydata()
        assert entries == pytest.approx((policy * values).numpy())
    texts = explorer.verdicts.texts
    assert texts[0] == "the mean of k1 is KL(pi || ref)"
    assert texts[1] == "the mean of k2 is neither divergence"
    assert texts[2] == "the mean of k3 is KL(pi || ref)"


def test_laboratory_another_sampler_biases_all_three_and_k1_may_be_negative():
    hot = at(KLLaboratory, temperature=3.0).description
    assert "not by the policy that is scored" in hot
    assert found("k1: exact mean #,", hot)[0] < -0.1
    nucleus = at(KLLaboratory, top_p=0.8).description
    assert "Of 8 symbols 3 are drawn" in nucleus
    reverse, _ = divergences(nucleus)
    assert found("k1: exact mean #,", nucleus)[0] > reverse + 0.1
    # The nucleus by hand: .387, .277 and .187 are the first to reach .8.
    policy, _ = world(2.0)
    kept = policy.topk(3)
    assert kept.values[:2].sum() < 0.8 < kept.values.sum()
    probs = kept.values / kept.values.sum()
    explorer = at(KLLaboratory, top_p=0.8)
    assert explorer.sampler.get_ydata()[kept.indices] == pytest.approx(probs.numpy())
    assert "by the policy itself" in at(KLLaboratory).description


def test_laboratory_the_spread_of_k3_explodes_and_is_small_near_the_reference():
    ratios = [
        found("k3: exact mean #, sd #,", at(KLLaboratory, distance=d).description)[1]
        / found("k1: exact mean #, sd #,", at(KLLaboratory, distance=d).description)[1]
        for d in (0.5, 1.5, 2.0, 4.0)
    ]
    assert ratios[0] < 0.25
    assert ratios[1] < 1 < ratios[2]
    assert ratios[3] > 10


@pytest.mark.parametrize("place", PLACES)
def test_laboratory_nothing_leaves_the_axes(place):
    for distance, temperature, top_p in ((4.0, 3.0, 1.0), (4.0, 0.3, 0.3), (0.0, 1.0, 1.0)):
        explorer = at(
            KLLaboratory, place=place, distance=distance, temperature=temperature, top_p=top_p
        )
        for marks in (*explorer.entries, explorer.sampled_entries, *explorer.means):
            low, high = marks.axes.get_ylim()
            assert low < marks.get_ydata().min()
            assert marks.get_ydata().max() < high - 0.3  # the words stand there
    cut = at(KLLaboratory, place=place, distance=4.0, temperature=3.0).verdicts.texts[3]
    assert cut == "some marks are cut at the edges"


def test_laboratory_says_that_a_mean_stands_at_the_edge():
    explorer = at(KLLaboratory, place="value", distance=4.0, temperature=3.0)
    mark = explorer.means[2]
    mean = found("k3: exact mean #, sd #,", explorer.description)[0]
    assert mark.get_ydata()[0] < mean
    words = [text.get_text() for text in mark.axes.texts]
    assert any("means and" in text and "cut at edges" in text for text in words)
