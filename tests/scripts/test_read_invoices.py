"""The command that reads a folder: what it prints, writes, and refuses to write."""

import csv
import json
import os
import re

import pytest

from rlnotes.data.documents.word_boxes import as_record, read_word_boxes
from rlnotes.scripts import read_invoices
from tests.data.documents.test_sroie import BOXES, LABEL, add
from tests.data.documents.test_word_boxes import RECORD
from tests.scripts.interruptions import at_every_step

ROWS = {"line_items": [{"description": "Te\u00e1, green", "amount": "9.60"}]}
TARGET = {"vendor": "A", "date": "2018-03-05", "currency": "EUR", "total": "9.60"} | ROWS


@pytest.fixture
def folder(tmp_path, monkeypatch):
    root = tmp_path / "mine"
    add(root, "001")
    add(root, "002", "broken")
    add(root, "003", label=None)
    (root / "a.jsonl").write_text(json.dumps(RECORD | {"target": TARGET}))
    monkeypatch.chdir(tmp_path)
    return root


def run(*arguments) -> int:
    return read_invoices.main(list(map(str, arguments)))


def everything(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_it_prints_a_table_and_every_problem(folder, tmp_path, capsys):
    assert run(folder, "--output", tmp_path / "out") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "kind", "pages", "segments", "arithmetic", "label"]
    shown = [re.split(r"\s{2,}", line) for line in lines[1:4]]
    assert shown == [
        ["a", "words", "1", "2", "adds up", "vendor, date, currency, total, line_items"],
        ["001", "receipt", "1", "3", "no sums", "vendor, date, currency, total"],
        ["003", "receipt", "1", "3", "-", "-"],
    ]
    assert lines[4] == "3 documents, 2 with a label, 2 problems"
    assert lines[5] == "1 of 1 labels with sums add up"
    assert lines[6].startswith("  box/002.csv: line 1 must hold eight numbers")
    assert lines[7].startswith("  box/003.csv: no label")
    assert lines[8] == f"written to {tmp_path / 'out'}"


def test_the_documents_are_read_back_equal_and_tables_hold_the_rest(folder, tmp_path):
    out = tmp_path / "out"
    before = everything(folder)
    assert run(folder, "--output", out) == 0
    assert everything(folder) == before
    again, problems = read_word_boxes(out / "documents.jsonl")
    first = [reading for _, reading in read_invoices.read_all(folder, currency="MYR")]
    originals = [document for reading in first for document in reading.documents]
    assert not problems
    assert [as_record(d) for d in again] == [as_record(d) for d in originals]
    labels = rows(out / "labels.csv")
    assert [(row["name"], row["total"], row["tax"]) for row in labels] == [
        ("a", "9.60", ""),
        ("001", "9.60", ""),
    ]
    assert json.loads(labels[0]["line_items"]) == ROWS["line_items"]
    assert labels[1]["line_items"] == ""
    assert [row["name"] for row in rows(out / "problems.csv")] == ["002", "003"]


SUMS = {"subtotal": "8.00", "tax": "1.60", "total": "9.60", "payable": "9.60"}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "adds up"),
        ({"total": "9.70", "payable": "9.70"}, "total"),
        ({"total": "9.70"}, "total, payable"),
        ({"payable": "9.50"}, "payable"),
        ({"line_items": [{"amount": "1.00"}] * 501}, "too long"),
    ],
)
def test_a_label_adds_up_or_the_rules_that_fail_are_named(
    folder, tmp_path, capsys, change, verdict
):
    record = RECORD | {"target": TARGET | {"line_items": [{"amount": "8.00"}]} | SUMS | change}
    (folder / "a.jsonl").write_text(json.dumps(record))
    assert run(folder, "--output", tmp_path / "out") == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"  {verdict}  " in lines[1]
    right, checked = int(verdict == "adds up"), int(verdict != "too long")
    assert lines[5] == f"{right} of {checked} labels with sums add up"
    kept = [row["arithmetic"] for row in rows(tmp_path / "out" / "labels.csv")]
    assert kept == [verdict, "no sums"]


def test_texts_that_look_like_formulas_are_texts_in_the_tables(folder, tmp_path):
    label = TARGET | {"vendor": "=A1", "rounding": "-0.01"}
    (folder / "a.jsonl").write_text(json.dumps(RECORD | {"id": "@a", "target": label}))
    (folder / "b.jsonl").write_text(json.dumps(RECORD | {"id": "-b", "size": 0}))
    assert run(folder, "--output", tmp_path / "out") == 0
    (row, _) = rows(tmp_path / "out" / "labels.csv")
    assert (row["name"], row["vendor"], row["rounding"]) == ("'@a", "'=A1", "-0.01")
    assert rows(tmp_path / "out" / "problems.csv")[0]["name"] == "'-b"
    document = read_word_boxes(tmp_path / "out" / "documents.jsonl").documents[0]
    assert (document.name, document.target["vendor"]) == ("@a", "=A1")


def test_without_labels_and_problems_the_tables_have_their_heads(folder, tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "a.jsonl").write_text(json.dumps(RECORD))
    assert run("plain", "--output", "out") == 0
    assert (tmp_path / "out" / "problems.csv").read_text() == "name,where,message\n"
    head = (tmp_path / "out" / "labels.csv").read_text()
    assert head.startswith("name,vendor,date,currency,")
    assert head.endswith(",line_items,arithmetic\n")


def test_it_replaces_what_it_wrote_and_nothing_else(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(folder, "--output", out) == 0
    add(folder, "004")
    assert run(folder, "--output", out) == 0
    assert len(read_word_boxes(out / "documents.jsonl").documents) == 4
    (out / "mine.txt").write_text("mine")
    before = everything(out)
    assert run(folder, "--output", out) == 2
    assert "holds mine.txt" in capsys.readouterr().err
    assert everything(out) == before


@pytest.mark.parametrize(
    "place", ["mine", "mine/out", "mine/box", ".", "..", "link", "link/out", "a_file"]
)
def test_it_never_writes_beside_the_sources_or_around_them(folder, tmp_path, place):
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "a_file").write_text("mine")
    before = everything(tmp_path)
    assert run(folder, "--output", place) == 2
    assert everything(tmp_path) == before
    assert not (folder / "out").exists()


@pytest.mark.parametrize("folders", [("missing", "out"), ("a_file", "out")])
def test_a_folder_that_is_none_is_one_line(tmp_path, monkeypatch, capsys, folders):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_file").write_text("")
    assert run(folders[0], "--output", folders[1]) == 2
    assert capsys.readouterr().err == f"there is no folder {folders[0]}\n"
    assert os.listdir(tmp_path) == ["a_file"]


@pytest.mark.parametrize(
    "arguments", [[], ["mine"], ["", "--output", "out"], ["x", "--output", ""]]
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(SystemExit, match="2"):
        run(*arguments)


@pytest.mark.parametrize("name", ["a.jsonl", "a.txt"])
def test_nothing_readable_is_a_failure_and_writes_nothing(tmp_path, capsys, name):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / name).write_text("{")
    assert run(folder, "--output", tmp_path / "out") == 1
    assert "could be read, so nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_currency_can_be_chosen(folder, tmp_path):
    add(folder, "001", BOXES.replace("RM", "$"), LABEL)
    assert run(folder, "--output", tmp_path / "out", "--currency", "AUD") == 0
    assert rows(tmp_path / "out" / "labels.csv")[1]["currency"] == "AUD"


def test_control_characters_of_a_file_do_not_reach_the_screen(folder, tmp_path, capsys):
    record = RECORD | {"id": "a\u001b[2J" + "x" * 90, "target": TARGET | {"\u001b]0;": 1}}
    (folder / "a.jsonl").write_text(json.dumps(record))
    (folder / "b.jsonl").write_text(json.dumps(RECORD | {"id": "\u001b", "size": "\u001b"}))
    assert run(folder, "--output", tmp_path / "out") == 0
    printed = capsys.readouterr().out
    assert "\u001b" not in printed
    assert all(line.isprintable() for line in printed.splitlines())
    assert all(len(line.split()[0]) <= 36 for line in printed.splitlines()[1:4])


def test_broken_off_at_any_step_the_old_or_the_new_lies_there_whole(folder, tmp_path):
    out = tmp_path / "out"
    assert run(folder, "--output", out) == 0
    old = everything(out)
    add(folder, "004")
    for block in at_every_step(OSError(28, "no space left")):
        with block:
            assert run(folder, "--output", out) in (0, 1)
        now = everything(out)
        if now != old:
            break
    assert sorted(now) == sorted(old)
    assert len(read_word_boxes(out / "documents.jsonl").documents) == 4


def test_an_interruption_while_reading_writes_nothing(folder, tmp_path, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(read_invoices, "read_source", interrupt)
    assert run(folder, "--output", tmp_path / "out") == 130
    assert "nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
