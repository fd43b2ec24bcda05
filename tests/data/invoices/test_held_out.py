"""The held-out layouts differ in place, order and labels; what pages have in common."""

import dataclasses

import numpy as np
import pytest

from rlnotes.data.invoices import (
    HELD_OUT_LAYOUTS,
    LAYOUTS,
    SEEN_LAYOUTS,
    invoice_words,
    receipt_words,
)
from tests.data.invoices.reading import amounts_in, dates_in, documents

WORDS = {
    "receipt_till": receipt_words.TILL,
    "receipt_counter": receipt_words.COUNTER,
    "receipt_cafe": receipt_words.CAFE,
    "receipt_counterfoil": receipt_words.COUNTERFOIL,
    "invoice_german": invoice_words.GERMAN,
    "invoice_plain": invoice_words.PLAIN,
    "invoice_letter": invoice_words.LETTER,
    "invoice_ledger": invoice_words.LEDGER,
}


def layouts(kind: str) -> tuple[str, list[str]]:
    """The held-out layout of a kind, and the seen ones."""
    (held,) = (name for name in HELD_OUT_LAYOUTS if name.startswith(kind))
    return held, [name for name in SEEN_LAYOUTS if name.startswith(kind)]


def labels(layout: str, name: str) -> tuple[str, ...]:
    words = WORDS[layout]
    return words.labels[name] if layout.startswith("invoice") else getattr(words, name)


def test_each_kind_has_one_held_out_layout_of_four():
    assert set(HELD_OUT_LAYOUTS) | set(SEEN_LAYOUTS) == set(LAYOUTS) == set(WORDS)
    assert not set(HELD_OUT_LAYOUTS) & set(SEEN_LAYOUTS)
    assert [len(layouts(kind)[1]) for kind in ("receipt", "invoice")] == [3, 3]


def place(name: str, key: str) -> np.ndarray:
    """Median place of a value: right edge, and top, as shares of the text's page."""
    found = []
    for document in documents((name,), 150):
        value = document.target[key]
        for i, text in enumerate(document.segments):
            read = [day.isoformat() for day, _, _ in dates_in(text)]
            if key == "total":
                read = [f"{amount:.2f}" for amount in amounts_in(text)]
            if value in read and not (key == "total" and len(text.split()) > 3):
                width = document.page_sizes[0, 0]
                found.append((document.boxes[i, 2] / width, i / len(document.segments)))
                if key == "date":
                    break
    return np.median(found, axis=0)


@pytest.mark.parametrize("kind", ["receipt", "invoice"])
def test_held_out_layouts_differ_in_place_and_order(kind):
    held, seen = layouts(kind)
    # Place: the total's column. Order: the date's place among the lines of text.
    for name in seen:
        assert place(held, "total")[0] < place(name, "total")[0] - 0.15
        assert place(held, "date")[1] > place(name, "date")[1] + 0.2


def labelled(document, name: str) -> int | None:
    """Number of the last segment that starts with a label; None if there is none."""
    starts = labels(document.layout, name)
    found = [i for i, text in enumerate(document.segments) if text.startswith(starts)]
    return found[-1] if found else None


@pytest.mark.parametrize("kind", ["receipt", "invoice"])
def test_sums_stand_the_other_way_round_in_held_out_layouts(kind):
    held, seen = layouts(kind)
    for name in (held, *seen):
        orders = []
        for document in documents((name,), 150):
            first, last = labelled(document, "subtotal"), labelled(document, "total")
            if "subtotal" in document.target and first is not None and last is not None:
                orders.append(first < last)
        assert len(orders) > 40
        assert np.mean(orders) == pytest.approx(0 if name == held else 1, abs=0.05)


def wordings(layout: str) -> set[str]:
    """All that a layout calls things; sentences of free text are common to all."""
    found = set()
    for field in dataclasses.fields(WORDS[layout]):
        value = getattr(WORDS[layout], field.name)
        if field.name == "prose":
            continue
        for part in value.values() if isinstance(value, dict) else [value]:
            found |= {part} if isinstance(part, str) else set(part)
    return found


@pytest.mark.parametrize("kind", ["receipt", "invoice"])
def test_labels_of_held_out_layouts_are_new(kind):
    held, seen = layouts(kind)
    assert not wordings(held) & set().union(*map(wordings, seen))
    printed = {text for document in documents((held,), 150) for text in document.segments}
    for name in ("total", "subtotal"):
        assert set(labels(held, name)) <= printed


def later_pages():
    for name in LAYOUTS:
        for document in documents((name,), 150):
            for page in range(1, len(document.page_sizes)):
                yield document, page, np.flatnonzero(document.pages == page).tolist()


def test_later_pages_start_with_the_number_and_the_page():
    count = 0
    for document, page, (first, second, *_) in later_pages():
        words, texts = WORDS[document.layout], document.segments
        assert texts[first].startswith(words.title)
        number = texts[first].removeprefix(words.title).strip()
        # Here on every later page, and once more among the facts.
        assert sum(number in text.split() for text in texts) == len(document.page_sizes)
        assert texts[second] == f"{words.page} {page + 1}"
        count += 1
    assert count > 100


def test_later_pages_repeat_the_heads_above_further_lines():
    count = 0
    for document, _, on_page in later_pages():
        texts = [document.segments[i] for i in on_page]
        last = document.target["line_items"][-1]["description"].split()
        if any(text.split()[:2] == last[:2] for text in texts):
            heads = WORDS[document.layout].columns
            assert {heads["description"], heads["amount"]} <= set(texts[2:9])
            count += 1
    assert count > 20


@pytest.mark.parametrize("kind", ["receipt", "invoice"])
def test_sellers_are_many(kind):
    held, seen = layouts(kind)
    for name in (held, *seen):
        vendors = [document.target["vendor"] for document in documents((name,), 150)]
        assert len(set(vendors)) > 100
        assert len({vendor.split()[0] for vendor in vendors}) >= 20
