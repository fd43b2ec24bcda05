r"""What each of two processes finds when they train together; started by a test.

    python -m torch.distributed.run --standalone --nproc_per_node 2 \
        -m tests.bridges.two_processes WORD_MODEL TINY_MODEL FOLDER

Writes FOLDER/0.json, what came of runs, FOLDER/0.pt, what came of single steps, and
the same of process 1.
"""

import json
import sys
from functools import partial
from pathlib import Path

import torch

from rlnotes.bridges.invoice_run import Run, train
from rlnotes.bridges.model_loading import load
from rlnotes.bridges.processes import agreed, agreed_on_main, the_state
from rlnotes.bridges.rewards import InvoiceReward
from rlnotes.bridges.run_documents import invented
from rlnotes.bridges.run_settings import Refusal, Settings
from tests.bridges.half_group import keep_steps

GROUP = 4


class Recorded(InvoiceReward):
    """Keeps the rewards it gave and the names of the documents."""

    def __call__(self, prompts, completions, completion_ids, **columns):
        rewards = super().__call__(prompts, completions, completion_ids, **columns)
        self.calls.append({"rewards": rewards, "names": columns["name"]})
        return rewards


def trained(model, documents, folder, steps, *, check=lambda trainer: None, **changes):
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


def fail_on_each(rank):
    """A check that no process passes, each for a reason of its own."""
    raise ValueError(f"process {rank} has a fault")


def keep_runs(model: str, folder: Path) -> None:
    """Train in one go, in two parts, and try what is refused."""
    start = partial(trained, model, invented(8, seed=0, most_segments=40))
    whole, calls = start(folder / "whole", 4)
    start(folder / "parts", 2)
    parts, _ = start(folder / "parts", 4, resume=True)
    log = [row for row in whole.state.log_history if "loss" in row]
    rank, asked = the_state().process_index, []
    found = {
        "told": agreed_on_main(lambda: asked.append(rank) or f"by process {rank}"),
        "asked": asked,
        "faults": refused(lambda: agreed(lambda: fail_on_each(rank))),
        "processes": the_state().num_processes,
        "calls": calls,
        "logged": [row["reward"] for row in log],
        "spread": [row["reward_std"] for row in log],
        "whole": weights(whole),
        "parts": weights(parts),
        "fault": refused(lambda: start(folder / "fault", 2, check=fail_on_the_second)),
        "occupied": refused(lambda: start(folder / "whole", 4)),
    }
    (folder / f"{rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    word_model, tiny_model, output = sys.argv[1:]
    keep_steps(word_model, Path(output))
    keep_runs(tiny_model, Path(output))
    the_state().destroy_process_group()
