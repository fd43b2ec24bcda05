"""Recordings of RLHF on the help desk: where trained policies stand on the plane."""

from itertools import product

import torch

from rlnotes.data.help_desk import PROMPTS, gold_rewards
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.replies import evaluate, gold_table, reply_tree
from rlnotes.training.rlhf import ALGORITHMS, Config, train_rlhf

BETAS, SEEDS, EVERY = (1.0, 0.5, 0.25, 0.1), range(5), 10
CALM, FORGETTING_BETAS, FORGETTING_SEEDS = (0, 1, 2), (1.0, 0.25, 0.05), range(3)


def policies(pool) -> list[dict]:
    """Exact reward and KL of PPO and RLOO during training, gold reward, SFT seed 0."""
    configs = [
        Config(algorithm=algorithm, beta=beta, seed=seed)
        for algorithm, beta, seed in product(ALGORITHMS, BETAS, SEEDS)
    ]
    curves = pool.map(policy_curve, configs, chunksize=1)
    return [row for curve in curves for row in curve]


def forgetting(pool) -> list[dict]:
    """PPO on the calm prompts only: what it does to these, and to the angry ones."""
    configs = [
        Config(prompts=CALM, beta=beta, seed=seed)
        for beta, seed in product(FORGETTING_BETAS, FORGETTING_SEEDS)
    ]
    return pool.map(forgetting_row, configs, chunksize=1)


@torch.no_grad()
def forgetting_row(config: Config) -> dict:
    """Exact reward and KL after one run, on trained prompts and on the others."""
    with torch.enable_grad():
        policy = train_rlhf(reference_model(), gold_rewards, config).policy
    tables = reply_tree(policy).log_probs, reference_log_probs(), gold_table()
    others = [number for number in range(len(PROMPTS)) if number not in config.prompts]
    row = {"beta": config.beta, "seed": config.seed}
    for name, numbers in {"trained": list(config.prompts), "other": others}.items():
        point = evaluate(*(table[numbers] for table in tables))
        row |= {f"{name}_reward": point.reward, f"{name}_kl": point.kl}
    return row


def policy_curve(config: Config) -> list[dict]:
    """One run: a row before it and one after every `EVERY` updates."""
    start, ref_log_probs, rows = reference_model(), reference_log_probs(), []

    @torch.no_grad()
    def watch(update, policy):
        if update % EVERY:
            return
        point = evaluate(reply_tree(policy).log_probs, ref_log_probs, gold_table())
        setting = {"algorithm": config.algorithm, "beta": config.beta, "seed": config.seed}
        rows.append({**setting, "update": update, **point._asdict()})

    watch(0, start)
    train_rlhf(start, gold_rewards, config, watch=watch)
    return rows
