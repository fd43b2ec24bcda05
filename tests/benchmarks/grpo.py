"""GRPO: an update, the forgotten carry, and the KL in the reward on the help desk."""

import time

import numpy as np
import torch

from rlnotes.data.carry_addition import held_out_prompts, training_prompts
from rlnotes.data.carry_rewards import verify
from rlnotes.data.help_desk import gold_rewards, prompt_tokens
from rlnotes.exact.frontier import best_reward_at, reward_masses
from rlnotes.scripts.record_grpo_plane import KINDS, SETTING
from rlnotes.training.carry_accuracy import exact_accuracy
from rlnotes.training.carry_reference import carry_reference
from rlnotes.training.grpo import Config, Learner, train_grpo
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.replies import evaluate, gold_table, reply_tree
from tests.benchmarks.rlhf import both

STARTS, BETAS = range(5), (1.0, 0.5, 0.25, 0.1)
# Seeds of each kind.
DESK_RUNS = {"rloo, reward": 3, "dr_grpo, reward": 3, "grpo, reward": 1, "grpo, k3": 1}
INTRODUCTION = """

GRPO of chapter 9, CPU time on one thread. An update has 32 prompts of the forgotten
carry and 8 answers to each; it samples, reads the reference for a k3 term, and makes one
step of Adam. Accuracies are exact, on the sums that are held out, after the default run
from each of the five recorded models. The gaps are those of the help desk as above, of
three seeds where the median and the worst differ, else of one.

"""


def section() -> str:
    """The tables, as Markdown."""
    torch.set_num_threads(1)
    accuracies, seconds = zip(*(_carry(start) for start in STARTS), strict=True)
    lines = [
        "| what | median | worst |",
        "| --- | --- | --- |",
        f"| update of 32 x 8 with the reference, ms | {both(_updates(beta=0.05))} |",
        f"| the same without a reference, ms | {both(_updates(beta=0.0))} |",
        f"| forgotten carry: share of wrong answers | {both([1 - a for a in accuracies])} |",
        f"| the same, s | {both(seconds)} |",
    ]
    for kind, runs in DESK_RUNS.items():
        for beta in BETAS:
            gaps, seconds = zip(*(_desk(kind, beta, seed) for seed in range(runs)), strict=True)
            lines += [f"| {kind}, beta {beta:g}: gap | {both(gaps)} |"]
        lines += [f"| the same, s | {both(seconds)} |"]
    return INTRODUCTION + "\n".join(lines)


def _carry_score(numbers: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    return verify(training_prompts()[numbers], answers)


def _updates(*, beta: float) -> list[float]:
    """Milliseconds of single updates, the first ones left out."""
    config = Config(num_prompts=32, num_epochs=1, beta=beta)
    learner = Learner(carry_reference(0), training_prompts(), _carry_score, config)
    durations = []
    for _ in range(120):
        begin = time.process_time()
        learner.update(learner.rollout(), 0.0)
        durations.append(1e3 * (time.process_time() - begin))
    return durations[20:]


def _carry(start: int) -> tuple[float, float]:
    """Exact accuracy and CPU seconds of the default run."""
    begin = time.process_time()
    policy = train_grpo(carry_reference(start), training_prompts(), _carry_score, Config()).policy
    seconds = time.process_time() - begin
    with torch.no_grad():
        return exact_accuracy(policy, held_out_prompts()).mean().item(), seconds


def _desk(kind: str, beta: float, seed: int) -> tuple[float, float]:
    """Gap to the frontier and CPU seconds of one run on the gold reward."""
    config = Config(**SETTING, **KINDS[kind], beta=beta, seed=seed)
    begin = time.process_time()
    policy = train_grpo(reference_model(), prompt_tokens(), gold_rewards, config).policy
    seconds = time.process_time() - begin
    with torch.no_grad():
        point = evaluate(reply_tree(policy).log_probs, reference_log_probs(), gold_table())
    masses = reward_masses(reference_log_probs(), gold_table())
    return float(np.asarray(best_reward_at(masses, point.kl) - point.reward)), seconds
