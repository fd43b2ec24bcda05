"""Train a DQN learner on one rung of the probe ladder."""

import numpy as np
import torch

from rlnotes.envs.probes import Probe
from rlnotes.envs.table_env import TableEnv
from rlnotes.training.dqn import Config, Learner, train_dqn


@torch.no_grad()
def learned_q_values(
    probe: Probe, *, seed: int = 0, make_learner: type[Learner] = Learner
) -> np.ndarray:
    """Action values after 400 random steps, to compare with `probe.exact_q_values`.

    Args:
        probe: one rung of `rlnotes.envs.probes.probe_ladder`.
        seed: of the run.
        make_learner: the learner under test.

    Returns:
        [live states, A] discounted reward.
    """
    config = Config(
        gamma=probe.gamma,
        num_steps=400,
        learning_rate=2e-2,
        hidden_sizes=(16,),
        batch_size=16,
        steps_per_update=2,
        warmup_steps=16,
        buffer_size=500,
        target_period=10,
        n_step=1,
        epsilon_end=1.0,
        max_episode_steps=probe.max_episode_steps,
        seed=seed,
    )
    with torch.enable_grad():
        result = train_dqn(TableEnv(probe.mdp), config, make_learner=make_learner)
    every_state = torch.eye(probe.mdp.num_states)
    return result.q_network(every_state).numpy()[~probe.mdp.terminal]
