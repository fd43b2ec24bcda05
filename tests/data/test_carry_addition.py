"""Forgotten carry: prompts and their split, texts and tokens, answers by arithmetic."""

import itertools

import numpy as np
import pytest
import torch

from rlnotes.data.carry_addition import (
    END,
    MAX_SYMBOLS,
    SYMBOLS,
    TOKENS,
    addends,
    all_prompts,
    answer_digits,
    completion_text,
    completion_tokens,
    has_carry,
    held_out_prompts,
    prompt_text,
    prompt_tokens,
    training_prompts,
)


def as_rows(prompts):
    return {tuple(row) for row in prompts.tolist()}


def test_the_symbols_and_what_they_stand_for():
    assert "".join(SYMBOLS) == ".0123456789CN"
    assert "".join(TOKENS) == ".0123456789CN="
    assert (END, MAX_SYMBOLS) == (0, 5)


def test_every_prompt_is_there_once_in_the_order_of_its_numbers():
    texts = [prompt_text(prompt) for prompt in all_prompts()]
    assert texts == [f"{a}+{b}=" for a in range(10, 50) for b in range(10, 50)]
    for prompt, text in zip(all_prompts().tolist(), texts, strict=True):
        assert "".join(TOKENS[token] for token in prompt) == text.replace("+", "")


def test_a_prompt_of_its_numbers():
    for row, (a, b) in enumerate(itertools.product(range(10, 50), repeat=2)):
        assert torch.equal(prompt_tokens(a, b), all_prompts()[row])
    assert torch.equal(prompt_tokens(np.int64(17), 25), prompt_tokens(17, 25))


def test_numbers_carries_and_answers_are_those_of_arithmetic():
    numbers = torch.stack(addends(all_prompts()), dim=1).tolist()
    carries, answers = has_carry(all_prompts()).tolist(), answer_digits(all_prompts()).tolist()
    for (a, b), carry, answer in zip(numbers, carries, answers, strict=True):
        assert carry == ((a + b) // 10 > a // 10 + b // 10)
        assert "".join(SYMBOLS[token] for token in answer) == str(a + b)
    assert sum(carries) == 16 * 45  # of 100 pairs of ones, 45 reach ten


def test_leading_axes_are_kept():
    prompts = all_prompts().view(40, 40, 5)
    assert has_carry(prompts).shape == (40, 40)
    assert answer_digits(prompts).shape == (40, 40, 2)
    assert answer_digits(prompts)[7, 15].tolist() == [5, 3]  # 17 + 25 = 42
    assert has_carry(prompts[:0]).shape == (0, 40)


def test_the_split_has_two_halves_that_share_nothing():
    learned, held_out = training_prompts(), held_out_prompts()
    assert learned.shape == held_out.shape == (800, 5)
    assert as_rows(learned) | as_rows(held_out) == as_rows(all_prompts())
    assert not as_rows(learned) & as_rows(held_out)


def test_a_sum_with_its_numbers_exchanged_is_on_the_same_side():
    exchanged = training_prompts()[:, [2, 3, 0, 1, 4]]
    assert as_rows(exchanged) == as_rows(training_prompts())


def test_both_halves_have_the_same_share_of_every_kind():
    for prompts in (training_prompts(), held_out_prompts()):
        a, b = addends(prompts)
        assert has_carry(prompts).sum() == 360
        assert (a == b).sum() == 20
        assert (has_carry(prompts) & (a == b)).sum() == 10
        # Halves drawn at random: each pair of tens and of ones is met.
        assert len((a // 10 * 10 + b // 10).unique()) == 16
        assert len((a % 10 * 10 + b % 10).unique()) == 100


def test_the_split_is_the_one_of_all_recordings():
    # The draws are Python's own, which are the same in every version.
    sides = [tuple(row) in as_rows(held_out_prompts()) for row in all_prompts()[:40].tolist()]
    assert "".join("01"[side] for side in sides) == "0100011100010100101001101101010011100100"


def test_text_to_tokens_and_back():
    for length in range(5):
        for symbols in itertools.islice(itertools.product(SYMBOLS[1:], repeat=length), 2_000):
            text = "".join(symbols) + "."
            tokens = completion_tokens(text)
            assert completion_text(tokens) == text
            assert tokens.tolist() == [SYMBOLS.index(s) for s in symbols] + [END] * (5 - length)
    assert completion_text(completion_tokens("CN042")) == "CN042"
    assert torch.equal(completion_tokens("42"), completion_tokens("42."))
    assert completion_text(torch.tensor([11, 0, 5, 5, 5])) == "C."


GOOD = prompt_tokens(17, 25)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: prompt_tokens(9, 25), r"a must lie in \[10, 49\], got 9"),
        (lambda: prompt_tokens(17, 50), r"b must lie in \[10, 49\], got 50"),
        (lambda: prompt_tokens(17.0, 25), "a must be a positive integer, got 17.0"),
        (lambda: prompt_tokens(17, True), "b must be a positive integer, got True"),
        (lambda: completion_tokens(42), "text must be symbols in a string, got 42"),
        (lambda: completion_tokens("4=2"), "text must be of the symbols .* got '='"),
        (lambda: completion_tokens("4.2."), r"text must be of the symbols .* got '\.'"),
        (lambda: completion_tokens("C 42."), "text must be of the symbols .* got ' '"),
        (lambda: completion_tokens("000042."), "text must have at most 5 symbols, got 6"),
        (lambda: completion_text(GOOD[:4]), r"tokens must have shape \(5,\), got \(4,\)"),
        (lambda: completion_text(GOOD), r"tokens must lie in \[0, 13\), got 13"),
        (lambda: completion_text("42."), "tokens must be an int64 tensor, got str"),
        (lambda: prompt_text(all_prompts()[:2]), r"prompts must have shape \(5,\), got \(2, 5\)"),
        (lambda: addends(GOOD.float()), "prompts must be an int64 tensor, got torch.float32"),
        (lambda: addends(GOOD + 1), r"prompts must lie in \[0, 14\), got 14"),
        (lambda: addends(GOOD[:4]), r"prompts must have shape \[..., 5\], got \(4,\)"),
        (lambda: addends(torch.tensor([2, 8, 3, 6, 0])), r"prompts must be two .* got '1725\.'"),
        (lambda: addends(torch.tensor([2, 8, 11, 6, 13])), "prompts must be two .* got '17C5='"),
        (lambda: addends(torch.tensor([2, 12, 3, 6, 13])), "prompts must be two .* got '1N25='"),
        (lambda: addends(torch.tensor([2, 0, 3, 6, 13])), r"prompts must be two .* got '1\.25='"),
        (lambda: addends(torch.tensor([1, 8, 3, 6, 13])), "prompts must be two .* got '0725='"),
        (lambda: addends(torch.tensor([2, 8, 6, 1, 13])), "prompts must be two .* got '1750='"),
    ],
)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
