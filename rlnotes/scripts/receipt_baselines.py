"""How well rules read receipts: vendor, date and total of a folder of SROIE.

    python -m rlnotes.scripts.receipt_baselines FOLDER

FOLDER holds box/ with the lines of each receipt and key/ or entities/ with its label,
or train/ and test/ with these inside. Two sets of rules are compared with the labels:
the plain ones, and the same with the arithmetic of cash. A field is right if it is
equal to the label: names without regard to case and blanks, dates as days, totals as
numbers. With --output FILE.csv the counts are kept as a recording as well.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.receipt_rules import (
    read_receipt,
    read_receipt_with_cash,
)
from rlnotes.data.documents.sroie import read_sroie
from rlnotes.exact.bradley_terry import wilson_interval
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.scripts.labelled_folder import first_line, folder_parser, read_labelled
from rlnotes.scripts.output_files import as_csv, replace_file

BASELINES = {"plain": read_receipt, "with cash": read_receipt_with_cash}
COLUMNS = ("vendor", "date", "total", "all three")
FIRST_LINE = first_line("receipt_baselines")
Counts = dict[str, tuple[np.ndarray, float]]


def are_right(answer: Mapping[str, str], target: Mapping[str, str]) -> list[bool]:
    """Whether vendor, date, total, and all three are those of the target."""
    given, true = (read_answer(dict(fields)).values for fields in (answer, target))
    right = [given.get(name) == true[name] for name in COLUMNS[:3]]
    return [*right, all(right)]


def count_right(read: Callable, documents: Sequence[Document]) -> tuple[np.ndarray, float]:
    """How many receipts are right in each of `COLUMNS`, and CPU seconds of reading."""
    start = time.process_time()
    answers = [read(document) for document in documents]
    seconds = time.process_time() - start
    rows = [are_right(a, d.target) for a, d in zip(answers, documents, strict=True)]
    return np.sum(rows, axis=0), seconds


def count_all(documents: Sequence[Document]) -> Counts:
    """What `count_right` says of each baseline."""
    return {name: count_right(read, documents) for name, read in BASELINES.items()}


def table(results: Counts, total: int) -> str:
    """Shares, counts, 95% intervals (Wilson) and seconds of both baselines."""
    lines = [f"{'rules':<12}{'field':<12}{'share':>7}  {'95% interval':<15}{'right':>6}{'of':>6}"]
    times = []
    for name, (counts, seconds) in results.items():
        lows, highs = wilson_interval(counts, total)
        for field, count, low, high in zip(COLUMNS, counts, lows, highs, strict=True):
            share, interval = f"{count / total:.1%}", f"{low:.1%} - {high:.1%}"
            numbers = f"{share:>7}  {interval:<15}{count:>6}{total:>6}"
            lines.append(f"{name:<12}{field:<12}{numbers}")
        times.append(f"{name} {seconds:.2f} s")
    return "\n".join([*lines, f"CPU time: {', '.join(times)}"])


def as_recording(results: Counts, total: int) -> bytes:
    """A CSV file of the counts; `count` is the number of receipts."""
    rows = [
        {"baseline": name, "field": field, "right": int(right), "count": total}
        for name, (counts, _) in results.items()
        for field, right in zip(COLUMNS, counts, strict=True)
    ]
    return FIRST_LINE.encode() + as_csv(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the folder and print the table; what could not be read goes to stderr."""
    parser = folder_parser(
        "receipt_baselines",
        "Vendor, date and total of receipts in the folders of SROIE, by rules.",
        folder="with box/ and key/, or train/ and test/",
    )
    chosen = parser.parse_args(arguments)
    labelled = read_labelled(
        parser, chosen, read_sroie, made_by=FIRST_LINE, wanted="receipt with a label"
    )
    if not labelled:
        return 1
    results = count_all(labelled)
    print(table(results, len(labelled)))
    if chosen.output:
        replace_file(as_recording(results, len(labelled)), chosen.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
