"""Exercise: three agents learn without an error message, and learn the wrong thing."""

from collections.abc import Callable
from functools import partial

from rlnotes.exercises.base import Exercise, Verdict
from rlnotes.training.dqn import Learner

# Possible diagnoses, and what the probe ladder would show for each.
SYMPTOMS = {
    "sign of the loss": "fail at `loss`, the first rung, and at every rung after it",
    "wrong output for the action": "fail first at `action`, where the next state plays no part",
    "no termination mask": "pass all rungs with gamma 0, and then learn a number at `termination` "
    "that changes with the seed, mostly above 1",
    "current state instead of next": "pass `termination` and then learn 0 where `next state` "
    "needs 0.5, whatever the seed",
    "copy never refreshed": "pass `termination` and then learn another number in each run where "
    "`next state` needs 0.5, and fail `time limit`",
    "mean instead of max": "pass every rung but `max`",
}


class _AgentA(Learner):
    def targets(self, batch):
        return super().targets(batch._replace(terminated=batch.terminated & False))


class _AgentB(Learner):
    def targets(self, batch):
        return super().targets(batch._replace(next_observations=batch.observations))


class _AgentC(Learner):
    def targets(self, batch):
        next_values = self.target(batch.next_observations).detach().mean(dim=-1)
        return batch.rewards + self.config.gamma * next_values * ~batch.terminated


AGENTS = {"A": _AgentA, "B": _AgentB, "C": _AgentC}
_TRUTH = {
    "A": "no termination mask",
    "B": "current state instead of next",
    "C": "mean instead of max",
}


class Autopsy(Exercise):
    """The candidate maps the name of an agent to one of `SYMPTOMS`."""

    def check(self, candidate: Callable[[str], str]) -> Verdict:
        """Compare the diagnosis of each agent with its fault. Never raises."""
        if not callable(candidate):
            return Verdict(False, f"check needs a function, got {type(candidate).__name__}.")
        for agent in _TRUTH:
            problem, _ = self.guarded(partial(self._judge, candidate, agent), {"agent": agent})
            if problem:
                return Verdict(False, problem)
        return Verdict(True, f"all {len(_TRUTH)} agents have what you found.")

    def _judge(self, candidate: Callable[[str], str], agent: str) -> str:
        diagnosis = candidate(agent)
        if diagnosis is None:
            return "your function returned None. Is a return missing?"
        if not isinstance(diagnosis, str) or diagnosis not in SYMPTOMS:
            return f"agent {agent}: expected one of {list(SYMPTOMS)}, got {diagnosis!r}."
        if diagnosis == _TRUTH[agent]:
            return ""
        hint = self.hints[f"{agent}: {diagnosis}"]
        return f"agent {agent}: {diagnosis!r} is not the expected finding.\nHint: {hint}"


def _by_table(agent):
    return _TRUTH[agent]


def _by_first_failing_rung(agent):
    rungs = {"A": "termination", "B": "next state", "C": "max"}
    faults = {
        "termination": "no termination mask",
        "next state": "current state instead of next",
        "max": "mean instead of max",
    }
    return faults[rungs[agent]]


def _instead(where: str, diagnosis: str) -> Callable[[str], str]:
    return lambda agent: diagnosis if agent == where else _TRUTH[agent]


_WRONG = [(agent, d) for agent in AGENTS for d in SYMPTOMS if d != _TRUTH[agent]]

EXERCISE = Autopsy(
    name="autopsy",
    cases=[],
    solutions=[_by_table, _by_first_failing_rung],
    wrong_answers={f"{agent}: {d}": _instead(agent, d) for agent, d in _WRONG},
    hints={
        f"{agent}: {d}": f"with {d!r}, agent {agent} would {SYMPTOMS[d]}. Does it?"
        for agent, d in _WRONG
    },
)
