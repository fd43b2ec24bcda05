"""Train a LayoutLMv3 on invented documents with the reward of the invoice chapter.

    python -m rlnotes.bridges.layout_invoices --model tiny
    python -m rlnotes.bridges.layout_invoices --model FOLDER

FOLDER holds the configuration, the weights and the tokenizer of a LayoutLMv3; nothing
is fetched. `tiny` is a random one, built on the spot, to see that all runs. The heads
are new: they imitate labels first, then GRPO improves the model by the scores of its
own answers. Printed is the mean reward of drawn answers, before GRPO and after it.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from rlnotes.bridges.extra import missing_extra
from rlnotes.models.pointer_actions import sample_actions
from rlnotes.training.invoices import on_policy, sft
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.demonstrations import demonstrate
from rlnotes.training.invoices.examples import Example, sample_examples
from rlnotes.training.invoices.scoring import RewardScore
from rlnotes.training.optimizing import torch_rng

TINY = "tiny"
NUM_ANSWERS, BATCH = 8, 8
SHORT = {"most_segments": 40}  # documents that make quick steps
SETS = "trained on", "others"
TINY_RATE, RATE = 2e-3, 3e-5  # of Adam; trained weights must move less


def mean_reward(policy: nn.Module, examples: Sequence[Example], *, seed: int) -> float:
    """The mean reward of eight drawn answers to each document.

    Args:
        policy: reads the pages of the examples and gives `Choices`.
        examples: documents with labels.
        seed: of the draws.
    """
    generator, rewards = torch_rng(np.random.SeedSequence(seed)), []
    for first in range(0, len(examples), BATCH):
        part = examples[first : first + BATCH]
        with torch.no_grad():
            choices = policy(draw_pages(part, None))
        actions = sample_actions(choices, NUM_ANSWERS, generator=generator)
        rewards.append(RewardScore()(part, actions).flatten())
    return torch.cat(rewards).mean().item()


def train(
    policy: nn.Module, examples: Sequence[Example], chosen: argparse.Namespace
) -> tuple[nn.Module, nn.Module]:
    """The policy after imitation, and after GRPO.

    Args:
        policy: with new heads; it is changed.
        examples: documents with labels, as the policy reads them.
        chosen: imitation_steps, steps, learning_rate and seed.

    Raises:
        ValueError: for a number out of its range.
    """
    settings = {"learning_rate": chosen.learning_rate, "seed": chosen.seed, "vary": False}
    imitation = sft.Config(num_steps=chosen.imitation_steps, batch_size=BATCH, **settings)
    grpo = on_policy.Config(
        num_updates=chosen.steps, num_documents=BATCH, num_answers=NUM_ANSWERS, **settings
    )
    demonstrations = [demonstrate(example) for example in examples]
    with tqdm(total=chosen.imitation_steps, desc="imitation", leave=False) as bar:
        sft.train_sft(policy, examples, demonstrations, imitation, watch=lambda _: bar.update())
    with tqdm(total=chosen.steps, desc="GRPO", leave=False) as bar:
        result = on_policy.train_on_policy(
            policy, examples, RewardScore(), grpo, watch=lambda *_: bar.update()
        )
    return policy, result.policy


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rlnotes.bridges.layout_invoices", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--model", required=True, help=f"folder of a LayoutLMv3, or {TINY}")
    parser.add_argument("--steps", type=int, default=20, help="updates of GRPO")
    parser.add_argument("--imitation-steps", type=int, default=60, help="before them")
    parser.add_argument("--documents", type=int, default=64, help="to train on")
    parser.add_argument(
        "--learning-rate", type=float, help=f"default {RATE:g}, for {TINY} {TINY_RATE:g}"
    )
    parser.add_argument("--window", type=int, default=512, help="most tokens read at once")
    parser.add_argument("--seed", type=int, default=0, help="of the run, from 0")
    return parser


def _load(chosen: argparse.Namespace):
    from rlnotes.bridges.layout_folders import load_layout_tagger
    from rlnotes.bridges.tiny_layout_model import save_tiny_layout_model

    if chosen.model != TINY:
        return load_layout_tagger(chosen.model, window=chosen.window, seed=chosen.seed)
    with tempfile.TemporaryDirectory() as folder:
        save_tiny_layout_model(folder, seed=chosen.seed)
        return load_layout_tagger(folder, window=chosen.window, seed=chosen.seed)


def run(chosen: argparse.Namespace) -> str:
    """Load, train, and a table of rewards.

    Args:
        chosen: what the command line says.

    Raises:
        ValueError: for a number out of its range or a folder without such a model.
    """
    if chosen.learning_rate is None:
        chosen.learning_rate = TINY_RATE if chosen.model == TINY else RATE
    tagger, reader = _load(chosen)
    seeds = np.random.SeedSequence(chosen.seed).generate_state(3).tolist()
    sets = [
        [reader.ready(example) for example in sample_examples(chosen.documents, seed=seed, **SHORT)]
        for seed in seeds[:2]
    ]
    stages = train(tagger, sets[0], chosen)
    lines = [
        _described(tagger, sets, chosen.learning_rate),
        _row("mean reward after", "steps", *SETS),
    ]
    steps = chosen.imitation_steps, chosen.steps
    for name, count, policy in zip(("imitation", "GRPO"), steps, stages, strict=True):
        rewards = (mean_reward(policy, examples, seed=seeds[2]) for examples in sets)
        lines.append(_row(name, str(count), *(f"{reward:.3f}" for reward in rewards)))
    return "\n".join(lines)


def _described(tagger: nn.Module, sets: list[list[Example]], learning_rate: float) -> str:
    pages = [example.features for examples in sets for example in examples]
    trained = sum(weights.numel() for weights in tagger.parameters() if weights.requires_grad)
    windows, cut = sum(len(page.token_ids) for page in pages), sum(page.num_cut for page in pages)
    return (
        f"{trained} weights trained, learning rate {learning_rate:g}\n"
        f"{len(pages)} documents in {windows} windows, {cut} tokens cut"
    )


def _row(name: str, steps: str, *numbers: str) -> str:
    return f"{name:<18}{steps:>6}" + "".join(f"{number:>12}" for number in numbers)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command-line entry point; returns the exit code."""
    parser = _arguments()
    chosen = parser.parse_args(arguments)
    if sentence := missing_extra():
        parser.error(sentence)
    try:
        print(run(chosen))
    except ValueError as error:
        parser.error(str(error))  # exits with code 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
