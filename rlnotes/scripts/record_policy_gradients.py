"""Recordings of REINFORCE and A2C on CartPole, and of the noise in their gradients."""

from itertools import product

import numpy as np
import torch
from torch import Tensor

from rlnotes.envs.cartpole import Step, VecCartPole
from rlnotes.training import actor_critic, reinforce
from rlnotes.training.on_policy import Record, play_episodes

SEEDS, NOISE_SEEDS = range(40), range(10)
NUM_STEPS, EVERY, NUM_EPISODES = 80_000, 2_000, 16
CUTS_END = "REINFORCE, baseline, cuts end"
METHODS = ("REINFORCE", CUTS_END, "REINFORCE, baseline", "A2C")
WAITING = ("REINFORCE", "REINFORCE, baseline")  # copies wait for the longest episode
CHECKPOINTS = (0, 4, 8, 12)  # updates of the policy before its gradient is looked at
SAMPLE_SIZE, VALUE_STEPS = 256, 300


class CutsAsEnds(VecCartPole):
    """CartPole that calls the time limit a failure: nothing is earned after it."""

    def step(self, actions: np.ndarray) -> Step:
        """One step in every copy; see `VecCartPole.step`."""
        step = super().step(actions)
        ended = step.terminated | step.truncated
        return step._replace(terminated=ended, truncated=np.zeros_like(ended))


def curves(pool) -> list[dict]:
    """Mean return of the last 16 episodes, a row for a seed and a step of the grid.

    Each method has a column, so that those of one seed stand side by side.
    """
    runs = pool.map(curve, list(product(METHODS, SEEDS)), chunksize=1)
    by_method = np.array(runs).reshape(len(METHODS), len(SEEDS), -1)
    return [
        {"seed": seed, "step": int(step)}
        | {name: _short(float(x)) for name, x in zip(METHODS, by_method[:, i, j], strict=True)}
        for i, seed in enumerate(SEEDS)
        for j, step in enumerate(_grid())
    ]


def played(pool) -> list[dict]:
    """The runs of `curves` whose copies wait, against the steps that were played."""
    runs = pool.map(played_curve, list(product(WAITING, SEEDS)), chunksize=1)
    by_method = np.array(runs).reshape(len(WAITING), len(SEEDS), -1)
    return [
        {"seed": seed, "step": int(step)}
        | {name: _short(float(x)) for name, x in zip(WAITING, by_method[:, i, j], strict=True)}
        for i, seed in enumerate(SEEDS)
        for j, step in enumerate(_grid())
    ]


def gradient_noise(pool) -> list[dict]:
    """Variance of one episode's gradient at fixed policies, without and with V."""
    rows = [row for rows in pool.map(noise_of_run, NOISE_SEEDS, chunksize=1) for row in rows]
    return [{name: _short(value) for name, value in row.items()} for row in rows]


def curve(run: tuple[str, int]) -> np.ndarray:
    """Mean return of the last 16 episodes that ended by each step of the grid."""
    method, seed = run

    def watch(step, _):
        return step >= NUM_STEPS

    if method == "A2C":
        config = actor_critic.Config(num_updates=NUM_STEPS, seed=seed)
        result = actor_critic.train_actor_critic(VecCartPole, config, watch=watch)
        returns, ends = result.episode_returns, result.episode_ends
    else:
        config = _config(method, seed)
        make_env = CutsAsEnds if method == CUTS_END else VecCartPole
        result = reinforce.train_reinforce(make_env, config, watch=watch)
        returns = result.episode_returns.ravel()
        ends = result.num_steps.repeat(NUM_EPISODES)
    return _of_last_episodes(returns, ends)


def played_curve(run: tuple[str, int]) -> np.ndarray:
    """Like `curve`, but a copy that waits counts no step; so the run is longer."""

    def watch(step, _):
        return step >= 3 * NUM_STEPS

    result = reinforce.train_reinforce(VecCartPole, _config(*run), watch=watch)
    ends = result.episode_lengths.sum(axis=1).cumsum()
    if ends[-1] < NUM_STEPS:
        raise ValueError(f"run must have {NUM_STEPS} played steps, got {ends[-1]}")
    return _of_last_episodes(result.episode_returns.ravel(), ends.repeat(NUM_EPISODES))


def noise_of_run(seed: int) -> list[dict]:
    """Noise at some policies of one run; V is fitted on other episodes each time."""
    rows = []
    for checkpoint in CHECKPOINTS:
        learner = trained_learner(reinforce.Config(seed=seed), checkpoint)
        rng = np.random.default_rng([checkpoint, seed])
        env = VecCartPole(SAMPLE_SIZE, rng=np.random.default_rng(seed))
        fit_baseline(learner, play_episodes(env, learner.policy, rng))
        record = play_episodes(env, learner.policy, rng)
        for weights_name, weights in all_weights(learner, record).items():
            gradients = episode_gradients(learner.policy, record, weights)
            rows.append(
                {
                    "seed": seed,
                    "updates": checkpoint,
                    "mean_return": float(record.episode_returns.mean()),
                    "weights": weights_name,
                    "variance": gradients.var(dim=0).sum().item(),
                    "squared_mean": (gradients.mean(dim=0) ** 2).sum().item(),
                }
            )
    return rows


def trained_learner(config: reinforce.Config, num_updates: int) -> reinforce.Learner:
    """A learner after this many updates, 0 included."""
    env_seed, net_seed, action_seed = np.random.SeedSequence(config.seed).spawn(3)
    env = VecCartPole(config.num_envs, rng=np.random.default_rng(env_seed))
    learner = reinforce.Learner(4, env.num_actions, config, reinforce.torch_rng(net_seed))
    rng = np.random.default_rng(action_seed)
    for _ in range(num_updates):
        learner.update(play_episodes(env, learner.policy, rng))
    return learner


def fit_baseline(learner: reinforce.Learner, record: Record) -> None:
    """Many more steps of the baseline than in training: the policy stands still."""
    returns = reinforce.returns_of_record(record, learner.baseline, gamma=learner.config.gamma)
    learner.fit_baseline(record, returns, VALUE_STEPS)


@torch.no_grad()
def all_weights(learner: reinforce.Learner, record: Record) -> dict[str, Tensor]:
    """What multiplies the scores: the reward-to-go, without and with a baseline."""
    to_go = reinforce.returns_of_record(record, learner.baseline, gamma=learner.config.gamma)
    return {
        "reward-to-go": to_go,
        "reward-to-go minus V": to_go - learner.baseline(record.observations).squeeze(-1),
    }


def episode_gradients(policy: torch.nn.Module, record: Record, weights: Tensor) -> Tensor:
    """[N, number of weights] the gradient that each episode alone would give."""
    gradients = []
    for index in range(len(weights)):
        one = Record(*(array[index : index + 1] for array in record))
        policy.zero_grad()
        reinforce.policy_loss(policy, one, weights[index : index + 1]).backward()
        gradients.append(torch.cat([-p.grad.flatten() for p in policy.parameters()]))
    return torch.stack(gradients)


def _config(method: str, seed: int) -> reinforce.Config:
    return reinforce.Config(
        num_updates=NUM_STEPS, baseline=method != "REINFORCE", num_envs=NUM_EPISODES, seed=seed
    )


def _of_last_episodes(returns: np.ndarray, ends: np.ndarray) -> np.ndarray:
    counts = np.maximum(np.searchsorted(ends, _grid(), side="right"), NUM_EPISODES)
    return np.array([returns[count - NUM_EPISODES : count].mean() for count in counts])


def _grid() -> np.ndarray:
    return np.arange(EVERY, NUM_STEPS + 1, EVERY)


def _short(value) -> str | int:
    return f"{value:.4g}" if isinstance(value, float) else value
