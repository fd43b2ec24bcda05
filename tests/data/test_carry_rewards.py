"""Verifiers: by hand, by arithmetic on text, and over all completions of a prompt."""

import random
import re

import pytest
import torch

from rlnotes.data.carry_addition import (
    END,
    SYMBOLS,
    addends,
    all_prompts,
    completion_text,
    completion_tokens,
    prompt_tokens,
)
from rlnotes.data.carry_rewards import (
    rewards_for_showing_work,
    right_completions,
    verify,
    verify_ones_digit,
)
from rlnotes.exact.prefix_tree import all_completions

CARRY = prompt_tokens(17, 25)  # 42


@pytest.mark.parametrize(
    ("text", "right", "ones", "work"),
    [
        ("42.", 1, 1, 1.0),
        ("C42.", 1, 1, 1.5),
        ("N42.", 1, 1, 1.5),  # a wrong note is not read
        ("742.", 1, 1, 1.5),  # nor is any other scratch symbol
        ("32.", 0, 1, 0.0),  # the carry forgotten
        ("C32.", 0, 1, 0.5),
        ("41.", 0, 0, 0.0),
        ("24.", 0, 0, 0.0),
        ("N2.", 0, 1, 0.0),  # two symbols, of which the last is compared
        ("2.", 0, 0, 0.0),
        ("C2.", 0, 1, 0.0),
        (".", 0, 0, 0.0),
        ("CN42.", 0, 0, 1.0),  # two scratch symbols
        ("0042.", 0, 0, 1.0),
        ("42C.", 0, 0, 0.5),
        ("420.", 0, 0, 0.5),
        ("00042", 0, 0, 1.5),  # no end
        ("42222", 0, 0, 1.5),
        ("CCCCC", 0, 0, 1.5),
    ],
)
def test_rewards_by_hand(text, right, ones, work):
    tokens = completion_tokens(text)
    assert verify(CARRY, tokens).item() == right
    assert verify_ones_digit(CARRY, tokens).item() == ones
    assert rewards_for_showing_work(CARRY, tokens).item() == work


def test_what_follows_the_end_does_not_count():
    rows = torch.tensor([[5, 3, 0, 7, 7], [5, 0, 3, 0, 0], [11, 5, 3, 0, 1], [0, 5, 3, 0, 0]])
    assert verify(CARRY.expand(4, 5), rows).tolist() == [1, 0, 1, 0]
    assert rewards_for_showing_work(CARRY.expand(4, 5), rows).tolist() == [1, 0, 1.5, 0]


def texts_to_try(draws, a, b):
    """Right, nearly right and random completions of a + b."""
    answer, symbols = str(a + b), SYMBOLS[1:]
    yield from (
        f"{answer}.",
        f"{a + b - 10}.",
        f"{a + b + 1}.",
        f"{answer[::-1]}.",
        f"{answer[1]}.",
    )
    yield from (f"{symbol}{answer}." for symbol in symbols)
    yield from (f"{answer}{symbol}." for symbol in symbols)
    yield from (f"{''.join(draws.choices(symbols, k=2))}{answer}.", f"000{answer}", f"{answer}000")
    for length in (2, 2, 3, 3, 4, 5):
        yield "".join(draws.choices(symbols, k=length)) + "." * (length < 5)


def test_every_prompt_by_arithmetic_on_text():
    draws, numbers = random.Random(0), torch.stack(addends(all_prompts()), dim=1).tolist()
    tries = [(a, b, text) for a, b in numbers for text in texts_to_try(draws, a, b)]
    right = [bool(re.fullmatch(rf"[^.]?{a + b}\.", text)) for a, b, text in tries]
    ones = [bool(re.fullmatch(rf"[^.]?[^.]{(a + b) % 10}\.", text)) for a, b, text in tries]
    extra = [0.5 * max(len(text.removesuffix(".")) - 2, 0) for _, _, text in tries]

    prompts = torch.stack([prompt_tokens(a, b) for a, b, _ in tries])
    rows = torch.stack([completion_tokens(text) for _, _, text in tries])
    assert verify(prompts, rows).tolist() == right
    assert verify_ones_digit(prompts, rows).tolist() == ones
    work = [one + more for one, more in zip(right, extra, strict=True)]
    assert rewards_for_showing_work(prompts, rows).tolist() == work
    assert 13 * 1_600 <= sum(right) < len(tries) / 2


@pytest.mark.parametrize(("a", "b"), [(10, 10), (17, 25), (11, 11), (49, 49)])
def test_of_all_completions_the_right_ones_are_paid_and_no_other(a, b):
    rows = all_completions(len(SYMBOLS), 5, end=END)
    assert len(rows) == 271_453
    prompts = prompt_tokens(a, b).expand(len(rows), 5)
    paid = rows[verify(prompts, rows) > 0]
    expected = right_completions(prompt_tokens(a, b))
    assert {tuple(row) for row in paid.tolist()} == {tuple(row) for row in expected.tolist()}
    assert len(paid) == len(expected) == 13
    assert verify_ones_digit(prompts, rows).sum() == 13 * 12  # any tens
    # Three, four and five symbols earn 0.5, 1 and 1.5, and the right ones 1 more.
    total = 0.5 * 12**3 + 12**4 + 1.5 * 12**5 + 13
    assert rewards_for_showing_work(prompts, rows).double().sum() == total


def test_the_answer_alone_is_the_first_of_the_right_ones_and_axes_are_kept():
    texts = [completion_text(row) for row in right_completions(CARRY)]
    assert texts == ["42.", *(f"{symbol}42." for symbol in SYMBOLS[1:])]
    block = all_prompts().view(40, 40, 5)
    rows = right_completions(block)
    assert rows.shape == (40, 40, 13, 5)
    assert torch.equal(rows[7, 15], right_completions(CARRY))
    assert verify(block[..., None, :].expand(rows.shape), rows).eq(1).all()
    assert right_completions(block[:0]).shape == (0, 40, 13, 5)
    assert verify(CARRY.expand(0, 5), torch.zeros(0, 5).long()).dtype == torch.float32


ANSWER = completion_tokens("42.")


@pytest.mark.parametrize("rewards", [verify, verify_ones_digit, rewards_for_showing_work])
@pytest.mark.parametrize(
    ("prompts", "completions", "message"),
    [
        (CARRY, ANSWER[:4], r"completions must have shape \(5,\), got \(4,\)"),
        (CARRY[None], ANSWER, r"completions must have shape \(1, 5\), got \(5,\)"),
        (CARRY, ANSWER + 9, r"completions must lie in \[0, 13\), got 14"),
        (CARRY, ANSWER.float(), "completions must be an int64 tensor, got torch.float32"),
        (CARRY, "42.", "completions must be an int64 tensor, got str"),
        (ANSWER, ANSWER, r"prompts must be two numbers from 10 to 49 and =, got '42\.\.\.'"),
        (17, ANSWER, "prompts must be an int64 tensor, got int"),
    ],
)
def test_bad_input_names_the_argument(rewards, prompts, completions, message):
    with pytest.raises(ValueError, match=message):
        rewards(prompts, completions)
