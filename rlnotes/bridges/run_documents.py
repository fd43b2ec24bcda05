"""The documents of a run: invented ones, or those of a folder."""

import sys
from pathlib import Path

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.folders import read_folder
from rlnotes.scripts.labelled_folder import MOST_PROBLEMS
from rlnotes.training.invoices.examples import sample_examples


def invented(count: int, *, seed: int, most_segments: int) -> list[Document]:
    """Invented documents of at most so many segments.

    Raises:
        ValueError: as `sample_examples`.
    """
    drawn = sample_examples(count, seed=seed, most_segments=most_segments)
    return [example.document for example in drawn]


def of_folder(folder: Path, *, most_segments: int, labels: bool = True) -> list[Document]:
    """The documents of a folder that can be trained on; stderr names the others.

    Args:
        folder: see `rlnotes.data.documents.folders.read_folder`.
        most_segments: longer documents are left out.
        labels: whether each needs a label.

    Raises:
        ValueError: if there is no such folder, or no such document in it.
    """
    documents, problems = read_folder(folder)
    reasons = [f"{problem.where}: {problem.message}" for problem in problems]
    usable = []
    for document in documents:
        if reason := _reason_against(document, most_segments, labels):
            reasons.append(f"{document.name}: {reason}")
        else:
            usable.append(document)
    for reason in reasons[:MOST_PROBLEMS]:
        print(reason, file=sys.stderr)
    if len(reasons) > MOST_PROBLEMS:
        print(f"and {len(reasons) - MOST_PROBLEMS} more problems", file=sys.stderr)
    if not usable:
        raise ValueError(f"{folder} holds no document to train on")
    return usable


def _reason_against(document: Document, most_segments: int, labels: bool) -> str | None:
    count = len(document.segments)
    if not 0 < count <= most_segments:
        return f"{count} segments; those with 1 to {most_segments} are used"
    return "no label" if labels and document.target is None else None
