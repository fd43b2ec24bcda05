"""A block after which a trainer is as it was before it."""

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from transformers import Trainer

# What reward functions may write to by the arguments that the trainer hands them.
_NOTEBOOKS = ("_pending_extra_logs", "_pending_metrics", "_metrics")


@contextmanager
def untouched(trainer: Trainer) -> Iterator[None]:
    """Evaluation mode and no gradients inside; outside nothing has changed.

    Put back are the random states of Python, NumPy and torch (with CUDA), which modules
    train, which weights take gradients (adapters that are switched off and on lose
    that), and what the trainer noted to be logged.

    Args:
        trainer: of TRL, before or after `train`.
    """
    modules = [module for model in _models(trainer) for module in model.modules()]
    weights = [weight for model in _models(trainer) for weight in model.parameters()]
    training = [module.training for module in modules]
    takes_gradient = [weight.requires_grad for weight in weights]
    names = [name for name in _NOTEBOOKS if hasattr(trainer, name)]
    noted = {name: copy.deepcopy(getattr(trainer, name)) for name in names}
    with _random_states(), torch.no_grad():
        try:
            for model in _models(trainer):
                model.eval()
            yield
        finally:
            for module, mode in zip(modules, training, strict=True):
                module.training = mode
            for weight, flag in zip(weights, takes_gradient, strict=True):
                weight.requires_grad_(flag)
            for name, value in noted.items():
                setattr(trainer, name, value)


def _models(trainer: Trainer) -> list[torch.nn.Module]:
    candidates = [trainer.model, getattr(trainer, "ref_model", None)]
    candidates += getattr(trainer, "reward_funcs", [])
    return [model for model in candidates if isinstance(model, torch.nn.Module)]


@contextmanager
def _random_states() -> Iterator[None]:
    python, numpy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        torch.set_rng_state(cpu)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
