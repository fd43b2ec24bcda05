"""A model of 13 words that is built in a moment, and trainers of it."""

from pathlib import Path

import datasets
import torch
import transformers
import trl
from tokenizers import Tokenizer, models, pre_tokenizers

datasets.disable_progress_bars()
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

WORDS = ["<pad>", "<eos>", "<unk>", *"0123456789"]
PAD, END = 0, 1


def words_tokenizer(**names):
    inner = Tokenizer(models.WordLevel({w: n for n, w in enumerate(WORDS)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokens = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>"} | names
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner, **tokens)


def save_model(folder: Path, *, num_positions: int = 64, spread: float = 0.05) -> Path:
    config = transformers.LlamaConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=num_positions,
        pad_token_id=PAD,
        eos_token_id=END,
        bos_token_id=None,
        dtype="float32",
    )
    model = transformers.LlamaForCausalLM(config).float()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for _, weight in sorted(model.named_parameters()):
            if weight.dim() > 1:
                weight.normal_(std=spread, generator=generator)
    model.save_pretrained(folder)
    words_tokenizer().save_pretrained(folder)
    return folder


def load(folder, dtype=torch.float32):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)


def load_scorer(folder, dtype=torch.float32):
    return transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=dtype, num_labels=1
    )


def prompts(count: int = 16) -> list[dict]:
    return [{"prompt": f"{n % 10} {n // 10 % 10} 3"} for n in range(count)]


def pairs(count: int = 16) -> list[dict]:
    return [
        {"prompt": f"{n % 10} 3 ", "chosen": "4 5 6", "rejected": f"7 {n // 10 % 10}"}
        for n in range(count)
    ]


def low_digits(completions, **_):
    """Share of the words that are digits below 5."""
    return [sum(w in "01234" for w in c.split()) / max(len(c.split()), 1) for c in completions]


def _config(kind, folder, settings):
    plain = {
        "output_dir": str(Path(folder).parent / "run"),
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "report_to": "none",
        "save_strategy": "no",
        "logging_steps": 1,
        "disable_tqdm": True,
        "learning_rate": 1e-2,
    }
    return kind(**plain | settings)


def _quiet(run):
    run.remove_callback(transformers.PrinterCallback)
    return run


def policy_run(folder, *, method="grpo", model=None, rows=None, rewards=low_digits, **settings):
    """A GRPO or RLOO run of four groups of four answers of at most eight words."""
    kinds = {
        "grpo": (trl.GRPOConfig, trl.GRPOTrainer),
        "rloo": (trl.RLOOConfig, trl.RLOOTrainer),
    }
    config, trainer = kinds[method]
    peft_config, tokenizer = settings.pop("peft_config", None), settings.pop("tokenizer", None)
    sizes = {
        "per_device_train_batch_size": 16,
        "num_generations": 4,
        "max_completion_length": 8,
        "max_steps": 5,
    }
    return _quiet(
        trainer(
            model=model or load(folder),
            reward_funcs=rewards,
            args=_config(config, folder, sizes | settings),
            train_dataset=datasets.Dataset.from_list(rows or prompts()),
            processing_class=tokenizer or words_tokenizer(),
            peft_config=peft_config,
        )
    )


def pair_run(folder, *, method="dpo", model=None, rows=None, **settings):
    """A DPO or reward run on pairs of words."""
    kinds = {
        "dpo": (trl.DPOConfig, trl.DPOTrainer, load),
        "reward": (trl.RewardConfig, trl.RewardTrainer, load_scorer),
    }
    config, trainer, loader = kinds[method]
    names = ("peft_config", "ref_model")
    more = {name: settings.pop(name) for name in names if name in settings}
    tokenizer = settings.pop("tokenizer", None) or words_tokenizer()
    return _quiet(
        trainer(
            model=model or loader(folder),
            args=_config(config, folder, {"max_steps": 5} | settings),
            train_dataset=datasets.Dataset.from_list(rows or pairs()),
            processing_class=tokenizer,
            **more,
        )
    )


def warm_up(model, *, rate=1e-2, steps=5):
    """Trained in memory on one text, as a first stage would."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    tokens = torch.tensor([[3, 4, 5, 6, 7, END]])
    for _ in range(steps):
        optimizer.zero_grad()
        model(input_ids=tokens, labels=tokens).loss.backward()
        optimizer.step()
    optimizer.zero_grad()
    return model
