"""The patch of the rules: what counts as a tax above zero."""

import pytest

from rlnotes.training.invoices.scoring import has_tax


@pytest.mark.parametrize(
    ("tax", "kept"),
    [("1.90", True), ("0.01", True), ("0.00", False), ("-1.90", False), ("", False), ("?", False)],
)
def test_only_a_number_above_zero_keeps_the_patch(tax, kept):
    assert has_tax({"total": "11.90", "tax": tax}) is kept


def test_an_answer_without_a_tax_breaks_the_patch():
    assert has_tax({"total": "11.90"}) is False
    assert has_tax({}) is False
