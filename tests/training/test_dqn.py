"""DQN runs: the probe ladder, what is stored, who acts, seeds, bad input."""

import gymnasium as gym
import numpy as np
import pytest
import torch

from rlnotes.data.replay_buffer import ReplayBuffer
from rlnotes.envs.probes import probe_ladder
from rlnotes.envs.table_env import TableEnv
from rlnotes.envs.textbook import two_state_cycle
from rlnotes.training.dqn import Config, Learner, observation_encoder, train_dqn

LADDER = {probe.name: probe for probe in probe_ladder()}
SMALL = {
    "learning_rate": 0.03,
    "hidden_sizes": (16,),
    "batch_size": 16,
    "steps_per_update": 1,
    "warmup_steps": 16,
    "buffer_size": 500,
    "target_period": 5,
    "n_step": 1,
    "epsilon_end": 1.0,
}


def worst_error(probe, **changes):
    config = Config(
        gamma=probe.gamma,
        max_episode_steps=probe.max_episode_steps,
        **{**SMALL, "num_steps": 200, **changes},
    )
    network = train_dqn(TableEnv(probe.mdp), config).q_network
    values = network(torch.eye(probe.mdp.num_states)).detach().numpy()
    return np.abs(values[~probe.mdp.terminal] - probe.exact_q_values).max()


# The mildest fault moves an answer by 0.5. Over ten seeds the worst error was 0.012.
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", LADDER)
def test_every_rung_of_the_ladder_is_climbed(name, seed):
    assert worst_error(LADDER[name], seed=seed) < 0.05


@pytest.mark.parametrize("name", ["max", "time limit"])
@pytest.mark.parametrize(
    "change",
    [
        {"double": False},
        {"dueling": True},
        {"replay": "prioritized"},
        {"replay": "none"},
        {"loss": "squared"},
        {"target_period": 1},
    ],
    ids=str,
)
def test_each_switch_alone_still_climbs(name, change):
    assert worst_error(LADDER[name], **change) < 0.05


@pytest.mark.parametrize("name", [name for name in LADDER if name != "max"])
def test_without_a_choice_on_the_way_three_steps_climb_as_well(name):
    assert worst_error(LADDER[name], n_step=3, warmup_steps=20) < 0.05


def test_over_two_steps_the_second_action_is_the_one_taken_and_not_the_best():
    # Both actions lead on; then random ones earn 1 or -1. Half the best is 0.5, not 0.
    probe = LADDER["max"]
    config = Config(gamma=0.5, num_steps=600, **{**SMALL, "n_step": 2, "warmup_steps": 20})
    network = train_dqn(TableEnv(probe.mdp), config).q_network
    values = network(torch.eye(3)).detach().numpy()
    np.testing.assert_allclose(values[:2], [[0, 0], [1, -1]], atol=0.15)


def test_transitions_of_several_steps_reach_the_buffer_with_their_number(monkeypatch):
    added, add = [], ReplayBuffer.add

    def spy(self, observation, action, reward, following, terminated, num_steps):
        added.append((observation.argmax(), reward, following.argmax(), terminated, num_steps))
        add(self, observation, action, reward, following, terminated, num_steps)

    monkeypatch.setattr(ReplayBuffer, "add", spy)
    collect(TableEnv(two_state_cycle()), 5, max_episode_steps=3, n_step=2)  # rewards 1, 0, 1
    first = [(0, 1.0, 0, False, 2), (1, 0.99, 1, False, 2), (0, 1.0, 1, False, 1)]
    assert added == [*first, first[0]]
    added.clear()
    collect(TableEnv(LADDER["next state"].mdp), 2, n_step=2)
    assert added == [(0, 0.99, 2, True, 2), (1, 1.0, 2, True, 1)]


def test_vectors_work_as_well_as_numbers():
    class Vectors(gym.ObservationWrapper):
        observation_space = gym.spaces.Box(-1, 1, (1,))

        def observation(self, state):
            return [1.0 - state]

    probe = LADDER["both"]
    config = Config(gamma=0.0, num_steps=200, **SMALL)
    network = train_dqn(Vectors(TableEnv(probe.mdp)), config).q_network
    values = network(torch.tensor([[1.0], [0.0]])).detach().numpy()
    np.testing.assert_allclose(values, probe.exact_q_values, atol=0.05)


# --- what is stored -------------------------------------------------------------------


@pytest.fixture
def stored(monkeypatch):
    """Every transition that reaches the buffer, as plain numbers."""
    transitions, add = [], ReplayBuffer.add

    def spy(self, observation, action, reward, following, terminated, num_steps):
        transitions.append((observation.argmax(), reward, following.argmax(), terminated))
        assert num_steps == 1
        add(self, observation, action, reward, following, terminated, num_steps)

    monkeypatch.setattr(ReplayBuffer, "add", spy)
    return transitions


def collect(env, num_steps, **changes):
    """Experience without learning."""
    return train_dqn(
        env, Config(**{**SMALL, "warmup_steps": 10**6, "num_steps": num_steps, **changes})
    )


CYCLE = [(0, 1, 1, False), (1, 0, 0, False)]


def test_a_truncated_step_keeps_its_successor_and_is_not_terminated(stored):
    # The third step ends in state 1 by the limit; the next episode starts in 0.
    expected = [*CYCLE, CYCLE[0], *CYCLE, CYCLE[0], CYCLE[0]]
    result = collect(TableEnv(two_state_cycle()), 7, max_episode_steps=3)
    assert stored == expected
    assert result.num_truncated == 2
    stored.clear()
    limited = gym.wrappers.TimeLimit(TableEnv(two_state_cycle()), max_episode_steps=3)
    assert collect(limited, 7).num_truncated == 2  # the limit of the environment itself
    assert stored == expected


def test_a_terminated_step_is_marked(stored):
    result = collect(TableEnv(LADDER["next state"].mdp), 5)
    assert stored == [(0, 0, 1, False), (1, 1, 2, True)] * 2 + [(0, 0, 1, False)]
    assert result.num_truncated == 0


def test_a_step_that_ends_in_both_ways_is_a_termination(stored):
    env = TableEnv(LADDER["next state"].mdp)
    for both in (env, gym.wrappers.TimeLimit(env, max_episode_steps=2)):
        result = collect(both, 4, max_episode_steps=2)
        assert [terminated for *_, terminated in stored] == [False, True] * 2
        assert result.num_truncated == 0
        stored.clear()


def test_returns_and_lengths_of_the_finished_episodes():
    result = collect(TableEnv(two_state_cycle()), 11, max_episode_steps=3)
    assert result.episode_returns.tolist() == [2, 2, 2]  # rewards 1, 0, 1
    assert result.episode_lengths.tolist() == [3, 3, 3]
    assert (result.num_steps, len(result.losses)) == (11, 0)


# --- who acts, and when ---------------------------------------------------------------


class FourWays(gym.Env):
    """One state, four actions, no end; remembers what was done."""

    observation_space = gym.spaces.Discrete(1)
    action_space = gym.spaces.Discrete(4)

    def __init__(self):
        self.actions, self.seeds = [], []

    def reset(self, *, seed=None, options=None):
        self.seeds.append(seed)
        return 0, {}

    def step(self, action):
        assert isinstance(action, int)
        self.actions.append(action)
        return 0, 0.0, False, False, {}


def test_the_exploration_rate_falls_linearly_and_then_stays():
    config = Config(epsilon_start=1.0, epsilon_end=0.2, epsilon_steps=8)
    assert [config.epsilon(step) for step in (0, 4, 8, 9, 1000)] == pytest.approx(
        [1.0, 0.6, 0.2, 0.2, 0.2]
    )


def test_the_correction_of_priorities_grows_to_one_at_the_end():
    config = Config(num_steps=100, priority_beta=0.4)
    assert [config.beta(step) for step in (0, 50, 100)] == pytest.approx([0.4, 0.7, 1.0])


def test_epsilon_one_is_uniform():
    env = FourWays()
    collect(env, 4000, epsilon_start=1.0, epsilon_end=1.0)
    counts = np.bincount(env.actions, minlength=4)
    assert (abs(counts - 1000) < 5 * np.sqrt(4000 * 0.25 * 0.75)).all()


def test_epsilon_zero_is_greedy():
    env = FourWays()
    result = collect(env, 50, epsilon_start=0.0, epsilon_end=0.0)
    assert set(env.actions) == {int(result.q_network(torch.ones(1)).argmax())}


def test_the_schedule_is_followed():
    # From 1 to 0 over 2000 steps: 1000 random ones, 750 of them not the greedy action.
    env = FourWays()
    result = collect(env, 3000, epsilon_start=1.0, epsilon_end=0.0, epsilon_steps=2000)
    others = np.array(env.actions) != int(result.q_network(torch.ones(1)).argmax())
    assert abs(others[:2000].sum() - 750) < 5 * np.sqrt(750)
    assert others[:1000].sum() > others[1000:2000].sum() + 200
    assert not others[2000:].any()


@pytest.mark.parametrize(("warmup_steps", "updates"), [(20, 21), (21, 20), (24, 20), (100, 1)])
def test_updates_begin_after_the_warmup_and_come_every_so_many_steps(warmup_steps, updates):
    config = {**SMALL, "num_steps": 100, "warmup_steps": warmup_steps, "steps_per_update": 4}
    assert len(train_dqn(FourWays(), Config(**config)).losses) == updates


def test_the_learner_is_told_the_step_and_may_be_another():
    steps = []

    class Watched(Learner):
        def draw(self, step, rng):
            steps.append(step)
            return super().draw(step, rng)

    config = Config(**{**SMALL, "steps_per_update": 4}, num_steps=30, replay="prioritized")
    train_dqn(FourWays(), config, make_learner=Watched)
    assert steps == [15, 19, 23, 27]  # counted from 0, like those of epsilon and beta


def test_watch_sees_the_network_at_each_mark():
    seen = []
    result = train_dqn(
        FourWays(),
        Config(**SMALL, num_steps=100),
        every=30,
        watch=lambda step, network: seen.append((step, network)),
    )
    assert [step for step, _ in seen] == [30, 60, 90]
    assert all(network is result.q_network for _, network in seen)
    assert result.num_steps == 100


def test_watch_can_end_the_run():
    config = Config(**SMALL, num_steps=100)
    result = train_dqn(FourWays(), config, every=10, watch=lambda step, network: step == 40)
    assert result.num_steps == 40
    assert len(result.losses) == 25  # steps 16 to 40


# --- seeds ----------------------------------------------------------------------------


@pytest.mark.parametrize("replay", ["uniform", "prioritized", "none"])
def test_the_same_seed_gives_the_same_run_and_another_seed_another(replay):
    mdp = LADDER["both"].mdp
    first, again, other = (
        train_dqn(TableEnv(mdp), Config(**SMALL, num_steps=60, replay=replay, seed=seed))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.losses, again.losses)
    np.testing.assert_array_equal(first.episode_returns, again.episode_returns)
    for one, same in zip(first.q_network.parameters(), again.q_network.parameters(), strict=True):
        assert torch.equal(one, same)
    assert (first.losses != other.losses).any()
    assert (first.episode_returns != other.episode_returns).any()


def test_no_global_randomness_is_used_or_changed():
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    train_dqn(FourWays(), Config(**SMALL, num_steps=40))
    assert torch.equal(torch_state, torch.get_rng_state())
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002


def test_the_environment_is_seeded_once():
    env, other = FourWays(), FourWays()
    collect(env, 20, max_episode_steps=5)
    collect(other, 20, max_episode_steps=5, seed=1)
    assert env.seeds[1:] == [None] * 4
    assert isinstance(env.seeds[0], int)
    assert env.seeds[0] != other.seeds[0]


def test_start_weights_do_not_depend_on_the_environment_or_the_exploration():
    one = collect(FourWays(), 10, seed=3)
    same = collect(FourWays(), 30, seed=3, epsilon_end=0.5)
    for left, right in zip(one.q_network.parameters(), same.q_network.parameters(), strict=True):
        assert torch.equal(left, right)
    other = collect(FourWays(), 10, seed=4)
    assert (one.q_network(torch.ones(1)) != other.q_network(torch.ones(1))).any()


# --- spaces and bad input -------------------------------------------------------------


def test_encoders():
    encode, size = observation_encoder(gym.spaces.Discrete(3))
    assert size == 3
    assert encode(1).tolist() == [0, 1, 0]
    assert encode(1).dtype == np.float32
    encode, size = observation_encoder(gym.spaces.Box(-1, 1, (2,)))
    assert size == 2
    assert encode([1, 2]).dtype == np.float32
    assert encode([1, 2]).tolist() == [1, 2]


@pytest.mark.parametrize(
    "space",
    [
        gym.spaces.Box(0, 1, (2, 2)),
        gym.spaces.Box(0, 1, ()),
        gym.spaces.MultiDiscrete([2, 2]),
        gym.spaces.Dict({"a": gym.spaces.Discrete(2)}),
    ],
    ids=lambda space: type(space).__name__,
)
def test_other_observations_are_refused(space):
    env = FourWays()
    env.observation_space = space
    with pytest.raises(ValueError, match="env must have discrete or vector observations, got"):
        train_dqn(env, Config())


def test_continuous_actions_are_refused():
    with pytest.raises(ValueError, match="env must have a discrete action_space, got Box"):
        train_dqn(gym.make("Pendulum-v1"), Config())


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_reward_that_is_not_finite_is_refused(bad):
    class Breaks(FourWays):
        def step(self, action):
            return 0, bad, False, False, {}

    with pytest.raises(ValueError, match=f"rewards must be finite, got {bad}"):
        train_dqn(Breaks(), Config())


def test_an_observation_that_is_not_finite_is_refused():
    class Breaks(FourWays):
        observation_space = gym.spaces.Box(-1, 1, (2,))

        def reset(self, *, seed=None, options=None):
            return np.zeros(2), {}

        def step(self, action):
            return np.array([0.0, np.nan]), 0.0, False, False, {}

    with pytest.raises(ValueError, match="next_observation must be finite, got nan"):
        train_dqn(Breaks(), Config())


def test_every_must_be_a_count():
    with pytest.raises(ValueError, match="every must be a positive integer, got 0"):
        train_dqn(FourWays(), Config(), every=0)


UNIT = ("gamma", "epsilon_start", "epsilon_end", "priority_alpha", "priority_beta")
COUNTS = (
    *("num_steps", "batch_size", "steps_per_update", "warmup_steps", "buffer_size"),
    *("target_period", "n_step", "epsilon_steps", "max_episode_steps"),
)
BAD = [
    *[
        ({name: bad}, rf"{name} must lie in \[0, 1\], got {bad}")
        for name in UNIT
        for bad in (-0.1, 1.1)
    ],
    *[({name: 0}, f"{name} must be a positive integer, got 0") for name in COUNTS],
    *[({name: 64.5}, f"{name} must be a positive integer, got 64.5") for name in COUNTS],
    ({"learning_rate": 0}, "learning_rate must be positive and finite, got 0"),
    ({"learning_rate": float("nan")}, "learning_rate must be positive and finite, got nan"),
    ({"max_gradient_norm": -1.0}, "max_gradient_norm must be positive and finite, got -1.0"),
    ({"replay": "all"}, "replay must be one of .*'uniform'.* got 'all'"),
    ({"loss": "cubic"}, "loss must be one of .*'huber', 'squared'.* got 'cubic'"),
    ({"buffer_size": 63}, "buffer_size must be at least batch_size=64, got 63"),
    (
        {"warmup_steps": 67, "n_step": 5},
        r"warmup_steps must be at least batch_size \+ n_step - 1 = 68, got 67",
    ),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=lambda part: str(part)[:40])
def test_bad_hyperparameters_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**{"batch_size": 64, **change})


def test_the_smallest_buffer_and_warmup_are_one_batch():
    Config(batch_size=64, buffer_size=64, warmup_steps=64, n_step=1)
    sizes = {"batch_size": 64, "buffer_size": 64, "warmup_steps": 68, "n_step": 5}
    config = Config(**sizes, num_steps=100, steps_per_update=2)
    assert len(train_dqn(FourWays(), config).losses) == 17  # the first after step 68


def test_discrete_observations_may_start_anywhere():
    encode, size = observation_encoder(gym.spaces.Discrete(3, start=5))
    assert size == 3
    assert encode(6).tolist() == [0, 1, 0]
    with pytest.raises(ValueError, match=r"observations must lie in \[0, 3\), got .*3"):
        encode(8)


class InPlace(gym.Env):
    """Counts its steps in one array that it hands out again and again."""

    observation_space = gym.spaces.Box(0, 100, (1,), np.float32)
    action_space = gym.spaces.Discrete(2, start=1)

    def reset(self, *, seed=None, options=None):
        self.buffer = np.zeros(1, dtype=np.float32)
        return self.buffer, {}

    def step(self, action):
        assert action in (1, 2)
        self.buffer += 1
        return self.buffer, 0.0, False, False, {}


@pytest.mark.parametrize("n", [1, 5])
def test_an_environment_that_reuses_its_array_is_stored_as_it_was(n):
    seen = []

    class Spy(Learner):
        def update(self, step, rng):
            seen.append(self.buffer.latest(len(self.buffer)))

    config = Config(num_steps=40, warmup_steps=30, buffer_size=30, batch_size=4, n_step=n)
    train_dqn(InPlace(), config, make_learner=Spy)
    for batch in seen:
        assert torch.equal(
            batch.next_observations - batch.observations, batch.num_steps.float()[:, None]
        )
        assert (batch.num_steps == n).all()
        assert (batch.observations.diff(dim=0).abs() >= 1).all()


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_a_run_that_diverges_stops_with_a_sentence():
    config = Config(learning_rate=1e12, max_gradient_norm=1e30, num_steps=3_000)
    with pytest.raises(ValueError, match=r"\w+ must be finite, got (inf|-inf|nan)"):
        train_dqn(gym.make("CartPole-v1"), config)


@pytest.mark.parametrize("dueling", [False, True])
def test_the_agent_acts_on_what_its_online_network_says_now(dueling):
    config = Config(**{**SMALL, "dueling": dueling})
    learner = Learner(3, 2, config, torch.Generator().manual_seed(0))
    for observation in ([1.0, 0, 0], [0, -2.0, 1.0]):
        learner.buffer.add([0.0, 0, 0], 0, 1.0, [0.0, 0, 0], True)
        with torch.no_grad():
            for weight in learner.online.parameters():
                weight += 0.1  # in place, as the optimizer does
            expected = learner.online(torch.tensor(observation)).numpy()
        got = learner.action_values(np.float32(observation))
        assert np.allclose(got, expected, atol=1e-5)
