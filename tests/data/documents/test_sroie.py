"""Receipts in folders as SROIE has them, whole and damaged."""

import json

import pytest
from PIL import Image

from rlnotes.data.documents.sroie import read_sroie

LABEL = {"company": "TEA HOUSE", "date": "05/03/2018", "address": "1, HILL", "total": "9.60"}
BOXES = "10,10,90,10,90,20,10,20,TEA HOUSE\n10,50,60,50,60,60,10,60,TOTAL, RM\n"
BOXES += "70,50,95,50,95,60,70,60,9.60\n"


def add(folder, name, boxes=BOXES, label=LABEL, ending=".csv"):
    part, label_ending = {".csv": ("key", ".json"), ".txt": ("entities", ".txt")}[ending]
    for place in (folder / "box", folder / part):
        place.mkdir(parents=True, exist_ok=True)
    content = boxes if isinstance(boxes, bytes) else boxes.encode()
    (folder / "box" / f"{name}{ending}").write_bytes(content)
    if label is not None:
        text = label if isinstance(label, str) else json.dumps(label)
        (folder / part / f"{name}{label_ending}").write_text(text)


def test_a_receipt_has_its_lines_boxes_label_and_size(tmp_path):
    add(tmp_path, "001")
    (receipt,), problems = read_sroie(tmp_path)
    assert not problems
    assert receipt.name == "001"
    assert receipt.segments == ("TEA HOUSE", "TOTAL, RM", "9.60")
    assert receipt.boxes.tolist() == [[10, 10, 90, 20], [10, 50, 60, 60], [70, 50, 95, 60]]
    assert receipt.pages.tolist() == [0, 0, 0]
    assert receipt.page_sizes.tolist() == [[95, 60]]  # what the boxes cover
    assert receipt.printed == LABEL
    assert receipt.target == {
        "vendor": "TEA HOUSE",
        "date": "2018-03-05",
        "currency": "MYR",
        "total": "9.60",
    }


def test_the_other_form_of_the_collection_is_read_below_train_and_test(tmp_path):
    add(tmp_path / "train", "b", ending=".txt")
    add(tmp_path / "train", "a", BOXES.replace("\n", "\r\n"), ending=".txt")
    add(tmp_path / "test", "c", "\ufeff" + BOXES)
    documents, problems = read_sroie(tmp_path)
    assert [document.name for document in documents] == ["train/a", "train/b", "test/c"]
    assert len({document.segments for document in documents}) == 1
    assert not problems


def test_a_picture_gives_the_size_and_a_broken_one_is_reported(tmp_path):
    for name in ("a", "b"):
        add(tmp_path, name)
    (tmp_path / "img").mkdir()
    Image.new("L", (120, 400)).save(tmp_path / "img" / "a.png")
    (tmp_path / "img" / "b.jpg").write_bytes(b"no picture")
    (a, b), (problem,) = read_sroie(tmp_path)
    assert a.page_sizes.tolist() == [[120, 400]]
    assert b.page_sizes.tolist() == [[95, 60]]
    assert problem[:2] == ("b", "img/b.jpg")
    assert "page size from the boxes" in problem.message


def test_a_turned_quadrangle_is_covered_by_its_box(tmp_path):
    add(tmp_path, "a", "20,5,40,15,30,35,10,25,TEA\n")
    (receipt,), _ = read_sroie(tmp_path)
    assert receipt.boxes.tolist() == [[10, 5, 40, 35]]


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        (BOXES + "10,50,60,50,60\n", "line 4 must hold eight numbers and a text"),
        (BOXES + "1,1,9,1,9,9,1,nan,TEA\n", "line 4 must hold eight numbers"),
        (BOXES + "1,1,9,1,9,9,1,9, \n", "line 4 has a box and no text"),
        ("", "empty"),
        (" \n", "empty"),
        (BOXES.replace("HOUSE", "CAFÉ").encode("latin-1"), "0xc9 at 31) but perhaps Latin-1"),
        (BOXES.encode("utf-16"), "probably UTF-16"),
        (BOXES.encode("utf-16-le"), "probably UTF-16"),
        ("-5,1,9,1,9,9,-5,9,TEA\n", "boxes must lie on their page"),
    ],
)
def test_a_receipt_with_bad_boxes_is_left_out_and_the_rest_goes_on(tmp_path, boxes, message):
    for name in ("a", "c"):
        add(tmp_path, name)
    add(tmp_path, "b", boxes)
    documents, (problem,) = read_sroie(tmp_path)
    assert [document.name for document in documents] == ["a", "c"]
    assert problem[:2] == ("b", "box/b.csv")
    assert message in problem.message


def test_a_box_beyond_the_picture_is_bad(tmp_path):
    add(tmp_path, "a")
    (tmp_path / "img").mkdir()
    Image.new("L", (94, 400)).save(tmp_path / "img" / "a.jpg")
    documents, (problem,) = read_sroie(tmp_path)
    assert not documents
    assert "page of 94 x 400" in problem.message


@pytest.mark.parametrize(
    ("label", "where", "message"),
    [
        (None, "box/b.csv", "no label in key/ or entities/"),
        ("{", "key/b.json", "broken JSON"),
        ("[" * 10**5, "key/b.json", "too many levels"),
        ("", "key/b.json", "empty"),
        ("[1]", "key/b.json", "must be a mapping, got list"),
        ('{"company": "\\ud800"}', "key/b.json", "half a letter"),
        (LABEL | {"date": "soon"}, "key/b.json", "no date can be read from 'soon'"),
        (LABEL | {"total": "x"}, "key/b.json", "no total can be read from 'x'"),
    ],
)
def test_a_receipt_with_a_bad_label_is_there_without_a_target(tmp_path, label, where, message):
    add(tmp_path, "b", label=label)
    add(tmp_path, "c")
    (b, c), (problem,) = read_sroie(tmp_path)
    assert (b.target, len(b.segments)) == (None, 3)
    assert b.printed == (label if isinstance(label, dict) else None)
    assert c.target is not None
    assert problem[:2] == ("b", where)
    assert message in problem.message
    assert "without a target" in problem.message


def test_a_label_without_boxes_is_reported(tmp_path):
    add(tmp_path, "a")
    (tmp_path / "key" / "lost.json").write_text(json.dumps(LABEL))
    _, (problem,) = read_sroie(tmp_path)
    assert problem == ("lost", "key/lost.json", "the label has no file in box/")


def test_a_folder_without_boxes_is_no_set(tmp_path):
    (tmp_path / "box").mkdir()
    with pytest.raises(ValueError, match=f"folder must hold box/.*{tmp_path.name}"):
        read_sroie(tmp_path)
    with pytest.raises(ValueError, match="folder must hold box/"):
        read_sroie(tmp_path / "missing")


def test_two_files_of_one_receipt_are_one_document_and_a_problem(tmp_path):
    add(tmp_path, "001")
    (tmp_path / "box" / "001.txt").write_text(BOXES)
    documents, problems = read_sroie(tmp_path)
    assert len(documents) == 1
    assert [problem.where for problem in problems] == ["box/001.txt"]
