"""Documents made ready for training: what is read, what can be written, the label."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from rlnotes._checks import require_positive_integer, require_seed
from rlnotes.data.documents.document import Document
from rlnotes.data.documents.page_features import (
    NUM_NEIGHBOURS,
    NUM_NUMBERS,
    NUM_PAIRS,
    PageFeatures,
    page_features,
)
from rlnotes.data.documents.page_words import NUM_WORD_ROWS
from rlnotes.data.documents.pointing import FIELDS, Spelling, spellings
from rlnotes.data.invoices.sampling import sample_invoices
from rlnotes.functional.extraction.reward import PreparedTarget, prepare_target
from rlnotes.functional.extraction.targets import read_target
from rlnotes.models.pointer_policy import PointerPolicy

TRAINING_LAYOUTS = ("receipt_till", "receipt_counter", "invoice_german", "invoice_plain")
NEW_LAYOUTS = ("receipt_cafe", "invoice_letter")
FOREIGN_LAYOUTS = ("receipt_counterfoil", "invoice_ledger")
LAYOUT_KINDS = {"seen": TRAINING_LAYOUTS, "new": NEW_LAYOUTS, "foreign": FOREIGN_LAYOUTS}
FAMILIES = {  # how many layouts are trained on: which
    1: ("receipt_till",),
    2: ("receipt_till", "invoice_german"),
    4: TRAINING_LAYOUTS,
    6: (*TRAINING_LAYOUTS, *NEW_LAYOUTS),
}
MOST_SEGMENTS = 100


@dataclass(frozen=True, eq=False)
class Example:
    """One document.

    Attributes:
        document: as it was read.
        spelled: how each segment can be written, see `spellings`.
        features: what the policy reads; another policy may read something else, see
            `rlnotes.training.invoices.batches.OtherFeatures`.
        target: the part of the label that can be pointed at, see `pointed_target`; None
            without a label.
        prepared: the same for the reward.
    """

    document: Document
    spelled: Mapping[str, Sequence[Spelling]]
    features: PageFeatures
    target: dict | None
    prepared: PreparedTarget | None


def pointed_target(target: Mapping) -> dict:
    """What a policy that points is asked for: the fields, and of lines the amounts.

    The table of tax rates is left out, and so are descriptions, quantities and prices.

    Args:
        target: in canonical form, as `rlnotes.data.documents.targets.as_target` has it.

    Raises:
        ValueError: if it is no good target, see `read_target`.

    Example:
        >>> lines = [{"description": "Tea", "amount": "9.60"}]
        >>> pointed_target({"total": "9.60", "line_items": lines, "tax_breakdown": []})
        {'total': '9.60', 'line_items': [{'amount': '9.60'}]}
    """
    read_target(target)
    asked = {key: value for key, value in target.items() if key in FIELDS}
    if target.get("line_items"):
        asked["line_items"] = [{"amount": row["amount"]} for row in target["line_items"]]
    return asked


def make_example(document: Document) -> Example:
    """A document made ready, with or without a label.

    Args:
        document: from a reader or from `sample_invoices`.

    Raises:
        ValueError: if it has no segment, its target is no good one, or nothing in the
            target can be pointed at.
    """
    spelled = spellings(document)
    target = None if document.target is None else pointed_target(document.target)
    prepared = None if target is None else prepare_target(target)
    features = page_features(document, spelled=spelled)
    return Example(document, spelled, features, target, prepared)


def sample_examples(
    count: int,
    *,
    seed: int,
    layouts: Sequence[str] = TRAINING_LAYOUTS,
    noise: float = 0.0,
    most_segments: int = MOST_SEGMENTS,
) -> list[Example]:
    """Invented documents of at most so many segments, see `sample_invoices`.

    Args:
        count: how many; longer documents are passed over and not counted.
        seed: another seed gives other documents.
        layouts: names of layouts, all equally likely to be drawn.
        noise: share of segments misread.
        most_segments: of a document; memory and time grow with its square.

    Raises:
        ValueError: as `sample_invoices`; if a number is not positive; if hardly a
            document is that short.
    """
    require_positive_integer(count=count, most_segments=most_segments)
    for factor in (2, 8, 32):
        drawn = sample_invoices(factor * count, seed=seed, layouts=layouts, noise=noise)
        short = [each for each in drawn if len(each.segments) <= most_segments][:count]
        if len(short) == count:
            return [make_example(document) for document in short]
    raise ValueError(
        f"most_segments must leave documents over, got {most_segments}: {len(short)} of "
        f"{len(drawn)} are that short"
    )


def new_policy(seed: int = 0, **shape: int) -> PointerPolicy:
    """A policy for these documents, untrained.

    Args:
        seed: of its start weights.
        shape: width, num_blocks, num_heads, if not those of `PointerPolicy`.

    Raises:
        ValueError: if seed is no integer of at least 0, or as `PointerPolicy`.
    """
    require_seed(seed=seed)
    return PointerPolicy(
        torch.Generator().manual_seed(seed),
        num_fields=len(FIELDS),
        num_numbers=NUM_NUMBERS,
        num_neighbours=NUM_NEIGHBOURS,
        num_pairs=NUM_PAIRS,
        num_words=NUM_WORD_ROWS,
        **shape,
    )
