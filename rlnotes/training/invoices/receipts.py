"""A policy for receipts whose labels name the vendor, the date and the total only.

It first learns from invented receipts with full labels, then from real ones. What a
short label does not name is not known: it may be on the page, so no answer is right or
wrong there, and it is left out of every loss and score.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rlnotes._checks import require_positive_integer, require_seed
from rlnotes.data.documents.document import Document
from rlnotes.data.documents.pointing import FIELDS
from rlnotes.data.invoices.sampling import LAYOUTS
from rlnotes.models.pointer_policy import PointerPolicy
from rlnotes.training.invoices import sft
from rlnotes.training.invoices.demonstrations import Demonstration, demonstrate
from rlnotes.training.invoices.evaluation import answer_all
from rlnotes.training.invoices.examples import Example, make_example, new_policy, sample_examples

LABELLED = ("vendor", "date", "currency", "total")
RECEIPT_LAYOUTS = tuple(name for name in LAYOUTS if name.startswith("receipt"))
NOISE = 0.15  # share of segments misread, in every second invented receipt


@dataclass(frozen=True)
class Config:
    """Hyperparameters: labels of invented receipts, then of real ones.

    Chosen on receipts of other sellers than those that the result was measured on.

    Raises:
        ValueError: for a number out of its range.
    """

    num_invented: int = 400
    invented: sft.Config = field(default_factory=lambda: sft.Config(num_steps=300, vary=False))
    real: sft.Config = field(default_factory=lambda: sft.Config(num_steps=200, learning_rate=1e-3))
    seed: int = 0  # of everything; those of the two parts are not looked at

    def __post_init__(self):
        require_positive_integer(num_invented=self.num_invented)
        require_seed(seed=self.seed)

    @property
    def num_steps(self) -> int:
        """Steps of both parts."""
        return self.invented.num_steps + self.real.num_steps


@dataclass(frozen=True)
class Result:
    """What a run leaves behind."""

    start: PointerPolicy  # after the invented receipts
    policy: PointerPolicy


def train_receipt_policy(
    receipts: Sequence[Example],
    config: Config,
    *,
    watch: Callable[[], object] = lambda: None,
) -> Result:
    """Learn from invented receipts, then from real ones.

    Args:
        receipts: real ones with labels.
        config: see `Config`.
        watch: called after each step.

    Raises:
        ValueError: if there is no receipt, or one without a label.
    """
    if not receipts:
        raise ValueError("receipts must hold at least one receipt, got none")
    real = [demonstrate_fields(receipt, LABELLED) for receipt in receipts]
    invented = invented_receipts(config.num_invented, seed=config.seed)
    start = new_policy(config.seed)
    full = [demonstrate(example) for example in invented]
    parts = ((start, invented, full, config.invented), (None, receipts, real, config.real))
    for policy, examples, labels, part in parts:
        policy = copy.deepcopy(start) if policy is None else policy
        own = replace(part, seed=config.seed)
        sft.train_sft(policy, examples, labels, own, watch=lambda _: watch())
    return Result(start, policy)


def invented_receipts(count: int, *, seed: int) -> list[Example]:
    """Receipts of all layouts; every second one is misread in places."""
    clean, noisy = np.random.SeedSequence(seed).generate_state(2).tolist()
    numbers = count - count // 2, count // 2
    drawn = []
    for number, own_seed, noise in zip(numbers, (clean, noisy), (0.0, NOISE), strict=True):
        if number:
            drawn += sample_examples(number, seed=own_seed, layouts=RECEIPT_LAYOUTS, noise=noise)
    return drawn


def demonstrate_fields(example: Example, fields: Sequence[str]) -> Demonstration:
    """The choices that write some fields of a label; of the others and of lines none.

    `demonstration_loss` leaves a field out that no choice writes, and a line whose
    amount is not in the demonstration.

    Raises:
        ValueError: if the example has no label.
    """
    whole = demonstrate(example)
    asked = np.array([name in fields for name in FIELDS])
    return Demonstration(whole.right & asked[:, None, None], (), whole.line_format)


def read_receipts(policy: PointerPolicy, documents: Sequence[Document]) -> list[dict[str, str]]:
    """The likeliest answers, of `LABELLED` fields only."""
    examples = [make_example(document) for document in documents]
    answers = (given.answer for given in answer_all(policy, examples))
    return [{key: answer[key] for key in LABELLED if key in answer} for answer in answers]
