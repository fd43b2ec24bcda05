"""Length bias of normalizers: grpo_loss on an exact batch, differences, closed form."""

import itertools
import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.envs.token_tree import BIGRAM_LOGITS, VOCABULARY, verifier_reward
from rlnotes.exact.group_weights import ADVANTAGES, group_weights
from rlnotes.exact.language import enumerate_completions
from rlnotes.exact.length_bias import (
    expected_grpo_loss,
    length_slopes,
    mean_length,
    natural_length_slopes,
)
from rlnotes.functional.policy_gradients import grpo_loss

NORMALIZERS = ("answer", "batch_tokens", "longest")
everywhere = pytest.mark.parametrize("normalizer", NORMALIZERS)

# Answers of 1, 2, 4 and 3 tokens; probabilities in eighths.
TICKETS = (4, 1, 2, 1)
LOG_PROBS = (torch.tensor(TICKETS, dtype=torch.float64) / 8).log()
LENGTHS = torch.tensor([1, 2, 4, 3])
RIGHT = torch.tensor([False, True, False, True])
SETTINGS = {"group_size": 2, "estimator": "leave_one_out"}


@everywhere
@pytest.mark.parametrize("estimator", ["reward", "leave_one_out", "sample_std_plus", "mean"])
@pytest.mark.parametrize("group_size", [2, 3])
def test_it_is_grpo_loss_on_a_batch_that_holds_every_group_as_often_as_is_its_chance(
    normalizer, estimator, group_size
):
    # One ticket for each eighth: every sequence of tickets is one group of the batch.
    tickets = torch.tensor([i for i, n in enumerate(TICKETS) for _ in range(n)])
    groups = torch.tensor(list(itertools.product(tickets.tolist(), repeat=group_size)))
    rewards = RIGHT[groups].double()
    advantages = ADVANTAGES[estimator](rewards).flatten()

    log_probs = LOG_PROBS.clone().requires_grad_()
    rows = groups.flatten()
    mask = torch.arange(4) < LENGTHS[rows, None]
    # Each token has an equal share of its answer's log-probability.
    token_log_probs = (log_probs / LENGTHS)[rows, None].expand(-1, 4)
    loss = grpo_loss(
        token_log_probs,
        token_log_probs.detach(),
        None,
        advantages,
        mask,
        clip_epsilon=0.2,
        normalizer=normalizer,
    )
    own = LOG_PROBS.clone().requires_grad_()
    settings = {"group_size": group_size, "estimator": estimator, "normalizer": normalizer}
    expected = expected_grpo_loss(own, LENGTHS, RIGHT, **settings)
    assert_close(loss, expected)
    assert_close(*(torch.autograd.grad(a, b)[0] for a, b in ((loss, log_probs), (expected, own))))


def test_answers_of_one_length_get_the_weight_times_the_slope():
    logits = torch.tensor([0.3, -0.2, 0.8], dtype=torch.float64).requires_grad_()
    right = torch.tensor([True, False, False])
    rate = logits.softmax(-1)[0]
    (slope,) = torch.autograd.grad(rate, logits)
    for normalizer, estimator in itertools.product(NORMALIZERS, ADVANTAGES):
        loss = expected_grpo_loss(
            logits.log_softmax(-1),
            torch.tensor([5, 5, 5]),
            right,
            group_size=8,
            estimator=estimator,
            normalizer=normalizer,
        )
        weight = group_weights(rate.item(), group_size=8, estimator=estimator)
        # Five tokens, each with a fifth of the push.
        assert_close(-torch.autograd.grad(loss, logits)[0], weight / 5 * slope)


def test_mean_length_by_hand():
    # Wrong ones: 4 of 6 tickets have one token, 2 have four.
    assert mean_length(LOG_PROBS, LENGTHS, ~RIGHT).item() == pytest.approx(2)
    assert mean_length(LOG_PROBS, LENGTHS, RIGHT).item() == pytest.approx(2.5)
    assert mean_length(LOG_PROBS, LENGTHS, RIGHT | True).item() == pytest.approx(17 / 8)


# --- the token tree: three tokens, a full stop ends an answer ---


def tree(logits: torch.Tensor):
    """Answers of a bigram model, logits [start and three tokens, 3]."""

    def next_logits(prefixes):
        last = prefixes[:, -1] + 1 if prefixes.shape[1] else torch.zeros(len(prefixes)).long()
        return logits[last]

    return enumerate_completions(next_logits, vocabulary_size=3, length=3, end=2)


def tree_logits() -> torch.Tensor:
    return torch.tensor([BIGRAM_LOGITS[last] for last in ("", *VOCABULARY)], dtype=torch.float64)


def tree_lengths_and_verdicts() -> tuple[torch.Tensor, torch.Tensor]:
    tokens = tree(tree_logits()).tokens
    texts = ["".join(VOCABULARY[i] for i in row) for row in tokens]
    lengths = [len(text[: text.find(".") + 1] or text) for text in texts]
    # A second right answer, longer than the first: "12." and "2.".
    verdicts = [verifier_reward(text) == 1 or text.startswith("2.") for text in texts]
    return torch.tensor(lengths), torch.tensor(verdicts)


@everywhere
def test_slopes_along_the_update_of_a_bigram_model_by_finite_differences(normalizer):
    lengths, right = tree_lengths_and_verdicts()
    assert sorted(set(lengths[right].tolist())) == [2, 3]
    assert sorted(set(lengths[~right].tolist())) == [1, 2, 3]
    settings = {"group_size": 4, "estimator": "group_mean", "normalizer": normalizer}
    logits = tree_logits().requires_grad_()
    slopes = length_slopes(tree(logits).log_probs, lengths, right, [logits], **settings)

    loss = expected_grpo_loss(tree(logits).log_probs, lengths, right, **settings)
    (gradient,) = torch.autograd.grad(loss, logits)
    step = -1e-5 * gradient / gradient.norm()
    for slope, part in zip(slopes, (right, ~right), strict=True):
        ahead, behind = (
            mean_length(tree(logits.detach() + sign * step).log_probs, lengths, part).item()
            for sign in (1, -1)
        )
        assert slope == pytest.approx((ahead - behind) / 2e-5, rel=1e-6)
        assert slope != 0


def test_two_normalizers_share_a_direction_and_the_third_lengthens_wrong_answers_more():
    lengths, right = tree_lengths_and_verdicts()
    logits = tree_logits().requires_grad_()
    by_answer, by_tokens, by_longest = (
        length_slopes(
            tree(logits).log_probs, lengths, right, [logits], **SETTINGS, normalizer=normalizer
        )
        for normalizer in NORMALIZERS
    )
    assert by_tokens == pytest.approx(by_longest, rel=1e-12)
    assert by_answer[0] < by_tokens[0]  # right ones shrink more
    assert by_answer[1] > by_tokens[1]


def test_parameters_may_come_in_parts_and_may_be_unused():
    lengths, right = tree_lengths_and_verdicts()
    start, rest = (part.requires_grad_() for part in tree_logits().split([1, 3]))
    unused = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    log_probs = tree(torch.cat([start, rest])).log_probs
    whole = tree_logits().requires_grad_()
    settings = {**SETTINGS, "normalizer": "answer"}
    parts = length_slopes(log_probs, lengths, right, [rest, unused, start], **settings)
    alone = length_slopes(tree(whole).log_probs, lengths, right, [whole], **settings)
    assert parts == pytest.approx(alone)
    with pytest.raises(ValueError, match=r"parameters must change log_probs, got an update of 0\."):
        length_slopes(log_probs, lengths, right, [unused], **settings)


# --- the natural gradient ---


@everywhere
def test_the_natural_slopes_by_finite_differences(normalizer):
    # Along the natural gradient log pi(y) changes by A(y) w(y), up to a constant.
    slopes = natural_length_slopes(LOG_PROBS, LENGTHS, RIGHT, **SETTINGS, normalizer=normalizer)
    weights = {"answer": 1 / LENGTHS.double(), "batch_tokens": 8 / 17, "longest": 1 / 4}[normalizer]
    pass_rate = 2 / 8
    advantages = torch.where(RIGHT, 1 - pass_rate, -pass_rate).double()
    for slope, part in zip(slopes, (RIGHT, ~RIGHT), strict=True):
        ahead, behind = (
            mean_length(
                (LOG_PROBS + sign * 1e-5 * advantages * weights).log_softmax(-1), LENGTHS, part
            ).item()
            for sign in (1, -1)
        )
        assert slope == pytest.approx((ahead - behind) / 2e-5, rel=1e-8, abs=1e-9)


def test_the_natural_slopes_by_hand():
    # Wrong: lengths 1, 4 with shares 2/3, 1/3, w = 1, 1/4: Cov = -3 * 3/4 * 2/9 = -1/2,
    # times A = -1/4. Right: 2, 3 with shares 1/2, w = 1/2, 1/3: Cov = -1/24, A = 3/4.
    right, wrong = natural_length_slopes(LOG_PROBS, LENGTHS, RIGHT, **SETTINGS, normalizer="answer")
    assert wrong == pytest.approx(1 / 8)
    assert right == pytest.approx(-1 / 32)
    for normalizer in ("batch_tokens", "longest"):
        slopes = natural_length_slopes(LOG_PROBS, LENGTHS, RIGHT, **SETTINGS, normalizer=normalizer)
        assert slopes == pytest.approx((0, 0), abs=1e-15)


def test_an_answer_that_is_all_but_impossible_changes_nothing():
    settings = {**SETTINGS, "normalizer": "answer"}
    rare = torch.cat([LOG_PROBS, torch.tensor([-2000.0])])
    slopes = natural_length_slopes(
        rare, torch.cat([LENGTHS, torch.tensor([4])]), torch.cat([RIGHT, RIGHT[:1]]), **settings
    )
    assert slopes == pytest.approx((-1 / 32, 1 / 8))


@pytest.mark.parametrize("function", [expected_grpo_loss, natural_length_slopes])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"log_probs": LOG_PROBS - 1}, "log_probs must be those of all completions"),
        ({"log_probs": LOG_PROBS[None]}, "common shape, got log_probs"),
        ({"lengths": LENGTHS[:3]}, r"common shape, got .*lengths \(3,\)"),
        ({"lengths": LENGTHS - 1}, "lengths must be positive, got 0"),
        ({"lengths": [1, 2, 4, 3]}, "lengths must be a torch tensor, got list"),
        ({"is_right": RIGHT.long()}, "is_right must be a bool tensor, got torch.int64"),
        ({"is_right": RIGHT | True}, "is_right must hold a right and a wrong answer, got 4 right"),
        ({"is_right": RIGHT & False}, "is_right must hold a right .* got 0 right of 4"),
        ({"normalizer": "token"}, "normalizer must be one of .* got 'token'"),
        ({"estimator": "grpo"}, "estimator must be one of .* got 'grpo'"),
        ({"group_size": 1}, "group_size must be at least 2, got 1"),
        (
            {"log_probs": torch.tensor([0.0, -math.inf, -math.inf, -math.inf])},
            "log_probs must be finite, got -inf",
        ),
        (
            {name: x[None] for name, x in (("log_probs", LOG_PROBS), ("lengths", LENGTHS))}
            | {"is_right": RIGHT[None]},
            r"log_probs must have shape \[N\], got \(1, 4\)",
        ),
    ],
)
def test_bad_input_names_the_argument(function, change, message):
    given = {"log_probs": LOG_PROBS, "lengths": LENGTHS, "is_right": RIGHT}
    with pytest.raises(ValueError, match=message):
        function(**{**given, **SETTINGS, "normalizer": "answer", **change})


def test_a_mean_over_no_answer_is_refused():
    with pytest.raises(ValueError, match="selected must hold an answer, got none of 4"):
        mean_length(LOG_PROBS, LENGTHS, RIGHT & False)
