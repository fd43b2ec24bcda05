"""The ladder of probes: exact answers by hand, and who fails first at which rung."""

import numpy as np
import pytest

from rlnotes.envs.probes import probe_ladder

LADDER = probe_ladder()
BY_NAME = {probe.name: probe for probe in LADDER}

# Rows are live states, columns actions, worked out by hand.
ANSWERS = {
    "loss": [[1]],
    "observation": [[1], [-1]],
    "action": [[1, -1]],
    "both": [[1, -1], [-1, 1]],
    "termination": [[1]],
    "next state": [[0.5], [1]],
    "max": [[0.5, 0.5], [1, -1]],  # gamma times the better of 1 and -1
    "time limit": [[2]],  # 1 / (1 - gamma)
}


def test_the_order_of_the_ladder():
    assert [probe.name for probe in LADDER] == list(ANSWERS)
    assert [probe.gamma for probe in LADDER] == [0] * 4 + [0.5] * 4
    assert len({probe.adds for probe in LADDER}) == len(LADDER)


@pytest.mark.parametrize("probe", LADDER, ids=lambda probe: probe.name)
def test_exact_answers_by_hand(probe):
    np.testing.assert_allclose(probe.exact_q_values, ANSWERS[probe.name], atol=1e-12)


@pytest.mark.parametrize("probe", LADDER, ids=lambda probe: probe.name)
def test_every_live_state_is_visited_and_only_the_last_state_ends(probe):
    mdp = probe.mdp
    assert mdp.terminal.tolist() == [False] * (mdp.num_states - 1) + [True]
    reached = mdp.start_probs > 0
    for _ in range(mdp.num_states):
        reached = reached | (mdp.transition_probs[reached].sum(axis=(0, 1)) > 0)
    assert reached[:-1].all()
    starts = {"observation": 2, "both": 2}.get(probe.name, 1)
    np.testing.assert_allclose(mdp.start_probs[:starts], 1 / starts)
    assert set(np.unique(mdp.transition_probs)) == {0, 1}  # nothing is left to chance


def test_only_the_last_rung_needs_its_time_limit():
    *others, last = LADDER
    assert (last.name, last.max_episode_steps) == ("time limit", 3)
    assert last.mdp.transition_probs[0, 0].tolist() == [1, 0]  # it never ends by itself
    for probe in others:
        assert probe.max_episode_steps == 100
        live = probe.mdp.transition_probs[:-1, :, :-1].max(axis=1)
        assert not np.linalg.matrix_power(live, len(live)).any()  # ends whatever one does


def same_everywhere(table):
    return np.full_like(table, table.mean())


def blind(table):
    return np.broadcast_to(table.mean(axis=0), table.shape)


def without_actions(table):
    return np.broadcast_to(table.mean(axis=1, keepdims=True), table.shape)


def additive(table):
    """Best fit of the form f(state) + g(action)."""
    return blind(table) + without_actions(table) - table.mean()


# What a learner gets wrong, and the first rung that it cannot climb.
FAULTS = {
    "nothing": ({}, None),
    "the sign of the loss": ({"fit": lambda table: -table}, "loss"),
    "one number for all": ({"fit": same_everywhere}, "observation"),
    "a blind network": ({"fit": blind}, "observation"),
    "outputs not told apart": ({"fit": without_actions}, "action"),
    "outputs in the wrong order": ({"fit": lambda table: table[:, ::-1]}, "action"),
    "no interaction": ({"fit": additive}, "both"),
    "a value after the end": ({"end_value": 1.0}, "termination"),
    "no discount": ({"discount": 1.0}, "next state"),
    "no next value": ({"discount": 0.0}, "next state"),
    "the mean of the next actions": ({"pick": np.mean}, "max"),
    "the worst next action": ({"pick": np.min}, "max"),
    "no value after a truncated step": ({"cut": True}, "time limit"),
}


def solution(probe, fit=lambda t: t, end_value=0.0, discount=None, pick=np.max, cut=False):
    """Fixed point of a learner with these faults, on tables."""
    mdp, live = probe.mdp, len(probe.exact_q_values)
    gamma = probe.gamma if discount is None or probe.gamma == 0 else discount
    # In an endless episode, every max_episode_steps-th step is truncated.
    kept = 1 - 1 / probe.max_episode_steps if cut and probe.name == "time limit" else 1.0
    table = np.zeros((live, mdp.num_actions))
    for _ in range(60):
        next_values = np.append(pick(table, axis=1), end_value)
        table = fit(
            mdp.expected_rewards[:live] + gamma * kept * mdp.transition_probs[:live] @ next_values
        )
    return table


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_shows_first_at_its_own_rung(fault):
    changes, first = FAULTS[fault]
    failed = [
        probe.name
        for probe in LADDER
        if np.abs(solution(probe, **changes) - ANSWERS[probe.name]).max() > 0.1
    ]
    assert failed[:1] == ([first] if first else [])


def test_every_rung_catches_a_fault():
    assert {first for _, first in FAULTS.values()} - {None} == set(ANSWERS)
