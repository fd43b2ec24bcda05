"""What the stored policy reads: values, agreement with labels, and the command."""

import csv
import json

import numpy as np
import pytest

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.pointing import FIELDS
from rlnotes.data.documents.word_boxes import as_record
from rlnotes.data.invoices import sample_invoices
from rlnotes.scripts import invoice_extraction, read_invoices
from rlnotes.scripts.invoice_extraction import as_table, extract, summary
from rlnotes.training.invoices import stored_policy
from rlnotes.training.invoices.evaluation import GivenAnswer
from rlnotes.training.invoices.examples import new_policy
from rlnotes.training.invoices.stored_policy import StoredPolicy

STORED = StoredPolicy(new_policy(0), "trained on nothing")
LABEL = {"vendor": "Acme", "date": "2018-03-05", "currency": "EUR", "total": "9.60"}
LINES = [{"amount": "4.80", "description": "Tea"}, {"amount": "4.80"}, {"description": "Cake"}]


def page(name="a", target=None, copies=1):
    boxes = [[0, 20 * i, 50, 20 * i + 10] for i in range(2 * copies)]
    texts = ("TOTAL", "9.60") * copies
    pages = np.zeros(len(texts), dtype=int)
    return Document(name, texts, np.array(boxes), pages, [(100, 20 * len(boxes))], target)


@pytest.fixture
def say(monkeypatch):
    """Let the policy give one answer to each document, whatever it is."""

    def give(answer, sure=(), lines=0.5):
        confidences = np.array([0.95 if name in sure else 0.3 for name in FIELDS] + [lines])
        given = GivenAnswer(answer, confidences)
        monkeypatch.setattr(invoice_extraction, "answer_all", lambda _, some: [given] * len(some))

    return give


def verdicts(target) -> dict:
    (values, *_) = extract([page(target=target)], STORED)
    return {value.field: value.agrees for value in values}


def test_each_value_has_its_field_its_confidence_and_whether_the_label_agrees(say):
    say(
        {"vendor": "ACME ", "total": "9.6", "tax": "1.00", "date": "2018-05-03"},
        sure=("vendor", "date"),
    )
    values, num_read, *_ = extract([page(target=LABEL), page("b")], STORED)
    assert num_read == 2
    shown = [(v.document, v.field, v.value, round(v.confidence, 6), v.agrees) for v in values]
    assert shown == [
        ("a", "vendor", "ACME ", 0.95, True),
        ("a", "date", "2018-05-03", 0.95, False),
        ("a", "tax", "1.00", 0.3, None),  # the label does not name it
        ("a", "total", "9.6", 0.3, True),
        ("b", "vendor", "ACME ", 0.95, None),
        ("b", "date", "2018-05-03", 0.95, None),
        ("b", "tax", "1.00", 0.3, None),
        ("b", "total", "9.6", 0.3, None),
    ]


def test_each_amount_of_a_line_agrees_as_often_as_the_label_has_it(say):
    say({"line_items": [{"amount": "4.80"}] * 3 + [{"amount": "x"}]}, lines=0.25)
    values, *_ = extract([page(target=LABEL | {"line_items": LINES})], STORED)
    assert [(v.field, v.confidence, v.agrees) for v in values] == [
        ("line_items 1", 0.25, True),
        ("line_items 2", 0.25, True),
        ("line_items 3", 0.25, False),
        ("line_items 4", 0.25, False),
    ]
    assert set(verdicts(LABEL).values()) == {None}


def test_a_label_that_is_too_long_to_be_read_is_no_hindrance(say):
    say({"total": "9.60"})
    assert verdicts(LABEL | {"line_items": [{"amount": "1.00"}] * 501}) == {"total": None}


def test_the_policy_does_not_see_the_label(monkeypatch):
    seen = []

    def watch(_, examples):
        seen.extend(examples)
        return [GivenAnswer({}, np.ones(len(FIELDS) + 1))] * len(examples)

    monkeypatch.setattr(invoice_extraction, "answer_all", watch)
    extract([page(target=LABEL)], STORED)
    assert seen[0].target is None
    assert seen[0].document.target is None
    assert seen[0].document.segments == ("TOTAL", "9.60")


def test_documents_in_any_number_and_order_keep_their_answers():
    names = [f"{number}" for number in range(70)]
    documents = [page(name, copies=1 + int(name) % 5) for name in names]
    values, num_read, *_ = extract(documents, STORED)
    assert num_read == 70
    alone = [value for d in documents for value in extract([d], STORED).values]
    assert [value[:3] for value in values] == [value[:3] for value in alone]
    assert values


def test_the_bar_is_on_stderr_and_counts_documents(say, monkeypatch):
    say({})
    counted = []

    class Bar:
        def __init__(self, *, total, file, disable, **_):
            counted.extend([total, file, disable])

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def update(self, count):
            counted.append(count)

    monkeypatch.setattr(invoice_extraction, "tqdm", Bar)
    extract([page()] * 40, STORED)
    assert counted == [40, invoice_extraction.sys.stderr, None, 32, 8]


def test_what_has_no_text_or_too_much_is_passed_over_and_said(say, monkeypatch):
    say({"total": "9.60"})
    monkeypatch.setattr(invoice_extraction, "MOST_SEGMENTS", 10)
    nothing = Document("x", (), np.zeros((0, 4)), np.zeros(0, dtype=int), np.zeros((0, 2)), LABEL)
    some = [nothing, page("b", copies=5), page("c", copies=6), nothing]
    extraction = extract(some, STORED)
    assert [value.document for value in extraction.values] == ["b"]
    assert extraction[1:] == (1, 2, 1)
    text = summary(extraction, "x")
    assert "policy: 2 documents have no text to read\n" in text
    assert "policy: 1 documents have more than 10 segments and were not read\n" in text


def test_the_summary_counts_confident_values_and_those_that_agree(say):
    say({"vendor": "Acme", "date": "2018-05-03", "total": "9.60", "tax": "1.00"}, sure=FIELDS[:3])
    lines = summary(extract([page(target=LABEL), page("b")], STORED), "made of paper").splitlines()
    assert lines == [
        "policy: made of paper",
        "policy: 8 values in 2 documents, 4 with a confidence of 0.9 or more",
        "policy: of the values that a label names, 1 of 2 confident ones agree with it, "
        "and 1 of 1 others",
        "policy: a confidence is its own opinion, no substitute for a check",
    ]


def test_without_labels_the_summary_says_so(say):
    say({"total": "9.60"})
    text = summary(extract([page()], STORED), "x")
    assert "policy: there is no label to compare its values with\n" in text
    assert "agree" not in text


def test_the_table_holds_texts_and_not_formulas(say):
    say({"vendor": "=A1", "rounding": "-0.01"}, sure=("vendor",))
    rows = list(csv.DictReader(as_table(extract([page("@a")], STORED)).decode().splitlines()))
    assert [tuple(row.values()) for row in rows] == [
        ("'@a", "vendor", "'=A1", "0.950"),
        ("'@a", "rounding", "-0.01", "0.300"),
    ]


def test_no_value_leaves_a_table_with_its_head(say):
    say({})
    extraction = extract([page()], STORED)
    assert as_table(extraction) == b"document,field,value,confidence\n"
    assert extract([], STORED) == ((), 0, 0, 0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Five invoices, two without a label, and something that cannot be read."""
    documents = sample_invoices(5, seed=6)
    records = [json.dumps(as_record(document)) for document in documents]
    for number in (1, 3):
        records[number] = json.dumps(json.loads(records[number]) | {"target": None})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.jsonl").write_text("\n".join([*records, "{"]))
    monkeypatch.setattr(stored_policy, "stored_policy", lambda: STORED)
    return tmp_path / "mine"


def run(*arguments) -> int:
    return read_invoices.main(list(map(str, arguments)))


def test_the_command_writes_what_the_policy_reads_beside_the_rest(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(folder, "--output", out, "--policy") == 0
    printed, problems = capsys.readouterr()
    assert problems == ""  # no bar where nobody looks
    assert "policy: trained on nothing\n" in printed
    assert "no substitute for a check\nwritten to " in printed
    names = {path.name for path in out.iterdir() if path.name[0] != "."}
    assert names == {"documents.jsonl", "labels.csv", "problems.csv", "extracted.csv"}
    with (out / "extracted.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    known = {json.loads(line)["id"] for line in (out / "documents.jsonl").open()}
    assert {row["document"] for row in rows} <= known
    assert all(0 <= float(row["confidence"]) <= 1 for row in rows)
    assert run(folder, "--output", out) == 0  # without the policy its file goes as well
    assert not (out / "extracted.csv").exists()
    assert "policy" not in capsys.readouterr().out


def test_the_command_works_without_labels(folder, tmp_path, capsys):
    lines = (folder / "a.jsonl").read_text().splitlines()
    (folder / "a.jsonl").write_text("\n".join([lines[1], lines[3]]))
    assert run(folder, "--output", tmp_path / "out", "--policy") == 0
    assert "policy: there is no label to compare its values with" in capsys.readouterr().out
    assert (tmp_path / "out" / "extracted.csv").exists()


def test_an_interruption_of_the_policy_writes_nothing(folder, tmp_path, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(invoice_extraction, "extract", interrupt)
    assert run(folder, "--output", tmp_path / "out", "--policy") == 130
    assert "nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_readable_is_a_failure_with_the_policy_too(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    assert run(tmp_path / "mine", "--output", tmp_path / "out", "--policy") == 1
    assert "could be read, so nothing was written" in capsys.readouterr().err
