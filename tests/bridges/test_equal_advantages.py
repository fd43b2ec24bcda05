"""Our advantages within a group are those that TRL's trainers compute, after sampling.

TRL draws answers from a tiny model; a reward function gives them the chosen rewards.
"""

from math import isnan

import pytest
import torch
from torch.testing import assert_close

from rlnotes.exact.group_weights import ADVANTAGES
from rlnotes.functional.sequences import sequence_log_probs
from tests.bridges.trl_losses import GROUP, group_trainer

# Spread, equal, nearly equal and lone ones; float32 holds all of them.
REWARDS = torch.tensor(
    [[1.0, 0.0, 1.0, 0.5], [2.0, 2.0, 2.0, 2.0], [0.0, 0.0, 0.0, 2.0**-10], [-3.0, 8.0, 0.25, 0.0]]
)
WITHOUT = REWARDS != 0.5  # one answer has no score


def trainer_of(kind, folder, rewards=REWARDS, **settings):
    """A trainer whose reward function gives these rewards, None for NaN."""
    given = [None if isnan(reward) else reward for reward in rewards.flatten().tolist()]
    return group_trainer(kind, folder, lambda completions, **_: given, **settings)


def drawn(trainer):
    """What the trainer makes of four answers to each of four prompts."""
    prompts = [{"prompt": prompt} for prompt in ("a", "b c", "d", "e f") for _ in range(GROUP)]
    return trainer._generate_and_score_completions(prompts)


def advantages(kind, folder, rewards=REWARDS, **settings):
    """[P, G] as TRL has them."""
    return drawn(trainer_of(kind, folder, rewards, **settings))["advantages"].view(rewards.shape)


@pytest.mark.parametrize(("scale", "name"), [("group", "sample_std_plus"), ("none", "group_mean")])
def test_grpo_per_group_and_without_a_std(word_model, scale, name):
    trl = advantages("grpo", word_model, scale_rewards=scale)
    assert_close(trl, ADVANTAGES[name](REWARDS), atol=1e-6, rtol=0)
    assert not trl[1].any()


def test_grpo_per_batch_divides_by_the_std_of_all_rewards(word_model):
    # No counterpart here: the mean is each group's, the std that of the whole batch.
    trl = advantages("grpo", word_model, scale_rewards="batch")
    std = REWARDS.std() + 1e-4
    assert_close(trl, ADVANTAGES["group_mean"](REWARDS) / std, atol=1e-6, rtol=0)


def test_without_the_small_number_the_factor_is_that_of_the_std(word_model):
    # Ours without 1e-4: (std + 1e-4) / std times TRL's, 1.2 for rewards 2^-10 apart.
    trl = advantages("grpo", word_model, scale_rewards="group")
    std = REWARDS.std(dim=1, keepdim=True)
    factor = torch.where(std > 0, (std + 1e-4) / std, 0)
    assert_close(ADVANTAGES["sample_std"](REWARDS), factor * trl, atol=1e-6, rtol=0)
    assert factor[2].item() == pytest.approx(1.2048)


def test_rloo_and_grpo_without_a_std_differ_by_the_group_size(word_model):
    trl = advantages("rloo", word_model, beta=0.0)
    assert_close(trl, ADVANTAGES["leave_one_out"](REWARDS), atol=1e-6, rtol=0)
    centred = advantages("grpo", word_model, scale_rewards="none")
    assert_close(trl, centred * GROUP / (GROUP - 1), atol=1e-6, rtol=0)


def test_rloo_normalized_takes_the_whole_batch(word_model):
    # No counterpart: mean and std of all advantages, and the mean is 0 already.
    trl = advantages("rloo", word_model, beta=0.0, normalize_advantages=True)
    ours = ADVANTAGES["leave_one_out"](REWARDS)
    assert_close(trl, ours / (ours.std() + 1e-4), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("kind", "settings", "name"),
    [
        ("grpo", {"scale_rewards": "group"}, "sample_std_plus"),
        ("grpo", {"scale_rewards": "none"}, "group_mean"),
        ("rloo", {"beta": 0.0}, "leave_one_out"),
    ],
)
def test_a_missing_score_is_left_out_alike(word_model, kind, settings, name):
    # None from the only reward function there, False in the mask here.
    mask = WITHOUT.clone()
    mask[3] = torch.tensor([True, False, False, False])  # a lone score: no advantage
    trl = advantages(kind, word_model, REWARDS.masked_fill(~mask, torch.nan), **settings)
    assert_close(trl, ADVANTAGES[name](REWARDS, mask=mask), atol=1e-6, rtol=0)
    assert not trl[3].any()


def test_rloo_takes_the_kl_off_the_reward(word_model):
    # beta times log pi(y) - log pi_ref(y), summed over the answer, as in `draw_groups`.
    trainer = trainer_of("rloo", word_model, beta=0.5)
    with torch.no_grad():
        for weights in trainer.ref_model.parameters():
            weights.mul_(1.2)
    output = drawn(trainer)
    mask = output["completion_mask"].bool()
    tokens, places = (
        torch.cat([output[f"prompt_{name}"], output[f"completion_{name}"]], dim=1)
        for name in ("ids", "mask")
    )
    own, ref = (
        trainer._get_per_token_logps_and_entropies(model, tokens, places, mask.shape[1])[0]
        for model in (trainer.model, trainer.ref_model)
    )
    log_ratios = sequence_log_probs((own - ref).detach(), mask).view(REWARDS.shape)
    assert log_ratios.abs().max() > 0.01
    ours = ADVANTAGES["leave_one_out"](REWARDS - 0.5 * log_ratios)
    assert_close(output["advantages"].view(REWARDS.shape), ours, atol=1e-6, rtol=0)
