"""How pupils add: some note the carry, most answer at once and forget it."""

from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import require_positive_integer
from rlnotes.data.carry_addition import (
    CARRY,
    END,
    NO_CARRY,
    ZERO,
    answer_digits,
    has_carry,
    training_prompts,
)


class Demonstrations(NamedTuple):
    """What pupils wrote, one row each."""

    prompts: Tensor  # [N, 5] tokens
    completions: Tensor  # [N, 5] tokens


def demonstrations(num: int, generator: torch.Generator) -> Demonstrations:
    """Completions that a language model can imitate: more than half of them wrong.

        .15  the note C or N, which is right, then the answer; a slip with .04
        .85  the answer at once; a carry is forgotten with .85, a slip with .55

    A forgotten carry leaves ten too few. A slip writes a digit drawn from all ten in
    place of the tens or of the ones, each as often. Prompts are drawn from the 800
    that are not held out.

    Raises:
        ValueError: if num is not a positive integer.
    """
    require_positive_integer(num=num)

    def chance(probability):
        return torch.rand(num, generator=generator) < probability

    prompts = training_prompts()[torch.randint(800, (num,), generator=generator)]
    carry, notes = has_carry(prompts), chance(0.15)
    forgets = carry & ~notes & chance(0.85)
    answers = answer_digits(prompts)
    answers[:, 0] -= forgets.long()
    slips, place = chance(torch.where(notes, 0.04, 0.55)), chance(0.5).long()
    drawn = torch.randint(ZERO, ZERO + 10, (num,), generator=generator)
    written = answers.scatter(1, place[:, None], drawn[:, None])
    answers = torch.where(slips[:, None], written, answers)
    note = torch.where(carry, CARRY, NO_CARRY)[:, None]
    direct = torch.nn.functional.pad(answers, (0, 3), value=END)
    noted = torch.cat([note, direct[:, :-1]], dim=1)
    return Demonstrations(prompts, torch.where(notes[:, None], noted, direct))
