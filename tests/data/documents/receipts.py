"""Small receipts for tests, from lines of text: what stands apart is a segment."""

import re

import numpy as np

from rlnotes.data.documents.document import Document


def receipt(*lines: str) -> Document:
    """Each line is a row of a page; three blanks or more part its segments."""
    segments, boxes = [], []
    for number, line in enumerate(lines):
        for match in re.finditer(r"\S(?:.*?\S)??(?=\s{3}|\s*$)", line):
            segments.append(match[0])
            boxes.append([match.start() * 10, number * 20, match.end() * 10, number * 20 + 15])
    size = np.max(boxes, axis=0)[2:]
    return Document("receipt", segments, boxes, [0] * len(boxes), [size])
