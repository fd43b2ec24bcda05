"""The comparison on unseen sellers: the split, the numbers printed and those kept."""

import csv
import json

import numpy as np
import pytest

from rlnotes.data.documents.sroie import read_sroie
from rlnotes.data.invoices import sample_invoices
from rlnotes.scripts import receipt_policy
from rlnotes.scripts.receipt_policy import Measured, as_recording, measure, table
from rlnotes.training import recordings
from rlnotes.training.invoices import sft
from rlnotes.training.invoices.receipts import RECEIPT_LAYOUTS, Config

STEP = sft.Config(num_steps=1, batch_size=2, vary=False)
SHORT = Config(num_invented=2, invented=STEP, real=STEP)


def write(folder, documents):
    """Documents as files of SROIE, text and label."""
    for part in ("box", "key"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number, document in enumerate(documents):
        rows = [
            f"{x:.0f},{y:.0f},{r:.0f},{y:.0f},{r:.0f},{b:.0f},{x:.0f},{b:.0f},{text}"
            for (x, y, r, b), text in zip(document.boxes, document.segments, strict=True)
        ]
        (folder / "box" / f"{number:03}.csv").write_text("\n".join(rows))
        target = document.target
        label = {"company": target["vendor"], "date": target["date"], "total": target["total"]}
        (folder / "key" / f"{number:03}.json").write_text(json.dumps(label))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(receipt_policy, "CONFIG", SHORT)
    write(tmp_path / "receipts", sample_invoices(10, seed=4, layouts=RECEIPT_LAYOUTS))
    return tmp_path / "receipts"


def run(*arguments) -> int:
    return receipt_policy.main(list(map(str, arguments)))


# By hand: 4 receipts of the sellers 7, 7, 7, 9; vendor, date, total, all three.
PLAIN = [[1, 1, 0, 0], [0, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1]]
CASH = [[1, 1, 1, 1], [0, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1]]
FIRST = [[0, 1, 1, 0], [0, 1, 1, 0], [1, 1, 1, 1], [1, 0, 1, 0]]
SECOND = [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 0, 0]]
MEASURED = Measured(
    {
        "plain": np.array([PLAIN], dtype=bool),
        "with cash": np.array([CASH], dtype=bool),
        "policy, invented": np.array([FIRST, FIRST], dtype=bool),
        "policy": np.array([FIRST, SECOND], dtype=bool),
    },
    sellers=np.array([7, 7, 7, 9]),
    num_training=6,
    num_sellers=5,
    seconds=np.array([3.4, 12.6]),
)


def test_the_table_says_what_was_measured():
    lines = table(MEASURED).splitlines()
    assert lines[0] == "trained on 6 receipts of 5 sellers, tested on 4 of 2 others"
    assert lines[1].split() == ["reader", "field", "share", "95%", "interval", "seeds"]
    rows = {(line[:18].strip(), line[18:29].strip()): line[29:] for line in lines[2:18]}
    assert len(rows) == 16
    # 3 of 4, Wilson with z = 1.96: 30.1 to 95.4 percent
    assert " ".join(rows["plain", "vendor"].split()) == "75.0% 30.1% - 95.4% 75.0% - 75.0%"
    # 2 of 4 and 3 of 4: 2.5 of 4 is (2.5 + 1.96^2 / 2) / (4 + 1.96^2) -+ .3443
    assert " ".join(rows["policy", "vendor"].split()) == "62.5% 21.9% - 90.8% 50.0% - 75.0%"
    assert rows["policy, invented", "date"].split()[0] == "75.0%"
    assert lines[-1] == "CPU seconds of training, by seed: 3, 13"


def test_differences_are_paired_and_draw_whole_sellers():
    gain = receipt_policy.difference(MEASURED, "plain", 2)
    # By receipt +1, 0, 0, -1/2; by seller 1/3 on three and -1/2 on one.
    assert gain.mean == pytest.approx(0.125)
    assert (gain.low, gain.high) == pytest.approx((-0.5, 1 / 3))
    lines = table(MEASURED).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("policy less"))
    shown = [line.split() for line in lines[start + 1 : -1]]
    assert ["plain", "total", "+12.5", "-50.0", "to", "+33.3"] in shown
    assert ["with", "cash", "total", "-12.5", "-50.0", "to", "+0.0"] in shown
    assert len(shown) == 8


def test_the_recording_counts_by_seed_and_against_the_rules_with_cash():
    text = as_recording(MEASURED).decode()
    assert text.startswith(receipt_policy.FIRST_LINE)
    rows = list(csv.DictReader(text.splitlines()[1:]))
    assert len(rows) == (1 + 1 + 2 + 2) * 4
    kept = {(r["reader"], r["seed"], r["field"]): r for r in rows}
    numbers = [
        [kept[key][name] for name in ("right", "won", "lost", "count")]
        for key in [
            ("plain", "0", "total"),
            ("with cash", "0", "total"),
            ("policy", "0", "vendor"),
            ("policy", "1", "vendor"),
            ("policy", "1", "all three"),
        ]
    ]
    assert numbers == [
        ["3", "0", "1", "4"],
        ["4", "0", "0", "4"],
        ["2", "0", "1", "4"],
        ["3", "1", "1", "4"],
        ["3", "1", "1", "4"],
    ]


def test_no_seller_is_trained_on_and_tested_on(folder, monkeypatch):
    documents, _ = read_sroie(folder)
    vendors = [document.target["vendor"] for document in documents]
    vendors[1:4] = [vendors[0]] * 3  # one seller with four receipts
    documents = [
        receipt_policy.replace(d, target=d.target | {"vendor": vendor})
        for d, vendor in zip(documents, vendors, strict=True)
    ]
    trained, tested, seeds = [], [], []
    train, read = receipt_policy.train_receipt_policy, receipt_policy.read_receipts

    def watched(receipts, config, watch):
        seeds.append(config.seed)
        trained.append({example.document.target["vendor"] for example in receipts})
        return train(receipts, config, watch=watch)

    def reading(policy, some):
        tested.append([document.target["vendor"] for document in some])
        return read(policy, some)

    monkeypatch.setattr(receipt_policy, "train_receipt_policy", watched)
    monkeypatch.setattr(receipt_policy, "read_receipts", reading)
    measured = measure(documents, 2, config=SHORT)
    assert seeds == [0, 1]
    assert trained[0] == trained[1]
    assert len(tested) == 4  # each seed before and after the real receipts
    for names in tested:
        assert not set(names) & trained[0]
        assert len(names) == 4 == len(measured.sellers)
    assert {name: runs.shape for name, runs in measured.right.items()} == {
        "plain": (1, 4, 4),
        "with cash": (1, 4, 4),
        "policy, invented": (2, 4, 4),
        "policy": (2, 4, 4),
    }
    assert measured.num_training == 6
    assert measured.num_sellers == len(trained[0])
    assert (measured.seconds > 0).all()


def test_the_split_does_not_depend_on_the_order_of_reading(folder, monkeypatch):
    documents, _ = read_sroie(folder)
    tested = []
    read = receipt_policy.read_receipts

    def reading(policy, some):
        tested.append([document.name for document in some])
        return read(policy, some)

    monkeypatch.setattr(receipt_policy, "read_receipts", reading)
    for order in (documents, documents[::-1]):
        measure(order, 1, config=SHORT)
    assert tested[0] == tested[2]


def test_the_command_prints_a_table_and_keeps_a_recording(folder, tmp_path, capsys, monkeypatch):
    kept = tmp_path / "policy.csv"
    for _ in range(2):  # the second time in place of the first
        assert run(folder, "--seeds", 2, "--output", kept) == 0
    printed, problems = capsys.readouterr()
    assert problems == ""  # no bar where nobody looks
    assert printed.count("tested on 4 of ") == 2
    assert str(tmp_path) not in kept.read_text()
    monkeypatch.setattr(recordings, "FOLDER", tmp_path)
    rows = recordings.load("policy")
    assert {(row["reader"], row["seed"]) for row in rows} == {
        ("plain", 0.0),
        ("with cash", 0.0),
        ("policy, invented", 0.0),
        ("policy, invented", 1.0),
        ("policy", 0.0),
        ("policy", 1.0),
    }
    assert {row["count"] for row in rows} == {4.0}
    vendors = {document.target["vendor"] for document in read_sroie(folder)[0]}
    assert not any(vendor in kept.read_text() for vendor in vendors)


def test_the_bar_counts_each_step(folder, monkeypatch):
    counted = []

    class Bar:
        def __init__(self, *, total, file, **_):
            counted.extend([total, file])

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def update(self):
            counted.append("step")

    monkeypatch.setattr(receipt_policy, "tqdm", Bar)
    assert run(folder, "--seeds", 3) == 0
    assert counted == [6, receipt_policy.sys.stderr, *["step"] * 6]


def test_receipts_of_one_seller_cannot_be_split(tmp_path, capsys):
    (document,) = sample_invoices(1, seed=4, layouts=RECEIPT_LAYOUTS)
    write(tmp_path / "receipts", [document] * 3)
    assert run(tmp_path / "receipts", "--output", tmp_path / "policy.csv") == 1
    printed, problems = capsys.readouterr()
    assert printed == ""
    assert "sellers must leave some to hold out" in problems
    assert len(problems.splitlines()) == 1
    assert not (tmp_path / "policy.csv").exists()


def test_without_labels_there_is_nothing_to_learn_from(folder, capsys):
    for label in (folder / "key").iterdir():
        label.unlink()
    assert run(folder) == 1
    assert capsys.readouterr().err.endswith("no receipt with a label that can be read\n")


@pytest.mark.parametrize("seeds", ["0", "-1", "x"])
def test_a_bad_number_of_seeds_is_refused(folder, capsys, seeds):
    with pytest.raises(SystemExit, match="2"):
        run(folder, "--seeds", seeds)
    assert "--seeds" in capsys.readouterr().err


def test_a_file_that_the_command_did_not_make_is_refused_before_the_work(
    folder, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(receipt_policy, "read_sroie", lambda *_: pytest.fail("read"))
    (tmp_path / "policy.csv").write_text("mine\n")
    with pytest.raises(SystemExit, match="2"):
        run(folder, "--output", tmp_path / "policy.csv")
    assert "was not made by this command" in capsys.readouterr().err
    assert (tmp_path / "policy.csv").read_text() == "mine\n"


def test_an_interruption_writes_nothing(folder, tmp_path, capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(receipt_policy, "measure", interrupt)
    assert run(folder, "--output", tmp_path / "policy.csv") == 130
    assert "nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "policy.csv").exists()
