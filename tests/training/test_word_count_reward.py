"""The word-count reward model is a logistic regression without intercept."""

import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.help_desk import reply_tokens
from rlnotes.training.comparisons import Comparisons, draw_comparisons
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.replies import all_replies, reply_numbers
from rlnotes.training.word_count_reward import (
    bags,
    count_pairs,
    fit_word_counts,
    word_count_scores,
    word_counts,
)


def pairs(num, seed=0, flip_rate=0.0):
    generator = torch.Generator().manual_seed(seed)
    return draw_comparisons(num, reference_log_probs(), generator, flip_rate=flip_rate)


def regression(differences: torch.Tensor, ridge: float) -> torch.Tensor:
    """Logistic regression without intercept, by L-BFGS on torch's own cross-entropy.

    Each pair stands once as it is, with label 1, and once the other way round with
    label 0: the usual form, at half the weight.
    """
    weights = torch.zeros(7, dtype=torch.float64, requires_grad=True)
    inputs = torch.cat([differences, -differences])
    labels = torch.cat([torch.ones(len(differences)), torch.zeros(len(differences))]).double()
    optimizer = torch.optim.LBFGS(
        [weights],
        max_iter=2_000,
        tolerance_grad=1e-10,
        tolerance_change=1e-14,
        line_search_fn="strong_wolfe",
    )

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            inputs @ weights, labels, reduction="sum"
        )
        total = loss / 2 + ridge / 2 * weights @ weights
        total.backward()
        return total

    optimizer.step(closure)
    return weights.detach()


@pytest.mark.parametrize(("num", "flip_rate", "ridge"), [(60, 0.0, 0.1), (3_000, 0.2, 1.0)])
def test_equals_a_logistic_regression_without_intercept(num, flip_rate, ridge):
    comparisons = pairs(num, flip_rate=flip_rate)
    weights = fit_word_counts(comparisons, ridge=ridge)
    for prompt in range(6):
        rows = comparisons.rows(comparisons.prompts == prompt)
        differences = torch.stack(
            [
                (rows.chosen == word).double().sum(dim=1)
                - (rows.rejected == word).double().sum(dim=1)
                for word in range(1, 8)
            ],
            dim=1,
        )
        assert_close(weights[prompt], regression(differences, ridge), atol=1e-6, rtol=0)


def test_one_kind_of_pair_by_hand():
    # Calm open: n times "open" over "hi". By symmetry w_open = -w_hi = w, and
    # n sigmoid(-2 w) = ridge w. With w = ln 3 / 2: n / 4 = ridge ln 3 / 2.
    half = torch.tensor(3.0).double().log() / 2
    num = 4
    chosen, rejected = (reply_tokens(word).expand(num, -1) for word in ("open", "hi"))
    comparisons = Comparisons(torch.zeros(num).long(), chosen, rejected)
    ridge = (num / 4 / half).item()
    weights = fit_word_counts(comparisons, ridge=ridge)
    expected = torch.tensor([-1, 0, 1, 0, 0, 0, 0]) * half
    assert_close(weights[0], expected)
    assert not weights[1:].any()


def test_counts_stop_at_the_end():
    counts = word_counts(torch.tensor([[1, 4, 4, 7, 3], [0, 4, 4, 0, 1], [2, 2, 0, 2, 2]]))
    assert counts.tolist() == [[1, 0, 1, 2, 0, 0, 1], [0] * 7, [0, 2, 0, 0, 0, 0, 0]]


def test_there_are_792_bags_and_each_reply_is_in_its_own():
    assert len(bags().counts) == 792
    assert torch.equal(bags().counts[bags().of_reply], word_counts(all_replies()))


def test_scores_are_weights_times_counts():
    weights = torch.arange(42).double().view(6, 7)
    table = word_count_scores(weights)
    assert table.shape == (6, 19_608)
    # Prompt 2 has the weights 14 ... 20: hi 14, and twice thanks 19.
    place = reply_numbers(reply_tokens("thanks hi thanks"))
    assert table[2, place].item() == 14 + 2 * 19


def test_distinct_pairs_stand_for_all():
    comparisons = pairs(3_000)
    counted = count_pairs(comparisons)
    assert len(counted.prompts) < 3_000
    expected = word_counts(comparisons.chosen) - word_counts(comparisons.rejected)
    assert torch.equal(counted.differences[counted.of_pair], expected)
    assert torch.equal(counted.prompts[counted.of_pair], comparisons.prompts)


@pytest.mark.parametrize("num", [1, 100, 3_000])
def test_the_first_pairs_alone_count(num):
    comparisons = pairs(3_000)
    some = fit_word_counts(count_pairs(comparisons), num_pairs=num)
    assert_close(some, fit_word_counts(comparisons.rows(slice(num))))


def test_no_pairs_without_contradiction_break_it():
    for seed in range(40):
        weights = fit_word_counts(pairs(30, seed=seed), ridge=0.1)
        assert weights.abs().max() < 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ridge": 0.0}, "ridge must be positive and finite, got 0.0"),
        ({"num_pairs": 0}, "num_pairs must be an integer from 1 to 20, got 0"),
        ({"num_pairs": 21}, "num_pairs must be an integer from 1 to 20, got 21"),
    ],
)
def test_bad_input_names_the_argument(change, message):
    with pytest.raises(ValueError, match=message):
        fit_word_counts(pairs(20), **change)


def test_a_ridge_too_small_for_newton_is_said():
    comparisons = pairs(30)
    with pytest.raises(ValueError, match="ridge must be larger for these comparisons, got 1e-300"):
        fit_word_counts(comparisons, ridge=1e-300)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompts": torch.full((20,), -1)}, r"prompts must lie in \[0, 6\), got -1"),
        ({"prompts": torch.full((20,), 6)}, r"prompts must lie in \[0, 6\), got 6"),
        ({"chosen": torch.full((20, 5), 8)}, r"chosen must lie in \[0, 8\), got 8"),
        ({"rejected": [[0] * 5] * 20}, "rejected must be an int64 tensor, got list"),
    ],
)
def test_pairs_that_do_not_exist_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        fit_word_counts(pairs(20)._replace(**change))


@pytest.mark.parametrize("wrong", [torch.full((5,), 8), torch.full((5,), -1), [0] * 5])
def test_what_is_no_word_is_not_counted(wrong):
    with pytest.raises(ValueError, match="replies must"):
        word_counts(wrong)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (torch.full((6, 7), torch.nan).double(), "weights must be finite, got nan"),
        (torch.zeros(1, 7).double(), r"weights must have shape \(6, 7\), got"),
        ([[0.0] * 7] * 6, "weights must be a torch tensor, got list"),
    ],
)
def test_bad_weights_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        word_count_scores(weights)
