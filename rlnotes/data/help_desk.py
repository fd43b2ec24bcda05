"""The help desk: a language so small that every reply can be written down.

A customer's prompt has a mood and a topic. A reply has at most five words out of
seven; a full stop ends it, and a reply of five words ends by itself. That makes
1 + 7 + 49 + 343 + 2,401 + 16,807 = 19,608 replies to each of the 6 prompts.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import require_indices, require_positive_integer

SYMBOLS = (".", "hi", "sorry", "open", "refund", "price", "thanks", "!")
END, MAX_WORDS = 0, 5
MOODS, TOPICS = ("calm", "angry"), ("open", "refund", "price")
PROMPTS = tuple(f"{mood} {topic}" for mood in MOODS for topic in TOPICS)
# Tokens of a prompt come after the symbols of a reply.
TOKENS = (*SYMBOLS, *(f"<{word}>" for word in (*MOODS, *TOPICS)))

_HI, _SORRY, _THANKS, _BANG = (SYMBOLS.index(word) for word in ("hi", "sorry", "thanks", "!"))
_TOPIC_WORDS = torch.tensor([SYMBOLS.index(topic) for topic in TOPICS])


def prompt_tokens() -> Tensor:
    """[6, 2] tokens of every prompt, in the order of `PROMPTS`: mood, topic."""
    moods, topics = torch.arange(2).repeat_interleave(3), torch.arange(3).repeat(2)
    return torch.stack([len(SYMBOLS) + moods, len(SYMBOLS) + len(MOODS) + topics], dim=1)


def reply_tokens(text: str) -> Tensor:
    """[5] tokens of a reply given as words, the end and what follows as full stops.

    Raises:
        ValueError: for what is no string, an unknown word, a full stop before the last
            place, or more than five words.

    Example:
        >>> reply_tokens("hi refund thanks .")
        tensor([1, 4, 6, 0, 0])
    """
    if not isinstance(text, str):
        raise ValueError(f"text must be words in a string, got {text!r:.80}")
    words = text.split()
    if words and words[-1] == SYMBOLS[END]:
        words.pop()
    for word in words:
        if word not in SYMBOLS[1:]:
            raise ValueError(f"text must be of the words {SYMBOLS[1:]}, got {word!r}")
    if len(words) > MAX_WORDS:
        raise ValueError(f"text must have at most {MAX_WORDS} words, got {len(words)}")
    tokens = [SYMBOLS.index(word) for word in words]
    return torch.tensor(tokens + [END] * (MAX_WORDS - len(tokens)))


def reply_text(tokens: Tensor) -> str:
    """A reply's words; a full stop where it ended by one.

    Raises:
        ValueError: for what is no int64 tensor of five symbols.

    Example:
        >>> reply_text(torch.tensor([1, 4, 6, 0, 0])), reply_text(torch.tensor([1] * 5))
        ('hi refund thanks .', 'hi hi hi hi hi')
    """
    words = []
    require_indices(len(SYMBOLS), tokens=tokens)
    if tokens.shape != (MAX_WORDS,):
        raise ValueError(f"tokens must have shape {(MAX_WORDS,)}, got {tuple(tokens.shape)}")
    for token in tokens.tolist():
        words.append(SYMBOLS[token])
        if token == END:
            break
    return " ".join(words)


def gold_rewards(prompts: Tensor, replies: Tensor) -> Tensor:
    """What the customer really thinks of a reply; the true reward of this world.

         2    the word of the topic asked for          -1.5  each other topic's word
         0.75 thanks     0.5 hi as the first word      -2    each repetition of a word
         sorry: 1 to an angry customer, -0.5 to a calm one
         ! as the last word: 0.5 calm, -1 angry; before the last word: -0.5

    Args:
        prompts: [...] int64, index into `PROMPTS`.
        replies: [..., 5] tokens; what follows the first end does not count.

    Returns:
        [...] rewards, float32.

    Raises:
        ValueError: if the shapes do not fit, or a prompt or token does not exist.

    Example:
        >>> angry_refund = torch.tensor(PROMPTS.index("angry refund"))
        >>> gold_rewards(angry_refund, reply_tokens("hi sorry refund thanks"))
        tensor(4.2500)
    """
    require_indices(len(PROMPTS), prompts=prompts)
    require_indices(len(SYMBOLS), replies=replies)
    if replies.shape != (*prompts.shape, MAX_WORDS):
        raise ValueError(
            f"replies must have shape {(*prompts.shape, MAX_WORDS)}, got {tuple(replies.shape)}"
        )
    is_word = (replies != END).long().cumprod(dim=-1).bool()
    words = torch.where(is_word, replies, END)
    counts = torch.nn.functional.one_hot(words, len(SYMBOLS)).sum(dim=-2)
    said, length = counts > 0, is_word.sum(dim=-1)
    angry, topic = prompts >= len(TOPICS), prompts % len(TOPICS)

    right = said.gather(-1, _TOPIC_WORDS[topic][..., None]).squeeze(-1)
    topics = said[..., _TOPIC_WORDS].sum(dim=-1)
    repeats = (length - said[..., 1:].sum(dim=-1)).float()
    last = words.gather(-1, (length - 1).clamp(min=0)[..., None]).squeeze(-1)
    ends_loud = last == _BANG
    rewards = 2.0 * right - 1.5 * (topics - right.long()) - 2.0 * repeats
    rewards = rewards + 0.75 * said[..., _THANKS] + 0.5 * (words[..., 0] == _HI)
    rewards = rewards + said[..., _SORRY] * torch.where(angry, 1.0, -0.5)
    rewards = rewards + ends_loud * torch.where(angry, -1.0, 0.5)
    return rewards - 0.5 * (counts[..., _BANG] > ends_loud)


class Demonstrations(NamedTuple):
    """Replies of human clerks, who are polite now and then and often miss the point."""

    prompts: Tensor  # [N] int64, index into `PROMPTS`
    replies: Tensor  # [N, 5] tokens


def demonstrations(num: int, generator: torch.Generator) -> Demonstrations:
    """Replies that a language model can imitate: clumsy, and of every kind.

        [hi .4] [sorry .45 angry, .2 calm] [right topic .5, any .35] [thanks .3] [! .3]

    Each word is then dropped with probability 0.03, and before each a random word slips
    in with probability 0.06. What is beyond five words is cut off.

    Raises:
        ValueError: if num is not a positive integer.
    """
    require_positive_integer(num=num)

    def chance(probability):
        return torch.rand(num, generator=generator) < probability

    def word(index, said):
        return torch.where(said, torch.as_tensor(index), END)

    prompts = torch.randint(len(PROMPTS), (num,), generator=generator)
    angry, topic = prompts >= len(TOPICS), _TOPIC_WORDS[prompts % len(TOPICS)]
    some_topic = _TOPIC_WORDS[torch.randint(len(TOPICS), (num,), generator=generator)]
    kind = torch.rand(num, generator=generator)
    named = torch.where(kind < 0.5, topic, word(some_topic, kind < 0.85))
    planned = [
        word(_HI, chance(0.4)),
        word(_SORRY, chance(torch.where(angry, 0.45, 0.2))),
        named,
        word(_THANKS, chance(0.3)),
        word(_BANG, chance(0.3)),
    ]
    columns = []
    for column in planned:
        extra = torch.randint(1, len(SYMBOLS), (num,), generator=generator)
        columns.append(word(extra, chance(0.06)))
        columns.append(torch.where(chance(0.03), END, column))
    words = torch.stack(columns, dim=1)
    order = (words == END).long().argsort(dim=1, stable=True)  # words first, gaps last
    return Demonstrations(prompts, words.gather(1, order)[:, :MAX_WORDS])
