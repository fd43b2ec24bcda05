"""Words and boxes in JSON lines, read and written."""

import dataclasses
import json

import numpy as np
import pytest

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.word_boxes import as_record, read_word_boxes

RECORD = {
    "id": "a",
    "segments": ["TOTAL", "9.60"],
    "boxes": [[0, 0, 50, 10], [90, 0, 120, 10]],
    "size": [200, 300],
}
TARGET = {"vendor": "A", "date": "2018-03-05", "currency": "EUR", "total": "9.60"}
WORDS = {
    "words": ["Total", "due", "9.60", "next"],
    "boxes": [[0, 0, 30, 10], [33, 0, 50, 10], [90, 0, 120, 10], [0, 0, 30, 10]],
    "page": [0, 0, 0, 1],
    "page_sizes": [[200, 300], [210.5, 310]],
}


@pytest.fixture
def read(tmp_path):
    def read_lines(*records):
        path = tmp_path / "box.jsonl"
        lines = (r if isinstance(r, bytes) else json.dumps(r).encode() for r in records)
        path.write_bytes(b"\n".join(lines))
        return read_word_boxes(path)

    return read_lines


def as_values(document: Document) -> dict:
    values = {f.name: getattr(document, f.name) for f in dataclasses.fields(document)}
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in values.items()}


def test_segments_stay_as_they_are(read):
    (document,), problems = read(RECORD | {"target": TARGET, "layout": "till"})
    assert not problems
    assert as_values(document) == {
        "name": "a",
        "segments": ("TOTAL", "9.60"),
        "boxes": RECORD["boxes"],
        "pages": [0, 0],
        "page_sizes": [[200, 300]],
        "target": TARGET,
        "layout": "till",
        "printed": None,
    }


def test_words_are_joined_and_a_document_without_a_name_gets_its_line(read):
    (_, document), _ = read(RECORD, WORDS)
    assert document.name == "box:2"
    assert document.segments == ("Total due", "9.60", "next")
    assert document.pages.tolist() == [0, 0, 1]
    assert document.page_sizes.tolist() == [[200, 300], [210.5, 310]]
    assert document.target is None


def test_a_line_key_separates_words(read):
    (document,), _ = read(WORDS | {"line_key": [1, 2, 2, 3]})
    assert document.segments == ("Total", "due", "9.60", "next")


def test_entities_of_sroie_are_a_label_and_a_target_comes_before_them(read):
    entities = {"company": "TEA", "date": "05/03/2018", "total": "RM9.60"}
    (label, both), problems = read(
        RECORD | {"entities": entities},
        RECORD | {"entities": {"seller": {}}, "target": TARGET},
    )
    assert not problems
    assert label.target == TARGET | {"vendor": "TEA", "currency": "MYR"}
    assert label.printed == entities
    assert (both.target, both.printed) == (TARGET, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (b"{", "broken JSON"),
        (b"[1]", "must be an object, got list"),
        (b'{"id": "\xe9"}', "perhaps Latin-1"),
        (b'{"size": [NaN, 1]}', "finite, got NaN"),
        (b"[" * 10**5, "too many levels"),
        ({"segments": ["\ud800", "b"]}, "half a letter"),
        ({"segments": None}, "list of texts"),
        ({"segments": ["a", 5]}, "list of texts"),
        ({"segments": ["a", " "]}, "must not be empty"),
        ({"segments": ["a"]}, "one entry for each of the 1 texts, got 2 and 1"),
        ({"words": ["a", "b"]}, "segments or words, got both"),
        ({"boxes": [[0, 0, 1], [0, 0, 1]]}, "boxes must hold 4 numbers"),
        ({"boxes": [[0, 0, 1, 1], [0, 0, 1]]}, "boxes must hold 4 numbers"),
        ({"boxes": [["0", "0", "1", "1"]] * 2}, "boxes must hold 4 numbers"),
        ({"boxes": [[0, 0, 10**400, 1]] * 2}, "boxes must hold 4 numbers"),
        ({"boxes": [[0, 0, 201, 1]] * 2}, "lie on their page of 200 x 300"),
        ({"size": None}, "size must hold 2 numbers"),
        ({"size": [0, 5]}, "page_sizes must be positive"),
        ({"page": [0, 0.5]}, "page must be a list of whole numbers"),
        ({"page": [0, 10**30]}, r"page must lie in \[0"),
        ({"page": [0, 1]}, r"pages must lie in \[0, 1\)"),
        ({"layout": 5}, "layout must be of type str, got 5"),
        ({"printed": []}, "printed must be of type dict"),
    ],
)
def test_a_bad_line_is_left_out_and_the_rest_goes_on(read, change, message):
    bad = change if isinstance(change, bytes) else RECORD | {"id": "bad"} | change
    documents, (problem,) = read(RECORD, bad, b"", RECORD | {"id": "c"})
    assert [document.name for document in documents] == ["a", "c"]
    assert problem.where == "box.jsonl, line 2"
    with pytest.raises(ValueError, match=message):
        raise ValueError(problem.message)


@pytest.mark.parametrize("key", ["words", "line_key"])
def test_words_need_lists(read, key):
    _, (problem,) = read(WORDS | {key: 7})
    assert key in problem.message


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ({"target": TARGET | {"total": "x"}}, "total must be a plain number, got 'x'"),
        ({"target": []}, "target must be a mapping"),
        ({"entities": []}, "must be a mapping"),
        ({"entities": {"company": "A", "date": "", "total": "1"}}, "has no date"),
    ],
)
def test_a_bad_label_leaves_the_document_without_a_target(read, label, message):
    (document,), (problem,) = read(RECORD | label)
    assert document.target is None
    assert problem.name == "a"
    assert message in problem.message


def test_what_is_written_is_read_back_equal(tmp_path):
    nothing = np.zeros(0)
    boxes = [[0.1, 1 / 3, 50, 10.000001], [90, 0, 120, 10]]
    label = {"company": "T\u00e9a", "total": None}
    documents = [
        Document("a", ["x", "\u20ac"], boxes, [1, 0], [[200, 300]] * 2, TARGET, "till", label),
        Document("b", ["y"], [[0, 0, 1, 1]], [0], [[1, 1]]),
        Document("c.xml", (), nothing, nothing, nothing, TARGET),
    ]
    path = tmp_path / "all.jsonl"
    path.write_text("\n".join(json.dumps(as_record(document)) for document in documents))
    again, problems = read_word_boxes(path)
    assert not problems
    assert [as_values(d) for d in again] == [as_values(d) for d in documents]


def test_an_empty_file_is_refused(read):
    with pytest.raises(ValueError, match=r"path must be a file .* got .*box\.jsonl: empty"):
        read(b"")


def test_a_word_whose_box_is_turned_round_is_not_hidden_by_its_neighbours(read):
    turned = WORDS | {"boxes": [[30, 0, 0, 10], *WORDS["boxes"][1:]]}
    (problem,) = read(turned).problems
    assert problem.message.startswith("boxes must be left, top, right, bottom, got [30.0, 0.0")


def test_a_file_in_utf_16_is_refused_as_one(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes((json.dumps(RECORD) + "\n").encode("utf-16"))
    with pytest.raises(ValueError, match="UTF-16"):
        read_word_boxes(path)
