"""Documents as LayoutLMv3 reads them: tokens with boxes, in windows.

The tokenizer is used alone. Its processor would want a picture, and would read the
words from it by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from transformers import LayoutLMv3Tokenizer

from rlnotes._checks import float64_array, require_finite, require_shape
from rlnotes.data.documents.document import Document
from rlnotes.data.documents.texts import texts_of
from rlnotes.training.invoices.examples import Example

SIDE = 1000  # of a page, in the units of its boxes
_SPECIAL = 2  # tokens: one before and one behind each window


class LayoutPages(NamedTuple):
    """B documents of up to N segments, in R windows of up to T tokens."""

    token_ids: Tensor  # [R, T] int64
    boxes: Tensor  # [R, T, 4] int64 in [0, 1000]: left, top, right, bottom
    attention_mask: Tensor  # [R, T] int64, 0 for padding
    owners: Tensor  # [R] int64, document of each window
    places: Tensor  # [B, N] int64, a segment's first token among all R T; 0 for padding
    mask: Tensor  # [B, N] bool, False for padding


@dataclass(frozen=True, eq=False)
class LayoutPage:
    """One document of N segments, in windows; its length is N.

    Attributes:
        token_ids: of each window [T] int64, with a special token before and behind.
        boxes: of each window [T, 4] int64; all tokens of a segment have its box.
        windows: [N] int64, window of each segment.
        starts: [N] int64, where its first token stands in this window.
        num_cut: tokens left out, of segments that alone are longer than a window.
        pad_id: the token that fills up a batch.
    """

    token_ids: Sequence[np.ndarray]
    boxes: Sequence[np.ndarray]
    windows: np.ndarray
    starts: np.ndarray
    num_cut: int
    pad_id: int

    def __len__(self) -> int:
        return len(self.starts)

    def join(self, features: Sequence["LayoutPage"]) -> LayoutPages:
        """Documents in one batch; each window is a row, padded to the longest."""
        ids = [row for page in features for row in page.token_ids]
        boxes = [row for page in features for row in page.boxes]
        counts = [len(page.token_ids) for page in features]
        width, length = max(map(len, ids)), max(map(len, features))
        token_ids = np.full((len(ids), width), self.pad_id)
        all_boxes = np.zeros((len(ids), width, 4), dtype=np.int64)
        attention_mask = np.zeros((len(ids), width), dtype=np.int64)
        for number, (row, places) in enumerate(zip(ids, boxes, strict=True)):
            token_ids[number, : len(row)] = row
            all_boxes[number, : len(row)] = places
            attention_mask[number, : len(row)] = 1
        owners = np.repeat(np.arange(len(features)), counts)
        places = np.zeros((len(features), length), dtype=np.int64)
        mask = np.zeros((len(features), length), dtype=bool)
        for number, (page, first) in enumerate(
            zip(features, np.cumsum(counts) - counts, strict=True)
        ):
            places[number, : len(page)] = (first + page.windows) * width + page.starts
            mask[number, : len(page)] = True
        arrays = token_ids, all_boxes, attention_mask, owners, places, mask
        return LayoutPages(*map(torch.from_numpy, arrays))

    def vary(self, generator: np.random.Generator) -> "LayoutPage":
        """Nothing: a page that a trained model reads is not mirrored.

        Raises:
            ValueError: always.
        """
        raise ValueError("vary must be False for a LayoutLMv3 tagger, got True")


@dataclass(frozen=True)
class LayoutReader:
    """Makes documents ready for a LayoutLMv3.

    Attributes:
        tokenizer: its own.
        window: most tokens that it reads at once, the two special ones included.
    """

    tokenizer: LayoutLMv3Tokenizer
    window: int

    def ready(self, example: Example) -> Example:
        """The same example, with a `LayoutPage` as its features."""
        return replace(example, features=self.read(example.document))

    def read(self, document: Document) -> LayoutPage:
        """A document in windows.

        A window holds whole segments of one page, as many as there is room for: the
        model has no number for a page, and only so many positions. No segment is left
        out. Of one that is longer than a window the rest is cut, and counted.

        Of a segment 200 letters are read, as elsewhere in the package.

        Raises:
            ValueError: for a document without a segment.
        """
        if not len(document.segments):
            raise ValueError(f"document must have a segment, got none in {document.name!r}")
        room = self.window - _SPECIAL
        whole = self._tokens(texts_of(document))
        tokens = [each[:room] for each in whole]
        windows, starts = _fill([len(each) for each in tokens], document.pages, room)
        boxes = thousandths(document.boxes, document.page_sizes[document.pages])
        rows = [[self.tokenizer.cls_token_id] for _ in range(windows[-1] + 1)]
        places = [[self.tokenizer.cls_token_box] for _ in rows]
        for window, each, box in zip(windows, tokens, boxes.tolist(), strict=True):
            rows[window] += each
            places[window] += [box] * len(each)
        return LayoutPage(
            [np.array([*row, self.tokenizer.sep_token_id]) for row in rows],
            [np.array([*each, self.tokenizer.sep_token_box]) for each in places],
            windows,
            starts,
            sum(map(len, whole)) - sum(map(len, tokens)),
            self.tokenizer.pad_token_id,
        )

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Of each text the numbers of its tokens, at least one."""
        words = [text.encode(errors="replace").decode().split() for text in texts]
        flat = [word for each in words for word in each]
        owners = np.repeat(np.arange(len(words)), [len(each) for each in words])
        encoded = self.tokenizer(
            flat, boxes=[[0] * 4] * len(flat), add_special_tokens=False, verbose=False
        )
        tokens: list[list[int]] = [[] for _ in texts]
        for number, word in zip(encoded["input_ids"], encoded.word_ids(), strict=True):
            tokens[owners[word]].append(number)
        return tokens


def _fill(lengths: Sequence[int], pages: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray]:
    """[N] window of each segment, and [N] its place in it; place 0 is special."""
    windows, starts = [0], [1]
    for number in range(1, len(lengths)):
        end = starts[-1] + lengths[number - 1]
        fits = end + lengths[number] <= room + 1 and pages[number] == pages[number - 1]
        windows.append(windows[-1] if fits else windows[-1] + 1)
        starts.append(end if fits else 1)
    return np.array(windows), np.array(starts)


def thousandths(boxes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Boxes in thousandths of their page, whole numbers, as LayoutLMv3 was trained.

    What lies off the page is moved to its edge, and left comes before right, top before
    bottom: the model reads any other order as a box of no size, and says nothing.

    Args:
        boxes: [N, 4] left, top, right, bottom in units of the page.
        sizes: [N, 2] width and height of the page of each box, positive.

    Returns:
        [N, 4] int64 in [0, 1000], fractions cut off.

    Raises:
        ValueError: if a number is not finite, a size not positive, or a shape another.

    Example:
        >>> thousandths([[10, 0, 55, 250], [55, 30, 10, 20]], [[100, 200]] * 2).tolist()
        [[100, 0, 550, 1000], [100, 100, 550, 150]]
    """
    boxes, sizes = float64_array("boxes", boxes), float64_array("sizes", sizes)
    require_shape((len(boxes), 4), boxes=boxes)
    require_shape((len(boxes), 2), sizes=sizes)
    require_finite(boxes=boxes, sizes=sizes)
    if not (sizes > 0).all():
        raise ValueError(f"sizes must be positive, got {sizes.min():g}")
    scaled = np.clip(SIDE * boxes / np.tile(sizes, 2), 0, SIDE).astype(np.int64)
    corners = scaled.reshape(-1, 2, 2)
    return np.sort(corners, axis=1).reshape(-1, 4)
