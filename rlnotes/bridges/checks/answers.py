"""What sampled answers and their rewards say: ends, gaps, something to compare."""

import traceback

from torch import Tensor

from rlnotes.bridges.checks.report import Check, not_looked_at
from rlnotes.bridges.checks.sampling import Answers


def check_rewards(rewards: Tensor, *, group: int) -> Check:
    """Whether the functions give a number for each answer.

    Args:
        rewards: [P * G, functions], NaN where a function returned None.
        group: answers per prompt, G.
    """
    missing = rewards.isnan()
    per_group = missing.view(-1, group, rewards.shape[1]).sum(dim=1)
    mixed = int(((per_group > 0) & (per_group < group)).sum())
    empty = int(missing.all(dim=1).sum())
    infinite = int(rewards.isinf().sum())
    seen = {
        "answers": len(rewards),
        "None or NaN": int(missing.sum()),
        "in groups that also have numbers": mixed,
        "answers without any": empty,
        "infinite": infinite,
    }
    sentence = "Each answer has its numbers." if not missing.any() else ""
    if mixed:
        sentence = "Beside another function's number None counts as 0, not as left out."
    elif missing.any():
        sentence = "Where a function says nothing, it does so for the whole group."
    if empty:
        sentence += " An answer without any number has no part in training."
    if infinite:
        sentence += " An infinite reward makes the whole group NaN."
    passed = not (mixed or empty or infinite)
    return Check("rewards are numbers", seen, "all or none of a group", passed, sentence)


def check_spread(totals: Tensor, *, group: int) -> Check:
    """The spread of rewards within groups, beside that of the whole batch.

    Args:
        totals: [P * G] rewards, one group after the other; NaN is left out.
        group: answers per prompt, G.
    """
    spreads = [_spread(one) for one in totals.view(-1, group)]
    constant = sum(spread < 1e-8 for spread in spreads)
    within, batch = sum(spreads) / len(spreads), _spread(totals)
    seen = {
        "within groups": within,
        "whole batch": batch,
        "mean": totals.nanmean().item(),
        "groups of equal rewards": constant,
        "of": len(spreads),
    }
    sentence = f"{len(spreads) - constant} of {len(spreads)} groups have something to compare."
    if constant == len(spreads):
        sentence = (
            "No group has anything to compare, so the reward gives no gradient; the logged "
            f"reward_std is that of the batch, {batch:.4g}."
        )
    passed = constant < len(spreads)
    return Check("spread of rewards", seen, "within groups above 0", passed, sentence)


def _spread(values: Tensor) -> float:
    values = values[~values.isnan()].double()
    return values.std().item() if len(values) > 1 else 0.0


def check_sampled_ends(answers: Answers, ends: set[int], *, masked: bool) -> Check:
    """Whether sampled answers come to an end before they are cut.

    Args:
        answers: as sampled.
        ends: tokens that end an answer.
        masked: whether the loss leaves out answers that are cut.
    """
    ended = sum(tokens[-1] in ends for tokens in answers.completion_ids)
    count, longest = len(answers.completion_ids), max(map(len, answers.completion_ids))
    seen = {"ended": ended, "of": count, "longest": longest}
    sentence = f"{ended} of {count} sampled answers ended by themselves."
    if ended < count:
        cut = "are left out of the loss" if masked else "are judged as they stand"
        sentence += f" The others were cut at {longest} tokens and {cut}."
    return Check("answers end", seen, "above 0", ended > 0, sentence)


def failed_rewards(error: Exception) -> list[Check]:
    """The lines for a reward function that raised: where, and what."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    sentence = (
        f"{type(error).__name__}: {error} ({place.filename}, line {place.lineno}). "
        "Training would stop here at its first step."
    )
    return [
        Check("rewards are numbers", {"raised": 1}, "no error", False, sentence),
        not_looked_at("spread of rewards", "Not looked at: there are no rewards."),
    ]
