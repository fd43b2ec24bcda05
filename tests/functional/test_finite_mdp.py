"""The tables of a finite MDP: what is checked, copied, frozen and derived."""

import re

import numpy as np
import pytest

from rlnotes.functional.finite_mdp import FiniteMDP, require_live_starts


def tables(**changes) -> dict:
    """Two live states and an end; action 0 mixes, action 1 is certain."""
    arguments = {
        "transition_probs": np.array(
            [
                [[0.5, 0.25, 0.25], [0, 0, 1]],
                [[0, 0.75, 0.25], [1, 0, 0]],
                [[0, 0, 1], [0, 0, 1]],
            ]
        ),
        "expected_rewards": np.array([[1.0, 2.0], [3.0, -4.0], [0.0, 0.0]]),
        "start_probs": np.array([0.5, 0.5, 0.0]),
        "terminal": np.array([False, False, True]),
    }
    return arguments | changes


def with_entry(name: str, place: tuple, value: float) -> dict:
    array = tables()[name].astype(float)
    array[place] = value
    return {name: array}


def landing_rewards() -> np.ndarray:
    """Rewards by landing whose means are the expected rewards of `tables`."""
    rewards = np.zeros((3, 2, 3))
    rewards[0, 0] = [0, 0, 4]  # 0.25 * 4 = 1
    rewards[0, 1] = [9, 9, 2]  # the 9s cannot happen
    rewards[1, 0] = [0, 4, 0]  # 0.75 * 4 = 3
    rewards[1, 1] = [-4, 0, 0]
    rewards[2, :, 0] = 7  # cannot happen: the end is never left
    return rewards


def test_counts_and_default_names():
    mdp = FiniteMDP(**tables())
    assert (mdp.num_states, mdp.num_actions) == (3, 2)
    assert mdp.state_names == ("0", "1", "2")
    assert mdp.action_names == ("0", "1")


def test_given_names_are_kept_as_tuples_of_text():
    mdp = FiniteMDP(**tables(state_names=["a", "b", 3], action_names=["go", "stop"]))
    assert mdp.state_names == ("a", "b", "3")
    assert mdp.action_names == ("go", "stop")


def test_lists_of_integers_become_float64_arrays():
    mdp = FiniteMDP(
        transition_probs=[[[0, 1]], [[0, 1]]],
        expected_rewards=[[1], [0]],
        start_probs=[1, 0],
        terminal=[False, True],
    )
    for name in ("transition_probs", "expected_rewards", "start_probs"):
        assert getattr(mdp, name).dtype == np.float64
    assert mdp.terminal.dtype == bool


ARRAYS = [
    "transition_probs",
    "expected_rewards",
    "start_probs",
    "terminal",
    "transition_rewards",
]


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_are_copies_that_nobody_can_change(name):
    arguments = tables(transition_rewards=landing_rewards())
    mdp = FiniteMDP(**arguments)
    before = getattr(mdp, name).copy()
    arguments[name][:] = 1  # the caller's own array stays writeable, and apart
    np.testing.assert_array_equal(getattr(mdp, name), before)
    with pytest.raises(ValueError, match="read-only"):
        getattr(mdp, name)[0] = 1


@pytest.mark.parametrize("name", ["transition_rewards", "successors", "successor_probs"])
def test_derived_arrays_cannot_be_changed_either(name):
    with pytest.raises(ValueError, match="read-only"):
        getattr(FiniteMDP(**tables()), name)[0] = 1


def test_fields_cannot_be_replaced():
    with pytest.raises(AttributeError):
        FiniteMDP(**tables()).terminal = np.zeros(3, dtype=bool)


def test_by_default_the_reward_does_not_depend_on_where_one_lands():
    rewards = FiniteMDP(**tables()).transition_rewards
    assert rewards.shape == (3, 2, 3)
    for landing in range(3):
        np.testing.assert_array_equal(rewards[:, :, landing], tables()["expected_rewards"])


def test_given_rewards_by_landing_are_kept():
    mdp = FiniteMDP(**tables(transition_rewards=landing_rewards()))
    np.testing.assert_array_equal(mdp.transition_rewards, landing_rewards())


def test_successors_list_what_can_follow_and_pad_with_probability_zero():
    mdp = FiniteMDP(**tables())
    assert mdp.successors.tolist() == [
        [[0, 1, 2], [2, 0, 0]],
        [[1, 2, 0], [0, 0, 0]],
        [[2, 0, 0], [2, 0, 0]],
    ]
    # The last row of state 1 leads to state 0 itself: only its first entry counts.
    assert mdp.successor_probs[1].tolist() == [[0.75, 0.25, 0], [1, 0, 0]]


@pytest.mark.parametrize("seed", range(5))
def test_successors_hold_exactly_the_sparse_table(seed):
    rng = np.random.default_rng(seed)
    num_states, num_actions = 7, 3
    probs = rng.random((num_states, num_actions, num_states))
    probs[rng.random(probs.shape) < 0.6] = 0
    probs[..., 0] += probs.sum(axis=-1) == 0  # a row of zeros leads to state 0
    probs /= probs.sum(axis=-1, keepdims=True)
    mdp = FiniteMDP(
        transition_probs=probs,
        expected_rewards=np.zeros((num_states, num_actions)),
        start_probs=np.eye(num_states)[0],
        terminal=np.zeros(num_states, dtype=bool),
    )
    rebuilt = np.zeros_like(probs)
    for state, action, k in np.ndindex(mdp.successors.shape):
        rebuilt[state, action, mdp.successors[state, action, k]] += mdp.successor_probs[
            state, action, k
        ]
    np.testing.assert_array_equal(rebuilt, probs)
    assert mdp.successors.shape[-1] == (probs > 0).sum(axis=-1).max()


def test_rows_within_1e_6_of_one_are_divided_by_their_sum():
    changes = with_entry("start_probs", (1,), 0.5 - 8e-7)
    mdp = FiniteMDP(**tables(**changes, **with_entry("transition_probs", (1, 0, 1), 0.75 + 9e-7)))
    np.testing.assert_allclose(mdp.transition_probs.sum(axis=-1), 1, rtol=0, atol=4e-16)
    assert mdp.start_probs.sum() == pytest.approx(1, abs=4e-16)
    assert mdp.successor_probs[1, 0].tolist() == [*mdp.transition_probs[1, 0, 1:].tolist(), 0]
    assert mdp.transition_probs[0].tolist() == tables()["transition_probs"][0].tolist()


def test_a_row_that_is_divided_keeps_its_mean_reward():
    changes = with_entry("transition_probs", (1, 0, 1), 0.75 + 9e-7)
    rewards = landing_rewards()
    changes |= with_entry("expected_rewards", (1, 0), (0.75 + 9e-7) * 4)
    mdp = FiniteMDP(**tables(**changes, transition_rewards=rewards))
    means = (mdp.transition_probs * rewards).sum(axis=-1)
    np.testing.assert_allclose(mdp.expected_rewards, means, rtol=1e-15)


def test_a_nearly_absorbing_end_becomes_one():
    changes = with_entry("transition_probs", (2, 0), [1e-9, 0, 1 - 1e-9])
    mdp = FiniteMDP(**tables(**changes))
    assert mdp.transition_probs[2].tolist() == [[0, 0, 1], [0, 0, 1]]


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_rewards_that_contradict_each_other_are_found_in_any_unit(scale):
    arguments = tables(transition_rewards=scale * landing_rewards())
    arguments["expected_rewards"] = scale * arguments["expected_rewards"]
    FiniteMDP(**arguments)
    arguments["expected_rewards"][0, 0] *= 1 + 1e-6
    with pytest.raises(ValueError, match="must average to expected_rewards"):
        FiniteMDP(**arguments)


def test_rewards_that_cancel_may_leave_rounding():
    rewards = np.zeros((3, 2, 3))
    rewards[0, 0] = [1e12, -2e12, 0]  # 0.5 and 0.25 of them: the mean is 0
    changes = with_entry("expected_rewards", (0, 0), 1e-4)
    changes["expected_rewards"][1:] = changes["expected_rewards"][0, 1] = 0
    assert FiniteMDP(**tables(**changes, transition_rewards=rewards)).expected_rewards[0, 0] == 1e-4


def test_a_read_only_array_is_kept_without_a_copy_and_a_view_is_not():
    given = tables()["transition_probs"]
    given.flags.writeable = False
    assert FiniteMDP(**tables(transition_probs=given)).transition_probs is given
    base = np.array(given)
    view = base.view()
    view.flags.writeable = False
    mdp = FiniteMDP(**tables(transition_probs=view))
    base[:] = 7  # whoever holds the array behind a view could still change it
    np.testing.assert_array_equal(mdp.transition_probs, given)


def test_successor_rewards_are_those_of_the_landings():
    mdp = FiniteMDP(**tables(transition_rewards=landing_rewards()))
    assert mdp.successor_rewards.tolist() == [
        [[0, 0, 4], [2, 0, 0]],
        [[4, 0, 0], [-4, 0, 0]],
        [[0, 0, 0], [0, 0, 0]],
    ]


def test_an_episode_must_start_where_one_can_act():
    require_live_starts(FiniteMDP(**tables()))
    mdp = FiniteMDP(**tables(start_probs=[0.5, 0.25, 0.25], state_names=["a", "b", "end"]))
    message = "start_probs must be 0 in terminal states, got 0.25 in state end"
    with pytest.raises(ValueError, match=message):
        require_live_starts(mdp)


BAD = [
    ({"transition_probs": None}, "transition_probs must be a rectangular array of numbers"),
    ({"transition_probs": []}, "[S, A, S] with S, A >= 1, got (0,)"),
    ({"start_probs": ["0.5", "0.5", "0"]}, "start_probs must be a rectangular array of numbers"),
    ({"expected_rewards": np.ones((3, 2)) * 1j}, "expected_rewards must be a rectangular array"),
    ({"state_names": 3}, "state_names must have 3 entries, got 3"),
    ({"transition_probs": np.zeros((2, 2))}, "[S, A, S] with S, A >= 1, got (2, 2)"),
    ({"transition_probs": np.zeros((2, 1, 3))}, "transition_probs must have shape [S, A, S]"),
    ({"transition_probs": np.zeros((3, 0, 3))}, "S, A >= 1, got (3, 0, 3)"),
    ({"transition_probs": [[1, 0], [1]]}, "transition_probs must be a rectangular array"),
    ({"expected_rewards": "ten"}, "expected_rewards must be a rectangular array of numbers"),
    ({"expected_rewards": np.zeros(3)}, "expected_rewards must have shape (3, 2), got (3,)"),
    ({"start_probs": np.ones(2) / 2}, "start_probs must have shape (3,), got (2,)"),
    ({"terminal": np.zeros(2, dtype=bool)}, "terminal must have shape (3,), got (2,)"),
    ({"terminal": [0, 0, 1]}, "terminal must be an array of bool, got dtype int64"),
    (with_entry("transition_probs", (1, 0, 0), 0.5), "must sum to one, got 1.5 at (1, 0)"),
    (with_entry("transition_probs", (0, 1, 0), -0.5), "transition_probs must not be negative"),
    (with_entry("start_probs", (2,), 0.5), "start_probs must sum to one, got 1.5"),
    (with_entry("start_probs", (2,), np.nan), "start_probs must be finite, got nan at (2,)"),
    (with_entry("expected_rewards", (0, 1), np.inf), "expected_rewards must be finite, got inf"),
    ({"transition_rewards": np.zeros((3, 2))}, "transition_rewards must have shape (3, 2, 3)"),
    ({"transition_rewards": np.full((3, 2, 3), np.nan)}, "transition_rewards must be finite"),
    (
        {"transition_rewards": np.zeros((3, 2, 3))},
        "transition_rewards must average to expected_rewards, got 0.0 instead of 1.0 at (0, 0)",
    ),
    (
        {"terminal": [False, True, True]},
        "terminal state 1 must be absorbing, got probability 0.0 of staying",
    ),
    (with_entry("expected_rewards", (2, 1), 1.0), "terminal state 2 must have reward 0"),
    ({"state_names": ["a", "b"]}, "state_names must have 3 entries, got 2"),
    ({"action_names": "abc"}, "action_names must have 2 entries, got 3"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_tables_are_refused_with_the_name_and_the_value(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        FiniteMDP(**tables(**change))


@pytest.mark.parametrize("name", ["expected_rewards", "transition_rewards"])
def test_an_end_pays_exactly_nothing_in_both_tables(name):
    # 1e-9 is close enough to 0 for rewards to agree, but not for an end.
    arguments = tables(transition_rewards=landing_rewards())
    arguments[name][2, 1] = 1e-9
    with pytest.raises(ValueError, match="terminal state 2 must have reward 0"):
        FiniteMDP(**arguments)


def test_a_terminal_state_with_one_action_that_leaves_is_refused():
    probs = tables()["transition_probs"]
    probs[2, 1] = [0.25, 0, 0.75]
    with pytest.raises(ValueError, match=r"terminal state 2 must be absorbing, got .* 0\.75"):
        FiniteMDP(**tables(transition_probs=probs))
