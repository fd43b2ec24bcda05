"""The package's own functions solve the exercises that ask for them."""

import torch

from rlnotes.exercises import catalog
from rlnotes.functional.kl import kl_k1, kl_k2, kl_k3
from rlnotes.functional.kl_penalty import kl_penalized_rewards
from rlnotes.functional.preferences import reward_model_loss
from rlnotes.functional.sequences import last_counted

EXERCISES = catalog()


def test_rewards_of_rlhf():
    def rewards(scores, log_probs, ref_log_probs, lengths, beta):
        tensors = [torch.from_numpy(array) for array in (scores, log_probs, ref_log_probs)]
        mask = torch.arange(log_probs.shape[1]) < torch.from_numpy(lengths)[:, None]
        return kl_penalized_rewards(*tensors, mask, beta=beta)

    verdict = EXERCISES["penalized_rewards"].check(rewards)
    assert verdict.passed, verdict.message


def test_the_loss_of_a_reward_model():
    def loss(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
        chosen = last_counted(chosen_scores, chosen_mask)
        return reward_model_loss(chosen, last_counted(rejected_scores, rejected_mask))

    verdict = EXERCISES["preference_loss"].check(loss)
    assert verdict.passed, verdict.message


def test_of_the_three_estimators_k2_alone_is_a_loss():
    verdicts = {kl: EXERCISES["kl_as_loss"].check(kl) for kl in (kl_k1, kl_k2, kl_k3)}
    assert [verdict.passed for verdict in verdicts.values()] == [False, True, False]
    assert "Hint: nothing pulls" in verdicts[kl_k1].message
    assert "Hint: this pulls along the gradient of KL(pi_ref || pi)" in verdicts[kl_k3].message
