"""Recordings of DPO on the help desk: sources of pairs, prices, losses, one race."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import torch

from rlnotes.data.help_desk import gold_rewards
from rlnotes.exact.language import gibbs_optimum
from rlnotes.functional.preferences import implicit_rewards
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.scripts.record_rlhf import PAIRS, PAIRS_SEED, PROXY_BETA
from rlnotes.training import rlhf
from rlnotes.training.comparisons import Comparisons, draw_comparisons, sample_comparisons
from rlnotes.training.dpo import LOSSES, Config, train_dpo
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.optimizing import torch_rng
from rlnotes.training.replies import evaluate, gold_table, reply_tree
from rlnotes.training.scores import TableScores, reward_accuracy

BETAS, SEEDS, EVERY = (1.0, 0.5, 0.25, 0.1), range(5), 20
FIXED = (300, 1_000, 10_000)  # pairs, drawn once from the reference
SOURCES = (*(f"fixed_{number}" for number in FIXED), "fresh", "own")
FLIP_RATES, TOLD, VARIANT_BETA, FEWER = (0.0, 0.2), 0.2, 1.0, range(3)
RATES, RATES_BETA = (5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2), 1.0
PPO_STEPS, PPO_PAIRS = 480, 64  # of DPO, with as many replies in each as PPO's minibatch
LONG, GOOD_BETA, BETTER, HELD_OUT = 1_600, 0.25, ("good", "mixed"), 4_000
SUPERVISED, SUPERVISED_BETA, SUPERVISED_PAIRS = (0.0, 0.1, 1.0), 0.25, 1_000


def sources(pool) -> list[dict]:
    """Exact reward and KL during training, by source of pairs, price and seed."""
    settings = [
        (source, Config(beta=beta, seed=seed))
        for source, beta, seed in product(SOURCES, BETAS, SEEDS)
    ]
    curves = pool.map(source_curve, settings, chunksize=1)
    return [row for curve in curves for row in curve]


def source_curve(setting: tuple[str, Config]) -> list[dict]:
    """One run; a seed has its own pairs."""
    source, config = setting
    return curve(pairs_of(source, config.seed), config, {"source": source})


def losses(pool) -> list[dict]:
    """The end of runs with each loss on fresh pairs, labels flipped or not."""
    settings = list(product(LOSSES, FLIP_RATES, FEWER))
    return pool.map(loss_row, settings, chunksize=1)


def loss_row(setting: tuple[str, float, int]) -> dict:
    """One run; losses that ask for the share of wrong labels are told the same one."""
    loss, flip_rate, seed = setting
    told = TOLD if loss in ("conservative", "robust") else 0.0
    config = Config(beta=VARIANT_BETA, loss=loss, flip_rate=told, seed=seed)
    pairs = pairs_of("fresh", seed, flip_rate=flip_rate)
    return curve(pairs, config, {"variant": loss, "flip_rate": flip_rate})[-1]


def supervised(pool) -> list[dict]:
    """Runs on few fixed pairs with a supervised term of growing weight."""
    settings = [
        Config(beta=SUPERVISED_BETA, sft_weight=weight, seed=seed)
        for weight, seed in product(SUPERVISED, SEEDS)
    ]
    return [row for rows in pool.map(supervised_curve, settings, chunksize=1) for row in rows]


def supervised_curve(config: Config) -> list[dict]:
    """One run."""
    pairs = pairs_of(f"fixed_{SUPERVISED_PAIRS}", config.seed)
    return curve(pairs, config, {"sft_weight": config.sft_weight})


def race(pool) -> list[dict]:
    """DPO on the comparisons that `rlhf_pipeline` fits its reward model to."""
    configs = [Config(beta=PROXY_BETA, seed=seed) for seed in SEEDS]
    return [row for rows in pool.map(race_curve, configs, chunksize=1) for row in rows]


def race_curve(config: Config) -> list[dict]:
    """One run; all have the same pairs, and are judged by the same fresh ones."""
    generator = torch.Generator().manual_seed(PAIRS_SEED)
    pairs = draw_comparisons(PAIRS, reference_log_probs(), generator)
    fresh = draw_comparisons(HELD_OUT, reference_log_probs(), generator)
    return curve(pairs, config, {}, held_out=fresh)


def coverage(pool) -> list[dict]:
    """The end of runs at low prices: longer, or on pairs of a better policy."""
    settings = [("fresh", beta, LONG, seed) for beta in BETAS[2:] for seed in FEWER]
    settings += [(name, BETAS[-1], Config.num_steps, s) for name in BETTER for s in FEWER]
    return pool.map(coverage_row, settings, chunksize=1)


def coverage_row(setting: tuple[str, float, int, int]) -> dict:
    """One run."""
    source, beta, num_steps, seed = setting
    config = Config(beta=beta, num_steps=num_steps, seed=seed)
    setting = {"source": source, "num_steps": num_steps}
    return curve(pairs_of(source, seed), config, setting)[-1]


def learning_rates(pool) -> list[dict]:
    """The end of runs of DPO and PPO with learning rates far apart."""
    settings = list(product(("dpo", "dpo_small", "ppo"), RATES, FEWER))
    return pool.map(rate_row, settings, chunksize=1)


@torch.no_grad()
def rate_row(setting: tuple[str, float, int]) -> dict:
    """One run: DPO on fresh pairs of the reference, PPO on the gold reward.

    dpo_small has as many steps as PPO, and as many replies in each.
    """
    algorithm, rate, seed = setting
    start = reference_model()
    with torch.enable_grad():
        if algorithm != "ppo":
            config = Config(beta=RATES_BETA, learning_rate=rate, seed=seed)
            if algorithm == "dpo_small":
                config = replace(config, num_steps=PPO_STEPS, batch_size=PPO_PAIRS)
            policy = train_dpo(start, pairs_of("fresh", seed), config).policy
        else:
            config = rlhf.Config(beta=RATES_BETA, learning_rate=rate, seed=seed)
            policy = rlhf.train_rlhf(start, gold_rewards, config).policy
    point = evaluate(reply_tree(policy).log_probs, reference_log_probs(), gold_table())
    row = {"algorithm": algorithm, "learning_rate": rate, "seed": seed}
    return row | point._asdict()


def pairs_of(
    source: str, seed: int, *, flip_rate: float = 0.0
) -> Comparisons | Callable[[int, TinyLM], Comparisons]:
    """Pairs drawn once, or fresh ones: of the reference, the policy, or a good policy.

    good: of the best policy at `GOOD_BETA`; mixed: half of these, half the reference's.
    """
    (pairs_seed,) = np.random.SeedSequence((seed, 1)).spawn(1)  # none of the trainer's
    generator, ref_log_probs = torch_rng(pairs_seed), reference_log_probs()
    if source == "own":
        return lambda num, policy: sample_comparisons(num, policy, generator, flip_rate=flip_rate)
    if source in ("fresh", *BETTER):
        good = gibbs_optimum(ref_log_probs, gold_table(), beta=GOOD_BETA)
        tables = {"fresh": [ref_log_probs], "good": [good], "mixed": [ref_log_probs, good]}[source]

        def draw(num: int, _policy: TinyLM) -> Comparisons:
            parts = [
                draw_comparisons(num // len(tables), table, generator, flip_rate=flip_rate)
                for table in tables
            ]
            return Comparisons(*(torch.cat(columns) for columns in zip(*parts, strict=True)))

        return draw
    num_pairs = int(source.removeprefix("fixed_"))
    return draw_comparisons(num_pairs, ref_log_probs, generator, flip_rate=flip_rate)


def curve(
    pairs: Comparisons | Callable[[int, TinyLM], Comparisons],
    config: Config,
    setting: dict,
    *,
    held_out: Comparisons | None = None,
) -> list[dict]:
    """One run: a row before it and one after every `EVERY` steps.

    Exact: reward, KL and distance to the best policy. As logged, means over the last
    `EVERY` steps: loss, rewards of chosen and rejected replies, accuracy. With pairs
    held out, the accuracy of the implicit reward on them as well.
    """
    start, ref_log_probs, gold = reference_model(), reference_log_probs(), gold_table()
    best, rows = gibbs_optimum(ref_log_probs, gold, beta=config.beta), []

    @torch.no_grad()
    def watch(step, policy):
        if step % EVERY:
            return
        log_probs = reply_tree(policy).log_probs
        point = evaluate(log_probs, ref_log_probs, gold)
        row = {**setting, "beta": config.beta, "seed": config.seed, "step": step}
        distance = 0.5 * (log_probs.exp() - best.exp()).abs().sum(dim=1).mean().item()
        if held_out is not None:
            hidden = implicit_rewards(log_probs, ref_log_probs, beta=config.beta)
            row["held_out"] = reward_accuracy(TableScores(hidden), held_out)
        rows.append(row | {**point._asdict(), "distance": distance})

    watch(0, start)
    logged = train_dpo(start, pairs, config, watch=watch).diagnostics
    for row in rows:
        steps = slice(max(row["step"] - EVERY, 0), max(row["step"], 1))  # at 0: the first
        row |= {name: getattr(logged, name)[steps].mean() for name in logged._fields}
    return rows
