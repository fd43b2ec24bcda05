"""RLHF on the help desk: how long it takes, and how far below the frontier it ends."""

import statistics
import time

import torch

from rlnotes.data.help_desk import gold_rewards
from rlnotes.exact.frontier import best_reward_at, reward_masses
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training import sft
from rlnotes.training.replies import evaluate, gold_table, reply_tree
from rlnotes.training.rlhf import ALGORITHMS, Config, train_rlhf

SEEDS, BETAS = range(5), (1.0, 0.5, 0.25, 0.1)
INTRODUCTION = """

The help desk of chapter 7, CPU seconds on one thread. Each seed has an SFT model of its
own. The gap is the reward of the exact frontier at the policy's exact KL, less the
policy's exact reward; the reward is the gold one.

"""


def section() -> str:
    """The tables, as Markdown."""
    torch.set_num_threads(1)
    models, sft_seconds = [], []
    for seed in SEEDS:
        start = time.process_time()
        models.append(sft.train_sft(sft.Config(seed=seed)).model)
        sft_seconds.append(time.process_time() - start)
    evaluating = []
    for model in models * 3:
        start = time.process_time()
        table_of(model)
        evaluating.append(time.process_time() - start)
    lines = [
        "| what | median s | worst s |",
        "| --- | --- | --- |",
        f"| SFT, {sft.Config.num_steps} steps of {sft.Config.batch_size} | {both(sft_seconds)} |",
        f"| all 6 x 19,608 log-probabilities of a policy | {both(evaluating)} |",
        "",
        "| trained by | beta | seeds | gap, median | gap, worst | median s | worst s |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for algorithm in ALGORITHMS:
        for beta in BETAS:
            runs = [_run(models[seed], algorithm, beta, seed) for seed in SEEDS]
            gaps, seconds = zip(*runs, strict=True)
            cells = f"{algorithm} | {beta:g} | {len(SEEDS)} | {both(gaps)} | {both(seconds)}"
            lines.append(f"| {cells} |")
    return INTRODUCTION + "\n".join(lines)


def _run(start: TinyLM, algorithm: str, beta: float, seed: int) -> tuple[float, float]:
    """Gap and CPU seconds of one run."""
    begin = time.process_time()
    config = Config(algorithm=algorithm, beta=beta, seed=seed)
    policy = train_rlhf(start, gold_rewards, config).policy
    seconds = time.process_time() - begin
    return gap_of(policy, start), seconds


def gap_of(policy: TinyLM, start: TinyLM) -> float:
    """Reward of the frontier at the policy's exact KL, less the policy's own."""
    ref_log_probs = table_of(start)
    point = evaluate(table_of(policy), ref_log_probs, gold_table())
    return best_reward_at(reward_masses(ref_log_probs, gold_table()), point.kl) - point.reward


@torch.no_grad()
def table_of(model: TinyLM) -> torch.Tensor:
    """[6, 19608] log-probabilities of all replies."""
    return reply_tree(model).log_probs


def both(numbers) -> str:
    """Two cells: the median and the worst."""
    return f"{statistics.median(numbers):.3f} | {max(numbers):.3f}"
