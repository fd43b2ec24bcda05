"""Our updates against TRL's, on models of the same size.

    python -m tests.benchmarks.bridge

runs this part alone, also where only the extra `trl` is installed.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import torch

from rlnotes.data.help_desk import END, MAX_WORDS, PROMPTS, SYMBOLS, prompt_tokens
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training import dpo, grpo
from rlnotes.training.comparisons import Comparisons
from tests.benchmarks import bridge_memory
from tests.benchmarks.frame import Measurement, measurement

STEPS, ROUNDS = 8, 15  # of each side in a round; one round more comes first
NUM_PROMPTS, GROUP, PROMPT, ANSWER = 32, 8, 3, 6
NUM_PAIRS = 32
RATE = 1e-6  # so small that both stay as they began, with groups worth a gradient
LOW = 8  # tokens below are what the reward counts
LIBRARIES = ("trl", "transformers", "accelerate", "torch")
INTRODUCTION = f"""

One update here and one step of TRL's trainers, CPU time on one thread, in turns within
one process, {STEPS} of each in a round. TRL's model is a Llama of about as many
weights as ours, and what its trainers offer beyond the algorithm is switched off: half
precision, gradient checkpointing, logs, files, the KL of GRPO. Both sides draw every
token, score by the same rule, clip the gradient and make one fused step of Adam.

"""
MEMORY = f"""
A run of the bridge on the tiny model that it builds, in a process of its own, and in
another one TRL with the same model, prompts, adapter and sizes, {bridge_memory.ROUNDS} times.
"""


def section() -> str:
    """The table, as Markdown."""
    # Also for the processes whose memory is measured.
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS="1")
    torch.set_num_threads(1)
    _be_quiet()
    lines = [
        ", ".join(f"{name} {version(name)}" for name in LIBRARIES) + ".",
        "",
        "| update | weights, ours and TRL's | ours, median ms | TRL, median ms "
        "| ratio, median | ratio, worst round |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        lines += [_row(*race(folder)) for race in (_grpo, _dpo)]
        lines += [MEMORY, *bridge_memory.rows(Path(folder))]
    return INTRODUCTION + "\n".join(lines)


def _be_quiet() -> None:
    import datasets
    import transformers

    datasets.disable_progress_bars()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


def _row(result: Measurement, ours: torch.nn.Module, peer: torch.nn.Module) -> str:
    sizes = [sum(weight.numel() for weight in model.parameters()) for model in (ours, peer)]
    assert abs(sizes[1] / sizes[0] - 1) < 0.1, f"{result.name}: {sizes} weights"
    cells = f"{sizes[0]:,} and {sizes[1]:,} | {result.ours_ms:.2f} | {result.peer_ms:.1f}"
    return f"| {result.name} | {cells} | {result.ratio:.3g} | {result.worst:.3g} |"


def _grpo(folder: str) -> tuple[Measurement, torch.nn.Module, torch.nn.Module]:
    """Answers of exactly six tokens: neither side may draw the end before."""
    from trl import GRPOConfig, GRPOTrainer

    from tests.bridges.word_model import EOS, WORDS

    rng = torch.Generator().manual_seed(0)
    prompts = torch.randint(
        EOS + 1, len(WORDS), (_num_steps() * NUM_PROMPTS, PROMPT), generator=rng
    )
    start = TinyLM(rng, num_outputs=len(WORDS), num_tokens=len(WORDS), length=PROMPT + ANSWER)
    with torch.no_grad():
        start.head.bias[EOS] = -50.0
    config = grpo.Config(
        num_prompts=NUM_PROMPTS, group_size=GROUP, num_epochs=1, learning_rate=RATE
    )
    learner = grpo.Learner(start, prompts, lambda _, answers: _low(answers), config, end=EOS)

    def update() -> None:
        groups = learner.rollout()
        assert groups.mask.all()
        learner.update(groups, 0.0)

    def reward(completion_ids: list[list[int]], **_) -> list[float]:
        return _low(torch.tensor(completion_ids)).tolist()  # of one length, or this raises

    trainer = _trainer(
        folder,
        GRPOTrainer,
        GRPOConfig,
        {"prompt": _texts(prompts)},
        reward_funcs=reward,
        per_device_train_batch_size=NUM_PROMPTS * GROUP,
        num_generations=GROUP,
        max_completion_length=ANSWER,
        generation_kwargs={"min_new_tokens": ANSWER},
        loss_type="grpo",
    )
    name = f"GRPO, {NUM_PROMPTS} prompts x {GROUP} answers x {ANSWER} tokens, one epoch"
    return _in_turns(name, trainer, update), start, trainer.model


def _low(answers: torch.Tensor) -> torch.Tensor:
    return (answers < LOW).sum(dim=1).float()


def _dpo(folder: str) -> tuple[Measurement, torch.nn.Module, torch.nn.Module]:
    """The help desk's prompts; replies of four words and the end, hardly two equal."""
    from trl import DPOConfig, DPOTrainer

    pairs = _pairs(_num_steps() * NUM_PAIRS)
    start = TinyLM(torch.Generator().manual_seed(0))
    batches = _batches(pairs)
    config = dpo.Config(batch_size=NUM_PAIRS, learning_rate=RATE)
    learner = dpo.Learner(start, lambda size, _: next(batches), config)
    trainer = _trainer(
        folder,
        DPOTrainer,
        DPOConfig,
        # Our end is TRL's end of text, which it appends by itself.
        {
            "prompt": [f"{text} " for text in _texts(prompt_tokens()[pairs.prompts] + 1)],
            "chosen": _texts(pairs.chosen[:, :-1] + 1),
            "rejected": _texts(pairs.rejected[:, :-1] + 1),
        },
        per_device_train_batch_size=NUM_PAIRS,
        beta=config.beta,
    )
    name = f"DPO, {NUM_PAIRS} pairs of {prompt_tokens().shape[1]} + {MAX_WORDS} tokens"
    result = _in_turns(name, trainer, lambda: learner.update(0.0))
    return result, start, trainer.model


def _pairs(num: int) -> Comparisons:
    rng = torch.Generator().manual_seed(0)
    words = torch.randint(1, len(SYMBOLS), (2, num, MAX_WORDS - 1), generator=rng)
    chosen, rejected = torch.nn.functional.pad(words, (0, 1), value=END)
    return Comparisons(torch.randint(len(PROMPTS), (num,), generator=rng), chosen, rejected)


def _batches(pairs: Comparisons) -> Iterator[Comparisons]:
    for start in range(0, len(pairs.prompts), NUM_PAIRS):
        yield pairs.rows(slice(start, start + NUM_PAIRS))


def _texts(tokens: torch.Tensor) -> list[str]:
    from tests.bridges.word_model import WORDS

    return [" ".join(WORDS[token] for token in row) for row in tokens.tolist()]


def _num_steps() -> int:
    return STEPS * (ROUNDS + 1)


def _trainer(folder: str, trainer_class, config_class, rows: dict, **settings):
    """A trainer of TRL that does nothing but its algorithm."""
    import datasets

    from tests.bridges.word_model import quiet_settings, save_word_model

    arguments = {name: settings.pop(name) for name in ("reward_funcs",) if name in settings}
    return trainer_class(
        model=save_word_model(folder, intermediate_size=92),
        args=config_class(
            **quiet_settings(folder), max_steps=_num_steps(), learning_rate=RATE, **settings
        ),
        train_dataset=datasets.Dataset.from_dict(rows),
        **arguments,
    )


def _in_turns(name: str, trainer, update: Callable[[], None]) -> Measurement:
    """Rounds of the trainer's steps, each followed by as many of our updates."""
    from transformers import PrinterCallback, TrainerCallback

    ours, peer = [], []

    class Turns(TrainerCallback):
        def on_train_begin(self, *_, **__):
            self.begin = time.process_time()

        def on_step_end(self, _, state, *__, **___):
            if state.global_step % STEPS:
                return
            # From the end of a step to that of another: with the batches of data.
            end = time.process_time()
            for _ in range(STEPS):
                update()
            peer.append((end - self.begin) / STEPS)
            self.begin = time.process_time()
            ours.append((self.begin - end) / STEPS)

    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Turns())
    trainer.train()
    assert len(peer) == ROUNDS + 1, f"{name}: {len(peer)} rounds"
    return measurement(name, ours[1:], peer[1:])


if __name__ == "__main__":
    print(section())
