"""The table of baselines on receipts: its numbers, and what it says to bad input."""

import json

import pytest

from rlnotes.scripts import receipt_baselines
from rlnotes.scripts.receipt_baselines import are_right
from rlnotes.training import recordings

LINES = {
    "INK SDN BHD": (10, 10),
    "DATE 05/03/2018": (10, 30),
    "AMOUNT": (10, 50),
    "7.30": (80, 50),
    "TOTAL": (10, 70),
    "7.00": (80, 70),
    "CASH": (10, 90),
    "10.00": (80, 90),
    "CHANGE": (10, 110),
    "2.70": (80, 110),
}
LABEL = {"company": "Ink  Sdn Bhd", "date": "05/03/2018", "address": "", "total": "RM7.30"}
TARGET = {"vendor": "Ink Sdn Bhd", "date": "2018-03-05", "currency": "MYR", "total": "7.30"}


def write(folder, name, label):
    for part in ("box", "key"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    rows = [
        f"{x},{y},{x + 60},{y},{x + 60},{y + 15},{x},{y + 15},{text}"
        for text, (x, y) in LINES.items()
    ]
    (folder / "box" / f"{name}.csv").write_text("\n".join(rows))
    if label is not None:
        (folder / "key" / f"{name}.json").write_text(json.dumps(label))


def run(folder, capsys) -> tuple[int, str, str]:
    code = receipt_baselines.main([str(folder)])
    return code, *capsys.readouterr()


def test_the_table_counts_what_is_right(tmp_path, capsys):
    for number in range(3):
        write(tmp_path, f"00{number}", LABEL)
    write(tmp_path, "003", LABEL | {"company": "PEN SDN BHD", "total": "7.00"})
    code, printed, problems = run(tmp_path, capsys)
    assert (code, problems) == (0, "")
    lines = printed.splitlines()
    assert lines[0].split() == ["rules", "field", "share", "95%", "interval", "right", "of"]
    # 3 of 4, Wilson with z = 1.96: (3 + 1.96^2 / 2) / (4 + 1.96^2) -+ .326
    assert lines[1].split() == ["plain", "vendor", "75.0%", "30.1%", "-", "95.4%", "3", "4"]
    assert [int(line.split()[-2]) for line in lines[1:9]] == [3, 4, 1, 0, 3, 4, 3, 3]
    assert lines[8].startswith("with cash   all three")
    assert lines[9].startswith("CPU time: plain ")


def test_receipts_without_a_label_are_named_and_left_out(tmp_path, capsys):
    write(tmp_path / "train", "000", LABEL)
    write(tmp_path / "test", "001", None)
    code, printed, problems = run(tmp_path, capsys)
    assert code == 0
    assert {line.split()[-1] for line in printed.splitlines()[1:9]} == {"1"}
    assert "test/box/001.csv" in problems


def test_only_some_problems_are_listed(tmp_path, capsys):
    for number in range(13):
        write(tmp_path, f"{number:03}", LABEL if number == 0 else None)
    code, _, problems = run(tmp_path, capsys)
    assert code == 0
    assert len(problems.splitlines()) == 11
    assert problems.endswith("and 2 more problems\n")


def test_without_any_label_there_is_no_table(tmp_path, capsys):
    write(tmp_path, "000", None)
    code, printed, problems = run(tmp_path, capsys)
    assert (code, printed) == (1, "")
    assert problems.endswith("holds no receipt with a label that can be read\n")


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_a_folder_without_receipts_is_an_error_in_words(tmp_path, capsys, name):
    with pytest.raises(SystemExit) as error:
        receipt_baselines.main([str(tmp_path / name)])
    assert error.value.code == 2
    assert "error: folder must hold box/" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "right"),
    [
        ({}, [True, True, True, True]),
        ({"vendor": "INK SDN BHD", "total": "7.3"}, [True, True, True, True]),
        ({"vendor": "INK"}, [False, True, True, False]),
        ({"date": "2018-05-03"}, [True, False, True, False]),
        ({"total": "-7.30"}, [True, True, False, False]),
        ({"currency": "EUR"}, [True, True, True, True]),
    ],
)
def test_fields_are_compared_as_values(change, right):
    assert are_right(TARGET | change, TARGET) == right


def test_an_empty_answer_is_wrong_everywhere():
    assert are_right({}, TARGET) == [False] * 4


def test_the_counts_are_kept_as_a_recording(tmp_path, capsys, monkeypatch):
    for number in range(3):
        write(tmp_path / "receipts", f"00{number}", LABEL)
    kept = tmp_path / "rules.csv"
    for _ in range(2):  # the second time in place of the first
        assert receipt_baselines.main([str(tmp_path / "receipts"), "--output", str(kept)]) == 0
    lines = kept.read_text().splitlines()
    assert lines[0].startswith("# made by: python -m rlnotes.scripts.receipt_baselines ")
    assert str(tmp_path) not in lines[0]
    assert lines[1] == "baseline,field,right,count"
    monkeypatch.setattr(recordings, "FOLDER", tmp_path)
    rows = [tuple(row.values()) for row in recordings.load("rules")]
    assert rows == [
        ("plain", "vendor", 3.0, 3.0),
        ("plain", "date", 3.0, 3.0),
        ("plain", "total", 0.0, 3.0),
        ("plain", "all three", 0.0, 3.0),
        ("with cash", "vendor", 3.0, 3.0),
        ("with cash", "date", 3.0, 3.0),
        ("with cash", "total", 3.0, 3.0),
        ("with cash", "all three", 3.0, 3.0),
    ]
    assert "plain" in capsys.readouterr().out  # the table is printed all the same


def test_without_any_label_no_recording_is_written(tmp_path, capsys):
    write(tmp_path, "000", None)
    assert receipt_baselines.main([str(tmp_path), "--output", str(tmp_path / "rules.csv")]) == 1
    assert not (tmp_path / "rules.csv").exists()


def test_a_file_that_the_command_did_not_make_is_refused_before_the_work(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(receipt_baselines, "read_sroie", lambda *_: pytest.fail("read"))
    kept = tmp_path / "rules.csv"
    kept.write_text("mine\n")
    with pytest.raises(SystemExit, match="2"):
        receipt_baselines.main([str(tmp_path), "--output", str(kept)])
    assert "was not made by this command" in capsys.readouterr().err
    assert kept.read_text() == "mine\n"


@pytest.mark.parametrize(
    ("name", "other", "same"),
    [
        (" Blue  INK ", "blue ink", True),
        ("\uff22\uff2c\uff35\uff25 INK", "blue ink", True),
        ("STRASSE", "Stra\u00dfe", True),
        ("BLUE INK", "BLUEINK", False),
        ("BLUE INK.", "BLUE INK", False),
    ],
)
def test_names_are_compared_without_case_width_and_blanks(name, other, same):
    rest = {"date": "2018-03-05", "total": "9.60"}
    right = [same, True, True, same]
    assert are_right({"vendor": name, **rest}, {"vendor": other, **rest}) == right
