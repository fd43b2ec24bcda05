"""A document as a text with positions, and its label as the answer to write.

A language model reads no boxes. Each segment gets a line of its own: how far its left
top corner lies from the left and from the top, in thousandths of the page, and its
text.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.pointing import FIELDS
from rlnotes.data.documents.texts import texts_of
from rlnotes.functional.extraction.reward import prepare_target
from rlnotes.training.invoices.examples import pointed_target

INSTRUCTION = (
    "Lines: left, top, text. Answer with one JSON object of texts; leave out what is "
    f"not there. Keys: {', '.join(FIELDS)}; line_items: a list of objects with amount. "
    "Write dates as YYYY-MM-DD, amounts as 1234.50, currencies as three letters."
)


def prompt_of(document: Document) -> str:
    r"""The prompt: the lines of the page, what to answer, and a new line at the end.

    Of two pages or more, each begins with a line that has its number. Blanks and
    control characters in a text become single spaces, so that no text of a document
    can look like another line or like the end of a text.

    The last character separates prompt and answer: what joins the two as they are, as
    the DPO trainer does, must not join a word of each.

    Args:
        document: with one segment or more; its label is not looked at.

    Raises:
        ValueError: if the document has no segment.

    Example:
        >>> page = Document("bill", ["Acme", "9.60"], [[60, 40, 90, 50], [400, 700,
        ...     420, 720]], [0, 0], [[500, 800]])
        >>> print(prompt_of(page).partition("Lines:")[0], end="")
        120 50 Acme
        800 875 9.60
        <BLANKLINE>
        >>> prompt_of(page)[-9:]
        'letters.\n'
    """
    if not document.segments:
        raise ValueError(f"document must have a segment, got none in {document.name!r}")
    return "\n".join([*_lines(document), "", INSTRUCTION, ""])


def _lines(document: Document) -> Iterator[str]:
    before = None
    rows = zip(texts_of(document), document.boxes, document.pages, strict=True)
    for text, (left, top, _, _), page in rows:
        if page != before and len(document.page_sizes) > 1:
            yield f"page {page + 1}"
        before = page
        width, height = document.page_sizes[page]
        yield f"{round(1000 * left / width)} {round(1000 * top / height)} {_in_one_line(text)}"


def _in_one_line(text: str) -> str:
    plain = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)
    return " ".join(plain.split())


def answer_text(target: Mapping) -> str:
    """What an answer should say, as JSON without blanks: the whole of the reward.

    Args:
        target: a label in canonical form, see `pointed_target`: what is not asked for
            is left out.

    Returns:
        Text that `invoice_reward` gives its best against `pointed_target(target)`, 0.9
        with the usual weights. Keys stand in the order of `FIELDS`, lines last.

    Raises:
        ValueError: if the target is no good one, or says nothing that is asked for.

    Example:
        >>> answer_text({"total": "9.60", "vendor": "Tea & Co", "tax_breakdown": []})
        '{"vendor":"Tea & Co","total":"9.60"}'
    """
    asked = pointed_target(target)
    prepare_target(asked)  # says what is wrong with a target that says nothing
    return as_json({key: asked[key] for key in (*FIELDS, "line_items") if key in asked})


def as_json(answer: Mapping) -> str:
    """An answer as JSON without blanks, with letters of all languages as they are."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
