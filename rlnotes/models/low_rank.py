"""LoRA: a linear map stays as it is, and a product of two thin ones is added."""

import torch
from torch import Tensor, nn

from rlnotes._checks import require_positive_integer


class LowRankLinear(nn.Module):
    """A frozen linear map with a trained update of low rank.

        y = W x + b + B A x

    A, here `down`, is [r, inputs] and starts normal; B, here `up`, is [outputs, r] and
    starts at zero.

    It starts as the map that it wraps, and trains r (inputs + outputs) numbers in place
    of inputs * outputs.

    Args:
        trained: the map; it is frozen, not copied.
        rank: r.
        generator: source of A: normal, standard deviation 1/sqrt(inputs).

    Raises:
        ValueError: if rank is not a positive integer, or trained is no linear map.

    References:
        Hu et al. (2022), arXiv:2106.09685, without its factor alpha / r.

    Example:
        >>> layer, generator = nn.Linear(8, 6), torch.Generator().manual_seed(0)
        >>> adapted = LowRankLinear(layer, rank=2, generator=generator)
        >>> inputs = torch.ones(3, 8)
        >>> bool((adapted(inputs) == layer(inputs)).all()), num_trainable(adapted)
        (True, 28)
    """

    def __init__(self, trained: nn.Linear, *, rank: int, generator: torch.Generator):
        super().__init__()
        require_positive_integer(rank=rank)
        if not isinstance(trained, nn.Linear):
            raise ValueError(f"trained must be a linear map, got {type(trained).__name__}")
        self.trained = trained.requires_grad_(False)
        scale = trained.in_features**-0.5
        start = torch.randn(rank, trained.in_features, generator=generator) * scale
        self.down = nn.Parameter(start.to(trained.weight.dtype))
        self.up = nn.Parameter(trained.weight.new_zeros(trained.out_features, rank))
        self.in_features, self.out_features = trained.in_features, trained.out_features
        self.is_on = True

    def forward(self, inputs: Tensor) -> Tensor:
        """[..., inputs] to [..., outputs]."""
        outputs = self.trained(inputs)
        return outputs + inputs @ self.down.T @ self.up.T if self.is_on else outputs


def add_low_rank(module: nn.Module, *, rank: int, generator: torch.Generator) -> nn.Module:
    """Freeze a module and give each linear map in it an update of low rank.

    What was an update already is frozen with the rest, and gets one on top.

    Args:
        module: changed in place, and returned.
        rank: of each update.
        generator: source of their start weights.

    Returns:
        The module. Its outputs are what they were, and only the updates can be trained.

    Raises:
        ValueError: if rank is not a positive integer, or there is no linear map inside
            of the module; it is not changed then.

    Example:
        >>> layer = add_low_rank(nn.Sequential(nn.Linear(8, 6)), rank=2,
        ...                      generator=torch.Generator().manual_seed(0))
        >>> num_trainable(layer), num_trainable(nn.Linear(8, 6))
        (28, 54)
    """
    require_positive_integer(rank=rank)
    parts = [
        (parent, name, part)
        for parent in module.modules()
        for name, part in parent.named_children()
        if isinstance(part, nn.Linear)
    ]
    if not parts:
        raise ValueError(f"module must have linear maps inside, got {type(module).__name__}")
    module.requires_grad_(False)
    for parent, name, part in parts:
        setattr(parent, name, LowRankLinear(part, rank=rank, generator=generator))
    return module


def num_trainable(module: nn.Module) -> int:
    """How many numbers a gradient reaches."""
    return sum(weights.numel() for weights in module.parameters() if weights.requires_grad)
