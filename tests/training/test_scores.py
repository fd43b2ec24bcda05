"""Where a score is read, and how several become one."""

import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.help_desk import prompt_tokens, reply_tokens
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training.comparisons import Comparisons
from rlnotes.training.replies import all_replies, reply_numbers, reply_scores
from rlnotes.training.scores import (
    ModelScores,
    TableScores,
    centred_scores,
    ensemble_scores,
    last_word_scores,
    reward_accuracy,
)


@pytest.fixture
def model():
    return TinyLM(torch.Generator().manual_seed(0), num_outputs=1)


@pytest.mark.parametrize("text", ["", "hi", "hi refund thanks", "hi hi hi hi hi"])
def test_a_score_is_that_of_the_words_without_padding(model, text):
    words = reply_tokens(text)[None, : len(text.split())]
    alone = model(prompt_tokens()[3:4], words)[0, -1, 0]
    score = last_word_scores(model, torch.tensor([3]), reply_tokens(text)[None])
    assert_close(score[0], alone)


def test_what_follows_the_end_does_not_count(model):
    replies = reply_tokens("hi refund").repeat(2, 1)
    replies[1, 3:] = 5  # words after the end
    scores = last_word_scores(model, torch.tensor([0, 0]), replies)
    assert_close(scores[0], scores[1])


def test_model_and_table_agree(model):
    with torch.no_grad():
        table = reply_scores(model)
    prompts = torch.arange(6).repeat(50)
    replies = all_replies()[torch.randint(19_608, (300,), generator=torch.Generator())]
    by_model, by_table = ModelScores(model)(prompts, replies), TableScores(table)(prompts, replies)
    assert by_table.dtype == by_model.dtype == torch.float32
    assert not by_model.requires_grad
    assert_close(by_model, by_table, atol=1e-5, rtol=1e-4)


def test_model_scores_are_frozen(model):
    prompts, replies = torch.tensor([0]), reply_tokens("hi")[None]
    scores = ModelScores(model)
    before = scores(prompts, replies)
    with torch.no_grad():
        model.head.bias += 1
    assert_close(scores(prompts, replies), before)


def test_a_language_model_gives_no_score():
    language = TinyLM(torch.Generator())
    with pytest.raises(ValueError, match="model must have one output, got 8"):
        last_word_scores(language, torch.tensor([0]), reply_tokens("hi")[None])


def test_accuracy_counts_ties_as_half():
    words = torch.stack([reply_tokens(word) for word in ("hi", "open", "price", "hi")])
    table = torch.zeros(6, 19_608)
    table[0, reply_numbers(words)] = torch.tensor([1.0, 2.0, 2.0, 1.0])
    pairs = Comparisons(torch.zeros(4).long(), words, words[[1, 0, 1, 2]])
    # hi < open: wrong; open > hi: right; price = open: half; hi < price: wrong.
    assert reward_accuracy(TableScores(table), pairs) == 1.5 / 4


def test_ensembles_by_hand():
    ref = torch.tensor([[0.5, 0.5]]).log()
    members = torch.tensor([[[0.0, 2.0]], [[13.0, 9.0]]])
    # Centred: (-1, 1) and (2, -2).
    assert_close(centred_scores(members, ref), torch.tensor([[[-1.0, 1.0]], [[2.0, -2.0]]]))
    low = ensemble_scores(members, ref, rule="min")
    assert_close(low, torch.tensor([[-1.0, -2.0]]))
    assert_close(ensemble_scores(members, ref, rule="mean"), torch.tensor([[0.5, -0.5]]))


@pytest.mark.parametrize("rule", ["min", "mean"])
def test_a_constant_of_one_member_changes_nothing(rule):
    generator = torch.Generator().manual_seed(0)
    members = torch.randn(3, 2, 9, generator=generator).double()
    ref = torch.log_softmax(torch.randn(2, 9, generator=generator).double(), dim=-1)
    shifted = members + torch.tensor([[0.0, 100.0], [5.0, 0.0], [-7.0, 1.0]])[..., None]
    expected = ensemble_scores(members, ref, rule=rule)
    assert_close(ensemble_scores(shifted, ref, rule=rule), expected)
    alone = ensemble_scores(members[:1], ref, rule=rule)
    assert_close(alone, centred_scores(members[0], ref))


@pytest.mark.parametrize(
    ("members", "rule", "message"),
    [
        (torch.zeros(2, 1, 3), "max", "rule must be one of"),
        (torch.zeros(0, 1, 3), "min", r"members must have shape \[M, P, N\], got \(0, 1, 3\)"),
        (torch.zeros(1, 3), "min", r"members must have shape \[M, P, N\], got \(1, 3\)"),
        (torch.zeros(2, 1, 4), "min", "common shape"),
        (torch.full((2, 1, 3), torch.inf), "min", "members must be finite"),
    ],
)
def test_bad_members_are_refused(members, rule, message):
    with pytest.raises(ValueError, match=message):
        ensemble_scores(members, torch.zeros(1, 3), rule=rule)


TABLE = torch.zeros(6, 19_608)
HI = reply_tokens("hi")[None]


@pytest.mark.parametrize(
    ("prompts", "replies", "message"),
    [
        (torch.tensor([-1]), HI, r"prompts must lie in \[0, 6\), got -1"),
        (torch.tensor([6]), HI, r"prompts must lie in \[0, 6\), got 6"),
        ([0], HI, "prompts must be an int64 tensor, got list"),
        (torch.tensor([0]), HI + 8, r"replies must lie in \[0, 8\), got"),
        (torch.tensor([0]), HI[:, :4], r"replies must have shape \[B, 5\] .* got \(1, 4\)"),
        (torch.tensor([0, 1]), HI, r"replies must have shape .* got \(1, 5\) for \(2,\)"),
    ],
)
def test_what_is_not_said_at_the_desk_has_no_score(model, prompts, replies, message):
    for call in (lambda *both: last_word_scores(model, *both), TableScores(TABLE)):
        with pytest.raises(ValueError, match=message):
            call(prompts, replies)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE.tolist(), "table must be a torch tensor, got list"),
        (TABLE[:1], r"table must have shape \(6, 19608\), got"),
        (TABLE * torch.nan, "table must be finite, got nan"),
        (TABLE.double() + 1e200, "table must be finite, got inf"),
    ],
)
def test_bad_tables_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        TableScores(table)


@pytest.mark.parametrize(
    ("score", "rows", "message"),
    [
        (lambda prompts, _: prompts * torch.nan, 1, "scores must be finite, got nan"),
        (lambda prompts, _: prompts[:, None], 1, r"scores must have shape \(1,\), got"),
        (lambda prompts, _: [0.0], 1, "scores must be a torch tensor, got list"),
        (lambda prompts, _: prompts, 0, "comparisons must hold at least one number"),
    ],
)
def test_an_accuracy_needs_one_number_for_each_pair(score, rows, message):
    pairs = Comparisons(torch.tensor([0]), HI, HI).rows(slice(rows))
    with pytest.raises(ValueError, match=message):
        reward_accuracy(score, pairs)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (torch.full((2, 3), torch.inf), "scores must be finite, got inf"),
        (torch.zeros(1, 3), r"scores must have shape \[..., P, N\] .* \(1, 3\) for \(2, 3\)"),
        (torch.zeros(3), r"scores must have shape \[..., P, N\] .* got \(3,\)"),
        ([[0.0]], "scores must be a torch tensor, got list"),
    ],
)
def test_bad_scores_are_not_centred(scores, message):
    with pytest.raises(ValueError, match=message):
        centred_scores(scores, torch.full((2, 3), 1 / 3).log())
    with pytest.raises(ValueError, match="members must be a torch tensor, got list"):
        ensemble_scores([scores], torch.full((2, 3), 1 / 3).log(), rule="min")
