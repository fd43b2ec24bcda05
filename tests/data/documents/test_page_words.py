"""Words as rows of a table: by hand with another CRC, identities, odd texts."""

import numpy as np
import pytest

from rlnotes.data.documents.page_words import NUM_WORD_ROWS, word_bags, word_rows


def slow_crc32(text):
    """Bit by bit, as the polynomial is divided."""
    remainder = 0xFFFFFFFF
    for byte in text.encode():
        remainder ^= byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (0xEDB88320 if remainder & 1 else 0)
    return remainder ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Tea", ["tea", "^te", "tea", "ea$"]),
        ("a 12", ["a", "^a$", "00", "^00", "00$"]),
        ("9.60", ["0.00", "^0.", "0.0", ".00", "00$"]),
        ("\u20ac5", ["\u20ac0", "^\u20ac0", "\u20ac0$"]),
    ],
)
def test_rows_by_hand(text, parts):
    assert word_rows(text) == tuple(slow_crc32(part) % NUM_WORD_ROWS for part in parts)


def test_the_table_has_the_rows_that_trained_weights_were_trained_with():
    assert NUM_WORD_ROWS == 1500


def test_capitals_digits_and_blanks_are_no_matter():
    assert word_rows("Total 9.60") == word_rows("TOTAL\t 1.25 ")
    assert word_rows("stra\u00dfe") == word_rows("STRASSE")
    assert word_rows("9.60") != word_rows("19.60")
    assert word_rows("\u0663") != word_rows("3")  # another digit than 0 to 9 is a letter


def test_a_text_has_the_rows_of_its_words_in_order():
    assert word_rows("SUB TOTAL") == word_rows("SUB") + word_rows("TOTAL")
    assert word_rows("SUBTOTAL") != word_rows("SUB") + word_rows("TOTAL")


@pytest.mark.parametrize("length", [1, 2, 3, 10])
def test_a_word_of_n_letters_has_n_plus_one_rows(length):
    assert len(word_rows("x" * length)) == length + 1


def test_words_that_begin_alike_share_trigrams():
    # total: ^to tot ota tal al$; totals: ^to tot ota tal als ls$
    assert len(set(word_rows("total")) & set(word_rows("totals"))) == 4


def test_at_most_40_rows_the_first_ones():
    words = "abcdefgh ijklmnop"  # 9 rows each
    assert len(word_rows(f"{words} qrstuvwx yzabcdef")) == 36
    assert len(word_rows(f"{words} {words} {words}")) == 40
    assert word_rows(f"{words} {words} {words}")[:36] == word_rows(words) * 2


def test_half_of_a_surrogate_pair_has_rows_as_well():
    assert len(word_rows("A\ud83d")) == 3
    assert word_rows("A\ud83d") != word_rows("A\ud83e")


def test_bags_hold_the_rows_of_all_texts():
    texts = ["TAX", "  ", "6 %", "TAX"]
    rows, counts = word_bags(texts)
    assert counts.tolist() == [4, 0, 4, 4]
    assert rows.dtype == counts.dtype == np.int64
    parts = np.split(rows, np.cumsum(counts)[:-1])
    assert [tuple(part.tolist()) for part in parts] == [word_rows(text) for text in texts]


@pytest.mark.parametrize("texts", [[], [" "]])
def test_bags_without_a_word(texts):
    rows, counts = word_bags(texts)
    assert rows.dtype == counts.dtype == np.int64
    assert rows.tolist() == []
    assert counts.tolist() == [0] * len(texts)
