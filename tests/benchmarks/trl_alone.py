"""GRPO under TRL without anything of ours: what the bridge's memory is compared with.

python -m tests.benchmarks.trl_alone MODEL_FOLDER PROMPTS.json SETTINGS.json
"""

import json
import sys
from pathlib import Path


def main(model: str, prompts: str, settings: str) -> None:
    """Train as the bridge does, with a reward that looks at lengths only."""
    from datasets import Dataset
    from peft import LoraConfig
    from trl import GRPOConfig, GRPOTrainer

    texts, given = (json.loads(Path(path).read_text()) for path in (prompts, settings))
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=lambda completion_ids, **_: [len(set(ids)) / 10 for ids in completion_ids],
        args=GRPOConfig(
            output_dir=f"{model}-alone",
            use_cpu=True,
            bf16=False,
            activation_checkpointing=False,
            report_to="none",
            disable_tqdm=True,
            logging_steps=1,
            loss_type="grpo",
            per_device_train_batch_size=given["batch_size"],
            num_generations=given["num_answers"],
            max_completion_length=given["max_answer"],
            max_steps=given["steps"],
            save_steps=given["steps"],
            learning_rate=given["learning_rate"],
            beta=given["beta"],
        ),
        train_dataset=Dataset.from_dict({"prompt": texts}),
        peft_config=LoraConfig(
            r=given["lora_rank"],
            lora_alpha=given["lora_alpha"],
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        ),
    )
    trainer.train()
    trainer.save_model(f"{model}-alone/adapter")


if __name__ == "__main__":
    main(*sys.argv[1:])
