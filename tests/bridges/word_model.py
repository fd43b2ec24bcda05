"""A tiny Llama of twelve words for TRL's trainers, saved as a checkpoint would be."""

from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

WORDS = ("<pad>", "<eos>", *"abcdefghijkl")
PAD, EOS = 0, 1


def save_word_model(folder: Path, *, intermediate_size: int = 64, seed: int = 0) -> str:
    """Write model and tokenizer; the path, to be loaded from."""
    inner = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token=WORDS[PAD], eos_token=WORDS[EOS]
    )
    config = transformers.LlamaConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        intermediate_size=intermediate_size,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=32,
        pad_token_id=PAD,
        eos_token_id=EOS,
        bos_token_id=None,
    )
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(seed)
        transformers.LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def quiet_settings(folder: str) -> dict:
    """What all runs here have in common: a CPU, float32, nothing written or logged."""
    return {
        "output_dir": f"{folder}-run",
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "report_to": "none",
        "save_strategy": "no",
        "logging_strategy": "no",
        "disable_tqdm": True,
    }
