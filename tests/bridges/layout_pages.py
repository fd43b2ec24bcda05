"""Documents for the LayoutLMv3 tagger, and a tokenizer whose tokens one can count."""

from tokenizers import pre_tokenizers
from transformers import LayoutLMv3Tokenizer

from rlnotes.data.documents.document import Document

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def letters_tokenizer(*, without=""):
    """Each letter is a token, and so is the blank before each word."""
    words = [*SPECIAL, *sorted({*pre_tokenizers.ByteLevel.alphabet()} - {*without})]
    return LayoutLMv3Tokenizer(vocab={word: i for i, word in enumerate(words)}, merges=[])


def document(*texts, pages=None, target=None):
    """Segments one below the other, 10 units apart; a page is 100 x 200, or higher."""
    pages = [0] * len(texts) if pages is None else pages
    boxes = [(10, 10 * i, 20 + i % 50, 10 * i + 5) for i in range(len(texts))]
    sizes = [(100, max(200, 10 * len(texts)))] * (max(pages, default=0) + 1)
    return Document("page", texts, boxes, pages, sizes, target)
