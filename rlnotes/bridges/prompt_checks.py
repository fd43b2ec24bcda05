"""Whether a model can read prompts as they are meant: whole, and as plain text."""

from collections.abc import Mapping

from datasets import Dataset
from jinja2 import TemplateError

from rlnotes.bridges.model_loading import Loaded


def require_short_prompts(loaded: Loaded, data: Dataset, *, max_answer: int) -> None:
    """Raise if a prompt and its answer are longer than the model has positions.

    GRPO never cuts a prompt, and a model without rotary positions fails at its end.

    Args:
        loaded: model and tokenizer.
        data: rows with a prompt, and for DPO with chosen and rejected.
        max_answer: tokens that an answer may have, where the rows hold none.

    Raises:
        ValueError: with the longest row, its tokens and those that the model has; or
            if the model's template of chats refuses a message of a user.
    """
    lengths = [_length(loaded, row, max_answer) for row in data]
    longest = max(range(len(lengths)), key=lengths.__getitem__)
    if loaded.num_positions is not None and lengths[longest] > loaded.num_positions:
        name = data[longest].get("name", f"of pair {longest}")
        raise ValueError(
            f"the prompt {name} needs {lengths[longest]} tokens with its answer, and the model "
            f"has {loaded.num_positions}: leave long documents out, or let answers be "
            "shorter"
        )


def require_plain_prompts(loaded: Loaded, data: Dataset) -> None:
    """Raise if a document holds the text of a special token, such as an end of turn.

    The tokenizer would take it for the token: a page could end its own prompt.

    Args:
        loaded: model and tokenizer.
        data: rows with a prompt.

    Raises:
        ValueError: with the row and the token.
    """
    special = [token for token in loaded.tokenizer.all_special_tokens if token]
    for number, row in enumerate(data):
        prompt = row["prompt"]
        text = prompt if isinstance(prompt, str) else prompt[0]["content"]
        for token in special:
            if token in text:
                name = row.get("name", f"of pair {number}")
                raise ValueError(
                    f"the prompt {name} holds {token!r}, which the tokenizer takes for a "
                    "special token: leave the document out"
                )


def _length(loaded: Loaded, row: Mapping, max_answer: int) -> int:
    """Tokens of a prompt and the longest of its answers, with the end."""
    if "chosen" not in row:
        return _tokens(loaded, row["prompt"], answers=False) + max_answer
    texts = (row["prompt"] + row[name] for name in ("chosen", "rejected"))
    return 1 + max(_tokens(loaded, text, answers=True) for text in texts)


def _tokens(loaded: Loaded, text: str | list, *, answers: bool) -> int:
    if isinstance(text, str):
        return len(loaded.tokenizer(text)["input_ids"])
    try:
        written = loaded.tokenizer.apply_chat_template(
            text, tokenize=False, add_generation_prompt=not answers
        )
    except TemplateError as error:
        raise ValueError(
            "model must have a chat template for a message of a user and an answer, got one "
            f"that raises: {error}"
        ) from error
    return len(loaded.tokenizer(written, add_special_tokens=False)["input_ids"])
