"""Recordings of GRPO on the forgotten carry: kinds, group sizes, verifiers, starts."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rlnotes.data.carry_addition import held_out_prompts, training_prompts
from rlnotes.data.carry_rewards import rewards_for_showing_work, verify, verify_ones_digit
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training import carry_model
from rlnotes.training.carry_accuracy import exact_accuracy, note_probability
from rlnotes.training.carry_reference import carry_reference
from rlnotes.training.grpo import Config, train_grpo
from rlnotes.training.optimizing import torch_rng

STARTS, FEWER, EVERY = range(5), range(3), 25
KINDS = {
    "grpo": {},
    "dr_grpo": {"advantage": "group_mean", "normalizer": "longest"},
    "rloo": {"advantage": "leave_one_out", "ratio": "answer"},
    "maxrl": {"advantage": "mean"},
    "reinforce": {"advantage": "reward"},
    "batch_tokens": {"normalizer": "batch_tokens"},
    "clip_high": {"clip_epsilon_high": 0.28},
    "dynamic": {"max_draws": 4},
    "one_epoch": {"num_epochs": 1},
}
SIZES = (2, 4, 8, 16, 32)
ANSWERS = 512  # of an update, whatever the group size
NOISE = ((0.2, 0.0), (0.0, 0.2), (0.2, 0.2), (0.4, 0.4), (0.6, 0.6))  # false +, false -
SFT_STEPS = (0, 25, 50, 100, 200)
MOMENTS = (0, 10, 25, 50, 100, 200, 300)  # updates

Score = Callable[[Tensor, Tensor], Tensor]


class Run(NamedTuple):
    """One run, and what its rows are called."""

    label: dict[str, str | float]
    start: int  # seed of the model before
    config: Config
    verifier: str = "right"
    noise: tuple[float, float] = (0.0, 0.0)
    sft_steps: int | None = None  # None: the recorded model


def kinds(pool) -> list[dict]:
    """Exact accuracy and the log during training, by kind and start; default twice."""
    runs = [
        Run({"kind": kind}, start, Config(**change, seed=0))
        for (kind, change), start in product(KINDS.items(), STARTS)
    ]
    runs += [Run({"kind": "grpo"}, start, Config(seed=1)) for start in STARTS]
    return curves(pool, runs)


def sizes(pool) -> list[dict]:
    """Groups of other sizes, with as many answers in an update."""
    runs = [
        Run({"group_size": size}, start, Config(group_size=size, num_prompts=ANSWERS // size))
        for size, start in product(SIZES, FEWER)
    ]
    return curves(pool, runs)


def verifiers(pool) -> list[dict]:
    """Verifiers that can be cheated, and one that errs at random."""
    runs = [
        Run({"verifier": name}, start, Config(), verifier=name)
        for name, start in product(VERIFIERS, FEWER)
    ]
    runs += [
        Run({"verifier": f"false + {noise[0]}, false - {noise[1]}"}, start, Config(), noise=noise)
        for noise, start in product(NOISE, FEWER)
    ]
    return curves(pool, runs)


def cold_starts(pool) -> list[dict]:
    """Reinforcement after fewer steps of supervised fine-tuning, or none."""
    runs = [
        Run({"sft_steps": steps}, start, Config(), sft_steps=steps)
        for steps, start in product(SFT_STEPS, FEWER)
    ]
    return curves(pool, runs)


def pass_rates(pool) -> dict[str, np.ndarray | str]:
    """Exact pass rate of each held-out prompt [U, S, 800] at some moments of S runs."""
    rates = pool.map(pass_rate_curve, STARTS, chunksize=1)
    return {
        "pass_rates": np.stack(rates, axis=1),
        "updates": np.array(MOMENTS),
        "starts": np.array(STARTS),
        "settings": f"{Config()}; prompts as in held_out_prompts()",
    }


def pass_rate_curve(start: int) -> np.ndarray:
    """[U, 800] of one run."""
    rates = []

    @torch.no_grad()
    def watch(update, policy):
        if update in MOMENTS:
            rates.append(exact_accuracy(policy, held_out_prompts()).numpy())

    watch(0, carry_reference(start))
    train_grpo(carry_reference(start), training_prompts(), score_of(), Config(), watch=watch)
    return np.stack(rates).astype(np.float32)


def curves(pool, runs: list[Run]) -> list[dict]:
    """The rows of all runs."""
    return [row for rows in pool.map(curve, runs, chunksize=1) for row in rows]


def curve(run: Run) -> list[dict]:
    """One run: a row before it and one after every `EVERY` updates.

    Exact: accuracy on the held-out and on the training prompts, and how often a note is
    written on the held-out ones. As logged: means over the last `EVERY` updates, and
    the tokens generated so far.
    """
    rows, start = [], start_of(run)

    @torch.no_grad()
    def watch(update, policy):
        if update % EVERY:
            return
        held_out, trained = held_out_prompts(), training_prompts()
        rows.append(
            {**run.label, "start": run.start, "seed": run.config.seed, "update": update}
            | {"accuracy": exact_accuracy(policy, held_out).mean().item()}
            | {"training_accuracy": exact_accuracy(policy, trained).mean().item()}
            | {"notes": note_probability(policy, held_out).mean().item()}
        )

    watch(0, start)
    score = score_of(run.verifier, run.noise, seed=run.start)
    log = train_grpo(start, training_prompts(), score, run.config, watch=watch).diagnostics
    names = [name for name in log._fields if name not in ("kl", "num_tokens")]
    for row in rows:
        updates = slice(max(row["update"] - EVERY, 0), max(row["update"], 1))  # at 0: the first
        row |= {name: getattr(log, name)[updates].mean() for name in names}
        row["tokens"] = log.num_tokens[: row["update"]].sum()
    return rows


def start_of(run: Run) -> TinyLM:
    """The recorded model, or one with fewer steps of supervised fine-tuning."""
    if run.sft_steps is None:
        return carry_reference(run.start)
    if run.sft_steps == 0:
        return carry_model.untrained_model(torch.Generator().manual_seed(run.start))
    config = replace(carry_model.Config(seed=run.start), num_steps=run.sft_steps)
    return carry_model.train_carry_sft(config).model


VERIFIERS = {
    "right": verify,
    "ones_digit": verify_ones_digit,
    "showing_work": rewards_for_showing_work,
}


def score_of(
    verifier: str = "right", noise: tuple[float, float] = (0.0, 0.0), *, seed: int = 0
) -> Score:
    """A verifier as `train_grpo` takes it, erring at random if it shall."""
    (noise_seed,) = np.random.SeedSequence((seed, 1)).spawn(1)  # none of the trainer's
    score = partial(_scores, VERIFIERS[verifier], training_prompts())
    if not any(noise):
        return score
    return partial(_noisy, score, noise, torch_rng(noise_seed))


def _scores(verifier: Score, prompts: Tensor, numbers: Tensor, answers: Tensor) -> Tensor:
    return verifier(prompts[numbers], answers)


def _noisy(
    score: Score,
    noise: tuple[float, float],
    generator: torch.Generator,
    numbers: Tensor,
    answers: Tensor,
) -> Tensor:
    right = score(numbers, answers)
    false_positive, false_negative = noise
    chances = torch.where(right == 1, false_negative, false_positive)
    wrong = torch.rand(chances.shape, generator=generator) < chances
    return torch.where(wrong, 1 - right, right)
