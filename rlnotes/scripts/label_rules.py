"""How many labels of real invoices add up, by naive rules and by full ones.

    python -m rlnotes.scripts.label_rules FOLDER

FOLDER holds e-invoices (XML, or PDF with XML inside) or JSON lines with labels, as for
`read_invoices`. Labels of valid invoices should keep every rule that is one; the naive
rules are those that first come to mind. With --output FILE.csv the verdict on each
document is kept as a recording.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rlnotes.data.documents.folders import read_folder
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.checks import naive_checks
from rlnotes.functional.extraction.structure import full_checks
from rlnotes.scripts.labelled_folder import first_line, folder_parser, read_labelled
from rlnotes.scripts.output_files import as_csv, as_texts, replace_file

RULES = {"naive": naive_checks, "full": full_checks}
FIRST_LINE = first_line("label_rules")


def verdicts(labels: Iterable[tuple[str, Mapping]]) -> list[dict[str, str]]:
    """One row for each rule that can be judged on a label.

    A label that is too long to be read, with more than 500 lines say, has no row.
    """
    rows, seen = [], Counter()
    for name, target in labels:
        seen[name] += 1
        name = f"{name} ({seen[name]})" if seen[name] > 1 else name
        answer = read_answer(target)
        if answer is None:
            continue
        rows += [
            {"document": name, "rules": kind, "rule": check.name, "holds": _word(check.passed)}
            for kind, checks_of in RULES.items()
            for check in checks_of(answer)
            if check.passed is not None
        ]
    return rows


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """How often each rule fails, and on how many documents any rule does."""
    lines = [f"{'rules':6} {'rule':14} {'broken':>7} {'of':>6}"]
    for kind in RULES:
        mine = [row for row in rows if row["rules"] == kind]
        broken = {row["document"] for row in mine if row["holds"] == "no"}
        for rule in dict.fromkeys(row["rule"] for row in mine):
            holds = [row["holds"] for row in mine if row["rule"] == rule]
            lines.append(f"{kind:6} {rule:14} {holds.count('no'):7} {len(holds):6}")
        documents = {row["document"] for row in mine}
        lines.append(f"{kind:6} {'any of them':14} {len(broken):7} {len(documents):6}")
    return "\n".join(lines)


def as_recording(rows: Sequence[Mapping[str, str]]) -> bytes:
    """A CSV file of the verdicts."""
    return FIRST_LINE.encode() + as_csv(as_texts(rows))


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the folder and print the table; what could not be read goes to stderr."""
    parser = folder_parser(
        "label_rules",
        "How many labels of invoices add up, by naive rules and by full ones.",
        folder="with e-invoices or JSON lines",
    )
    chosen = parser.parse_args(arguments)
    labelled = read_labelled(parser, chosen, read_folder, made_by=FIRST_LINE)
    if not labelled:
        return 1
    rows = verdicts((document.name, document.target) for document in labelled)
    if not rows:
        print(f"no label in {chosen.folder} has sums to check", file=sys.stderr)
        return 1
    print(table(rows))
    if chosen.output:
        replace_file(as_recording(rows), chosen.output)
    return 0


def _word(passed: bool) -> str:
    return "yes" if passed else "no"


if __name__ == "__main__":
    sys.exit(main())
