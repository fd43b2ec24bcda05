"""A real model's weights get the same gradient from TRL's trainers and from our losses.

Here each side reads the log-probabilities off the model by itself, padding included.
"""

import torch
from torch import Tensor, nn
from torch.testing import assert_close

from rlnotes.functional.policy_gradients import grpo_loss
from rlnotes.functional.preferences import dpo_loss
from rlnotes.functional.sequences import sequence_log_probs, token_log_probs
from tests.bridges.trl_losses import (
    dpo_trainer,
    drawn_answers,
    group_inputs,
    group_trainer,
    pair_inputs,
)
from tests.bridges.word_model import EOS, PAD, WORDS

ANSWERS = drawn_answers()
MASK = ANSWERS.mask
RNG = torch.Generator().manual_seed(1)
PROMPTS, TOKENS = (
    torch.randint(EOS + 1, len(WORDS), (len(MASK), width), generator=RNG) for width in (3, 5)
)


def read(model: nn.Module, prompt_mask: Tensor) -> Tensor:
    """[B, T] our log-probabilities of the answers, from the model's plain logits."""
    prompts = PROMPTS.masked_fill(~prompt_mask, PAD)
    logits = model(
        input_ids=torch.cat([prompts, TOKENS], dim=1),
        attention_mask=torch.cat([prompt_mask, MASK], dim=1).long(),
    ).logits
    return token_log_probs(logits[:, PROMPTS.shape[1] - 1 : -1], TOKENS, MASK)


def assert_same_gradients(model: nn.Module, trl: Tensor, ours: Tensor) -> None:
    """One loss, and one gradient of every weight; the model is in float32."""
    assert_close(trl, ours, atol=1e-6, rtol=0)
    weights = dict(model.named_parameters())
    both = (torch.autograd.grad(loss, list(weights.values())) for loss in (trl, ours))
    pairs = list(zip(*both, strict=True))
    assert max(ours.abs().max() for _, ours in pairs) > 0.1
    for name, (theirs, mine) in zip(weights, pairs, strict=True):
        assert_close(theirs, mine, atol=1e-6, rtol=0, msg=lambda text, name=name: f"{name}: {text}")


def test_grpo_with_prompts_of_two_lengths(word_model):
    trainer = group_trainer("grpo", word_model, loss_type="dapo", beta=0.3)
    prompt_mask = torch.ones(len(MASK), 3, dtype=torch.bool)
    prompt_mask[4:, 0] = False  # the second prompt is shorter: padded at its start
    own = read(trainer.model, prompt_mask)
    old, ref = own.detach() + 0.1, own.detach() - 0.2
    advantages = ANSWERS.advantages.float()
    given = group_inputs(ANSWERS._replace(advantages=advantages, old=old, ref=ref))
    given |= {
        "prompt_ids": PROMPTS.masked_fill(~prompt_mask, PAD),
        "prompt_mask": prompt_mask.long(),
        "completion_ids": TOKENS,
    }
    ours = grpo_loss(
        own,
        old,
        ref,
        advantages,
        MASK,
        clip_epsilon=0.2,
        beta=0.3,
        kl="k3_times_ratio",
        normalizer="batch_tokens",
    )
    assert_same_gradients(trainer.model, trainer._compute_loss(trainer.model, given), ours)


def test_dpo_against_another_reference(word_model):
    trainer = dpo_trainer(word_model, beta=0.5)
    with torch.no_grad():
        for weights in trainer.ref_model.parameters():
            weights.mul_(1.1)
    prompt_mask = torch.ones_like(PROMPTS, dtype=torch.bool)
    own = sequence_log_probs(read(trainer.model, prompt_mask), MASK)
    ref = sequence_log_probs(read(trainer.ref_model, prompt_mask), MASK).detach()
    assert (own - ref).abs().min() > 0.01
    given = pair_inputs(torch.cat([PROMPTS, TOKENS], dim=1), MASK)
    ours = dpo_loss(*own.chunk(2), *ref.chunk(2), beta=0.5)
    trl = trainer._compute_loss(trainer.model, given, return_outputs=False)
    assert_same_gradients(trainer.model, trl, ours)
