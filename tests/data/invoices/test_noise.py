"""Misreadings: each kind by itself, and how often they happen."""

from dataclasses import replace

import numpy as np
import pytest

from rlnotes.data.documents.document import Document
from rlnotes.data.invoices import NOISE_KINDS
from rlnotes.data.invoices.noise import add_noise
from tests.data.invoices.reading import every_layout


def one_segment(text: str) -> Document:
    return Document("d", [text], [[0, 0, 1, 1]], [0], [[2, 2]], target={"total": "1.00"})


def readings(text: str, kind: str, count: int = 200) -> set[str]:
    """All that one kind of noise makes of a text."""
    generator = np.random.default_rng(0)
    document = one_segment(text)
    found = {
        add_noise(document, generator, share=1.0, noise_kinds=[kind]).segments[0]
        for _ in range(count)
    }
    return found


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("look_alikes", "9.10", {"9.I0", "9.1O"}),
        ("look_alikes", "58.00", {"S8.00", "5B.00", "58.O0", "58.0O"}),
        ("look_alikes", "CSB1", {"C5B1", "CS81", "CSBI"}),
        ("look_alikes", "TOTAL SIB", {"TOTAL SIB"}),
        ("look_alikes", "SOB 1", {"SOB I"}),
        ("look_alikes", "2.74", {"2.74"}),
        ("broken_decimals", "9.99", {"9. 99", "9 .99"}),
        ("broken_decimals", "1.234,50", {"1.234, 50", "1.234 ,50"}),
        ("broken_decimals", "RM 1,234.50 SR", {"RM 1,234. 50 SR", "RM 1,234 .50 SR"}),
        ("broken_decimals", "05.03.2018", {"05.03.2018"}),
        ("broken_decimals", "05.03.18", {"05.03.18"}),
        ("broken_decimals", "DATE : 5/03/2018 12:30", {"DATE : 5/03/2018 12:30"}),
        ("lost_points", "9.99", {"999"}),
        ("lost_points", "-1.234,50", {"-1.23450"}),
        ("lost_points", "2 X 5.90", {"2 X 590"}),
        ("lost_points", "TOTAL", {"TOTAL"}),
    ],
)
def test_each_kind_by_hand(kind, text, expected):
    assert readings(text, kind) == expected


def test_a_stray_character_stands_before_or_behind():
    found = readings("9.99", "stray_characters")
    assert all(len(text) == 6 and text.strip(".:,'-*|~ ").startswith("9.99") for text in found)
    assert {text.startswith("9.99 ") for text in found} == {True, False}


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_the_share_of_segments_is_hit(share):
    # Every segment can get a stray character, so every hit is seen.
    generator = np.random.default_rng(1)
    hit = total = 0
    for document in every_layout()[::10]:
        noisy = add_noise(document, generator, share=share)
        pairs = zip(document.segments, noisy.segments, strict=True)
        hit += sum(a != b for a, b in pairs)
        total += len(document.segments)
    # Five standard errors; at 1 each one is hit.
    assert abs(hit / total - share) <= 5 * (share * (1 - share) / total) ** 0.5


def test_without_noise_nothing_is_drawn():
    generator = np.random.default_rng(2)
    document = one_segment("9.99")
    assert add_noise(document, generator, share=0.0) is document
    assert generator.random() == np.random.default_rng(2).random()


def test_all_kinds_happen_and_only_the_text_changes():
    generator = np.random.default_rng(3)
    document = one_segment("18.50")
    found = {add_noise(document, generator, share=1.0).segments[0] for _ in range(300)}
    assert {"I8.50", "18. 50", "1850", "18.50 ~"} <= found
    noisy = add_noise(document, generator, share=1.0)
    assert replace(noisy, segments=document.segments).target == {"total": "1.00"}
    assert noisy.boxes.tolist() == document.boxes.tolist()
    assert len(NOISE_KINDS) == 4
