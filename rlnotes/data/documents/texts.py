"""The texts of a document as rules and policies read them."""

import re

from rlnotes.data.documents.document import Document

LONGEST = 200
_REGISTRATION = re.compile(r"\s*[(][^()]*[0-9]{3}[^()]*[)]?\s*$|^#[0-9]+\s+")


def texts_of(document: Document) -> list[str]:
    """The segments without blanks around them, and at most 200 letters of each."""
    return [text.strip()[:LONGEST] for text in document.segments]


def without_registration(name: str) -> str:
    """A name without the registration number in brackets behind it, or # before it.

    Example:
        >>> without_registration("ACME SDN BHD (123456-X)")
        'ACME SDN BHD'
    """
    return _REGISTRATION.sub("", name)
