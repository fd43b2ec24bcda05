"""The recorded reference: it is what its recipe makes, whole and frozen."""

import torch
from torch.testing import assert_close

from rlnotes.data.help_desk import prompt_tokens, reply_tokens
from rlnotes.scripts import record_reward_models
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.replies import all_replies, gold_table, reply_numbers, reply_tree


class InHere:
    """A pool of one: this process."""

    map = staticmethod(lambda function, items, chunksize=1: [function(item) for item in items])


def test_the_model_is_whole_and_frozen():
    weights = list(reference_model().parameters())
    assert sum(weight.numel() for weight in weights) == 26_376
    assert not any(weight.requires_grad for weight in weights)


def test_the_table_has_every_reply_once():
    log_probs = reference_log_probs()
    assert log_probs.dtype == torch.float64
    assert_close(log_probs.exp().sum(dim=-1), torch.ones(6, dtype=torch.float64))
    # One reply spelled out: hi, refund, and the end.
    logits = reference_model()(prompt_tokens()[1:2], reply_tokens("hi refund")[None, :2])
    steps = torch.log_softmax(logits[0].double(), dim=-1)
    place = reply_numbers(reply_tokens("hi refund"))
    assert all_replies()[place].tolist() == [1, 4, 0, 0, 0]
    assert_close(log_probs[1, place], steps[0, 1] + steps[1, 4] + steps[2, 0], atol=1e-5, rtol=0)


def test_its_recipe_makes_it_again():
    recorded = record_reward_models.reference(InHere())
    assert "'seed': 0" in recorded["settings"]
    model = reference_model()
    again = type(model)(torch.Generator())
    torch.nn.utils.vector_to_parameters(torch.from_numpy(recorded["weights"]), again.parameters())
    with torch.no_grad():
        probs, stored = reply_tree(again).log_probs.exp(), reference_log_probs().exp()
    # Rounding grows over 400 steps on another processor, so not to the last digit.
    assert ((probs - stored).abs().sum(dim=-1) / 2).max() < 0.1
    rewards = [(table * gold_table()).sum(dim=-1).mean().item() for table in (probs, stored)]
    assert abs(rewards[0] - rewards[1]) < 0.1
    assert 1.0 < rewards[1] < 1.4
