"""A LayoutLMv3 so small that tests train it: random weights, real folder."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import LayoutLMv3Config, LayoutLMv3Model, LayoutLMv3Tokenizer

from rlnotes._checks import require_seed
from rlnotes.data.invoices.sampling import sample_invoices
from rlnotes.models.tiny_lm import start_weights

_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]  # in the order of the released ones
_WORDS, _DOCUMENTS = 800, 64


def save_tiny_layout_model(folder: str | Path, *, seed: int = 0) -> None:
    """Save a model and its tokenizer, as a user has them in a folder.

    Args:
        folder: made if it is not there.
        seed: of the weights, and of the invented documents whose words make the
            tokenizer.

    Raises:
        ValueError: if seed is no integer of at least 0.
    """
    require_seed(seed=seed)
    tokenizer = _train_tokenizer(seed)
    config = LayoutLMv3Config(
        vocab_size=len(tokenizer),
        hidden_size=48,
        coordinate_size=8,  # four of these and two shapes make up a hidden vector
        shape_size=8,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=514,  # for 512 tokens: 0 and 1 are never used
        visual_embed=False,
    )
    with torch.random.fork_rng(devices=[]):  # the library draws from the global generator
        model = LayoutLMv3Model(config)
    start_weights(model, torch.Generator().manual_seed(seed))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _train_tokenizer(seed: int) -> LayoutLMv3Tokenizer:
    """Byte-level BPE, as the released one, with words of invented documents."""
    texts = (t for d in sample_invoices(_DOCUMENTS, seed=seed) for t in d.segments)
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=_WORDS,
        special_tokens=_SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(texts, trainer)
    learned = json.loads(inner.to_str())["model"]
    merges = [tuple(pair) for pair in learned["merges"]]
    return LayoutLMv3Tokenizer(vocab=learned["vocab"], merges=merges)
