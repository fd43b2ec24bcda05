"""Recordings of GRPO: where its normalizers take the length of replies."""

import copy
from itertools import product

from rlnotes.data.help_desk import PROMPTS
from rlnotes.exact import length_bias
from rlnotes.functional.policy_gradients import NORMALIZERS
from rlnotes.training.help_desk_reference import reference_model
from rlnotes.training.replies import reply_lengths, reply_tree, right_replies

ESTIMATORS, GROUP_SIZE = ("group_mean", "sample_std_plus", "leave_one_out"), 8


def length_slopes(pool) -> list[dict]:
    """How fast mean lengths change at the reference, right and wrong replies, tokens.

    Per unit step along its weights' own gradient ("plain"), or per unit of the natural
    gradient.
    """
    return [row for rows in pool.map(slopes_of, PROMPTS, chunksize=1) for row in rows]


def slopes_of(prompt: str) -> list[dict]:
    """One prompt, every estimator, normalizer and kind of gradient."""
    model = copy.deepcopy(reference_model()).requires_grad_(True)
    weights, index = list(model.parameters()), PROMPTS.index(prompt)
    replies = reply_tree(model).log_probs[index], reply_lengths(), right_replies()[index]
    rows = []
    for estimator, normalizer in product(ESTIMATORS, NORMALIZERS):
        setting = {"estimator": estimator, "normalizer": normalizer}
        given = {"group_size": GROUP_SIZE, **setting}
        pairs = {
            "natural": length_bias.natural_length_slopes(*replies, **given),
            "plain": length_bias.length_slopes(*replies, weights, **given),
        }
        for kind, (right, wrong) in pairs.items():
            rows.append({"prompt": prompt, **setting, "kind": kind, "right": right, "wrong": wrong})
    return rows
