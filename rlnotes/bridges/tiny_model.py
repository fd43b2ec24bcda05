"""A causal language model that is built in seconds and needs no network.

It has the parts of a real one: a folder with weights and a tokenizer. The tokenizer is
trained on invented documents. The weights are random, but for those at both ends: they
know which token follows which in the labels of these documents, and nothing of any
page. So it writes answers of which some can be read, and a reward has a choice.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from rlnotes._checks import require_positive_integer, require_seed
from rlnotes.bridges.page_prompts import answer_text, prompt_of
from rlnotes.data.documents.pointing import FIELDS
from rlnotes.data.invoices.sampling import sample_invoices

# Control characters: no prompt or answer of ours holds one, so no text is taken for
# the end. An end that documents can hold would cut their prompts.
PAD_TOKEN = "<pad>\x00"
END_TOKEN = "<end>\x03"
_NUM_DOCUMENTS = 128  # to learn from
_SPREAD = 0.05  # standard deviation of the start weights
_FIT_STEPS, _FIT_RATE = 150, 0.1
# What stands between two values of an answer is one token.
_LINES = 'line_items":[{"amount":"'
_KEYS = (*(f'{field}":"' for field in FIELDS), _LINES)
PIECES = (
    *('{"' + key for key in _KEYS),
    *('","' + key for key in _KEYS),
    *('"},{"amount":"', '"}]}', '"}'),
)


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
        vocabulary: most tokens; the 256 bytes, `PIECES` and two special ones included.
        num_positions: longest text in tokens, prompt and answer together.

    Returns:
        The folder.

    Raises:
        ValueError: if a number is no positive integer, the width no such multiple, or
            the vocabulary below 300.
        OSError: if the folder cannot be written.
    """
    require_seed(seed=seed)
    require_positive_integer(
        width=width,
        num_layers=num_layers,
        num_heads=num_heads,
        vocabulary=vocabulary,
        num_positions=num_positions,
    )
    if width % (2 * num_heads):
        raise ValueError(f"width must be a multiple of 2 * {num_heads} heads, got {width}")
    if vocabulary < 300:
        raise ValueError(f"vocabulary must be at least 300, got {vocabulary}")
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
    _learn_successors(model, _successors(tokenizer, seed))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _draw_weights(model: LlamaForCausalLM, generator: torch.Generator) -> None:
    """Matrices get normal numbers, in the order of their names; scales are 1."""
    with torch.no_grad():
        for _, weight in sorted(model.named_parameters()):
            if weight.dim() > 1:
                weight.normal_(std=_SPREAD, generator=generator)
            else:
                weight.fill_(1.0)


def _successors(tokenizer: PreTrainedTokenizerFast, seed: int) -> torch.Tensor:
    """[V, V] how often a token of a label, or of a prompt its last, has which next.

    The lines of a bill are left out: one token does not tell in which list it stands.
    """
    counts = torch.zeros(len(tokenizer), len(tokenizer))
    for document in sample_invoices(_NUM_DOCUMENTS, seed=seed):
        fields = {key: document.target[key] for key in FIELDS if key in document.target}
        text = prompt_of(document)[-1] + answer_text(fields) + END_TOKEN
        ids = torch.tensor(tokenizer(text)["input_ids"])
        counts.index_put_((ids[:-1], ids[1:]), torch.ones(len(ids) - 1), accumulate=True)
    return counts


def _learn_successors(model: LlamaForCausalLM, counts: torch.Tensor) -> None:
    """Fit embedding and output weights to counts, as if nothing stood between them."""
    inner, outer = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    seen = counts.sum(dim=1) > 0
    weights = counts[seen] / counts.sum()
    optimizer = torch.optim.Adam([inner, outer], lr=_FIT_RATE)
    for _ in range(_FIT_STEPS):
        log_probs = (model.model.norm(inner[seen]) @ outer.T).log_softmax(dim=1)
        optimizer.zero_grad()
        (-(weights * log_probs).sum()).backward()
        optimizer.step()
    with torch.no_grad():  # large beside what the random blocks add to them
        inner.copy_(model.model.norm(inner))


def _tokenizer(vocabulary: int, seed: int, num_positions: int) -> PreTrainedTokenizerFast:
    """Pairs of bytes that are frequent in documents and answers become tokens."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(PIECES),
        special_tokens=[PAD_TOKEN, END_TOKEN],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    inner.train_from_iterator(_texts(seed), trainer)
    inner.add_tokens([AddedToken(piece, normalized=False) for piece in PIECES])
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
