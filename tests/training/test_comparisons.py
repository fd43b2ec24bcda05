"""Comparisons: which pairs are drawn, how they are labelled, what is refused."""

import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.help_desk import gold_rewards, reply_tokens
from rlnotes.training.comparisons import draw_comparisons, require_comparisons
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.replies import gold_table, reply_numbers


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
