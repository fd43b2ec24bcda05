"""What is watched during a run."""

from torch import Tensor
from transformers import TrainerCallback

from rlnotes.bridges.run_settings import Refusal


class FiniteWeights(TrainerCallback):
    """Ends a run whose weights are no longer numbers, before such a state is saved.

    The trainer itself goes on: what it logs as the loss is then 0.
    """

    def on_step_end(self, args, state, control, model=None, **kwargs):
        """Look at all trained weights; of sharded ones, at those of this process.

        Raises:
            Refusal: with the step and the learning rate.
        """
        trained = (weight.detach() for weight in model.parameters() if weight.requires_grad)
        if not all(bool(_own(weight).isfinite().all()) for weight in trained):
            raise Refusal(
                f"the weights are no longer numbers after step {state.global_step}: "
                f"learning_rate {args.learning_rate:g} is too large, or a reward is"
            )


def _own(weight: Tensor) -> Tensor:
    return weight.to_local() if hasattr(weight, "to_local") else weight
