"""Recordings of RLHF on the help desk: where trained policies stand on the plane."""

from itertools import product

import torch
from torch import Tensor

from rlnotes.data.help_desk import PROMPTS, SYMBOLS, gold_rewards
from rlnotes.training import reward_model
from rlnotes.training.comparisons import draw_comparisons
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.replies import (
    all_replies,
    evaluate,
    gold_table,
    reply_scores,
    reply_tree,
)
from rlnotes.training.reward_model import train_reward_model
from rlnotes.training.rlhf import ALGORITHMS, Config, train_rlhf
from rlnotes.training.scores import ModelScores, centred_scores, reward_accuracy

BETAS, SEEDS, EVERY = (1.0, 0.5, 0.25, 0.1), range(5), 10
PROXY_BETA, PAIRS, PAIRS_SEED = 0.25, 3_000, 8
STARTS_PAIRS, STARTS_SEEDS, FRESH_PAIRS = (100, 300, 1_000, 3_000), range(3), 4_000
CALM, FORGETTING_BETAS, FORGETTING_SEEDS = (0, 1, 2), (1.0, 0.25, 0.05), range(3)


def policies(pool) -> list[dict]:
    """Exact reward and KL of PPO and RLOO during training, gold reward, SFT seed 0."""
    configs = [
        Config(algorithm=algorithm, beta=beta, seed=seed)
        for algorithm, beta, seed in product(ALGORITHMS, BETAS, SEEDS)
    ]
    curves = pool.map(policy_curve, configs, chunksize=1)
    return [row for curve in curves for row in curve]


def pipeline(pool) -> list[dict]:
    """PPO on a learned reward model: exact gold, score and KL during training."""
    configs = [Config(beta=PROXY_BETA, seed=seed) for seed in SEEDS]
    curves = pool.map(pipeline_curve, configs, chunksize=1)
    return [row for curve in curves for row in curve]


def pipeline_curve(config: Config) -> list[dict]:
    """One run on the reward model that `PAIRS` comparisons give."""
    judge, rows = learned_judge(), []

    @torch.no_grad()
    def watch(update, policy):
        if update % EVERY:
            return
        tables = reply_tree(policy).log_probs, reference_log_probs()
        gold, kl = evaluate(*tables, gold_table())
        row = {"seed": config.seed, "update": update, "kl": kl, "gold": gold}
        rows.append(row | {"score": evaluate(*tables, scores).reward})

    with torch.no_grad():
        scores = centred_scores(reply_scores(judge.model), reference_log_probs())
    watch(0, reference_model())
    train_rlhf(reference_model(), judge, config, watch=watch)
    return rows


def learned_judge() -> ModelScores:
    """The reward model that `PAIRS` comparisons give."""
    generator = torch.Generator().manual_seed(PAIRS_SEED)
    pairs = draw_comparisons(PAIRS, reference_log_probs(), generator)
    return ModelScores(train_reward_model(pairs, reward_model.Config(), reference_model()).model)


def starts(pool) -> list[dict]:
    """Accuracy of reward models that start from the SFT trunk, or from a random one."""
    settings = list(product(STARTS_PAIRS, ("sft", "random"), STARTS_SEEDS))
    return pool.map(starts_row, settings, chunksize=1)


def starts_row(setting: tuple[int, str, int]) -> dict:
    """Share of fresh labels that a model predicts; a seed has its own pairs."""
    num_pairs, start, seed = setting
    generator = torch.Generator().manual_seed(seed)
    pairs = draw_comparisons(num_pairs, reference_log_probs(), generator)
    fresh = draw_comparisons(FRESH_PAIRS, reference_log_probs(), generator)
    config = reward_model.Config(held_out=0.0, seed=seed)
    model = reference_model() if start == "sft" else None
    judge = ModelScores(train_reward_model(pairs, config, model).model)
    accuracy = reward_accuracy(judge, fresh)
    return {"num_pairs": num_pairs, "start": start, "seed": seed, "accuracy": accuracy}


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
        row[f"{name}_sorry"] = sorry_probability(tables[0][numbers])
    return row


def sorry_probability(log_probs: Tensor) -> float:
    """Probability that a reply says sorry, mean over the prompts [P, 19608]."""
    says = (all_replies() == SYMBOLS.index("sorry")).any(dim=1)
    return log_probs.exp()[:, says].sum(dim=1).mean().item()


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
