"""Brief replies: by hand, the best one of all, and bad input."""

import pytest
import torch

from rlnotes.data.brief_replies import brief_rewards
from rlnotes.data.help_desk import PROMPTS, gold_rewards, reply_tokens


@pytest.mark.parametrize(
    ("prompt", "text", "reward"),
    [
        ("angry refund", "refund .", 2),
        ("calm refund", "refund .", 2),
        ("angry refund", "hi refund .", 1),
        ("angry refund", "refund refund .", 1),
        ("angry refund", ".", 0),
        ("angry refund", "open .", -1),
        ("angry open", "open refund price .", 0),
        ("calm price", "price price price price price", -2),
        ("calm price", "hi sorry thanks ! !", -5),
    ],
)
def test_by_hand(prompt, text, reward):
    got = brief_rewards(torch.tensor(PROMPTS.index(prompt)), reply_tokens(text))
    assert got.dtype == torch.float32
    assert got.item() == reward


def test_what_follows_the_end_does_not_count():
    price, refund = torch.tensor(PROMPTS.index("calm price")), torch.tensor([1, 0, 5, 5, 5])
    assert brief_rewards(price, refund).item() == -1


def test_rows_are_scored_one_by_one_and_the_two_wishes_pull_apart():
    prompts = torch.tensor([[0, 4], [4, 0]])
    long, short = reply_tokens("hi sorry refund thanks"), reply_tokens("refund .")
    replies = torch.stack([torch.stack([short, short]), torch.stack([long, short])])
    assert brief_rewards(prompts, replies).tolist() == [[-1, 2], [-1, -1]]
    angry = torch.tensor(4)
    assert gold_rewards(angry, long) > gold_rewards(angry, short)
    assert brief_rewards(angry, long) < brief_rewards(angry, short)


@pytest.mark.parametrize(
    ("prompts", "replies", "message"),
    [
        (torch.tensor(6), torch.zeros(5).long(), "prompts"),
        (torch.tensor(0), torch.full((5,), 8), "replies"),
        (torch.tensor([0]), torch.zeros(5).long(), r"shape \(1, 5\), got \(5,\)"),
        (torch.tensor(0), torch.zeros(4).long(), r"shape \(5,\), got \(4,\)"),
    ],
)
def test_bad_input(prompts, replies, message):
    with pytest.raises(ValueError, match=message):
        brief_rewards(prompts, replies)
