"""All checks of a trainer, in the order of the report."""

import transformers
import trl

from rlnotes._checks import require_positive_integer
from rlnotes.bridges.checks import (
    adapter,
    answers,
    clip,
    data,
    plan,
    reference,
    report,
    sampling,
    schedule,
    tokens,
    weights,
)
from rlnotes.bridges.checks.report import Check
from rlnotes.bridges.checks.untouched import untouched


def run_checks(
    trainer: transformers.Trainer,
    *,
    num_prompts: int,
    num_rows: int | None,
    with_rewards: bool,
) -> list[Check]:
    """The checks of `preflight`, which has the contract."""
    require_positive_integer(num_prompts=num_prompts)
    policy = isinstance(trainer, trl.GRPOTrainer | trl.RLOOTrainer)
    if not (policy or isinstance(trainer, trl.DPOTrainer | trl.RewardTrainer)):
        raise ValueError(
            "trainer must be a GRPOTrainer, RLOOTrainer, DPOTrainer or RewardTrainer, got "
            f"{type(trainer).__name__}"
        )
    with untouched(trainer):
        checks = _of_settings(trainer)
        if policy:
            return checks + _of_prompts(trainer, num_prompts, with_rewards)
        return checks + _of_pairs(trainer, num_prompts, num_rows)


def _of_settings(trainer: transformers.Trainer) -> list[Check]:
    """What needs no data and no forward pass."""
    rows = len(trainer.train_dataset) if hasattr(trainer.train_dataset, "__len__") else None
    run = plan.plan_of(trainer.args, rows, processes=trainer.args.world_size)
    rates = schedule.rates_of(trainer, run.steps)
    rate = max(rates) if rates else trainer.args.learning_rate
    checks = [plan.check_steps(run), schedule.check_schedule(trainer, rates)]
    if run.group is not None:
        checks = [plan.check_groups(run), *checks, clip.check_clip(trainer.args, run)]
    checks += [
        weights.check_trained(trainer.model),
        weights.check_dtype(trainer, rate=rate),
        tokens.check_special_tokens(trainer),
    ]
    if weights.has_adapter(trainer.model):
        checks.append(adapter.check_adapter_names(trainer.model))
    if isinstance(trainer, trl.RewardTrainer):
        checks.append(weights.check_head(trainer.model))
    return checks


def _of_pairs(trainer, num_pairs: int, num_rows: int | None) -> list[Check]:
    pairs = data.pairs_of(trainer)
    if not pairs:
        return [data.check_rows_kept(trainer, pairs, num_rows)]
    checks = [
        tokens.check_pair_lengths(trainer, pairs),
        data.check_rows_kept(trainer, pairs, num_rows),
        data.check_data_ends(pairs, tokens.end_tokens(trainer)),
        data.check_pairs_differ(pairs),
    ]
    if isinstance(trainer, trl.DPOTrainer):
        checks.append(reference.check_pair_reference(trainer, num_pairs=num_pairs))
    return checks


def _of_prompts(trainer, num_prompts: int, with_rewards: bool) -> list[Check]:
    reason = sampling.why_not_sampled(trainer)
    if reason:
        return [report.not_looked_at("sampled answers", f"Not sampled: {reason}.")]
    sampled = sampling.sample_answers(trainer, num_prompts=num_prompts)
    masked = trainer.mask_truncated_completions
    checks = [
        tokens.check_prompt_lengths(trainer),
        data.check_repeats(trainer),
        reference.check_policy_reference(trainer, sampled),
        answers.check_sampled_ends(sampled, tokens.end_tokens(trainer), masked=masked),
    ]
    return checks + (_of_rewards(trainer, sampled) if with_rewards else [])


def _of_rewards(trainer, sampled: sampling.Answers) -> list[Check]:
    try:
        rewards = sampling.rewards_of(trainer, sampled)
    except Exception as error:  # whatever a reader's function raises belongs in the report
        return answers.failed_rewards(error)
    group = trainer.num_generations
    totals = sampling.total_rewards(rewards, trainer.reward_weights)
    return [
        answers.check_rewards(rewards, group=group),
        answers.check_spread(totals, group=group),
    ]
