"""Recordings of GRPO and its relatives on the help desk's reward-KL plane."""

from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor

from rlnotes.data.help_desk import gold_rewards, prompt_tokens
from rlnotes.exact.language import gibbs_optimum
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.scripts.record_rlhf import PROXY_BETA, learned_judge
from rlnotes.training.grpo import Config, train_grpo
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.replies import evaluate, gold_table, reply_tree

BETAS, SEEDS, FEWER, EVERY = (1.0, 0.5, 0.25, 0.1), range(5), range(3), 30
SETTING = {"num_prompts": 64, "num_updates": 300, "num_epochs": 1, "learning_rate": 2e-3}
DR_GRPO = {"advantage": "group_mean", "normalizer": "longest"}
KINDS = {
    "rloo, reward": {"advantage": "leave_one_out", "ratio": "answer", "kl": "reward"},
    "dr_grpo, reward": {**DR_GRPO, "kl": "reward"},
    "grpo, reward": {"kl": "reward"},
    "grpo, k3": {"kl": "k3"},
    "dr_grpo, k1": {**DR_GRPO, "kl": "k1"},
    "dr_grpo, k2": {**DR_GRPO, "kl": "k2"},
    "dr_grpo, k3": {**DR_GRPO, "kl": "k3"},
    "dr_grpo, k3_times_ratio": {**DR_GRPO, "kl": "k3_times_ratio"},
    "rloo, k2": {"advantage": "leave_one_out", "ratio": "answer", "kl": "k2"},
}


def plane(pool) -> list[dict]:
    """Exact reward and KL during training, by kind, price and seed."""
    settings = [
        (kind, Config(**SETTING, **change, beta=beta, seed=seed))
        for (kind, change), beta, seed in product(KINDS.items(), BETAS, SEEDS)
        if change["kl"] == "reward" or seed in FEWER
    ]
    return [row for rows in pool.map(plane_curve, settings, chunksize=1) for row in rows]


def plane_curve(setting: tuple[str, Config]) -> list[dict]:
    """One run on the gold reward."""
    kind, config = setting
    return curve(gold_rewards, config, {"kind": kind})


def judged(pool) -> list[dict]:
    """The reward model of chapter 7's pipeline in place of a verifier."""
    change = KINDS["dr_grpo, reward"]
    configs = [Config(**SETTING, **change, beta=PROXY_BETA, seed=seed) for seed in SEEDS]
    return [row for rows in pool.map(judged_curve, configs, chunksize=1) for row in rows]


def judged_curve(config: Config) -> list[dict]:
    """One run on the learned scores."""
    return curve(learned_judge(), config, {})


def curve(score: Callable[[Tensor, Tensor], Tensor], config: Config, setting: dict) -> list[dict]:
    """One run: a row before it and one after every `EVERY` updates.

    Exact: gold reward, KL and distance to the best policy. As logged: means over the
    last `EVERY` updates.
    """
    start, ref_log_probs, gold = reference_model(), reference_log_probs(), gold_table()
    best, rows = gibbs_optimum(ref_log_probs, gold, beta=config.beta), []

    @torch.no_grad()
    def watch(update: int, policy: TinyLM):
        if update % EVERY:
            return
        log_probs = reply_tree(policy).log_probs
        row = {**setting, "beta": config.beta, "seed": config.seed, "update": update}
        distance = 0.5 * (log_probs.exp() - best.exp()).abs().sum(dim=1).mean().item()
        point = evaluate(log_probs, ref_log_probs, gold)._asdict()
        rows.append(row | point | {"distance": distance})

    watch(0, start)
    log = train_grpo(start, prompt_tokens(), score, config, watch=watch).diagnostics
    for row in rows:
        updates = slice(max(row["update"] - EVERY, 0), max(row["update"], 1))  # at 0: the first
        for name in ("score", "loss", "gradient_norm", "length"):
            row[name] = getattr(log, name)[updates].mean()
        row["logged_kl"] = log.kl[updates].mean()
    return rows
