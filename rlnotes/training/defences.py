"""Defences against an over-optimized reward model, on the help desk, exactly.

Two judges are fitted to comparisons. One counts words, and cannot see that a word is
repeated; the other has a mark for each repeated word as well. Against each stand the
remedies that are usually named, all with the same number of labels. What a defended
score is worth is read off its exact optimum: the gold reward at a given KL.
"""

from functools import lru_cache
from itertools import pairwise

import torch
from torch import Tensor

from rlnotes._checks import float64_array, require_option, require_positive_integer
from rlnotes.exact.language import gibbs_optimum
from rlnotes.exact.over_optimization import ReplyGroups, group_replies, optimum_path
from rlnotes.training.comparisons import Comparisons, draw_comparisons
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.replies import gold_table, reply_numbers
from rlnotes.training.word_count_reward import bags, pair_weights

JUDGES = ("words", "words and repeats")
DEFENCES = ("none", "mean of 4", "lowest of 4", "new labels", "hard rule")
NUM_MEMBERS, NUM_ROUNDS = 4, 4
LABELLED_AT = 2.0  # nats: how far the policy is whose replies get new labels
FINE = 100.0  # a reply with a repeated word is out, whatever else it scores
RIDGE = 0.1


@lru_cache(maxsize=1)
def bag_groups() -> ReplyGroups:
    """The reference over the 792 bags of words, all that these scores tell apart."""
    return group_replies(reference_log_probs(), gold_table(), bags().of_reply)


def features(judge: str) -> Tensor:
    """[792, 7 or 14] what a judge sees of each bag.

    Raises:
        ValueError: for a judge that is not in JUDGES.
    """
    require_option(JUDGES, judge=judge)
    counts = bags().counts
    return counts if judge == "words" else torch.cat([counts, (counts > 1).double()], dim=1)


def fitted_scores(pairs: Comparisons, judge: str) -> Tensor:
    """[6, 792] scores of each bag, centred under the reference for each prompt."""
    seen, of_reply = features(judge), bags().of_reply
    sides = (seen[of_reply[reply_numbers(side)]] for side in (pairs.chosen, pairs.rejected))
    rows = torch.sub(*sides)
    sizes = torch.bincount(pairs.prompts, minlength=6)
    padded = torch.zeros(6, int(sizes.max()), rows.shape[1], dtype=torch.float64)
    for prompt, size in enumerate(sizes.tolist()):
        padded[prompt, :size] = rows[pairs.prompts == prompt]
    counted = torch.ones(padded.shape[:2], dtype=torch.float64)  # rows of zeros pull nowhere
    scores = pair_weights(padded, counted, ridge=RIDGE) @ seen.T
    masses = bag_groups().log_masses.exp()
    return scores - (masses * scores).sum(dim=1, keepdim=True)


def defended_scores(judge: str, *, num_pairs: int, seed: int) -> dict[str, Tensor]:
    """Each defence -> scores [6, 792] of the bags, from as many labelled pairs.

    "mean of 4" and "lowest of 4" fit four judges, each to a bootstrap sample of the
    pairs. "new labels" asks in four rounds, after the first about pairs of the optimum
    at 2 nats for the judge so far. "hard rule" fines a reply with a repeated word,
    which is a part of the gold reward: nobody has to learn it.

    Args:
        judge: one of JUDGES.
        num_pairs: labels in all, at least 4.
        seed: of all draws.

    Raises:
        ValueError: for another judge, or a number that is out of its range.
    """
    require_positive_integer(num_pairs=num_pairs)
    if num_pairs < NUM_ROUNDS:
        raise ValueError(f"num_pairs must be at least {NUM_ROUNDS}, got {num_pairs}")
    generator = torch.Generator().manual_seed(seed)
    pairs = draw_comparisons(num_pairs, reference_log_probs(), generator)
    alone = fitted_scores(pairs, judge)
    draws = torch.randint(num_pairs, (NUM_MEMBERS, num_pairs), generator=generator)
    members = torch.stack([fitted_scores(pairs.rows(draw), judge) for draw in draws])
    repeated = (bags().counts > 1).any(dim=1)
    return {
        "none": alone,
        "mean of 4": members.mean(dim=0),
        "lowest of 4": members.amin(dim=0),
        "new labels": _relabelled(pairs, judge, generator),
        "hard rule": alone - FINE * repeated,
    }


def _relabelled(pairs: Comparisons, judge: str, generator: torch.Generator) -> Tensor:
    """Scores after four rounds of labels, the first from `pairs`."""
    total = len(pairs.prompts)
    ends = [total * n // NUM_ROUNDS for n in range(1, NUM_ROUNDS + 1)]
    held = pairs.rows(slice(ends[0]))
    for start, end in pairwise(ends):
        scores = fitted_scores(held, judge)
        price = prices_at(scores, [LABELLED_AT]).item()
        table = scores[:, bags().of_reply]
        policy = gibbs_optimum(reference_log_probs(), table, beta=price)
        new = draw_comparisons(end - start, policy, generator)
        held = Comparisons(*(torch.cat(parts) for parts in zip(held, new, strict=True)))
    return fitted_scores(held, judge)


def prices_at(scores: Tensor, kls) -> Tensor:
    """[B] prices at which the optimum for the scores lies at each KL, by bisection.

    Args:
        scores: [6, 792] of the bags.
        kls: [B] nats in any form, positive.

    Raises:
        ValueError: for a KL that no price between 0.001 and 1,000 reaches.
    """
    wanted = torch.as_tensor(float64_array("kls", kls))
    low, high = (torch.full_like(wanted, edge).log() for edge in (1e-3, 1e3))
    reach = optimum_path(bag_groups(), scores, [1e3, 1e-3]).kls
    if not ((wanted > reach[0]) & (wanted < reach[1])).all():
        ends = f"{reach[0]:.2g} to {reach[1]:.3g}"
        raise ValueError(f"kls must lie in {ends} for these scores, got {wanted.tolist()}")
    for _ in range(50):
        middle = (low + high) / 2
        far = optimum_path(bag_groups(), scores, middle.exp()).kls > wanted
        low, high = torch.where(far, middle, low), torch.where(far, high, middle)
    return ((low + high) / 2).exp()


def gold_at(scores: Tensor, kls) -> Tensor:
    """[B] exact gold reward of the optimum for the scores at each KL.

    Raises:
        ValueError: as `prices_at`.
    """
    return optimum_path(bag_groups(), scores, prices_at(scores, kls)).gold
