"""Exercise: lambda-returns, the targets of a critic."""

from types import SimpleNamespace

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _targets_backward(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    targets, following = np.zeros(len(rewards)), next_values[-1]
    for t in reversed(range(len(rewards))):
        if terminated[t]:
            following = 0.0
        elif truncated[t]:
            following = next_values[t]
        else:
            following = (1 - gae_lambda) * next_values[t] + gae_lambda * following
        following = rewards[t] + gamma * following
        targets[t] = following
    return targets


def _targets_as_mixture(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    targets = []
    for t in range(len(rewards)):
        total, weight, partial = 0.0, 1.0, 0.0
        for k in range(t, len(rewards)):
            partial += gamma ** (k - t) * rewards[k]
            tail = 0.0 if terminated[k] else gamma ** (k - t + 1) * next_values[k]
            if terminated[k] or truncated[k] or k == len(rewards) - 1:
                total += weight * (partial + tail)
                break
            total += weight * (1 - gae_lambda) * (partial + tail)
            weight *= gae_lambda
        targets.append(total)
    return targets


def _with(change):
    """A wrong answer: the right one for a changed record."""

    def targets(**record):
        return _targets_backward(**{**record, **change(SimpleNamespace(**record))})

    return targets


def _backward(step, start=lambda r: r.next_values[-1]):
    """A wrong answer: the same loop, with another rule for a step's target."""

    def targets(**record):
        r, later, found = SimpleNamespace(**record), start(SimpleNamespace(**record)), []
        for t in reversed(range(len(r.rewards))):
            later = step(r, t, later)
            found.append(later)
        return found[::-1]

    return targets


def _mixed(r, t, later):
    """What follows a step: value and later target mixed, the value, or nothing."""
    if r.terminated[t] or r.truncated[t]:
        return 0.0 if r.terminated[t] else r.next_values[t]
    return (1 - r.gae_lambda) * r.next_values[t] + r.gae_lambda * later


def _right(r, t, later):
    return r.rewards[t] + r.gamma * _mixed(r, t, later)


def _at_a_cut(target_of):
    """Another target at a truncated step that does not terminate."""

    def step(r, t, later):
        cut = r.truncated[t] and not r.terminated[t]
        return target_of(r, t) if cut else _right(r, t, later)

    return _backward(step)


def _ends(r, t):
    return r.terminated[t] or r.truncated[t] or t == len(r.rewards) - 1


def _never(r):
    return np.zeros(len(r.rewards), dtype=bool)


def _value_in_full(r, t, later):
    bootstrap = 0.0 if r.terminated[t] else r.gamma * r.next_values[t]
    behind = 0.0 if _ends(r, t) else r.gamma * r.gae_lambda * later
    return r.rewards[t] + bootstrap + behind


def _lambda_without_the_value(r, t, later):
    value = 0.0 if r.terminated[t] else r.next_values[t]
    return r.rewards[t] + r.gamma * (value if _ends(r, t) else r.gae_lambda * later)


def _later_discounted_alone(r, t, later):
    value = (1 - r.gae_lambda) * r.next_values[t]
    return r.rewards[t] + value + r.gamma * r.gae_lambda * later


def _value_not_discounted(r, t, later):
    if _ends(r, t):
        return _right(r, t, r.next_values[t])
    return _later_discounted_alone(r, t, later)


def _value_not_discounted_but_at_a_cut(r, t, later):
    cut = r.terminated[t] or r.truncated[t]
    return _right(r, t, later) if cut else _later_discounted_alone(r, t, later)


def _value_never_discounted(r, t, later):
    if _ends(r, t):
        return r.rewards[t] + (0.0 if r.terminated[t] else r.next_values[t])
    return _later_discounted_alone(r, t, later)


def _reward_of_the_end_dropped(r, t, later):
    return 0.0 if r.terminated[t] else _right(r, t, later)


def _last_is_its_value(r, t, later):
    last = t == len(r.rewards) - 1 and not r.terminated[t]
    return r.next_values[t] if last else _right(r, t, later)


def _ends_mixed(**record):
    """One-step targets and returns, each mixed once per step."""
    ends = (_targets_backward(**{**record, "gae_lambda": share}) for share in (0.0, 1.0))
    one_step, returns = ends
    return (1 - record["gae_lambda"]) * one_step + record["gae_lambda"] * returns


def _forward(**record):
    r = SimpleNamespace(**record)
    targets, later = [], r.next_values[0]
    for t in range(len(r.rewards)):
        later = _right(r, t, later)
        targets.append(later)
    return targets


def _case(rewards, next_values, ends, gamma, gae_lambda, expected, reason) -> Case:
    """`ends`: a letter per step, E terminated, C truncated, B both, or a dot."""
    return Case(
        {
            "rewards": np.array(rewards, dtype=float),
            "next_values": np.array(next_values, dtype=float),
            "terminated": np.array([letter in "EB" for letter in ends]),
            "truncated": np.array([letter in "CB" for letter in ends]),
            "gamma": gamma,
            "gae_lambda": gae_lambda,
        },
        expected,
        reason,
    )


EXERCISE = Exercise(
    name="lambda_targets",
    cases=[
        _case(
            rewards=[0, 0, 1],
            next_values=[0.6, 0.8, 0.3],
            ends="..E",
            gamma=1.0,
            gae_lambda=0.95,
            expected=[0.9705, 0.99, 1.0],
            reason="step 1: .05 * .8 + .95 * 1 = .99. Step 0: .05 * .6 + .95 * .99 = .9705, "
            "which is A + V = .4705 + .5 of the same record.",
        ),
        _case(
            rewards=[2, 3, 1, 4],
            next_values=[6, 8, 10, 2],
            ends=".C..",
            gamma=0.5,
            gae_lambda=0.75,
            expected=[5.375, 7.0, 4.125, 5.0],
            reason="step 1 is truncated: 3 + .5 * 8 = 7. Step 0: 2 + .5 * (.25 * 6 + .75 * 7) = "
            "5.375. The last step bootstraps: 4 + .5 * 2 = 5. Step 2: 1 + .5 * (.25 * 10 + "
            ".75 * 5) = 4.125.",
        ),
        _case(
            rewards=[3, 1, 2],
            next_values=[9, 4, 9],
            ends="E.E",
            gamma=0.5,
            gae_lambda=0.75,
            expected=[3.0, 2.25, 2.0],
            reason="two episodes: 3 | 1 + .5 * (.25 * 4 + .75 * 2), 2.",
        ),
        _case(
            rewards=[1, 2],
            next_values=[3, 8],
            ends="B.",
            gamma=0.5,
            gae_lambda=0.5,
            expected=[1.0, 6.0],
            reason="step 0 has both flags: the task has ended, so 1. Step 1 bootstraps: 2 + .5 * "
            "8 = 6.",
        ),
        _case(
            rewards=[1, 2, 5],
            next_values=[6, 4, 9],
            ends="C.B",
            gamma=1.0,
            gae_lambda=1.0,
            expected=[7.0, 7.0, 5.0],
            reason="at gamma = lambda = 1: 1 + 6 | 2 + 5, 5, as the last step has both flags.",
        ),
        _case(
            rewards=[1, 3],
            next_values=[4, 6],
            ends=".C",
            gamma=0.5,
            gae_lambda=0.0,
            expected=[3.0, 6.0],
            reason="at lambda = 0 each target looks one step ahead: 1 + .5 * 4, 3 + .5 * 6.",
        ),
        _case(
            rewards=[3],
            next_values=[4],
            ends=".",
            gamma=0.5,
            gae_lambda=0.9,
            expected=[5.0],
            reason="one step, cut by nothing but the record: 3 + .5 * 4.",
        ),
    ],
    solutions=[_targets_backward, _targets_as_mixture],
    wrong_answers={
        "lambda swapped": _with(lambda r: {"gae_lambda": 1 - r.gae_lambda}),
        "one-step targets": _with(lambda r: {"gae_lambda": 0.0}),
        "one-step, flags ignored": lambda **r: r["rewards"] + r["gamma"] * r["next_values"],
        "one-step, one flag": lambda **r: (
            r["rewards"] + r["gamma"] * r["next_values"] * ~(r["terminated"] | r["truncated"])
        ),
        "lambda ignored, returns": _with(lambda r: {"gae_lambda": 1.0}),
        "rewards alone": _with(lambda r: {"next_values": 0 * r.next_values, "gae_lambda": 1.0}),
        "ends mixed": _ends_mixed,
        "truncation as termination": _with(lambda r: {"terminated": r.terminated | r.truncated}),
        "value alone at a cut": _at_a_cut(lambda r, t: r.next_values[t]),
        "reward dropped at a cut": _at_a_cut(lambda r, t: r.gamma * r.next_values[t]),
        "nothing at a cut": _at_a_cut(lambda r, t: 0.0),
        "not discounted at a cut": _at_a_cut(lambda r, t: r.rewards[t] + r.next_values[t]),
        "share of the value at a cut": _with(
            lambda r: {
                "next_values": np.where(
                    r.truncated, (1 - r.gae_lambda) * r.next_values, r.next_values
                )
            }
        ),
        "value alone at the last step": _backward(_last_is_its_value),
        "last step without value": _with(
            lambda r: {"terminated": np.append(r.terminated[:-1], True)}
        ),
        "nothing after the last step": _backward(_right, start=lambda r: 0.0),
        "no reset": _with(
            lambda r: {
                "next_values": np.where(r.terminated, 0.0, r.next_values),
                "terminated": _never(r),
                "truncated": _never(r),
            }
        ),
        "no reset at a truncation": _with(lambda r: {"truncated": _never(r)}),
        "flags ignored": _with(lambda r: {"terminated": _never(r), "truncated": _never(r)}),
        "flags swapped": _with(lambda r: {"terminated": r.truncated, "truncated": r.terminated}),
        "flags of the next row": _with(
            lambda r: {
                "terminated": np.append(r.terminated[1:], False),
                "truncated": np.append(r.truncated[1:], False),
            }
        ),
        "bootstraps after termination": _with(
            lambda r: {"terminated": _never(r), "truncated": r.terminated | r.truncated}
        ),
        "truncation wins": _with(lambda r: {"terminated": r.terminated & ~r.truncated}),
        "reward of the end dropped": _backward(_reward_of_the_end_dropped),
        "values of the next row": _with(lambda r: {"next_values": np.append(r.next_values[1:], 0)}),
        "not discounted": _with(lambda r: {"gamma": 1.0}),
        "value not discounted": _backward(_value_not_discounted),
        "value not discounted but at a cut": _backward(_value_not_discounted_but_at_a_cut),
        "value never discounted": _backward(_value_never_discounted),
        "gamma on the reward": _backward(
            lambda r, t, later: r.gamma * (r.rewards[t] + _mixed(r, t, later))
        ),
        "weights do not sum to one": _backward(_value_in_full),
        "lambda without the value": _backward(_lambda_without_the_value),
        "values subtracted": lambda **r: _targets_backward(**r) - r["next_values"],
        "reversed": lambda **r: _targets_backward(**r)[::-1],
        "forward loop": _forward,
    },
    hints={
        "lambda swapped": "lambda weighs the later return and 1 - lambda the value; "
        "yours are exchanged.",
        "one-step targets": "this is r + gamma * V(s'), the target of lambda = 0.",
        "one-step, flags ignored": "this is r + gamma * V(s') at every step: lambda is missing, "
        "and nothing follows where terminated is True.",
        "one-step, one flag": "this is r + gamma * V(s'), without V(s') at a truncation, too: "
        "lambda is missing, and only terminated removes the value.",
        "lambda ignored, returns": "this is the discounted return, the target of lambda = 1.",
        "rewards alone": "these are sums of rewards. The value behind each step has a share of "
        "1 - lambda, and all of it at a cut and at the last step.",
        "ends mixed": "you mix the targets of lambda = 0 and lambda = 1. Mix at every step: what "
        "follows is (1 - lambda) * V + lambda * (the next step's own target).",
        "truncation as termination": "a truncated step lost the value behind it. The task goes "
        "on there; only terminated means that nothing follows.",
        "value alone at a cut": "at a truncation your target is the value itself. The step has a "
        "reward, too, and the value behind it is discounted: r + gamma * V(s').",
        "reward dropped at a cut": "at a truncation the reward is missing: r + gamma * V(s').",
        "nothing at a cut": "the target of a truncated step is 0. It has a reward, and the value "
        "behind it: r + gamma * V(s').",
        "not discounted at a cut": "the value behind a truncation needs its gamma.",
        "share of the value at a cut": "behind a truncation there is no return to mix with, so "
        "the value has the whole weight, not 1 - lambda.",
        "value alone at the last step": "the last target is the value itself. The last step has a "
        "reward, and the value behind it is discounted.",
        "last step without value": "the last step of the record is not an end unless terminated "
        "says so: it bootstraps from next_values[-1].",
        "nothing after the last step": "behind the last step no return is recorded to mix with, "
        "so its value has the whole weight: start from next_values[-1], not from 0.",
        "no reset": "the return of an episode runs on into the next one.",
        "no reset at a truncation": "the return behind a truncation runs into the step before "
        "it. A truncated step is followed by its next_values alone.",
        "flags ignored": "neither flag is used: where terminated is True nothing follows, where "
        "truncated is True the value alone.",
        "flags swapped": "the two flags are exchanged: terminated removes next_values, truncated "
        "keeps it.",
        "flags of the next row": "you read the flags of row t + 1. Here terminated[t] says what "
        "the action of step t led to.",
        "bootstraps after termination": "where terminated is True nothing follows: next_values "
        "must count as 0 there.",
        "truncation wins": "where both flags are True the task has ended: the end wins.",
        "reward of the end dropped": "the step that terminates has a reward: its target is that "
        "reward, not 0.",
        "values of the next row": "you took next_values[t + 1]. next_values[t] is already the "
        "value of the state behind step t.",
        "not discounted": "what follows a step needs its gamma: r + gamma * (...).",
        "value not discounted": "gamma stands before the later return alone. The value behind a "
        "step is discounted as well: r + gamma * ((1 - lambda) * V + lambda * later).",
        "value not discounted but at a cut": "gamma stands before the later return alone, at the "
        "last step, too. Everything behind the reward has it: r + gamma * ((1 - lambda) * V + "
        "lambda * later).",
        "value never discounted": "gamma is missing before each value: in the mixture, at a "
        "truncation and at the last step. All that follows the reward needs it.",
        "gamma on the reward": "gamma stands before the reward, too. It belongs to what follows.",
        "weights do not sum to one": "the value behind a step and the return behind it are mixed "
        "with weights 1 - lambda and lambda, which sum to one; yours counts the value fully.",
        "lambda without the value": "the later return has the weight lambda, and the other "
        "1 - lambda is lost: it belongs to the value behind the step.",
        "values subtracted": "a value is subtracted. The target of a critic is the return itself.",
        "reversed": "the numbers are right, their order is not: the loop runs backward, the "
        "answer forward.",
        "forward loop": "the loop runs forward, so each step mixes in the target before it. Go "
        "backward.",
    },
)
