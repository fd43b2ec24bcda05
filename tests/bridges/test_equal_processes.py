"""Two processes train as one on the whole batch: advantages and gradients."""

import pytest
import torch
import transformers
from torch.testing import assert_close

from rlnotes.exact.group_weights import ADVANTAGES
from rlnotes.functional.policy_gradients import grpo_loss
from rlnotes.functional.sequences import token_log_probs
from tests.bridges.half_group import CASES, REWARDS, weights
from tests.bridges.trl_losses import LIMIT

PER_STD = ADVANTAGES["group_mean"](REWARDS) / (REWARDS.std() + 1e-4)  # of the whole batch
EXPECTED = {
    "group": ADVANTAGES["sample_std_plus"](REWARDS),
    "batch": PER_STD,
    "none": ADVANTAGES["group_mean"](REWARDS),
    "leave_one_out": ADVANTAGES["leave_one_out"](REWARDS),
}


@pytest.fixture(scope="module")
def ranks(two_processes) -> list[dict]:
    """What each of two processes kept, by case."""
    folder, _ = two_processes
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.parametrize("case", CASES)
def test_advantages_know_the_other_half_of_the_group(ranks, case):
    parts = [rank[case]["advantages"] for rank in ranks]
    assert [len(part) for part in parts] == [6, 6]
    assert_close(torch.cat(parts).view(REWARDS.shape), EXPECTED[case], atol=1e-6, rtol=0)


@pytest.fixture(scope="module")
def model(word_model):
    return transformers.AutoModelForCausalLM.from_pretrained(word_model, dtype=torch.float32)


def gradient(model, *losses) -> torch.Tensor:
    """That of the mean of some losses, in one row."""
    mean = sum(losses) / len(losses)
    rows = torch.autograd.grad(mean, list(model.parameters()), retain_graph=True)
    return torch.cat([row.flatten() for row in rows])


def answers(model, kept):
    """Our log-probabilities of what a process drew, and the mask; [B, T] of seven."""
    tokens, mask = kept["completion_ids"], kept["completion_mask"]
    places = torch.cat([kept["prompt_mask"], mask], dim=1)
    whole = torch.cat([kept["prompt_ids"], tokens], dim=1)
    logits = model(input_ids=whole, attention_mask=places).logits[:, -tokens.shape[1] - 1 : -1]
    missing = (0, LIMIT - tokens.shape[1])
    own = token_log_probs(logits, tokens, mask.bool())
    return [torch.nn.functional.pad(t, missing) for t in (own, mask.bool())]


def our_loss(own, mask, advantages, normalizer):
    """On the policy that drew the answers: all ratios are 1."""
    return grpo_loss(
        own, own.detach(), None, advantages, mask, clip_epsilon=0.2, normalizer=normalizer
    )


@pytest.mark.parametrize(
    ("case", "normalizer"), [("group", "batch_tokens"), ("batch", "answer")], ids=["dapo", "grpo"]
)
def test_the_step_is_that_of_our_loss_on_the_whole_batch(ranks, model, case, normalizer):
    own, mask = (
        torch.cat(parts)
        for parts in zip(*(answers(model, rank[case]) for rank in ranks), strict=True)
    )
    ours = gradient(model, our_loss(own, mask, EXPECTED[case].flatten(), normalizer))
    assert ours.abs().max() > 0.05
    for rank in ranks:
        assert_close(rank[case]["gradient"], ours, atol=1e-6, rtol=0)


def test_rloo_steps_by_our_loss_of_whole_answers(ranks, model):
    own, mask = (
        torch.cat(parts)
        for parts in zip(*(answers(model, rank["leave_one_out"]) for rank in ranks), strict=True)
    )
    sums, counted = own.sum(dim=1, keepdim=True), mask.any(dim=1, keepdim=True)
    advantages = EXPECTED["leave_one_out"].flatten()
    ours = gradient(model, our_loss(sums, counted, advantages, "answer"))
    for rank in ranks:
        assert_close(rank["leave_one_out"]["gradient"], ours, atol=1e-6, rtol=0)


def test_bnpo_steps_by_a_mean_of_each_process_own_token_mean(ranks, model):
    # The processes drew different numbers of tokens: not the token mean of the batch.
    halves = [(*answers(model, rank["none"]), rank["none"]["advantages"]) for rank in ranks]
    assert halves[0][1].sum() != halves[1][1].sum()
    ours = gradient(model, *(our_loss(*half, "batch_tokens") for half in halves))
    whole = (torch.cat(parts) for parts in zip(*halves, strict=True))
    of_whole = gradient(model, our_loss(*whole, "batch_tokens"))
    assert (ours - of_whole).abs().max() > 1e-4
    for rank in ranks:
        assert_close(rank["none"]["gradient"], ours, atol=1e-6, rtol=0)


def test_both_processes_drew_their_own_answers_and_share_the_weights(ranks, model):
    for case in CASES:
        drawn = [rank[case]["completion_ids"].tolist() for rank in ranks]
        assert drawn[0] != drawn[1]
        assert torch.equal(*(rank[case]["gradient"] for rank in ranks))
        assert len(ranks[0][case]["gradient"]) == len(weights(model))
