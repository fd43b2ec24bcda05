"""Whether the reference is the policy before the first step: KL 0, DPO's loss ln 2."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import Trainer
from trl.trainer.utils import use_adapter

from rlnotes.bridges.checks.data import some_rows
from rlnotes.bridges.checks.report import Check, not_looked_at
from rlnotes.bridges.checks.sampling import Answers
from rlnotes.bridges.checks.tokens import tokenizer_of
from rlnotes.bridges.checks.weights import has_adapter
from rlnotes.functional.kl import kl_k3
from rlnotes.functional.preferences import dpo_loss

MOST_KL = 1e-5  # nats per token
MOST_GAP = 1e-3  # nats per token, either sign
_NAME = "reference is the policy"


@contextmanager
def _reference(trainer: Trainer) -> Iterator[nn.Module]:
    """The model that the trainer takes as the reference; of adapters, without them."""
    if trainer.ref_model is not None or not has_adapter(trainer.model):
        yield trainer.ref_model or trainer.model
        return
    model = trainer.accelerator.unwrap_model(trainer.model)
    with use_adapter(model, adapter_name="ref" if "ref" in model.peft_config else None):
        yield trainer.model


def check_policy_reference(trainer: Trainer, answers: Answers) -> Check:
    """The KL to the reference per token, on answers that the policy sampled.

    Args:
        trainer: a `GRPOTrainer` or `RLOOTrainer`, not trained yet.
        answers: of its model as it is.
    """
    if trainer.beta == 0:
        return not_looked_at(_NAME, "beta is 0: no reference is loaded and no KL is logged.")
    ids, attention, counted = _batch(trainer, answers)

    def log_probs(model: nn.Module) -> Tensor:
        size = trainer.args.per_device_train_batch_size
        return trainer._get_per_token_logps_and_entropies(
            model, ids, attention, counted.shape[1], batch_size=size
        )[0].float()[counted]

    ours = log_probs(trainer.model)
    with _reference(trainer) as model:
        theirs = log_probs(model)
    kl = kl_k3(ours, theirs).mean().item()
    gap = (ours - theirs).abs().max().item()
    seen = {"KL per token": kl, "largest gap of a token": gap, "beta": float(trainer.beta)}
    passed = kl <= MOST_KL  # false for NaN too
    return Check(_NAME, seen, "KL 0", passed, _sentence(trainer, passed))


def _batch(trainer: Trainer, answers: Answers) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens and attention [B, T], and which tokens of answers count [B, answer]."""
    left = max(map(len, answers.prompt_ids))
    right = max(map(len, answers.completion_ids))
    ids = torch.full((len(answers.rows), left + right), tokenizer_of(trainer).pad_token_id)
    attention = torch.zeros_like(ids)
    texts = zip(answers.prompt_ids, answers.completion_ids, strict=True)
    for row, (prompt, answer) in enumerate(texts):
        place = slice(left - len(prompt), left + len(answer))
        ids[row, place] = torch.tensor([*prompt, *answer])
        attention[row, place] = 1
    device = trainer.accelerator.device
    ids, attention = ids.to(device), attention.to(device)
    return ids, attention, attention[:, left:].bool()


def check_pair_reference(trainer: Trainer, *, num_pairs: int) -> Check:
    """DPO's loss before the first step, and the gaps of the answers' log-probabilities.

    Args:
        trainer: a `DPOTrainer`, not trained yet.
        num_pairs: of the data to look at.
    """
    rows = some_rows(trainer.train_dataset, limit=num_pairs)
    batch = trainer._prepare_inputs(trainer.data_collator(rows))
    ours = _answer_log_probs(trainer, trainer.model, batch)
    if trainer.precompute_ref_logps:
        theirs = torch.cat([batch["ref_chosen_logps"], batch["ref_rejected_logps"]])
    else:
        with _reference(trainer) as model:
            theirs = _answer_log_probs(trainer, model, batch)
    loss = dpo_loss(*ours.chunk(2), *theirs.chunk(2), beta=trainer.beta).item()
    lengths = batch["completion_mask"].sum(dim=1).clamp(min=1)
    gap = ((ours - theirs).abs() / lengths).max().item()
    seen = {"loss": loss, "ln 2": math.log(2), "largest gap per token": gap}
    passed = abs(loss - math.log(2)) <= MOST_GAP and gap <= MOST_GAP
    return Check(_NAME, seen, "loss ln 2, gap 0", passed, _sentence(trainer, passed))


def _answer_log_probs(trainer: Trainer, model: nn.Module, batch: dict) -> Tensor:
    """Log-probabilities [2B] of whole answers, preferred ones first."""
    labels = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, -100)
    with trainer.accelerator.autocast():
        log_probs = model(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            labels=labels,
            fused_lm_head=True,
            use_cache=False,
        ).log_probs
    return log_probs.float().sum(dim=1)


def _sentence(trainer: Trainer, passed: bool) -> str:
    if passed:
        return "Policy and reference give the same numbers before the first step."
    if has_adapter(trainer.model) and trainer.ref_model is None:
        return (
            "With its adapter off the model is not the policy: the adapter is not fresh, or "
            "its way to start changed the weights below it."
        )
    if getattr(trainer, "precompute_ref_logps", False):
        return "The stored log-probabilities of the reference are not those of the model."
    path = trainer.model.config._name_or_path
    return (
        f"The reference is not the model in memory: unless given, it is read again from "
        f"{path!r}. Save the model, load it from there, and begin again."
    )
