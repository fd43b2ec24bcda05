"""The heads of a policy that points: from features of a page to its choices."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rlnotes.models.tiny_lm import linear

PADDING_SCORE = -1e4
NUM_FORMATS = 3


class Choices(NamedTuple):
    """What a policy would do with B documents, in nats, and a value."""

    pointers: Tensor  # [B, F, N + 1, 3] of segment and format together; place 0 is absent
    lines: Tensor  # [B, N, 2] of leaving a segment, and of taking it as a line's amount
    line_format: Tensor  # [B, 3]
    values: Tensor  # [B] of the value head: expected reward


class PointerHeads(nn.Module):
    """What policies that point have in common, whatever trunk reads the page.

        p(segment, format | field) = p(segment | field) p(format | segment, field)

    One of the segments is "absent", which has one format. Besides, each segment is
    taken as the amount of a line, or not, on its own. Fields and lines are independent,
    given the page. A value head reads the same features.
    """

    def add_heads(self, width: int, num_fields: int) -> None:
        """Add the heads, without start weights.

        Args:
            width: of the features.
            num_fields: F.
        """
        self.num_fields = num_fields
        self.pointer = linear(width, num_fields)
        self.absent = linear(width, num_fields)
        self.format = linear(width, NUM_FORMATS * num_fields)
        self.line = linear(width, 1)
        self.line_format = linear(width, NUM_FORMATS)
        self.value = linear(width, 1)

    @torch.no_grad()
    def start_heads(self) -> None:
        """Make values 0 and lines rare, after `start_weights` for all else."""
        self.value.weight.zero_()
        self.line.weight.zero_()
        self.line.bias.fill_(-2.0)  # most segments are no line

    def choose(self, whole: Tensor, segments: Tensor, mask: Tensor) -> Choices:
        """The choices on each page, and its value.

        Args:
            whole: [B, width] features of the whole page.
            segments: [B, N, width] features of each segment.
            mask: [B, N] bool, False for padding.

        Returns:
            `Choices`, differentiable in the features. What is padding has about
            `PADDING_SCORE` in place of -inf.
        """
        scores = self.pointer(segments).masked_fill(~mask[..., None], PADDING_SCORE)
        scores = torch.cat([self.absent(whole)[:, None], scores], dim=1)
        pointers = scores.transpose(1, 2).log_softmax(dim=-1)  # [B, F, N + 1]
        batch, length = mask.shape
        shape = batch, length, self.num_fields, NUM_FORMATS
        formats = self.format(segments).view(shape).log_softmax(dim=-1).transpose(1, 2)
        absent = formats.new_full((batch, self.num_fields, 1, NUM_FORMATS), PADDING_SCORE)
        absent[..., 0] = 0
        joint = pointers[..., None] + torch.cat([absent, formats], dim=2)
        lines = self.line(segments)[..., 0].masked_fill(~mask, PADDING_SCORE)
        sides = torch.stack([-lines, lines], dim=-1)
        return Choices(
            joint,
            nn.functional.logsigmoid(sides),
            self.line_format(whole).log_softmax(dim=-1),
            self.value(whole)[:, 0],
        )
