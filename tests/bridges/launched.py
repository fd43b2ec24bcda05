"""A run of two steps on each process that a launcher starts; rank by rank to a file.

    accelerate launch ... tests/bridges/launched.py MODEL FOLDER [--as-gpus]

With --as-gpus accelerate is told that its processes on the CPU are of the kind that
has GPUs: only then does it shard, and on the CPU it shards just as well.
"""

import sys
from pathlib import Path

import torch
from accelerate import PartialState
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor

from rlnotes.bridges.invoice_run import Run, train
from rlnotes.bridges.rewards import InvoiceReward
from rlnotes.bridges.run_settings import Settings
from rlnotes.training.invoices.examples import sample_examples


def tell_that_they_have_gpus() -> None:
    plain = AcceleratorState.__init__

    def told(self, *args, **settings):
        if PartialState._shared_state["distributed_type"] == DistributedType.MULTI_CPU:
            PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
            PartialState._shared_state["device"] = torch.device("cpu")
        plain(self, *args, **settings)

    AcceleratorState.__init__ = told


def distinct_characters(text: str, target: dict | None) -> float:
    """A reward that differs within a group even before anything is learned."""
    return float(len(set(text)))


def stored(weight: torch.Tensor) -> torch.Tensor:
    return weight.to_local() if isinstance(weight, DTensor) else weight


def whole(weight: torch.Tensor) -> torch.Tensor:
    return weight.full_tensor() if isinstance(weight, DTensor) else weight


def seen(trainer) -> dict:
    parameters = dict(trainer.model.named_parameters())
    modules = dict(trainer.model.named_modules())
    return {
        "kind": trainer.accelerator.distributed_type.value,
        "processes": trainer.accelerator.num_processes,
        "stored": sum(stored(weight).numel() for weight in parameters.values()),
        "moments": sum(
            stored(state["exp_avg"]).numel() for state in trainer.optimizer.state.values()
        ),
        "units": [name for name, module in modules.items() if isinstance(module, FSDPModule)],
        "weights": {name: whole(w).detach().clone() for name, w in parameters.items()},
        "log": trainer.state.log_history,
    }


def main() -> None:
    model, folder = sys.argv[1], Path(sys.argv[2])
    if "--as-gpus" in sys.argv[3:]:
        tell_that_they_have_gpus()
    settings = Settings(
        steps=2, batch_size=4, num_answers=4, max_answer=8, learning_rate=1e-2, lora_rank=4
    )
    documents = [example.document for example in sample_examples(4, seed=0, most_segments=40)]
    run = Run(
        model=model, folder=folder / "run", settings=settings, source="4 invented", processes=2
    )
    reward = InvoiceReward(end_ids=(), score=distinct_characters)
    trainer = train(run, documents, reward=reward)
    torch.save(seen(trainer), folder / f"rank{trainer.accelerator.process_index}.pt")


if __name__ == "__main__":
    main()
