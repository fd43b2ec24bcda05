"""Recording of a policy that reads invoices, for documents of the reader's own.

It saw invented documents only, of all layouts: there is no layout left to test it on.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from rlnotes.data.invoices import LAYOUTS
from rlnotes.training.invoices import on_policy, sft
from rlnotes.training.invoices.demonstrations import demonstrate
from rlnotes.training.invoices.examples import Example, new_policy, sample_examples
from rlnotes.training.invoices.scoring import RewardScore


@dataclass(frozen=True)
class Config:
    """How the policy is trained: on labels, then on the reward of its own answers."""

    num_documents: int = 1000  # every second one with noise
    noise: float = 0.15  # share of segments misread in these
    most_segments: int = 150
    labels: sft.Config = field(default_factory=lambda: sft.Config(num_steps=1000))
    reward: on_policy.Config = field(
        default_factory=lambda: on_policy.Config(num_updates=60, learning_rate=5e-4)
    )
    seed: int = 0


def weights(pool) -> dict[str, np.ndarray | str]:
    """The weights in one vector, and what the policy was trained on."""
    (vector,) = pool.map(train, [Config()])
    return {"weights": vector, "settings": settings(Config())}


def settings(config: Config) -> str:
    """What the policy was trained on, in words."""
    return (
        f"trained on {config.num_documents} invented documents of the layouts "
        f"{', '.join(LAYOUTS)}, half of them with {config.noise:.0%} of their segments "
        f"misread; {config.labels.num_steps} steps on labels, then "
        f"{config.reward.num_updates} updates of GRPO on their reward; no real document"
    )


def train(config: Config) -> np.ndarray:
    """One run, its weights in one vector."""
    examples = invented(config)
    policy = new_policy(config.seed)
    sft.train_sft(policy, examples, [demonstrate(each) for each in examples], config.labels)
    policy = on_policy.train_on_policy(policy, examples, RewardScore(), config.reward).policy
    with torch.no_grad():
        return nn.utils.parameters_to_vector(policy.parameters()).numpy()


def invented(config: Config) -> list[Example]:
    """Documents of all layouts, half of them with noise."""
    half = config.num_documents // 2
    seeds = np.random.SeedSequence(config.seed).generate_state(2).tolist()
    return [
        example
        for seed, noise in zip(seeds, (0.0, config.noise), strict=True)
        for example in sample_examples(
            half, seed=seed, layouts=LAYOUTS, noise=noise, most_segments=config.most_segments
        )
    ]
