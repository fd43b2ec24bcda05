"""Draw replies from a language model, word by word, with the cache."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rlnotes._checks import require_index, require_positive_integer
from rlnotes.functional.sampling import truncated_log_probs
from rlnotes.models.tiny_lm import TinyLM


class Samples(NamedTuple):
    """Drawn replies. `log_probs` is what is scored and trained: the whole model.

    `sampling_log_probs` is what was drawn from. The two differ with a temperature, a
    nucleus or a forced length, and then a mean of log-ratios is no KL.
    """

    tokens: Tensor  # [B, T] int64; the end and what follows it are the end symbol
    mask: Tensor  # [B, T] bool: the words and the end that was drawn
    log_probs: Tensor  # [B, T] log pi(y_t | y_<t), nats; 0 where not counted
    sampling_log_probs: Tensor  # [B, T] of the distribution drawn from; 0 likewise


@torch.no_grad()
def sample_replies(
    model: TinyLM,
    prompts: Tensor,
    *,
    generator: torch.Generator,
    group_size: int = 1,
    length: int = 5,
    end: int = 0,
    temperature: float = 1.0,
    top_p: float = 1.0,
    min_words: int = 0,
) -> Samples:
    """A reply or more to each prompt; it stops at the end symbol or at `length` words.

    Args:
        model: with a language head.
        prompts: [B, M] tokens.
        generator: source of the draws.
        group_size: G, replies to each prompt, which is read only once; B is then G
            times as large, those to the first prompt first.
        length: T, the longest reply.
        end: the symbol that ends a reply.
        temperature: positive; divides the logits.
        top_p: in (0, 1]; keep the fewest symbols that reach this probability.
        min_words: the end is forbidden before that many words.

    Raises:
        ValueError: if a number is out of its range, the replies are longer than the
            model can read, or it has a single output.

    References:
        Holtzman et al. (2020), arXiv:1904.09751 (the nucleus).
    """
    require_positive_integer(length=length, group_size=group_size)
    if min_words not in range(length + 1):
        raise ValueError(f"min_words must be an integer from 0 to {length}, got {min_words}")
    logits, cache = model.start(prompts)
    if prompts.shape[1] + length - 1 > model.length:
        raise ValueError(
            f"length must be at most {model.length - prompts.shape[1] + 1}, got {length}"
        )
    if logits.shape[-1] < 2:
        raise ValueError(f"model must have a head of words, got {logits.shape[-1]} output")
    require_index(logits.shape[-1], end=end)
    rows = torch.arange(len(prompts)).repeat_interleave(group_size)
    logits, cache = logits[rows], cache.rows(rows)
    alive = torch.ones(len(logits), dtype=torch.bool)
    columns = []
    for t in range(length):
        whole = torch.log_softmax(logits, dim=-1)
        allowed = whole.clone()
        if t < min_words:
            allowed[:, end] = -torch.inf
        drawn_from = truncated_log_probs(allowed, temperature=temperature, top_p=top_p)
        drawn = torch.multinomial(drawn_from.exp(), 1, generator=generator).squeeze(1)
        tokens = torch.where(alive, drawn, end)
        chosen = [
            torch.where(alive, table.gather(1, drawn[:, None]).squeeze(1), 0.0)
            for table in (whole, drawn_from)
        ]
        columns.append((tokens, alive, *chosen))
        alive = alive & (tokens != end)
        if t == length - 1 or not alive.any():
            break
        logits, cache = model.step(tokens, cache)
    return _joined(columns, length, end)


def _joined(columns: list[list[Tensor]], length: int, end: int) -> Samples:
    """One table of each kind; all replies may have ended before the last column."""
    tokens, *others = (torch.stack(column, dim=1) for column in zip(*columns, strict=True))
    missing = (0, length - len(columns))
    padded = (nn.functional.pad(table, missing) for table in others)
    return Samples(nn.functional.pad(tokens, missing, value=end), *padded)
