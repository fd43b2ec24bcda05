"""Trainers as a script of a few lines would build them, from a folder and rows."""

from collections.abc import Callable
from pathlib import Path

import datasets
import torch
import transformers
import trl
from peft import LoraConfig

from rlnotes._checks import require_option

CONFIGS = {
    "grpo": trl.GRPOConfig,
    "rloo": trl.RLOOConfig,
    "dpo": trl.DPOConfig,
    "reward": trl.RewardConfig,
}
_TRAINERS = {
    "grpo": trl.GRPOTrainer,
    "rloo": trl.RLOOTrainer,
    "dpo": trl.DPOTrainer,
    "reward": trl.RewardTrainer,
}
DTYPES = ("auto", "float32", "bfloat16", "float16")


def build_trainer(
    method: str,
    folder: Path | str,
    rows: list[dict],
    *,
    output_dir: Path | str,
    settings: dict,
    rewards: list[Callable] | None = None,
    lora: dict | None = None,
    dtype: str | None = None,
) -> transformers.Trainer:
    """A trainer that reports to nothing and saves nothing.

    Args:
        method: a key of `CONFIGS`.
        folder: with a model and its tokenizer.
        rows: of the data.
        output_dir: a folder for what the constructor makes.
        settings: of the configuration; the rest as TRL has it.
        rewards: functions with TRL's signature, for grpo and rloo.
        lora: settings of a `LoraConfig`; None for no adapter.
        dtype: None hands TRL the path, which it loads in float32; "auto" loads an
            object as the checkpoint is stored, a name in that precision.

    Raises:
        ValueError: if there is no model in the folder, the dtype is none of these, or
            TRL refuses the settings.
    """
    require_option(CONFIGS, method=method)
    if not (Path(folder) / "config.json").is_file():
        raise ValueError(f"model must be a folder with a config.json, got {str(folder)!r}")
    quiet = {"report_to": "none", "save_strategy": "no", "output_dir": str(output_dir)}
    if not torch.cuda.is_available():
        quiet["use_cpu"] = True
    more = {"reward_funcs": rewards} if method in ("grpo", "rloo") else {}
    return _TRAINERS[method](
        model=_model(method, folder, dtype),
        args=CONFIGS[method](**settings | quiet),
        train_dataset=datasets.Dataset.from_list(_filled(rows)),
        processing_class=transformers.AutoTokenizer.from_pretrained(folder),
        peft_config=None if lora is None else LoraConfig(**lora),
        **more,
    )


def _filled(rows: list[dict]) -> list[dict]:
    """The rows with None for what only others have.

    `Dataset.from_list` of datasets 5.2.0 keeps the columns of the first row alone, as
    `findings/datasets_columns_and_dates.sh` shows.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in names} for row in rows]


def _model(method: str, folder: Path | str, dtype: str | None):
    if dtype is None:
        return str(folder)
    require_option(DTYPES, dtype=dtype)
    if method == "reward":
        kind, more = transformers.AutoModelForSequenceClassification, {"num_labels": 1}
    else:
        kind, more = transformers.AutoModelForCausalLM, {}
    return kind.from_pretrained(folder, dtype=dtype, **more)
