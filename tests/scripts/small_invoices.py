"""For the recipes of the invoice case: few documents, trainers that only listen."""

from types import SimpleNamespace

from rlnotes.data.documents.pointing import FIELDS
from rlnotes.training.invoices.starts import Start
from tests.training.invoices.hand_made import example, small_policy

LABEL = {
    "vendor": "Acme",
    "date": "2018-03-05",
    "currency": "EUR",
    "total": "9.60",
    "line_items": [{"amount": "9.60"}],
}
TEXTS = "Acme", "05/03/2018", "EUR", "Tea 9.60", "1.00", "Total 9.60"
# With a value for every field, so that each has an F1.
FULL = example(*TEXTS, target={**dict.fromkeys(FIELDS, "1.00"), **LABEL})
PAGES = [example(*TEXTS[: 6 - number], target=LABEL) for number in range(4)]
TRAINED = small_policy(9)
EVALUATED = (
    *("layouts", "documents", "right", "keeps_rules", "macro_f1", "agreed_f1", "reward"),
    *("f1_vendor", "f1_date", "f1_currency", "f1_subtotal", "f1_tax", "f1_total"),
    *("f1_line_items", "f1_lines_total", "f1_allowances", "f1_charges", "f1_prepaid"),
    *("f1_rounding", "f1_payable"),
)


def small_start(seed=0):
    """One label of four documents, and an untrained policy of the seed."""
    return Start(small_policy(seed), PAGES[:1], PAGES[1:])


class Listener:
    """Stands in for a trainer: keeps what it is given, and returns `TRAINED`."""

    def __init__(self):
        self.calls = []

    def __call__(self, *arguments):
        self.calls.append(arguments)
        return SimpleNamespace(policy=TRAINED)
