"""Exercise: a natural step, cut back until true KL and surrogate agree."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.formula import Formula
from rlnotes.exercises.natural_step_hints import HINTS
from rlnotes.exercises.natural_step_mistakes import MISTAKES
from rlnotes.exercises.natural_step_parts import natural_search


def _by_whitening(slope, fisher, max_kl, surrogate_gain, kl):
    root = np.linalg.cholesky(fisher)
    whitened = np.linalg.solve(root, slope)
    unit = np.linalg.solve(root.T, whitened / np.linalg.norm(whitened))
    steps = [unit * np.sqrt(2 * max_kl) / 2**halvings for halvings in range(10)]
    allowed = [step for step in steps if kl(step) <= max_kl and surrogate_gain(step) > 0]
    return [*allowed, np.zeros(len(slope))][0]


def _case(slope, fisher, max_kl, gain, kl, expected, reason) -> Case:
    """`gain` and `kl`: formulas of the step d."""
    size = len(slope)
    return Case(
        {
            "slope": np.array(slope, dtype=float),
            "fisher": np.array(fisher, dtype=float),
            "max_kl": max_kl,
            "surrogate_gain": Formula(gain, size),
            "kl": Formula(kl, size),
        },
        expected,
        reason,
    )


EXERCISE = Exercise(
    name="natural_step_search",
    cases=[
        _case(
            slope=[3, 2],
            fisher=[[2, 1], [1, 1]],
            max_kl=0.1,
            gain="3 * d[0] + 2 * d[1] - 5 * d[0]**2",
            kl="log(1 + 30 * (d[0]**2 + d[0] * d[1] + d[1]**2 / 2)) / 30",
            expected=[0.2, 0.2],
            reason="x = (1, 1) solves F x = g, and g'x = 5: sqrt(2 * .1 / 5) = .2. There the KL "
            "is .046, the gain .8: the whole step is allowed, and no longer one is asked.",
        ),
        _case(
            slope=[0.09],
            fisher=[[0.09]],
            max_kl=0.18,
            gain="exp(d[0]) / (9 + exp(d[0])) - 0.1",
            kl="log(0.9 + 0.1 * exp(d[0])) - 0.1 * d[0]",
            expected=[1.0],
            reason="a logit whose probability is .1, and advantages 1 apart: x = 1, the step is "
            "sqrt(.36 / .09) = 2. Its true KL is .294; that of the half is .059.",
        ),
        _case(
            slope=[1, -1],
            fisher=[[2, -1], [-1, 2]],
            max_kl=0.75,
            gain="d[0] - d[1] - 3 * (d[0] - d[1])**2",
            kl="d[0]**2 - d[0] * d[1] + d[1]**2 + d[1]**3",
            expected=[0.125, -0.125],
            reason="x = (1/3, -1/3), g'x = 2/3, and 1.5 x = (.5, -.5). The KL is never too large; "
            "the gains are -2, -.25 and at the quarter .0625.",
        ),
        _case(
            slope=[0.252, 0],
            fisher=[[4, 2], [2, 3]],
            max_kl=0.12,
            gain="10 * d[0] * (d[0] - 0.12) * (d[0] - 0.21)",
            kl="2 * d[0]**2 + 2 * d[0] * d[1] + 1.5 * d[1]**2 + 2 * d[0]**3",
            expected=[0.075, -0.05],
            reason="the whole step (.3, -.2) gains, but has a KL of .174; the half has .037, but "
            "loses .0027. The quarter keeps to both.",
        ),
        _case(
            slope=[3, 1, 1],
            fisher=[[2, 1, 0], [1, 2, 1], [0, 1, 2]],
            max_kl=0.12,
            gain="3 * d[0] + d[1] + d[2] - 9 * d[0]**2",
            kl="d[0]**2 + d[1]**2 + d[2]**2 + d[0] * d[1] + d[1] * d[2] + 4 * d[0]**3",
            expected=[0.2, -0.1, 0.1],
            reason="x = (2, -1, 1), g'x = 6, sqrt(.24 / 6) = .2. The whole step has a KL of .376 "
            "and loses .24; the half has .062 and gains .24.",
        ),
        _case(
            slope=[2, 4],
            fisher=[[1, 0], [0, 4]],
            max_kl=1.0,
            gain="2 * d[0] + 4 * d[1] - d[0]**2",
            kl="round(d[0]**2 / 2 + 2 * d[1]**2 + 12 * d[0]**4, 4)",
            expected=[0.5, 0.25],
            reason="x = (2, 1), the whole step is (1, .5) with a KL of 13. The half has 1: equal "
            "to max_kl is allowed.",
        ),
        _case(
            slope=[2, 0],
            fisher=[[3, 1], [1, 1]],
            max_kl=0.16,
            gain="round(2 * d[0] - 5 * d[0]**2, 4)",
            kl="1.5 * d[0]**2 + d[0] * d[1] + d[1]**2 / 2 - d[0]**3",
            expected=[0.2, -0.2],
            reason="x = (1, -1), the whole step is (.4, -.4). It gains nothing, and that is not "
            "enough. The half gains .2.",
        ),
        _case(
            slope=[-2],
            fisher=[[4]],
            max_kl=2.0,
            gain="-2 * d[0] - d[0]**2",
            kl="2 * d[0]**2 + 2e10 * d[0]**4",
            expected=[-1 / 512],
            reason="the whole step is -1. Its KL is far too large, and so is that of 1/256; the "
            "tenth length, 1/512, is allowed.",
        ),
        _case(
            slope=[4, 2],
            fisher=[[2, 0], [0, 0.5]],
            max_kl=2.0,
            gain="4 * d[0] + 2 * d[1] - 6000 * d[0]**2",
            kl="d[0]**2 + d[1]**2 / 4 + d[0]**3 / 10",
            expected=[0.0, 0.0],
            reason="the whole step is (1, 2), with a KL of 2.1. Even 1/512 of it, the tenth "
            "length, loses: no step.",
        ),
        _case(
            slope=[1],
            fisher=[[1]],
            max_kl=0.5,
            gain="d[0] - 0.9995 * d[0]**2",
            kl="d[0]**2 / 2 - d[0]**3 / 10",
            expected=[1.0],
            reason="the whole step is 1. Its KL is .4, and it gains .0005: more than 0.",
        ),
        _case(
            slope=[1],
            fisher=[[1]],
            max_kl=0.5,
            gain="d[0] - 1.2 * d[0]**2",
            kl="d[0]**2 / 2 * (1 + 16 * d[0] * (1 - d[0])) - d[0]**4 / 50",
            expected=[0.25],
            reason="the whole step, 1, has a KL of .48, but loses .2. The half gains .2, but has "
            "a KL of .624. The quarter keeps to both: .125 and .175.",
        ),
        _case(
            slope=[1],
            fisher=[[1]],
            max_kl=0.5,
            gain="d[0] - 0.1 * d[0]**2",
            kl="d[0]**2 / 2 + d[0]**3 / 40",
            expected=[0.5],
            reason="the whole step is 1 and gains .9. Its KL of .525 is above the bound: no "
            "allowance is made. The half has .128.",
        ),
    ],
    solutions=[natural_search, _by_whitening],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
