"""Documents drawn for tests: messy ones with ties and flat boxes, and tidy ones."""

from dataclasses import replace

import numpy as np

from rlnotes.data.documents.document import Document

WIDTH, HEIGHT = 512, 256  # powers of two: shares of them are exact


def messy_document(seed, count=14, num_pages=2):
    """Boxes on a coarse grid, so that ties abound; some have no height or no width."""
    generator = np.random.default_rng(seed)
    corners = generator.integers(0, 12, size=(2, count, 2)) * 16
    boxes = np.concatenate([corners.min(axis=0), corners.max(axis=0)], axis=1)
    pages = np.sort(generator.integers(num_pages, size=count))
    texts = [str(generator.choice(TEXTS)) for _ in range(count)]
    return Document("messy", texts, boxes, pages, [(WIDTH, HEIGHT)] * num_pages)


def tidy_document(seed, num_rows=6, num_pages=2, width=None):
    """Three columns of amounts, whose right edges lie within seven; no two tie."""
    generator = np.random.default_rng(seed)
    texts, boxes, pages = [], [], []
    for page in range(num_pages):
        for row in range(num_rows):
            for column in range(3):
                right = 100 + 150 * column + int(generator.integers(8))
                left = right - (width or int(generator.integers(60, 80)))
                top = 10 + 32 * row + column
                texts.append(f"{generator.integers(1, 900) / 100:.2f}")
                boxes.append([left, top, right, top + 16])
                pages.append(page)
    return Document("tidy", texts, boxes, pages, [(WIDTH, HEIGHT)] * num_pages)


def mirrored_document(document):
    """Left and right of every box exchanged; what it says stays."""
    boxes = document.boxes.copy()
    boxes[:, [0, 2]] = WIDTH - document.boxes[:, [2, 0]]
    return replace(document, boxes=boxes)


def turned_document(document):
    """Top and bottom of every box exchanged, and the order of pages and segments."""
    boxes = document.boxes.copy()
    boxes[:, [1, 3]] = HEIGHT - document.boxes[:, [3, 1]]
    pages = len(document.page_sizes) - 1 - document.pages
    return replace(document, segments=document.segments[::-1], boxes=boxes[::-1], pages=pages[::-1])


TEXTS = (
    *("9.60", "4.80", "2", "2 X 4.80", "14.40", "RM 14.40", "-4.80", "0.00", "1,234.50"),
    *("TOTAL", "TAX 6%", "10/03/2018", "EUR", "ACME SDN BHD (123456-X)", "4O.8O"),
)
