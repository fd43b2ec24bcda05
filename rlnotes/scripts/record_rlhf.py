"""Recordings of RLHF on the help desk: where trained policies stand on the plane."""

from itertools import product

import torch

from rlnotes.data.help_desk import gold_rewards
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.replies import evaluate, gold_table, reply_tree
from rlnotes.training.rlhf import Config, train_rlhf

BETAS, SEEDS, EVERY = (1.0, 0.5, 0.25, 0.1), range(5), 10
NUM_UPDATES = {"ppo": 100, "rloo": 150}


def policies(pool) -> list[dict]:
    """Exact reward and KL of PPO and RLOO during training, gold reward, SFT seed 0."""
    configs = [
        Config(algorithm=algorithm, num_updates=updates, beta=beta, seed=seed)
        for (algorithm, updates), beta, seed in product(NUM_UPDATES.items(), BETAS, SEEDS)
    ]
    curves = pool.map(policy_curve, configs, chunksize=1)
    return [row for curve in curves for row in curve]


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
