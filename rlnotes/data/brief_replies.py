"""Another wish for the help desk: the word of the topic, and nothing else."""

import torch
from torch import Tensor

from rlnotes._checks import require_indices
from rlnotes.data.help_desk import END, MAX_WORDS, PROMPTS, SYMBOLS, TOPICS


def brief_rewards(prompts: Tensor, replies: Tensor) -> Tensor:
    """What an impatient customer thinks of a reply.

         2 for the word of the topic asked for, said once or more often
        -1 for each word that adds nothing: another one, or that one again

    The best reply is the word alone; an empty one has 0.

    Args:
        prompts: [...] int64, index into `PROMPTS`.
        replies: [..., 5] tokens; what follows the first end does not count.

    Returns:
        [...] rewards, float32, from -5 to 2.

    Raises:
        ValueError: if the shapes do not fit, or a prompt or token does not exist.

    Example:
        >>> from rlnotes.data.help_desk import reply_tokens
        >>> angry_refund = torch.tensor(PROMPTS.index("angry refund"))
        >>> brief_rewards(angry_refund, reply_tokens("hi refund ."))
        tensor(1.)
    """
    require_indices(len(PROMPTS), prompts=prompts)
    require_indices(len(SYMBOLS), replies=replies)
    if replies.shape != (*prompts.shape, MAX_WORDS):
        raise ValueError(
            f"replies must have shape {(*prompts.shape, MAX_WORDS)}, got {tuple(replies.shape)}"
        )
    asked = torch.tensor([SYMBOLS.index(topic) for topic in TOPICS])[prompts % len(TOPICS)]
    is_word = (replies != END).long().cumprod(dim=-1).bool()
    right = (is_word & (replies == asked[..., None])).any(dim=-1)
    return 3.0 * right - is_word.sum(dim=-1)
