"""A folder of all kinds: everything is found, in order, and nothing stops the rest."""

import json
import os
import sys

import pytest

from rlnotes.data.documents.folders import find_sources, read_folder
from rlnotes.data.documents.sroie import read_sroie
from rlnotes.data.documents.word_boxes import read_word_boxes
from tests.data.documents.test_sroie import add
from tests.data.documents.test_word_boxes import RECORD


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "mine"
    add(root / "till" / "train", "002")
    add(root / "till" / "train", "001", "broken")
    (root / "till" / "train" / "key" / "lost.json").write_text("{}")
    (root / "till" / "train" / "img").mkdir()
    (root / "till" / "train" / "img" / "no.pdf").write_bytes(b"")
    for name in ("b.jsonl", "a.jsonl", ".hidden.jsonl", "notes.txt"):
        (root / name).write_text(json.dumps(RECORD | {"id": name}))
    (root / ".git").mkdir()
    (root / ".git" / "c.jsonl").write_text("x")
    return root


def test_sources_are_found_by_kind_and_sorted(folder):
    (folder / "A.PDF").write_bytes(b"")
    found = [(s.path.relative_to(folder).as_posix(), s.kind) for s in find_sources(folder)]
    assert found == [
        ("A.PDF", "pdf"),
        ("a.jsonl", "words"),
        ("b.jsonl", "words"),
        ("till/train", "labels"),
        ("till/train/box/001.csv", "receipt"),
        ("till/train/box/002.csv", "receipt"),
    ]


def test_everything_is_read_and_what_cannot_be_is_reported(folder):
    (folder / "empty.jsonl").write_text("")
    documents, problems = read_folder(folder)
    assert [document.name for document in documents] == ["a.jsonl", "b.jsonl", "till/train/002"]
    assert [problem.where for problem in problems] == [
        "empty.jsonl",
        "till/train/key/lost.json",
        "till/train/box/001.csv",
    ]


def test_the_currency_reaches_both_kinds_of_labels(folder):
    label = {"company": "A", "date": "05/03/2018", "total": "$9.60"}
    (folder / "c.jsonl").write_text(json.dumps(RECORD | {"entities": label}))
    (receipt,) = (d for d in read_folder(folder / "till", currency="AUD").documents)
    assert receipt.target["currency"] == "MYR"  # RM stands on its page
    targets = [document.target for document in read_folder(folder, currency="AUD").documents]
    assert [target["currency"] for target in targets if target] == ["AUD", "MYR"]


def test_a_currency_that_is_no_code_is_refused(folder):
    for read, place in ((read_folder, folder), (read_sroie, folder / "till")):
        with pytest.raises(ValueError, match="currency must be a code of ISO 4217, got 'RM'"):
            read(place, currency="RM")
    with pytest.raises(ValueError, match="currency must be a code of ISO 4217, got ''"):
        read_word_boxes(folder / "a.jsonl", currency="")


def test_progress_counts_up_to_all_sources(folder):
    calls = []
    read_folder(folder, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(done, 5) for done in range(6)]


def test_a_folder_that_is_none_is_refused(folder):
    for path in (folder / "missing", folder / "a.jsonl"):
        with pytest.raises(ValueError, match=f"folder must be a folder, got .*{path.name}"):
            read_folder(path)
    assert read_folder(folder / "till" / "train" / "img" / "..", progress=None).documents
    (folder / "none").mkdir()
    assert read_folder(folder / "none") == ((), ())


def test_pdfs_without_the_extra_are_problems_with_the_command(folder, monkeypatch):
    for library in ("pdfplumber", "facturx", "pypdf", "lxml"):
        monkeypatch.setitem(sys.modules, library, None)
    (folder / "a.pdf").write_bytes(b"%PDF")
    (folder / "b.xml").write_text("<Invoice/>")
    documents, problems = read_folder(folder)
    assert len(documents) == 3
    for problem, name in zip(problems[:2], ("a.pdf", "b.xml"), strict=True):
        assert problem[:2] == (name, name)
        assert 'pip install -c constraints.txt -e ".[documents]"' in problem.message


def test_pdf_and_xml_are_named_by_their_place(tmp_path):
    pytest.importorskip("pdfplumber", reason="needs the extra documents")
    pytest.importorskip("facturx", reason="needs the extra documents")
    from tests.data.documents.invoice_files import TARGET, cii
    from tests.data.documents.pdf_files import write_pdf

    (tmp_path / "x").mkdir()
    write_pdf(tmp_path / "x" / "a.pdf", [(9, 9, "Tea")])
    write_pdf(tmp_path / "x" / "no.pdf")
    (tmp_path / "x" / "b.xml").write_text(cii())
    (tmp_path / "x" / "c.xml").write_text("<a/>")
    (a, b), problems = read_folder(tmp_path)
    assert (a.name, a.segments, a.target) == ("x/a.pdf", ("Tea",), None)
    assert (b.name, b.segments, b.target) == ("x/b.xml", (), TARGET)
    assert [problem.where for problem in problems] == ["x/c.xml", "x/no.pdf"]


def test_files_of_one_name_in_two_folders_stay_apart(tmp_path):
    nameless = {key: value for key, value in RECORD.items() if key != "id"}
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.jsonl").write_text(json.dumps(nameless) + "\n{")
    documents, problems = read_folder(tmp_path)
    assert [document.name for document in documents] == ["a/x.jsonl:1", "b/x.jsonl:1"]
    assert [problem.where for problem in problems] == ["a/x.jsonl, line 2", "b/x.jsonl, line 2"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "p.jsonl")
    assert read_folder(tmp_path).problems == (("p.jsonl", "p.jsonl", "not a file"),)


def test_a_folder_that_nobody_may_list_is_a_problem(folder, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path) == os.fspath(folder / "till"):
            raise PermissionError(13, "no", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    documents, problems = read_folder(folder)
    assert len(documents) == 2
    assert [problem.name for problem in problems] == ["till"]
