r"""What each of two processes finds when they train together; started by a test.

    python -m torch.distributed.run --standalone --nproc_per_node 2 \
        tests/bridges/two_processes.py MODEL FOLDER

Writes FOLDER/0.json and FOLDER/1.json.
"""

import json
import sys
from pathlib import Path

import torch

from rlnotes.bridges.invoice_run import Run, train
from rlnotes.bridges.model_loading import load
from rlnotes.bridges.processes import the_state
from rlnotes.bridges.rewards import InvoiceReward
from rlnotes.bridges.run_documents import invented
from rlnotes.bridges.run_settings import Refusal, Settings

GROUP = 4


class Recorded(InvoiceReward):
    """Keeps the rewards it gave and the names of the documents."""

    def __call__(self, prompts, completions, completion_ids, **columns):
        rewards = super().__call__(prompts, completions, completion_ids, **columns)
        self.calls.append({"rewards": rewards, "names": columns["name"]})
        return rewards


def trained(model, folder, steps, *, check=lambda trainer: None, **changes):
    """The trainer of a run, and what its reward saw."""
    # Two answers for each process: half of a group of four.
    settings = Settings(
        steps=steps,
        batch_size=2,
        num_answers=GROUP,
        max_answer=24,
        learning_rate=1e-2,
        lora_rank=4,
    )
    run = Run(model=model, folder=folder, settings=settings, source="test", processes=2, **changes)
    reward = Recorded(end_ids=load(model).end_ids)
    reward.calls = []
    documents = invented(8, seed=0, most_segments=40)
    return train(run, documents, reward=reward, before_training=check), reward.calls


def weights(trainer):
    """All weights of the adapter in one list."""
    named = sorted(trainer.accelerator.unwrap_model(trainer.model).named_parameters())
    adapter = [weight.detach().flatten() for name, weight in named if "lora_" in name]
    return torch.cat(adapter).tolist()


def refused(action):
    """The sentence with which an action is refused here."""
    try:
        action()
    except Refusal as error:
        return str(error)
    return None


def fail_on_the_second(trainer):
    """A check that only one of the processes does not pass."""
    if the_state().process_index == 1:
        raise ValueError("the second process has a fault")


def main(model: str, folder: Path) -> None:
    """Train in one go, in two parts, and try what is refused."""
    whole, calls = trained(model, folder / "whole", 4)
    trained(model, folder / "parts", 2)
    parts, _ = trained(model, folder / "parts", 4, resume=True)
    log = [row for row in whole.state.log_history if "loss" in row]
    found = {
        "processes": the_state().num_processes,
        "calls": calls,
        "logged": [row["reward"] for row in log],
        "spread": [row["reward_std"] for row in log],
        "whole": weights(whole),
        "parts": weights(parts),
        "fault": refused(lambda: trained(model, folder / "fault", 2, check=fail_on_the_second)),
        "occupied": refused(lambda: trained(model, folder / "whole", 4)),
    }
    rank = the_state().process_index
    (folder / f"{rank}.json").write_text(json.dumps(found))
    the_state().destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
