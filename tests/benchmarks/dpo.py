"""DPO on the help desk: an update, the population loss on a table, fresh pairs."""

import time

import numpy as np
import torch

from rlnotes.data.help_desk import PROMPTS
from rlnotes.exact.language import gibbs_optimum
from rlnotes.exact.population_dpo import population_dpo_loss
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training import sft
from rlnotes.training.comparisons import draw_comparisons
from rlnotes.training.dpo import Config, Learner, train_dpo
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.optimizing import torch_rng
from rlnotes.training.replies import gold_table
from tests.benchmarks.rlhf import both, gap_of, table_of

SEEDS, BETA, SIZES = range(5), 1.0, (512, 2_048)
TABLE, TABLE_STEPS = 1_500, 200
INTRODUCTION = """

DPO of chapter 8 in the same world, CPU time on one thread. An update reads policy and
reference on 32 fixed pairs, takes the gradient and makes a step of Adam. The table holds
the likeliest replies to each prompt; total variation is that to the best policy. Fresh
pairs are drawn from an SFT model of each seed's own, and the gap is as above.

"""


def section() -> str:
    """The tables, as Markdown."""
    torch.set_num_threads(1)
    distances, table_seconds = zip(*(_population(p) for p in range(len(PROMPTS))), strict=True)
    lines = [
        "| what | median | worst |",
        "| --- | --- | --- |",
        f"| update of 32 pairs, ms | {both(_updates())} |",
        f"| population loss, table of {TABLE:,}, {TABLE_STEPS} steps: total variation | "
        f"{both(distances)} |",
        f"| the same, s | {both(table_seconds)} |",
    ]
    models = [sft.train_sft(sft.Config(seed=seed)).model for seed in SEEDS]
    for size in SIZES:
        runs = [_run(model, seed, size) for seed, model in zip(SEEDS, models, strict=True)]
        gaps, seconds = zip(*runs, strict=True)
        what = f"{Config.num_steps} steps of {size:,} fresh pairs, beta {BETA:g}"
        lines += [f"| {what}: gap | {both(gaps)} |", f"| the same, s | {both(seconds)} |"]
    return INTRODUCTION + "\n".join(lines)


def _updates() -> list[float]:
    """Milliseconds of single updates, the first ones left out."""
    pairs = draw_comparisons(10_000, reference_log_probs(), torch.Generator().manual_seed(0))
    learner = Learner(reference_model(), pairs, Config(batch_size=32))
    durations = []
    for _ in range(220):
        begin = time.process_time()
        learner.update(0.0)
        durations.append(1e3 * (time.process_time() - begin))
    return durations[20:]


def _population(prompt: int) -> tuple[float, float]:
    """Total variation to the best policy after Adam on a table of logits, seconds."""
    top = reference_log_probs()[prompt].topk(TABLE)
    ref, rewards = top.values.log_softmax(0), gold_table()[prompt, top.indices]
    logits = ref.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([logits], lr=0.1)
    begin = time.process_time()
    for _ in range(TABLE_STEPS):
        optimizer.zero_grad()
        population_dpo_loss(logits.log_softmax(0), ref, rewards, beta=BETA).backward()
        optimizer.step()
    seconds = time.process_time() - begin
    best = gibbs_optimum(ref, rewards, beta=BETA).exp()
    return (logits.softmax(0) - best).abs().sum().item() / 2, seconds


def _run(start: TinyLM, seed: int, size: int) -> tuple[float, float]:
    """Gap and CPU seconds of one run."""
    ref_log_probs = table_of(start)
    generator = torch_rng(np.random.SeedSequence((seed, 1)))
    config = Config(beta=BETA, batch_size=size, seed=seed)
    begin = time.process_time()
    policy = train_dpo(
        start, lambda num, _: draw_comparisons(num, ref_log_probs, generator), config
    ).policy
    seconds = time.process_time() - begin
    return gap_of(policy, start), seconds
