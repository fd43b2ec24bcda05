"""Special tokens and lengths: where texts end, and whether they fit."""

import trl
from transformers import PreTrainedTokenizerBase, Trainer

from rlnotes.bridges.checks.data import MOST_ROWS, Pair, some_rows
from rlnotes.bridges.checks.report import Check, not_looked_at

_PADDING = "padding is not the end"
_HARMLESS = (
    "Padding is the end token. This trainer masks by lengths and is not misled; a reward "
    "model, and whatever masks by the token, would be."
)


def tokenizer_of(trainer: Trainer) -> PreTrainedTokenizerBase:
    """The tokenizer, also of a processor."""
    return getattr(trainer.processing_class, "tokenizer", trainer.processing_class)


def end_tokens(trainer: Trainer) -> set[int]:
    """Numbers of all tokens that end an answer: the tokenizer's and the model's."""
    settings = getattr(trainer.model, "generation_config", None)
    model = getattr(settings, "eos_token_id", None)
    model = model if isinstance(model, list) else [model]
    ends = {*model, tokenizer_of(trainer).eos_token_id, *getattr(trainer, "eos_token_ids", [])}
    return ends - {None}


def check_special_tokens(trainer: Trainer) -> Check:
    """Whether padding is a token of its own, where that matters, and all are known.

    A `RewardTrainer` looks for the last token that is no padding; the others mask by
    lengths, and it does not matter to them what stands behind.
    """
    tokenizer, config = tokenizer_of(trainer), trainer.model.config.get_text_config()
    pad, end = tokenizer.pad_token_id, tokenizer.eos_token_id
    rows = trainer.model.get_input_embeddings().weight.shape[0]
    is_end = pad is not None and pad in end_tokens(trainer)
    faults = []
    if end is None:
        faults.append("The tokenizer has no end token, so no answer can end.")
    if is_end and isinstance(trainer, trl.RewardTrainer):
        faults.append(
            "Padding is the end token. The score is read before it, so the end has no say in "
            "the score. Add a pad token of its own."
        )
    if pad != config.pad_token_id:
        faults.append("Tokenizer and model do not agree on the pad token.")
    beyond = [token for token in (pad, end) if token is not None and token >= rows]
    if beyond:
        faults.append(f"The model has no embedding for {beyond}: resize its embeddings.")
    seen = {"pad": pad, "end": end, "pad of the model": config.pad_token_id}
    if is_end and not faults:
        return Check(_PADDING, seen, "", None, _HARMLESS)
    sentence = " ".join(faults) or "Padding and end are different tokens that the model knows."
    return Check(_PADDING, seen, "pad is not end", not faults, sentence)


def check_prompt_lengths(trainer: Trainer) -> Check:
    """Whether prompt and answer fit into the model's positions: nothing is cut.

    Args:
        trainer: a `GRPOTrainer` or `RLOOTrainer`.
    """
    prompts = [row["prompt"] for row in some_rows(trainer.train_dataset, limit=MOST_ROWS)]
    longest = max(len(tokens) for tokens in trainer._tokenize_prompts(prompts)[0])
    seen = {"longest prompt": longest, "+ answer": trainer.max_completion_length}
    return _fits(trainer, longest + trainer.max_completion_length, seen)


def check_pair_lengths(trainer: Trainer, pairs: list[Pair]) -> Check:
    """Whether the pairs fit into the model's positions, cut as they are."""
    longest = max(pair.length for pair in pairs)
    most = trainer.args.max_length
    used = longest if most is None else min(longest, most)
    return _fits(trainer, used, {"longest text": longest, "max_length": most})


def _fits(trainer: Trainer, used: int, seen: dict) -> Check:
    positions = getattr(trainer.model.config.get_text_config(), "max_position_embeddings", None)
    if positions is None:
        return not_looked_at("texts fit", "The model's configuration states no positions.")
    sentence = f"{used} of {positions} positions are used at most."
    if used > positions:
        sentence = (
            f"{used} tokens do not fit into {positions} positions. The trainer cuts no prompt: "
            "the model reads on in places that it was never trained on, or fails."
        )
    seen = {**seen, "positions": positions}
    return Check("texts fit", seen, f"at most {positions}", used <= positions, sentence)
