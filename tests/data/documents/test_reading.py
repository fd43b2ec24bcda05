"""Bytes that should be text."""

import pytest

from rlnotes.data.documents.reading import decoded


def test_utf_16_is_named_even_where_no_byte_is_zero():
    content = "\u597d\u597d".encode("utf-16")
    assert b"\0" not in content
    with pytest.raises(ValueError, match="UTF-16"):
        decoded(content)
