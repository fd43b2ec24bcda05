import json

import pytest

from rlnotes.bridges.page_prompts import INSTRUCTION, answer_text, as_json, prompt_of
from rlnotes.data.documents.document import Document
from rlnotes.data.documents.pointing import FIELDS
from rlnotes.data.invoices.sampling import LAYOUTS, sample_invoices
from rlnotes.functional.extraction.reward import REWARD_WEIGHTS, invoice_reward
from rlnotes.training.invoices.examples import pointed_target


def page(*texts, boxes=None, pages=None, sizes=((500, 800),), target=None):
    boxes = boxes or [[50, 80, 60, 90]] * len(texts)
    return Document("page", texts, boxes, pages or [0] * len(texts), sizes, target=target)


def lines_of(prompt):
    text, _, rest = prompt.partition(INSTRUCTION)
    assert rest == "\n"
    assert text.endswith("\n\n")
    return text.removesuffix("\n\n").split("\n")


def test_a_segment_has_its_left_top_corner_in_thousandths_and_its_text():
    # 60 / 500 = 0.12, 40 / 800 = 0.05; the right and lower edges are not told.
    boxes = [[60, 40, 490, 790], [0, 0, 1, 1], [500, 800, 500, 800]]
    document = page("Acme Corp", "9.60", "END", boxes=boxes)
    assert lines_of(prompt_of(document)) == ["120 50 Acme Corp", "0 0 9.60", "1000 1000 END"]


def test_thousandths_are_rounded_to_the_nearest():
    # 1000 / 3 = 333.3, 2000 / 3 = 666.7
    document = page("a", "b", boxes=[[1, 2, 3, 3], [2, 1, 3, 3]], sizes=((3, 3),))
    assert lines_of(prompt_of(document)) == ["333 667 a", "667 333 b"]


def test_of_a_long_text_the_first_200_letters_are_told():
    text = "x" * 199 + "yz"
    assert lines_of(prompt_of(page(text))) == [f"100 100 {text[:200]}"]


def test_a_page_without_a_text_is_a_page_all_the_same():
    document = page("a", pages=[1], sizes=[(500, 800), (500, 800)])
    assert lines_of(prompt_of(document)) == ["page 2", "100 100 a"]


def test_each_page_is_measured_by_itself_and_announced():
    boxes = [[50, 80, 60, 90], [50, 80, 60, 90], [0, 0, 1, 1]]
    document = page("a", "b", "c", boxes=boxes, pages=[0, 1, 1], sizes=[(500, 800), (100, 100)])
    assert lines_of(prompt_of(document)) == [
        "page 1",
        "100 100 a",
        "page 2",
        "500 800 b",
        "0 0 c",
    ]


@pytest.mark.parametrize(
    "text", ["a\nb", "a\x00b", " a\t\u3000 b ", "a\x03\x1b\u0085b", "a\u2028b"]
)
def test_no_text_looks_like_another_line_or_an_end(text):
    assert lines_of(prompt_of(page(text))) == ["100 100 a b"]


def test_letters_without_a_width_are_no_blanks():
    text = "Auf\u00adtrag \u200f1\u200b2"  # soft hyphen, direction, place to break
    assert lines_of(prompt_of(page(text))) == [f"100 100 {text}"]


def test_the_label_is_not_in_the_prompt():
    texts = ("Acme", "9.60")
    assert prompt_of(page(*texts)) == prompt_of(page(*texts, target={"total": "1.23"}))


def test_the_instruction_names_every_key_that_is_asked_for():
    assert all(f" {key}" in INSTRUCTION for key in (*FIELDS, "line_items", "amount"))


def test_a_page_without_text_is_refused():
    with pytest.raises(ValueError, match="document must have a segment, got none in 'page'"):
        prompt_of(page())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_answer_earns_the_most_there_is(layout):
    for document in sample_invoices(20, seed=3, layouts=[layout]):
        asked = pointed_target(document.target)
        text = answer_text(document.target)
        reward = invoice_reward(text, asked, weights=REWARD_WEIGHTS)
        assert reward.total == pytest.approx(0.9, abs=1e-12)
        assert json.loads(text) == asked
        assert "\n" not in text


def test_keys_come_in_one_order_whatever_the_label_has():
    target = {"line_items": [{"amount": "1.00"}], "total": "1.00", "vendor": "Ä & Co"}
    text = '{"vendor":"Ä & Co","total":"1.00","line_items":[{"amount":"1.00"}]}'
    assert answer_text(target) == text
    assert answer_text(dict(reversed(target.items()))) == text


def test_quotes_and_control_characters_stay_inside_of_their_text():
    answer = {"vendor": 'A "B"\n\x03'}
    text = as_json(answer)
    assert json.loads(text) == answer
    assert not {"\x03", "\n"} & set(text)


RATES = [{"rate": "19", "base": "1.00", "tax": "0.19"}]  # good, and not asked for


@pytest.mark.parametrize(
    "target", [{}, {"tax_breakdown": []}, {"tax_breakdown": RATES}, {"total": "soon"}]
)
def test_a_label_that_says_nothing_or_nonsense_is_refused(target):
    with pytest.raises(ValueError, match="target"):
        answer_text(target)
