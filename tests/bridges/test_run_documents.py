import json

import pytest

from rlnotes.bridges.run_documents import invented, of_folder


LABEL = {"vendor": "Acme", "date": "2026-05-03", "currency": "EUR", "total": "9.60"}


def line(name, *words, **label):
    boxes = [[10, 10 + 20 * i, 60, 20 + 20 * i] for i in range(len(words))]
    record = {"id": name, "segments": words, "boxes": boxes, "size": [100, 200]}
    return json.dumps(record | ({"target": label} if label else {})) + "\n"


@pytest.fixture
def folder(tmp_path):
    lines = [
        line("good", "Acme", "9.60", **LABEL),
        line("unlabelled", "Acme", "9.60"),
        line("long", *["x"] * 9, **LABEL),
    ]
    (tmp_path / "bills.jsonl").write_text("".join([*lines, "no json\n"]))
    return tmp_path


def test_invented_documents_are_short_and_those_of_the_seed():
    first, again, other = (
        [(d.name, len(d.segments)) for d in invented(6, seed=seed, most_segments=40)]
        for seed in (1, 1, 2)
    )
    assert len(first) == 6
    assert all(length <= 40 for _, length in first)
    assert first == again != other


def test_of_a_folder_those_are_used_that_can_teach_and_the_others_are_named(folder, capsys):
    assert [document.name for document in of_folder(folder, most_segments=8)] == ["good"]
    errors = capsys.readouterr().err
    assert "unlabelled: no label" in errors
    assert "long: 9 segments; those with 1 to 8 are used" in errors
    assert "bills.jsonl" in errors  # the line that is no JSON
    assert "good" not in errors


def test_without_labels_more_can_be_used(folder):
    used = of_folder(folder, most_segments=8, labels=False)
    assert [document.name for document in used] == ["good", "unlabelled"]


def test_a_folder_without_such_documents_is_refused(folder, tmp_path):
    with pytest.raises(ValueError, match="holds no document to train on"):
        of_folder(folder, most_segments=1)
    with pytest.raises(ValueError, match="folder must be a folder"):
        of_folder(tmp_path / "missing", most_segments=1)
