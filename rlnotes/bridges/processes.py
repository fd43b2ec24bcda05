"""Several processes that begin together, or not at all."""

import os
from collections.abc import Callable
from typing import TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object

from rlnotes._checks import require_positive_integer
from rlnotes.bridges.run_settings import Refusal

Result = TypeVar("Result")


def is_main() -> bool:
    """Whether this is the first process; before anything is set up, too."""
    return os.environ.get("RANK", "0") == "0"


def the_state() -> PartialState:
    """The processes of this run, set up at the first call; on CPUs without a GPU."""
    return PartialState(cpu=not torch.cuda.is_available())


def agreed(action: Callable[[], Result]) -> Result:
    """What an action gives here, unless it fails on any process.

    One process that ends alone would take the others with it before they can say why.

    Args:
        action: is called on every process.

    Raises:
        Refusal: on all processes, if the action raises a ValueError or an OSError on
            one of them: with the first reason.
    """
    the_state()
    result, reason = None, None
    try:
        result = action()
    except (ValueError, OSError) as error:
        reason = str(error)
    reasons = [each for each in gather_object([reason]) if each is not None]
    if reasons:
        raise Refusal(reasons[0])
    return result


def agreed_on_main(action: Callable[[], Result]) -> Result:
    """What an action gives on the main process, for all; or its failure, for all."""
    found = [agreed(action if is_main() else lambda: None)]
    broadcast_object_list(found)
    return found[0]


def require_processes(wanted: int | None) -> None:
    """Raise unless there are as many processes as wanted; None: any number.

    Raises:
        ValueError: with a way to start them; or if wanted is no positive integer.
    """
    if wanted is not None:
        require_positive_integer(processes=wanted)
    found = the_state().num_processes
    if wanted not in (None, found):
        raise ValueError(
            f"processes must be {wanted}, got {found}: start them by python -m "
            f"torch.distributed.run --standalone --nproc_per_node {wanted} -m "
            "rlnotes.bridges.trl_invoices ... (accelerate launch --cpu starts one)"
        )
