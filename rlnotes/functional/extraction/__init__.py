"""Rewards for reading an invoice: what its fields, sums and formats are worth.

`currencies`  codes of currencies behind signs and names
`dates`       dates as they are printed
`money`       amounts as they are printed, as exact decimal numbers
`plain`       a foreign dict, copied into Python's own types
`readings`    one value of an answer, read as what its key says
`answers`     an answer, from JSON or a dict to values and sums
`targets`     a document's label, checked
`fields`      counts and F1 of the fields
`equations`   the sums that an invoice's amounts keep
`checks`      each of them judged on an answer, with both sides
`structure`   the share that an answer keeps
`formats`     whether values are written as agreed
`reward`      the weighted sum of them all
"""

from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.reward import (
    REWARD_WEIGHTS,
    RewardBreakdown,
    composite_reward,
    invoice_reward,
    prepare_target,
)

__all__ = [
    "REWARD_WEIGHTS",
    "RewardBreakdown",
    "composite_reward",
    "invoice_reward",
    "prepare_target",
    "read_answer",
]
