"""A small transformer over the segments of a page, which points at its answers."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rlnotes._checks import require_positive_integer, require_shape
from rlnotes.models.pointer_heads import PADDING_SCORE, Choices, PointerHeads
from rlnotes.models.tiny_lm import Block, linear, start_weights


class Pages(NamedTuple):
    """B documents, padded to N segments; W words in all of them.

    The first place of a row of attention is that of the whole page.
    """

    word_rows: Tensor  # [W] int64, rows of the table of words, segment by segment
    word_starts: Tensor  # [B N] int64, where the words of each segment begin
    numbers: Tensor  # [B, N, numbers]
    neighbours: Tensor  # [B, N, sides] int64, N for none
    pairs: Tensor  # [B, pairs + 1, N + 1, N + 1]; the last is 1 where the second is padding
    mask: Tensor  # [B, N] bool, False for padding


class PointerPolicy(PointerHeads):
    """Reads a page; for each field it says which segment holds it, and in what format.

    How it says so, see `PointerHeads`; a value head reads the same trunk.

    A segment is the sum of its words and of the numbers on its form and place, mixed
    with its four neighbours. Attention gets a bias from how two segments lie to each
    other; nothing else knows their order, so a page may have any number of them.

    Args:
        generator: source of the start weights.
        num_fields: F.
        num_numbers, num_neighbours, num_pairs: of the pages.
        num_words: rows of the table of words.
        width, num_blocks, num_heads: of the transformer.

    Raises:
        ValueError: if a number is not a positive integer, or width is no multiple of
            num_heads.

    References:
        Vinyals et al. (2015), arXiv:1506.03134 (pointers); Xu et al. (2021),
        arXiv:2012.14740 (attention biased by places).
    """

    def __init__(
        self,
        generator: torch.Generator,
        *,
        num_fields: int,
        num_numbers: int,
        num_neighbours: int,
        num_pairs: int,
        num_words: int = 1500,
        width: int = 32,
        num_blocks: int = 2,
        num_heads: int = 4,
    ):
        super().__init__()
        sizes = {"num_fields": num_fields, "num_numbers": num_numbers, "num_words": num_words}
        sides = {"num_neighbours": num_neighbours, "num_pairs": num_pairs}
        shape = {"width": width, "num_blocks": num_blocks, "num_heads": num_heads}
        require_positive_integer(**sizes, **sides, **shape)
        if width % num_heads:
            raise ValueError(f"width must be a multiple of num_heads={num_heads}, got {width}")
        self.num_numbers, self.num_heads = num_numbers, num_heads
        self.words = nn.utils.skip_init(nn.EmbeddingBag, num_words, width, mode="sum")
        self.read = linear(num_numbers, width)
        self.beside = nn.ModuleList(linear(width, width) for _ in range(num_neighbours))
        self.mix = linear(width, width)
        self.whole = nn.Parameter(torch.zeros(width))
        self.bias = nn.Parameter(torch.zeros(num_blocks, num_heads, num_pairs))
        self.blocks = nn.ModuleList(Block(width, num_heads) for _ in range(num_blocks))
        self.norm = nn.LayerNorm(width)
        self.add_heads(width, num_fields)
        start_weights(self, generator)
        with torch.no_grad():
            self.words.weight.normal_(std=0.1, generator=generator)
            self.bias.normal_(std=0.2, generator=generator)
        self.start_heads()

    def forward(self, pages: Pages) -> Choices:
        """The choices on each page, and its value.

        Raises:
            ValueError: if the parts of the pages do not fit together or the policy.
        """
        hidden = self.features(pages)
        return self.choose(hidden[:, 0], hidden[:, 1:], pages.mask)

    def features(self, pages: Pages) -> Tensor:
        """[B, N + 1, width]: of the whole page, and of each segment.

        Raises:
            ValueError: as for `forward`.
        """
        self._require_fitting(pages)
        batch, length, _ = pages.numbers.shape
        ends = torch.tensor([len(pages.word_rows)])
        counts = pages.word_starts.diff(append=ends).clamp(min=1)
        words = self.words(pages.word_rows, pages.word_starts) / counts.sqrt()[:, None]
        own = words.view(batch, length, -1) + self.read(pages.numbers)
        hidden = torch.cat([self.whole.expand(batch, 1, -1), self._mixed(own, pages)], dim=1)
        for block, bias in zip(self.blocks, self._biases(pages), strict=True):
            hidden, _ = block(hidden, bias=bias)
        return self.norm(hidden)

    def _require_fitting(self, pages: Pages) -> None:
        batch, length = pages.mask.shape
        square = length + 1, length + 1
        require_shape((batch, length, self.num_numbers), numbers=pages.numbers)
        require_shape((batch, length, len(self.beside)), neighbours=pages.neighbours)
        require_shape((batch, self.bias.shape[-1] + 1, *square), pairs=pages.pairs)
        require_shape((batch * length,), word_starts=pages.word_starts)

    def _mixed(self, own: Tensor, pages: Pages) -> Tensor:
        """[B, N, d] each segment with what stands beside it."""
        padded = nn.functional.pad(own, (0, 0, 0, 1))
        hidden = own
        for side, project in enumerate(self.beside):
            places = pages.neighbours[:, :, side, None].expand_as(own)
            hidden = hidden + project(padded.gather(1, places))
        return own + self.mix(nn.functional.gelu(hidden))

    def _biases(self, pages: Pages) -> list[Tensor]:
        """For each block [B, H, N + 1, N + 1], what is added to the attention."""
        batch, _, length, _ = pages.pairs.shape
        pairs = pages.pairs.flatten(2)
        padding = self.bias.new_full((self.num_heads, 1), PADDING_SCORE)
        tables = [torch.cat([weights, padding], dim=1) for weights in self.bias]
        return [
            torch.bmm(table.expand(batch, -1, -1), pairs).view(batch, -1, length, length)
            for table in tables
        ]
