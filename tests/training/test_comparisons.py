"""Comparisons: which pairs are drawn, how they are labelled, what is refused."""

from fractions import Fraction
from types import SimpleNamespace

import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.help_desk import gold_rewards, prompt_tokens, reply_tokens
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training import comparisons
from rlnotes.training.comparisons import (
    draw_comparisons,
    require_comparisons,
    sample_comparisons,
)
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.replies import gold_table, reply_numbers, reply_tree


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def two_replies(share: float, texts=("hi", "refund")) -> torch.Tensor:
    """A reference of two replies to every prompt."""
    log_probs = torch.full_like(gold_table(), -torch.inf)
    for text, prob in zip(texts, (share, 1 - share), strict=True):
        log_probs[:, reply_numbers(reply_tokens(text))] = torch.tensor(prob).double().log()
    return log_probs


def first_chosen(pairs, text) -> torch.Tensor:
    return (pairs.chosen == reply_tokens(text)).all(dim=1)


def test_two_replies_are_never_the_same_and_none_else_is_drawn():
    pairs = draw_comparisons(2_000, two_replies(0.9), generator())
    numbers = torch.stack([reply_numbers(pairs.chosen), reply_numbers(pairs.rejected)])
    expected = sorted(reply_numbers(reply_tokens(text)).item() for text in ("hi", "refund"))
    assert numbers.sort(dim=0).values.unique(dim=1).flatten().tolist() == expected


def test_labels_follow_bradley_terry_on_gold():
    # Calm refund: "hi" is worth 0.5, "refund" 2, so P(refund preferred) = sigmoid(1.5).
    pairs = draw_comparisons(60_000, two_replies(0.5), generator())
    rows = pairs.prompts == 1
    share = first_chosen(pairs, "refund")[rows].double().mean().item()
    assert share == pytest.approx(0.81757, abs=4 * (0.15 / 10_000) ** 0.5)
    # Calm open: "refund" is the wrong topic, -1.5 against 0.5.
    share = first_chosen(pairs, "refund")[pairs.prompts == 0].double().mean().item()
    assert share == pytest.approx(0.11920, abs=4 * (0.105 / 10_000) ** 0.5)


def test_replies_are_drawn_as_the_reference_says():
    log_probs = reference_log_probs()
    pairs = draw_comparisons(40_000, log_probs, generator())
    rows = pairs.prompts == 4
    drawn = torch.cat([pairs.chosen[rows], pairs.rejected[rows]])
    places = reply_numbers(drawn)
    probs = log_probs[4].exp()
    # Drawn again if equal: P(y) (1 - P(y)) over the chance of two different replies.
    expected = probs * (1 - probs) / (1 - (probs**2).sum())
    for place in probs.topk(5).indices:
        share = (places == place).double().mean().item()
        spread = (expected[place] / len(places)).sqrt().item()
        assert share == pytest.approx(expected[place].item(), abs=5 * spread)
    assert_close(rows.double().mean().item(), 1 / 6, atol=0.01, rtol=0)


@pytest.mark.parametrize("flip_rate", [0.2, 1.0])
def test_flips_turn_labels_of_the_same_pairs(flip_rate):
    right = draw_comparisons(5_000, reference_log_probs(), generator())
    flipped = draw_comparisons(5_000, reference_log_probs(), generator(), flip_rate=flip_rate)
    assert torch.equal(right.prompts, flipped.prompts)
    turned = (right.chosen != flipped.chosen).any(dim=1)
    assert torch.equal(right.chosen[turned], flipped.rejected[turned])
    assert torch.equal(right.rejected[turned], flipped.chosen[turned])
    assert turned.double().mean().item() == pytest.approx(flip_rate, abs=0.03)


def test_flips_do_not_depend_on_the_label():
    # Calm refund, "refund" over "hi": 0.81757 of the time; one in five is turned.
    pairs = draw_comparisons(60_000, two_replies(0.5), generator(), flip_rate=0.2)
    share = first_chosen(pairs, "refund")[pairs.prompts == 1].double().mean().item()
    expected = 0.8 * 0.81757 + 0.2 * (1 - 0.81757)
    assert share == pytest.approx(expected, abs=4 * (0.21 / 10_000) ** 0.5)


def test_more_flips_keep_the_ones_before():
    chosen = [
        draw_comparisons(2_000, reference_log_probs(), generator(), flip_rate=rate).chosen
        for rate in (0.0, 0.1, 0.3)
    ]
    few, many = ((chosen[0] != other).any(dim=1) for other in chosen[1:])
    assert few.any()
    assert (many[few]).all()


def test_a_seed_gives_the_same_pairs_and_another_one_others():
    first, again, other = (
        draw_comparisons(50, reference_log_probs(), generator(seed)) for seed in (0, 0, 1)
    )
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.chosen, other.chosen)


def test_a_reference_that_is_no_tensor_is_refused():
    with pytest.raises(ValueError, match="ref_log_probs must be a torch tensor, got list"):
        draw_comparisons(3, [[0.0]], generator())


def test_rows_of_comparisons_stay_together():
    pairs = draw_comparisons(20, reference_log_probs(), generator())
    some = pairs.rows(torch.tensor([3, 7]))
    assert torch.equal(some.rejected, pairs.rejected[[3, 7]])
    gold = gold_rewards(some.prompts, some.chosen)
    assert torch.equal(gold, gold_rewards(pairs.prompts, pairs.chosen)[[3, 7]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num": 0}, "num must be a positive integer, got 0"),
        ({"flip_rate": 1.5}, r"flip_rate must lie in \[0, 1\], got 1.5"),
        ({"ref_log_probs": torch.zeros(6, 3)}, r"ref_log_probs must have shape \(6, 19608\)"),
        ({"ref_log_probs": torch.zeros(6, 19608)}, "ref_log_probs must sum to one"),
        (
            {"ref_log_probs": two_replies(0.999)},
            "must leave a choice of replies, got one with 0.99",
        ),
    ],
)
def test_bad_input_names_the_argument(change, message):
    arguments = {"num": 5, "ref_log_probs": reference_log_probs(), **change}
    with pytest.raises(ValueError, match=message):
        draw_comparisons(**arguments, generator=generator())


def test_what_are_no_comparisons_is_refused():
    with pytest.raises(ValueError, match="comparisons must be Comparisons, got tuple"):
        require_comparisons((1, 2, 3))
    with pytest.raises(ValueError, match="pairs must be Comparisons, got NoneType"):
        require_comparisons(None, name="pairs")


def test_both_replies_of_a_sampled_pair_answer_its_prompt(monkeypatch):
    seen = {}

    def sample(policy, prompts, **options):
        seen.update(options, policy=policy, prompts=prompts)
        rows = torch.arange(len(prompts))  # row r says the word r and stops
        return SimpleNamespace(tokens=torch.stack([rows + 1, *[0 * rows] * 4], dim=1))

    monkeypatch.setattr(comparisons, "sample_replies", sample)
    source, policy = generator(), reference_model()
    pairs = sample_comparisons(3, policy, source)
    assert torch.equal(seen["prompts"], prompt_tokens()[pairs.prompts.repeat(2)])
    said = torch.stack([pairs.chosen[:, 0], pairs.rejected[:, 0]], dim=1).sort().values
    assert said.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert (pairs.chosen[:, 1:] == 0).all()
    assert seen["policy"] is policy
    assert seen["generator"] is source
    assert (seen["length"], seen["end"]) == (5, 0)


def test_sampled_replies_are_those_of_the_policy_and_equal_ones_stay():
    policy = TinyLM(generator(1))
    pairs = sample_comparisons(20_000, policy, generator())
    for prompt in (0, 5):
        rows = pairs.prompts == prompt
        assert rows.double().mean().item() == pytest.approx(1 / 6, abs=0.012)
        numbers = reply_numbers(torch.stack([pairs.chosen[rows], pairs.rejected[rows]]))
        probs = reply_tree(policy).log_probs[prompt].detach().exp()
        for place in probs.topk(3).indices:
            share = (numbers == place).double().mean().item()
            spread = (probs[place] / numbers.numel()).sqrt().item()
            assert share == pytest.approx(probs[place].item(), abs=5 * spread)
        equal = (numbers[0] == numbers[1]).double().mean().item()
        expected = (probs**2).sum().item()
        assert equal == pytest.approx(expected, abs=5 * (expected / rows.sum().item()) ** 0.5)


def test_labels_of_sampled_pairs_follow_gold_and_flips_turn_them():
    right, turned, some = (
        sample_comparisons(4_000, reference_model(), generator(), flip_rate=rate)
        for rate in (0.0, 1.0, 0.25)
    )
    assert torch.equal(right.chosen, turned.rejected)
    assert torch.equal(right.rejected, turned.chosen)
    differ = (right.chosen != right.rejected).any(dim=1)
    flipped = (right.chosen != some.chosen).any(dim=1)[differ].double().mean().item()
    assert flipped == pytest.approx(0.25, abs=0.035)
    gold = [gold_rewards(right.prompts, part).double() for part in right[1:]]
    # The share ranked rightly is the mean probability of the likelier label.
    expected = torch.sigmoid((gold[0] - gold[1]).abs())
    ahead = (gold[0] > gold[1]).double() + 0.5 * (gold[0] == gold[1])
    assert ahead.mean().item() == pytest.approx(expected.mean().item(), abs=0.03)


def test_sampled_pairs_come_from_the_generator_alone():
    before = torch.get_rng_state()
    first, again, other = (
        sample_comparisons(50, reference_model(), generator(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.prompts, other.prompts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num": 0}, "num must be a positive integer, got 0"),
        ({"num": 2.0}, "num must be a positive integer, got 2.0"),
        ({"flip_rate": -0.1}, r"flip_rate must lie in \[0, 1\], got -0.1"),
        ({"policy": None}, "policy must be a TinyLM, got NoneType"),
        ({"policy": torch.nn.Linear(1, 8)}, "policy must be a TinyLM, got Linear"),
        ({"generator": None}, "generator must be a torch.Generator, got NoneType"),
    ],
)
def test_bad_input_of_sampled_pairs(change, message):
    arguments = {"num": 3, "policy": reference_model(), "generator": generator(), **change}
    with pytest.raises(ValueError, match=message):
        sample_comparisons(**arguments)


def test_a_model_that_gives_scores_writes_no_replies():
    scorer = reference_model().with_head(1, generator())
    with pytest.raises(ValueError, match="policy must have a head of 8 outputs, got 1"):
        sample_comparisons(3, scorer, generator())


def test_no_pairs_are_drawn_from_global_numbers():
    with pytest.raises(ValueError, match=r"generator must be a torch\.Generator, got NoneType"):
        draw_comparisons(3, reference_log_probs(), None)


def test_a_fraction_is_a_share_of_flips():
    pairs = [
        draw_comparisons(300, reference_log_probs(), generator(), flip_rate=rate)
        for rate in (Fraction(1, 3), 1 / 3)
    ]
    assert torch.equal(pairs[0].chosen, pairs[1].chosen)
