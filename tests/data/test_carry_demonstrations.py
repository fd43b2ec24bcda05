"""Pupils' completions: every one against the stated shares, one prompt at a time."""

import math

import pytest
import torch

from rlnotes.data.carry_addition import (
    END,
    addends,
    completion_text,
    held_out_prompts,
    training_prompts,
)
from rlnotes.data.carry_demonstrations import demonstrations


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def with_slip(note, answer, chance):
    """Texts with their probabilities: a slip writes any digit in either place."""
    yield f"{note}{answer:02}.", 1 - chance
    tens, ones = f"{answer:02}"
    for digit in "0123456789":
        yield f"{note}{digit}{ones}.", chance / 20
        yield f"{note}{tens}{digit}.", chance / 20


def pupils(a, b):
    """Probability of each text that a pupil may write for a + b."""
    carry = (a % 10 + b % 10) > 9
    kinds = [(0.15, "C" if carry else "N", a + b, 0.04)]
    forgets = 0.85 if carry else 0.0
    kinds += [(0.85 * (1 - forgets), "", a + b, 0.55), (0.85 * forgets, "", a + b - 10, 0.55)]
    texts = {}
    for share, note, answer, slip in kinds:
        for text, chance in with_slip(note, answer, slip):
            texts[text] = texts.get(text, 0.0) + share * chance
    return {text: prob for text, prob in texts.items() if prob}


EVENTS = {
    "a note": lambda a, b, text: text[0] in "CN",
    "note and answer right": lambda a, b, text: text[0] in "CN" and text[1:3] == str(a + b),
    "right": lambda a, b, text: text[-3:-1] == str(a + b),
    "right, with a carry": lambda a, b, text: a % 10 + b % 10 > 9 and text[-3:-1] == str(a + b),
    "ten too few": lambda a, b, text: text == f"{a + b - 10}.",
    "ten too few after a note": lambda a, b, text: text[1:] == f"{a + b - 10}.",
    "tens right": lambda a, b, text: text[-3] == str(a + b)[0],
    "ones right": lambda a, b, text: text[-2] == str(a + b)[1],
    "no tens": lambda a, b, text: text[-3] == "0",
    "wrong ones after a note": lambda a, b, text: len(text) == 4 and text[2] != str(a + b)[1],
}


@pytest.fixture(scope="module")
def drawn():
    """400,000 of them as (a, b, text)."""
    data = demonstrations(400_000, seeded(1))
    codes, counts = torch.cat([data.prompts, data.completions], dim=1).unique(
        dim=0, return_counts=True
    )
    a, b = (numbers.tolist() for numbers in addends(codes[:, :5]))
    texts = [completion_text(row) for row in codes[:, 5:]]
    return dict(zip(zip(a, b, texts, strict=True), counts.tolist(), strict=True))


@pytest.fixture(scope="module")
def exact():
    """Probability of every (a, b, text), the prompt drawn as well."""
    a, b = (numbers.tolist() for numbers in addends(training_prompts()))
    pairs = list(zip(a, b, strict=True))
    return {(*pair, text): prob / 800 for pair in pairs for text, prob in pupils(*pair).items()}


def require_share(seen, share, name):
    spread = math.sqrt(share * (1 - share) / 400_000)
    assert seen / 400_000 == pytest.approx(share, abs=5 * spread), name


def test_they_have_the_stated_shares(drawn, exact):
    assert sum(exact.values()) == pytest.approx(1)
    for name, event in EVENTS.items():
        share = sum(prob for key, prob in exact.items() if event(*key))
        require_share(sum(count for key, count in drawn.items() if event(*key)), share, name)


def test_nothing_else_is_ever_written(drawn, exact):
    assert drawn.keys() <= exact.keys()
    likely = {key for key, prob in exact.items() if prob * 400_000 > 30}
    assert likely <= drawn.keys()


def test_more_than_half_are_wrong_and_most_with_a_carry(exact):
    # .15 (1 - .9 * .04) + .85 (1 - .9 * .55) without a carry: a slip of ten in each ten
    # is none. With one: .85 * .15 right before a slip, and of the .85 * .85 ten too few
    # a slip that happens to write the right tens in .55 / 20.
    noted = 0.15 * (1 - 0.9 * 0.04)
    plain = noted + 0.85 * (1 - 0.9 * 0.55)
    carry = noted + 0.85 * (0.15 * (1 - 0.9 * 0.55) + 0.85 * 0.55 / 20)
    assert (round(plain, 3), round(carry, 3)) == (0.574, 0.229)
    right = sum(prob for key, prob in exact.items() if EVENTS["right"](*key))
    assert right == pytest.approx(0.55 * plain + 0.45 * carry)


def test_prompts_are_uniform_over_those_to_learn_from(drawn):
    counts = {}
    for (a, b, _), count in drawn.items():
        counts[a, b] = counts.get((a, b), 0) + count
    a, b = (numbers.tolist() for numbers in addends(held_out_prompts()))
    assert len(counts) == 800
    assert not counts.keys() & set(zip(a, b, strict=True))
    assert max(abs(count - 500) for count in counts.values()) < 5 * math.sqrt(500)


def test_every_completion_ends_and_is_padded_with_ends():
    data = demonstrations(2_000, seeded(2))
    length = (data.completions != END).sum(dim=1)
    assert data.prompts.shape == data.completions.shape == (2_000, 5)
    assert set(length.tolist()) == {2, 3}
    assert ((data.completions != END).long().cumprod(dim=1).sum(dim=1) == length).all()


def test_they_depend_on_the_generator_and_on_nothing_else():
    before = torch.random.get_rng_state()
    one, same, other = (demonstrations(50, seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(one.prompts, same.prompts)
    assert torch.equal(one.completions, same.completions)
    assert not torch.equal(one.completions, other.completions)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("num", [0, 2.0, -3])
def test_a_number_that_is_none_is_refused(num):
    with pytest.raises(ValueError, match=f"num must be a positive integer, got {num}"):
        demonstrations(num, seeded())
