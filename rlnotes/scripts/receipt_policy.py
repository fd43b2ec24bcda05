"""How well a trained policy reads receipts of sellers that it never saw.

    python -m rlnotes.scripts.receipt_policy FOLDER

FOLDER holds receipts as for `receipt_baselines`. Its sellers are split: two fifths of
the receipts are held out, with all of their sellers. A policy learns from invented
receipts, then from the labels of the other sellers; once for each seed. On the
receipts held out it is compared with both sets of rules.

Printed are the shares that are right, of the policy the mean over seeds, with 95%
intervals (Wilson, as for receipts drawn one by one), and the differences to the rules
with intervals that draw whole sellers (bootstrap). The rules were written with receipts
of SROIE in view, also with some that are held out here: that is in their favour. The
invented receipts were shaped after counts over real ones. With --output FILE.csv the
counts are kept as a recording, without names.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from tqdm import tqdm

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.sellers import held_out, seller_numbers
from rlnotes.data.documents.sroie import read_sroie
from rlnotes.exact.bradley_terry import wilson_interval
from rlnotes.scripts.labelled_folder import first_line, folder_parser, read_labelled
from rlnotes.scripts.output_files import as_csv, replace_file
from rlnotes.scripts.receipt_baselines import BASELINES, COLUMNS, are_right
from rlnotes.training.invoices.evaluation import Gain, paired_gain
from rlnotes.training.invoices.examples import make_example
from rlnotes.training.invoices.receipts import Config, read_receipts, train_receipt_policy

CONFIG = Config()
HELD_OUT, SPLIT_SEED = 0.4, 0
INVENTED, POLICY = "policy, invented", "policy"
STRONGEST = "with cash"
FIRST_LINE = first_line("receipt_policy")


@dataclass(frozen=True, eq=False)
class Measured:
    """What was right on the receipts held out.

    Attributes:
        right: by reader [runs, receipts, 4] bool, see `COLUMNS`; rules run once, the
            policies once for each seed.
        sellers: [receipts] number of the seller.
        num_training: receipts of the other sellers.
        num_sellers: these sellers.
        seconds: [seeds] CPU time of training, invented documents included.
    """

    right: Mapping[str, np.ndarray]
    sellers: np.ndarray
    num_training: int
    num_sellers: int
    seconds: np.ndarray


def measure(
    documents: Sequence[Document],
    num_seeds: int,
    *,
    config: Config,
    watch: Callable[[], object] = lambda: None,
) -> Measured:
    """Split, train and compare.

    Args:
        documents: receipts with labels.
        num_seeds: runs, with the seeds 0, 1, ...
        config: of training; its seed is not looked at.
        watch: called after each step of training.

    Raises:
        ValueError: if the receipts cannot be split by seller.
    """
    documents = sorted(documents, key=lambda document: document.name)
    sellers = seller_numbers([document.target["vendor"] for document in documents])
    held = held_out(sellers, share=HELD_OUT, seed=SPLIT_SEED)
    test = [documents[row] for row in np.flatnonzero(held)]
    right = {name: [_right([read(d) for d in test], test)] for name, read in BASELINES.items()}
    right |= {INVENTED: [], POLICY: []}
    training = [make_example(documents[row]) for row in np.flatnonzero(~held)]
    seconds = []
    for seed in range(num_seeds):
        start = time.process_time()
        result = train_receipt_policy(training, replace(config, seed=seed), watch=watch)
        seconds.append(time.process_time() - start)
        for name, policy in ((INVENTED, result.start), (POLICY, result.policy)):
            right[name].append(_right(read_receipts(policy, test), test))
    return Measured(
        {name: np.array(runs) for name, runs in right.items()},
        sellers[held],
        len(training),
        len(np.unique(sellers[~held])),
        np.array(seconds),
    )


def _right(answers: Sequence[Mapping], documents: Sequence[Document]) -> list[list[bool]]:
    return [are_right(a, d.target) for a, d in zip(answers, documents, strict=True)]


def table(measured: Measured) -> str:
    """Shares with their intervals, differences with theirs, and seconds."""
    total = len(measured.sellers)
    lines = [
        f"trained on {measured.num_training} receipts of {measured.num_sellers} sellers, "
        f"tested on {total} of {len(np.unique(measured.sellers))} others",
        f"{'reader':<18}{'field':<11}{'share':>7}  {'95% interval':<15}{'seeds':<15}",
    ]
    for name, runs in measured.right.items():
        shares = runs.mean(axis=1)
        lows, highs = wilson_interval(shares.mean(axis=0) * total, total)
        for column, field in enumerate(COLUMNS):
            seeds = _range(shares[:, column].min(), shares[:, column].max())
            interval = f"{_range(lows[column], highs[column]):<15}"
            share = f"{shares[:, column].mean():>7.1%}"
            lines.append(f"{name:<18}{field:<11}{share}  {interval}{seeds}")
    lines.append(f"{'policy less':<18}{'field':<11}{'points':>7}  95% interval")
    for name in BASELINES:
        for column, field in enumerate(COLUMNS):
            gain = difference(measured, name, column)
            points = f"{100 * gain.mean:>+7.1f}  {100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
            lines.append(f"{name:<18}{field:<11}{points}")
    seconds = ", ".join(f"{each:.0f}" for each in measured.seconds)
    return "\n".join([*lines, f"CPU seconds of training, by seed: {seconds}"])


def difference(measured: Measured, baseline: str, column: int) -> Gain:
    """Mean over receipts and seeds of the policy less a baseline, see `paired_gain`."""
    before, after = (measured.right[name][..., column] for name in (baseline, POLICY))
    return paired_gain(before.mean(axis=0), after.mean(axis=0), groups=measured.sellers)


def _range(low: float, high: float) -> str:
    return f"{low:.1%} - {high:.1%}"


def as_recording(measured: Measured) -> bytes:
    """A CSV file of counts by reader, seed and field.

    `won` counts the receipts that this reader has right and the rules with cash have
    wrong, `lost` the opposite. Rules have seed 0.
    """
    strongest = measured.right[STRONGEST][0]
    rows = [
        {
            "reader": name,
            "seed": seed,
            "field": field,
            "right": int(right[:, column].sum()),
            "won": int((right & ~strongest)[:, column].sum()),
            "lost": int((strongest & ~right)[:, column].sum()),
            "count": len(right),
        }
        for name, runs in measured.right.items()
        for seed, right in enumerate(runs)
        for column, field in enumerate(COLUMNS)
    ]
    return FIRST_LINE.encode() + as_csv(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, train, print the table; a bar and what could not be read go to stderr."""
    parser = folder_parser(
        "receipt_policy",
        "A policy trained on some sellers' receipts, tested on the others', beside rules.",
        folder="with box/ and key/, or train/ and test/",
    )
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="runs (default: 5)")
    chosen = parser.parse_args(arguments)
    if chosen.seeds < 1:
        parser.error(f"--seeds must be at least 1, got {chosen.seeds}")
    labelled = read_labelled(
        parser, chosen, read_sroie, made_by=FIRST_LINE, wanted="receipt with a label"
    )
    if not labelled:
        return 1
    steps = chosen.seeds * CONFIG.num_steps
    try:
        with tqdm(total=steps, unit="step", file=sys.stderr, disable=None) as bar:
            measured = measure(labelled, chosen.seeds, config=CONFIG, watch=bar.update)
    except ValueError as error:
        print(f"{chosen.folder}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130
    print(table(measured))
    if chosen.output:
        replace_file(as_recording(measured), chosen.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
