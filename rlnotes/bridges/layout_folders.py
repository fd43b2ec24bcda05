"""A LayoutLMv3 tagger from a folder: what is taken from it, and what is refused."""

import json
from contextlib import contextmanager
from pathlib import Path

import torch
import transformers
from safetensors import SafetensorError
from tokenizers import pre_tokenizers
from transformers import LayoutLMv3Config, LayoutLMv3Model, LayoutLMv3Tokenizer

from rlnotes._checks import require_positive_integer, require_seed
from rlnotes.bridges.layout_inputs import SIDE, LayoutReader
from rlnotes.bridges.layout_tagger import LayoutTagger, usable_positions

# No picture is read. Without dropout an answer is as likely when it is learned from as
# it was when it was drawn.
SETTINGS = {"visual_embed": False, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def load_layout_tagger(
    folder: str | Path, *, window: int = 512, seed: int = 0
) -> tuple[LayoutTagger, LayoutReader]:
    """A tagger from a LayoutLMv3 that lies in a folder, and what reads for it.

    Nothing is fetched. The encoder is as it lies there, in float32, without its image
    part; the heads are new.

    Args:
        folder: with the configuration, the weights and the tokenizer of a LayoutLMv3,
            with or without a head of its own.
        window: most tokens that are read at once.
        seed: of the heads' start weights.

    Raises:
        ValueError: if the folder holds no such model, weights or words are missing in
            it, model and tokenizer do not fit together, or the model has too few
            positions for the window.
    """
    require_positive_integer(window=window)
    require_seed(seed=seed)
    folder = Path(folder)
    config = _read_config(folder)
    most = usable_positions(config)
    if not 2 < window <= most:
        raise ValueError(
            f"window must lie in [3, {most}] for the {config.max_position_embeddings} "
            f"positions of the model in {folder}, got {window}"
        )
    tokenizer = _load_tokenizer(folder)
    _require_fitting(tokenizer, config, folder)
    generator = torch.Generator().manual_seed(seed)
    return LayoutTagger(_load_encoder(folder), generator), LayoutReader(tokenizer, window)


def _read_config(folder: Path) -> LayoutLMv3Config:
    try:
        settings = json.loads((folder / "config.json").read_bytes())
        kind = settings["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"folder must hold the config.json of a LayoutLMv3, got {folder}: {error!r}"
        ) from error
    if kind != LayoutLMv3Config.model_type:
        raise ValueError(f"folder must hold a model of type layoutlmv3, got {kind!r} in {folder}")
    return LayoutLMv3Config.from_pretrained(folder, local_files_only=True)


def _load_tokenizer(folder: Path) -> LayoutLMv3Tokenizer:
    try:
        return LayoutLMv3Tokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # the part in Rust raises no special one
        raise ValueError(f"folder must hold a tokenizer, got {folder}: {error!r}") from error


def _require_fitting(
    tokenizer: LayoutLMv3Tokenizer, config: LayoutLMv3Config, folder: Path
) -> None:
    """Raise unless the tokenizer knows all letters, and the model its tokens and boxes.

    Without its files the library makes one of five tokens, which drops all words.
    """
    letters = pre_tokenizers.ByteLevel.alphabet()
    missing = sum(letter not in tokenizer.get_vocab() for letter in letters)
    if missing:
        raise ValueError(
            f"folder must hold a tokenizer that knows all 256 bytes, got one without "
            f"{missing} of them in {folder}: are its files there?"
        )
    if config.max_2d_position_embeddings <= SIDE:
        raise ValueError(
            f"folder must hold a model for boxes up to {SIDE}, got one for less than "
            f"{config.max_2d_position_embeddings} in {folder}"
        )
    if len(tokenizer) > config.vocab_size or tokenizer.pad_token_id != config.pad_token_id:
        raise ValueError(
            f"folder must hold a tokenizer and a model for it, got {len(tokenizer)} tokens with "
            f"padding {tokenizer.pad_token_id} and a model for {config.vocab_size} with padding "
            f"{config.pad_token_id} in {folder}"
        )


def _load_encoder(folder: Path) -> LayoutLMv3Model:
    try:
        with _quiet():
            encoder, report = LayoutLMv3Model.from_pretrained(
                folder,
                dtype=torch.float32,
                local_files_only=True,
                output_loading_info=True,
                **SETTINGS,
            )
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise ValueError(
            f"folder must hold the weights of its model, got {folder}: {error}"
        ) from error
    if report["missing_keys"]:
        some = sorted(report["missing_keys"])[:3]
        raise ValueError(
            f"folder must hold all weights of its model, got none for {some} in {folder}"
        )
    return encoder


@contextmanager
def _quiet():
    """Without the library's table of the weights that are not needed here."""
    logging = transformers.utils.logging
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)
