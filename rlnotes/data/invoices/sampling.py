"""Documents by the number: a layout is drawn, then what it says, then noise."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rlnotes._checks import require_seed
from rlnotes.data.documents.document import Document
from rlnotes.data.invoices.draws import pick
from rlnotes.data.invoices.invoice_layouts import INVOICE_LAYOUTS
from rlnotes.data.invoices.noise import NOISE_KINDS, add_noise, require_noise
from rlnotes.data.invoices.receipt_layouts import RECEIPT_LAYOUTS

_SETTERS = RECEIPT_LAYOUTS | INVOICE_LAYOUTS
LAYOUTS = tuple(_SETTERS)
HELD_OUT_LAYOUTS = ("receipt_counterfoil", "invoice_ledger")
SEEN_LAYOUTS = tuple(name for name in LAYOUTS if name not in HELD_OUT_LAYOUTS)


def sample_invoice(
    generator: np.random.Generator,
    *,
    layouts: Sequence[str] = SEEN_LAYOUTS,
    noise: float = 0.0,
    noise_kinds: Sequence[str] = NOISE_KINDS,
) -> Document:
    """A receipt or an invoice that nobody ever wrote, with what it says as its target.

    The target holds what is printed, and its sums are exact. Noise comes last: the same
    generator without noise gives the document that lies under it.

    Args:
        generator: decides everything.
        layouts: names out of `LAYOUTS`; one is drawn, all equally likely.
        noise: share of segments misread, in [0, 1].
        noise_kinds: how they may be misread, out of `NOISE_KINDS`.

    Returns:
        A document with a target and the name of its layout.

    Raises:
        ValueError: if there is no layout, or an unknown one; if the noise lies outside
            [0, 1], or a kind of it is unknown.
    """
    if not isinstance(generator, np.random.Generator):
        raise ValueError(f"generator must be a numpy.random.Generator, got {generator!r}")
    _require_layouts(layouts)
    require_noise(noise, noise_kinds)
    layout = pick(generator, layouts)
    clean = _SETTERS[layout](generator, layout)
    return add_noise(clean, generator, share=noise, noise_kinds=noise_kinds)


def sample_invoices(
    count: int,
    *,
    seed: int,
    layouts: Sequence[str] = SEEN_LAYOUTS,
    noise: float = 0.0,
    noise_kinds: Sequence[str] = NOISE_KINDS,
) -> list[Document]:
    """That many documents; each depends on the seed, its number and the layouts only.

    Other layouts get other bills from the same seed, so that those held out do not
    repeat what was seen. To set one bill in several layouts, give `sample_invoice`
    equal generators.

    Args:
        count: how many, 0 or more.
        seed: another seed gives other documents.
        layouts: as in `sample_invoice`.
        noise: as in `sample_invoice`.
        noise_kinds: as in `sample_invoice`.

    Returns:
        Documents called after their layout, the seed and their number.

    Raises:
        ValueError: as `sample_invoice`; if count or seed is no integer of 0 or more.
    """
    require_seed(count=count, seed=seed)
    _require_layouts(layouts)
    require_noise(noise, noise_kinds)
    chosen = [1 + LAYOUTS.index(name) for name in layouts]
    documents = []
    for i in range(count):
        document = sample_invoice(
            np.random.default_rng([seed, i, *chosen]),
            layouts=layouts,
            noise=noise,
            noise_kinds=noise_kinds,
        )
        documents.append(replace(document, name=f"{document.layout}-{seed}-{i}"))
    return documents


def _require_layouts(layouts: Sequence[str]) -> None:
    if isinstance(layouts, str) or not layouts:
        raise ValueError(f"layouts must be a sequence of one or more names, got {layouts!r}")
    for name in layouts:
        if name not in LAYOUTS:
            raise ValueError(f"layouts must be among {LAYOUTS}, got {name!r}")
