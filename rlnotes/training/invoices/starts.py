"""A policy after imitation of a few labels, and documents to go on with."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from rlnotes._checks import require_positive_integer, require_seed
from rlnotes.models.low_rank import add_low_rank
from rlnotes.models.pointer_policy import PointerPolicy
from rlnotes.training.invoices import sft
from rlnotes.training.invoices.demonstrations import demonstrate
from rlnotes.training.invoices.examples import (
    TRAINING_LAYOUTS,
    Example,
    new_policy,
    sample_examples,
)

NUM_DOCUMENTS = 600
STEPS = {6: 200, 12: 200, 24: 200, 48: 300, 96: 400, 600: 600}  # of imitation, by labels
_TRUNK = ("words", "read", "beside", "mix", "blocks", "norm")


@dataclass(frozen=True, eq=False)
class Start:
    """What every method here begins with.

    Attributes:
        policy: after imitation of the labels.
        labelled: documents whose labels were imitated.
        others: further documents. They have labels, too; who claims to need none must
            not look at them.
    """

    policy: PointerPolicy
    labelled: list[Example]
    others: list[Example]


def make_start(
    seed: int,
    *,
    num_labels: int = 12,
    num_copied: int = 0,
    num_documents: int = NUM_DOCUMENTS,
    num_steps: int = STEPS[12],
    layouts: Sequence[str] = TRAINING_LAYOUTS,
) -> Start:
    """Invented documents, and a policy that has imitated the labels of some.

    Labelled are documents that cover the fields: one after the other, the next that has
    the field with the fewest labels so far.

    Args:
        seed: of documents, start weights and imitation.
        num_labels: how many labels are imitated.
        num_copied: how many of them are copied as printed, not written as agreed.
        num_documents: of all, labelled ones included.
        num_steps: of imitation, see `sft.Config` for the rest.
        layouts: of the documents.

    Raises:
        ValueError: for numbers that do not fit together.
    """
    require_seed(seed=seed, num_copied=num_copied)
    require_positive_integer(num_labels=num_labels, num_documents=num_documents)
    if not num_copied <= num_labels <= num_documents:
        raise ValueError(
            f"num_labels must lie in [num_copied, num_documents], got {num_labels} for "
            f"{num_copied} and {num_documents}"
        )
    documents = sample_examples(num_documents, seed=seed, layouts=layouts)
    labelled, others = _cover(documents, num_labels)
    demonstrations = [
        demonstrate(example, copied=number < num_copied) for number, example in enumerate(labelled)
    ]
    config = sft.Config(num_steps=num_steps, seed=seed)
    policy = sft.train_sft(new_policy(seed), labelled, demonstrations, config).policy
    return Start(policy, labelled, others)


def imitate_all(start: Start, *, seed: int) -> PointerPolicy:
    """A new policy that imitates the labels of all documents of a start.

    Args:
        start: its documents are taken, not its policy.
        seed: of start weights and draws.
    """
    examples = start.labelled + start.others
    demonstrations = [demonstrate(example) for example in examples]
    config = sft.Config(num_steps=STEPS[NUM_DOCUMENTS], seed=seed)
    return sft.train_sft(new_policy(seed), examples, demonstrations, config).policy


def _cover(examples: list[Example], count: int) -> tuple[list[Example], list[Example]]:
    """So many examples in which no field is rare, and the others."""
    chosen, others = [], list(examples)
    held = dict.fromkeys(sorted({field for each in examples for field in each.target}), 0)
    for _ in range(count):
        rarest = sorted(held, key=held.get)
        place = next(i for field in rarest for i, each in enumerate(others) if field in each.target)
        chosen.append(others.pop(place))
        for field in chosen[-1].target:
            held[field] += 1
    return chosen, others


def with_low_rank_trunk(policy: PointerPolicy, *, rank: int, seed: int = 0) -> PointerPolicy:
    """The policy with a frozen trunk and, in it, updates of low rank: LoRA.

    The linear maps from the neighbours and in the blocks get them. The heads stay
    trainable. With rank 0 nothing else is.

    Args:
        policy: changed in place.
        rank: of the updates, or 0 for none.
        seed: of their start weights.

    Raises:
        ValueError: if rank or seed is no integer of 0 or more.
    """
    require_seed(rank=rank, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    policy.whole.requires_grad_(False)
    policy.bias.requires_grad_(False)
    for name in _TRUNK:
        part = getattr(policy, name)
        part.requires_grad_(False)
        if rank and name in ("beside", "blocks"):
            add_low_rank(part, rank=rank, generator=generator)
    return policy
