"""A run that goes on sees its prompts in the order in which it would have seen them."""

import json
from pathlib import Path

from transformers import Trainer
from trl import DPOTrainer


def keep_order(trainer: Trainer, checkpoint: Path | str) -> None:
    """Let the sampler of prompts draw the orders of the epochs that are over.

    TRL's sampler draws an order in each epoch from one stream. A resumed trainer skips
    steps within its epoch, but begins the stream anew: its second epoch would have the
    order of the first. DPO's order follows from the number of the epoch.

    Args:
        trainer: that will go on from the checkpoint.
        checkpoint: its folder.
    """
    if isinstance(trainer, DPOTrainer):
        return
    epochs = int(json.loads((Path(checkpoint) / "trainer_state.json").read_text())["epoch"])
    new_sampler = trainer._get_train_sampler

    def sampler_after_epochs(*arguments, **settings):
        sampler = new_sampler(*arguments, **settings)
        for _ in range(epochs):
            next(iter(sampler))  # the order is drawn before its first row
        return sampler

    trainer._get_train_sampler = sampler_after_epochs
