"""Text twins of chapter 3 against `functional`, `exact` and `data`."""

import math

import numpy as np
import pytest
import torch

from rlnotes.data.prioritized_replay import importance_weights, sampling_probs
from rlnotes.exact.max_bias import double_estimator_bias, max_estimator_bias
from rlnotes.exact.semi_gradient import growth_per_copy, stable_share
from rlnotes.explorers.dueling_constant import HEADS, DuelingConstant, step_shares
from rlnotes.explorers.max_bias import MaxBias
from rlnotes.explorers.moving_target import MovingTarget
from rlnotes.explorers.prioritized_sampling import PrioritizedSampling
from tests.explorers.test_twins import found

EXACT = {"abs": 5.1e-5}


@pytest.fixture(scope="module")
def explorers() -> dict:
    """One of each: a test moves its controls, which is faster than building anew."""
    kinds = [MaxBias, MovingTarget, PrioritizedSampling, DuelingConstant]
    return {kind: kind() for kind in kinds}


@pytest.fixture
def start(explorers):
    """An explorer at its default setting but for the controls that are named."""

    def set_controls(kind, **settings):
        return explorers[kind].set(**{**explorers[kind].defaults, **settings})

    return set_controls


@pytest.mark.parametrize("num_actions", [2, 9, 20])
@pytest.mark.parametrize("spread", [0.0, 1.5])
@pytest.mark.parametrize("noise_std", [0.0, 0.5, 1.5])
def test_max_bias_stands_beside_the_exact_bias(start, num_actions, spread, noise_std):
    explorer = start(MaxBias, num_actions=num_actions, spread=spread, noise_std=noise_std, seed=4)
    values = np.linspace(0, -spread, num_actions)
    largest = max_estimator_bias(values, noise_std=noise_std)
    double = double_estimator_bias(values, noise_std=noise_std)
    text = explorer.description
    bound = noise_std * math.sqrt(2 * math.log(num_actions))
    assert found(r"Exact bias of max # \(at most #\), of Double #\.", text) == pytest.approx(
        [largest, bound, double], **EXACT
    )
    mean, error, double_mean, double_error = found(
        "Simulated: max # with standard error #, Double # with #\\.", text
    )
    assert abs(mean - largest) <= 4 * error + 1e-4
    assert abs(double_mean - double) <= 4 * double_error + 1e-4
    assert explorer.now.get_ydata() == pytest.approx([largest, double])
    assert len(explorer.first.get_ydata()) == num_actions


def test_max_bias_picks_the_largest_first_estimate_and_reads_off_the_second(start):
    explorer = start(MaxBias, num_actions=7, spread=1.2)
    pattern = "action # looks best at #, the second estimate says #, the truth is #\\.$"
    action, first, second, truth = found(pattern, explorer.description)
    assert first == pytest.approx(max(explorer.first.get_ydata()), **EXACT)
    index = int(action) - 1
    assert explorer.first.get_ydata()[index] == pytest.approx(first, **EXACT)
    assert explorer.second.get_ydata()[index] == pytest.approx(second, **EXACT)
    assert truth == pytest.approx(-1.2 * index / 6, **EXACT)


def test_max_bias_shows_the_two_estimates_as_independent_draws(start):
    noise = []
    for seed in range(12):
        explorer = start(MaxBias, num_actions=20, seed=seed)
        noise.append((explorer.first.get_ydata(), explorer.second.get_ydata()))
    first, second = np.concatenate(noise, axis=1)
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / math.sqrt(len(first))


@pytest.mark.parametrize(
    ("gamma", "share", "verdict"),
    [
        (0.4, 0.0, "shrinks"),
        (0.5, 0.0, "stays"),
        (0.6, 0.0, "grows"),
        (0.6, 0.04, "grows"),
        (0.6, 0.05, "shrinks"),
        (1.0, 0.5, "shrinks"),
    ],
)
@pytest.mark.parametrize("period", [1, 10, 60])
def test_moving_target_gives_the_same_verdict_for_every_period(
    start, gamma, share, verdict, period
):
    explorer = start(MovingTarget, gamma=gamma, second_state_share=share, period=period)
    text = explorer.description
    step = {"learning_rate": 0.1, "second_state_share": share}
    growth = growth_per_copy(gamma=gamma, period=period, **step)
    unlagged = growth_per_copy(gamma=gamma, period=1, **step) ** period
    assert f"w {verdict}: factor" in text
    assert explorer.figure().axes[0].get_title(loc="left").startswith(f"w {verdict}: factor")
    if unlagged > 1e-4:  # smaller numbers are written with an exponent
        assert found("factor # with the lag, # without", text) == pytest.approx(
            [growth, unlagged], rel=5.1e-4
        )
    drawn = max(growth ** (300 / period), 1e-9)  # zero has no place on a logarithmic axis
    assert explorer.weights.get_ydata()[-1] == pytest.approx(drawn, rel=1e-9)
    assert explorer.now.get_ydata() == pytest.approx([growth])
    if gamma >= 0.5:
        needed = found("the share at state 2 exceeds #\\.$", text)
        assert needed == pytest.approx([stable_share(gamma=gamma)], **EXACT)
    else:
        assert text.endswith("at any share.")


def test_moving_target_marks_the_copies_and_draws_what_w_chases(start):
    explorer = start(MovingTarget, gamma=0.8, period=100)
    assert explorer.copies.get_xdata()[::3].tolist() == [0, 100, 200, 300]
    targets, weights = explorer.targets.get_ydata(), explorer.weights.get_ydata()
    np.testing.assert_allclose(targets[:100], 2 * 0.8)  # w_lag is 1 until the first copy
    assert targets[100] == pytest.approx(1.6 * weights[100])
    explorer.set(lag="moving average")
    assert len(explorer.copies.get_xdata()) == 0


@pytest.mark.parametrize(("period", "num_marks"), [(1, 0), (2, 0), (3, 101)])
def test_moving_target_marks_no_copies_that_would_merge(start, period, num_marks):
    explorer = start(MovingTarget, period=period)
    assert len(explorer.copies.get_xdata()) == 3 * num_marks
    assert ("marks below" in explorer.notes[-1].get_text()) == (num_marks > 0)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("gamma", [0.3, 0.5, 0.9])
@pytest.mark.parametrize("period", [1, 30])
def test_moving_target_keeps_its_notes_off_the_curves(start, gamma, share, period):
    explorer = start(MovingTarget, gamma=gamma, second_state_share=share, period=period)
    figure = explorer.figure()
    figure.canvas.draw()
    boxes = [note.get_window_extent() for note in explorer.notes]
    for line in (explorer.weights, explorer.targets, explorer.no_lag):
        pixels = line.get_transform().transform(line.get_xydata())
        inside = [box.contains(x, y) for box in boxes for x, y in pixels]
        assert not any(inside)


def test_moving_target_with_a_moving_average_shows_its_long_run_growth(start):
    explorer = start(MovingTarget, gamma=0.7, period=10, lag="moving average")
    growth, _ = found("factor # with the lag, # without", explorer.description)
    weights = explorer.weights.get_ydata()
    assert growth == pytest.approx(weights[-1] / weights[-11], rel=5.1e-4)
    assert explorer.now.get_ydata() == pytest.approx([weights[-1] / weights[-11]])


def test_moving_target_without_lag_is_the_dashed_line(start):
    explorer = start(MovingTarget, period=1)
    np.testing.assert_array_equal(explorer.weights.get_ydata(), explorer.no_lag.get_ydata())


def errors_with(rare: float) -> np.ndarray:
    return np.array([-0.1, -0.2, -0.3, -0.4, -0.2, -0.3, -0.5, rare])


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("beta", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("td_error", [0.0, 1.25, 2.0, 2.5])
def test_prioritized_sampling_says_the_probability_the_weight_and_the_steps(
    start, alpha, beta, td_error
):
    explorer = start(PrioritizedSampling, alpha=alpha, beta=beta, td_error=td_error)
    td_errors = errors_with(td_error)
    probs = sampling_probs(np.abs(td_errors) + 0.01, alpha=alpha)
    weights = importance_weights(probs, beta=beta)
    text = explorer.description
    pattern = "with probability # and weighs #, so it counts #;"
    prob, weight = probs[7], weights[7]
    assert found(pattern, text) == pytest.approx([prob, weight, prob * weight], **EXACT)
    steps = {
        "uniform": td_errors.mean(),
        "without": probs @ td_errors,
        "weighted": (probs * weights) @ td_errors,
    }
    pattern = "uniform #, prioritized without weights #, with weights #; divided by the largest"
    assert found(pattern, text) == pytest.approx(list(steps.values()), **EXACT)
    largest, scaled = found("divided by the largest weight #: #\\.$", text)
    assert largest == pytest.approx(max(weights), **EXACT)
    assert scaled == pytest.approx(steps["weighted"] / max(weights), **EXACT)
    heights = [bar.get_height() for bar in explorer.bars]
    assert heights == pytest.approx([*probs, *(probs * weights)])
    for name, step in steps.items():
        assert explorer.marks[name].get_xydata()[0] == pytest.approx([alpha, step])
        assert found(": #$", explorer.keys[name].get_text()) == pytest.approx([step], abs=0.0051)


@pytest.mark.parametrize("beta", [0.0, 0.4, 1.0])
def test_prioritized_sampling_draws_the_mean_step_against_alpha(start, beta):
    explorer = start(PrioritizedSampling, beta=beta, td_error=2.5)
    td_errors, powers = errors_with(2.5), np.abs(errors_with(2.5)) + 0.01
    for alpha, uniform, without, weighted in zip(
        explorer.lines["uniform"].get_xdata(),
        *(explorer.lines[name].get_ydata() for name in ("uniform", "without", "weighted")),
        strict=True,
    ):
        probs = powers**alpha / sum(powers**alpha)
        assert uniform == pytest.approx(0.5 / 8)
        assert without == pytest.approx(sum(probs * td_errors))
        assert weighted == pytest.approx(sum(probs ** (1 - beta) * 8**-beta * td_errors))


def test_prioritized_sampling_is_biased_without_weights_and_right_at_beta_one(start):
    pattern = "uniform #, prioritized without weights #, with weights #;"
    uniform, without, weighted = found(pattern, start(PrioritizedSampling).description)
    assert uniform == 0 < weighted < without - 0.1  # the value is right, and would be moved
    uniform, without, weighted = found(pattern, start(PrioritizedSampling, beta=1.0).description)
    assert uniform == weighted == 0 < without
    assert len(set(found(pattern, start(PrioritizedSampling, alpha=0.0).description))) == 1
    heights = [bar.get_height() for bar in start(PrioritizedSampling, beta=1.0).bars]
    assert heights[8:] == pytest.approx([1 / 8] * 8)


@pytest.mark.parametrize("setting", [{"td_error": 2.5}, {"td_error": 0.0}, {"beta": 0.0}])
def test_prioritized_sampling_stays_inside_its_axes_and_off_its_keys(start, setting):
    explorer = start(PrioritizedSampling, **{"alpha": 1.0, **setting})
    left, right = explorer.figure().axes
    explorer.figure().canvas.draw()
    tallest = max(bar.get_height() for bar in explorer.bars)
    assert tallest < 0.8 * left.get_ylim()[1]
    low, high = right.get_ylim()
    boxes = [key.get_window_extent() for key in explorer.keys.values()]
    for line in explorer.lines.values():
        assert low < min(line.get_ydata()) <= max(line.get_ydata()) < high
        pixels = line.get_transform().transform(line.get_xydata())
        assert not any(box.contains(x, y) for box in boxes for x, y in pixels)


START_Q = np.array([7.29, -10.0, 7.29, 8.1])  # up, down, left, right; by hand, gamma 0.9


@pytest.mark.parametrize("constant", [-6.0, 0.0, 2.5])
@pytest.mark.parametrize(
    ("head", "fitted_v", "loss_per_square"),
    [("plain sum", 3.17, 0), ("mean-centered", 3.17, 0.5), ("max-centered", 8.1, 0.5)],
)
def test_dueling_constant_costs_nothing_only_with_the_plain_sum(
    start, head, fitted_v, loss_per_square, constant
):
    explorer = start(DuelingConstant, head=head, constant=constant)
    text = explorer.description
    moved = START_Q + (constant if loss_per_square else 0)
    assert found(r"V stream #, V\* #\.", text) == pytest.approx([fitted_v + constant, 8.1], **EXACT)
    listed = "up #, down #, left #, right #"
    assert found(rf"\. Q: {listed};", text) == pytest.approx(moved, **EXACT)
    assert found(rf"Q\*: {listed};", text) == pytest.approx(START_Q, **EXACT)
    off, loss = found("largest difference #, loss #\\.", text)
    assert off == pytest.approx(abs(constant) * bool(loss_per_square), **EXACT)
    assert loss == pytest.approx(loss_per_square * constant**2, **EXACT)
    tips = [bar.get_y() + bar.get_height() for bar in explorer.bars]
    assert tips == pytest.approx(moved)
    assert [bar.get_y() for bar in explorer.bars] == pytest.approx([fitted_v + constant] * 4)
    assert explorer.v_stream.get_ydata() == pytest.approx([fitted_v + constant] * 2)
    assert found("V stream = #$", explorer.v_key.get_text()) == pytest.approx(
        [fitted_v + constant], abs=0.0051
    )
    assert found("^#, #, #, #$", ", ".join(explorer.numbers.texts)) == pytest.approx(
        moved, abs=0.0051
    )
    assert (
        explorer.verdict.get_text()
        == f"{head.capitalize()}: Q is off by {off:.1f}, loss {loss:.2f}"
    )


@pytest.mark.parametrize(
    ("head", "action", "shares"),
    [
        # V moves by 1, and the action's own A by 1.
        ("plain sum", "up", [1, 1 / 2, 1 / 2, 1 / 2]),
        # V by 1, the own A by 3/4, the others by -1/4: 7/4 against 3/4.
        ("mean-centered", "down", [3 / 7, 1, 3 / 7, 3 / 7]),
        # The largest A is taken off all: a step on it moves V alone.
        ("max-centered", "right", [1, 1, 1, 1]),
        # V, the own A, and the largest A downwards by 1: 3, the others 2, the best 1.
        ("max-centered", "down", [2 / 3, 1, 2 / 3, 1 / 3]),
    ],
)
def test_dueling_step_on_one_action_moves_the_others(start, head, action, shares):
    explorer = start(DuelingConstant, head=head, action=action)
    pattern = f"moves Q of {action} by 1 moves: up #, down #, left #, right #; in a table only"
    assert found(pattern, explorer.description) == pytest.approx(shares, **EXACT)
    assert [bar.get_height() for bar in explorer.spread] == pytest.approx(shares)
    assert explorer.shares.texts == [f"{share:.2f}" for share in shares]
    names = ("up", "down", "left", "right")
    assert list(explorer.table.get_ydata()) == [name == action for name in names]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("index", range(4))
def test_dueling_shares_are_those_of_a_small_step_of_gradient_descent(head, index):
    q = torch.tensor(START_Q)
    streams = [q.mean().requires_grad_(), (q - q.mean()).requires_grad_()]
    before = HEADS[head](*streams)
    ((before[index].detach() + 1 - before[index]) ** 2 / 2).backward()  # target: 1 above
    with torch.no_grad():
        change = HEADS[head](*(x - 1e-4 * x.grad for x in streams)) - before
    np.testing.assert_allclose(step_shares(head)[:, index], change / change[index], rtol=1e-9)
