"""Bytes on each device for what training holds: weights, gradients, optimizer states.

Exact counts from numbers of weights. Activations, caches and buffers come on top; they
depend on the batch, and are in no number here. 1 GB is 1e9 bytes.
"""

from typing import NamedTuple

from rlnotes._checks import (
    require_index,
    require_option,
    require_positive_integer,
    require_seed,
    shown,
)

GB = 1e9


class BytesPerNumber(NamedTuple):
    """Of a weight, and what comes on top if it is trained with Adam."""

    weight: int
    gradient: int
    optimizer: int  # two moments, and in mixed precision a float32 copy of the weight


PRECISIONS = {
    "mixed": BytesPerNumber(2, 2, 12),  # 16 bit; copy and moments in float32
    "float32": BytesPerNumber(4, 4, 8),
    "16 bit": BytesPerNumber(2, 2, 4),  # no copy; moments in 16 bit as well
}
# method -> the models that it holds while it trains the policy
METHODS = {
    "SFT": ("policy",),
    "DPO": ("policy", "reference"),
    "PPO-RLHF": ("policy", "critic", "reference", "reward model"),
    "RLOO": ("policy", "reference", "reward model"),
    "GRPO": ("policy", "reference", "reward model"),
    "GRPO, verifier": ("policy", "reference"),
    "GRPO, verifier, beta 0": ("policy",),
}
TRAINED = ("policy", "critic")
MODELS = METHODS["PPO-RLHF"]  # every model that any method holds


class TrainingBytes(NamedTuple):
    """Bytes on one device; means over the devices, so no whole numbers."""

    weights: float
    gradients: float
    optimizer_states: float

    @property
    def total(self) -> float:
        """All three together."""
        return sum(self)


def training_bytes(
    num_parameters: int,
    *,
    num_trained: int,
    precision: str = "mixed",
    zero_stage: int = 0,
    num_devices: int = 1,
) -> TrainingBytes:
    """Bytes of one model on each device, trained with Adam as far as it is trained.

        weights          = num_parameters * b_weight     / (n if stage >= 3)
        gradients        = num_trained    * b_gradient   / (n if stage >= 2)
        optimizer states = num_trained    * b_optimizer  / (n if stage >= 1)

    n is num_devices. In mixed precision the b are 2, 2 and 12: with Adam K = 12. The
    few counters of the optimizer, one for each array, are left out.

    Args:
        num_parameters: of the model, those of its adapter included.
        num_trained: how many of them are trained, from 0, a frozen model, to all.
        precision: one of `PRECISIONS`.
        zero_stage: 0 to 3. 1 divides optimizer states, 2 gradients too, 3 weights too,
            here those of frozen models included.
        num_devices: n, at least 1.

    Raises:
        ValueError: if a number is no integer in its range, or precision is unknown.

    References:
        Rajbhandari et al. (2020), arXiv:1910.02054, section 5 and Figure 1.

    Example:
        >>> training_bytes(10, num_trained=10)
        TrainingBytes(weights=20.0, gradients=20.0, optimizer_states=120.0)
        >>> training_bytes(10, num_trained=10, zero_stage=2, num_devices=4).total
        55.0
    """
    require_positive_integer(num_parameters=num_parameters, num_devices=num_devices)
    require_index(num_parameters + 1, num_trained=num_trained)
    require_option(PRECISIONS, precision=precision)
    require_index(4, zero_stage=zero_stage)
    size = PRECISIONS[precision]
    shares = [num_devices if zero_stage >= stage else 1 for stage in (3, 2, 1)]
    counts = num_parameters, num_trained, num_trained
    parts = zip(counts, size, shares, strict=True)
    return TrainingBytes(*(count * width / share for count, width, share in parts))


def method_bytes(
    method: str,
    num_parameters: int,
    *,
    num_adapter: int = 0,
    adapter_off: bool = False,
    precision: str = "mixed",
    zero_stage: int = 0,
    num_devices: int = 1,
) -> dict[str, TrainingBytes]:
    """Bytes on each device of every model that a method holds, all of one size.

    Policy and critic are trained, in full or as an adapter on a frozen base; reference
    and reward model are frozen. A critic is counted as a model of its own.

    Args:
        method: one of `METHODS`.
        num_parameters: of each model, without adapter.
        num_adapter: of the adapter of each trained model; 0 trains all weights.
        adapter_off: the reference is the policy without its adapter, and takes no
            memory of its own. It needs an adapter.
        precision: as for `training_bytes`.
        zero_stage: likewise.
        num_devices: likewise.

    Returns:
        Name of each model, and its bytes.

    Raises:
        ValueError: for an unknown method, a number that is no integer in its range, or
            adapter_off without an adapter.

    References:
        Ouyang et al. (2022), arXiv:2203.02155, for the four models of PPO-RLHF; Hu et
        al. (2022), arXiv:2106.09685, for the adapter.

    Example:
        >>> parts = method_bytes("DPO", 7, precision="float32")
        >>> {name: held.total for name, held in parts.items()}
        {'policy': 112.0, 'reference': 28.0}
    """
    require_option(METHODS, method=method)
    require_seed(num_adapter=num_adapter)
    if adapter_off not in (False, True) or (adapter_off and not num_adapter):
        asked = f"got {shown(adapter_off)} with num_adapter={num_adapter}"
        raise ValueError(f"adapter_off must be False, or True with an adapter, {asked}")
    setting = {"precision": precision, "zero_stage": zero_stage, "num_devices": num_devices}
    frozen = training_bytes(num_parameters, num_trained=0, **setting)
    trained = training_bytes(
        num_parameters + num_adapter, num_trained=num_adapter or num_parameters, **setting
    )
    held = {name: trained if name in TRAINED else frozen for name in METHODS[method]}
    if adapter_off and "reference" in held:
        held["reference"] = TrainingBytes(0.0, 0.0, 0.0)
    return held


def total_bytes(held: dict[str, TrainingBytes]) -> float:
    """Bytes of all models together, as `method_bytes` gives them."""
    return sum(parts.total for parts in held.values())
