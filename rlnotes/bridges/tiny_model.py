"""A causal language model that is built in seconds and needs no network.

It has the parts of a real one: a folder with weights and a tokenizer, to be loaded by
name. Its tokenizer is trained on invented documents, its weights are random.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from rlnotes._checks import require_positive_integer, require_seed
from rlnotes.bridges.page_prompts import answer_text, prompt_of
from rlnotes.data.invoices.sampling import sample_invoices

# Control characters: no prompt or answer of ours holds one, so no text is taken for
# the end. An end that documents can hold would cut their prompts.
PAD_TOKEN = "<pad>\x00"
END_TOKEN = "<end>\x03"
_NUM_DOCUMENTS = 64  # to train the tokenizer on
_SPREAD = 0.05  # standard deviation of the start weights


def save_tiny_model(
    folder: Path | str,
    *,
    seed: int = 0,
    width: int = 32,
    num_layers: int = 2,
    num_heads: int = 4,
    vocabulary: int = 1024,
    num_positions: int = 8192,
) -> Path:
    """Build a Llama and its tokenizer, and save both before anything reads them.

    The same arguments give the same bytes. A text survives encoding and decoding bit
    for bit, unless it holds one of the two special tokens.

    Args:
        folder: for the files; made if missing.
        seed: of the start weights and of the documents.
        width: of the hidden states, a multiple of twice num_heads.
        num_layers: transformer blocks.
        num_heads: of attention.
        vocabulary: tokens, the 256 bytes and two special ones among them.
        num_positions: longest text in tokens, prompt and answer together.

    Returns:
        The folder.

    Raises:
        ValueError: if a number is no positive integer, the width no such multiple, or
            the vocabulary below 258.
        OSError: if the folder cannot be written.
    """
    require_seed(seed=seed)
    require_positive_integer(
        width=width, num_layers=num_layers, num_heads=num_heads, num_positions=num_positions
    )
    if width % (2 * num_heads):
        raise ValueError(f"width must be a multiple of 2 * {num_heads} heads, got {width}")
    if vocabulary < 258:
        raise ValueError(f"vocabulary must be at least 258, got {vocabulary}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(vocabulary, seed, num_positions)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=num_layers,
        num_attention_heads=num_heads,
        max_position_embeddings=num_positions,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
        dtype="float32",
    )
    model = LlamaForCausalLM(config).float()
    _draw_weights(model, torch.Generator().manual_seed(seed))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _draw_weights(model: LlamaForCausalLM, generator: torch.Generator) -> None:
    """Matrices from a normal distribution, in the order of their names; scales are 1."""
    with torch.no_grad():
        for _, weight in sorted(model.named_parameters()):
            if weight.dim() > 1:
                weight.normal_(std=_SPREAD, generator=generator)
            else:
                weight.fill_(1.0)


def _tokenizer(vocabulary: int, seed: int, num_positions: int) -> PreTrainedTokenizerFast:
    """Pairs of bytes that are frequent in documents and answers become tokens."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD_TOKEN, END_TOKEN],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    inner.train_from_iterator(_texts(seed), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token=PAD_TOKEN,
        eos_token=END_TOKEN,
        model_max_length=num_positions,
        clean_up_tokenization_spaces=False,
    )


def _texts(seed: int) -> Iterator[str]:
    for document in sample_invoices(_NUM_DOCUMENTS, seed=seed):
        yield prompt_of(document)
        yield answer_text(document.target)
