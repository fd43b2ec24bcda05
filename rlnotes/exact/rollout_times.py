"""How long the stages of a batch take, and what follows for the long run."""

from dataclasses import dataclass

from rlnotes._checks import require_not_negative, require_positive, require_seed


@dataclass(frozen=True)
class Durations:
    """How long each stage of a batch takes, in one unit of time.

    Attributes:
        rollout: positive; writing, as long as every place of the batch is busy on
            average.
        wait: how much longer the longest answer takes; most places are idle then.
        score: rewards of the batch.
        train: positive; all gradient steps on the batch.
        send: new weights, from the trainer to the writers.

    Raises:
        ValueError: for a time that is not finite or is negative.
    """

    rollout: float
    wait: float
    score: float
    train: float
    send: float

    def __post_init__(self) -> None:
        require_positive(rollout=self.rollout, train=self.train)
        require_not_negative(wait=self.wait, score=self.score, send=self.send)

    @property
    def writing(self) -> float:
        """Time of a batch before it can be trained on."""
        return self.rollout + self.wait + self.score

    @property
    def training(self) -> float:
        """Time from the start of training until the new weights are out."""
        return self.train + self.send


def steady_period(durations: Durations, *, num_pools: int, staleness: int = 0) -> float:
    """Time from batch to batch in the long run.

        one pool:  W + T
        two pools: max(W, T, (W + T) / (s + 1))

    W is the time of a batch before training, T from there to the sent weights. So with
    equal batches an s of 1 gains all there is to gain, and a larger one nothing.

    Raises:
        ValueError: for another number of pools, or a bad staleness.

    Example:
        >>> times = Durations(rollout=3, wait=1, score=0, train=2, send=0)
        >>> [steady_period(times, num_pools=2, staleness=s) for s in (0, 1, 2)]
        [6.0, 4.0, 4.0]
    """
    require_seed(staleness=staleness)
    if num_pools not in (1, 2):
        raise ValueError(f"num_pools must be 1 or 2, got {num_pools!r}")
    writing, training = durations.writing, durations.training
    in_turn = float(writing + training)
    if num_pools == 1:
        return in_turn
    return max(float(writing), float(training), in_turn / (staleness + 1))


def steady_utilisation(
    durations: Durations, *, num_pools: int, staleness: int = 0
) -> tuple[float, ...]:
    """Share of the time in which each pool does something useful, in the long run.

    Waiting for the longest answer is not useful, and neither is waiting for the other
    pool.

    Example:
        >>> times = Durations(rollout=3, wait=1, score=0, train=2, send=0)
        >>> steady_utilisation(times, num_pools=2, staleness=1)
        (0.75, 0.5)
    """
    period = steady_period(durations, num_pools=num_pools, staleness=staleness)
    useful = (durations.rollout + durations.score, durations.training)
    if num_pools == 1:
        return (sum(useful) / period,)
    return tuple(each / period for each in useful)
