"""Whether prompts and answers fit into a model: GRPO never cuts a prompt."""

from collections.abc import Mapping

from datasets import Dataset

from rlnotes.bridges.trainers import Loaded


def require_short_prompts(loaded: Loaded, data: Dataset, *, max_answer: int) -> None:
    """Raise if a prompt and its answer are longer than the model has positions.

    Args:
        loaded: model and tokenizer.
        data: rows with a prompt, and for DPO with chosen and rejected.
        max_answer: tokens that an answer may have, where the rows hold none.

    Raises:
        ValueError: with the longest row, its tokens and those that the model has.
    """
    if loaded.num_positions is None:
        return
    lengths = [_length(loaded, row, max_answer) for row in data]
    longest = max(range(len(lengths)), key=lengths.__getitem__)
    if lengths[longest] > loaded.num_positions:
        name = data[longest].get("name", f"of pair {longest}")
        raise ValueError(
            f"the prompt {name} needs {lengths[longest]} tokens with its answer, and the model "
            f"has {loaded.num_positions}: leave long documents out, or let answers be "
            "shorter"
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
    written = loaded.tokenizer.apply_chat_template(
        text, tokenize=False, add_generation_prompt=not answers
    )
    return len(loaded.tokenizer(written, add_special_tokens=False)["input_ids"])
