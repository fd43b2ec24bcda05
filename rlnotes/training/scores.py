"""Scores of replies: by a model, by a table, and by several of either together."""

from collections.abc import Callable

import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_option, require_same_shape, require_shape
from rlnotes.data.help_desk import END, prompt_tokens
from rlnotes.functional.inputs import require_elements, require_tensors
from rlnotes.models.tiny_lm import TinyLM, frozen
from rlnotes.training.comparisons import Comparisons, require_comparisons, require_replies
from rlnotes.training.replies import gold_table, reply_numbers

ENSEMBLES = ("min", "mean")


def last_word_scores(model: TinyLM, prompts: Tensor, replies: Tensor) -> Tensor:
    """[B] output of a number head after the last word of each reply; differentiable.

    A reply without words is read after its prompt. What stands after the last word is
    padding, and its outputs mean nothing.

    Args:
        model: with one output.
        prompts: [B] int64, index into `help_desk.PROMPTS`.
        replies: [B, 5] tokens.

    Raises:
        ValueError: if the model has another number of outputs, or a prompt or reply
            does not exist.
    """
    if model.head.out_features != 1:
        raise ValueError(f"model must have one output, got {model.head.out_features}")
    require_replies(prompts, replies=replies)
    outputs = model(prompt_tokens()[prompts], replies).squeeze(-1)
    num_words = (replies != END).long().cumprod(dim=-1).sum(dim=-1)
    return outputs.gather(-1, num_words[:, None]).squeeze(-1)


class ModelScores:
    """A reward model in use, frozen: what `train_rlhf` takes as its score.

    Called with prompts [B] and replies [B, 5], it returns scores [B].
    """

    def __init__(self, model: TinyLM):
        self.model = frozen(model)

    @torch.no_grad()
    def __call__(self, prompts: Tensor, replies: Tensor) -> Tensor:
        return last_word_scores(self.model, prompts, replies)


class TableScores:
    """Scores [6, 19608] of all replies looked up, in place of a model.

    Called with prompts [B] and replies [B, 5], it returns scores [B], float32.

    Raises:
        ValueError: for another shape, or a score that is not finite in float32; when
            called, for a prompt or reply that does not exist.
    """

    def __init__(self, table: Tensor):
        require_tensors(table=table)
        require_shape(tuple(gold_table().shape), table=table)
        require_finite(table=table.float())
        self.table = table

    def __call__(self, prompts: Tensor, replies: Tensor) -> Tensor:
        require_replies(prompts, replies=replies)
        return self.table[prompts, reply_numbers(replies)].float()


def reward_accuracy(score: Callable[[Tensor, Tensor], Tensor], comparisons: Comparisons) -> float:
    """Share of the pairs in which the preferred reply has the higher score.

    Equal scores count as half.

    Raises:
        ValueError: without a pair, for a prompt or reply that does not exist, or scores
            that are not one finite number for each pair.
    """
    require_comparisons(comparisons)
    require_elements(comparisons=comparisons.prompts)
    chosen = score(comparisons.prompts, comparisons.chosen)
    rejected = score(comparisons.prompts, comparisons.rejected)
    require_tensors(scores=chosen, other_scores=rejected)
    require_shape(tuple(comparisons.prompts.shape), scores=chosen, other_scores=rejected)
    require_finite(scores=chosen, other_scores=rejected)
    return ((chosen > rejected).double() + 0.5 * (chosen == rejected)).mean().item()


def centred_scores(scores: Tensor, ref_log_probs: Tensor) -> Tensor:
    """Scores less their mean under the reference, for each prompt.

        r(x, y) - E over y' ~ pi_ref of r(x, y')

    Comparisons fix only differences of scores to one prompt. So a score has no zero,
    and two reward models can be compared only after such a step.

    Args:
        scores: [..., P, N].
        ref_log_probs: [P, N] nats.

    Raises:
        ValueError: for what is no torch tensor, shapes that do not fit, or a score that
            is not finite.
    """
    require_tensors(scores=scores, ref_log_probs=ref_log_probs)
    if ref_log_probs.ndim != 2 or scores.shape[-2:] != ref_log_probs.shape:
        raise ValueError(
            f"scores must have shape [..., P, N] for a reference of shape [P, N], got "
            f"{tuple(scores.shape)} for {tuple(ref_log_probs.shape)}"
        )
    require_finite(scores=scores)
    return scores - (ref_log_probs.exp() * scores).sum(dim=-1, keepdim=True)


def ensemble_scores(members: Tensor, ref_log_probs: Tensor, *, rule: str) -> Tensor:
    """One table of scores from several, each member centred first.

        mean:  the average of the members
        min:   the lowest of the members: a reply is as good as its strictest judge says

    Args:
        members: [M, P, N] scores.
        ref_log_probs: [P, N] nats, of all replies.
        rule: "min" or "mean".

    Returns:
        [P, N] scores.

    Raises:
        ValueError: for an unknown rule, no member, or shapes that do not fit.

    References:
        Coste et al. (2024), arXiv:2310.02743 (there on scores normalized otherwise).
    """
    require_option(ENSEMBLES, rule=rule)
    require_tensors(members=members, ref_log_probs=ref_log_probs)
    if members.ndim != 3 or not len(members):
        raise ValueError(f"members must have shape [M, P, N], got {tuple(members.shape)}")
    require_same_shape(member=members[0], ref_log_probs=ref_log_probs)
    require_finite(members=members)
    centred = centred_scores(members, ref_log_probs)
    return centred.amin(dim=0) if rule == "min" else centred.mean(dim=0)
