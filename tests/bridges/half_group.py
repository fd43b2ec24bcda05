"""One of two processes that train together: what it drew, and what the step did.

`two_processes` calls it. Three groups of four answers are spread over the two: the
middle one is cut in half.
"""

from pathlib import Path

import torch
from torch import Tensor

from tests.bridges.trl_losses import GROUP, group_trainer

REWARDS = torch.tensor([[1.0, 0.0, 1.0, 0.5], [2.0, 0.0, 0.25, 3.0], [0.0, 0.0, 1.0, 0.0]])
# Of the trainer, by the name that the test gives a case.
CASES = {
    "group": ("grpo", {"scale_rewards": "group", "loss_type": "dapo"}),
    "batch": ("grpo", {"scale_rewards": "batch", "loss_type": "grpo"}),
    "none": ("grpo", {"scale_rewards": "none", "loss_type": "bnpo"}),
    "leave_one_out": ("rloo", {"beta": 0.0}),
}
# Plain descent with rate 1: a step takes off the weights exactly their gradient.
DESCENT = {"optim": "sgd", "learning_rate": 1.0, "max_grad_norm": 0.0, "max_steps": 1}


def one_step(kind: str, folder: str, settings: dict) -> dict[str, Tensor]:
    """Real training for a step; what was drawn, and the gradient of all weights."""
    trainer = group_trainer(
        kind,
        folder,
        lambda completions, **_: mine,
        per_device_train_batch_size=REWARDS.numel() // 2,
        **settings,
        **DESCENT,
    )
    state = trainer.accelerator.state
    assert state.num_processes == 2, f"two processes are needed, got {state.num_processes}"
    mine = REWARDS.flatten().chunk(2)[state.process_index].tolist()
    kept, generate = {}, trainer._generate_and_score_completions
    trainer._generate_and_score_completions = lambda inputs: kept.update(generate(inputs)) or kept
    before = weights(trainer.model)
    trainer.train()
    return {**kept, "gradient": before - weights(trainer.model)}


def weights(model: torch.nn.Module) -> Tensor:
    """All of them in one row, copied."""
    return torch.cat([weight.detach().flatten().clone() for weight in model.parameters()])


def keep_steps(folder: str, output: Path) -> None:
    """Run all cases; one file for each process."""
    assert REWARDS.shape[1] == GROUP
    results = {name: one_step(kind, folder, given) for name, (kind, given) in CASES.items()}
    torch.save(results, output / f"{torch.distributed.get_rank()}.pt")
