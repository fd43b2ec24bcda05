"""Texts as rules and policies read them."""

import numpy as np
import pytest

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.texts import texts_of, without_registration


def test_blanks_go_first_and_then_what_is_too_long():
    segments = [" TOTAL ", "x" * 201, " " * 300 + "y" + "z" * 250, "a b"]
    page = Document("d", segments, np.zeros((4, 4)), np.zeros(4), [[1, 1]])
    assert texts_of(page) == ["TOTAL", "x" * 200, "y" + "z" * 199, "a b"]


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("ACME SDN BHD (123456-X)", "ACME SDN BHD"),
        ("ACME (123456-X) ", "ACME"),
        ("ACME (M) SDN BHD", "ACME (M) SDN BHD"),
        ("ACME (12)", "ACME (12)"),
        ("ACME (123456", "ACME"),
        ("#17 ACME", "ACME"),
        ("ACME #17", "ACME #17"),
        ("(2077993-K)", ""),
    ],
)
def test_a_registration_number_has_three_digits_in_brackets_behind_or_a_sign_before(name, without):
    assert without_registration(name) == without
