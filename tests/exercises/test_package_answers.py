"""The package's own functions solve the exercises that ask for them."""

import torch

from rlnotes.exact.language import gibbs_optimum
from rlnotes.exact.pass_rates import success_probs
from rlnotes.exercises import catalog
from rlnotes.functional.advantages import group_centered_advantages, group_relative_advantages
from rlnotes.functional.kl import kl_k1, kl_k2, kl_k3
from rlnotes.functional.kl_penalty import kl_penalized_rewards
from rlnotes.functional.policy_gradients import grpo_loss
from rlnotes.functional.preference_pairs import best_and_worst
from rlnotes.functional.preferences import (
    dpo_loss,
    implicit_rewards,
    preference_probs,
    reward_model_loss,
)
from rlnotes.functional.sequences import last_counted, sequence_log_probs

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


def test_the_loss_of_dpo():
    def loss(beta, chosen_lengths, rejected_lengths, **log_probs):
        lengths = {"chosen": chosen_lengths, "rejected": rejected_lengths}
        sums = {}
        for name, values in log_probs.items():
            counts = lengths["rejected" if "rejected" in name else "chosen"]
            mask = torch.arange(values.shape[1]) < counts[:, None]
            sums[name] = sequence_log_probs(values, mask)
        return dpo_loss(**sums, beta=beta)

    verdict = EXERCISES["dpo_pair_loss"].check(loss)
    assert verdict.passed, verdict.message


def test_an_epoch_of_dpo_by_autograd():
    def epoch(logits, ref_log_probs, pairs, beta, learning_rate):
        logits = torch.tensor(logits, requires_grad=True)
        optimizer = torch.optim.SGD([logits], lr=learning_rate)
        reference = torch.tensor(ref_log_probs)
        for pair in torch.tensor(pairs):
            (own, ref) = logits.log_softmax(dim=0)[pair], reference[pair]
            optimizer.zero_grad()
            dpo_loss(own[0], own[1], ref[0], ref[1], beta=beta).backward()
            optimizer.step()
        return logits

    verdict = EXERCISES["dpo_epoch"].check(epoch)
    assert verdict.passed, verdict.message


def test_preferences_of_a_policy():
    def preferences(policy, reference, beta):
        logs = torch.from_numpy(policy).log(), torch.from_numpy(reference).log()
        rewards = implicit_rewards(*logs, beta=beta)
        return preference_probs(*torch.broadcast_tensors(rewards[:, :, None], rewards[:, None, :]))

    verdict = EXERCISES["implied_preferences"].check(preferences)
    assert verdict.passed, verdict.message


def test_the_policies_of_the_exercise_are_the_best_ones_for_these_preferences():
    for case in EXERCISES["implied_preferences"].cases:
        rewards = torch.logit(torch.tensor(case.expected))[:, :, 0]  # the first answer has 0
        reference = torch.tensor(case.arguments["reference"]).log()
        best = gibbs_optimum(reference, rewards, beta=case.arguments["beta"])
        assert torch.allclose(best.exp(), torch.tensor(case.arguments["policy"]), atol=1e-12)


def test_advantages_of_groups():
    verdict = EXERCISES["group_advantages"].check(
        lambda rewards: group_relative_advantages(torch.from_numpy(rewards))
    )
    assert verdict.passed, verdict.message


def test_the_loss_of_grpo():
    def loss(clip_epsilon, beta, **arrays):
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        return grpo_loss(**tensors, clip_epsilon=clip_epsilon, beta=beta)

    verdict = EXERCISES["grpo_token_loss"].check(loss)
    assert verdict.passed, verdict.message


def test_the_weight_of_a_group():
    def weight(pass_rate, group_size, advantages):
        groups = torch.ones(group_size + 1, group_size).tril(-1).numpy()
        right = [advantages(group)[0] for group in groups[1:]]
        wrong = [advantages(group)[-1] for group in groups[:-1]]
        differences = [own - other for own, other in zip(right, wrong, strict=True)]
        return success_probs(pass_rate, group_size - 1) @ differences

    verdict = EXERCISES["expected_weight"].check(weight)
    assert verdict.passed, verdict.message


def test_epochs_of_grpo_on_answers_of_one_token():
    def epochs(logits, answers, rewards, num_epochs, clip_epsilon, learning_rate):
        logits = torch.tensor(logits, requires_grad=True)
        optimizer = torch.optim.SGD([logits], lr=learning_rate)
        advantages = group_centered_advantages(torch.tensor(rewards)[None])[0]
        old = logits.detach().log_softmax(dim=0)[answers][:, None]
        mask = torch.ones_like(old, dtype=torch.bool)
        for _ in range(num_epochs):
            own = logits.log_softmax(dim=0)[answers][:, None]
            optimizer.zero_grad()
            grpo_loss(own, old, None, advantages, mask, clip_epsilon=clip_epsilon).backward()
            optimizer.step()
        return logits

    verdict = EXERCISES["grpo_epochs"].check(epochs)
    assert verdict.passed, verdict.message


def test_pairs_of_the_best_and_the_worst_answer():
    def pairs(answers, rewards):
        table = torch.tensor([[torch.nan if r is None else r for r in row] for row in rewards])
        chosen, rejected, kept = best_and_worst(table, mask=~table.isnan())
        triples = torch.stack([torch.arange(len(table)), chosen, rejected], dim=1)[kept].tolist()
        return [(d, c, r) for d, c, r in triples if answers[d][c] != answers[d][r]]

    verdict = EXERCISES["preference_pairs"].check(pairs)
    assert verdict.passed, verdict.message
