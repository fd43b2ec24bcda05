"""Pages of few segments, random choices for them, and small policies to read them."""

import numpy as np
import torch

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.pointing import FIELDS, FORMATS
from rlnotes.models.pointer_actions import Actions
from rlnotes.models.pointer_heads import Choices
from rlnotes.training.invoices.examples import make_example, new_policy

NUM_FIELDS, NUM_FORMATS = len(FIELDS), len(FORMATS)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def document(*texts, target=None):
    """The texts one below the other, on one page."""
    tops = 20.0 * np.arange(len(texts))
    boxes = [(10, top, 10 + 4 * len(text), top + 10) for text, top in zip(texts, tops, strict=True)]
    sizes = [(400, 20 * len(texts) + 10)]
    return Document("page", texts, boxes, np.zeros(len(texts)), sizes, target)


def example(*texts, target=None):
    return make_example(document(*texts, target=target))


def random_choices(lengths, seed=0, dtype=torch.float64):
    """What some policy might do with pages of these lengths; probabilities sum to 1."""
    batch, length = len(lengths), max(lengths)
    padding = torch.arange(length) >= torch.tensor(lengths)[:, None]
    generator = seeded(seed)
    shape = batch, NUM_FIELDS, length + 1, NUM_FORMATS
    scores = torch.randn(shape, generator=generator, dtype=dtype)
    scores[:, :, 0, 1:] = -1e4
    scores[:, :, 1:].masked_fill_(padding[:, None, :, None], -1e4)
    lines = torch.randn(batch, length, generator=generator, dtype=dtype)
    lines = lines.masked_fill(padding, -1e4)
    line_format = torch.randn(batch, NUM_FORMATS, generator=generator, dtype=dtype)
    return Choices(
        scores.flatten(2).log_softmax(dim=-1).view(shape),
        torch.nn.functional.logsigmoid(torch.stack([-lines, lines], dim=-1)),
        line_format.log_softmax(dim=-1),
        torch.zeros(batch, dtype=dtype),
    )


def small_policy(seed=0):
    """Untrained, and its values and lines differ from page to page."""
    policy = new_policy(seed, width=8, num_blocks=1, num_heads=2)
    with torch.no_grad():
        for head in (policy.line, policy.value):
            head.weight.normal_(std=0.3, generator=seeded(seed + 1))
        policy.line.bias.fill_(-0.5)
    return policy


def random_actions(lengths, count, seed=0):
    """Any answers that are possible, each of a page's segments as likely."""
    generator = np.random.default_rng(seed)
    limits = np.array(lengths)[:, None, None]
    segments = generator.integers(0, limits + 1, size=(len(lengths), count, NUM_FIELDS))
    formats = np.where(segments > 0, generator.integers(NUM_FORMATS, size=segments.shape), 0)
    lines = generator.random((len(lengths), count, max(lengths))) < 0.3
    lines &= np.arange(max(lengths)) < limits
    line_format = generator.integers(NUM_FORMATS, size=segments.shape[:2])
    return Actions(*(torch.from_numpy(part) for part in (segments, formats, lines, line_format)))


def weights_of(model):
    return [weights.detach().clone() for weights in model.state_dict().values()]


def same_weights(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
