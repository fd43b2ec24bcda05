"""How many labels add up: verdicts by hand, the table, the recording, and bad input."""

import json

import pytest

from rlnotes.scripts import label_rules
from rlnotes.scripts.label_rules import table, verdicts
from rlnotes.training import recordings

LEAST = {"vendor": "A", "date": "2018-03-05", "currency": "EUR"}
# 10.00 + 1.90 = 11.90; 19 % of 10.00 is 1.90
SIMPLE = LEAST | {"subtotal": "10.00", "tax": "1.90", "total": "11.90", "payable": "11.90"}
SIMPLE |= {
    "tax_breakdown": [{"rate": "19", "base": "10.00", "tax": "1.90"}],
    "line_items": [{"amount": "4.00"}, {"amount": "6.00"}],
}
# 12.00 in lines, 2.00 off; 5.00 paid before. Right, but not by the naive rules.
RICH = SIMPLE | {"allowances": "2.00", "prepaid": "5.00", "payable": "6.90"}
RICH |= {"line_items": [{"amount": "12.00"}], "lines_total": "12.00"}
WRONG = SIMPLE | {"total": "11.80", "payable": "11.80"}
TWO_RATES = LEAST | {
    "subtotal": "20.00",
    "tax": "2.60",
    "total": "22.60",
    "tax_breakdown": [
        {"rate": "19", "base": "10.00", "tax": "1.90"},
        {"rate": "7", "base": "10.00", "tax": "0.70"},
    ],
}


def broken(target) -> dict[str, set[str]]:
    rows = verdicts([("a", target)])
    assert {row["document"] for row in rows} == {"a"}
    assert {row["holds"] for row in rows} <= {"yes", "no"}
    return {
        kind: {row["rule"] for row in rows if (row["rules"], row["holds"]) == (kind, "no")}
        for kind in ("naive", "full")
    }


@pytest.mark.parametrize(
    ("target", "naive", "full"),
    [
        (SIMPLE, set(), set()),
        (RICH, {"lines", "payable"}, set()),
        (TWO_RATES, {"tax_rates"}, set()),
        (WRONG, {"total"}, {"total"}),
    ],
    ids=["simple", "rich", "two rates", "wrong"],
)
def test_verdicts_by_hand(target, naive, full):
    assert broken(target) == {"naive": naive, "full": full}


def test_there_is_a_row_for_each_rule_that_can_be_judged_and_no_other():
    rows = verdicts([("a", LEAST | {"subtotal": "1.00", "tax": "0.10", "total": "1.10"})])
    assert rows == [
        {"document": "a", "rules": "naive", "rule": "total", "holds": "yes"},
        {"document": "a", "rules": "full", "rule": "total", "holds": "yes"},
    ]
    assert verdicts([("a", LEAST | {"total": "1.10"})]) == []


def test_a_label_that_is_too_long_has_no_row():
    long = SIMPLE | {"line_items": [{"amount": "1.00"}] * 501}
    assert verdicts([("a", long)]) == []
    assert {row["document"] for row in verdicts([("a", long), ("b", SIMPLE)])} == {"b"}


def test_the_table_counts_rules_and_documents():
    labels = {"a": SIMPLE, "b": RICH, "c": WRONG, "d": TWO_RATES}
    lines = [line.split() for line in table(verdicts(labels.items())).splitlines()]
    assert lines[0] == ["rules", "rule", "broken", "of"]
    counts = {(kind, " ".join(rule)): (int(no), int(of)) for kind, *rule, no, of in lines[1:]}
    assert counts == {
        ("naive", "lines"): (1, 3),
        ("naive", "total"): (1, 4),
        ("naive", "payable"): (1, 3),
        ("naive", "tax_rates"): (1, 4),
        ("naive", "any of them"): (3, 4),  # one document breaks two rules
        ("full", "lines"): (0, 3),
        ("full", "total"): (1, 4),
        ("full", "payable"): (0, 3),
        ("full", "lines_total"): (0, 1),
        ("full", "tax_sum"): (0, 4),
        ("full", "tax_bases"): (0, 4),
        ("full", "tax_rates"): (0, 4),
        ("full", "any of them"): (1, 4),
    }


@pytest.fixture
def folder(tmp_path):
    """Two labels, one record without a label, and a line that cannot be read."""
    root = tmp_path / "mine"
    root.mkdir()
    page = {"segments": ["x"], "boxes": [[0, 0, 1, 1]], "size": [9, 9]}
    labels = {"=a": RICH, "b": WRONG, "c": None}
    lines = [json.dumps(page | {"id": name, "target": label}) for name, label in labels.items()]
    (root / "all.jsonl").write_text("\n".join([*lines, "{"]))
    return root


def run(*arguments) -> int:
    return label_rules.main(list(map(str, arguments)))


def test_the_command_prints_the_table_and_what_could_not_be_read(folder, capsys):
    assert run(folder) == 0
    printed, problems = capsys.readouterr()
    totals = [line.split()[-2:] for line in printed.splitlines() if "any of them" in line]
    assert totals == [["2", "2"], ["1", "2"]]
    assert problems.startswith("all.jsonl, line 4: broken JSON")
    assert len(problems.splitlines()) == 1


def test_the_verdicts_are_kept_as_a_recording(folder, tmp_path, capsys, monkeypatch):
    kept = tmp_path / "rules.csv"
    for _ in range(2):  # the second time in place of the first
        assert run(folder, "--output", kept) == 0
    lines = kept.read_text().splitlines()
    assert f"{lines[0]}\n" == label_rules.FIRST_LINE
    assert lines[1] == "document,rules,rule,holds"
    monkeypatch.setattr(recordings, "FOLDER", tmp_path)
    rows = recordings.load("rules")
    expected = verdicts([("'=a", RICH), ("b", WRONG)])  # no formula for a spreadsheet
    assert rows == expected
    assert "any of them" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (None, "holds no label that can be read"),
        (LEAST | {"total": "x"}, "holds no label that can be read"),
        (LEAST | {"total": "1.00"}, "has sums to check"),
    ],
)
def test_without_anything_to_check_there_is_no_table(folder, tmp_path, capsys, target, message):
    record = json.loads((folder / "all.jsonl").read_text().splitlines()[0])
    (folder / "all.jsonl").write_text(json.dumps(record | {"target": target}))
    assert run(folder, "--output", tmp_path / "rules.csv") == 1
    printed, problems = capsys.readouterr()
    assert printed == ""
    assert message in problems.splitlines()[-1]
    assert not (tmp_path / "rules.csv").exists()


def test_an_empty_folder_holds_no_label(tmp_path, capsys):
    assert run(tmp_path) == 1
    assert capsys.readouterr().err == f"{tmp_path} holds no label that can be read\n"


@pytest.mark.parametrize("name", ["nowhere", "mine/all.jsonl"])
def test_a_folder_that_is_none_is_an_error_in_words(folder, tmp_path, capsys, name):
    with pytest.raises(SystemExit, match="2"):
        run(tmp_path / name)
    assert f"folder must be a folder, got {tmp_path / name}" in capsys.readouterr().err


def test_a_file_that_the_command_did_not_make_is_refused_before_the_work(
    folder, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(label_rules, "read_folder", lambda *_: pytest.fail("read"))
    (tmp_path / "rules.csv").write_text("mine\n")
    with pytest.raises(SystemExit, match="2"):
        run(folder, "--output", tmp_path / "rules.csv")
    assert "was not made by this command" in capsys.readouterr().err
    assert (tmp_path / "rules.csv").read_text() == "mine\n"


def test_documents_of_one_name_are_counted_apart():
    good = {"subtotal": "8.00", "tax": "1.60", "total": "9.60"}
    rows = verdicts([("a", good), ("a", {**good, "total": "9.00"}), ("b", good)])
    holds = {row["document"]: row["holds"] for row in rows if row["rules"] == "naive"}
    assert holds == {"a": "yes", "a (2)": "no", "b": "yes"}
