"""Forgotten carry: sums of two numbers from 10 to 49, asked of a small language model.

A prompt is `a1 a0 b1 b0 =`, two digits each. A completion has at most five symbols out
of twelve: digits, and the notes C (there is a carry) and N (there is none). A full stop
ends it, and a completion of five symbols ends by itself. That makes the sum over
t = 0 ... 5 of 12^t = 271,453 completions to each of the 1,600 prompts.
`rlnotes.data.carry_rewards` says which of them are right.
"""

import random
from collections import defaultdict
from functools import lru_cache
from itertools import combinations_with_replacement, product

import torch
from torch import Tensor

from rlnotes._checks import require_indices, require_positive_integer

SYMBOLS = (".", *"0123456789", "C", "N")
END, MAX_SYMBOLS = 0, 5
# The last token stands in prompts only; digits are the same tokens in both.
TOKENS = (*SYMBOLS, "=")
LOWEST, HIGHEST = 10, 49
ZERO, CARRY, NO_CARRY = (SYMBOLS.index(symbol) for symbol in "0CN")

_EQUALS = TOKENS.index("=")


def prompt_tokens(a: int, b: int) -> Tensor:
    """[5] tokens of the prompt that asks for a + b.

    Raises:
        ValueError: if a number is no integer from 10 to 49.

    Example:
        >>> prompt_tokens(17, 25)  # digit d is token d + 1
        tensor([ 2,  8,  3,  6, 13])
    """
    require_positive_integer(a=a, b=b)
    for name, number in {"a": a, "b": b}.items():
        if not LOWEST <= number <= HIGHEST:
            raise ValueError(f"{name} must lie in [{LOWEST}, {HIGHEST}], got {number}")
    return torch.tensor([TOKENS.index(symbol) for symbol in f"{a}{b}="])


def all_prompts() -> Tensor:
    """[1600, 5] tokens of every prompt: 10 + 10, 10 + 11, ... 49 + 49."""
    numbers = torch.arange(LOWEST, HIGHEST + 1)
    pairs = torch.cartesian_prod(numbers, numbers)
    digits = torch.stack([pairs // 10, pairs % 10], dim=2).flatten(1) + ZERO
    return torch.nn.functional.pad(digits, (0, 1), value=_EQUALS)


def training_prompts() -> Tensor:
    """[800, 5] prompts to learn from, half of all: drawn once, the same for everyone.

    The two orders of a sum are both here or both held out. 360 have a carry, here as
    there.
    """
    return all_prompts()[~_held_out()]


def held_out_prompts() -> Tensor:
    """[800, 5] the other prompts: not demonstrated, not rewarded, only tested."""
    return all_prompts()[_held_out()]


@lru_cache(maxsize=1)
def _held_out() -> Tensor:
    """[1600] bool: a random half of each kind (carry or none, one number twice)."""
    numbers = range(LOWEST, HIGHEST + 1)
    kinds = defaultdict(list)
    for a, b in combinations_with_replacement(numbers, 2):
        kinds[a == b, a % 10 + b % 10 >= 10].append((a, b))
    # Python promises the same draws in every version.
    draws, held = random.Random(0), set()
    for pairs in kinds.values():
        pairs.sort(key=lambda pair: draws.random())
        held.update(pairs[: len(pairs) // 2])
    return torch.tensor([(min(pair), max(pair)) in held for pair in product(numbers, numbers)])


def prompt_text(prompts: Tensor) -> str:
    """One prompt [5] as it is read.

    Raises:
        ValueError: for what is no prompt, or more than one.

    Example:
        >>> prompt_text(prompt_tokens(17, 25))
        '17+25='
    """
    a, b = addends(prompts)
    if a.ndim:
        raise ValueError(f"prompts must have shape (5,), got {tuple(prompts.shape)}")
    return f"{a.item()}+{b.item()}="


def completion_tokens(text: str) -> Tensor:
    """[5] tokens of a completion, the end and what follows as full stops.

    Raises:
        ValueError: for what is no string, an unknown symbol, a full stop before the
            last place, or more than five symbols before it.

    Example:
        >>> completion_tokens("C42.")
        tensor([11,  5,  3,  0,  0])
    """
    if not isinstance(text, str):
        raise ValueError(f"text must be symbols in a string, got {text!r:.80}")
    symbols = text.removesuffix(SYMBOLS[END])
    for symbol in symbols:
        if symbol not in SYMBOLS[1:]:
            raise ValueError(f"text must be of the symbols {SYMBOLS[1:]}, got {symbol!r}")
    if len(symbols) > MAX_SYMBOLS:
        raise ValueError(f"text must have at most {MAX_SYMBOLS} symbols, got {len(symbols)}")
    tokens = [SYMBOLS.index(symbol) for symbol in symbols]
    return torch.tensor(tokens + [END] * (MAX_SYMBOLS - len(tokens)))


def completion_text(tokens: Tensor) -> str:
    """A completion's symbols; a full stop where it ended by one.

    Raises:
        ValueError: for what is no int64 tensor of five symbols.

    Example:
        >>> completion_text(torch.tensor([11, 5, 3, 0, 0]))
        'C42.'
    """
    require_indices(len(SYMBOLS), tokens=tokens)
    if tokens.shape != (MAX_SYMBOLS,):
        raise ValueError(f"tokens must have shape {(MAX_SYMBOLS,)}, got {tuple(tokens.shape)}")
    symbols, stop, _ = "".join(SYMBOLS[token] for token in tokens.tolist()).partition(".")
    return symbols + stop


def addends(prompts: Tensor) -> tuple[Tensor, Tensor]:
    """[...] the two numbers a and b that each prompt [..., 5] adds.

    Raises:
        ValueError: for what is no int64 tensor of prompts.

    Example:
        >>> addends(prompt_tokens(17, 25))
        (tensor(17), tensor(25))
    """
    require_indices(len(TOKENS), prompts=prompts)
    if prompts.shape[-1:] != (5,):
        raise ValueError(f"prompts must have shape [..., 5], got {tuple(prompts.shape)}")
    digits = prompts[..., :4] - ZERO
    numbers = 10 * digits[..., ::2] + digits[..., 1::2]
    is_digit = ((digits >= 0) & (digits < 10)).all(dim=-1)
    in_range = ((numbers >= LOWEST) & (numbers <= HIGHEST)).all(dim=-1)
    wrong = prompts[~(is_digit & in_range & (prompts[..., 4] == _EQUALS))]
    if len(wrong):
        shown = "".join(TOKENS[token] for token in wrong[0].tolist())
        raise ValueError(
            f"prompts must be two numbers from {LOWEST} to {HIGHEST} and =, got {shown!r}"
        )
    return numbers[..., 0], numbers[..., 1]


def has_carry(prompts: Tensor) -> Tensor:
    """[...] bool, whether the ones of a prompt [..., 5] add up to ten or more."""
    a, b = addends(prompts)
    return a % 10 + b % 10 >= 10


def answer_digits(prompts: Tensor) -> Tensor:
    """[..., 2] the two symbols of the right answer to each prompt [..., 5].

    Example:
        >>> answer_digits(prompt_tokens(17, 25))  # digit d is token d + 1
        tensor([5, 3])
    """
    a, b = addends(prompts)
    return torch.stack([(a + b) // 10, (a + b) % 10], dim=-1) + ZERO
