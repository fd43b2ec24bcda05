"""TRL's trainers for a run: LoRA on a frozen model, every setting named."""

from collections.abc import Sequence
from pathlib import Path

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import Trainer, TrainerCallback
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

from rlnotes.bridges.model_loading import Loaded
from rlnotes.bridges.rewards import InvoiceReward
from rlnotes.bridges.run_settings import Settings


def make_trainer(
    loaded: Loaded,
    data: Dataset,
    settings: Settings,
    folder: Path,
    *,
    reward: InvoiceReward | None = None,
    callbacks: Sequence[TrainerCallback] = (),
) -> Trainer:
    """A trainer of the method, with a fresh adapter on the model.

    The adapter starts at zero, so policy and model agree bit for bit. The reference is
    the model without its adapter: the one in memory, never read again from a disk.

    Args:
        loaded: see `load`; the model is changed: it gets the adapter.
        data: see `prompt_rows`, or `pair_rows` for DPO.
        settings: of the run.
        folder: for checkpoints.
        reward: of the answers; needed by GRPO and RLOO.
        callbacks: told what happens, beside TRL's own.

    Raises:
        ValueError: if there is no reward where one is needed.
    """
    shared = {
        "model": loaded.model,
        "processing_class": loaded.tokenizer,
        "train_dataset": data,
        "peft_config": _adapter(settings),
        "callbacks": list(callbacks),
    }
    if settings.method == "dpo":
        return DPOTrainer(args=_dpo(settings, folder), **shared)
    if reward is None:
        raise ValueError(f"reward must be given for {settings.method}, got none")
    if settings.method == "rloo":
        return RLOOTrainer(args=_rloo(settings, folder), reward_funcs=reward, **shared)
    return GRPOTrainer(args=_grpo(settings, folder), reward_funcs=reward, **shared)


def _adapter(settings: Settings) -> LoraConfig:
    return LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=0.0,  # another forward pass of the same weights gives the same
        target_modules="all-linear",  # PEFT's own choice is two of the seven
        task_type="CAUSAL_LM",
    )


def _shared(settings: Settings, folder: Path) -> dict:
    return {
        "output_dir": str(folder),
        "max_steps": settings.steps,
        "per_device_train_batch_size": settings.batch_size,
        "gradient_accumulation_steps": settings.accumulate,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": "constant_with_warmup",  # TRL's falls to 0 at the last step
        "warmup_steps": settings.warmup_steps,
        "optim": "adamw_torch",
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "beta": settings.price,
        "disable_dropout": True,
        "seed": settings.seed,
        "use_cpu": not torch.cuda.is_available(),
        "bf16": settings.precision == "bfloat16",  # TRL has True, on a CPU as well
        "activation_checkpointing": settings.gradient_checkpointing,
        "dataloader_pin_memory": torch.cuda.is_available(),
        "ddp_find_unused_parameters": False,
        "logging_steps": 1,
        "save_strategy": "steps",
        "save_steps": settings.steps_per_save,
        "save_total_limit": 2,
        "eval_strategy": "no",  # it would draw from the random numbers of training
        "report_to": "none",
        "disable_tqdm": True,  # the bar is ours
    }


def _sampled(settings: Settings) -> dict:
    return {
        "num_generations": settings.num_answers,
        "steps_per_generation": settings.passes,
        "num_iterations": settings.num_iterations,
        "epsilon": settings.clip_epsilon,
        "max_completion_length": settings.max_answer,
        "temperature": settings.temperature,
        "top_p": 1.0,  # cut tails would make the log-probabilities wrong
        "top_k": 0,
        "mask_truncated_completions": False,  # the reward sees whether they ended
    }


def _grpo(settings: Settings, folder: Path) -> GRPOConfig:
    return GRPOConfig(
        loss_type=settings.loss_type,
        scale_rewards=settings.scale_rewards,
        importance_sampling_level="token",
        use_bias_correction_kl=True,  # the gradient of KL(policy || reference)
        **_sampled(settings),
        **_shared(settings, folder),
    )


def _rloo(settings: Settings, folder: Path) -> RLOOConfig:
    return RLOOConfig(
        normalize_advantages=False,  # the published form
        reward_clip_range=None,
        **_sampled(settings),
        **_shared(settings, folder),
    )


def _dpo(settings: Settings, folder: Path) -> DPOConfig:
    return DPOConfig(
        loss_type=["sigmoid"],
        label_smoothing=0.0,  # "sigmoid" would not read it
        max_length=None,  # TRL cuts at 1024, and leaves pairs out
        precompute_ref_log_probs=False,
        **_shared(settings, folder),
    )
