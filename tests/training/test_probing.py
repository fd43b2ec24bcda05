"""The learner on the ladder, and the three broken ones of the autopsy."""

import numpy as np
import pytest

from rlnotes.envs.probes import probe_ladder
from rlnotes.exercises.autopsy import AGENTS
from rlnotes.training.probing import learned_q_values

LADDER = probe_ladder()


@pytest.mark.parametrize("probe", LADDER, ids=lambda probe: probe.name)
def test_the_right_learner_is_right_everywhere(probe):
    assert np.allclose(learned_q_values(probe, seed=1), probe.exact_q_values, atol=0.05)


@pytest.mark.parametrize(
    ("agent", "first_failure"), [("A", "termination"), ("B", "next state"), ("C", "max")]
)
def test_each_broken_agent_fails_first_where_its_fault_is(agent, first_failure):
    for probe in LADDER:
        learned = learned_q_values(probe, seed=1, make_learner=AGENTS[agent])
        if not np.allclose(learned, probe.exact_q_values, atol=0.05):
            assert probe.name == first_failure
            return
    raise AssertionError("no rung failed")
