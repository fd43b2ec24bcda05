"""Recordings of RLHF on the help desk: where trained policies stand on the plane."""

from functools import lru_cache
from itertools import product

import torch

from rlnotes.data.help_desk import gold_rewards
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training.replies import evaluate, gold_table, reply_tree
from rlnotes.training.rlhf import Config, train_rlhf
from rlnotes.training.sft import Config as SFTConfig
from rlnotes.training.sft import train_sft

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
    start = reference_model()
    with torch.no_grad():
        ref_log_probs = reply_tree(start).log_probs
    rows = []

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


@lru_cache(maxsize=1)
def reference_model() -> TinyLM:
    """The SFT model of seed 0, from which all recorded runs start."""
    return train_sft(SFTConfig(seed=0)).model
