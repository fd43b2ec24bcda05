"""A causal language model from a folder, and what is refused before it is trained."""

from pathlib import Path
from typing import NamedTuple

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from rlnotes._checks import require_option
from rlnotes.bridges.run_settings import PRECISIONS


class Loaded(NamedTuple):
    """A model and its tokenizer."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase

    @property
    def chat(self) -> bool:
        """Whether it was trained to chat: its tokenizer can write messages."""
        return bool(self.tokenizer.chat_template)

    @property
    def end_ids(self) -> frozenset[int]:
        """Tokens that end an answer: the tokenizer's and all that the model names."""
        named = self.model.generation_config.eos_token_id
        named = [] if named is None else named if isinstance(named, list) else [named]
        return frozenset([self.tokenizer.eos_token_id, *named])

    @property
    def num_positions(self) -> int | None:
        """Longest text in tokens, prompt and answer together; None if unlimited."""
        return getattr(self.model.config.get_text_config(), "max_position_embeddings", None)


def load(name: str | Path, *, precision: str = "float32") -> Loaded:
    """A causal language model and its tokenizer, from a folder or by name.

    Args:
        name: of a folder, or of a model on the hub.
        precision: "float32" or "bfloat16". Without it a model comes as it was stored,
            and one stored in bfloat16 hardly moves at small learning rates.

    Raises:
        ValueError: for another precision, an adapter, or a model that lacks an end
            token, the files of its tokenizer, weights or embeddings of tokens, holds
            NaN, or reads ahead.
        OSError: if there is no such model.
    """
    require_option(PRECISIONS, precision=precision)
    tokenizer = AutoTokenizer.from_pretrained(name, padding_side="left", truncation_side="left")
    if tokenizer.eos_token_id is None:
        raise ValueError(f"model must have an end token in its tokenizer, got none in {name}")
    _require_words(tokenizer, name)
    model, info = AutoModelForCausalLM.from_pretrained(
        name, dtype=getattr(torch, precision), output_loading_info=True
    )
    if hasattr(model, "peft_config"):
        raise ValueError(f"model must be a whole one, got an adapter in {name}: merge it first")
    if missing := sorted(info["missing_keys"]):  # the library draws them at random
        raise ValueError(f"model must have all its weights, got none for {missing[:3]} in {name}")
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise ValueError(
            f"model must have an embedding for each of the {len(tokenizer)} tokens of its "
            f"tokenizer, got {rows} in {name}"
        )
    _require_causal(model, tokenizer.eos_token_id, name)
    return Loaded(model, tokenizer)


def _require_words(tokenizer: PreTrainedTokenizerBase, name: str | Path) -> None:
    """Raise if no text has tokens: without its files the library makes such a one."""
    tokens = tokenizer("Total 9.60", add_special_tokens=False)["input_ids"]
    if {*tokens} <= {*tokenizer.all_special_ids}:
        raise ValueError(
            f"model must have a tokenizer that knows words, got one of {len(tokenizer)} tokens in "
            f"{name}: are its files there?"
        )


def _require_causal(model: PreTrainedModel, token: int, name: str | Path) -> None:
    """Raise for NaN, or if the next token's logits depend on what follows.

    An encoder such as BERT loads as a causal language model, and is none.
    """
    embedded = []
    place = model.get_input_embeddings()
    hook = place.register_forward_hook(lambda *call: embedded.append(call[-1]))
    try:
        logits = model(input_ids=torch.tensor([[token, token]]), use_cache=False).logits
    finally:
        hook.remove()
    if logits.isnan().any():
        raise ValueError(f"model must give numbers, got NaN as logits in {name}")
    (gradient,) = torch.autograd.grad(logits[0, 0].square().sum(), embedded[0])
    if gradient[0, 1].any():
        raise ValueError(f"model must be causal, got one that reads ahead in {name}")
