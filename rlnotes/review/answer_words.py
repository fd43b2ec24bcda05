"""Looks for words and phrases in a text that a reader wrote."""

import re


def has_word(text: str, word: str) -> bool:
    """Whether a text has a word or a phrase, in either case, also in the plural.

    "n't" counts as "not".

    Args:
        text: where to look.
        word: whole words, one space or hyphen between them. A star at the end takes any
            ending: "clip*" finds "clipping".

    Example:
        >>> has_word("Both REWARD-models", "reward model"), has_word("reword", "word")
        (True, False)
        >>> has_word("rewarding", "reward"), has_word("rewarding", "reward*")
        (False, True)
        >>> has_word("It doesn't bound", "not bound")
        True
    """
    parts = map(re.escape, re.split(r"[\s-]+", word.removesuffix("*")))
    ending = r"\w*" if word.endswith("*") else r"(?:e?s)?"
    pattern = r"(?<!\w)" + r"[\s-]+".join(parts) + ending + r"(?!\w)"
    return bool(re.search(pattern, _written_out(text), re.IGNORECASE))


def _written_out(text: str) -> str:
    """The text with "can't" as "cannot" and another "n't" as " not"."""
    text = re.sub(r"\bcan['\u2019]t\b", "cannot", text, flags=re.IGNORECASE)
    return re.sub(r"n['\u2019]t\b", " not", text, flags=re.IGNORECASE)
