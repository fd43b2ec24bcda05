"""TD errors, GAE, normalization: by hand, as sums, limits, ends, gradients, errors."""

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.advantages import (
    generalized_advantage_estimation,
    normalize_advantages,
    td_errors,
)
from rlnotes.functional.returns import discounted_returns, lambda_returns

NAN = float("nan")


@pytest.fixture
def rollout() -> dict[str, torch.Tensor]:
    """Three float64 rollouts of six steps: an end, a cut, and one that just stops."""
    generator = torch.Generator().manual_seed(0)
    rewards, values, next_values = torch.randn(3, 3, 6, generator=generator, dtype=torch.float64)
    terminated, truncated = torch.zeros(2, 3, 6, dtype=torch.bool)
    terminated[0, 3] = terminated[1, 4] = True
    truncated[1, 2] = True
    next_values[:, :-1] = values[:, 1:]  # one critic; a cut has a next state of its own
    next_values[1, 2] = 0.7
    return {
        "rewards": rewards,
        "values": values,
        "next_values": next_values,
        "terminated": terminated,
        "truncated": truncated,
    }


def without(arguments: dict, name: str) -> dict:
    return {key: array for key, array in arguments.items() if key != name}


def flags(text: str) -> torch.Tensor:
    return torch.tensor([letter == "x" for letter in text])


def delta3(gae_lambda: float, terminated: str = "..x", next_value: float = NAN) -> list[float]:
    """r = (0, 0, 1), V = (.5, .6, .8), gamma 1: deltas .1, .2 and 1 - .8 = .2."""
    no = flags("...")
    return generalized_advantage_estimation(
        torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64),
        torch.tensor([0.5, 0.6, 0.8], dtype=torch.float64),
        torch.tensor([0.6, 0.8, next_value], dtype=torch.float64),
        flags(terminated),
        no,
        gamma=1.0,
        gae_lambda=gae_lambda,
    ).tolist()


def test_td_errors_by_hand():
    # 1 + 0.5 * 8 - 3 = 2; where terminated 1 - 3 = -2, whatever stands in next_values.
    errors = td_errors(
        torch.tensor([1.0, 1.0]),
        torch.tensor([3.0, 3.0]),
        torch.tensor([8.0, NAN]),
        flags(".x"),
        gamma=0.5,
    )
    assert_close(errors, torch.tensor([2.0, -2.0]))


def test_worked_example_by_hand():
    # gamma = lambda = 0.5, so the recursion multiplies by 0.25.
    # delta_1 = 2 - 1 = 1 (terminal)   delta_0 = 1 + 0.5 * 1 - 3 = -1.5
    # A_1 = 1                          A_0 = -1.5 + 0.25 * 1 = -1.25
    advantages = generalized_advantage_estimation(
        rewards=torch.tensor([1.0, 2.0]),
        values=torch.tensor([3.0, 1.0]),
        next_values=torch.tensor([1.0, 99.0]),  # 99 must be ignored: terminal
        terminated=flags(".x"),
        truncated=flags(".."),
        gamma=0.5,
        gae_lambda=0.5,
    )
    assert_close(advantages, torch.tensor([-1.25, 1.0]))


@pytest.mark.parametrize(
    ("gae_lambda", "first"), [(0.0, 0.1), (0.5, 0.25), (0.95, 0.4705), (1.0, 0.5)]
)
def test_three_steps_with_one_reward_at_the_end(gae_lambda, first):
    # .1 + .2 l + .2 l^2: at l = .5 it is .1 + .1 + .05, at l = 1 the return 1 minus .5.
    advantages = delta3(gae_lambda)
    assert advantages == pytest.approx([first, 0.2 + 0.2 * gae_lambda, 0.2])


def test_a_record_that_just_stops_bootstraps_with_the_last_next_value():
    # Not terminated, V(s_3) = 0.9: delta_2 = 1 + 0.9 - 0.8 = 1.1.
    assert delta3(1.0, terminated="...", next_value=0.9) == pytest.approx([1.4, 1.3, 1.1])


def test_lambda_zero_is_the_td_error(rollout):
    advantages = generalized_advantage_estimation(**rollout, gamma=0.9, gae_lambda=0.0)
    assert_close(advantages, td_errors(**without(rollout, "truncated"), gamma=0.9))


def test_lambda_one_is_the_discounted_return_minus_the_value(rollout):
    advantages = generalized_advantage_estimation(**rollout, gamma=0.9, gae_lambda=1.0)
    returns = discounted_returns(**without(rollout, "values"), gamma=0.9)
    assert_close(advantages, returns - rollout["values"])


@pytest.mark.parametrize("gae_lambda", [0.0, 0.4, 0.95, 1.0])
def test_advantage_plus_value_is_the_lambda_return(rollout, gae_lambda):
    advantages = generalized_advantage_estimation(**rollout, gamma=0.9, gae_lambda=gae_lambda)
    targets = lambda_returns(**without(rollout, "values"), gamma=0.9, gae_lambda=gae_lambda)
    assert_close(advantages + rollout["values"], targets)


def test_matches_the_definition_as_a_sum(rollout):
    done = rollout["terminated"] | rollout["truncated"]
    deltas = td_errors(**without(rollout, "truncated"), gamma=0.9)
    expected = torch.zeros_like(deltas)
    for b in range(3):
        for t in range(6):
            weight = 1.0
            for k in range(t, 6):
                expected[b, t] += weight * deltas[b, k]
                if done[b, k]:
                    break
                weight *= 0.9 * 0.7
    actual = generalized_advantage_estimation(**rollout, gamma=0.9, gae_lambda=0.7)
    assert_close(actual, expected)


def test_truncation_keeps_the_bootstrap_and_termination_drops_it():
    zero, ten = torch.zeros(1), torch.full((1,), 10.0)
    step = {"rewards": zero, "values": zero, "next_values": ten, "gamma": 0.5, "gae_lambda": 1.0}
    cut = generalized_advantage_estimation(**step, terminated=flags("."), truncated=flags("x"))
    end = generalized_advantage_estimation(**step, terminated=flags("x"), truncated=flags("."))
    both = generalized_advantage_estimation(**step, terminated=flags("x"), truncated=flags("x"))
    assert (cut.item(), end.item(), both.item()) == (5.0, 0.0, 0.0)


@pytest.mark.parametrize("name", ["terminated", "truncated"])
def test_nothing_flows_back_over_the_end_of_an_episode(rollout, name):
    rollout[name][2, 2] = True
    before = generalized_advantage_estimation(**rollout, gamma=0.9, gae_lambda=0.8)
    rollout["rewards"][2, 3:] += 5.0
    after = generalized_advantage_estimation(**rollout, gamma=0.9, gae_lambda=0.8)
    assert torch.equal(after[2, :3], before[2, :3])
    assert (after[2, 3:] > before[2, 3:]).all()


def test_padding_after_a_completion_does_not_reach_its_tokens():
    # Tokens with a reward of 2 at the last one; then two paddings with any values.
    values = torch.tensor([[0.5, 1.0, 77.0, -5.0], [0.5, 1.0, 0.0, 0.0]])
    advantages = generalized_advantage_estimation(
        torch.tensor([0.0, 2.0, 0.0, 0.0]).expand(2, 4),
        values,
        torch.cat([values[:, 1:], torch.zeros(2, 1)], dim=1),
        flags(".x..").expand(2, 4),
        flags("....").expand(2, 4),
        gamma=1.0,
        gae_lambda=0.95,
    )
    # A_1 = 2 - 1 = 1, A_0 = (1 - 0.5) + 0.95 * 1 = 1.45
    assert_close(advantages[:, :2], torch.tensor([1.45, 1.0]).expand(2, 2))


def test_gradients_in_rewards_and_both_values(rollout):
    names = ("rewards", "values", "next_values")
    inputs = tuple(rollout[name].clone().requires_grad_() for name in names)

    def advantages(*arrays):
        changed = rollout | dict(zip(names, arrays, strict=True))
        return generalized_advantage_estimation(**changed, gamma=0.9, gae_lambda=0.7)

    assert torch.autograd.gradcheck(advantages, inputs)


def test_a_not_a_number_behind_an_end_leaves_no_trace_in_the_gradient(rollout):
    rollout["next_values"][rollout["terminated"]] = NAN
    rollout["values"].requires_grad_()
    rollout["next_values"].requires_grad_()
    generalized_advantage_estimation(**rollout, gamma=0.9, gae_lambda=0.7).sum().backward()
    assert torch.isfinite(rollout["values"].grad).all()
    assert torch.isfinite(rollout["next_values"].grad).all()


def test_float32_stays_near_the_float64_loop_on_a_long_record():
    generator = torch.Generator().manual_seed(1)
    rewards, values = torch.randn(2, 4, 3000, generator=generator)
    next_values = torch.randn(4, 3000, generator=generator)
    terminated, truncated = torch.rand(2, 4, 3000, generator=generator) < 0.005
    advantages = generalized_advantage_estimation(
        rewards, values, next_values, terminated, truncated, gamma=0.99, gae_lambda=0.95
    )
    assert advantages.dtype == torch.float32
    running = torch.zeros(4, dtype=torch.float64)
    for t in reversed(range(3000)):
        delta = rewards[:, t].double() - values[:, t].double()
        delta += 0.99 * next_values[:, t].double() * ~terminated[:, t]
        running = delta + 0.99 * 0.95 * running * ~(terminated[:, t] | truncated[:, t])
        assert (advantages[:, t] - running).abs().max() < 1e-5


def test_whole_numbers_as_rewards_are_not_rounded_away():
    whole = generalized_advantage_estimation(
        torch.tensor([1, 1]),
        torch.zeros(2),
        torch.zeros(2),
        flags(".x"),
        flags(".."),
        gamma=0.5,
        gae_lambda=1.0,
    )
    assert_close(whole, torch.tensor([1.5, 1.0]))


def test_arguments_are_left_as_they_were(rollout):
    before = {name: array.clone() for name, array in rollout.items()}
    generalized_advantage_estimation(**rollout, gamma=0.9, gae_lambda=0.5)
    for name, array in before.items():
        assert torch.equal(rollout[name], array)


BAD = [
    ({"values": torch.zeros(3, 1)}, r"common shape, got .*values \(3, 1\)"),
    ({"next_values": torch.zeros(6)}, r"common shape, got .*next_values \(6,\)"),
    ({"truncated": torch.zeros(6, dtype=torch.bool)}, r"common shape, got .*truncated \(6,\)"),
    ({"terminated": torch.zeros(3, 6)}, r"terminated must be a bool tensor, got torch\.float32"),
    ({"truncated": torch.zeros(3, 6)}, r"truncated must be a bool tensor, got torch\.float32"),
    ({"rewards": torch.full((3, 6), NAN)}, r"rewards must be finite, got nan at \(0, 0\)"),
    ({"values": torch.full((3, 6), NAN)}, r"values must be finite, got nan at \(0, 0\)"),
    ({"next_values": torch.full((3, 6), NAN)}, r"next_values must be finite, got nan"),
    ({"gamma": 1.5}, r"gamma must lie in \[0, 1\], got 1\.5"),
    ({"gae_lambda": -0.1}, r"gae_lambda must lie in \[0, 1\], got -0\.1"),
    ({"gae_lambda": NAN}, r"gae_lambda must lie in \[0, 1\], got nan"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_input_names_the_argument(rollout, change, message):
    arguments = rollout | {"gamma": 0.9, "gae_lambda": 0.7} | change
    with pytest.raises(ValueError, match=message):
        generalized_advantage_estimation(**arguments)
    if not change.keys() & {"truncated", "gae_lambda"}:
        arguments = without(without(arguments, "truncated"), "gae_lambda")
        with pytest.raises(ValueError, match=message):
            td_errors(**arguments)


@pytest.mark.parametrize("shape", [(), (0,), (4, 0)])
def test_an_empty_record_is_refused(shape):
    numbers, flag = torch.zeros(shape), torch.zeros(shape, dtype=torch.bool)
    with pytest.raises(ValueError, match="rewards must hold at least one step, got shape"):
        generalized_advantage_estimation(
            numbers, numbers, numbers, flag, flag, gamma=0.9, gae_lambda=0.9
        )


def test_normalized_by_the_sample_standard_deviation():
    # Mean 4, squares 4 + 0 + 4, over n - 1 = 2 gives 4, the std is 2.
    normalized = normalize_advantages(torch.tensor([[2.0], [4.0], [6.0]]))
    assert_close(normalized, torch.tensor([[-1.0], [0.0], [1.0]]))


def test_normalizing_forgets_shift_and_scale_and_keeps_the_order():
    generator = torch.Generator().manual_seed(2)
    advantages = torch.randn(4, 5, generator=generator, dtype=torch.float64)
    normalized = normalize_advantages(advantages)
    assert_close(normalize_advantages(1e-12 * advantages), normalized)
    assert_close(normalize_advantages(3 * advantages + 7), normalized)
    assert_close(normalize_advantages(-advantages), -normalized)
    assert normalized.mean().item() == pytest.approx(0, abs=1e-12)  # rounding
    assert (normalized**2).sum().item() == pytest.approx(19)  # n - 1


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7, 1e30, 1e-30])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 1000])
def test_without_spread_all_become_zero(value, count):
    assert torch.equal(normalize_advantages(torch.full((count,), value)), torch.zeros(count))


def test_a_small_spread_of_large_numbers_is_a_spread():
    # Half a unit apart at a million: float32 holds all three exactly.
    triple = torch.tensor([1e6, 1e6 + 0.5, 1e6 + 1])
    assert_close(normalize_advantages(triple), torch.tensor([-1.0, 0.0, 1.0]))
    # One ulp apart: the mean cannot be held, the spread is still exact. 1 / sqrt(2).
    pair = torch.tensor([1e6, 1e6 + 0.0625])
    assert_close(normalize_advantages(pair), torch.tensor([-0.5, 0.5]) * 2**0.5)


def test_huge_and_tiny_numbers_do_not_overflow():
    for scale in (1e30, 1e-30):
        normalized = normalize_advantages(scale * torch.tensor([3.0, 4.0, 5.0]))
        assert_close(normalized, torch.tensor([-1.0, 0.0, 1.0]))


def test_gradient_through_the_normalization():
    advantages = torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(normalize_advantages, (advantages,))


def test_what_cannot_be_normalized_is_refused():
    with pytest.raises(
        ValueError, match=r"advantages must hold at least one number, got shape \(0,\)"
    ):
        normalize_advantages(torch.zeros(0))
    with pytest.raises(ValueError, match=r"advantages must be finite, got nan at \(1,\)"):
        normalize_advantages(torch.tensor([0.0, NAN]))
    message = r"advantages must be floating-point numbers, got torch\.int64"
    with pytest.raises(ValueError, match=message):
        normalize_advantages(torch.tensor([1, 2]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_not_rounded(dtype):
    # The sum of .9405^k over 2000 steps is 1 / .0595 = 16.807; with the decay that
    # bfloat16 makes of .9405, .9414, it would be 17.07, and that is 17.125 there.
    ones, no = torch.ones(2000, dtype=dtype), torch.zeros(2000, dtype=torch.bool)
    first = generalized_advantage_estimation(
        ones, 0 * ones, 0 * ones, no, no, gamma=0.99, gae_lambda=0.95
    )[0]
    assert_close(first, torch.tensor(1 / 0.0595))
    target = lambda_returns(ones, 0 * ones, no, no, gamma=0.9405, gae_lambda=1.0)[0]
    assert_close(target, torch.tensor(1 / 0.0595))


def test_whole_numbers_alone_give_fractions():
    whole, end = torch.tensor([1, 1]), flags(".x")
    advantages = generalized_advantage_estimation(
        whole, 0 * whole, 0 * whole, end, flags(".."), gamma=0.5, gae_lambda=1.0
    )
    assert_close(advantages, torch.tensor([1.5, 1.0]))


@pytest.mark.parametrize("where", [0, 2, 4])
def test_termination_wins_wherever_both_flags_stand(rollout, where):
    rollout["terminated"][:, where], rollout["truncated"][:, where] = True, False
    ended = generalized_advantage_estimation(**rollout, gamma=0.9, gae_lambda=0.7)
    rollout["truncated"][:, where] = True
    both = generalized_advantage_estimation(**rollout, gamma=0.9, gae_lambda=0.7)
    assert torch.equal(both, ended)
    assert_close(ended[:, where], rollout["rewards"][:, where] - rollout["values"][:, where])


def test_half_precision_may_sum_beyond_its_range():
    # 2000 rewards of 100 are 200,000; float16 ends at 65,504.
    rewards, no = torch.full((2000,), 100.0).half(), torch.zeros(2000, dtype=torch.bool)
    record = rewards, 0 * rewards, 0 * rewards, no, no
    first = generalized_advantage_estimation(*record, gamma=1.0, gae_lambda=1.0)[0]
    assert first.item() == 200_000
    # 60,000 + 60,000 likewise, in one TD error and in a difference from the mean.
    large = torch.tensor([60_000.0, -60_000.0], dtype=torch.float16)
    assert td_errors(large, -large, 0 * large, no[:2], gamma=0.5).tolist() == [120_000, -120_000]
    assert_close(normalize_advantages(large), torch.tensor([0.5, -0.5]) * 2**0.5)


def test_a_variance_that_overflows_is_refused():
    with pytest.raises(ValueError, match=r"so large that their variance overflows, got 3e\+38"):
        normalize_advantages(torch.tensor([3e38, -3e38]))
