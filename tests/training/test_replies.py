"""Tables of all replies: their order, and every row against a full forward pass."""

import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.help_desk import (
    END,
    PROMPTS,
    SYMBOLS,
    gold_rewards,
    prompt_tokens,
    reply_tokens,
)
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training.replies import (
    all_replies,
    evaluate,
    gold_table,
    reply_lengths,
    reply_numbers,
    reply_scores,
    reply_tree,
    right_replies,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def some_rows(num=300, seed=1):
    return torch.randperm(19_608, generator=seeded(seed))[:num]


@pytest.fixture(scope="module")
def model():
    return TinyLM(seeded())


def test_there_are_as_many_replies_as_words_allow():
    assert all_replies().shape == (1 + 7 + 49 + 343 + 2_401 + 16_807, 5)
    assert len(all_replies().unique(dim=0)) == 19_608


def test_the_length_counts_the_end_where_it_is_written():
    # 0 ... 4 words and an end; 5 words end by themselves.
    expected = [1] + [2] * 7 + [3] * 49 + [4] * 343 + [5] * (2_401 + 16_807)
    assert reply_lengths().tolist() == expected


def test_a_reply_is_right_from_a_gold_reward_of_two_and_a_half():
    words = ["price hi", "hi price", "price thanks !", "hi price thanks", "hi price thanks !"]
    numbers = [reply_numbers(reply_tokens(text)).item() for text in words]
    # calm price: 2, 2.5, 3.25, 3.25, 3.75; angry price: 2, 2.5, 1.75, 3.25, 2.25.
    calm, angry = (right_replies()[PROMPTS.index(f"{mood} price")] for mood in ("calm", "angry"))
    assert calm[numbers].tolist() == [False, True, True, True, True]
    assert angry[numbers].tolist() == [False, True, False, True, False]
    # A right reply names the topic.
    assert not right_replies()[PROMPTS.index("calm open")][numbers].any()


def test_the_number_of_a_reply_is_its_place_in_the_table():
    assert torch.equal(reply_numbers(all_replies()), torch.arange(19_608))
    # One word: 1 + its place among the words; two: 8 + 7 * first + second.
    texts = ["", "hi", "!", "hi hi", "! hi", "sorry open"]
    numbers = [reply_numbers(reply_tokens(text)).item() for text in texts]
    assert numbers == [0, 1, 7, 8, 8 + 42, 8 + 7 + 2]


def test_what_follows_the_end_does_not_change_the_number():
    replies = torch.randint(len(SYMBOLS), (2, 500, 5), generator=seeded(2))
    after = (replies == END).long().cumsum(dim=-1) > 0
    cut = torch.where(after, END, replies)
    assert torch.equal(reply_numbers(replies), reply_numbers(cut))
    assert torch.equal(all_replies()[reply_numbers(replies)], cut)


def test_a_row_of_the_gold_table_belongs_to_its_prompt():
    rows = some_rows()
    for number in range(len(PROMPTS)):
        expected = gold_rewards(torch.full((300,), number), all_replies()[rows])
        assert_close(gold_table()[number, rows], expected.double(), atol=0, rtol=0)
    best = gold_table().max(dim=1).values
    assert gold_table().shape == (6, 19_608)
    assert best.mean().item() == 4.0
    assert gold_table()[4, reply_numbers(reply_tokens("hi sorry refund thanks"))] == best[4]


@pytest.mark.parametrize("prompt", [0, 4])
def test_the_tree_has_the_log_probs_of_a_full_pass(model, prompt):
    replies = all_replies()[some_rows()]
    prompts = prompt_tokens()[prompt].expand(300, 2)
    with torch.no_grad():
        tree = reply_tree(model)
        rows = model(prompts, replies).double().log_softmax(dim=-1)
    assert tree.log_probs.dtype == torch.float64
    assert_close(tree.log_probs.exp().sum(dim=1), torch.ones(6).double())
    chosen = rows[:, :5].gather(2, replies[..., None]).squeeze(2)
    for row, reply, scores in zip(some_rows().tolist(), replies.tolist(), chosen, strict=True):
        length = reply.index(END) + 1 if END in reply else 5
        total = scores[:length].sum().item()
        assert tree.log_probs[prompt, row].item() == pytest.approx(total, abs=2e-5)


def test_scores_are_read_after_the_last_word():
    judge, rows = TinyLM(seeded(3), num_outputs=1), some_rows()
    with torch.no_grad():
        table = reply_scores(judge)
        assert table.shape == (6, 19_608)
        replies = all_replies()[rows]
        lengths = (replies != END).sum(dim=1)
        for number in range(6):
            outputs = judge(prompt_tokens()[number].expand(300, 2), replies).squeeze(-1)
            expected = outputs.gather(1, lengths[:, None]).squeeze(1)
            assert_close(table[number, rows].float(), expected, atol=1e-5, rtol=1e-5)
    assert len(lengths.unique()) > 2


def test_evaluation_by_sums(model):
    with torch.no_grad():
        policy, reference = (reply_tree(m).log_probs for m in (model, TinyLM(seeded(9))))
    result = evaluate(policy, reference, gold_table())
    probs = policy.exp()
    reward = (probs * gold_table()).sum().item() / 6
    kl = (probs * (policy - reference)).sum().item() / 6
    assert result.reward == pytest.approx(reward)
    assert result.kl == pytest.approx(kl)
    assert evaluate(policy, policy, gold_table()).kl == 0
    assert evaluate(reference, policy, gold_table()).kl != pytest.approx(kl, rel=1e-2)


def test_a_model_with_the_wrong_head_is_refused(model):
    with pytest.raises(ValueError, match="model must have a head of 1 outputs, got 8"):
        reply_scores(model)
    with pytest.raises(ValueError, match="model must have a head of 8 outputs, got 1"):
        reply_tree(model.with_head(1, seeded()))


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (torch.tensor([0, 0, 0, 0, -1]), r"tokens must lie in \[0, 8\), got -1"),
        (torch.tensor([8, 0, 0, 0, 0]), r"tokens must lie in \[0, 8\), got 8"),
        (torch.zeros(4).long(), r"tokens must have shape \[\.\.\., 5\], got \(4,\)"),
        (torch.tensor(1), r"tokens must have shape \[\.\.\., 5\], got \(\)"),
        (torch.zeros(5), "tokens must be an int64 tensor, got torch.float32"),
    ],
)
def test_what_is_no_reply_is_refused(tokens, message):
    with pytest.raises(ValueError, match=message):
        reply_numbers(tokens)
