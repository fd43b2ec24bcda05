"""What is trained, in which precision, and whether a step reaches it."""

import math

import torch
from torch import nn
from transformers import Trainer

from rlnotes.bridges.checks.report import Check, not_looked_at

LEAST_SHARE = 0.9  # of the weights that one step must change


def trained_weights(model: nn.Module) -> list[torch.Tensor]:
    """The parameters that take gradients."""
    return [weight for weight in model.parameters() if weight.requires_grad]


def has_adapter(model: nn.Module) -> bool:
    """Whether PEFT wrapped the model."""
    return hasattr(model, "peft_config")


def typical_size(model: nn.Module) -> float:
    """Root mean square of the trained matrices, without the zeros of fresh adapters."""
    squares, count = 0.0, 0
    for weight in trained_weights(model):
        if weight.dim() > 1:
            norm = torch.linalg.vector_norm(weight.detach(), dtype=torch.float32)
            squares += norm.item() ** 2
            count += int(weight.count_nonzero())
    return math.sqrt(squares / count) if count else 0.0


def changed_share(weights: list[torch.Tensor], *, rate: float) -> float:
    """Share of weights that differ after a step of this size up or down, by rounding.

    The first step of Adam has this size, whatever the gradient is. Up and down count
    one half each: beside a power of two the two have different spacings.

    Args:
        weights: of any floating-point dtypes.
        rate: size of the step.

    Returns:
        Share in [0, 1]; 0 if there is no weight.

    Example:
        >>> changed_share([torch.tensor([1.0, 1e-3], dtype=torch.bfloat16)], rate=1e-4)
        0.5
    """
    changed, count = 0, 0
    for weight in weights:
        weight = weight.detach()
        changed += sum(int((weight + step != weight).sum()) for step in (rate, -rate))
        count += weight.numel()
    return changed / (2 * count) if count else 0.0


def check_trained(model: nn.Module) -> Check:
    """How many of the model's weights are trained."""
    trained = sum(weight.numel() for weight in trained_weights(model))
    total = sum(weight.numel() for weight in model.parameters())
    seen = {"trained": trained, "of": total}
    sentence = f"{trained / max(total, 1):.2%} of the weights take gradients."
    return Check("trained weights", seen, "above 0", trained > 0, sentence)


def check_dtype(trainer: Trainer, *, rate: float) -> Check:
    """Whether the trained weights are fine enough for steps of this size.

    Args:
        trainer: its model is looked at. Copies in float32 that DeepSpeed or FSDP may
            keep beside the weights are not known here.
        rate: the highest learning rate of the run.
    """
    weights = trained_weights(trainer.model)
    share = changed_share(weights, rate=rate)
    dtypes = sorted({str(weight.dtype).removeprefix("torch.") for weight in weights})
    seen = {"dtype": "+".join(dtypes), "rate": rate, "share changed by one step": share}
    sentence = f"A step of Adam at this rate changes {share:.1%} of the trained weights."
    if share < LEAST_SHARE:
        sentence += (
            " The others round back to where they were, at each step anew. Load the model "
            "with dtype=torch.float32 (a path instead of an object does), or raise the rate."
        )
    return Check("dtype", seen, f"at least {LEAST_SHARE}", share >= LEAST_SHARE, sentence)


def check_head(model: nn.Module) -> Check:
    """Whether the head that gives the score is trained, or saved with an adapter."""
    base = model.get_base_model() if has_adapter(model) else model
    if not base.base_model_prefix:
        return not_looked_at("score head", "The model does not say which part is its body.")
    head = [
        (name, weight)
        for name, weight in base.named_parameters()
        if not name.startswith(f"{base.base_model_prefix}.") and "original_module" not in name
    ]
    trained = sum(weight.numel() for _, weight in head if weight.requires_grad)
    total = sum(weight.numel() for _, weight in head)
    names = ", ".join(name for name, _ in head) or "no weight outside the body"
    sentence = f"The head is {names}."
    if not trained:
        sentence += (
            " It stays as it was drawn, and an adapter is saved without it: LoraConfig needs "
            'task_type="SEQ_CLS", or modules_to_save with its name.'
        )
    seen = {"trained": trained, "of": total}
    return Check("score head", seen, "above 0", trained > 0, sentence)
