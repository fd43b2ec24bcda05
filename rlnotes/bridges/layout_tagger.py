"""LayoutLMv3 as the policy that points: the same choices, rewards and trainers.

LayoutLMv3 is an encoder: it reads tokens and their boxes and gives back a vector for
each. It cannot write a JSON by itself. With heads it can point, and
`rlnotes.data.documents.pointing` writes the answer, as for the small policy. Donut
(arXiv:2111.15664) and Pix2Struct (arXiv:2210.03347) are encoder-decoders: they read a
picture and write text, without OCR, so their policy is one over tokens, and a trainer
for text applies to them.
"""

import torch
from torch import Tensor
from transformers import LayoutLMv3Config, LayoutLMv3Model

from rlnotes.bridges.layout_inputs import LayoutPages
from rlnotes.data.documents.pointing import FIELDS
from rlnotes.models.pointer_heads import Choices, PointerHeads
from rlnotes.models.tiny_lm import start_weights


class LayoutTagger(PointerHeads):
    """A LayoutLMv3 with the heads of a policy that points.

    The first token of a segment stands for it, and the first of a window for the
    window; the whole page is the mean over its windows. Windows do not see each other.

    The weights of the relative positions are frozen: the library looks them up without
    a gradient, so that no training reaches them, while they would count as trained.

    Args:
        encoder: without an image part and without dropout, see `load_layout_tagger`.
        generator: source of the start weights of the heads.
        num_fields: F.
    """

    def __init__(
        self,
        encoder: LayoutLMv3Model,
        generator: torch.Generator,
        *,
        num_fields: int = len(FIELDS),
    ):
        super().__init__()
        self.add_heads(encoder.config.hidden_size, num_fields)
        start_weights(self, generator)
        self.start_heads()
        self.encoder = encoder
        for name, weights in encoder.named_parameters():
            if ".rel_pos_" in name:
                weights.requires_grad_(False)

    def forward(self, pages: LayoutPages) -> Choices:
        """The choices on each page, and its value.

        Raises:
            ValueError: for windows that are longer than the model has positions.
        """
        length, most = pages.token_ids.shape[1], usable_positions(self.encoder.config)
        if length > most:
            raise ValueError(f"pages must have windows of at most {most} tokens, got {length}")
        hidden = self.encoder(
            input_ids=pages.token_ids, bbox=pages.boxes, attention_mask=pages.attention_mask
        ).last_hidden_state
        whole = _mean_by_owner(hidden[:, 0], pages.owners, len(pages.mask))
        return self.choose(whole, hidden.flatten(0, 1)[pages.places], pages.mask)


def _mean_by_owner(rows: Tensor, owners: Tensor, count: int) -> Tensor:
    """[B, d] mean of the rows [R, d] of each owner."""
    sums = rows.new_zeros(count, rows.shape[1]).index_add(0, owners, rows)
    return sums / owners.bincount(minlength=count)[:, None]


def usable_positions(config: LayoutLMv3Config) -> int:
    """The most tokens that the model reads at once: it counts from behind the padding.

    Example:
        >>> usable_positions(LayoutLMv3Config(max_position_embeddings=514))
        512
    """
    return config.max_position_embeddings - config.pad_token_id - 1
